//! What can go wrong with groups, in the caller's words.

use std::path::PathBuf;
use std::time::Duration;

use pysage_core::SendError;
use pysage_core::wire::TableMismatch;

use crate::event::GroupEnd;
use crate::name::{GroupName, InvalidName};

/// Why a call about a group failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The program has not called [`enable_groups`](crate::enable_groups).
    #[error("call `pysage_group::enable_groups(..)` as the first line of `main`")]
    #[doc(alias = "GroupsNotEnabled")]
    NotEnabled,
    /// The process is the group of another one, but has not called
    /// [`enable_groups`](crate::enable_groups), so it ran `main` as if it were the first one.
    #[error(
        "this process was started as a group, and its program did not call `pysage_group::enable_groups(..)` as the first line of `main`"
    )]
    ForgottenInGroup,
    /// There is such a group already.
    #[error("there is a group `{group}` already; remove it first, or choose another name")]
    #[doc(alias = "GroupAlreadyExists")]
    NameTaken {
        /// Its name.
        group: GroupName,
    },
    /// The text cannot be a name.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// There is no such group.
    #[error("there is no group `{name}` here, or not any more")]
    #[doc(alias = "GroupDoesNotExist")]
    Unknown {
        /// What was given.
        name: String,
    },
    /// The group is not running: it failed, or is just being started again.
    #[error("group `{group}` is down")]
    Down {
        /// Its name.
        group: GroupName,
    },
    /// The group's program has no entry of this name.
    #[error(
        "group `{group}` cannot start: its program names no entry `{entry}` in `enable_groups`"
    )]
    NoSuchEntry {
        /// The group.
        group: GroupName,
        /// The name of the entry.
        entry: String,
    },
    /// The group's program could not be started.
    #[error("group `{group}` cannot start: {program} cannot be run: {cause}")]
    NotRun {
        /// The group.
        group: GroupName,
        /// The program.
        program: PathBuf,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// The system refused something that the group needs.
    #[error("group `{group}`: {what}: {cause}")]
    System {
        /// The group.
        group: GroupName,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// The group ended before it was ready.
    #[error("group `{group}` ended before it was ready: {end}")]
    EndedEarly {
        /// The group.
        group: GroupName,
        /// How it ended.
        end: GroupEnd,
    },
    /// The group was not ready in time, and was ended.
    #[error("group `{group}` was not ready within {timeout:?}")]
    NotReady {
        /// The group.
        group: GroupName,
        /// How long it had.
        timeout: Duration,
    },
    /// The group's program knows a message differently.
    #[error("group `{group}` cannot start: {mismatch}")]
    Mismatch {
        /// The group.
        group: GroupName,
        /// Which message, and how.
        #[source]
        mismatch: TableMismatch,
    },
    /// The group speaks another version of the protocol between groups.
    #[error(
        "group `{group}` speaks version {there} of the protocol between groups, here it is {here}"
    )]
    Version {
        /// The group.
        group: GroupName,
        /// The version here.
        here: u16,
        /// The version there.
        there: u16,
    },
    /// The group has failed and is not started again: what a tick returns until it is removed.
    #[error("group `{group}` failed: {end}")]
    #[doc(alias = "GroupFailed")]
    Failed {
        /// The group.
        group: GroupName,
        /// How it ended.
        end: GroupEnd,
    },
    /// The group did not end in time. A process was killed; a thread cannot be, and goes on until
    /// its handler returns.
    #[error("group `{group}` did not end within {timeout:?}")]
    NotStopped {
        /// The group.
        group: GroupName,
        /// How long it had.
        timeout: Duration,
    },
    /// The message could not be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The groups are just being served: a dead-letter handler called this.
    #[error("groups are just being served: do this in a later tick")]
    Busy,
}
