//! What waits until an actor that is on the call stack is free again.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::World;
use crate::actor::{ActorId, Context, Deliver, Neighbours, Position};
use crate::message::Message;

/// A triggered message for an actor that is busy with another one.
pub(crate) struct Deferred {
    actor: ActorId,
    name: &'static str,
    deliver: Box<dyn Fn(&Context) -> bool>,
}

impl Deferred {
    pub(crate) fn new<M: Message>(
        actor: ActorId,
        handler: Rc<dyn Deliver<M>>,
        message: Rc<M>,
    ) -> Deferred {
        let deliver = move |cx: &Context| {
            cx.enter(actor, Position::RECEIVER);
            let taken =
                handler.to_neighbours(Neighbours::one(actor), 0, &*message, false, cx).taken;
            if !taken {
                cx.world().undeliverable(&*message, Some(actor));
            }
            taken
        };
        Deferred { actor, name: M::NAME, deliver: Box::new(deliver) }
    }
}

impl World {
    /// Keeps a message until its receiver is free.
    pub(crate) fn defer(&self, deferred: Deferred) {
        self.deferred.borrow_mut().push(deferred);
        self.note_change();
    }
}

impl Context {
    /// Does what waited for actors that are free now: delivers to them, lets go of them.
    #[cold]
    pub(crate) fn settle(&self) {
        let world = self.world();
        let _handling = world.enter_handler();
        loop {
            let doomed = take_free(world, &world.doomed, |actor| *actor);
            let deferred = take_free(world, &world.deferred, |deferred| deferred.actor);
            if doomed.is_empty() && deferred.is_empty() {
                return;
            }
            for actor in doomed {
                self.stop(actor);
            }
            for Deferred { name, deliver, .. } in deferred {
                let cx = Context::new(self);
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| deliver(&cx))) {
                    cx.contain(name, panic);
                }
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

/// Takes out what waits for actors that are free now.
fn take_free<T>(world: &World, waiting: &RefCell<Vec<T>>, actor: impl Fn(&T) -> ActorId) -> Vec<T> {
    if waiting.borrow().is_empty() {
        return Vec::new();
    }
    let (free, busy) = waiting.take().into_iter().partition(|item| world.is_free(actor(item)));
    *waiting.borrow_mut() = busy;
    free
}
