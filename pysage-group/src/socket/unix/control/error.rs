//! What can go wrong on the control channel.

use std::io;

use super::{BACKLOG_BYTES_MAX, BACKLOG_HANDOVERS_MAX, BODY_BYTES_MAX};

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
        "the other process does not read its control channel: {BACKLOG_BYTES_MAX} bytes or {BACKLOG_HANDOVERS_MAX} streams wait for it"
    )]
    Backlog,
    /// A head that [`Control::queue`](super::Control::queue) does not write.
    #[error("the other process sent what is not of pysage's control channel (flags {flags:#04x})")]
    Garbage {
        /// The head's first byte.
        flags: u8,
    },
    /// The other end is gone, with a body sent in part.
    #[error("the other process ended in the middle of what it sent")]
    Cut,
    /// More than one descriptor at once.
    #[error("the other process handed over {count} descriptors at once, where one is allowed")]
    TooManyDescriptors {
        /// How many came.
        count: usize,
    },
    /// The system dropped descriptors that were sent.
    #[error(
        "descriptors from the other process were lost: it sent too many at once, or this process has as many open as it may"
    )]
    DescriptorsLost,
    /// A file, a pipe, a socket of another kind.
    #[error("the other process handed over something that is not a Unix stream socket")]
    NotAStream,
    /// A body says that a stream belongs to it, and none came.
    #[error("the other process announced a stream and did not hand it over")]
    HandoverMissing,
    /// A stream came, and no body says that it belongs to it.
    #[error("the other process handed over a stream that it did not announce")]
    HandoverUnannounced,
    /// Word came of a stream that was not handed over.
    #[error("the other process confirmed a stream that it did not get")]
    ReceiptUnasked,
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
