//! Which datagrams came, and when the other end is told: RFC 9000 section 13.2.

use std::time::{Duration, Instant};

use super::ranges::Ranges;

/// The numbers of the datagrams that came, and what is to be told of them.
#[derive(Default)]
pub(crate) struct Received {
    numbers: Ranges,
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

/// Gaps beyond these are forgotten: what is missing there will not come.
const MOST_RANGES: usize = 512;

impl Received {
    /// Whether a number came before, or is too old for that to be known.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.numbers.contains(number)
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
    }
}
