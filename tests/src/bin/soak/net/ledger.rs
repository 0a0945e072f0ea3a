//! What was sent in one direction of a flow, and what has arrived.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use pysage_net::Delivery;

use super::check::{Check, Found, Tally};
use super::load::{Bodies, Body, scatter};
use crate::measures::Durations;

/// What all directions of a run have in common.
pub(super) struct Shared {
    pub(super) epoch: Instant,
    /// Whether messages are sent; nobody is waited for any more.
    pub(super) sends: Cell<bool>,
    pub(super) sent: Cell<u64>,
    pub(super) delivered: Cell<u64>,
    pub(super) reported: Cell<u64>,
    /// Directions in which more is to be sent.
    pub(super) sending: Cell<usize>,
    /// The first direction has delivered all, which nobody knows of one that may lose.
    pub(super) one_is_done: Cell<bool>,
    pub(super) first_sent_at: Cell<Option<Instant>>,
    pub(super) last_sent_at: Cell<Option<Instant>>,
    pub(super) last_delivered_at: Cell<Option<Instant>>,
    pub(super) delays: RefCell<Durations>,
    pub(super) hash: Cell<u64>,
}

/// What was sent in one direction of a flow, and what has arrived.
pub(super) struct Ledger {
    plan: Plan,
    bodies: Bodies,
    check: Check,
    sent: u64,
    /// Since the epoch, by number.
    sent_at_ns: Vec<u64>,
    reports: u64,
    /// When the next message is to be sent.
    due_at: Instant,
    is_sending: bool,
    /// No more was taken when it was tried last.
    is_full: bool,
}

/// What is to be sent in one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) messages: u64,
    pub(super) bytes: usize,
    pub(super) streams: u8,
    pub(super) delivery: Delivery,
    /// 0 for as fast as they are taken.
    pub(super) rate_hz: f64,
}

impl Plan {
    pub(super) fn is_reliable(&self) -> bool {
        matches!(self.delivery, Delivery::ReliableOrdered | Delivery::ReliableUnordered)
    }
}

impl Shared {
    pub(super) fn new(epoch: Instant) -> Shared {
        Shared {
            epoch,
            sends: Cell::new(false),
            sent: Cell::new(0),
            delivered: Cell::new(0),
            reported: Cell::new(0),
            sending: Cell::new(0),
            one_is_done: Cell::new(false),
            first_sent_at: Cell::new(None),
            last_sent_at: Cell::new(None),
            last_delivered_at: Cell::new(None),
            delays: RefCell::new(Durations::new()),
            hash: Cell::new(0),
        }
    }

    fn ns(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.epoch);
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }

    fn hash(&self, word: u64) {
        self.hash.set(scatter(self.hash.get().rotate_left(23) ^ word));
    }
}

impl Ledger {
    pub(super) fn new(shared: &Shared, plan: Plan, seed: u64) -> Ledger {
        let bodies = Bodies { seed, bytes: plan.bytes };
        shared.sending.set(shared.sending.get() + 1);
        Ledger {
            plan,
            bodies,
            check: Check::new(bodies, plan.streams, plan.delivery),
            sent: 0,
            sent_at_ns: Vec::new(),
            reports: 0,
            due_at: shared.epoch,
            is_sending: true,
            is_full: false,
        }
    }

    pub(super) fn plan(&self) -> Plan {
        self.plan
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn tally(&self) -> Tally {
        self.check.tally()
    }

    /// How many body bytes have arrived.
    pub(super) fn delivered_bytes(&self) -> u64 {
        self.tally().delivered * self.plan.bytes as u64
    }

    /// The next message to send, if one is due: its stream and its body.
    pub(super) fn next(&self, shared: &Shared, now: Instant) -> Option<(u8, Body)> {
        let is_due = self.due_at(shared).is_some_and(|due| due <= now);
        let stream = (self.sent % u64::from(self.plan.streams)) as u8;
        is_due.then(|| (stream, self.bodies.of(self.sent)))
    }

    /// When the next message is to be sent by itself; `None` if none is, or if there was no room for
    /// it: whoever makes room has the sender tick.
    pub(super) fn wakes_at(&self, shared: &Shared) -> Option<Instant> {
        if self.is_full { None } else { self.due_at(shared) }
    }

    fn due_at(&self, shared: &Shared) -> Option<Instant> {
        (self.is_sending && shared.sends.get()).then_some(self.due_at)
    }

    /// Takes note that the next message was taken.
    pub(super) fn note_sent(&mut self, shared: &Shared, now: Instant) {
        self.check.sent(self.sent);
        self.sent_at_ns.push(shared.ns(now));
        self.sent += 1;
        self.is_full = false;
        shared.sent.set(shared.sent.get() + 1);
        let start = shared.first_sent_at.get().unwrap_or(now);
        shared.first_sent_at.set(Some(start));
        if self.plan.rate_hz > 0.0 {
            let after_ns = self.sent as f64 * 1e9 / self.plan.rate_hz;
            self.due_at = start + Duration::from_nanos(after_ns as u64);
        }
        shared.last_sent_at.set(Some(now));
        if self.sent == self.plan.messages {
            self.stop(shared);
        }
    }

    pub(super) fn note_full(&mut self) {
        self.is_full = true;
    }

    /// Nothing more is sent.
    pub(super) fn stop(&mut self, shared: &Shared) {
        if std::mem::take(&mut self.is_sending) {
            shared.sending.set(shared.sending.get() - 1);
            self.look_whether_done(shared);
        }
    }

    /// Takes note of what has arrived.
    pub(super) fn take(&mut self, shared: &Shared, now: Instant, stream: u8, body: &[u8]) {
        let found = self.check.arrived(self.sent, stream, body);
        let now_ns = shared.ns(now);
        shared.hash(now_ns ^ self.bodies.seed);
        let Found::New(number) = found else { return };
        if let Some(number) = number {
            let delay_ns = now_ns - self.sent_at_ns[number as usize];
            shared.delays.borrow_mut().add(Duration::from_nanos(delay_ns));
            shared.hash(number);
        }
        shared.delivered.set(shared.delivered.get() + 1);
        shared.last_delivered_at.set(Some(now));
        self.look_whether_done(shared);
    }

    /// Takes note of what was reported as not delivered.
    pub(super) fn note_reported(&mut self, shared: &Shared, body: &[u8]) {
        self.reports += 1;
        self.check.reported(body);
        shared.reported.set(shared.reported.get() + 1);
    }

    /// How many reports there were.
    pub(super) fn reports(&self) -> u64 {
        self.reports
    }

    /// How many messages neither arrived nor were reported.
    pub(super) fn lost(&self) -> u64 {
        let Tally { delivered, reported, .. } = self.tally();
        self.sent.saturating_sub(delivered + reported)
    }

    fn look_whether_done(&self, shared: &Shared) {
        if self.plan.is_reliable() && !self.is_sending && self.lost() == 0 {
            shared.one_is_done.set(true);
        }
    }
}
