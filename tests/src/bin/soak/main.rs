//! Plays pysage for a long time while what it stands on is broken, and counts what became of each
//! message.
//!
//! It prints one line of JSON, and exits with 0 if all promises held, and with 1 if not.

#[cfg(unix)]
mod group;
#[cfg(unix)]
mod measures;
#[cfg(unix)]
mod numbers;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use clap::Parser;

    pysage_group::enable_groups([group::WORKER]);
    let Soak { what } = Soak::parse();
    let outcome = match what {
        What::Group(options) => group::soak(&options),
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
#[cfg(unix)]
#[derive(clap::Parser)]
#[command(name = "soak")]
struct Soak {
    #[command(subcommand)]
    what: What,
}

#[cfg(unix)]
#[derive(clap::Subcommand)]
enum What {
    Group(group::Options),
}

#[cfg(not(unix))]
fn main() {
    eprintln!("soak kills processes by signals, which this system does not have");
    std::process::exit(1);
}
