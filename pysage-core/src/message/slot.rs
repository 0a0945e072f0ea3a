//! Small numbers for message types, so that a manager finds a type's queue by index.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

use super::Message;

/// The process-wide number of a message type, dense from 0 in the order of first use.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageSlot(u32);

impl MessageSlot {
    /// Looks the type up; what generic messages use, since a static inside a generic function is
    /// shared by all its instances.
    #[must_use]
    pub fn of<M: Message>() -> MessageSlot {
        static SLOTS: Mutex<Option<HashMap<TypeId, u32>>> = Mutex::new(None);
        let mut slots = SLOTS.lock();
        let slots = slots.get_or_insert_default();
        let next = u32::try_from(slots.len()).expect("a program has fewer than 2^32 message types");
        MessageSlot(*slots.entry(TypeId::of::<M>()).or_insert(next))
    }

    pub(crate) fn index(self) -> u32 {
        self.0
    }
}

/// Keeps the number of one message type after its first use; the derive puts it in a static.
#[doc(hidden)]
#[derive(Debug)]
pub struct SlotCell(AtomicU32);

impl SlotCell {
    const UNKNOWN: u32 = u32::MAX;

    /// A cell for a type that was not used yet.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> SlotCell {
        SlotCell(AtomicU32::new(SlotCell::UNKNOWN))
    }

    /// The number of `M`, looked up once.
    #[inline]
    #[must_use]
    pub fn get<M: Message>(&self) -> MessageSlot {
        match self.0.load(Ordering::Relaxed) {
            SlotCell::UNKNOWN => self.look_up::<M>(),
            known => MessageSlot(known),
        }
    }

    #[cold]
    fn look_up<M: Message>(&self) -> MessageSlot {
        let slot = MessageSlot::of::<M>();
        self.0.store(slot.0, Ordering::Relaxed);
        slot
    }
}
