//! The actors of one class, in chunks that never move.

use std::array;
use std::cell::{Cell, OnceCell, RefCell};
use std::num::NonZeroU32;

/// Chunks for each doubling of the pool; four keep what is allocated but unused under a quarter.
const CHUNKS_PER_DOUBLING: usize = 4;
/// The first doubling starts at 2^4 places, so the first chunks have four places each.
const FIRST_DOUBLING: u32 = 4;
/// Enough for every index of 32 bits.
const CHUNKS: usize = (33 - FIRST_DOUBLING as usize) * CHUNKS_PER_DOUBLING;

/// One place for an actor. Borrowed means that one of its handlers is running.
pub(crate) struct Slot<A> {
    /// The birth number of the actor that lives here, or of the next one; 0 once used up.
    birth: Cell<u32>,
    pub(crate) actor: RefCell<Option<A>>,
}

impl<A> Slot<A> {
    #[inline(always)]
    pub(crate) fn is(&self, birth: NonZeroU32) -> bool {
        self.birth.get() == birth.get()
    }
}

/// The actors of one class. References to its slots stay good while actors come and go.
pub(crate) struct Pool<A> {
    chunks: [OnceCell<Box<[Slot<A>]>>; CHUNKS],
    /// Places ever used; those from here on are fresh.
    used: Cell<u32>,
    living: Cell<usize>,
    free: RefCell<Vec<u32>>,
}

impl<A> Pool<A> {
    pub(crate) fn new() -> Pool<A> {
        Pool {
            chunks: array::from_fn(|_| OnceCell::new()),
            used: Cell::new(0),
            living: Cell::new(0),
            free: RefCell::default(),
        }
    }

    /// Gives the actor a place and a birth number that no earlier actor of this place had.
    pub(crate) fn insert(&self, actor: A) -> (u32, NonZeroU32) {
        let index = self.free.borrow_mut().pop().unwrap_or_else(|| self.fresh_index());
        let slot = self.slot(index).expect("a free or fresh place is allocated");
        *slot.actor.borrow_mut() = Some(actor);
        self.living.set(self.living.get() + 1);
        (index, NonZeroU32::new(slot.birth.get()).expect("a used-up place is never free"))
    }

    /// Makes the actor's id mean nobody. The actor itself stays until [`vacate`](Self::vacate).
    pub(crate) fn retire(&self, index: u32, birth: NonZeroU32) -> bool {
        match self.living(index, birth) {
            Some(slot) => {
                slot.birth.set(birth.get().wrapping_add(1));
                self.living.set(self.living.get() - 1);
                true
            }
            None => false,
        }
    }

    /// Takes a retired actor out of its place, which is then free; `None` while it is busy.
    pub(crate) fn vacate(&self, index: u32) -> Option<A> {
        let slot = self.slot(index)?;
        let actor = slot.actor.try_borrow_mut().ok()?.take()?;
        if slot.birth.get() != 0 {
            self.free.borrow_mut().push(index);
        }
        Some(actor)
    }

    #[inline(always)]
    pub(crate) fn slot(&self, index: u32) -> Option<&Slot<A>> {
        let (chunk, offset) = place(index);
        self.chunks[chunk].get()?.get(offset)
    }

    #[inline(always)]
    pub(crate) fn living(&self, index: u32, birth: NonZeroU32) -> Option<&Slot<A>> {
        self.slot(index).filter(|slot| slot.is(birth))
    }

    /// The allocated slots from `start` up to `end`, as slices with their first index.
    #[inline]
    pub(crate) fn slices(&self, start: u32, end: u32) -> impl Iterator<Item = (u32, &[Slot<A>])> {
        let mut next = start;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let first = next;
            let (chunk, offset) = place(first);
            let slots = self.chunks[chunk].get()?.get(offset..)?;
            let length = slots.len().min((end - first) as usize);
            next = first + length as u32;
            Some((first, &slots[..length]))
        })
    }

    /// How many actors have not been retired.
    pub(crate) fn count(&self) -> usize {
        self.living.get()
    }

    /// The places whose actors have not been retired.
    pub(crate) fn living_places(&self) -> impl Iterator<Item = (u32, NonZeroU32)> {
        self.slices(0, self.used.get()).flat_map(|(first, slots)| {
            (first..).zip(slots).filter_map(|(index, slot)| {
                let occupied = slot.actor.try_borrow().map_or(true, |actor| actor.is_some());
                NonZeroU32::new(slot.birth.get()).filter(|_| occupied).map(|birth| (index, birth))
            })
        })
    }

    fn fresh_index(&self) -> u32 {
        let index = self.used.get();
        self.used.set(index.checked_add(1).expect("a class has fewer than 2^32 actors"));
        let (chunk, _) = place(index);
        self.chunks[chunk].get_or_init(|| {
            let vacant = || Slot { birth: Cell::new(1), actor: RefCell::new(None) };
            (0..chunk_length(chunk)).map(|_| vacant()).collect()
        });
        index
    }
}

/// The chunk of an index and the place in it: the leading bit says the doubling, the two bits
/// behind it the chunk.
#[inline(always)]
fn place(index: u32) -> (usize, usize) {
    let biased = u64::from(index) + (1 << FIRST_DOUBLING);
    let doubling = biased.ilog2();
    let shift = doubling - CHUNKS_PER_DOUBLING.ilog2();
    let quarter = (biased >> shift) as usize % CHUNKS_PER_DOUBLING;
    let chunk = (doubling - FIRST_DOUBLING) as usize * CHUNKS_PER_DOUBLING + quarter;
    (chunk, (biased & ((1 << shift) - 1)) as usize)
}

fn chunk_length(chunk: usize) -> usize {
    1 << (FIRST_DOUBLING - CHUNKS_PER_DOUBLING.ilog2() + (chunk / CHUNKS_PER_DOUBLING) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fill_each_chunk_before_the_next() {
        let (mut chunk, mut offset) = (0, 0);
        for index in 0..100_000 {
            if offset == chunk_length(chunk) {
                (chunk, offset) = (chunk + 1, 0);
            }
            assert_eq!(place(index), (chunk, offset), "index {index}");
            offset += 1;
        }
        let (last, offset) = place(u32::MAX);
        assert!(last < CHUNKS && offset < chunk_length(last));
    }

    #[test]
    fn a_vacated_place_is_used_again_under_another_birth() {
        let pool = Pool::new();
        let (index, birth) = pool.insert("first");
        assert!(pool.retire(index, birth));
        assert!(!pool.retire(index, birth));
        assert_eq!(pool.vacate(index), Some("first"));
        let (again, later) = pool.insert("second");
        assert_eq!(again, index);
        assert_ne!(later, birth);
        assert!(pool.living(index, birth).is_none());
    }

    #[test]
    fn a_busy_actor_is_vacated_later() {
        let pool = Pool::new();
        let (index, birth) = pool.insert(1);
        let busy = pool.slot(index).expect("it was inserted").actor.borrow_mut();
        assert!(pool.retire(index, birth));
        assert_eq!(pool.vacate(index), None);
        drop(busy);
        assert_eq!(pool.vacate(index), Some(1));
        assert_eq!(pool.vacate(index), None);
    }

    #[test]
    fn a_place_whose_births_are_used_up_is_not_used_again() {
        let pool = Pool::new();
        let (index, _) = pool.insert(1);
        let slot = pool.slot(index).expect("it was inserted");
        slot.birth.set(u32::MAX);
        assert!(pool.retire(index, NonZeroU32::MAX));
        assert_eq!(pool.vacate(index), Some(1));
        assert_ne!(pool.insert(2).0, index);
    }

    #[test]
    fn slices_cover_a_range_once() {
        let pool = Pool::new();
        for number in 0..1_000 {
            pool.insert(number);
        }
        let seen: Vec<u32> =
            pool.slices(3, 998).flat_map(|(first, slots)| (first..).take(slots.len())).collect();
        assert_eq!(seen, (3..998).collect::<Vec<_>>());
    }
}
