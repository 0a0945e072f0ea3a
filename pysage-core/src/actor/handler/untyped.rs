//! Handlers that take no typed message: of every message, and of a name.

use std::borrow::Cow;
use std::rc::Rc;

use super::{Deliver, DeliverAny, Delivered, Neighbours, call_neighbours};
use crate::actor::{ActorId, Context, HandlerReturn, pool::Pool};
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

    fn lives(&self, actor: ActorId) -> bool {
        self.0.lives(actor)
    }

    fn any(&self) -> Option<&Rc<dyn DeliverAny>> {
        Some(&self.0)
    }
}
