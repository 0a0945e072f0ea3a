//! Measures pysage beside its peers and a hand-written floor, in one run on one machine.

mod local;
#[cfg(unix)]
mod net;
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

    /// Messages between two processes over UDP, reliable and in order, also through loss
    #[cfg(unix)]
    Net(net::Arguments),

    /// The second process of net, which starts it
    #[cfg(unix)]
    #[command(name = net::SECOND_SUBCOMMAND, hide = true)]
    NetSecond,
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
    let mut output = io::stdout();
    match &command_line.area {
        Area::Local(arguments) => local::run(arguments, &mut output),
        #[cfg(unix)]
        Area::Net(arguments) => net::run(arguments, &mut output),
        #[cfg(unix)]
        Area::NetSecond => net::run_second(),
    }
}
