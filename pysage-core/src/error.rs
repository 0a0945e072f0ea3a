//! What can go wrong, in the caller's words.

use crate::actor::ActorId;

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
