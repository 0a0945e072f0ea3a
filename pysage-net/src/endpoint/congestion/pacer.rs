//! Spreads what leaves over the round trip.

use std::time::{Duration, Instant};

/// Programs that look at their socket seldom do so every 4 to 16 ms; what fell due in longer gaps is
/// not made up for.
const LONGEST_GAP: Duration = Duration::from_millis(16);

/// So much may always leave together: timers are not more precise, and on a LAN it is more than a
/// window.
const LEAST_CREDIT_NS: u32 = 1_000_000;

/// However much left, the next datagram does not wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A leaky bucket: what fell due while nobody looked at the socket may leave at once, within limits.
pub(super) struct Pacer {
    next: Instant,
    serviced_at: Instant,
    /// How long it takes from one look at the socket to the next, smoothed.
    gap_ns: u32,
    ns_per_byte: f64,
}

impl Pacer {
    pub(super) fn new(now: Instant) -> Pacer {
        let gap_ns = LONGEST_GAP.subsec_nanos();
        Pacer { next: now, serviced_at: now, gap_ns, ns_per_byte: 0.0 }
    }

    pub(super) fn set_rate(&mut self, bytes_per_s: f64) {
        self.ns_per_byte = 1e9 / bytes_per_s;
    }

    /// Takes note that the socket is served.
    pub(super) fn serviced(&mut self, now: Instant) {
        let gap = now.saturating_duration_since(self.serviced_at);
        if !gap.is_zero() {
            self.gap_ns = (15 * self.gap_ns + gap.min(LONGEST_GAP).subsec_nanos()) / 16;
            self.serviced_at = now;
        }
    }

    pub(super) fn gap_s(&self) -> f64 {
        f64::from(self.gap_ns) / 1e9
    }

    pub(super) fn sent(&mut self, now: Instant, bytes: usize) {
        let credit = Duration::from_nanos(self.gap_ns.max(LEAST_CREDIT_NS).into());
        let earliest = now.checked_sub(credit).unwrap_or(now);
        let takes = Duration::from_nanos((bytes as f64 * self.ns_per_byte) as u64);
        let next = self.next.max(earliest).checked_add(takes.min(LONGEST_WAIT));
        self.next = next.unwrap_or(now).min(now.checked_add(LONGEST_WAIT).unwrap_or(now));
    }

    pub(super) fn departs_at(&self, now: Instant) -> Instant {
        self.next.max(now)
    }
}
