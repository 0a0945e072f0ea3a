//! What became of messages: refused, dropped, counted.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{ActorManager, World};
use crate::actor::ActorId;
use crate::message::{AnyMessage, Message};
use crate::trace;

/// Why a message reached nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue had no room; see [`ManagerConfig`](crate::ManagerConfig).
    #[error("the queue is full")]
    QueueFull,
    /// A property is out of the bounds that the message states; [`Message::validate`] says which.
    #[error("a property of the message is invalid")]
    Invalid,
    /// Nobody subscribes to the message.
    #[error("nobody subscribes to the message")]
    NoSubscriber,
    /// The receiver is gone, or of another manager.
    #[error("the receiver is not an actor of this manager, or not any more")]
    NoSuchActor,
    /// The receiver does not subscribe to the message.
    #[error("the receiver does not subscribe to the message")]
    NotSubscribed,
    /// The bytes that arrived are no message; the dead-letter handler sees an `UndecodedMessage`.
    #[error("the bytes are no message")]
    Malformed,
    /// No message type of this packet type is registered.
    #[error("no message type of this packet type is registered")]
    UnknownPacketType,
    /// The link was gone before the message was transmitted, or before it arrived.
    #[error("the link is gone")]
    LinkGone,
    /// The link went after the message was transmitted and before it was told to be handled: it
    /// may have been handled or not.
    #[error("the link went before it was told whether the message was handled")]
    FateUnknown,
    /// An answer came that nobody waits for, or not any more.
    #[error("nobody waits for the answer")]
    NotAsked,
    /// The answer to a request that came over a link could not be sent.
    #[error("the answer could not be sent")]
    AnswerNotSent,
    /// The message would begin a task, and there are [too many](crate::ManagerConfig).
    #[error("there are too many tasks")]
    TooManyTasks,
    /// The message was to be queued later, and [too many](crate::ManagerConfig) wait for that.
    #[error("there are too many timers")]
    TooManyTimers,
    /// The manager was reset while the message waited.
    #[error("the manager was reset")]
    Reset,
}

impl DropReason {
    const COUNT: usize = DropReason::Reset as usize + 1;
}

/// Whether a message was accepted into the queue.
///
/// It can be ignored: a refused message is counted and goes to the dead-letter handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// The message waits for its tick.
    Accepted,
    /// The message is gone, for this reason.
    Refused(DropReason),
}

impl Queued {
    /// Turns a refusal into an error, for `?`.
    ///
    /// # Errors
    /// The reason why the message was refused.
    pub fn accepted(self) -> Result<(), DropReason> {
        match self {
            Queued::Accepted => Ok(()),
            Queued::Refused(reason) => Err(reason),
        }
    }

    /// Whether the message waits for its tick.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self == Queued::Accepted
    }
}

/// A message without a type cannot have the name of a message type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is the name of a message type: queue or trigger a value of that type instead")]
pub struct NameTaken {
    /// The name that was given.
    pub name: String,
}

/// A message that reached nobody, as the dead-letter handler sees it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct DeadLetter<'a> {
    /// The message itself.
    pub message: &'a dyn AnyMessage,
    /// The actor it was meant for, if it was meant for one.
    pub receiver: Option<ActorId>,
    /// Why it reached nobody.
    pub reason: DropReason,
}

/// What a manager has done since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Ticks run.
    pub ticks: u64,
    /// Queued messages that reached somebody.
    pub handled: u64,
    /// Messages triggered, and actors here asked.
    pub triggered: u64,
    /// Messages removed by `abort_next` and `abort_all`.
    pub aborted: u64,
    /// Handlers that returned an error.
    pub errors: u64,
    /// Handlers and hooks that panicked.
    pub panics: u64,
    dropped: [u64; DropReason::COUNT],
}

impl Counters {
    /// Messages that reached nobody for this reason.
    #[must_use]
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Messages that reached nobody, whatever the reason.
    #[must_use]
    pub fn dropped_in_all(&self) -> u64 {
        self.dropped.iter().sum()
    }
}

/// The counters while they count.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) ticks: Cell<u64>,
    pub(crate) handled: Cell<u64>,
    pub(crate) triggered: Cell<u64>,
    pub(crate) errors: Cell<u64>,
    pub(crate) panics: Cell<u64>,
    /// Queued messages of the tick in progress that reached nobody.
    pub(crate) missed: Cell<u64>,
    aborted: Cell<u64>,
    dropped: [Cell<u64>; DropReason::COUNT],
}

impl Tally {
    pub(crate) fn add(counter: &Cell<u64>, count: u64) {
        counter.set(counter.get() + count);
    }

    pub(crate) fn aborted(&self, count: usize) {
        Tally::add(&self.aborted, count as u64);
    }

    pub(crate) fn dropped(&self, reason: DropReason, count: u64) {
        Tally::add(&self.dropped[reason as usize], count);
    }

    pub(crate) fn dropped_in_all(&self) -> u64 {
        self.dropped.iter().map(Cell::get).sum()
    }
}

pub(crate) type DeadLetterHandler = Box<dyn FnMut(&DeadLetter<'_>)>;

impl ActorManager {
    /// Sets who looks at messages that reach nobody, in place of the one before.
    ///
    /// The handler may queue messages. Those that reach nobody while it runs are counted only. What
    /// it sends over a transport that is just receiving is refused as busy.
    pub fn on_dead_letter(&self, handler: impl FnMut(&DeadLetter<'_>) + 'static) {
        *self.world().dead_letter_handler.borrow_mut() = Some(Box::new(handler));
    }

    /// What this manager has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let tally = &self.world().counters;
        Counters {
            ticks: tally.ticks.get(),
            handled: tally.handled.get(),
            triggered: tally.triggered.get(),
            aborted: tally.aborted.get(),
            errors: tally.errors.get(),
            panics: tally.panics.get(),
            dropped: std::array::from_fn(|reason| tally.dropped[reason].get()),
        }
    }
}

impl World {
    /// Takes note of a message of the batch that reached nobody.
    #[cold]
    pub(crate) fn miss<M: Message>(&self, message: &M, receiver: Option<ActorId>) {
        Tally::add(&self.counters.missed, 1);
        self.undeliverable(message, receiver);
    }

    /// Takes note of a message that reached neither its receiver nor any subscriber.
    #[cold]
    pub(crate) fn undeliverable<M: Message>(&self, message: &M, receiver: Option<ActorId>) {
        let reason = match receiver {
            None => DropReason::NoSubscriber,
            Some(actor) if self.lives(actor) => DropReason::NotSubscribed,
            Some(_) => DropReason::NoSuchActor,
        };
        self.dead_letter(message, receiver, reason);
    }

    /// Counts a message that reached nobody and shows it to the dead-letter handler.
    #[cold]
    pub(crate) fn dead_letter(
        &self,
        message: &dyn AnyMessage,
        receiver: Option<ActorId>,
        reason: DropReason,
    ) {
        self.counters.dropped(reason, 1);
        trace::dead_letter(message.name(), reason);
        #[cfg(feature = "wire")]
        self.refuse_answer(message, reason);
        #[cfg(feature = "wire")]
        self.close_origin();
        let Some(mut handler) = self.dead_letter_handler.borrow_mut().take() else { return };
        let letter = DeadLetter { message, receiver, reason };
        // A handler that panics is not asked again.
        match catch_unwind(AssertUnwindSafe(|| handler(&letter))) {
            Ok(()) => {
                self.dead_letter_handler.borrow_mut().get_or_insert(handler);
            }
            Err(_) => Tally::add(&self.counters.panics, 1),
        }
    }
}
