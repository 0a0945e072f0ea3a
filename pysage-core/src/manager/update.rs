//! The update phase, as a message that every class with an update handler subscribes to.

use super::ActorManager;
use crate::actor::Context;
use crate::message::{Message, MessageSlot, SlotCell};

/// What an update handler is called with. It is never queued, so it has no order among messages.
pub(crate) struct Update;

impl Message for Update {
    const NAME: &'static str = "update";

    fn slot() -> MessageSlot {
        static SLOT: SlotCell = SlotCell::new();
        SLOT.get::<Self>()
    }
}

impl ActorManager {
    /// Calls the update handlers, by priority.
    pub(super) fn update(&self) {
        let updates: Vec<_> = self.world().updates.borrow().values().cloned().collect();
        for topic in updates {
            topic.publish_to_all(&Update, &Context::new(self));
        }
    }
}
