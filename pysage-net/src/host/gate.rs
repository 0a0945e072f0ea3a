//! How many handshakes are done, and how much is taken from a peer.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Host;
use crate::config::HostLimits;
use crate::origin::Origin;
use pending::Pending;

mod pending;

/// So many in a second, and as many at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    per_second: u32,
    /// What is left, in millionths.
    left: u64,
    at: Instant,
}

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

/// What a peer may send in a second.
pub(super) struct Share {
    bytes: Option<Rate>,
    datagrams: Option<Rate>,
}

/// In so many places handshakes are counted by their address.
const PLACES: usize = 256;

const MILLION: u64 = 1_000_000;

impl Rate {
    pub(super) fn new(per_second: u32, now: Instant) -> Rate {
        Rate { per_second, left: u64::from(per_second) * MILLION, at: now }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        let passed_us = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX).min(MILLION);
        let per_second = u64::from(self.per_second);
        self.left = (self.left + passed_us * per_second).min(per_second * MILLION);
        self.at = self.at.max(now);
    }

    /// Whether there are so many left.
    fn has(&mut self, now: Instant, count: u32) -> bool {
        self.fill(now);
        self.left >= u64::from(count) * MILLION
    }

    fn take(&mut self, count: u32) {
        self.left = self.left.saturating_sub(u64::from(count) * MILLION);
    }
}

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

impl Share {
    /// `None` if nothing is limited.
    pub(super) fn new(now: Instant, limits: &HostLimits) -> Option<Box<Share>> {
        let rate = |per_second: Option<u32>| per_second.map(|it| Rate::new(it, now));
        let bytes = rate(limits.peer_bytes_per_second);
        let datagrams = rate(limits.peer_datagrams_per_second);
        let is_limited = bytes.is_some() || datagrams.is_some();
        is_limited.then(|| Box::new(Share { bytes, datagrams }))
    }

    /// Whether a datagram of so many bytes is within it, which is counted then.
    pub(super) fn takes(&mut self, now: Instant, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut rates = [(self.bytes.as_mut(), bytes), (self.datagrams.as_mut(), 1)];
        let takes = rates
            .iter_mut()
            .all(|(rate, count)| rate.as_mut().is_none_or(|rate| rate.has(now, *count)));
        if takes {
            rates.into_iter().for_each(|(rate, count)| {
                if let Some(rate) = rate {
                    rate.take(count);
                }
            });
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

    #[test]
    fn of_a_peer_so_many_datagrams_and_bytes_are_taken() {
        let start = Instant::now();
        let none = HostLimits::default();
        assert!(Share::new(start, &none).is_none());
        let limits = HostLimits { peer_bytes_per_second: Some(10_000), ..none };
        let mut share = Share::new(start, &limits).unwrap();
        assert_eq!((0..100).filter(|_| share.takes(start, 1_000)).count(), 10);
        let limits = HostLimits { peer_datagrams_per_second: Some(50), ..limits };
        let mut share = Share::new(start, &limits).unwrap();
        assert_eq!((0..100).filter(|_| share.takes(start, 100)).count(), 50);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| share.takes(later, 1_000)).count(), 10);
    }
}
