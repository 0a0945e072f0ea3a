//! Plays pysage for a long time while what it stands on is broken, and counts what became of each
//! message.
//!
//! It prints one line of JSON, and exits with 0 if all promises held, and with 1 if not.

mod door;
#[cfg(unix)]
mod group;
mod measures;
mod net;
#[cfg(unix)]
mod numbers;

use clap::Parser;

fn main() -> std::process::ExitCode {
    #[cfg(unix)]
    pysage_group::enable_groups([group::WORKER]);
    let Soak { what } = Soak::parse();
    let outcome = match what {
        #[cfg(unix)]
        What::Group(options) => group::soak(&options),
        What::Net(options) => net::soak(&options),
        What::Door(options) => door::soak(&options),
    };
    match outcome {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => std::process::ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Plays pysage for a long time while what it stands on is broken, and counts what became of each
/// message. Prints one line of JSON; exits with 0 if all promises held, and with 1 if not.
#[derive(clap::Parser)]
#[command(name = "soak")]
struct Soak {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Kills processes by signals, so it is on Unix alone.
    #[cfg(unix)]
    Group(group::Options),
    Net(net::Options),
    Door(door::Options),
}
