//! How long a datagram and the word of its arrival take: RFC 9002 section 5.

use std::time::Duration;

/// An estimate of the round trip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTrip {
    smoothed: Duration,
    variation: Duration,
    least: Duration,
    latest: Duration,
    has_sample: bool,
}

/// No timer is set for less: what schedulers and clocks keep to.
pub(crate) const GRANULARITY: Duration = Duration::from_millis(1);

/// A round trip of more is a mistake of the clock, or a datagram that was kept back on purpose.
const MOST: Duration = Duration::from_secs(10);

/// A handshake that took longer has lost datagrams: nothing is waited for that long.
const MOST_OF_HANDSHAKE: Duration = Duration::from_millis(200);

impl RoundTrip {
    /// Before the first sample it is taken to be what the handshake took.
    pub(crate) fn new(first: Duration) -> RoundTrip {
        let first = first.min(MOST_OF_HANDSHAKE);
        RoundTrip {
            smoothed: first,
            variation: first / 4,
            least: first,
            latest: first,
            has_sample: false,
        }
    }

    /// Takes note of a sample, of which the peer says that it kept its word back for `delay`.
    pub(crate) fn sample(&mut self, sample: Duration, delay: Duration) {
        let sample = sample.min(MOST);
        self.least = if self.has_sample { self.least.min(sample) } else { sample };
        // A delay that cannot be is not believed.
        let without = sample.checked_sub(delay).filter(|without| *without >= self.least);
        let sample = without.unwrap_or(sample);
        self.latest = sample;
        if !self.has_sample {
            self.has_sample = true;
            (self.smoothed, self.variation) = (sample, sample / 2);
            return;
        }
        let off = self.smoothed.abs_diff(sample);
        self.variation = self.variation * 3 / 4 + off / 4;
        self.smoothed = self.smoothed * 7 / 8 + sample / 8;
    }

    /// Whether it is more than what the handshake took.
    pub(crate) fn has_sample(&self) -> bool {
        self.has_sample
    }

    /// How long a datagram may take beyond those sent after it before it counts as lost: RFC 9002
    /// section 6.1.2, widened by what the round trip varies.
    pub(crate) fn loss_delay(&self) -> Duration {
        let longest = self.smoothed.max(self.latest);
        let varied = self.smoothed + 4 * self.variation;
        (longest + longest / 8).max(varied).max(GRANULARITY)
    }

    /// After which silence something is sent to have the peer answer: section 6.2.1.
    pub(crate) fn probe_delay(&self, ack_delay: Duration) -> Duration {
        self.smoothed + (4 * self.variation).max(GRANULARITY) + ack_delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn steady_samples_are_what_it_tells() {
        let mut round_trip = RoundTrip::new(ms(300));
        for _ in 0..60 {
            round_trip.sample(ms(58), ms(8));
        }
        assert!(round_trip.smoothed.abs_diff(ms(58)) <= ms(8), "{round_trip:?}");
        assert!(round_trip.loss_delay() < ms(70), "{round_trip:?}");
    }

    #[test]
    fn a_delay_that_cannot_be_is_not_believed() {
        let mut round_trip = RoundTrip::new(ms(50));
        round_trip.sample(ms(50), Duration::MAX);
        assert_eq!(round_trip.smoothed, ms(50));
        round_trip.sample(Duration::MAX, Duration::ZERO);
        assert!(round_trip.probe_delay(ms(8)) < ms(20_000));
    }
}
