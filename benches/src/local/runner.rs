//! Runs a case with all peers in turns, checks what they computed and sums up the times.

use std::{error::Error, fmt, hint::black_box};

use super::{
    case::Case,
    peer::{Outcome, Peer},
    reference::{self, Expected},
    workload::Load,
};
use crate::report::{self, Row, Summary};

/// Above the 64 KiB whose release makes glibc merge free blocks, below the 128 KiB from which on it
/// asks the system instead.
const LARGE_BLOCK_BYTES: usize = 100_000;

/// A peer did not do the work it was timed for.
#[derive(Debug)]
pub struct WrongChecksum {
    case: String,
    peer: &'static str,
    expected: u64,
    found: u64,
}

impl fmt::Display for WrongChecksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, peer, expected, found } = self;
        write!(
            formatter,
            "case {case}, peer {peer}: checksum {found:016x} instead of {expected:016x}; it lost, \
             doubled or reordered messages, so its time means nothing"
        )
    }
}

impl Error for WrongChecksum {}

/// The runs of one peer.
struct Series<'a> {
    peer: &'a Peer,
    last: Outcome,
    ns_per_op: Vec<f64>,
}

/// Measures one case. Peers without the means for it have no row.
///
/// The runs of the peers alternate, so that a machine which gets slower or busier while the
/// case is running slows all of them.
pub fn measure(
    case: Case,
    floor: &Peer,
    peers: &[&Peer],
    load: &Load,
    runs: u32,
) -> Result<Vec<Row>, WrongChecksum> {
    let expected = reference::expected(case, load);
    eprintln!("{}: warm-up", case.name());
    let mut all_series = Vec::new();
    for peer in std::iter::once(floor).chain(peers.iter().copied()) {
        if let Some(last) = (peer.run)(case, load) {
            check(case, peer, &expected, &last)?;
            let ns_per_op = Vec::new();
            all_series.push(Series { peer, last, ns_per_op });
        }
    }
    for run in 1..=runs {
        eprintln!("{}: run {run} of {runs}", case.name());
        for series in &mut all_series {
            series.last = timed_run(case, series.peer, load)
                .expect("a peer which ran the warm-up has the means for the case");
            check(case, series.peer, &expected, &series.last)?;
            let ns = series.last.elapsed.as_nanos() as f64;
            series.ns_per_op.push(ns / load.operations as f64);
        }
    }
    Ok(rows(case, &all_series, load))
}

/// Opted out of the count of heap bytes, which would cost actix a fifth of its time.
fn timed_run(case: Case, peer: &Peer, load: &Load) -> Option<Outcome> {
    // A large block makes the allocator merge what the peer before this one has freed; otherwise
    // the first allocation of this run would.
    drop(black_box(Vec::<u8>::with_capacity(LARGE_BLOCK_BYTES)));
    let mut outcome = None;
    allocation_counter::opt_out(|| outcome = (peer.run)(case, load));
    outcome
}

/// Compares with the reference, which the floor has already been compared with when it is a
/// peer's turn: peer and floor of one run agree. Where a peer loses the order between message
/// types, only the order within each type can be compared.
fn check(
    case: Case,
    peer: &Peer,
    expected: &Expected,
    outcome: &Outcome,
) -> Result<(), WrongChecksum> {
    let expected = expected.checksum_for(outcome);
    if outcome.checksum == expected {
        return Ok(());
    }
    Err(WrongChecksum { case: case.name(), peer: peer.name, expected, found: outcome.checksum })
}

fn rows(case: Case, all_series: &[Series], load: &Load) -> Vec<Row> {
    let summaries: Vec<Summary> =
        all_series.iter().map(|series| Summary::of(&series.ns_per_op)).collect();
    let floor = summaries[0].median;
    let with_summaries = all_series.iter().zip(summaries);
    with_summaries
        .map(|(series, summary)| Row {
            case: case.name(),
            peer: series.peer.name,
            version: series.peer.package.map(report::version_of),
            ns_per_op: summary.median,
            min: summary.min,
            max: summary.max,
            n: load.operations,
            runs: series.ns_per_op.len(),
            threads: series.last.threads,
            checksum: format!("{:016x}", series.last.checksum),
            ratio_to_floor: summary.median / floor,
            heap_bytes_per_actor: heap_bytes_per_actor(case, series.peer, load),
        })
        .collect()
}

/// Measured apart from the timed runs, since counting allocations takes time.
fn heap_bytes_per_actor(case: Case, peer: &Peer, load: &Load) -> Option<f64> {
    let spawned_heap_bytes = peer.spawned_heap_bytes.filter(|_| case == Case::Spawn)?;
    Some(spawned_heap_bytes(load) as f64 / load.actors as f64)
}
