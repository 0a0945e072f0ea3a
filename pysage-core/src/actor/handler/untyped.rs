//! Handlers that take no typed message: of every message, and of a name.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::rc::Rc;

use super::{Deliver, DeliverAny, Delivered, Neighbours, call_neighbours, remove_first};
use crate::actor::{ActorId, Context, HandlerReturn, Position, pool::Pool};
use crate::manager::Run;
use crate::message::{AnyMessage, Message};

/// A handler of messages of any type.
pub(crate) struct AnyHandler<A, F> {
    pub(crate) pool: Rc<Pool<A>>,
    pub(crate) call: F,
    /// Only messages with this name are taken.
    pub(crate) name: Option<Cow<'static, str>>,
}

impl<A, R, F> DeliverAny for AnyHandler<A, F>
where
    R: HandlerReturn,
    F: Fn(&mut A, &dyn AnyMessage, &Context) -> R,
{
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn to_neighbours(
        &self,
        actors: Neighbours,
        from: u32,
        message: &dyn AnyMessage,
        stops: bool,
        cx: &Context,
    ) -> Delivered {
        if self.name.as_ref().is_some_and(|name| name != message.name()) {
            return Delivered::default();
        }
        let call = |actor: &mut A| (self.call)(actor, message, cx);
        if self.name.is_some() {
            return call_neighbours(&self.pool, actors, from, message.name(), stops, cx, call);
        }
        // A handler of every message cannot use one up.
        let call = |actor: &mut A| call(actor).into_flow().map(|_| ());
        call_neighbours(&self.pool, actors, from, message.name(), stops, cx, call)
    }

    fn lives(&self, actor: ActorId) -> bool {
        self.pool.lives(actor.index(), actor.birth())
    }
}

/// Lets a handler of any message stand among those of one type.
pub(crate) struct Untyped(pub(crate) Rc<dyn DeliverAny>);

impl<M: Message> Deliver<M> for Untyped {
    fn to_neighbours(
        &self,
        actors: Neighbours,
        from: u32,
        message: &M,
        stops: bool,
        cx: &Context,
    ) -> Delivered {
        self.0.to_neighbours(actors, from, message, stops, cx)
    }

    fn to_one(&self, actor: ActorId, message: &M, cx: &Context) -> bool {
        cx.enter(actor, Position::RECEIVER);
        Deliver::<M>::to_neighbours(self, Neighbours::one(actor), 0, message, true, cx).taken
    }

    fn repeatedly(
        &self,
        actor: ActorId,
        messages: &mut VecDeque<M>,
        count: usize,
        cx: &Context,
    ) -> usize {
        cx.enter(actor, Position::RECEIVER);
        let actor = Neighbours::one(actor);
        let changes = cx.world().changes();
        for handled in 1..=count {
            let Some(message) = messages.front() else { return handled - 1 };
            if !Deliver::<M>::to_neighbours(self, actor, 0, message, true, cx).taken {
                return handled - 1;
            }
            remove_first(messages, cx);
            if cx.world().changes() != changes {
                return handled;
            }
        }
        count
    }

    fn scattered(&self, runs: &[Run], messages: &mut VecDeque<M>, cx: &Context) -> usize {
        let Some(receiver) = runs.first().and_then(|run| run.receiver) else { return 0 };
        self.repeatedly(receiver, messages, 1, cx)
    }

    fn lives(&self, actor: ActorId) -> bool {
        self.0.lives(actor)
    }

    fn any(&self) -> Option<&Rc<dyn DeliverAny>> {
        Some(&self.0)
    }
}
