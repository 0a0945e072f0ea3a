//! How many handshakes are done.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Host;
use crate::config::HostLimits;
use crate::origin::Origin;
use crate::rate::Rate;
use pending::Pending;

mod pending;

/// What lets a host do handshakes. It takes as much memory whoever comes.
pub(super) struct Gate {
    pub(super) pending: Pending,
    all: Rate,
    /// How long the place of a handshake with one address is taken, in microseconds.
    interval_us: u64,
    /// Until when places are taken, in microseconds since the beginning, by a hash of the address,
    /// once there was a handshake: few share one.
    by_address: Vec<u64>,
    began: Instant,
    /// When there was a handshake last.
    at: Instant,
    /// Stands before what is hashed, so that nobody finds addresses that share one.
    key: u64,
}

/// In so many places handshakes are counted by their address.
const PLACES: usize = 256;

const MILLION: u64 = 1_000_000;

impl Gate {
    pub(super) fn new(now: Instant, limits: &HostLimits, key: u64) -> Gate {
        Gate {
            pending: Pending::new(limits),
            all: Rate::new(limits.handshakes_per_second, now),
            interval_us: MILLION / u64::from(limits.handshakes_per_second_of_address.max(1)),
            by_address: Vec::new(),
            began: now,
            at: now,
            key,
        }
    }

    /// Gives the memory back if there was no handshake for so long that no place is taken.
    pub(super) fn rest(&mut self, now: Instant) {
        if !self.by_address.is_empty() && self.at + Duration::from_secs(1) <= now {
            self.by_address = Vec::new();
        }
    }

    /// Whether a handshake may be done with this address, which is counted then: the generic cell
    /// rate algorithm (ITU-T I.371), with what comes in a second at once.
    fn takes(&mut self, now: Instant, from: Origin) -> bool {
        if self.by_address.is_empty() {
            self.by_address = vec![0; PLACES];
        }
        self.at = self.at.max(now);
        let mut hasher = DefaultHasher::new();
        (self.key, from).hash(&mut hasher);
        let since = now.saturating_duration_since(self.began);
        let now_us = u64::try_from(since.as_micros()).unwrap_or(u64::MAX / 2);
        let taken_until = &mut self.by_address[hasher.finish() as usize % PLACES];
        let would_be = now_us.max(*taken_until) + self.interval_us;
        let takes = would_be <= now_us + MILLION && self.all.has(now, 1);
        if takes {
            *taken_until = would_be;
            self.all.take(1);
        }
        takes
    }
}

impl Host {
    /// Whether a handshake is done with who has shown that it is there.
    pub(super) fn takes_handshake(&mut self, now: Instant, from: SocketAddr) -> bool {
        let from = Origin::of(from.ip());
        let takes = self.gate.pending.has_place(from) && self.gate.takes(now, from);
        self.counters.handshakes_put_off += u64::from(!takes);
        takes
    }

    /// Has a peer that was let in count as one that did not show yet that it knows.
    pub(super) fn begin_pending(&mut self, index: u32, from: SocketAddr) {
        let Some(peer) = self.peers.at(index) else { return };
        let from = Origin::of(from.ip());
        if peer.pending.replace(from).is_none() {
            self.gate.pending.enter(from);
        }
    }

    /// Takes note that a peer has shown that it knows, or is gone.
    pub(super) fn end_pending(&mut self, index: u32) {
        let Some(peer) = self.peers.at(index) else { return };
        if let Some(from) = peer.pending.take() {
            self.gate.pending.leave(from);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_taken_at_once_and_then_in_each_second() {
        let start = Instant::now();
        let limits = HostLimits { handshakes_per_second: 30, ..HostLimits::default() };
        let limits = HostLimits { handshakes_per_second_of_address: 10, ..limits };
        let mut gate = Gate::new(start, &limits, 7);
        let mut taken = |now, address: &str| {
            let from = Origin::of(address.parse().unwrap());
            (0..100).filter(|_| gate.takes(now, from)).count()
        };
        assert_eq!([taken(start, "10.0.0.1"), taken(start, "10.0.0.2")], [10, 10]);
        assert_eq!(taken(start, "::ffff:10.0.0.1"), 0, "it is the same");
        assert_eq!(taken(start, "2001:db8::1"), 10);
        assert_eq!(taken(start, "10.0.0.3"), 0, "these are all");
        let later = start + Duration::from_millis(500);
        assert_eq!([taken(later, "10.0.0.1"), taken(later, "2001:db8::2")], [5, 5]);
        assert_eq!(taken(start, "10.0.0.1"), 0, "a clock that was set back gives nothing");
        let much_later = start + Duration::from_secs(100_000);
        assert_eq!(taken(much_later, "10.0.0.1"), 10, "no more are kept");
    }
}
