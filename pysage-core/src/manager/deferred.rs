//! What waits until an actor that is on the call stack is free again.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::World;
use super::letters::DropReason;
use crate::actor::{ActorId, Context, Deliver, Neighbours, Position};
use crate::error::AskError;
use crate::message::{AnyMessage, Message};

/// A triggered message for an actor that is busy with another one.
pub(crate) struct Deferred {
    actor: ActorId,
    message: Rc<dyn AnyMessage>,
    deliver: Box<dyn Fn(&Context) -> bool>,
    /// Of the answer that is waited for, if the message is a request to this actor.
    ticket: Option<u64>,
}

impl Deferred {
    pub(crate) fn new<M: Message>(
        actor: ActorId,
        handlers: Vec<Rc<dyn Deliver<M>>>,
        message: Rc<M>,
        ticket: Option<u64>,
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
        Deferred { actor, message: any, deliver: Box::new(deliver), ticket }
    }
}

/// The messages that wait for busy actors, in the order in which they were put aside.
#[derive(Default)]
pub(crate) struct Waiting {
    list: VecDeque<Deferred>,
    /// Whose messages are being delivered.
    settling: Vec<ActorId>,
}

impl Waiting {
    fn take(&mut self, actor: ActorId) -> Option<Deferred> {
        let place = self.list.iter().position(|deferred| deferred.actor == actor)?;
        self.list.remove(place)
    }
}

impl World {
    /// Keeps a message until its receiver is free, if not too many wait already.
    pub(crate) fn defer(&self, deferred: Deferred) {
        if self.waiting.borrow().list.len() >= self.config.queue_capacity {
            let Deferred { message, actor, ticket, .. } = deferred;
            self.dead_letter(&*message, Some(actor), DropReason::QueueFull);
            return self.fail_deferred(ticket, AskError::Full);
        }
        self.waiting.borrow_mut().list.push_back(deferred);
        self.note_change();
    }

    /// Drops the messages that wait; returns how many.
    pub(crate) fn drop_deferred(&self) -> usize {
        let dropped = std::mem::take(&mut self.waiting.borrow_mut().list);
        for deferred in &dropped {
            self.fail_deferred(deferred.ticket, AskError::Dropped);
        }
        dropped.len()
    }

    /// Tells whoever waits that there will be no answer, if there was none.
    fn fail_deferred(&self, ticket: Option<u64>, error: AskError) {
        if let Some(ticket) = ticket {
            self.fail_ask(ticket, error);
        }
    }
}

impl Context {
    /// Does what waited for the actor that is free now: lets go of it, or delivers to it.
    #[cold]
    pub(crate) fn settle(&self) {
        let world = self.world();
        let _handling = world.enter_handler();
        let actor = self.actor();
        if let Some(class) = world.class_at(actor.class()) {
            class.shut(actor.index());
        }
        self.let_go();
        if !world.is_free(actor) || world.waiting.borrow().settling.contains(&actor) {
            return;
        }
        world.waiting.borrow_mut().settling.push(actor);
        loop {
            let next = world.waiting.borrow_mut().take(actor);
            let Some(deferred) = next else { break };
            let cx = Context::new(self);
            let delivered = catch_unwind(AssertUnwindSafe(|| (deferred.deliver)(&cx)));
            let unanswered = match delivered {
                Ok(_) => world.why_unanswered(actor),
                Err(panic) => {
                    cx.contain(deferred.message.name(), panic);
                    AskError::Failed
                }
            };
            world.fail_deferred(deferred.ticket, unanswered);
        }
        world.waiting.borrow_mut().settling.pop();
    }

    /// Lets go of the unregistered actors that are free now.
    pub(crate) fn let_go(&self) {
        let world = self.world();
        let _handling = world.enter_handler();
        while !world.doomed.borrow().is_empty() {
            // All at once: a stop hook that ends up here does not begin with the next one.
            let doomed = world.doomed.take();
            let (free, busy): (Vec<_>, Vec<_>) =
                doomed.into_iter().partition(|actor| world.is_free(*actor));
            world.doomed.borrow_mut().extend(busy);
            if free.is_empty() {
                return;
            }
            free.iter().for_each(|actor| self.stop(*actor));
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
