//! The cases between two processes: messages over the loopback interface, without and with
//! a bad network between, and what many peers cost.

mod case;
mod crowd;
mod enet;
mod exchange;
mod legacy;
mod load;
mod message;
mod original;
mod peer;
mod pysage;
mod quinn;
mod raw;
mod raw_gso;
mod raw_tcp;
mod relay;
mod renet;
mod report;
mod runner;
mod second;
mod socket;
#[cfg(test)]
mod tests;
mod window;

use std::{
    error::Error,
    io::{self, Read, Write},
};

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser},
};

pub use self::second::SUBCOMMAND as SECOND_SUBCOMMAND;
use self::{
    case::Case,
    load::Load,
    peer::{Carrier, Failure, Peer},
    runner::{Plan, Variant},
    second::{Control, Second},
};
use crate::report::Format;

/// All that is measured, in the order of the report. Raw `send_to` comes first: the others are
/// compared with it, but for those over TCP, which are with the raw stream.
const PEERS: &[Peer] = &[
    raw::PEER,
    raw_gso::PEER,
    raw_tcp::PEER,
    pysage::PEER,
    pysage::SEALED,
    pysage::KEYS,
    renet::PEER,
    renet::QUICK,
    enet::PEER,
    quinn::STREAM,
    quinn::DATAGRAMS,
    legacy::UDP,
    legacy::TCP,
    original::UDP,
    original::TCP,
];

#[derive(Args)]
pub struct Arguments {
    /// Print one line of JSON per case, rate of loss and peer instead of tables
    #[arg(long)]
    json: bool,

    /// Measure only these cases; repeat it or separate them by commas
    #[arg(long = "case", value_name = "CASE", value_enum, value_delimiter = ',')]
    cases: Vec<Case>,

    /// Measure only these peers, and raw; repeat it or separate them by commas. Peers without the
    /// means for a case have no row in it
    #[arg(long = "peer", value_name = "PEER", value_delimiter = ',', value_parser = peer_names())]
    peers: Vec<String>,

    /// Of peers which leave the choice, measure only these carriers; repeat it or separate them by
    /// commas
    #[arg(long = "carrier", value_name = "CARRIER", value_enum, value_delimiter = ',')]
    carriers: Vec<Carrier>,

    /// Bytes of each message but in mixed, rounded down to whole numbers of 8 bytes
    #[arg(long, default_value_t = message::SAMPLE_BYTES, value_parser = byte_count)]
    bytes: usize,

    /// Messages of a run, of each end in game, of each peer in memory_after_bulk; polls in
    /// idle_poll. Unless given, each case has a number of its own
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    messages: Option<u64>,

    /// Peers of memory and idle_poll (1,000 unless given) and of memory_after_bulk (100 unless
    /// given)
    #[arg(long = "peers", value_name = "PEERS", value_parser = peer_count)]
    peer_count: Option<usize>,

    /// Share of the datagrams which the relay loses in lossy, lossy_16ms (0.01, 0.05 and 0.2
    /// unless given) and game (0.05 unless given)
    #[arg(long, value_parser = share)]
    loss: Option<f64>,

    /// Runs of each case and peer; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Seed of the messages' contents and sizes, and of the losses
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn peer_names() -> PossibleValuesParser {
    PEERS.iter().map(|peer| PossibleValue::new(peer.name).help(peer.about)).into()
}

fn in_range(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "not a number".to_owned())?;
    if range.contains(&number) { Ok(number) } else { Err(format!("not in {range:?}")) }
}

fn byte_count(text: &str) -> Result<usize, String> {
    in_range(text, message::MIN_BYTES..=message::MAX_BYTES).map(|bytes| bytes / 8 * 8)
}

/// netcode has 1,024 clients at most.
fn peer_count(text: &str) -> Result<usize, String> {
    in_range(text, 1..=1_024)
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=0.9).contains(&share) { Ok(share) } else { Err("not in 0..=0.9".to_owned()) }
}

/// Measures what the arguments ask for and reports each case as soon as it is done.
///
/// # Errors
/// If a peer's checksum is not the expected one, an end gets no further, or the report cannot be
/// written.
pub fn run(arguments: &Arguments, output: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let format = if arguments.json { Format::Json } else { Format::Table };
    let variants = variants(arguments);
    for case in Case::value_variants() {
        if !arguments.cases.is_empty() && !arguments.cases.contains(case) {
            continue;
        }
        let losses: Vec<Option<f64>> = match (case.losses(), arguments.loss) {
            ([], _) => vec![None],
            (_, Some(loss)) => vec![Some(loss)],
            (losses, None) => losses.iter().copied().map(Some).collect(),
        };
        for loss in losses {
            let plan = plan(*case, loss, arguments);
            report::write(output, format, &runner::measure(&plan, &variants)?)?;
        }
    }
    Ok(())
}

fn variants(arguments: &Arguments) -> Vec<Variant<'static>> {
    let mut variants = Vec::new();
    for (index, peer) in PEERS.iter().enumerate() {
        let is_named = arguments.peers.iter().any(|name| name == peer.name);
        if index > 0 && !arguments.peers.is_empty() && !is_named {
            continue;
        }
        variants.extend(peer.variants().into_iter().filter(|(_, carrier)| {
            let chosen = &arguments.carriers;
            carrier.is_none_or(|carrier| chosen.is_empty() || chosen.contains(&carrier))
        }));
    }
    variants
}

fn plan(case: Case, loss: Option<f64>, arguments: &Arguments) -> Plan {
    let peers = match arguments.peer_count {
        Some(peers) if !case.is_between_processes() => peers,
        _ => case.default_peers(),
    };
    let mut messages = arguments.messages.unwrap_or(case.default_messages());
    if case == Case::MemoryAfterBulk {
        messages *= peers as u64;
    }
    let bytes = (case != Case::Mixed).then_some(arguments.bytes);
    let load = Load { messages, bytes, seed: arguments.seed };
    Plan { case, load, peers, loss, runs: arguments.runs, start_second: Second::start }
}

/// The second process.
///
/// # Errors
/// If it cannot do what it is told, or gets no further.
pub fn run_second() -> Result<(), Box<dyn Error>> {
    let mut result = Ok(());
    allocation_counter::opt_out(|| result = second_end(io::stdin(), Box::new(io::stdout())));
    result.map_err(|error| error as Box<dyn Error>)
}

/// The end that listens, told what to do by `input`.
fn second_end(input: impl Read + Send + 'static, output: Box<dyn Write>) -> Result<(), Failure> {
    let (mut control, job) = Control::open(input, output)?;
    if cfg!(not(test)) {
        second::end_when_closed(&control);
    }
    let peer = PEERS.iter().find(|peer| peer.name == job.peer).ok_or("no such peer")?;
    (peer.listen)(&job, &mut control)
}
