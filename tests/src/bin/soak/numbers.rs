//! Sets of numbers that are mostly without gaps.

use std::collections::BTreeMap;

/// A set of numbers, kept as ranges: it takes memory for its gaps, not for its numbers.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// The first number of each range, and the one behind its last.
    ranges: BTreeMap<u64, u64>,
    count: u64,
}

impl Numbers {
    /// Adds a number; whether it was not there.
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        let behind = number + 1;
        let joined = match self.ranges.range_mut(..=number).next_back() {
            Some((_, end)) if number < *end => return false,
            Some((start, end)) if number == *end => {
                *end = behind;
                Some(*start)
            }
            _ => None,
        };
        self.count += 1;
        let next = self.ranges.remove(&behind);
        if next.is_some() || joined.is_none() {
            self.ranges.insert(joined.unwrap_or(number), next.unwrap_or(behind));
        }
        true
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many numbers are in both.
    pub(crate) fn common(&self, other: &Numbers) -> u64 {
        let mut common = 0;
        for (start, end) in &self.ranges {
            let before = other.ranges.range(..start).next_back();
            for (other_start, other_end) in before.into_iter().chain(other.ranges.range(start..end))
            {
                let shared = other_end.min(end).saturating_sub(*other_start.max(start));
                common += shared;
            }
        }
        common
    }

    /// How many of the numbers from 0 to `end` are in none of the sets, and the first of them.
    pub(crate) fn missing(sets: &[&Numbers], end: u64) -> (u64, Option<u64>) {
        let (mut at, mut missing, mut first) = (0, 0, None);
        while at < end {
            let covered = sets.iter().filter_map(|set| set.range_of(at)).max();
            if let Some(covered) = covered {
                at = covered;
                continue;
            }
            let next = sets.iter().filter_map(|set| set.start_behind(at)).min();
            let next = next.map_or(end, |next| next.min(end));
            missing += next - at;
            first = first.or(Some(at));
            at = next;
        }
        (missing, first)
    }

    /// The end of the range in which a number is.
    fn range_of(&self, number: u64) -> Option<u64> {
        let (_, end) = self.ranges.range(..=number).next_back()?;
        (*end > number).then_some(*end)
    }

    fn start_behind(&self, number: u64) -> Option<u64> {
        self.ranges.range(number..).next().map(|(start, _)| *start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: impl IntoIterator<Item = u64>) -> Numbers {
        let mut set = Numbers::default();
        for number in numbers {
            assert!(set.insert(number));
        }
        set
    }

    #[test]
    fn ranges_that_meet_are_one() {
        let mut numbers = set([3, 1, 2, 7, 5]);
        assert_eq!(numbers.ranges, BTreeMap::from([(1, 4), (5, 6), (7, 8)]));
        assert!(!numbers.insert(2) && numbers.insert(6) && numbers.insert(4));
        assert_eq!((numbers.ranges.len(), numbers.count()), (1, 7));
    }

    #[test]
    fn a_set_takes_memory_for_its_gaps_alone() {
        assert_eq!(set(0..10_000).ranges.len(), 1);
        assert_eq!(set((0..10_000).rev()).ranges.len(), 1);
    }

    #[test]
    fn what_is_missing_is_counted_beyond_the_end_of_each_set() {
        let (low, high) = (set(2..5), set(4..8));
        assert_eq!(Numbers::missing(&[&low, &high], 10), (4, Some(0)));
        assert_eq!(Numbers::missing(&[&set(0..5), &high], 8), (0, None));
        assert_eq!(Numbers::missing(&[&set(0..5), &high], 9), (1, Some(8)));
        assert_eq!(Numbers::missing(&[&low], 3), (2, Some(0)));
        assert_eq!(Numbers::missing(&[], 3), (3, Some(0)));
    }

    #[test]
    fn what_two_sets_share_is_counted_once() {
        let (one, other) = (set([0, 1, 2, 5, 6, 9]), set([1, 2, 3, 4, 5, 6, 7]));
        assert_eq!((one.common(&other), other.common(&one)), (4, 4));
        assert_eq!(one.common(&Numbers::default()), 0);
    }
}
