//! What the witness saw, checked as it comes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::load::Bodies;
use super::witness::{Kind, Record};
use crate::numbers::Numbers;

/// The handlings of all groups.
pub(crate) struct AllHandlings(Mutex<Book>);

/// The handlings by group, and what they are compared with.
pub(crate) struct Book {
    bodies: Bodies,
    groups: Vec<Handlings>,
}

/// The handlings of one group.
#[derive(Debug, Default)]
pub(crate) struct Handlings {
    pub(crate) numbers: Numbers,
    pub(crate) count: u64,
    pub(crate) redelivered: u64,
    /// Beyond the first of a number.
    pub(crate) duplicated: u64,
    /// Duplicated, but not marked as redelivered.
    pub(crate) unmarked: u64,
    /// Not redelivered, and behind one with a larger number.
    pub(crate) out_of_order: u64,
    /// In one process behind one with a larger number, whether redelivered or not.
    pub(crate) disordered: u64,
    pub(crate) corrupted: u64,
    /// The number above the largest one so far.
    above: u64,
    /// The last process that handled, and the number above its last one.
    last: (u32, u64),
}

impl AllHandlings {
    pub(crate) fn new(bodies: Bodies, groups: u32) -> AllHandlings {
        let groups = (0..groups).map(|_| Handlings::default()).collect();
        AllHandlings(Mutex::new(Book { bodies, groups }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    pub(crate) fn groups(&self) -> &[Handlings] {
        &self.groups
    }

    pub(crate) fn count(&self) -> u64 {
        self.groups.iter().map(|group| group.count).sum()
    }

    pub(crate) fn add(&mut self, record: &Record) {
        let is_whole = self.bodies.checksum(record.group, record.number) == record.checksum;
        // Groups know their own number from their arguments.
        self.groups[record.group as usize].add(record, is_whole);
    }
}

impl Handlings {
    fn add(&mut self, record: &Record, is_whole: bool) {
        let Record { kind, process, number, .. } = *record;
        let is_again = kind == Kind::HandledAgain;
        if !is_whole {
            self.corrupted += 1;
            return;
        }
        self.count += 1;
        self.redelivered += u64::from(is_again);
        let is_first = self.numbers.insert(number);
        self.duplicated += u64::from(!is_first);
        self.unmarked += u64::from(!is_first && !is_again);
        self.out_of_order += u64::from(!is_again && number + 1 < self.above);
        let (last_process, least) = self.last;
        self.disordered += u64::from(process == last_process && number < least);
        self.above = self.above.max(number + 1);
        self.last = (process, number + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handlings(handled: &[(Kind, u32, u64)]) -> Handlings {
        let mut handlings = Handlings::default();
        for &(kind, process, number) in handled {
            handlings.add(&Record { kind, group: 0, process, number, checksum: 0 }, true);
        }
        handlings
    }

    #[test]
    fn a_successor_may_handle_again_what_is_marked() {
        use Kind::{Handled, HandledAgain};
        let seen = handlings(&[
            (Handled, 1, 0),
            (Handled, 1, 1),
            (Handled, 1, 2),
            (HandledAgain, 2, 1),
            (HandledAgain, 2, 2),
            (HandledAgain, 2, 3),
            (Handled, 2, 4),
        ]);
        assert_eq!((seen.count, seen.redelivered, seen.duplicated), (7, 3, 2));
        assert_eq!((seen.unmarked, seen.out_of_order, seen.disordered), (0, 0, 0));
    }

    #[test]
    fn what_is_not_marked_comes_once_and_in_order() {
        use Kind::{Handled, HandledAgain};
        let seen = handlings(&[(Handled, 1, 0), (Handled, 1, 2), (Handled, 1, 1), (Handled, 1, 1)]);
        assert_eq!((seen.out_of_order, seen.duplicated, seen.unmarked), (2, 1, 1));
        let seen = handlings(&[(Handled, 1, 5), (Handled, 2, 0)]);
        assert_eq!((seen.out_of_order, seen.disordered), (1, 0));
        let seen = handlings(&[(HandledAgain, 1, 5), (HandledAgain, 1, 4)]);
        assert_eq!((seen.out_of_order, seen.disordered), (0, 1));
    }

    #[test]
    fn a_body_that_is_not_as_it_was_sent_does_not_count_as_handled() {
        let bodies = Bodies { seed: 1, bytes: 64 };
        let all = AllHandlings::new(bodies, 2);
        let (kind, process, number) = (Kind::Handled, 1, 3);
        let checksum = bodies.checksum(1, 3);
        let whole = Record { kind, group: 1, process, number, checksum };
        all.lock().add(&whole);
        all.lock().add(&Record { group: 0, ..whole });
        let book = all.lock();
        let seen: Vec<_> = book.groups().iter().map(|it| (it.count, it.corrupted)).collect();
        assert_eq!(seen, [(0, 1), (1, 0)]);
    }
}
