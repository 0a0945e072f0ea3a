//! So many in a second, and as many at once.

use std::time::{Duration, Instant};

use crate::config::HostLimits;

/// So many in a second, and as many at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    per_second: u32,
    /// What is left, in millionths; below 0 if more was taken than there was.
    left: i64,
    at: Instant,
}

/// What a peer may send in a second.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    bytes: Option<Rate>,
    datagrams: Option<Rate>,
}

const MILLION: i64 = 1_000_000;

/// No more is owed than is earned in this time: whose stream is not read so long may have ended, and
/// keeps its place until that is seen.
const MOST_OWED: Duration = Duration::from_secs(2);

impl Rate {
    pub(crate) fn new(per_second: u32, now: Instant) -> Rate {
        Rate { per_second, left: i64::from(per_second) * MILLION, at: now }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_micros();
        let passed_us = i64::try_from(passed).unwrap_or(i64::MAX);
        let per_second = i64::from(self.per_second);
        let earned = passed_us.saturating_mul(per_second);
        self.left = self.left.saturating_add(earned).min(per_second * MILLION);
        self.at = self.at.max(now);
    }

    /// Whether there are so many left.
    pub(crate) fn has(&mut self, now: Instant, count: u32) -> bool {
        self.fill(now);
        self.left >= i64::from(count) * MILLION
    }

    /// Takes so many, also if fewer are left: the rest is owed.
    pub(crate) fn take(&mut self, count: u32) {
        self.left = self.left.saturating_sub(i64::from(count) * MILLION);
    }

    /// When nothing is owed any more, if something is. What is owed beyond [`MOST_OWED`] is forgotten.
    fn owes_until(&mut self) -> Option<Instant> {
        let per_second = self.per_second.max(1);
        self.left = self.left.max(-i64::from(per_second) * MOST_OWED.as_micros() as i64);
        let owed = u64::try_from(-self.left).ok().filter(|owed| *owed > 0)?;
        Some(self.at + Duration::from_micros(owed.div_ceil(per_second.into())))
    }
}

impl Share {
    /// `None` if nothing is limited.
    pub(crate) fn new(now: Instant, limits: &HostLimits) -> Option<Box<Share>> {
        let rate = |per_second: Option<u32>| per_second.map(|it| Rate::new(it, now));
        let bytes = rate(limits.peer_bytes_per_second);
        let datagrams = rate(limits.peer_datagrams_per_second);
        let is_limited = bytes.is_some() || datagrams.is_some();
        is_limited.then(|| Box::new(Share { bytes, datagrams }))
    }

    /// Whether a datagram of so many bytes is within it, which is counted then.
    pub(crate) fn takes(&mut self, now: Instant, bytes: usize) -> bool {
        let takes = self.rates(bytes, 1).all(|(rate, count)| rate.has(now, count));
        if takes {
            self.rates(bytes, 1).for_each(|(rate, count)| rate.take(count));
        }
        takes
    }

    /// Counts what has come already. When more may come, if not now.
    #[cfg_attr(not(any(test, feature = "tcp")), expect(dead_code))]
    pub(crate) fn owes(&mut self, now: Instant, bytes: usize, datagrams: usize) -> Option<Instant> {
        let owes = self.rates(bytes, datagrams).filter_map(|(rate, count)| {
            rate.fill(now);
            rate.take(count);
            rate.owes_until()
        });
        owes.max()
    }

    fn rates(&mut self, bytes: usize, datagrams: usize) -> impl Iterator<Item = (&mut Rate, u32)> {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let rates = [(&mut self.bytes, count(bytes)), (&mut self.datagrams, count(datagrams))];
        rates.into_iter().filter_map(|(rate, count)| Some((rate.as_mut()?, count)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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

    #[test]
    fn what_came_beyond_it_is_owed_for_as_long_as_it_takes_to_earn() {
        let start = Instant::now();
        let limits = HostLimits { peer_bytes_per_second: Some(1_000), ..HostLimits::default() };
        let limits = HostLimits { peer_datagrams_per_second: Some(10), ..limits };
        let mut share = Share::new(start, &limits).unwrap();
        assert_eq!(share.owes(start, 1_000, 10), None, "what is there at once");
        assert_eq!(share.owes(start, 500, 1), Some(start + Duration::from_millis(500)));
        let later = start + Duration::from_millis(500);
        assert_eq!(share.owes(later, 0, 6), Some(start + Duration::from_millis(700)), "the longer");
        let much_later = start + Duration::from_secs(1_000);
        assert_eq!(share.owes(much_later, 1_000, 10), None, "and no more is kept");
        assert!(share.owes(much_later, 1, 0).is_some());
        let mut none = Share::new(start, &HostLimits { peer_bytes_per_second: Some(0), ..limits });
        assert!(none.as_mut().unwrap().owes(start, usize::MAX, 1).is_some());
    }

    #[test]
    fn no_more_is_owed_than_is_earned_soon() {
        let start = Instant::now();
        for per_second in [0, 1, 1_000, u32::MAX] {
            let limits =
                HostLimits { peer_datagrams_per_second: Some(per_second), ..HostLimits::default() };
            let mut share = Share::new(start, &limits).unwrap();
            for _ in 0..3 {
                let until = share.owes(start, 0, usize::MAX);
                let most = start + MOST_OWED;
                assert!(until.is_some() || per_second == u32::MAX);
                assert!(until.is_none_or(|until| until <= most), "{per_second}: {until:?}");
            }
        }
    }
}
