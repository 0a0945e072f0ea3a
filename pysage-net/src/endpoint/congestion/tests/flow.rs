//! One flow of the simulation: a sender with resends, a receiver with aggregated acks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::super::{Congestion, Stamp, Told};
use super::simulation::Way;

/// What a flow sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) starts_at: Duration,
    /// How many datagrams there are to deliver.
    pub(super) datagrams: usize,
    pub(super) bytes: u32,
    /// One becomes ready each so often, zero: all are from the start.
    pub(super) every: Duration,
    /// No new one becomes ready between these two.
    pub(super) pause: (Duration, Duration),
}

impl Plan {
    /// As much as gets through.
    pub(super) fn bulk() -> Plan {
        Plan::of(usize::MAX)
    }

    pub(super) fn of(datagrams: usize) -> Plan {
        let none = (Duration::ZERO, Duration::ZERO);
        Plan {
            starts_at: Duration::ZERO,
            datagrams,
            bytes: 1_200,
            every: Duration::ZERO,
            pause: none,
        }
    }

    pub(super) fn from(self, starts_at: Duration) -> Plan {
        Plan { starts_at, ..self }
    }
}

/// A datagram that is on its way, or thought to be.
struct Sent {
    stamp: Stamp,
    /// Which of the plan's datagrams it carries.
    item: usize,
    bytes: u32,
    lost: bool,
    acked: bool,
}

pub(super) struct Flow {
    pub(super) plan: Plan,
    pub(super) congestion: Congestion,
    way: Way,
    started: Instant,
    sent: Vec<Sent>,
    /// The oldest number that is neither acked nor lost.
    oldest: usize,
    next_item: usize,
    resends: VecDeque<usize>,
    in_flight: usize,
    round_trip: f64,
    variation: f64,
    /// What a datagram that came late taught of patience.
    wider: Duration,
    probe_at: Option<Instant>,
    probes_owed: usize,
    probes_in_row: u32,
    newest_acked: Option<(usize, Instant)>,
    acks_seen: usize,
    pub(super) wakes_at: Option<Duration>,
    // The receiver.
    arrivals: Vec<usize>,
    newest_arrived: (usize, Duration),
    acknowledged: usize,
    marked: u64,
    items: Vec<bool>,
    pub(super) delivered: usize,
    /// When each was delivered, from the start of the simulation.
    pub(super) deliveries: Vec<Duration>,
    /// From ready to delivered, of flows whose datagrams become ready one by one, in ms.
    pub(super) delays_ms: Vec<f64>,
}

impl Flow {
    pub(super) const ACK_EVERY: usize = 8;
    pub(super) const ACK_AFTER: Duration = Duration::from_millis(8);

    pub(super) fn new(plan: Plan, started: Instant, round_trip: Duration, way: Way) -> Flow {
        Flow {
            plan,
            congestion: Congestion::new(started, 1_200, round_trip),
            way,
            started: started - plan.starts_at,
            sent: Vec::new(),
            oldest: 0,
            next_item: 0,
            resends: VecDeque::new(),
            in_flight: 0,
            round_trip: round_trip.as_secs_f64(),
            variation: round_trip.as_secs_f64() / 2.0,
            wider: Duration::ZERO,
            probe_at: None,
            probes_owed: 0,
            probes_in_row: 0,
            newest_acked: None,
            acks_seen: 0,
            wakes_at: None,
            arrivals: Vec::new(),
            newest_arrived: (0, Duration::ZERO),
            acknowledged: 0,
            marked: 0,
            items: Vec::new(),
            delivered: 0,
            deliveries: Vec::new(),
            delays_ms: Vec::new(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.delivered == self.plan.datagrams
    }

    /// When the plan's datagram is there to be sent.
    fn ready_at(&self, item: usize) -> Duration {
        let count = u32::try_from(item).unwrap_or(u32::MAX);
        let at = self.plan.starts_at + self.plan.every.saturating_mul(count);
        let (from, to) = self.plan.pause;
        if at >= from { at + (to - from) } else { at }
    }

    fn ready(&self, now: Instant) -> bool {
        let pause = self.plan.pause.0..self.plan.pause.1;
        let since = now - self.started;
        if self.plan.every.is_zero() {
            return self.next_item < self.plan.datagrams && !pause.contains(&since);
        }
        self.next_item < self.plan.datagrams && self.ready_at(self.next_item) <= since
    }

    /// Takes the next datagram that may leave now: its number and its bytes.
    pub(super) fn next_datagram(&mut self, now: Instant) -> Option<(usize, u32)> {
        if self.probe_at.is_some_and(|at| at <= now) {
            self.probe(now);
        }
        if self.lost_at().is_some_and(|at| at <= now) {
            let lost_bytes = self.detect_losses(now);
            self.congestion.told(now, Told { round_trip: None, lost_bytes, marked: 0 });
        }
        if self.resends.is_empty() && !self.ready(now) {
            return None;
        }
        let item = self.resends.front().copied().unwrap_or(self.next_item);
        let bytes = self.plan.bytes;
        if self.probes_owed > 0 {
            self.probes_owed -= 1;
        } else if self.in_flight + bytes as usize > self.congestion.window_bytes()
            || self.congestion.departs_at(now) > now
        {
            return None;
        }
        if self.resends.pop_front().is_none() {
            self.next_item += 1;
        }
        let stamp = self.congestion.sent(now, bytes as usize, self.in_flight);
        self.in_flight += bytes as usize;
        self.sent.push(Sent { stamp, item, bytes, lost: false, acked: false });
        self.probe_at = Some(now + self.probe_time());
        Some((self.sent.len() - 1, bytes))
    }

    fn probe_time(&self) -> Duration {
        let time = self.round_trip + (4.0 * self.variation).max(0.001) + 0.008;
        Duration::from_secs_f64(time * f64::from(1 << self.probes_in_row.min(6)))
    }

    fn probe(&mut self, now: Instant) {
        self.probe_at = None;
        if self.in_flight == 0 {
            return;
        }
        self.probes_in_row += 1;
        self.probes_owed = 2;
        self.probe_at = Some(now + self.probe_time());
        if self.probes_in_row == 3 {
            self.congestion.blacked_out(now);
        }
        let before = self.oldest;
        let until = if self.probes_in_row == 3 { self.sent.len() } else { before + 2 };
        for number in before..until.min(self.sent.len()) {
            self.lose(number);
        }
        self.skip_settled();
    }

    fn lose(&mut self, number: usize) -> usize {
        let sent = &mut self.sent[number];
        if sent.lost || sent.acked {
            return 0;
        }
        sent.lost = true;
        self.in_flight -= sent.bytes as usize;
        self.resends.push_back(sent.item);
        sent.bytes as usize
    }

    fn skip_settled(&mut self) {
        while self.sent.get(self.oldest).is_some_and(|sent| sent.lost || sent.acked) {
            self.oldest += 1;
        }
    }

    pub(super) fn acked(&mut self, now: Instant, arrived: usize, marked: u64, delay: Duration) {
        let mut newest: Option<usize> = None;
        let (mut ages, mut count) = (Duration::ZERO, 0);
        for index in self.acks_seen..arrived {
            let number = self.arrivals[index];
            let sent = &mut self.sent[number];
            if sent.acked {
                continue;
            }
            sent.acked = true;
            if sent.lost {
                let round_trip = Duration::from_secs_f64(self.round_trip);
                let late = (now - sent.stamp.sent_at).saturating_sub(round_trip);
                self.wider = self.wider.max(late).min(round_trip);
                self.congestion.spurious(sent.stamp);
                let item = sent.item;
                self.resends.retain(|&waiting| waiting != item);
            } else {
                self.in_flight -= sent.bytes as usize;
                self.congestion.acked(sent.stamp);
            }
            newest = newest.max(Some(number));
            ages += now - sent.stamp.sent_at;
            count += 1;
        }
        self.acks_seen = self.acks_seen.max(arrived);
        let round_trip =
            newest.map(|number| (now - self.sent[number].stamp.sent_at).saturating_sub(delay));
        if let (Some(sample), Some(number)) = (round_trip, newest) {
            let sample = sample.as_secs_f64();
            self.variation += ((sample - self.round_trip).abs() - self.variation) / 4.0;
            self.round_trip += (sample - self.round_trip) / 8.0;
            let sent_at = self.sent[number].stamp.sent_at;
            self.newest_acked = self.newest_acked.max(Some((number, sent_at)));
            self.probes_in_row = 0;
        }
        let lost_bytes = self.detect_losses(now);
        let round_trip = newest.map(|_| (ages / count).saturating_sub(delay));
        self.congestion.told(now, Told { round_trip, lost_bytes, marked });
        self.probe_at = (self.in_flight > 0).then(|| now + self.probe_time());
    }

    /// How long a datagram may be missing when a later one has arrived.
    fn patience(&self) -> Duration {
        Duration::from_secs_f64(self.round_trip * 1.125)
            + Flow::ACK_AFTER
            + self.way.service
            + self.wider
    }

    /// When the oldest datagram is to be given up, if a later one has arrived.
    fn lost_at(&self) -> Option<Instant> {
        let (newest, _) = self.newest_acked?;
        (self.oldest < newest).then(|| self.sent[self.oldest].stamp.sent_at + self.patience())
    }

    /// By number, or by time where the way reorders.
    fn detect_losses(&mut self, now: Instant) -> usize {
        let Some((newest, _)) = self.newest_acked else { return 0 };
        let (reorders, patience) = (self.way.reorders(), self.patience());
        let mut lost = 0;
        for number in self.oldest..newest {
            let late = now >= self.sent[number].stamp.sent_at + patience;
            if late || (!reorders && newest - number >= 3) {
                lost += self.lose(number);
            } else {
                break;
            }
        }
        self.skip_settled();
        lost
    }

    /// When it has to look again by itself.
    pub(super) fn wakes_after(&self, now: Instant) -> Option<Instant> {
        let room = self.in_flight + self.plan.bytes as usize <= self.congestion.window_bytes();
        let waits = !self.resends.is_empty() || self.ready(now);
        let departs = (waits && room).then(|| self.congestion.departs_at(now));
        let ready = (!self.ready(now) && self.next_item < self.plan.datagrams).then(|| {
            let at = if self.plan.every.is_zero() {
                self.plan.pause.1
            } else {
                self.ready_at(self.next_item)
            };
            self.started + at
        });
        [departs, ready, self.probe_at, self.lost_at()].into_iter().flatten().min()
    }

    /// The receiver's: tells when a timer is to be set, with what stands for it.
    pub(super) fn arrived(&mut self, now: Duration, number: usize, marked: bool) -> Option<usize> {
        let item = self.sent[number].item;
        if self.items.len() <= item {
            self.items.resize(item + 1, false);
        }
        if !self.items[item] {
            self.items[item] = true;
            self.delivered += 1;
            self.deliveries.push(now);
            if !self.plan.every.is_zero() {
                self.delays_ms.push((now - self.ready_at(item)).as_secs_f64() * 1e3);
            }
        }
        self.marked += u64::from(marked);
        self.arrivals.push(number);
        self.newest_arrived = self.newest_arrived.max((number, now));
        (self.arrivals.len() == self.acknowledged + 1).then_some(self.acknowledged)
    }

    pub(super) fn ack_is_due(&self) -> bool {
        self.arrivals.len() >= self.acknowledged + Flow::ACK_EVERY
    }

    pub(super) fn ack_still_waits(&self, since: usize) -> bool {
        self.acknowledged == since
    }

    /// How many have arrived, how many of them marked of late, and how long ago the newest did.
    pub(super) fn acknowledge(&mut self, now: Duration) -> (usize, u64, Duration) {
        self.acknowledged = self.arrivals.len();
        (self.acknowledged, std::mem::take(&mut self.marked), now - self.newest_arrived.1)
    }

    /// Bits in a second that were delivered between these two, counted from the start of all.
    pub(super) fn rate(&self, from: Duration, to: Duration) -> f64 {
        let count = self.deliveries.iter().filter(|&&at| at >= from && at < to).count();
        count as f64 * f64::from(self.plan.bytes) * 8.0 / (to - from).as_secs_f64()
    }
}
