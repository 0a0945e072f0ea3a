//! Measures pysage beside its peers and a hand-written floor, in one run on one machine.

mod local;
mod report;

use std::{error::Error, io, process::ExitCode};

use clap::{Parser, Subcommand};

/// Measures pysage beside its peers and a hand-written floor
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    area: Area,
}

#[derive(Subcommand)]
enum Area {
    /// Dispatch, requests and actors within one process
    Local(local::Arguments),
}

fn main() -> ExitCode {
    match run(&CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command_line: &CommandLine) -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout().lock();
    match &command_line.area {
        Area::Local(arguments) => local::run(arguments, &mut output),
    }
}
