//! Which numbers were seen, as ranges.

use std::collections::VecDeque;

/// A set of numbers that come mostly in order, in as many ranges as it is allowed to have.
///
/// Numbers below its floor count as seen: that is how it forgets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges {
    /// All below it count as seen.
    floor: u64,
    /// First and last of each range, from the lowest; all above the floor, with gaps between.
    ranges: VecDeque<(u64, u64)>,
}

impl Ranges {
    /// Takes note of a number; whether it is new.
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        self.insert_all(number, number)
    }

    /// Takes note of all numbers from `first` to `last`, of which none must be there; whether so.
    pub(crate) fn insert_all(&mut self, first: u64, last: u64) -> bool {
        if first < self.floor {
            return false;
        }
        let at = self.from(first);
        if self.ranges.get(at).is_some_and(|range| range.0 <= last) {
            return false;
        }
        let joins_before = at > 0 && self.ranges[at - 1].1 + 1 == first;
        let joins_behind = self.ranges.get(at).is_some_and(|range| last + 1 == range.0);
        match (joins_before, joins_behind) {
            (true, true) => {
                self.ranges[at - 1].1 = self.ranges[at].1;
                self.ranges.remove(at);
            }
            (true, false) => self.ranges[at - 1].1 = last,
            (false, true) => self.ranges[at].0 = first,
            (false, false) => self.ranges.insert(at, (first, last)),
        }
        true
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        let at = self.from(number);
        number < self.floor || self.ranges.get(at).is_some_and(|range| range.0 <= number)
    }

    /// Where the first range is that does not end before a number; mostly it is the last one, or
    /// behind all.
    #[inline]
    fn from(&self, number: u64) -> usize {
        let all = self.ranges.len();
        match self.ranges.iter().rev().take(2).position(|range| range.1 < number) {
            Some(behind) => all - behind,
            None => self.ranges.partition_point(|range| range.1 < number),
        }
    }

    /// Forgets the lowest ranges, so that no more than these are left.
    pub(crate) fn keep(&mut self, most: usize) {
        while self.ranges.len() > most {
            self.forget_first();
        }
    }

    /// Moves the floor up to where the first range ends, if that begins there.
    pub(crate) fn settle(&mut self) {
        while self.ranges.front().is_some_and(|range| range.0 == self.floor) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, last)) = self.ranges.pop_front() {
            self.floor = last + 1;
        }
    }

    /// Gives back memory that was needed for more ranges than there are now.
    pub(crate) fn shrink(&mut self) {
        self.ranges.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The largest number, if there is one that is not forgotten.
    pub(crate) fn largest(&self) -> Option<u64> {
        self.ranges.back().map(|range| range.1)
    }

    /// The ranges, first and last, from the highest.
    pub(crate) fn descending(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().rev().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(numbers in prop::collection::vec(0_u64..60, 0..80)) {
            let (mut ranges, mut reference) = (Ranges::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(ranges.insert(number), reference.insert(number));
                for probe in 0..60 {
                    prop_assert_eq!(ranges.contains(probe), reference.contains(&probe));
                }
                let parts: Vec<_> = ranges.descending().collect();
                prop_assert!(parts.windows(2).all(|pair| pair[1].1 + 1 < pair[0].0));
                prop_assert_eq!(ranges.largest(), reference.last().copied());
            }
        }

        #[test]
        fn a_block_is_new_only_if_all_of_it_is(
            blocks in prop::collection::vec((0_u64..60, 0_u64..5), 0..40),
        ) {
            let (mut ranges, mut reference) = (Ranges::default(), BTreeSet::new());
            for (first, more) in blocks {
                let block = first..=first + more;
                let is_new = block.clone().all(|number| !reference.contains(&number));
                prop_assert_eq!(ranges.insert_all(first, first + more), is_new);
                if is_new {
                    reference.extend(block);
                }
            }
        }
    }

    #[test]
    fn what_was_forgotten_counts_as_seen() {
        let mut ranges = Ranges::default();
        for number in [0, 2, 4, 6] {
            ranges.insert(number);
        }
        ranges.keep(2);
        assert!(ranges.contains(1) && !ranges.contains(3) && ranges.contains(4));
        assert!(!ranges.insert(1) && ranges.insert(3) && ranges.insert(5));
        ranges.settle();
        assert_eq!((ranges.len(), ranges.contains(6), ranges.contains(7)), (0, true, false));
    }
}
