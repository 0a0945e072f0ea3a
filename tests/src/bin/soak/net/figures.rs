//! What a run came to.

use std::time::{Duration, Instant};

use pysage_net::Delivery;
use serde::Serialize;

use super::Framing;
use super::load::scatter;
use super::run::Run;

/// The line of a run.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    seed: u64,
    sent: u64,
    delivered: u64,
    /// Neither delivered nor reported as undelivered.
    lost: u64,
    duplicated: u64,
    out_of_order: u64,
    corrupted: u64,
    reported_undelivered: u64,
    datagrams: u64,
    bytes: u64,
    queue_drops: u64,
    cuts: u64,
    goodput_ratio: Option<f64>,
    fairness: Option<f64>,
    delay_p50_ms: Option<f64>,
    delay_p99_ms: Option<f64>,
    queue_delay_p50_ms: Option<f64>,
    queue_delay_p99_ms: Option<f64>,
    virtual_seconds: f64,
    wall_seconds: f64,
    /// In hexadecimal digits: not all readers of JSON keep 64 bits of a number.
    state_hash: String,
}

impl Figures {
    /// The figures of a run that was over at this time, and was drained since.
    pub(super) fn of(run: &Run, over_at: Instant, begun: Instant) -> Figures {
        let shared = &run.shared;
        let counters = run.network.counters();
        let mut figures = Figures {
            seed: run.seed,
            datagrams: counters.sent,
            bytes: counters.sent_bytes,
            queue_drops: counters.dropped,
            cuts: run.cuts,
            goodput_ratio: goodput_ratio(run),
            fairness: match &run.bytes_while_all_ran {
                Some(bytes) => fairness(bytes),
                None => fairness(&run.delivered_bytes()),
            },
            delay_p50_ms: shared.delays.borrow().quantile_ms(0.5),
            delay_p99_ms: shared.delays.borrow().quantile_ms(0.99),
            queue_delay_p50_ms: queue_delay_ms(run, 0.5),
            queue_delay_p99_ms: queue_delay_ms(run, 0.99),
            virtual_seconds: (over_at - shared.epoch).as_secs_f64(),
            wall_seconds: begun.elapsed().as_secs_f64(),
            state_hash: format!("{:016x}", scatter(run.network.state_hash()) ^ shared.hash.get()),
            ..Figures::default()
        };
        for end in &run.ends {
            let Some(ledger) = &end.outgoing else { continue };
            let (ledger, tally) = (ledger.borrow(), ledger.borrow().tally());
            figures.sent += ledger.sent();
            figures.delivered += tally.delivered;
            figures.lost += ledger.lost();
            figures.duplicated += tally.duplicated;
            figures.out_of_order += tally.out_of_order;
            figures.corrupted += tally.corrupted;
            figures.reported_undelivered += tally.reported;
        }
        figures
    }

    /// Which promises were not kept.
    pub(super) fn wrongs(&self, run: &Run) -> Vec<String> {
        let (options, mut wrongs) = (&run.options, Vec::new());
        let plan = options.plan();
        let mut check = |count: u64, what: &str| {
            if count > 0 {
                wrongs.push(format!("{count} messages {what}"));
            }
        };
        check(self.corrupted, "were corrupted, or arrived where they should not");
        if plan.is_reliable() {
            check(self.lost, "were lost, and not reported");
            check(self.duplicated, "were delivered twice");
        }
        if matches!(plan.delivery, Delivery::Sequenced | Delivery::ReliableOrdered) {
            check(self.out_of_order, "were delivered out of order");
        }
        let may_part = options.may_part();
        if !may_part {
            check(self.reported_undelivered, "were reported as undelivered");
        }
        for (at, end) in run.ends.iter().enumerate() {
            let name = format!("flow {}, {}", at / 2, ["client", "server"][at % 2]);
            if let (Some(reason), false) = (&*end.line.gone.borrow(), may_part) {
                wrongs.push(format!("{name}: the peer went: {reason}"));
            }
            if let Some(error) = &*end.line.refused.borrow() {
                wrongs.push(format!("{name}: a message was refused: {error}"));
            }
            let Some(ledger) = &end.outgoing else { continue };
            let (told, shown) = (end.line.undelivered.get(), ledger.borrow().reports());
            if told != shown {
                wrongs.push(format!("{name}: {told} were said to be undelivered, {shown} shown"));
            }
        }
        wrongs
    }
}

/// Which part of what the bottleneck and the loss leave was used for bodies.
fn goodput_ratio(run: &Run) -> Option<f64> {
    let (options, shared) = (&run.options, &run.shared);
    let time = shared.last_delivered_at.get()? - shared.first_sent_at.get()?;
    let ways = if options.two_way { 2.0 } else { 1.0 };
    let left = if options.carrier == Framing::Tcp { 1.0 } else { 1.0 - options.loss };
    let bits_per_second = options.bits_per_second()? as f64 * left * ways;
    let bits = run.delivered_bytes().iter().sum::<u64>() as f64 * 8.0;
    Some(bits / bits_per_second / time.as_secs_f64()).filter(|ratio| ratio.is_finite())
}

/// Jain's index: 1 if all have the same, and the inverse of their number if one has all.
fn fairness(shares: &[u64]) -> Option<f64> {
    let sum: f64 = shares.iter().map(|share| *share as f64).sum();
    let squares: f64 = shares.iter().map(|share| (*share as f64).powi(2)).sum();
    (squares > 0.0).then(|| sum * sum / (shares.len() as f64 * squares))
}

/// How long datagrams waited at the bottleneck, in the direction of the messages; the longer one of
/// both if messages go both ways.
fn queue_delay_ms(run: &Run, share: f64) -> Option<f64> {
    let ways = if run.options.two_way { 2 } else { 1 };
    let bottlenecks = &run.bottlenecks.as_ref()?[..ways];
    let delays = bottlenecks.iter().filter_map(|each| each.queue_delay(share));
    delays.max().map(|delay: Duration| delay.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_is_one_for_equal_shares_and_a_part_for_one_that_has_all() {
        assert_eq!(fairness(&[7, 7, 7, 7]), Some(1.0));
        assert_eq!(fairness(&[7, 0, 0, 0]), Some(0.25));
        assert_eq!(fairness(&[0, 0]), None);
        assert_eq!(fairness(&[1, 3]), Some(0.8));
    }
}
