//! What round trips tell of a queue. All in seconds.

use std::time::{Duration, Instant};

/// How long the shortest round trip holds (Copa, BBR): ways change, and a flow that began beside a
/// queue has never seen the way without it.
const BASE_KEPT_S: f64 = 10.0;

/// How much more than the trembling of the round trips is allowed for. With less, jitter is taken
/// for a queue; with more, queues get longer.
const NOISE_GAIN: f64 = 2.5;

/// Less is never called a queue: no use is made of such precision, and a LAN would suffer.
const LEAST_ALLOWANCE_S: f64 = 0.001;

/// The shortest round trip, the shortest of late, and how much they tremble.
pub(super) struct RoundTrips {
    /// The round trip without a queue.
    base: f64,
    /// Whether the base comes from more than the handshake.
    sampled: bool,
    /// The shortest since the base was last renewed, or found shorter.
    lately: f64,
    /// Nothing if the base is in doubt.
    renewed: Option<Instant>,
    /// The shortest of the last half round trip, and of the half before: what jitter adds is gone,
    /// what a queue adds is not (Copa's standing round trip).
    standing: [f64; 2],
    half_began: Instant,
    smoothed: f64,
    last: f64,
    noise: f64,
}

impl RoundTrips {
    pub(super) fn new(now: Instant, handshake: Duration) -> RoundTrips {
        let handshake = seconds(handshake);
        RoundTrips {
            base: handshake,
            sampled: false,
            lately: handshake,
            renewed: Some(now),
            standing: [handshake; 2],
            half_began: now,
            smoothed: handshake,
            last: handshake,
            noise: 0.0,
        }
    }

    /// Takes a round trip. The gap is how seldom the socket is served.
    pub(super) fn heard(&mut self, now: Instant, sample: Duration, gap_s: f64) {
        let sample = seconds(sample);
        if !self.sampled {
            // The first samples may stand in a queue that the handshake did not see, and did not
            // wait for ticks of both ends that the samples will always wait for.
            self.sampled = true;
            self.base = sample.min(self.base + 2.0 * gap_s);
            (self.lately, self.renewed) = (self.base, Some(now));
            (self.standing, self.half_began, self.last) = ([sample; 2], now, sample);
        }
        if sample < self.base {
            (self.base, self.lately, self.renewed) = (sample, sample, Some(now));
        }
        self.lately = self.lately.min(sample);
        if now.saturating_duration_since(self.half_began).as_secs_f64() > self.smoothed / 2.0 {
            self.standing = [sample, self.standing[0]];
            self.half_began = now;
        }
        self.standing[0] = self.standing[0].min(sample);
        self.smoothed += (sample - self.smoothed) / 8.0;
        self.noise += ((sample - self.last).abs() - self.noise) / 16.0;
        self.last = sample;
    }

    pub(super) fn base(&self) -> f64 {
        self.base
    }

    pub(super) fn standing(&self) -> f64 {
        self.standing[0].min(self.standing[1])
    }

    /// How much longer than the base a round trip may be without a queue.
    pub(super) fn allowance(&self, gap_s: f64) -> f64 {
        (NOISE_GAIN * self.noise).max(gap_s).max(LEAST_ALLOWANCE_S)
    }

    /// Whether the base was not met for so long that the queue has to be emptied to look for it.
    pub(super) fn is_stale(&mut self, now: Instant, allowance: f64) -> bool {
        let age = self.renewed.map(|renewed| now.saturating_duration_since(renewed));
        if age.is_some_and(|age| age.as_secs_f64() < BASE_KEPT_S) {
            return false;
        }
        if self.lately > self.base + allowance / 2.0 {
            return true;
        }
        self.renew_base(now);
        false
    }

    /// Takes the shortest of late for the base.
    pub(super) fn renew_base(&mut self, now: Instant) {
        if self.lately.is_finite() {
            self.base = self.lately;
        }
        (self.lately, self.renewed) = (f64::INFINITY, Some(now));
    }

    /// The way may be another: the base has to be looked for.
    pub(super) fn doubt_base(&mut self) {
        (self.lately, self.renewed) = (f64::INFINITY, None);
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64().clamp(1e-6, 60.0)
}
