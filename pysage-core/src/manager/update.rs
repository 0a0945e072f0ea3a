//! The update phase, as a message that every class with an update handler subscribes to.

use std::rc::Rc;

use super::ActorManager;
use super::topic::publish_now;
use crate::actor::{ActorId, Context, Deliver, Delivered, Neighbours};
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

/// The update handler of a class where a panic [ends](crate::ManagerConfig::halt_at_panic) the work
/// of its tick, also one of those whom an update handler triggers.
pub(super) struct HaltingUpdate(pub(super) Rc<dyn Deliver<Update>>);

impl Deliver<Update> for HaltingUpdate {
    fn to_neighbours(
        &self,
        actors: Neighbours,
        from: u32,
        update: &Update,
        stops: bool,
        cx: &Context,
    ) -> Delivered {
        let mut delivered = Delivered::default();
        for actor in actors.ids().filter(|actor| actor.index() >= from) {
            if cx.world().halted.get() {
                break;
            }
            delivered.taken |=
                self.0.to_neighbours(Neighbours::one(actor), 0, update, stops, cx).taken;
        }
        delivered
    }

    fn lives(&self, actor: ActorId) -> bool {
        self.0.lives(actor)
    }
}
