//! What can be seen of a manager: what its actors handled, what calls returned, how it stands.

use pysage_core::{DropReason, Queued, RefusedReason, Triggered};

/// An actor, by the number under which it was registered.
pub(crate) type Label = usize;

/// Whom a message was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Actor(Label),
    /// An actor of another manager.
    Stranger,
}

/// What was handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A message by the name of its type, with its number.
    Letter(&'static str, u8),
    Named(String),
    Failed {
        actor: Address,
        at: String,
        reason: String,
    },
    Start,
    Stop,
    Update,
}

/// Through which of its handlers an actor got a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    Type,
    Name(&'static str),
    Every,
    /// Subscribed at run time.
    Own,
    Hook,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A handler or a hook began; `now_ms` is the time of its tick.
    Handled { actor: Label, via: Via, what: What, now_ms: u64 },
    /// The failure handler was told of an error or a panic.
    Failure { actor: Address, at: String, panic: Option<String> },
    /// The dead-letter handler was shown a message.
    Dead { what: What, receiver: Option<Address>, reason: DropReason },
    /// An operation returned.
    Returned(Answer),
}

/// What an operation returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Registered(Label),
    NameTaken(Option<Address>),
    NoSuchActor,
    AlreadySubscribed,
    Busy,
    Done,
    Was(bool),
    Count(usize),
    Found(Option<Address>),
    Queued(Queued),
    Triggered(Triggered),
    Aborted(Option<What>),
    Refused(RefusedReason),
    InsideHandler,
    Ticked(Report),
}

/// A tick's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) tick: u64,
    pub(crate) drained: bool,
    pub(crate) received: u64,
    pub(crate) handled: u64,
    pub(crate) dropped: u64,
    pub(crate) errors: u64,
    pub(crate) panics: u64,
    pub(crate) waiting: usize,
}

/// The reasons in the order of [`Standing::dropped`].
pub(crate) const REASONS: [DropReason; 6] = [
    DropReason::QueueFull,
    DropReason::Invalid,
    DropReason::NoSubscriber,
    DropReason::NoSuchActor,
    DropReason::NotSubscribed,
    DropReason::Reset,
];

/// How many names there are for actors.
pub(crate) const NAMES: u8 = 3;

/// How a manager stands between two steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) queue_length: usize,
    pub(crate) registered: Vec<Label>,
    pub(crate) actor_count: usize,
    pub(crate) named: Vec<Option<Address>>,
    pub(crate) ticks: u64,
    pub(crate) handled: u64,
    pub(crate) triggered: u64,
    pub(crate) aborted: u64,
    pub(crate) errors: u64,
    pub(crate) panics: u64,
    pub(crate) dropped: [u64; REASONS.len()],
}
