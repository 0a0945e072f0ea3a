//! What happened to groups: messages that their parent's manager publishes.

use std::fmt;
use std::time::Duration;

use pysage_core::Message;

use crate::name::GroupName;

/// Published when a group that this manager added is ready again.
#[derive(Clone, Debug, PartialEq, Eq, Message)]
#[non_exhaustive]
pub struct GroupUp {
    /// The group.
    pub group: GroupName,
    /// How often it was started again so far.
    pub restarts: u32,
}

/// Published when a group that this manager added has ended without having been removed.
#[derive(Clone, Debug, PartialEq, Eq, Message)]
#[non_exhaustive]
#[doc(alias = "GroupFailed")]
pub struct GroupDown {
    /// The group.
    pub group: GroupName,
    /// How it ended.
    pub end: GroupEnd,
    /// In which time it is started again; `None` if it is not.
    pub restarts_in: Option<Duration>,
}

/// How a group ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupEnd {
    /// By itself: a [`Handle`](crate::Handle) stopped its loop.
    Finished,
    /// It failed, and could say why: a handler panicked, its entry returned an error, or a tick
    /// did.
    Failed(String),
    /// It ended without a word: what is known of the end of its process, such as its exit status or
    /// signal, or of its thread.
    Exited(String),
    /// It did not end a tick for longer than its heartbeat allows, and was killed.
    Hung,
    /// What came from it was not what groups say to each other.
    Malformed(String),
}

impl GroupEnd {
    /// Whether it is an end that should not have been.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        *self != GroupEnd::Finished
    }
}

impl fmt::Display for GroupEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupEnd::Finished => f.write_str("it ended by itself"),
            GroupEnd::Failed(reason) | GroupEnd::Exited(reason) => f.write_str(reason),
            GroupEnd::Hung => f.write_str("it hung, and was killed"),
            GroupEnd::Malformed(what) => write!(f, "it did not keep to the protocol: {what}"),
        }
    }
}
