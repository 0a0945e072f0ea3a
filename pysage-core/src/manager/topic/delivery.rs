//! How the messages of a topic reach their actors.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::{Back, Topic};
use crate::actor::{ActorId, Context, Deliver, Neighbours, Position, remove_first};
use crate::manager::deferred::Deferred;
use crate::manager::run_log::Run;
use crate::manager::subscribers::Subscribers;
use crate::manager::trigger::Triggered;
use crate::message::Message;

/// How many runs are looked at ahead; a handler that changes the world ends the loop over them.
const MOST_ALIKE: usize = 256;

impl<M: Message> Back<M> {
    /// Delivers the first message to one actor.
    #[inline(always)]
    pub(super) fn deliver_to(&mut self, receiver: ActorId, cx: &Context) {
        let Back { messages, subscribers, .. } = self;
        if let Some(handler) = subscribers.class_handler(receiver.class())
            && !subscribers.has_exceptions()
            && receiver.manager() == cx.world().number()
            && let Some(message) = messages.front()
            && handler.to_one(receiver, message, cx)
        {
            remove_first(messages, cx);
        } else {
            self.finish_first(Some(receiver), Position::START, cx);
        }
    }

    /// Delivers messages of the first run, or of several that are alike; returns how many were
    /// removed, one at least.
    #[inline(always)]
    pub(super) fn deliver_next(&mut self, upcoming: &[Run], most: u32, cx: &Context) -> usize {
        let run = upcoming[0];
        let count = run.count.min(most) as usize;
        let Back { messages, subscribers, .. } = self;
        let Some(receiver) = run.receiver else {
            return broadcast(subscribers, messages, count, cx);
        };
        if subscribers.has_exceptions() {
            return self.finish_first(Some(receiver), Position::START, cx);
        }
        if let Some(handler) = subscribers.class_handler(receiver.class())
            && receiver.manager() == cx.world().number()
        {
            let alike = run.is_alike(upcoming.get(1));
            let removed = if alike {
                handler.scattered(alike_runs(upcoming, most as usize), messages, cx)
            } else {
                handler.repeatedly(receiver, messages, count, cx)
            };
            if removed > 0 {
                return removed;
            }
        }
        self.finish_first(Some(receiver), Position::START, cx)
    }

    /// Delivers the first message from a position on and removes it: one that a panic interrupted,
    /// or one that goes to those who handle every message before its receiver.
    #[cold]
    pub(super) fn finish_first(
        &mut self,
        receiver: Option<ActorId>,
        position: Position,
        cx: &Context,
    ) -> usize {
        let Back { messages, subscribers, .. } = self;
        let Some(message) = messages.front() else { return 0 };
        match receiver {
            None => {
                Subscribers::deliver(subscribers.spans(), message, position, true, cx);
            }
            Some(receiver) if position.span != Position::RECEIVER => {
                Subscribers::deliver(subscribers.wild(), message, position, false, cx);
                if !to_receiver(subscribers.handlers_of(receiver), receiver, message, cx) {
                    cx.world().miss(message, Some(receiver));
                }
            }
            Some(_) => {}
        }
        remove_first(messages, cx);
        1
    }
}

impl<M: Message> Topic<M> {
    /// Gives a message to all subscribers at once, or to one actor (subscribed or not), whatever
    /// they return. Panics are contained; who is busy gets the message when it is not.
    pub(crate) fn publish(&self, message: M, receiver: Option<ActorId>, cx: &Context) -> Triggered {
        let subscribers = self.subscribers();
        let taken = publish_now(&subscribers, &message, receiver, cx);
        let busy = cx.take_deferred();
        let outcome = Triggered::new(taken, cx.was_stopped(), !busy.is_empty());
        if !taken {
            cx.world().undeliverable(&message, receiver);
        }
        if !busy.is_empty() {
            defer_to(&subscribers, message, busy, None, cx);
        }
        outcome
    }
}

/// Keeps a message for actors that could not take it, with the span each was reached through. The
/// ticket is that of the answer that its one receiver is to give.
#[cold]
pub(crate) fn defer_to<M: Message>(
    subscribers: &Subscribers<M>,
    message: M,
    busy: Vec<(ActorId, u32)>,
    ticket: Option<u64>,
    cx: &Context,
) {
    let message = Rc::new(message);
    for (actor, span) in busy {
        let handlers: Vec<_> = match subscribers.spans().get(span as usize) {
            Some(span) => vec![span.handler.clone()],
            None => subscribers.all_handlers_of(actor).cloned().collect(),
        };
        let ticket = ticket.filter(|_| span == Position::RECEIVER);
        cx.world().defer(Deferred::new(actor, handlers, message.clone(), ticket));
    }
}

/// Delivers to all or to one, however many panic; returns whether somebody took the message.
pub(crate) fn publish_now<M: Message>(
    subscribers: &Subscribers<M>,
    message: &M,
    receiver: Option<ActorId>,
    cx: &Context,
) -> bool {
    let mut taken = false;
    let mut position = Position::START;
    let deliver = |position: Position| match receiver {
        None => Subscribers::deliver(subscribers.spans(), message, position, false, cx).taken,
        Some(_) if position.span == Position::RECEIVER => false,
        Some(receiver) => {
            Subscribers::deliver(subscribers.wild(), message, position, false, cx);
            to_receiver(subscribers.all_handlers_of(receiver), receiver, message, cx)
        }
    };
    loop {
        match catch_unwind(AssertUnwindSafe(|| deliver(position))) {
            Ok(here) => {
                cx.rest();
                return taken || here;
            }
            Err(panic) => {
                position = cx.behind();
                taken |= receiver.is_none() || position.span == Position::RECEIVER;
                cx.contain(message.name_of_value(), panic);
                if cx.world().halted.get() {
                    return taken;
                }
            }
        }
    }
}

/// Delivers to all subscribers in order, until one uses the message up.
#[inline]
fn broadcast<M: Message>(
    subscribers: &Subscribers<M>,
    messages: &mut VecDeque<M>,
    count: usize,
    cx: &Context,
) -> usize {
    if let [span] = subscribers.spans()
        && span.actors.length == 1
    {
        let removed = span.handler.repeatedly(span.actors.first, messages, count, cx);
        if removed > 0 {
            return removed;
        }
    }
    let changes = cx.world().changes();
    for removed in 1..=count {
        let Some(message) = messages.front() else { return removed - 1 };
        let (spans, start) = (subscribers.spans(), Position::START);
        if !Subscribers::deliver(spans, message, start, true, cx).taken {
            cx.world().miss(message, None);
        }
        remove_first(messages, cx);
        if cx.world().changes() != changes {
            return removed;
        }
    }
    count
}

/// Delivers to one actor through the first of its handlers that takes the message.
fn to_receiver<'a, M: 'static>(
    mut handlers: impl Iterator<Item = &'a Rc<dyn Deliver<M>>>,
    receiver: ActorId,
    message: &M,
    cx: &Context,
) -> bool {
    let actor = Neighbours::one(receiver);
    cx.enter(receiver, Position::RECEIVER);
    receiver.manager() == cx.world().number()
        && handlers.any(|handler| handler.to_neighbours(actor, 0, message, false, cx).taken)
}

/// The first runs as far as they are alike, `most` at most.
fn alike_runs(upcoming: &[Run], most: usize) -> &[Run] {
    let candidates = upcoming.iter().take(most.min(MOST_ALIKE));
    let count = candidates.take_while(|run| upcoming[0].is_alike(Some(run))).count();
    &upcoming[..count]
}
