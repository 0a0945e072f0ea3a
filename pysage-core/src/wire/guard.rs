//! Limits around a serde format that has none of its own: how deep values are nested, and how many
//! items sequences and maps have in all.
//!
//! Depth is handed down by value, so leaving a level costs nothing. Texts and byte strings are read
//! as borrowed ones, so that no memory is taken for a length that is only claimed.

mod de;
mod ser;

use std::cell::Cell;

use super::limits::WireLimits;

pub(super) use de::GuardedSeed;
pub(super) use ser::Guarded;

/// What was counted so far, and which limit was broken: a format's own error type has no place for
/// that.
pub(super) struct Guard {
    items_left: Cell<usize>,
    /// No more items are reserved memory for than this.
    reserve: usize,
    broken: Cell<Option<Broken>>,
}

/// The limit that a message broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Items,
    Depth,
}

impl Guard {
    pub(super) fn new(limits: &WireLimits, bytes: usize) -> Guard {
        Guard {
            items_left: Cell::new(limits.message_bytes),
            reserve: bytes,
            broken: Cell::new(None),
        }
    }

    pub(super) fn broken(&self) -> Option<Broken> {
        self.broken.get()
    }

    /// Counts the items of a sequence or a map; says whether there may be so many.
    #[inline(always)]
    fn take_items(&self, count: usize) -> bool {
        match self.items_left.get().checked_sub(count) {
            Some(left) => {
                self.items_left.set(left);
                true
            }
            None => {
                self.broken.set(Some(Broken::Items));
                false
            }
        }
    }
}

/// A place in a value: how many levels there may be below it.
#[derive(Clone, Copy)]
struct Level<'g> {
    guard: &'g Guard,
    left: usize,
}

impl<'g> Level<'g> {
    #[inline(always)]
    fn top(guard: &'g Guard) -> Level<'g> {
        Level { guard, left: WireLimits::DEPTH }
    }

    /// The level below, if there may be one.
    #[inline(always)]
    fn below(self) -> Option<Level<'g>> {
        match self.left.checked_sub(1) {
            Some(left) => Some(Level { left, ..self }),
            None => {
                self.guard.broken.set(Some(Broken::Depth));
                None
            }
        }
    }
}

/// The text of errors that are looked up in [`Guard::broken`].
const LIMIT: &str = "a limit is broken";
