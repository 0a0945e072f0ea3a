//! Who gets the messages of one type, in the order of registration.

use std::collections::HashMap;
use std::rc::Rc;

use crate::actor::{ActorId, Context, Deliver, Delivered, Neighbours, Position};

/// The subscribers of one message type: what a delivery works from while actors come and go.
///
/// Copied on write, so that a delivery that has begun sees nobody who subscribed after it began;
/// who left since is told by the birth number of the actor's place.
pub(crate) struct Subscribers<M> {
    spans: Vec<Span<M>>,
    /// So many spans at the front handle every message, not this type only.
    wild: usize,
    by_class: Vec<ClassHandlers<M>>,
    /// Actors that do not stand as their class does: subscribed with a handler of their own, or,
    /// without one, unsubscribed.
    singles: HashMap<ActorId, Option<Rc<dyn Deliver<M>>>>,
}

/// Neighbouring actors with one handler.
pub(crate) struct Span<M> {
    pub(crate) handler: Rc<dyn Deliver<M>>,
    pub(crate) actors: Neighbours,
}

/// The handlers that every actor of a class has for this message type.
struct ClassHandlers<M> {
    typed: Option<Rc<dyn Deliver<M>>>,
    any: Vec<Rc<dyn Deliver<M>>>,
}

impl<M> Subscribers<M> {
    pub(crate) fn spans(&self) -> &[Span<M>] {
        &self.spans
    }

    pub(crate) fn wild(&self) -> &[Span<M>] {
        &self.spans[..self.wild]
    }

    /// Whether a message for one receiver concerns others, or not each actor of its class.
    #[inline(always)]
    pub(crate) fn has_exceptions(&self) -> bool {
        (self.wild > 0) | !self.singles.is_empty()
    }

    /// Gives the message to these spans from a position on; with `stops`, until it is used up.
    #[inline]
    pub(crate) fn deliver(
        spans: &[Span<M>],
        message: &M,
        from: Position,
        stops: bool,
        cx: &Context,
    ) -> Delivered {
        let mut delivered = Delivered::default();
        let mut index = from.index;
        for (number, span) in spans.iter().enumerate().skip(from.span as usize) {
            cx.enter(span.actors.first, number as u32);
            let here = span.handler.to_neighbours(span.actors, index, message, stops, cx);
            delivered.taken |= here.taken;
            delivered.stopped |= here.stopped;
            if stops && here.stopped {
                break;
            }
            index = 0;
        }
        delivered
    }

    /// The handlers through which this actor is subscribed: its own, that of its class for the
    /// type, or those of its class for names.
    pub(crate) fn handlers_of(&self, actor: ActorId) -> impl Iterator<Item = &Rc<dyn Deliver<M>>> {
        let single = self.singles.get(&actor);
        let class = self.of_class(actor).filter(|_| single.is_none());
        single.into_iter().flatten().chain(class.into_iter().flat_map(ClassHandlers::all))
    }

    /// As [`handlers_of`](Self::handlers_of); of an actor that was unsubscribed, those of its
    /// class.
    pub(crate) fn all_handlers_of(
        &self,
        actor: ActorId,
    ) -> impl Iterator<Item = &Rc<dyn Deliver<M>>> {
        let single = self.singles.get(&actor).and_then(Option::as_ref);
        let class = self.of_class(actor).filter(|_| single.is_none());
        single.into_iter().chain(class.into_iter().flat_map(ClassHandlers::all))
    }

    /// The handler that the class has for the type.
    #[inline(always)]
    pub(crate) fn class_handler(&self, class: u16) -> Option<&Rc<dyn Deliver<M>>> {
        self.by_class.get(usize::from(class))?.typed.as_ref()
    }

    fn of_class(&self, actor: ActorId) -> Option<&ClassHandlers<M>> {
        self.by_class.get(usize::from(actor.class()))
    }

    /// Gives every actor of the class that is enlisted from now on this handler.
    pub(crate) fn bind(&mut self, class: u16, handler: Rc<dyn Deliver<M>>) {
        let class = usize::from(class);
        if self.by_class.len() <= class {
            self.by_class.resize_with(class + 1, ClassHandlers::default);
        }
        let handlers = &mut self.by_class[class];
        if handler.any().is_some() {
            handlers.any.push(handler);
        } else {
            handlers.typed = Some(handler);
        }
    }

    /// Puts a new actor of a bound class behind those that are there; returns how often.
    #[inline]
    pub(crate) fn enlist(&mut self, actor: ActorId) -> usize {
        let Some(handlers) = self.by_class.get(usize::from(actor.class())) else { return 0 };
        if let (Some(handler), true) = (&handlers.typed, handlers.any.is_empty()) {
            push(&mut self.spans, handler, actor);
            return 1;
        }
        let typed = handlers.typed.iter().cloned();
        let all: Vec<_> = typed.chain(handlers.any.iter().cloned()).collect();
        let count = all.len();
        for handler in all {
            self.push(&handler, actor);
        }
        count
    }

    /// Takes over those who handle messages of any type, or of this name; their handlers are
    /// bound already. Returns how many places that makes.
    pub(crate) fn adopt<N>(&mut self, untyped: &Subscribers<N>, name: &str) -> usize {
        for span in untyped.spans() {
            let Some(any) = span.handler.any().filter(|any| any.takes(name)) else { continue };
            let bound = &self.by_class[usize::from(span.actors.first.class())].any;
            let is_same = |handler: &&Rc<dyn Deliver<M>>| {
                handler.any().is_some_and(|bound| Rc::ptr_eq(bound, any))
            };
            let handler = bound.iter().find(is_same).expect("untyped handlers are bound").clone();
            for actor in span.actors.ids() {
                self.push(&handler, actor);
            }
        }
        self.places()
    }

    /// Subscribes one actor with a handler of its own.
    pub(crate) fn enlist_single(&mut self, actor: ActorId, handler: Rc<dyn Deliver<M>>) {
        self.singles.insert(actor, Some(handler.clone()));
        self.push(&handler, actor);
    }

    /// Ends the subscriptions of one actor, but for that to every message.
    pub(crate) fn delist_single(&mut self, actor: ActorId) {
        self.singles.insert(actor, None);
        self.keep(|span, other| is_wild(&span.handler) || other != actor);
    }

    /// Forgets what was special about an actor that is gone.
    pub(crate) fn forget_single(&mut self, actor: ActorId) {
        self.singles.remove(&actor);
    }

    /// Leaves out the actors that are gone; returns how many places remain.
    pub(crate) fn sweep(&mut self) -> usize {
        self.keep(|span, actor| span.handler.lives(actor));
        self.places()
    }

    fn places(&self) -> usize {
        self.spans.iter().map(|span| span.actors.length as usize).sum()
    }

    fn keep(&mut self, stays: impl Fn(&Span<M>, ActorId) -> bool) {
        self.wild = 0;
        for span in std::mem::take(&mut self.spans) {
            for actor in span.actors.ids().filter(|actor| stays(&span, *actor)) {
                self.push(&span.handler, actor);
            }
        }
    }

    fn push(&mut self, handler: &Rc<dyn Deliver<M>>, actor: ActorId) {
        if !is_wild(handler) {
            return push(&mut self.spans, handler, actor);
        }
        let typed = self.spans.split_off(self.wild);
        push(&mut self.spans, handler, actor);
        self.wild = self.spans.len();
        self.spans.extend(typed);
    }
}

/// Adds an actor to the last span, or else to a new one.
#[inline]
fn push<M>(spans: &mut Vec<Span<M>>, handler: &Rc<dyn Deliver<M>>, actor: ActorId) {
    if let Some(last) = spans.last_mut()
        && last.actors.end() == actor
        && Rc::ptr_eq(&last.handler, handler)
    {
        last.actors.length += 1;
        return;
    }
    spans.push(Span { handler: handler.clone(), actors: Neighbours::one(actor) });
}

fn is_wild<M>(handler: &Rc<dyn Deliver<M>>) -> bool {
    handler.any().is_some_and(|any| any.name().is_none())
}

impl<M> Default for Subscribers<M> {
    fn default() -> Self {
        Subscribers { spans: Vec::new(), wild: 0, by_class: Vec::new(), singles: HashMap::new() }
    }
}

impl<M> Clone for Subscribers<M> {
    fn clone(&self) -> Self {
        Subscribers {
            spans: self.spans.clone(),
            wild: self.wild,
            by_class: self.by_class.clone(),
            singles: self.singles.clone(),
        }
    }
}

impl<M> Clone for Span<M> {
    fn clone(&self) -> Self {
        Span { handler: self.handler.clone(), actors: self.actors }
    }
}

impl<M> ClassHandlers<M> {
    /// That for the type, or else those for names.
    fn all(&self) -> impl Iterator<Item = &Rc<dyn Deliver<M>>> {
        let named = self.any.iter().filter(|handler| self.typed.is_none() && !is_wild(handler));
        self.typed.iter().chain(named)
    }
}

impl<M> Default for ClassHandlers<M> {
    fn default() -> Self {
        ClassHandlers { typed: None, any: Vec::new() }
    }
}

impl<M> Clone for ClassHandlers<M> {
    fn clone(&self) -> Self {
        ClassHandlers { typed: self.typed.clone(), any: self.any.clone() }
    }
}
