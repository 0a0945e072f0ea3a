//! Measures pysage beside its peers and a hand-written floor, in one run on one machine.

mod group;
mod local;
#[cfg(unix)]
mod net;
mod report;

use std::{error::Error, io, process::ExitCode};

use clap::{Parser, Subcommand};
use pysage_group::enable_groups;

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

    /// Messages between two processes over UDP and TCP, reliable and in order, also through loss
    #[cfg(unix)]
    Net(net::Arguments),

    /// The second process of net, which starts it
    #[cfg(unix)]
    #[command(name = net::SECOND_SUBCOMMAND, hide = true)]
    NetSecond,

    /// Messages between processes and threads, and how groups come and go
    Group(group::Arguments),
    #[command(name = group::HELPER, hide = true)]
    GroupHelper(group::HelperArguments),
}

fn main() -> ExitCode {
    // In a group this does not return. It opts out of the count of heap bytes, as all timed runs.
    allocation_counter::opt_out(|| enable_groups(group::ENTRIES));
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
        Area::Group(arguments) => {
            let mut result = Ok(());
            allocation_counter::opt_out(|| result = group::run(arguments, &mut output));
            result
        }
        Area::GroupHelper(arguments) => {
            let mut result = Ok(());
            allocation_counter::opt_out(|| result = group::help(arguments));
            result
        }
    }
}
