//! The cases in one process: dispatch, requests, creation of actors, a tick without work, tasks,
//! and the wire form of messages.

mod actix;
mod bevy_messages;
mod bevy_observers;
mod case;
mod crossbeam;
mod driver;
mod floor;
mod kameo;
mod message;
mod peer;
mod producers;
mod pysage;
mod ractor;
mod reference;
mod runner;
#[cfg(test)]
mod tests;
mod wire;
mod workload;

use std::{error::Error, io::Write};

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser},
};

use self::{
    case::Case,
    peer::Peer,
    workload::{Load, Size},
};
use crate::report::{self, Format};

/// All that is measured, in the order of the report. The floor comes first: the others are
/// compared with it.
const PEERS: &[Peer] = &[
    floor::PEER,
    pysage::PEER,
    wire::COMPACT,
    wire::ORIGINAL,
    wire::BINCODE,
    wire::BINCODE_VARINT,
    wire::BINCODE_SLICE,
    wire::POSTCARD,
    bevy_messages::PEER,
    bevy_observers::PEER,
    crossbeam::PEER,
    actix::PEER,
    ractor::PEER,
    kameo::PEER,
];

#[derive(Args)]
pub struct Arguments {
    /// Print one line of JSON per case and peer instead of tables
    #[arg(long)]
    json: bool,

    /// Measure only these cases; repeat it or separate them by commas
    #[arg(long = "case", value_name = "CASE", value_enum, value_delimiter = ',')]
    cases: Vec<Case>,

    /// Measure only these peers, and the floor; repeat it or separate them by commas
    #[arg(long = "peer", value_name = "PEER", value_delimiter = ',', value_parser = peer_names())]
    peers: Vec<String>,

    /// Timed runs of each case and peer, after one which is not timed; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Handled messages of a case. idle_tick makes a tick of 20, task_* steps of them, *_text a
    /// message of 10, *_vec a message of 1,000; spawn does not use it
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    messages: u64,

    /// Messages to handle in one tick: so many are sent before the next ones wait for them
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    burst: u64,

    /// Actors of many and spawn (100,000 unless given), and of idle_tick and task_* (10,000 unless given)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    actors: Option<u32>,

    /// Seed of the messages' contents, receivers and types
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn peer_names() -> PossibleValuesParser {
    PEERS.iter().map(|peer| PossibleValue::new(peer.name).help(peer.about)).into()
}

/// Measures what the arguments ask for and reports each case as soon as it is done.
///
/// # Errors
/// If a peer's checksum is not the expected one, or the report cannot be written.
pub fn run(arguments: &Arguments, output: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let format = if arguments.json { Format::Json } else { Format::Table };
    let size = Size {
        messages: arguments.messages,
        burst: arguments.burst,
        actors: arguments.actors,
        seed: arguments.seed,
    };
    let (floor, peers) = PEERS.split_first().expect("the floor is always in the list");
    let chosen = |peer: &&Peer| {
        arguments.peers.is_empty() || arguments.peers.iter().any(|name| name == peer.name)
    };
    let peers: Vec<&Peer> = peers.iter().filter(chosen).collect();
    for case in Case::value_variants() {
        if arguments.cases.is_empty() || arguments.cases.contains(case) {
            let load = Load::new(*case, &size);
            let rows = runner::measure(*case, floor, &peers, &load, arguments.runs)?;
            report::write(output, format, &rows)?;
        }
    }
    Ok(())
}
