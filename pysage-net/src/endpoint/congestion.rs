//! How much may be on its way to a peer, and how quickly it may leave.
//!
//! The model is Copa's (Arun and Balakrishnan, "Copa: Practical Delay-Based Congestion Control for
//! the Internet", NSDI 2018): what stands in the queue of the bottleneck is read off the round
//! trips, and the target of a flow is the rate 1 / (delta x queueing delay), in datagrams. Below it
//! the window grows, above it it shrinks. Flows that share a bottleneck see the same queue and so
//! come to the same rate, and losses are no part of it: at 20 % random loss it is as quick.
//!
//! What is different here, and why:
//! * Only a queue beyond an allowance counts, so that jitter, and programs that serve their socket
//!   every few milliseconds, are not taken for one; and means are compared, not minima, so that
//!   datagrams that overtake each other are not: [`round_trips`].
//! * Above the target the window is cut at once to what fits without the queue, and then left
//!   alone for a round trip, as BBR drains; Copa's steps down oscillate on long ways.
//! * A queue that is shorter than the allowance is only seen by what it drops. Losses beyond those
//!   that come whatever is sent cut the window by as much as did not fit: [`losses`]. And the window
//!   is at most [`CEILING`] times what a round trip delivered, as in BBR.
//! * A shortest round trip that was not met again for 10 s is looked for by halving the window for
//!   two round trips, BBR's ProbeRTT, or else flows would keep each other's queue up for ever.
//! * A mark of ECN (RFC 3168) cuts by half a datagram, as DCTCP (RFC 8257) does when all are marked.
//!
//! Copa's mode for the company of flows that fill every queue (Cubic) is left out: bulk gives way to
//! them, down to [`FEWEST`] datagrams a round trip.

mod losses;
mod pacer;
mod round_trips;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use losses::Losses;
use pacer::Pacer;
use round_trips::RoundTrips;

/// Copa's delta: 1 / delta is how many datagrams a flow keeps in the queue, and by how many it grows
/// in a round trip. Copa has 0.5; 1 is kinder to a game beside bulk (its 99th percentile on 1 Mbit/s
/// is 61 ms instead of 70) and fills the bottleneck as well.
const DELTA: f64 = 1.0;

/// The window before anything is known, in datagrams: 10 (RFC 6928) delivers 10,000 small messages
/// at 10 ms one way 30 ms later.
const INITIAL: f64 = 32.0;

/// The least window, in datagrams: less would be stop and wait.
const FEWEST: f64 = 2.0;

/// The largest window: what is in flight is bounded by the endpoint well before.
const MOST_BYTES: f64 = (1u64 << 30) as f64;

/// How many round trips of growth it takes until growth doubles with each. Copa has 3; what overshoots
/// is cut away here, so that 2 does no harm.
const STEADY_ROUNDS: u32 = 2;

/// The window over what a round trip delivered, at most. BBR has 2; 3 leaves growth by 1.8 each
/// round trip at 40 % loss.
const CEILING: f64 = 3.0;

/// What is left of the window that fitted, after losses: a little less, for the queue to drain.
const AFTER_LOSS: f64 = 0.85;

/// How much quicker than a window a round trip datagrams leave: at the start, so that the first
/// windows leave at once, and later, so that the bottleneck does not run dry.
const STARTUP_PACE: f64 = 2.0;
const PACE: f64 = 1.25;

/// After so long without sending each such time halves the window, down to the initial one.
const IDLE_S: f64 = 1.0;

/// Decides how many bytes may be in flight and when the next datagram may leave.
pub(crate) struct Congestion {
    datagram_bytes: f64,
    window: f64,
    /// The window doubles in a round trip, until the first sign of a queue.
    startup: bool,
    /// How many times 1 / delta datagrams it grows in a round trip.
    velocity: f64,
    rounds_grown: u32,
    round: Round,
    heard: Heard,
    /// How many of the rounds with half a window are left.
    drain_rounds: u32,
    round_trips: RoundTrips,
    losses: Losses,
    pacer: Pacer,
    sent_at: Instant,
}

/// The time until something that was sent in it is acknowledged.
struct Round {
    began: Instant,
    window: f64,
    stage: Stage,
    /// Whether the window was used up, so that growth is called for.
    limited: bool,
    delivered: f64,
    delivered_before: f64,
}

/// Where a round is after a cut.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// What is heard was sent before the cut.
    Old,
    /// What is heard was sent right after it, within a small window.
    Low,
    Usual,
}

/// What an acknowledgement has told so far.
#[derive(Default)]
struct Heard {
    bytes: f64,
    /// When the newest was sent.
    newest: Option<Instant>,
    in_flight: f64,
}

/// What is kept of a datagram that was sent, to judge its acknowledgement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) sent_at: Instant,
    pub(crate) bytes: u32,
    /// With itself.
    in_flight_bytes: u32,
}

/// What one acknowledgement, or a timer, told, after all its datagrams were taken note of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// The mean round trip of the datagrams that it acknowledged for the first time, without what the
    /// peer says it held the acknowledgement back. The newest one's alone would be that of one that
    /// has overtaken the others, where datagrams do.
    pub(crate) round_trip: Option<Duration>,
    /// How many bytes were found to be lost by it.
    pub(crate) lost_bytes: usize,
    /// How many datagrams arrived that were marked, since the last acknowledgement.
    pub(crate) marked: u64,
}

impl Congestion {
    /// For a way of which the handshake has measured a round trip, and datagrams of at most so many
    /// bytes.
    pub(crate) fn new(now: Instant, datagram_bytes: usize, round_trip: Duration) -> Congestion {
        let datagram_bytes = datagram_bytes.clamp(1, 1 << 16) as f64;
        let window = INITIAL * datagram_bytes;
        let mut congestion = Congestion {
            datagram_bytes,
            window,
            startup: true,
            velocity: 1.0,
            rounds_grown: 0,
            round: Round::new(now, window, Stage::Usual, window),
            heard: Heard::default(),
            drain_rounds: 0,
            round_trips: RoundTrips::new(now, round_trip),
            losses: Losses::new(),
            pacer: Pacer::new(now),
            sent_at: now,
        };
        congestion.pace();
        congestion
    }

    /// Takes note of a datagram that is sent and is to be acknowledged; in flight is what was before
    /// it.
    pub(crate) fn sent(&mut self, now: Instant, bytes: usize, in_flight_bytes: usize) -> Stamp {
        if in_flight_bytes == 0 {
            self.wake(now);
        }
        self.sent_at = now;
        self.pacer.serviced(now);
        self.pacer.sent(now, bytes);
        Stamp {
            sent_at: now,
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            in_flight_bytes: u32::try_from(in_flight_bytes.saturating_add(bytes))
                .unwrap_or(u32::MAX),
        }
    }

    /// A window that was not used for long says little of the way now.
    fn wake(&mut self, now: Instant) {
        let idle_s = now.saturating_duration_since(self.sent_at).as_secs_f64();
        let initial = self.window.min(INITIAL * self.datagram_bytes);
        if idle_s >= IDLE_S {
            self.window = (self.window * (-(idle_s / IDLE_S).floor()).exp2()).max(initial);
            self.pace();
        }
    }

    /// Takes note of a datagram that arrived.
    pub(crate) fn acked(&mut self, stamp: Stamp) {
        let heard = &mut self.heard;
        heard.newest = heard.newest.max(Some(stamp.sent_at));
        heard.bytes += f64::from(stamp.bytes);
        heard.in_flight = heard.in_flight.max(f64::from(stamp.in_flight_bytes));
    }

    /// Takes note of a datagram that arrived after it had been told as lost: it was only late.
    pub(crate) fn spurious(&mut self, stamp: Stamp) {
        self.losses.not_lost(f64::from(stamp.bytes) / self.datagram_bytes);
        self.acked(stamp);
    }

    /// Takes note of an acknowledgement, behind its datagrams, or of losses that a timer found.
    pub(crate) fn told(&mut self, now: Instant, told: Told) {
        self.pacer.serviced(now);
        let heard = std::mem::take(&mut self.heard);
        let lost = told.lost_bytes as f64;
        self.losses.heard(heard.bytes / self.datagram_bytes, lost / self.datagram_bytes);
        let Some(newest) = heard.newest else { return };
        if let Some(round_trip) = told.round_trip {
            self.round_trips.heard(now, round_trip, self.pacer.gap_s());
        }
        // Half a window is enough in startup, where it doubles while what was sent before is heard.
        let most = if self.startup { 0.5 } else { 0.75 } * self.window;
        let limited = heard.in_flight >= most.min(self.window - self.datagram_bytes);
        self.round.limited |= limited;
        self.round.delivered += heard.bytes;
        if newest >= self.round.began {
            self.turn_round(now);
        }
        if self.round.stage != Stage::Old {
            if told.marked > 0 {
                let marked =
                    (told.marked as f64 / 2.0 * self.datagram_bytes).min(self.window / 2.0);
                self.cut(now, self.window - marked);
            } else {
                self.follow(now, &heard, lost, limited);
            }
        }
        self.pace();
    }

    fn pace(&mut self) {
        let pace = if self.startup { STARTUP_PACE } else { PACE };
        self.pacer.set_rate(pace * self.window / self.round_trips.standing());
    }

    /// Grows below the target, cuts above it.
    fn follow(&mut self, now: Instant, heard: &Heard, lost: f64, limited: bool) {
        let standing = self.round_trips.standing();
        let allowance = self.round_trips.allowance(self.pacer.gap_s());
        if self.drain_rounds == 0 && !self.startup && self.round_trips.is_stale(now, allowance) {
            self.drain_rounds = 2;
        }
        let unqueued = self.round_trips.base() + allowance;
        let queue = (standing - unqueued).max(0.0);
        // The rate, window / standing, against the target, datagram / (delta * queue).
        if self.window * DELTA * queue > self.datagram_bytes * standing {
            if limited || self.startup {
                let fits = heard.in_flight.min(self.window) * unqueued / standing;
                self.cut(now, fits.max(0.3 * self.window));
            }
        } else if limited {
            let step = self.velocity * self.datagram_bytes / DELTA / self.window;
            let grown = if self.startup { heard.bytes + lost } else { step.min(0.5) * heard.bytes };
            let delivered = self.round.delivered.max(self.round.delivered_before);
            let ceiling = CEILING * delivered + 4.0 * self.datagram_bytes;
            self.set_window((self.window + grown).min(ceiling.max(self.round.window)));
        }
    }

    fn set_window(&mut self, window: f64) {
        self.window = window.clamp(FEWEST * self.datagram_bytes, MOST_BYTES);
    }

    fn cut(&mut self, now: Instant, window: f64) {
        self.set_window(window);
        self.startup = false;
        self.velocity = 1.0;
        self.rounds_grown = 0;
        self.losses.forget();
        self.round = Round::new(now, self.window, Stage::Old, self.round.delivered_before);
    }

    fn turn_round(&mut self, now: Instant) {
        self.drain_rounds = match self.drain_rounds {
            0 => 0,
            1 => {
                self.round_trips.renew_base(now);
                0
            }
            left => left - 1,
        };
        let stage = match self.round.stage {
            Stage::Old => Stage::Low,
            Stage::Low | Stage::Usual => Stage::Usual,
        };
        match self.round.stage {
            Stage::Old => self.losses.forget(),
            Stage::Low => self.losses.learn(),
            Stage::Usual => {
                if let Some(fitted) = self.losses.judge(self.startup) {
                    self.cut(now, self.window * (AFTER_LOSS * fitted).max(0.1));
                    return;
                }
                self.quicken();
            }
        }
        self.round = Round::new(now, self.window, stage, self.round.delivered);
    }

    fn quicken(&mut self) {
        if self.round.limited && !self.startup {
            self.rounds_grown = self.rounds_grown.saturating_add(1);
            if self.rounds_grown >= STEADY_ROUNDS {
                self.velocity = (self.velocity * 2.0).min(MOST_BYTES);
            }
        }
    }

    /// Takes note that nothing at all came back for several probe time-outs: what was known of the
    /// way is doubtful. Half of a large window is kept, for mostly it is the same way.
    pub(crate) fn blacked_out(&mut self, now: Instant) {
        let initial = INITIAL * self.datagram_bytes;
        let startup = self.window >= initial;
        self.cut(now, (self.window / 2.0).max(self.window.min(initial)));
        self.startup = startup;
        self.drain_rounds = 0;
        self.round_trips.doubt_base();
        self.pace();
    }

    /// How many bytes may be in flight.
    pub(crate) fn window_bytes(&self) -> usize {
        if self.drain_rounds > 0 {
            let unqueued = (self.round_trips.base() / self.round_trips.standing()).min(1.0);
            return (self.window / 2.0 * unqueued).max(self.datagram_bytes) as usize;
        }
        self.window as usize
    }

    /// When the next datagram may leave, `now` or later, as far as pacing is concerned.
    pub(crate) fn departs_at(&self, now: Instant) -> Instant {
        self.pacer.departs_at(now)
    }
}

impl Round {
    fn new(began: Instant, window: f64, stage: Stage, delivered_before: f64) -> Round {
        Round { began, window, stage, limited: false, delivered: 0.0, delivered_before }
    }
}
