//! One message type within a manager: its waiting messages and its subscribers.

mod cell;
mod delivery;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::World;
use super::run_log::Run;
use super::subscribers::Subscribers;
use crate::actor::{ActorId, Context, Deliver, DeliverAny, Position, Untyped};
#[cfg(feature = "wire")]
use crate::message::ReplyAddress;
use crate::message::{AnyMessage, Message, NamedMessage};

pub use cell::{TopicCell, TopicKey};
pub(crate) use delivery::{defer_to, publish_now};

/// Subscribers are swept once this many are gone, and more are gone than there.
const SWEEP_AT_LEAST: usize = 32;

/// The queue and the subscribers of one message type.
pub(crate) struct Topic<M> {
    /// Messages for the next tick, in the order queued.
    pub(crate) front: RefCell<VecDeque<M>>,
    back: RefCell<Back<M>>,
    /// How many messages `back` had when the delivery in progress began.
    back_at_start: Cell<usize>,
    subscribers: RefCell<Rc<Subscribers<M>>>,
    /// Places in `subscribers`, and how many of them belong to actors that are gone.
    places: Cell<usize>,
    gone: Cell<usize>,
    /// Where the first message of `back` goes on after a panic.
    resume: Cell<Option<Position>>,
}

/// What the dispatch works on. It stays borrowed while handlers run, which never touch it.
struct Back<M> {
    /// Messages of the batch. Left over ones stay for the next tick.
    messages: VecDeque<M>,
    /// The subscribers as the delivery in progress sees them, and of which state of the world.
    subscribers: Rc<Subscribers<M>>,
    changes: u64,
}

impl<M> Back<M> {
    /// No state of the world: what is known of the subscribers is out of date.
    const NEVER: u64 = u64::MAX;
}

impl<M> Default for Back<M> {
    fn default() -> Self {
        Back { messages: VecDeque::new(), subscribers: Rc::default(), changes: Back::<M>::NEVER }
    }
}

/// What a manager does with a topic whatever its message type.
pub(crate) trait ErasedTopic: Any {
    fn name(&self) -> &'static str;
    /// The name of the first message of the batch.
    fn name_of_first(&self) -> String;
    /// Who waits at the other end of a link for an answer to the first message of the batch.
    #[cfg(feature = "wire")]
    fn reply_address_of_first(&self) -> Option<ReplyAddress>;
    /// Moves the messages for the next tick behind those left over.
    fn swap(&self);
    /// Delivers one message to one actor.
    fn deliver_one(&self, receiver: ActorId, cx: &Context);
    /// Delivers from the run at the front of `upcoming`, and from those behind it of the same
    /// kind: `allowance` messages at most, one at least. Returns how many were removed.
    fn deliver(&self, upcoming: &[Run], allowance: u32, cx: &Context) -> usize;
    /// Removes what the delivery that panicked had handled; returns how many it removed in all.
    fn removed(&self, cx: &Context) -> usize;
    /// Where the first message goes on, whose delivery panicked.
    fn resume_at(&self, position: Position);
    /// Lets go of the subscribers that the dispatch worked from.
    fn release(&self);
    /// Drops the messages for the next tick; who waits for answers to them is told.
    fn clear(&self, world: &World);
    /// Takes note that the manager is gone.
    fn close(&self, world: &World);
    /// Drops the messages of the batch; who waits for answers to them is told.
    fn discard(&self, world: &World);
    /// Takes out the oldest message: of those left over, or of those for the next tick.
    fn take_oldest_any(&self, left_over: bool) -> Option<Box<dyn AnyMessage>>;
    /// Subscribes a new actor as its class is.
    fn enlist(&self, actor: ActorId);
    /// Takes note that an actor is gone.
    fn delist(&self, actor: ActorId);
    /// Adds a handler of every message or of a name to what actors of the class get.
    fn bind_any(&self, class: u16, handler: Rc<dyn DeliverAny>);
}

impl<M: Message> Topic<M> {
    pub(crate) fn new() -> Topic<M> {
        Topic {
            front: RefCell::default(),
            back: RefCell::default(),
            back_at_start: Cell::new(0),
            subscribers: RefCell::default(),
            places: Cell::new(0),
            gone: Cell::new(0),
            resume: Cell::new(None),
        }
    }

    /// The subscribers as they are now.
    pub(crate) fn subscribers(&self) -> Rc<Subscribers<M>> {
        self.subscribers.borrow().clone()
    }

    /// The handler through which a message reaches this actor, if it concerns nobody else.
    #[inline(always)]
    pub(crate) fn sole_handler(&self, receiver: ActorId) -> Option<Rc<dyn Deliver<M>>> {
        let subscribers = self.subscribers.borrow();
        let handler = subscribers.class_handler(receiver.class());
        handler.filter(|_| !subscribers.has_exceptions()).cloned()
    }

    /// Adds a handler of this type to what actors of the class get.
    pub(crate) fn bind(&self, class: u16, handler: Rc<dyn Deliver<M>>) {
        self.edit(|subscribers| subscribers.bind(class, handler));
    }

    /// Subscribes one actor at run time.
    pub(crate) fn subscribe(&self, actor: ActorId, handler: Rc<dyn Deliver<M>>) {
        self.edit(|subscribers| subscribers.enlist_single(actor, handler));
        self.places.set(self.places.get() + 1);
    }

    /// Unsubscribes one actor at run time.
    pub(crate) fn unsubscribe(&self, actor: ActorId) {
        self.edit(|subscribers| {
            subscribers.delist_single(actor);
            self.places.set(subscribers.sweep());
        });
        self.gone.set(0);
    }

    /// Subscribes the living actors that handle messages of any type, or of this name.
    pub(crate) fn adopt(&self, untyped: &Subscribers<NamedMessage>) {
        let places = self.edit(|subscribers| subscribers.adopt(untyped, M::NAME));
        self.places.set(places);
    }

    /// Puts a message behind those for the next tick; returns whether it is the first.
    #[inline(always)]
    pub(crate) fn push(&self, message: M) -> bool {
        let mut front = self.front.borrow_mut();
        let first = front.is_empty();
        front.push_back(message);
        first
    }

    /// Moves messages behind those for the next tick; returns whether there were none.
    pub(crate) fn append(&self, messages: &mut VecDeque<M>) -> bool {
        let mut front = self.front.borrow_mut();
        let first = front.is_empty();
        if first {
            std::mem::swap(&mut *front, messages);
        } else {
            front.append(messages);
        }
        first
    }

    /// A queue to be filled and appended: with the memory of the topic's, if nothing is in there.
    pub(crate) fn spare(&self) -> VecDeque<M> {
        let mut front = self.front.borrow_mut();
        if front.is_empty() { std::mem::take(&mut *front) } else { VecDeque::new() }
    }

    /// Removes the oldest message, left over or for the next tick.
    pub(crate) fn take_oldest(&self, left_over: bool) -> Option<M> {
        if left_over {
            self.back.borrow_mut().messages.pop_front()
        } else {
            self.front.borrow_mut().pop_front()
        }
    }

    /// Brings the subscribers up to date, after finishing what a panic interrupted: if so, a
    /// message was removed.
    #[inline(always)]
    fn begin(&self, back: &mut Back<M>, receiver: Option<ActorId>, cx: &Context) -> bool {
        if back.changes == cx.world().changes() {
            return false;
        }
        if let Some(position) = self.resume.take() {
            back.finish_first(receiver, position, cx);
            return true;
        }
        back.subscribers = self.subscribers();
        back.changes = cx.world().changes();
        false
    }

    #[inline(always)]
    fn edit<R>(&self, change: impl FnOnce(&mut Subscribers<M>) -> R) -> R {
        change(Rc::make_mut(&mut self.subscribers.borrow_mut()))
    }
}

impl<M: Message> ErasedTopic for Topic<M> {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn name_of_first(&self) -> String {
        let back = self.back.borrow();
        back.messages.front().map_or(M::NAME, Message::name_of_value).to_owned()
    }

    #[cfg(feature = "wire")]
    fn reply_address_of_first(&self) -> Option<ReplyAddress> {
        self.back.borrow().messages.front().and_then(Message::reply_address)
    }

    fn swap(&self) {
        let (mut front, mut back) = (self.front.borrow_mut(), self.back.borrow_mut());
        if back.messages.is_empty() {
            std::mem::swap(&mut *front, &mut back.messages);
        } else {
            back.messages.append(&mut front);
        }
    }

    fn deliver_one(&self, receiver: ActorId, cx: &Context) {
        let mut back = self.back.borrow_mut();
        self.back_at_start.set(back.messages.len());
        if !self.begin(&mut back, Some(receiver), cx) {
            back.deliver_to(receiver, cx);
        }
    }

    fn deliver(&self, upcoming: &[Run], allowance: u32, cx: &Context) -> usize {
        let mut back = self.back.borrow_mut();
        self.back_at_start.set(back.messages.len());
        if self.begin(&mut back, upcoming[0].receiver, cx) {
            return 1;
        }
        back.deliver_next(upcoming, allowance, cx)
    }

    fn removed(&self, cx: &Context) -> usize {
        let messages = &mut self.back.borrow_mut().messages;
        messages.drain(..cx.take_handled());
        self.back_at_start.get().saturating_sub(messages.len())
    }

    fn resume_at(&self, position: Position) {
        self.resume.set(Some(position));
        self.back.borrow_mut().changes = Back::<M>::NEVER;
    }

    fn release(&self) {
        let mut back = self.back.borrow_mut();
        back.subscribers = Rc::default();
        back.changes = Back::<M>::NEVER;
    }

    fn clear(&self, world: &World) {
        // Taken out before they are dropped: a drop may queue messages.
        let messages = self.front.take();
        world.refuse_reset(&messages);
    }

    fn close(&self, world: &World) {
        self.forget(world);
        drop(self.front.take());
        let messages = std::mem::take(&mut self.back.borrow_mut().messages);
        drop(messages);
    }

    fn discard(&self, world: &World) {
        self.resume.set(None);
        let messages = std::mem::take(&mut self.back.borrow_mut().messages);
        world.refuse_reset(&messages);
    }

    fn take_oldest_any(&self, left_over: bool) -> Option<Box<dyn AnyMessage>> {
        self.take_oldest(left_over).map(|message| Box::new(message) as Box<dyn AnyMessage>)
    }

    #[inline]
    fn enlist(&self, actor: ActorId) {
        let places = self.edit(|subscribers| subscribers.enlist(actor));
        self.places.set(self.places.get() + places);
    }

    fn delist(&self, actor: ActorId) {
        self.gone.set(self.gone.get() + 1);
        let (places, gone) = (self.places.get(), self.gone.get());
        let special = self.subscribers.borrow().has_exceptions();
        if special {
            self.edit(|subscribers| subscribers.forget_single(actor));
        }
        if gone >= SWEEP_AT_LEAST && gone * 2 > places {
            self.places.set(self.edit(Subscribers::sweep));
            self.gone.set(0);
        }
    }

    fn bind_any(&self, class: u16, handler: Rc<dyn DeliverAny>) {
        self.bind(class, Rc::new(Untyped(handler)));
    }
}
