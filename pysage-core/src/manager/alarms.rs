//! What is to be done later, in the order of its time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Those who want to be told at a time. One who does not want it any more stays until pruned.
pub(crate) struct Alarms<T, W>(BinaryHeap<Reverse<(T, W)>>);

/// So few may stay that are of no use.
const PRUNE_AT_LEAST: usize = 64;

impl<T: Ord + Copy, W: Ord + Copy> Alarms<T, W> {
    pub(crate) fn push(&mut self, time: T, who: W) {
        self.0.push(Reverse((time, who)));
    }

    /// Takes out who is to be told first, if the time is up: the one who asked first of those of
    /// the same time.
    pub(crate) fn pop_due(&mut self, now: T) -> Option<(T, W)> {
        self.0.peek().filter(|Reverse((time, _))| *time <= now)?;
        self.0.pop().map(|Reverse(alarm)| alarm)
    }

    /// Forgets those who are of no use any more, if they are more than the rest.
    pub(crate) fn prune(&mut self, in_use: usize, is_in_use: impl Fn(W) -> bool) {
        if self.0.len() > in_use * 2 + PRUNE_AT_LEAST {
            self.0.retain(|Reverse((_, who))| is_in_use(*who));
        }
    }
}

impl<T: Ord, W: Ord> Default for Alarms<T, W> {
    fn default() -> Self {
        Alarms(BinaryHeap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_the_same_time_are_told_in_the_order_of_who_they_are() {
        let mut alarms = Alarms::default();
        for (time, who) in [(5, 2), (3, 9), (5, 1), (7, 0)] {
            alarms.push(time, who);
        }
        let told: Vec<_> = std::iter::from_fn(|| alarms.pop_due(5)).collect();
        assert_eq!(told, [(3, 9), (5, 1), (5, 2)]);
        assert_eq!(alarms.pop_due(7), Some((7, 0)));
    }

    #[test]
    fn what_is_of_no_use_does_not_pile_up() {
        let mut alarms = Alarms::default();
        for who in 0..10_000 {
            alarms.push(who, who);
            alarms.prune(1, |other| other == who);
            assert!(alarms.0.len() <= PRUNE_AT_LEAST + 3);
        }
        let left = std::iter::from_fn(|| alarms.pop_due(20_000));
        assert_eq!(left.last(), Some((9_999, 9_999)), "who is in use stays");
    }
}
