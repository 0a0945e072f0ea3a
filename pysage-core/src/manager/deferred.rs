//! What waits until an actor that is on the call stack is free again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::World;
use crate::actor::{ActorId, Context, Deliver, Neighbours, Position};
use crate::message::{AnyMessage, Message};

/// A triggered message for an actor that is busy with another one.
pub(crate) struct Deferred {
    actor: ActorId,
    message: Rc<dyn AnyMessage>,
    deliver: Box<dyn Fn(&Context) -> bool>,
}

impl Deferred {
    pub(crate) fn new<M: Message>(
        actor: ActorId,
        handlers: Vec<Rc<dyn Deliver<M>>>,
        message: Rc<M>,
    ) -> Deferred {
        let any: Rc<dyn AnyMessage> = message.clone();
        let deliver = move |cx: &Context| {
            cx.enter(actor, Position::RECEIVER);
            let place = Neighbours::one(actor);
            let taken =
                handlers.iter().any(|it| it.to_neighbours(place, 0, &*message, false, cx).taken);
            if !taken {
                cx.world().undeliverable(&*message, Some(actor));
            }
            taken
        };
        Deferred { actor, message: any, deliver: Box::new(deliver) }
    }
}

impl World {
    /// Keeps a message until its receiver is free.
    pub(crate) fn defer(&self, deferred: Deferred) {
        self.deferred.borrow_mut().push_back(deferred);
        self.note_change();
    }

    /// Takes out the first message that waits for an actor who is free now.
    fn take_deferred(&self) -> Option<Deferred> {
        let mut deferred = self.deferred.borrow_mut();
        let first = deferred.iter().position(|waiting| self.is_free(waiting.actor))?;
        deferred.remove(first)
    }
}

impl Context {
    /// Does what waited for actors that are free now: delivers to them, lets go of them.
    #[cold]
    pub(crate) fn settle(&self) {
        let world = self.world();
        let _handling = world.enter_handler();
        if let Some(actor) = self.running()
            && let Some(class) = world.class_at(actor.class())
        {
            class.shut(actor.index());
        }
        loop {
            // All at once: a stop hook that ends up here does not begin with the next one.
            let doomed = world.doomed.take();
            let (free, busy) = doomed.into_iter().partition(|actor| world.is_free(*actor));
            *world.doomed.borrow_mut() = busy;
            let free: Vec<ActorId> = free;
            free.iter().for_each(|actor| self.stop(*actor));
            // One at a time: a reset drops those that still wait.
            if let Some(deferred) = world.take_deferred() {
                let cx = Context::new(self);
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (deferred.deliver)(&cx))) {
                    cx.contain(deferred.message.name(), panic);
                }
            } else if free.is_empty() {
                return;
            }
        }
    }

    fn stop(&self, actor: ActorId) {
        let cx = Context::of(self, actor);
        let Some(class) = self.world().class_at(actor.class()) else { return };
        let hook = AssertUnwindSafe(|| class.take_out(actor.index(), Some(&cx)));
        if let Err(panic) = catch_unwind(hook) {
            cx.contain("stopped", panic);
        }
    }
}
