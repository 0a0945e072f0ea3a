//! What round trips tell of a queue. All in seconds.

use std::time::{Duration, Instant};

/// How long the shortest round trip holds (Copa, BBR): ways change, and a flow that began beside a
/// queue has never seen the way without it.
const BASE_KEPT_S: f64 = 10.0;

/// How much more than the trembling of the round trips is allowed for. With 2.5, jitter and lost
/// acknowledgements are taken for a queue; with more, queues get longer.
const NOISE_GAIN: f64 = 4.0;

/// Less is never called a queue: no use is made of such precision, and a LAN would suffer.
const LEAST_ALLOWANCE_S: f64 = 0.001;

/// Means are of so many round trips at least, or one that was short by chance would be the base.
const FEWEST: f64 = 2.0;

/// The shortest round trip, the usual one of late, and how much they tremble.
///
/// Both are means over half a round trip: of few and of many, a mean is about the same. A minimum is
/// not, where datagrams overtake each other: what is shortest of many would be the base, the few of
/// a small window would never be as short again, and that would look like a queue.
pub(super) struct RoundTrips {
    /// The round trip without a queue.
    base: f64,
    /// Whether the base comes from more than the handshake.
    sampled: bool,
    /// The shortest since the base was last renewed, or found shorter.
    lately: f64,
    /// Nothing if the base is in doubt.
    renewed: Option<Instant>,
    /// The last half round trip, and the half before (Copa's standing round trip).
    half: Half,
    half_before: f64,
    smoothed: f64,
    last: f64,
    noise: f64,
}

/// The round trips of half a round trip.
struct Half {
    began: Instant,
    sum: f64,
    count: f64,
}

impl RoundTrips {
    pub(super) fn new(now: Instant, handshake: Duration) -> RoundTrips {
        let handshake = seconds(handshake);
        RoundTrips {
            base: handshake,
            sampled: false,
            lately: handshake,
            renewed: Some(now),
            half: Half { began: now, sum: 0.0, count: 0.0 },
            half_before: handshake,
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
            (self.half_before, self.half.began, self.last) = (sample, now, sample);
        }
        let half_s = now.saturating_duration_since(self.half.began).as_secs_f64();
        if half_s > self.smoothed / 2.0 && self.half.count >= FEWEST {
            let half = self.half.mean();
            // One half may be short by chance.
            let met = half.max(self.half_before);
            self.half_before = half;
            self.half = Half { began: now, sum: 0.0, count: 0.0 };
            self.lately = self.lately.min(met);
            if met < self.base {
                (self.base, self.lately, self.renewed) = (met, met, Some(now));
            }
        }
        self.half.sum += sample;
        self.half.count += 1.0;
        self.smoothed += (sample - self.smoothed) / 8.0;
        self.noise += ((sample - self.last).abs() - self.noise) / 16.0;
        self.last = sample;
    }

    pub(super) fn base(&self) -> f64 {
        self.base
    }

    pub(super) fn standing(&self) -> f64 {
        if self.half.count > 0.0 {
            self.half.mean().min(self.half_before)
        } else {
            self.half_before
        }
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

impl Half {
    fn mean(&self) -> f64 {
        self.sum / self.count
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64().clamp(1e-6, 60.0)
}
