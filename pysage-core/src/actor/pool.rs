//! The actors of one class, in chunks that never move.

use std::array;
use std::cell::{Cell, OnceCell, RefCell, RefMut};

use super::{ActorId, Birth};

/// Chunks for each doubling of the pool; four keep what is allocated but unused under a quarter.
const CHUNKS_PER_DOUBLING: usize = 4;
/// The first doubling starts at 2^4 places, so the first chunks have four places each.
const FIRST_DOUBLING: u32 = 4;
/// Enough for every index, biased by the places that the first doubling leaves out.
const CHUNKS: usize =
    (ActorId::INDICES.ilog2() + 1 - FIRST_DOUBLING) as usize * CHUNKS_PER_DOUBLING;

/// One place for an actor; borrowed while one of the actor's handlers runs.
///
/// Aligned so that a small actor and what is kept beside it lie in one cache line: messages to
/// many actors in no order cost one cache miss each.
#[repr(align(32))]
pub(crate) struct Slot<A>(RefCell<Place<A>>);

enum Place<A> {
    Vacant,
    /// Without a birth number once the actor is retired and waits to be vacated.
    Occupied {
        birth: Option<Birth>,
        actor: A,
    },
}

/// An actor that is asked for.
pub(crate) enum Entered<'a, A> {
    Free(RefMut<'a, A>),
    /// A handler of whoever lives there is running.
    Busy,
    Gone,
}

/// Who has a place, or will have it next.
#[derive(Clone, Copy)]
struct Tenant {
    /// 0 once the place's numbers are used up.
    birth: u16,
    lives: bool,
}

impl<A> Slot<A> {
    /// Borrows the actor of this birth number.
    #[inline(always)]
    pub(crate) fn enter(&self, birth: Birth) -> Entered<'_, A> {
        let Ok(place) = self.0.try_borrow_mut() else { return Entered::Busy };
        let actor = RefMut::filter_map(place, |place| match place {
            Place::Occupied { birth: here, actor } if *here == Some(birth) => Some(actor),
            _ => None,
        });
        actor.map_or(Entered::Gone, Entered::Free)
    }

    /// Brings the slot into the cache; says whether the actor of this birth number is there.
    #[inline(always)]
    pub(crate) fn touch(&self, birth: Birth) -> bool {
        let place = self.0.try_borrow();
        place.is_ok_and(
            |place| matches!(&*place, Place::Occupied { birth: b, .. } if *b == Some(birth)),
        )
    }

    pub(crate) fn is_free(&self) -> bool {
        self.0.try_borrow_mut().is_ok()
    }
}

/// The actors of one class. References to its slots stay good while actors come and go.
pub(crate) struct Pool<A> {
    chunks: [OnceCell<Box<[Slot<A>]>>; CHUNKS],
    /// Who has each place that was ever used; known also while the place is borrowed.
    tenants: RefCell<Vec<Tenant>>,
    living: Cell<usize>,
    free: RefCell<Vec<u32>>,
}

impl<A> Pool<A> {
    pub(crate) fn new() -> Pool<A> {
        Pool {
            chunks: array::from_fn(|_| OnceCell::new()),
            tenants: RefCell::default(),
            living: Cell::new(0),
            free: RefCell::default(),
        }
    }

    /// Gives the actor a place and a birth number that no earlier actor of this place had.
    #[inline]
    pub(crate) fn insert(&self, actor: A) -> (u32, Birth) {
        let free = self.free.borrow_mut().pop();
        let index = free.unwrap_or_else(|| self.fresh_index());
        let tenant = &mut self.tenants.borrow_mut()[index as usize];
        tenant.lives = true;
        let birth = Birth::new(tenant.birth).expect("a used-up place is never free");
        let slot = self.slot(index).expect("a free or fresh place is allocated");
        *slot.0.borrow_mut() = Place::Occupied { birth: Some(birth), actor };
        self.living.set(self.living.get() + 1);
        (index, birth)
    }

    /// Makes the actor's id mean nobody. The actor itself stays until [`vacate`](Self::vacate).
    pub(crate) fn retire(&self, index: u32, birth: Birth) -> bool {
        if !self.lives(index, birth) {
            return false;
        }
        self.tenants.borrow_mut()[index as usize] =
            Tenant { birth: birth.get().wrapping_add(1), lives: false };
        self.living.set(self.living.get() - 1);
        self.shut(index);
        true
    }

    /// Sees to it that nobody enters the place of a retired actor, now that it is not busy.
    pub(crate) fn shut(&self, index: u32) {
        if let Some(slot) = self.slot(index)
            && let Ok(mut place) = slot.0.try_borrow_mut()
            && let Place::Occupied { birth, .. } = &mut *place
        {
            *birth = birth.filter(|birth| self.lives(index, *birth));
        }
    }

    /// Takes a retired actor out of its place, which is then free; `None` while it is busy.
    pub(crate) fn vacate(&self, index: u32) -> Option<A> {
        let mut place = self.slot(index)?.0.try_borrow_mut().ok()?;
        let tenant = self.tenants.borrow()[index as usize];
        if tenant.lives || matches!(*place, Place::Vacant) {
            return None;
        }
        if tenant.birth != 0 {
            self.free.borrow_mut().push(index);
        }
        match std::mem::replace(&mut *place, Place::Vacant) {
            Place::Occupied { actor, .. } => Some(actor),
            Place::Vacant => None,
        }
    }

    #[inline(always)]
    pub(crate) fn slot(&self, index: u32) -> Option<&Slot<A>> {
        let (chunk, offset) = place(index);
        self.chunks[chunk].get()?.get(offset)
    }

    pub(crate) fn lives(&self, index: u32, birth: Birth) -> bool {
        let tenant = self.tenants.borrow().get(index as usize).copied();
        tenant.is_some_and(|tenant| tenant.lives && tenant.birth == birth.get())
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
    pub(crate) fn living(&self) -> Vec<(u32, Birth)> {
        let tenants = self.tenants.borrow();
        let living = (0..).zip(tenants.iter()).filter(|(_, tenant)| tenant.lives);
        living.filter_map(|(index, tenant)| Some((index, Birth::new(tenant.birth)?))).collect()
    }

    fn fresh_index(&self) -> u32 {
        let mut tenants = self.tenants.borrow_mut();
        let index = u32::try_from(tenants.len()).ok().filter(|index| *index < ActorId::INDICES);
        let index = index.expect("a class has fewer than 2^24 actors at a time");
        tenants.push(Tenant { birth: 1, lives: false });
        let (chunk, _) = place(index);
        self.chunks[chunk].get_or_init(|| {
            let vacant = || Slot(RefCell::new(Place::Vacant));
            (0..chunk_length(chunk)).map(|_| vacant()).collect()
        });
        index
    }
}

/// The chunk of an index and the place in it: the leading bit says the doubling, the two bits
/// behind it the chunk.
#[inline(always)]
fn place(index: u32) -> (usize, usize) {
    let biased = index + (1 << FIRST_DOUBLING);
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
        // Miri takes a minute for more.
        let indices = if cfg!(miri) { 1_000 } else { 100_000 };
        for index in 0..indices {
            if offset == chunk_length(chunk) {
                (chunk, offset) = (chunk + 1, 0);
            }
            assert_eq!(place(index), (chunk, offset), "index {index}");
            offset += 1;
        }
        let (last, offset) = place(ActorId::INDICES - 1);
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
        assert!(!pool.lives(index, birth));
        assert_eq!(pool.living(), [(again, later)]);
    }

    #[test]
    fn a_busy_actor_is_vacated_later() {
        let pool = Pool::new();
        let (index, birth) = pool.insert(1);
        let busy = pool.slot(index).expect("it was inserted").enter(birth);
        assert!(pool.lives(index, birth));
        assert!(pool.retire(index, birth));
        assert!(!pool.lives(index, birth));
        assert_eq!(pool.vacate(index), None);
        drop(busy);
        assert_eq!(pool.vacate(index), Some(1));
        assert_eq!(pool.vacate(index), None);
    }

    #[test]
    fn a_place_whose_births_are_used_up_is_not_used_again() {
        let pool = Pool::new();
        let (index, _) = pool.insert(1);
        pool.tenants.borrow_mut()[index as usize].birth = u16::MAX;
        assert!(pool.retire(index, Birth::MAX));
        assert_eq!(pool.vacate(index), Some(1));
        assert_ne!(pool.insert(2).0, index);
    }

    #[test]
    fn a_small_actor_takes_half_a_cache_line() {
        assert_eq!(size_of::<Slot<[u64; 2]>>(), 32);
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
