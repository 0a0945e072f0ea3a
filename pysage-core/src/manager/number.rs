//! Numbers that tell the managers of a process apart in the ids of their actors.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::actor::ActorId;

static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers { taken: BTreeSet::new(), next: 0 });

struct Numbers {
    taken: BTreeSet<u16>,
    next: u16,
}

/// A number that no other manager has as long as this lives. Numbers are used again as late as
/// can be, so that ids of a manager that is gone mean nobody for long.
pub(crate) struct ManagerNumber(u16);

impl ManagerNumber {
    pub(crate) fn take() -> ManagerNumber {
        ManagerNumber(NUMBERS.lock().take())
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> u16 {
        self.0
    }
}

impl Drop for ManagerNumber {
    fn drop(&mut self) {
        NUMBERS.lock().taken.remove(&self.0);
    }
}

impl Numbers {
    fn take(&mut self) -> u16 {
        let later = self.next..ActorId::MANAGERS;
        let free = later.chain(0..self.next).find(|number| !self.taken.contains(number));
        let number = free.expect("a process has at most 4,096 managers at a time");
        self.taken.insert(number);
        self.next = (number + 1) % ActorId::MANAGERS;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Numbers {
        Numbers { taken: BTreeSet::new(), next: 0 }
    }

    #[test]
    fn a_number_is_not_given_out_while_it_is_taken() {
        let mut numbers = numbers();
        let kept = numbers.take();
        for _ in 0..2 * ActorId::MANAGERS {
            let other = numbers.take();
            assert_ne!(other, kept);
            numbers.taken.remove(&other);
        }
    }

    #[test]
    fn a_number_comes_back_when_all_others_were_used() {
        let mut numbers = numbers();
        for expected in (0..ActorId::MANAGERS).chain(0..3) {
            let number = numbers.take();
            assert_eq!(number, expected);
            numbers.taken.remove(&number);
        }
    }

    #[test]
    #[should_panic(expected = "at most 4,096 managers at a time")]
    fn there_are_only_so_many() {
        let mut numbers = numbers();
        for _ in 0..=ActorId::MANAGERS {
            numbers.take();
        }
    }
}
