//! Spreads what leaves over the round trip.

use std::time::{Duration, Instant};

/// Programs that look at their socket seldom do so every 4 to 16 ms; what fell due in longer gaps is
/// not made up for.
const LONGEST_GAP_S: f64 = 0.016;

/// So much may always leave together: timers are not more precise, and on a LAN it is more than a
/// window.
const LEAST_CREDIT_S: f64 = 0.001;

/// However much left, the next datagram does not wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A leaky bucket: what fell due while nobody looked at the socket may leave at once, within limits.
pub(super) struct Pacer {
    next: Instant,
    serviced_at: Instant,
    /// How long it takes from one look at the socket to the next, smoothed.
    gap_s: f64,
}

impl Pacer {
    pub(super) fn new(now: Instant) -> Pacer {
        Pacer { next: now, serviced_at: now, gap_s: LONGEST_GAP_S }
    }

    /// Takes note that the socket is served.
    pub(super) fn serviced(&mut self, now: Instant) {
        let gap_s = now.saturating_duration_since(self.serviced_at).as_secs_f64();
        if gap_s > 0.0 {
            self.gap_s += (gap_s.min(LONGEST_GAP_S) - self.gap_s) / 16.0;
            self.serviced_at = now;
        }
    }

    pub(super) fn gap_s(&self) -> f64 {
        self.gap_s
    }

    pub(super) fn sent(&mut self, now: Instant, bytes: f64, bytes_per_s: f64) {
        let credit = Duration::from_secs_f64(self.gap_s.max(LEAST_CREDIT_S));
        let earliest = now.checked_sub(credit).unwrap_or(now);
        let takes = Duration::from_secs_f64((bytes / bytes_per_s).clamp(0.0, 1.0));
        let next = self.next.max(earliest).checked_add(takes);
        self.next = next.unwrap_or(now).min(now.checked_add(LONGEST_WAIT).unwrap_or(now));
    }

    pub(super) fn departs_at(&self, now: Instant) -> Instant {
        self.next.max(now)
    }
}
