//! Runs a case with all peers in turns, checks what they handled, and sums up.

use std::{error::Error, fmt};

use super::{
    case::{Case, Load},
    load::Bodies,
    peer::{Outcome, Peer, RunError},
    row::Row,
};
use crate::report::{self, Summary};

/// A peer did not do the work it was timed for.
#[derive(Debug)]
pub struct WrongChecksum {
    case: Case,
    peer: &'static str,
    expected: u64,
    found: Option<u64>,
}

impl fmt::Display for WrongChecksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, peer, expected, found } = self;
        let (case, found) = (case.name(), found.unwrap_or_default());
        write!(
            formatter,
            "case {case}, peer {peer}: checksum {found:016x} instead of {expected:016x}; it lost, \
             doubled or reordered messages, so its figures mean nothing"
        )
    }
}

impl Error for WrongChecksum {}

/// The runs of one peer.
struct Series<'a> {
    peer: &'a Peer,
    outcomes: Vec<Outcome>,
}

/// Measures one load. Peers without the means for it have no row.
///
/// The runs of the peers alternate, so that a machine which gets slower or busier while the case
/// is running slows all of them; each run is compared with the raw one of the same round.
pub fn measure(load: &Load, peers: &[&Peer], runs: u32) -> Result<Vec<Row>, RunError> {
    let mut all: Vec<_> = peers.iter().map(|&peer| Series { peer, outcomes: Vec::new() }).collect();
    let mut expected = Expected { load, known: Vec::new() };
    for run in 1..=runs {
        eprintln!("{}, {} bytes: run {run} of {runs}", load.case.name(), load.bytes);
        for Series { peer, outcomes } in &mut all {
            let failed = |error| format!("peer {}: {error}", peer.name);
            if let Some(outcome) = (peer.run)(load).map_err(failed)? {
                expected.check(peer, &outcome)?;
                outcomes.push(outcome);
            }
        }
        all.retain(|series| !series.outcomes.is_empty());
    }
    Ok(rows(load, &all))
}

/// The checksums of so many messages of the load, computed without sending them.
struct Expected<'a> {
    load: &'a Load,
    known: Vec<(u64, u64)>,
}

impl Expected<'_> {
    fn check(&mut self, peer: &Peer, outcome: &Outcome) -> Result<(), WrongChecksum> {
        if self.load.bytes == 0 {
            return Ok(());
        }
        let expected = self.of(outcome.n);
        if outcome.checksum == Some(expected) {
            return Ok(());
        }
        let (case, peer, found) = (self.load.case, peer.name, outcome.checksum);
        Err(WrongChecksum { case, peer, expected, found })
    }

    fn of(&mut self, n: u64) -> u64 {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| *known == n) {
            return *known;
        }
        let checksum = Bodies::new(self.load.seed, self.load.bytes).expected(n).value();
        self.known.push((n, checksum));
        checksum
    }
}

fn rows(load: &Load, all: &[Series]) -> Vec<Row> {
    let raw = all.first().map_or(&[][..], |series| &series.outcomes);
    let row = |series: &Series| {
        let Series { peer, outcomes } = series;
        let median = |of: &dyn Fn(&Outcome) -> Option<f64>| {
            let values: Vec<f64> = outcomes.iter().filter_map(of).collect();
            (!values.is_empty()).then(|| Summary::of(&values).median)
        };
        let ratio = |of: &dyn Fn(&Outcome) -> Option<f64>| {
            let both = outcomes.iter().zip(raw);
            let ratios: Vec<f64> =
                both.filter_map(|(ours, raw)| Some(of(ours)? / of(raw)?)).collect();
            (!ratios.is_empty() && ratios.iter().all(|ratio| ratio.is_finite()))
                .then(|| Summary::of(&ratios).median)
        };
        let rate = |it: &Outcome| Some(it.n as f64 / (it.elapsed_ns? as f64 / 1e9));
        let messages_per_s = median(&rate);
        let ratio_to_raw = match messages_per_s {
            Some(_) => ratio(&rate),
            None => ratio(&Outcome::cost),
        };
        let last = outcomes.last().expect("series without a run are dropped");
        Row {
            case: load.case.name(),
            peer: peer.name,
            version: peer.package.map(report::version_of),
            bytes: load.bytes,
            n: last.n,
            runs: outcomes.len(),
            checksum: last.checksum.map(|checksum| format!("{checksum:016x}")),
            messages_per_s,
            bytes_per_s: messages_per_s.map(|rate| rate * load.bytes as f64),
            p50_us: median(&|it| Some(it.p50_ns? as f64 / 1e3)),
            p99_us: median(&|it| Some(it.p99_ns? as f64 / 1e3)),
            ratio_to_raw,
            p99_ratio_to_raw: ratio(&|it| it.p99_ns.map(|ns| ns as f64)),
            value: median(&|it| Some(it.value?.0)),
            unit: last.value.map(|(_, unit)| unit),
        }
    };
    all.iter().map(row).collect()
}
