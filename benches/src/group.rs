//! The cases between groups: messages between processes and threads, and how groups come and go.

mod case;
mod crossbeam;
mod helper;
mod ipc;
mod latency;
mod load;
mod measures;
mod memory;
mod original;
mod peer;
mod pysage;
mod raw;
mod row;
mod runner;

use std::{error::Error, hint::black_box, io::Write};

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser},
};

use self::{case::Case, load::WORDS_BYTES, peer::Peer};
use crate::report::Format;

pub use self::{
    helper::{Arguments as HelperArguments, run as help},
    pysage::ENTRIES,
};

/// How this program is told to be a helper of itself.
pub const HELPER: &str = "group-helper";

/// All that is measured, in the order of the report. The first one that has the means for a case
/// is what the others are compared with: the raw stream, or crossbeam for threads.
const PEERS: &[Peer] = &[
    raw::PEER,
    crossbeam::PEER,
    raw::EACH,
    pysage::PEER,
    pysage::EACH_MS,
    pysage::EACH_30_MS,
    pysage::DIRECT,
    pysage::VIA_MAIN,
    pysage::MAIN,
    ipc::BYTES,
    ipc::TYPED,
    original::PEER,
];

#[derive(Args)]
pub struct Arguments {
    /// Print one line of JSON per case, size and peer instead of tables
    #[arg(long)]
    json: bool,

    /// Measure only these cases; repeat it or separate them by commas
    #[arg(long = "case", value_name = "CASE", value_enum, value_delimiter = ',')]
    cases: Vec<Case>,

    /// Measure only these peers, and what they are compared with; repeat it or separate them by
    /// commas. `pysage` stands for all whose names begin with it
    #[arg(long = "peer", value_name = "PEER", value_delimiter = ',', value_parser = peer_names())]
    peers: Vec<String>,

    /// Measure messages of this size only, in one_way, thread and slow_consumer: a multiple of 8.
    /// Unless given, one_way has 64, 1,024, 65,536 and 1,048,576, the others 64
    #[arg(long, value_parser = parse_bytes)]
    bytes: Option<usize>,

    /// Runs of each case, size and peer; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// How much is done in a run: so many times what takes the slower ones about a second
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,

    /// Seed of the messages' contents
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn peer_names() -> PossibleValuesParser {
    PEERS.iter().map(|peer| PossibleValue::new(peer.name).help(peer.about)).into()
}

fn parse_bytes(text: &str) -> Result<usize, String> {
    let bytes: u64 = text.parse().map_err(|_| "a number of bytes".to_owned())?;
    let fits = (WORDS_BYTES as u64..=case::MOST_BYTES).contains(&bytes) && bytes % 8 == 0;
    let wrong = || format!("a multiple of 8 from {WORDS_BYTES} to {}", case::MOST_BYTES);
    fits.then_some(bytes as usize).ok_or_else(wrong)
}

/// Measures what the arguments ask for and reports each case as soon as it is done.
///
/// # Errors
/// If a peer fails, its checksum is not the expected one, or the report cannot be written.
pub fn run(arguments: &Arguments, output: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let format = if arguments.json { Format::Json } else { Format::Table };
    let (raw, others) = (&PEERS[..2], &PEERS[2..]);
    let is_chosen = |peer: &&Peer| {
        let names = |name: &String| {
            peer.name == name || name == pysage::PEER.name && peer.name.starts_with("pysage_")
        };
        arguments.peers.is_empty() || arguments.peers.iter().any(names)
    };
    let peers: Vec<&Peer> = raw.iter().chain(others.iter().filter(is_chosen)).collect();
    for case in Case::value_variants() {
        if !arguments.cases.is_empty() && !arguments.cases.contains(case) {
            continue;
        }
        let touched = (*case == Case::Spawn1Gib).then(|| vec![1_u8; 1 << 30]);
        for load in case.loads(arguments.bytes, arguments.seconds, arguments.seed) {
            let rows = runner::measure(&load, &peers, arguments.runs)?;
            row::write(output, format, &rows)?;
        }
        drop(black_box(touched));
    }
    Ok(())
}
