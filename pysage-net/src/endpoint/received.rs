//! Which datagrams came, and when the other end is told: RFC 9000 section 13.2.

use std::time::{Duration, Instant};

use super::ranges::Ranges;

/// The numbers of the datagrams that came, and what is to be told of them.
#[derive(Default)]
pub(crate) struct Received {
    numbers: Ranges,
    /// Those that came and were not taken: they do not count as arrived, and are not taken later.
    refused: Ranges,
    /// When the largest number came.
    largest_at: Option<Instant>,
    /// How many came, that want to be acknowledged, since it was told last.
    untold: u32,
    /// Until when that has to be told.
    tell_by: Option<Instant>,
    /// How many came that were marked on their way.
    marked: u64,
}

/// So long the word of what came is kept back at most: 8 ms.
pub(crate) const ACK_DELAY: Duration = Duration::from_millis(8);

/// At the latest after so many datagrams it is told that they came.
const MOST_UNTOLD: u32 = 8;

/// Gaps beyond these are forgotten: what is missing there will not come. Each range has a number, and
/// one behind it that is missing, so what is late by less than 1,024 is never taken for old.
const MOST_RANGES: usize = 513;

impl Received {
    /// Whether a number came before, or is too old for that to be known.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.numbers.contains(number) || self.refused.contains(number)
    }

    /// Takes note of a number whose datagram was not taken, at least not as a whole: what is in it
    /// comes again, and it must not, if somebody says it again.
    pub(crate) fn refuse(&mut self, number: u64) {
        self.refused.insert(number);
        self.refused.keep(MOST_RANGES);
    }

    /// Takes note of a number that did not come before.
    pub(crate) fn insert(&mut self, now: Instant, number: u64, is_marked: bool) {
        self.numbers.insert(number);
        self.numbers.keep(MOST_RANGES);
        if self.numbers.largest() == Some(number) {
            self.largest_at = Some(now);
        }
        self.marked += u64::from(is_marked);
    }

    /// Takes note that the last one wants to be acknowledged.
    pub(crate) fn wants_ack(&mut self, now: Instant) {
        self.untold += 1;
        if self.untold >= MOST_UNTOLD {
            self.tell_by = Some(now);
        } else if self.tell_by.is_none() {
            self.tell_by = Some(now + ACK_DELAY);
        }
    }

    /// Has the other end told at once, for something beside what came.
    pub(crate) fn tell_now(&mut self, now: Instant) {
        if self.largest().is_some() {
            self.tell_by = Some(now);
        }
    }

    pub(crate) fn tell_by(&self) -> Option<Instant> {
        self.tell_by
    }

    /// Whether there is something to tell.
    pub(crate) fn is_untold(&self) -> bool {
        self.tell_by.is_some()
    }

    /// Takes note that it was told.
    pub(crate) fn told(&mut self) {
        (self.untold, self.tell_by) = (0, None);
    }

    /// The largest number that came.
    pub(crate) fn largest(&self) -> Option<u64> {
        self.numbers.largest()
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.numbers.descending()
    }

    pub(crate) fn marked(&self) -> u64 {
        self.marked
    }

    /// For how many microseconds the word of the largest number is kept back by now.
    pub(crate) fn delay_us(&self, now: Instant) -> u64 {
        let delay = self.largest_at.map(|at| now.saturating_duration_since(at));
        delay.map_or(0, |delay| u64::try_from(delay.as_micros()).unwrap_or(0).min(1_000_000))
    }

    /// Forgets gaps: what is missing there will not come.
    pub(crate) fn shrink(&mut self) {
        self.numbers.keep(1);
        self.numbers.shrink();
        self.refused.keep(1);
        self.refused.shrink();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_is_late_by_less_than_1024_is_taken_however_much_is_missing() {
        let (mut received, now) = (Received::default(), Instant::now());
        for number in (0..10_000).step_by(2) {
            received.insert(now, number, false);
            let late = number.saturating_sub(1_023);
            assert_eq!(received.has(late), late % 2 == 0, "{late} behind {number}");
        }
        assert!(received.has(5_001), "long ago: nobody knows");
    }

    #[test]
    fn what_was_refused_is_not_taken_when_it_is_said_again() {
        let (mut received, now) = (Received::default(), Instant::now());
        received.insert(now, 7, false);
        received.refuse(8);
        assert!(received.has(7) && received.has(8) && !received.has(9));
        assert_eq!(received.largest(), Some(7), "it counts as lost");
    }

    #[test]
    fn the_eighth_datagram_is_told_at_once_and_the_first_soon() {
        let (mut received, now) = (Received::default(), Instant::now());
        received.insert(now, 0, false);
        assert!(!received.is_untold(), "nobody wants to know");
        received.wants_ack(now);
        assert_eq!(received.tell_by(), Some(now + ACK_DELAY));
        for number in 1..7 {
            received.insert(now + MS, number, false);
            received.wants_ack(now + MS);
        }
        assert_eq!(received.tell_by(), Some(now + ACK_DELAY), "it is not put off");
        received.wants_ack(now + 2 * MS);
        assert_eq!(received.tell_by(), Some(now + 2 * MS));
        received.told();
        assert_eq!(received.tell_by(), None);
    }

    #[test]
    fn there_is_nothing_to_tell_at_once_before_anything_came() {
        let (mut received, now) = (Received::default(), Instant::now());
        received.tell_now(now);
        assert!(!received.is_untold());
        received.insert(now, 0, false);
        received.tell_now(now);
        assert!(received.is_untold());
    }

    #[test]
    fn numbers_that_are_too_old_count_as_repeated() {
        let (mut received, now) = (Received::default(), Instant::now());
        for number in 0..2_000 {
            assert!(!received.has(2 * number + 1));
            received.insert(now, 2 * number + 1, number % 3 == 0);
        }
        assert_eq!(received.ranges().count(), MOST_RANGES);
        assert!(received.has(2) && !received.has(3_998));
        assert_eq!((received.largest(), received.marked()), (Some(3_999), 667));
        received.shrink();
        assert!(received.has(3_997) && !received.has(3_998) && received.has(3_999));
        assert_eq!(received.ranges().count(), 1);
    }

    /// A clock that stood, or a manager that was suspended for years.
    #[test]
    fn no_delay_overflows() {
        let (mut received, now) = (Received::default(), Instant::now());
        assert_eq!(received.delay_us(now), 0);
        received.insert(now + 5 * MS, 9, false);
        received.insert(now + 9 * MS, 3, false);
        assert_eq!(received.delay_us(now + 8 * MS), 3_000, "it is that of the largest");
        assert_eq!(received.delay_us(now), 0, "time does not go back");
        assert_eq!(received.delay_us(now + Duration::from_secs(1 << 30)), 1_000_000);
    }
}
