//! What a handler knows besides its actor and its message.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::time::Instant;

use super::{ActorId, Birth};
use crate::destination::Destination;
use crate::manager::{ActorManager, Origin, World};

/// The manager as a handler sees it, and who is handling.
///
/// A context derefs to its [`ActorManager`], so `cx.queue(..)`, `cx.trigger(..)`,
/// `cx.register(..)` and the rest can be called on it. Only a tick cannot run inside a handler:
/// it gives [`TickError::InsideHandler`](crate::TickError::InsideHandler).
pub struct Context {
    manager: ActorManager,
    /// An actor of the class and birth number that a message is being delivered to.
    home: Cell<ActorId>,
    /// The index of the one whose handler runs.
    index: Cell<u32>,
    /// Whether a handler runs: the actor named above takes the blame for a panic.
    running: Cell<bool>,
    span: Cell<u32>,
    /// Messages that were handled and are still in their queue.
    handled: Cell<usize>,
    stopped: Cell<bool>,
    sender: Cell<Option<Destination>>,
    redelivered: Cell<bool>,
    /// Actors that could not take a triggered message because they are on the call stack.
    busy: RefCell<Vec<(ActorId, u32)>>,
}

/// How far a message has come through its subscribers: the span and the actor within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) span: u32,
    pub(crate) index: u32,
}

impl Position {
    pub(crate) const START: Position = Position { span: 0, index: 0 };
    /// Behind all subscribers: where the one receiver of a message stands.
    pub(crate) const RECEIVER: u32 = u32::MAX;
}

impl Context {
    #[inline]
    pub(crate) fn new(manager: &ActorManager) -> Context {
        Context {
            manager: manager.clone(),
            home: Cell::new(ActorId::new(manager.world().number(), 0, 0, Birth::MIN)),
            index: Cell::new(0),
            running: Cell::new(false),
            span: Cell::new(0),
            handled: Cell::new(0),
            stopped: Cell::new(false),
            sender: Cell::new(None),
            redelivered: Cell::new(false),
            busy: RefCell::default(),
        }
    }

    /// A context for a hook of this actor.
    pub(crate) fn of(manager: &ActorManager, actor: ActorId) -> Context {
        let cx = Context::new(manager);
        cx.enter(actor, Position::RECEIVER);
        cx.run(actor.index());
        cx
    }

    /// The actor whose handler this is.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        self.home.get().at(self.index.get())
    }

    /// The time of this tick: the same for all its handlers.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.world().now.get()
    }

    /// Where the message came from that is being handled: the actor that sent it, or whoever is at
    /// the other end of its link. `None` for a message of this manager's own.
    ///
    /// It can be sent to: that is how to reply.
    #[doc(alias = "get_sender")]
    #[must_use]
    pub fn sender(&self) -> Option<Destination> {
        self.sender.get()
    }

    /// Whether the message that is being handled may have been handled before, by this manager or
    /// by one whose place it has taken, which ended without saying so. `false` for a message that
    /// no transport brought.
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.redelivered.get()
    }

    #[inline(always)]
    pub(crate) fn set_origin(&self, origin: &Origin) {
        self.sender.set(origin.sender);
        self.redelivered.set(origin.again);
    }

    #[inline(always)]
    pub(crate) fn world(&self) -> &World {
        self.manager.world()
    }

    #[inline(always)]
    pub(crate) fn enter(&self, home: ActorId, span: u32) {
        self.home.set(home);
        self.span.set(span);
    }

    /// From here on a panic is the fault of the actor at this index.
    #[inline(always)]
    pub(crate) fn run(&self, index: u32) {
        self.index.set(index);
        self.running.set(true);
    }

    /// As [`run`](Self::run), while a neighbour of this actor was running.
    #[inline(always)]
    pub(crate) fn go_on_to(&self, index: u32) {
        self.index.set(index);
    }

    /// From here on a panic is nobody's fault.
    #[inline(always)]
    pub(crate) fn rest(&self) {
        self.running.set(false);
    }

    pub(crate) fn running(&self) -> Option<ActorId> {
        self.running.get().then(|| self.actor())
    }

    /// Where the message goes on after the handler that ran last.
    pub(crate) fn behind(&self) -> Position {
        Position { span: self.span.get(), index: self.index.get().saturating_add(1) }
    }

    pub(crate) fn defer(&self, index: u32) {
        self.busy.borrow_mut().push((self.home.get().at(index), self.span.get()));
    }

    /// The actors that were busy, with the span each was reached through.
    pub(crate) fn take_deferred(&self) -> Vec<(ActorId, u32)> {
        self.busy.take()
    }

    #[inline(always)]
    pub(crate) fn note_handled(&self, messages: usize) {
        self.handled.set(messages);
    }

    pub(crate) fn take_handled(&self) -> usize {
        self.handled.take()
    }

    pub(crate) fn note_stop(&self) {
        self.stopped.set(true);
    }

    pub(crate) fn was_stopped(&self) -> bool {
        self.stopped.get()
    }
}

impl Deref for Context {
    type Target = ActorManager;

    fn deref(&self) -> &ActorManager {
        &self.manager
    }
}
