//! What can go wrong on the control channel.

use std::io;

use super::{BACKLOG_BYTES_MAX, BODY_BYTES_MAX};

/// Why a body could not be queued or received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ControlError {
    /// A body, to be sent or announced by the other end, is over the limit.
    #[error(
        "a body of {length} bytes is too long for the control channel, which takes {BODY_BYTES_MAX}"
    )]
    TooLong {
        /// In bytes.
        length: usize,
    },
    /// The other process does not read.
    #[error(
        "the other process does not read its control channel: {BACKLOG_BYTES_MAX} bytes wait for it"
    )]
    Backlog,
    /// A head that [`Control::queue`](super::Control::queue) does not write.
    #[error("the other process sent what is not of pysage's control channel (flags {flags:#04x})")]
    Garbage {
        /// The head's first byte.
        flags: u8,
    },
    /// What came as a stream is none.
    #[error("the other process handed over something that is not a stream")]
    NotATicket,
    /// The other end is gone, with a body sent in part.
    #[error("the other process ended in the middle of what it sent")]
    Cut,
    /// The other end is gone.
    #[error("the other process closed its control channel")]
    Ended,
    /// The deadline passed.
    #[error("the other process said nothing in time")]
    TimedOut,
    /// The operating system.
    #[error("the control channel failed: {0}")]
    System(#[from] io::Error),
}
