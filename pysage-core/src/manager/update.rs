//! The update phase, as a message that every class with an update handler subscribes to.

use super::ActorManager;
use super::topic::publish_now;
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
        // As they are now: who is registered in an update is updated from the next tick on.
        let topics: Vec<_> = self.world().updates.borrow().values().cloned().collect();
        let updates: Vec<_> = topics.iter().map(|topic| topic.subscribers()).collect();
        for subscribers in updates {
            publish_now(&subscribers, &Update, None, &Context::new(self));
        }
    }
}
