//! What can go wrong, in the caller's words.

use crate::actor::ActorId;
#[cfg(feature = "wire")]
use crate::actor::BoxError;
#[cfg(feature = "wire")]
use crate::manager::{DropReason, TickReport};
#[cfg(feature = "wire")]
use crate::wire::{EncodeError, RegisterMessageError};

/// Why an actor could not be registered or named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another actor has the name.
    #[error(
        "the name `{name}` is taken by {holder}; unregister that actor first, or choose another name"
    )]
    NameTaken {
        /// The name that was asked for.
        name: String,
        /// Who has it.
        holder: ActorId,
    },
    /// The actor is gone, or of another manager.
    #[error("{actor} is not an actor of this manager, or not any more")]
    NoSuchActor {
        /// The id that was given.
        actor: ActorId,
    },
}

/// Why an actor could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The actor is gone, or of another manager.
    #[error("{actor} is not an actor of this manager, or not any more")]
    NoSuchActor {
        /// The id that was given.
        actor: ActorId,
    },
    /// The actor is of another class.
    #[error("{actor} is a `{is}`, not a `{asked}`")]
    OtherClass {
        /// The id that was given.
        actor: ActorId,
        /// The actor's class.
        is: &'static str,
        /// The class that was asked for.
        asked: &'static str,
    },
    /// A handler of the actor is on the call stack.
    #[error("{actor} is handling a message; queue it a message instead, or look at it later")]
    Busy {
        /// The id that was given.
        actor: ActorId,
    },
}

/// Why an actor could not be subscribed at run time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The actor is gone, or of another manager.
    #[error("{actor} is not an actor of this manager, or not any more")]
    NoSuchActor {
        /// The id that was given.
        actor: ActorId,
    },
    /// The actor is of another class than the handler is for.
    #[error("{actor} is a `{is}`, but the handler is for a `{asked}`")]
    OtherClass {
        /// The id that was given.
        actor: ActorId,
        /// The actor's class.
        is: &'static str,
        /// The class that the handler is for.
        asked: &'static str,
    },
    /// The actor has a handler for this message.
    #[error("{actor} already subscribes to `{message}`; unsubscribe it first")]
    AlreadySubscribed {
        /// The id that was given.
        actor: ActorId,
        /// The message's name.
        message: &'static str,
    },
}

/// Why a tick could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TickError {
    /// A tick is running, or an actor is being looked at.
    #[error("a tick cannot run inside a handler: queue what should happen next, or trigger it")]
    InsideHandler,
    /// A transport failed in a way that the program has to see. The tick has done its work all the
    /// same.
    #[cfg(feature = "wire")]
    #[error(transparent)]
    Transport(#[from] Box<TransportFailure>),
}

/// What failed in the transports in one tick, or one flush.
#[cfg(feature = "wire")]
#[derive(Debug, thiserror::Error)]
#[error("{first}{}", and_more(others.len()))]
#[non_exhaustive]
pub struct TransportFailure {
    /// The first failure.
    #[source]
    pub first: BoxError,
    /// Failures of other transports, or of the same one while it transmitted.
    pub others: Vec<BoxError>,
    /// What the tick did; `None` for a flush.
    pub report: Option<TickReport>,
}

#[cfg(feature = "wire")]
impl TransportFailure {
    /// Makes an error of failures, if there are any.
    pub(crate) fn check(
        failures: Vec<BoxError>,
        report: Option<TickReport>,
    ) -> Result<(), TickError> {
        let mut failures = failures.into_iter();
        let Some(first) = failures.next() else { return Ok(()) };
        Err(TickError::from(Box::new(TransportFailure {
            first,
            others: failures.collect(),
            report,
        })))
    }
}

#[cfg(feature = "wire")]
fn and_more(others: usize) -> String {
    if others == 0 { String::new() } else { format!(" (and {others} more)") }
}

/// Why a message could not be sent.
#[cfg(feature = "wire")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The link has no room for the message now.
    #[error(
        "a message of {bytes} bytes does not fit: the link has room for {room_bytes} now; send it in a later tick"
    )]
    Full {
        /// How many bytes the message takes.
        bytes: usize,
        /// For how many bytes there is room.
        room_bytes: usize,
    },
    /// The link, or its transport, is gone, or of another manager.
    #[error("there is no such link, or not any more")]
    NoSuchLink,
    /// The message has no wire form within the limits.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The message's type cannot be registered.
    #[error(transparent)]
    NotRegistered(#[from] RegisterMessageError),
    /// The codec of the link cannot say that a message is for one actor, or that it asks.
    #[error(
        "the format of the original pysage has no place for {what}; send a plain message to the whole link"
    )]
    NotExpressible {
        /// What there is no place for.
        what: &'static str,
    },
    /// The name of the receiver is too long.
    #[error("the name of an actor has at most {most_bytes} bytes on the wire")]
    NameTooLong {
        /// The most bytes.
        most_bytes: usize,
    },
    /// A property of the message is invalid; or the receiver is an actor here, and the queue did
    /// not take the message.
    #[error("the message was refused: {0}")]
    Refused(DropReason),
    /// The transport is at work on the call stack.
    #[error("the transport is just at work: send the message in a later tick")]
    Busy,
}

/// Why a manager could not be installed as the process's singleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// There is a singleton already, on this thread or on another.
    #[error("this process has a singleton already; use `ActorManager::singleton()`")]
    AlreadyInstalled,
}

/// Why there is no singleton here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SingletonError {
    /// No manager was installed.
    #[error("no manager is installed; call `ActorManager::new().install()` first")]
    NotInstalled,
    /// The singleton lives on another thread.
    #[error("the singleton lives on another thread; take a `Handle` there and use it here")]
    OtherThread,
}

/// Why a request was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Who was asked is gone, or of another manager.
    #[error("who was asked is not an actor of this manager, or not any more")]
    NoSuchActor,
    /// Who was asked does not answer such requests.
    #[error("who was asked does not answer such requests; subscribe its class with `on.ask(..)`")]
    NotAnswered,
    /// The other end of the link does not let this end ask that.
    #[error("the other end does not let this end ask that; it grants the right to")]
    NotAllowed,
    /// The answer did not come in time.
    #[error("the answer did not come in time; `within` gives it more")]
    TimedOut,
    /// The handler panicked, and its actor was taken out.
    #[error("who was asked panicked")]
    Failed,
    /// A property of the request is out of its bounds.
    #[error("a property of the request is invalid; `validate` says which")]
    Invalid,
    /// Too many requests wait already.
    #[error("too many requests wait already; ask later, or raise the limit in `ManagerConfig`")]
    Full,
    /// The request was dropped before it was answered.
    #[error("the manager was reset, or is gone, before the request was answered")]
    Dropped,
    /// The link is gone, or went before the answer came.
    #[error("the link to who was asked is gone")]
    Unreachable,
    /// The request could not be sent over the link.
    #[error(
        "the request has no wire form that the link can carry; give it a packet type, and `send` it to see what is wrong"
    )]
    NotSent,
    /// It was answered, but the answer is too long for the link, or the link had no room.
    #[error("the answer could not be sent back: it is too long for the link, or the link was full")]
    AnswerNotSent,
    /// The answer was taken already.
    #[error("the answer was taken already")]
    Taken,
}
