//! Handlers of one class behind one virtual call, so that the loops inside are typed.

mod task;
mod untyped;

use std::collections::VecDeque;
use std::hint::black_box;
use std::marker::PhantomData;
use std::mem::needs_drop;
use std::rc::Rc;

use super::pool::{Entered, Pool};
use super::{ActorId, Context, Flow, HandlerReturn, Position};
use crate::manager::Run;
use crate::message::{AnyMessage, Message, NamedMessage};
pub(crate) use task::TaskHandler;
pub(crate) use untyped::{AnyHandler, Untyped};

/// How many receivers ahead are touched, so that their cache misses overlap.
const TOUCH_AHEAD: usize = 64;

/// Neighbouring actors of one class and birth number, registered one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Neighbours {
    pub(crate) first: ActorId,
    pub(crate) length: u32,
}

impl Neighbours {
    pub(crate) fn one(actor: ActorId) -> Neighbours {
        Neighbours { first: actor, length: 1 }
    }

    pub(crate) fn ids(self) -> impl Iterator<Item = ActorId> {
        (0..self.length).map(move |offset| self.first.at(self.first.index() + offset))
    }

    /// The neighbour behind the last.
    #[inline]
    pub(crate) fn end(self) -> ActorId {
        self.first.at(self.first.index() + self.length)
    }
}

/// What became of a message at some of its subscribers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Delivered {
    /// Somebody took it.
    pub(crate) taken: bool,
    /// Somebody used it up.
    pub(crate) stopped: bool,
}

/// Delivers messages of one type to the actors of one class.
///
/// The context says who handles while a handler runs, so that whoever catches a panic knows.
pub(crate) trait Deliver<M> {
    /// To each living actor of these, from the index `from` on. With `stops`, until one returns
    /// [`Flow::Stop`].
    fn to_neighbours(
        &self,
        actors: Neighbours,
        from: u32,
        message: &M,
        stops: bool,
        cx: &Context,
    ) -> Delivered;

    /// To one actor; says whether it is there.
    fn to_one(&self, actor: ActorId, message: &M, cx: &Context) -> bool {
        cx.enter(actor, Position::RECEIVER);
        self.to_neighbours(Neighbours::one(actor), 0, message, true, cx).taken
    }

    /// Up to `count` messages to one actor, each removed once handled. Ends early when the world
    /// changed, with the number removed; 0 if the actor is gone.
    fn repeatedly(
        &self,
        actor: ActorId,
        messages: &mut VecDeque<M>,
        count: usize,
        cx: &Context,
    ) -> usize {
        let changes = cx.world().changes();
        for handled in 1..=count {
            let Some(message) = messages.front() else { return handled - 1 };
            if !self.to_one(actor, message, cx) {
                return handled - 1;
            }
            remove_first(messages, cx);
            if cx.world().changes() != changes {
                return handled;
            }
        }
        count
    }

    /// One message to the receiver of each run, each removed once handled. Ends early at a
    /// receiver who is gone, and when the world changed.
    fn scattered(&self, runs: &[Run], messages: &mut VecDeque<M>, cx: &Context) -> usize {
        let Some(receiver) = runs.first().and_then(|run| run.receiver) else { return 0 };
        self.repeatedly(receiver, messages, 1, cx)
    }

    fn lives(&self, actor: ActorId) -> bool;

    /// The untyped handler behind this one, if it takes messages of any type.
    fn any(&self) -> Option<&Rc<dyn DeliverAny>> {
        None
    }
}

/// A handler of messages whatever their type: of every message, or of those with a name.
pub(crate) trait DeliverAny {
    /// The one name that is taken; `None` for a handler of every message.
    fn name(&self) -> Option<&str>;
    /// Whether messages of a type with this name may be taken. Messages without a type all have
    /// the same topic, so that each of them is looked at.
    fn takes(&self, topic: &str) -> bool {
        topic == NamedMessage::NAME || self.name().is_none_or(|name| name == topic)
    }
    fn to_neighbours(
        &self,
        actors: Neighbours,
        from: u32,
        message: &dyn AnyMessage,
        stops: bool,
        cx: &Context,
    ) -> Delivered;
    fn lives(&self, actor: ActorId) -> bool;
}

/// A handler of one message type.
pub(crate) struct TypedHandler<A, M, R, F> {
    pool: Rc<Pool<A>>,
    call: F,
    types: PhantomData<fn(&M) -> R>,
}

impl<A, M, R, F> TypedHandler<A, M, R, F> {
    pub(crate) fn new(pool: Rc<Pool<A>>, call: F) -> TypedHandler<A, M, R, F> {
        TypedHandler { pool, call, types: PhantomData }
    }
}

impl<A, M, R, F> Deliver<M> for TypedHandler<A, M, R, F>
where
    M: Message,
    R: HandlerReturn,
    F: Fn(&mut A, &M, &Context) -> R,
{
    fn to_neighbours(
        &self,
        actors: Neighbours,
        from: u32,
        message: &M,
        stops: bool,
        cx: &Context,
    ) -> Delivered {
        let call = |actor: &mut A| (self.call)(actor, message, cx);
        call_neighbours(&self.pool, actors, from, M::NAME, stops, cx, call)
    }

    fn to_one(&self, actor: ActorId, message: &M, cx: &Context) -> bool {
        let Some(slot) = self.pool.slot(actor.index()) else { return false };
        let Entered::Free(mut place) = slot.enter(actor.birth()) else { return false };
        cx.enter(actor, Position::RECEIVER);
        cx.run(actor.index());
        outcome((self.call)(&mut *place, message, cx), M::NAME, cx);
        true
    }

    fn repeatedly(
        &self,
        receiver: ActorId,
        messages: &mut VecDeque<M>,
        count: usize,
        cx: &Context,
    ) -> usize {
        let Some(slot) = self.pool.slot(receiver.index()) else { return 0 };
        let Entered::Free(mut place) = slot.enter(receiver.birth()) else { return 0 };
        cx.enter(receiver, Position::RECEIVER);
        let actor = &mut *place;
        let world = cx.world();
        let changes = world.changes();
        // Messages with something to drop are removed one by one, right after they are handled.
        let together = if needs_drop::<M>() { 1 } else { count };
        let mut removed = 0;
        while removed < count && world.changes() == changes {
            let side_by_side = messages.as_slices().0;
            let end = side_by_side.len().min(together).min(count - removed);
            let mut handled = 0;
            for message in &side_by_side[..end] {
                cx.run(receiver.index());
                cx.note_handled(handled);
                outcome((self.call)(actor, message, cx), M::NAME, cx);
                handled += 1;
                if world.changes() != changes {
                    break;
                }
            }
            if handled == 0 {
                break;
            }
            cx.note_handled(0);
            remove_handled(messages, handled, cx);
            removed += handled;
        }
        drop(place);
        if cx.world().changes() != changes {
            cx.settle();
        }
        removed
    }

    fn scattered(&self, runs: &[Run], messages: &mut VecDeque<M>, cx: &Context) -> usize {
        let world = cx.world();
        let changes = world.changes();
        let mut handled = 0;
        for ahead in runs.chunks(TOUCH_AHEAD) {
            self.touch(ahead);
            for run in ahead {
                let (Some(receiver), Some(message)) = (run.receiver, messages.front()) else {
                    return handled;
                };
                let Some(slot) = self.pool.slot(receiver.index()) else { return handled };
                let Entered::Free(mut place) = slot.enter(receiver.birth()) else { return handled };
                cx.enter(receiver, Position::RECEIVER);
                cx.run(receiver.index());
                outcome((self.call)(&mut *place, message, cx), M::NAME, cx);
                drop(place);
                remove_first(messages, cx);
                handled += 1;
                if world.changes() != changes {
                    cx.settle();
                    return handled;
                }
            }
        }
        handled
    }

    fn lives(&self, actor: ActorId) -> bool {
        self.pool.lives(actor.index(), actor.birth())
    }
}

impl<A, M, R, F> TypedHandler<A, M, R, F> {
    fn touch(&self, runs: &[Run]) {
        let receivers = runs.iter().filter_map(|run| run.receiver);
        let slots = receivers.filter_map(|id| Some((self.pool.slot(id.index())?, id.birth())));
        black_box(slots.filter(|(slot, birth)| slot.touch(*birth)).count());
    }
}

/// Calls the handler on each living actor of these, from the index `from` on.
#[inline(always)]
fn call_neighbours<A, R: HandlerReturn>(
    pool: &Pool<A>,
    actors: Neighbours,
    from: u32,
    message: &str,
    stops: bool,
    cx: &Context,
    call: impl Fn(&mut A) -> R,
) -> Delivered {
    let world = cx.world();
    let mut delivered = Delivered::default();
    let mut changes = world.changes();
    cx.run(actors.first.index());
    let (start, birth) = (actors.first.index(), actors.first.birth());
    for (first, slots) in pool.slices(start.max(from), start + actors.length) {
        for (index, slot) in (first..).zip(slots) {
            let flow = match slot.enter(birth) {
                Entered::Free(mut place) => {
                    cx.go_on_to(index);
                    outcome(call(&mut *place), message, cx)
                }
                Entered::Busy if pool.lives(index, birth) => {
                    cx.defer(index);
                    Flow::Continue
                }
                Entered::Busy | Entered::Gone => continue,
            };
            delivered.taken = true;
            if world.changes() != changes {
                cx.settle();
                changes = world.changes();
            }
            if flow == Flow::Stop {
                cx.note_stop();
                delivered.stopped = true;
                if stops {
                    return delivered;
                }
            }
        }
    }
    delivered
}

/// What the handler said, with an error taken note of.
#[inline(always)]
fn outcome<R: HandlerReturn>(returned: R, message: &str, cx: &Context) -> Flow {
    returned.into_flow().unwrap_or_else(|error| {
        cx.world().report_error(cx, message, error);
        Flow::Continue
    })
}

/// Drops the first messages, which were handled.
#[inline(always)]
fn remove_handled<M>(messages: &mut VecDeque<M>, handled: usize, cx: &Context) {
    if handled == 1 {
        remove_first(messages, cx);
    } else {
        cx.rest();
        messages.drain(..handled);
    }
}

/// Drops the message that was handled; should its drop panic, that is nobody's fault.
#[inline(always)]
pub(crate) fn remove_first<M>(messages: &mut VecDeque<M>, cx: &Context) {
    if needs_drop::<M>() {
        cx.rest();
    }
    messages.pop_front();
}
