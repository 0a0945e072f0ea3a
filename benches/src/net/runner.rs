//! Runs a case with all peers in turns, checks what the receiving ends computed, and sums up.

use std::{error::Error, fmt, time::Duration};

use super::{
    case::Case,
    crowd,
    exchange::{Invited, Outcome},
    load::Load,
    message::Handled,
    peer::{Carrier, Failure, Invitation, Job, Peer},
    relay::Relay,
    report::Row,
    second::Second,
    socket::Pinned,
};
use crate::report::Summary;

const TIME_TO_START: Duration = Duration::from_secs(10);

/// One peer over one carrier, if it leaves a choice.
pub type Variant<'a> = (&'a Peer, Option<Carrier>);

/// What is the same for all variants of a row of the report.
pub struct Plan {
    pub case: Case,
    pub load: Load,
    pub peers: usize,
    pub loss: Option<f64>,
    pub runs: u32,
    /// How the second end starts; tests have no program to start.
    pub start_second: fn(&Job) -> Result<Second, Failure>,
}

/// A peer did not do the work it was timed for, or could not.
#[derive(Debug)]
pub struct Failed {
    case: String,
    peer: &'static str,
    cause: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "case {}, peer {}: {}", self.case, self.peer, self.cause)
    }
}

impl Error for Failed {}

/// The runs of one variant.
struct Series<'a> {
    variant: Variant<'a>,
    seconds: Vec<f64>,
    latencies_ns: Vec<u64>,
    datagrams: Vec<f64>,
    bytes_per_peer: Vec<f64>,
}

/// Measures one case, with one rate of loss. Peers without the means for it have no row. The
/// runs of the peers alternate, so that a machine which gets busier slows all of them.
pub fn measure(plan: &Plan, variants: &[Variant<'_>]) -> Result<Vec<Row>, Failed> {
    let expected = plan.load.expected();
    let with_means = variants.iter().filter(|variant| (variant.0.has)(&plan.job(variant)));
    let mut all: Vec<Series<'_>> = with_means.map(|variant| Series::new(*variant)).collect();
    for run in 1..=plan.runs {
        for series in &mut all {
            let name = plan.case.name();
            eprintln!("{name}: run {run} of {}, {}", plan.runs, series.variant.0.name);
            plan.run(run, &expected, series).map_err(|error| Failed {
                case: plan.case.name(),
                peer: series.variant.0.name,
                cause: error.to_string(),
            })?;
        }
    }
    Ok(rows(plan, &expected, all))
}

impl Plan {
    fn job(&self, (peer, carrier): &Variant<'_>) -> Job {
        Job {
            peer: peer.name.to_owned(),
            carrier: *carrier,
            case: self.case,
            load: self.load.clone(),
            peers: self.peers,
            processors: None,
        }
    }

    /// Opted out of the count of heap bytes, which the case that needs it begins again.
    fn run(&self, run: u32, expected: &Handled, series: &mut Series<'_>) -> Result<(), Failure> {
        let job = self.job(&series.variant);
        if self.case.is_between_processes() {
            let mut outcome = None;
            allocation_counter::opt_out(|| outcome = Some(self.exchange(run, job, series)));
            let outcome = outcome.expect("the closure was called")?;
            check(expected, &outcome.handled)?;
            series.seconds.push(outcome.seconds);
            series.latencies_ns.extend(outcome.latencies_ns);
            series.datagrams.extend(outcome.datagrams.map(|datagrams| datagrams as f64));
        } else {
            let crowd::Outcome { bytes_per_peer, polls_ns, handled } =
                (series.variant.0.crowd)(&job)?;
            check(expected, &handled)?;
            series.bytes_per_peer.extend(bytes_per_peer);
            series.latencies_ns.extend(polls_ns);
        }
        Ok(())
    }

    fn exchange(&self, run: u32, mut job: Job, series: &Series<'_>) -> Result<Outcome, Failure> {
        if self.case.is_pinned() {
            job.processors = Pinned::two_processors()?;
        }
        let mut second = (self.start_second)(&job)?;
        let mut invitation: Invitation = second.next(TIME_TO_START)?;
        let relay = match self.loss {
            Some(loss) => {
                let seed = self.load.seed.wrapping_add(u64::from(run) << 32);
                let relay = Relay::start(invitation.address, loss, seed)?;
                invitation.address = relay.address;
                Some(relay)
            }
            None => None,
        };
        let invited = Invited { invitation, relay };
        let outcome = (series.variant.0.connect)(&job, &mut second, &invited)?;
        second.end()?;
        Ok(outcome)
    }
}

fn check(expected: &Handled, handled: &[(u64, u64)]) -> Result<(), Failure> {
    for (count, checksum) in handled {
        if (*count, *checksum) != (expected.count, expected.checksum) {
            return Err(format!(
                "{count} messages with checksum {checksum:016x} were handled instead of {} with \
                 {:016x}; messages were lost, doubled, reordered or changed, so the figures mean \
                 nothing",
                expected.count, expected.checksum,
            )
            .into());
        }
    }
    Ok(())
}

impl<'a> Series<'a> {
    fn new(variant: Variant<'a>) -> Self {
        Self {
            variant,
            seconds: Vec::new(),
            latencies_ns: Vec::new(),
            datagrams: Vec::new(),
            bytes_per_peer: Vec::new(),
        }
    }
}

fn median(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| Summary::of(values).median)
}

/// Of the latencies of all runs together.
fn percentile_us(sorted_ns: &[u64], share: f64) -> Option<f64> {
    let index = (sorted_ns.len() as f64 * share) as usize;
    sorted_ns.get(index.min(sorted_ns.len().saturating_sub(1))).map(|ns| *ns as f64 / 1e3)
}

fn rows(plan: &Plan, expected: &Handled, all: Vec<Series<'_>>) -> Vec<Row> {
    let Plan { case, load, .. } = plan;
    let has_rate = matches!(case, Case::Burst | Case::Mixed);
    let handles = !matches!(case, Case::Memory | Case::IdlePoll);
    let n = match case {
        Case::Memory => plan.peers as u64,
        Case::Game => 2 * load.messages,
        _ => load.messages,
    };
    let mut rows: Vec<Row> = Vec::new();
    for mut series in all {
        series.latencies_ns.sort_unstable();
        let (peer, carrier) = series.variant;
        let seconds = median(&series.seconds).filter(|_| has_rate || case.is_one_way_with_loss());
        let messages_per_s = seconds.filter(|_| has_rate).map(|seconds| n as f64 / seconds);
        let p50_us = percentile_us(&series.latencies_ns, 0.5);
        let compared = if carrier == Some(Carrier::Tcp) { "raw_tcp" } else { "raw" };
        let raw = rows.iter().find(|row| row.peer == compared);
        let ratio_to_raw = if peer.name == "raw" {
            Some(1.0)
        } else {
            let of_rates = raw.and_then(|raw| Some(messages_per_s? / raw.messages_per_s?));
            of_rates.or_else(|| raw.and_then(|raw| Some(p50_us? / raw.p50_us?)))
        };
        rows.push(Row {
            case: case.name(),
            peer: peer.name,
            version: peer.package.map(crate::report::version_of),
            carrier,
            bytes: load.bytes.filter(|_| handles),
            loss: plan.loss,
            n,
            runs: plan.runs,
            checksum: handles.then(|| format!("{:016x}", expected.checksum)),
            messages_per_s,
            p50_us,
            p99_us: percentile_us(&series.latencies_ns, 0.99),
            seconds,
            datagrams: median(&series.datagrams),
            memory_per_peer: median(&series.bytes_per_peer),
            ratio_to_raw,
        });
    }
    rows
}
