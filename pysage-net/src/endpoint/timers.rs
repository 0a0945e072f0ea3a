//! What is due in time: probes, acknowledgements, signs of life.

use std::time::{Duration, Instant};

use super::Endpoint;
use super::congestion::Told;
use super::received::ACK_DELAY;

/// When something was heard from the peer and said to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    heard_at: Instant,
    said_at: Instant,
    /// When something left that wants to be acknowledged, or a probe was due.
    asked_at: Instant,
    /// Since when something is in flight, and nothing was acknowledged.
    unanswered_since: Instant,
    /// How many probes were due since the peer acknowledged something.
    probes: u32,
    /// How many datagrams may leave as probes whatever the congestion.
    pub(super) probe_credit: u32,
    /// The peer is to be asked whether it is there.
    pub(super) ping: bool,
    has_shrunk: bool,
}

/// A probe carries what did not arrive, in so many datagrams: RFC 9002 section 6.2.4.
const PROBE_DATAGRAMS: u32 = 2;

/// Probes are not further apart than this, unless the round trip is that long: a way that is there
/// again is found soon.
const MOST_PROBE_INTERVAL: Duration = Duration::from_millis(250);

/// So often a peer that has no room is asked whether it has some by now, besides that it tells.
const BLOCKED_INTERVAL: Duration = Duration::from_millis(250);

/// So much longer than the time-out is waited: a probe or two that leave behind a blackout are
/// answered.
const IDLE_GRACE: Duration = Duration::from_secs(1);

/// A peer that speaks and does not answer has so many times as long: a blackout of one direction is
/// no shorter than one of both.
const UNANSWERED_TIMEOUTS: u32 = 2;

/// After so many probes without an answer nothing is left of what was known of the way.
const BLACKED_OUT_PROBES: u32 = 3;

/// After so long a silence memory is given back: longer than a game pauses between ticks.
const SHRINK_AFTER: Duration = Duration::from_millis(250);

impl Activity {
    pub(super) fn new(now: Instant) -> Activity {
        Activity {
            heard_at: now,
            said_at: now,
            asked_at: now,
            unanswered_since: now,
            probes: 0,
            probe_credit: 0,
            ping: false,
            has_shrunk: true,
        }
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// Takes note that what the peer says comes later than it is said.
    fn heard_later(&mut self, until: Instant) {
        self.heard_at = self.heard_at.max(until);
        self.unanswered_since = self.unanswered_since.max(until);
    }

    fn quiet_since(&self) -> Instant {
        self.said_at.max(self.heard_at)
    }

    /// Takes note of a datagram that left, while others were in flight or not.
    pub(super) fn said(&mut self, now: Instant, asks: bool, was_in_flight: bool) {
        self.said_at = now;
        if asks {
            if !was_in_flight {
                // Later than now while nothing of the peer is read.
                self.unanswered_since = self.unanswered_since.max(now);
            }
            self.asked_at = now;
            self.has_shrunk = false;
            self.probe_credit = self.probe_credit.saturating_sub(1);
            self.ping = false;
        }
    }

    /// Takes note that the peer has acknowledged something.
    pub(super) fn progressed(&mut self, now: Instant) {
        self.unanswered_since = now;
        (self.probes, self.probe_credit) = (0, 0);
        self.has_shrunk = false;
    }
}

impl Endpoint {
    /// When something is due if nothing happens before: datagrams to be written, or
    /// [`advance`](Self::advance).
    pub(crate) fn wake_at(&mut self, now: Instant) -> Instant {
        if self.wants_to_send(now) {
            return now;
        }
        let paced = self.departs_at(now);
        let activity = &self.activity;
        let shrinks = (!activity.has_shrunk).then_some(activity.quiet_since() + SHRINK_AFTER);
        let due = [self.received.tell_by(), self.probe_at(), self.sent.loss_at(), paced, shrinks];
        let quiet = activity.said_at + self.limits.keep_alive;
        due.into_iter().flatten().fold(quiet.min(self.idle_at()), Instant::min)
    }

    /// When the peer counts as gone, if nothing comes from it; or if all it says acknowledges nothing
    /// of what it was asked, which would have to be kept for ever.
    pub(crate) fn idle_at(&self) -> Instant {
        let timeout = self.limits.idle_timeout;
        let silent = self.activity.heard_at + timeout;
        let unanswered = self.activity.unanswered_since + UNANSWERED_TIMEOUTS * timeout;
        let is_asked = self.sent.is_in_flight();
        silent.min(if is_asked { unanswered } else { silent }) + IDLE_GRACE
    }

    /// Takes note that nothing of the peer is read until then, although something is there: it is
    /// neither silent nor does it leave unanswered what it was asked.
    pub(crate) fn heard_later(&mut self, until: Instant) {
        self.activity.heard_later(until);
    }

    /// Does what is due.
    pub(crate) fn advance(&mut self, now: Instant) {
        if self.sent.loss_at().is_some_and(|at| at <= now) {
            let mut lost_bytes = 0;
            self.find_lost(now, &mut lost_bytes);
            self.congestion.told(now, Told { round_trip: None, lost_bytes, marked: 0 });
        } else if self.probe_at().is_some_and(|at| at <= now) {
            self.probe(now);
        }
        if self.activity.said_at + self.limits.keep_alive <= now {
            self.activity.ping = true;
        }
        if !self.activity.has_shrunk && self.activity.quiet_since() + SHRINK_AFTER <= now {
            self.shrink();
        }
    }

    /// When the peer is to be asked for an answer, if none came.
    pub(super) fn probe_at(&self) -> Option<Instant> {
        if self.limits.loses_nothing {
            return None;
        }
        // A peer that told of room in a datagram that was lost does not tell it again by itself.
        if !self.sent.is_in_flight() {
            return self.is_blocked().then_some(self.activity.asked_at + BLOCKED_INTERVAL);
        }
        if self.sent.loss_at().is_some() {
            return None;
        }
        let first = self.round_trip.probe_delay(ACK_DELAY);
        let interval = first.saturating_mul(1 << self.activity.probes.min(16));
        // What a handshake took in which a lot was lost says little of the round trip.
        let most = if self.round_trip.has_sample() { first } else { Duration::ZERO };
        Some(self.activity.asked_at + interval.min(MOST_PROBE_INTERVAL.max(most)))
    }

    /// Has something sent that the peer answers: what did not arrive, or else a question.
    fn probe(&mut self, now: Instant) {
        let activity = &mut self.activity;
        activity.asked_at = now;
        activity.probes += 1;
        activity.probe_credit = PROBE_DATAGRAMS;
        if activity.probes == BLACKED_OUT_PROBES {
            self.congestion.blacked_out(now);
        }
        let most_bytes = PROBE_DATAGRAMS as usize * self.limits.payload_bytes;
        self.bundles.probe(self.sent.bundles(), most_bytes);
        if !self.has_something() {
            self.activity.ping = true;
        }
        assert!(self.wants_to_send(now), "each probe sends something");
    }

    /// Gives back memory that was needed for more than there is now.
    fn shrink(&mut self) {
        self.activity.has_shrunk = true;
        self.newest = None;
        self.sent.shrink();
        self.bundles.shrink();
        self.outgoing.shrink();
        self.received.shrink();
        self.incoming.shrink();
    }
}
