//! The room on Linux and macOS.

mod control;
mod descriptor;
mod inherit;
mod parent;
mod start;

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SendAncillaryBuffer, sendmsg};

use super::{Interest, Progress};

pub(crate) use control::{Control, ControlError, Received};
pub(crate) use inherit::inherited;
pub(crate) use parent::watch_parent;
pub(crate) use start::spawn;

/// How much a stream should take before it says [`Progress::Later`].
///
/// Measured on Linux: with the default a writer is stopped after some 280 small messages, with
/// this, after some 100,000. The system may grant less.
const STREAM_BUFFER_BYTES: usize = 1024 * 1024;

/// More slices in one write are refused by the system (`IOV_MAX`).
const WRITE_SLICES_MAX: usize = 1024;

/// Ends what this process has of streams and channels, which needs nothing here: the system does it
/// with the end of the process, and keeps what was written.
pub(crate) fn part(_: Instant) {}

/// One end of a connection between two groups: bytes both ways, in order, never blocking.
///
/// Not inherited by child processes. To one it is given by [`Control::queue`].
#[derive(Debug)]
pub(crate) struct Stream(OwnedFd);

impl Stream {
    /// Two ends that are connected to each other.
    ///
    /// # Errors
    ///
    /// The process or the system has as many descriptors open as it may.
    pub(crate) fn pair() -> io::Result<(Stream, Stream)> {
        let (one, other) = descriptor::pair()?;
        for end in [&one, &other] {
            descriptor::ask_for_buffer(end.as_fd(), STREAM_BUFFER_BYTES);
        }
        Ok((Stream(one), Stream(other)))
    }

    /// Two ends that are used by this process alone, and for little.
    pub(super) fn connected_pair() -> io::Result<(Stream, Stream)> {
        let (one, other) = descriptor::pair()?;
        Ok((Stream(one), Stream(other)))
    }

    /// What is polled.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Reads what is there, as much as fits.
    ///
    /// # Errors
    ///
    /// What the system says, but for the ordinary endings, which are [`Progress::Ended`].
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<Progress> {
        if buffer.is_empty() {
            return Ok(Progress::Bytes(0));
        }
        match retry_on_intr(|| rustix::io::read(&self.0, &mut *buffer)) {
            Ok(0) => Ok(Progress::Ended),
            result => progress(result),
        }
    }

    /// Writes the slices one behind the other, as much as is taken now.
    ///
    /// # Errors
    ///
    /// What the system says, but for the ordinary endings, which are [`Progress::Ended`].
    pub(crate) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<Progress> {
        let slices = &slices[..slices.len().min(WRITE_SLICES_MAX)];
        let mut nothing = SendAncillaryBuffer::default();
        progress(retry_on_intr(|| sendmsg(&self.0, slices, &mut nothing, descriptor::SEND_FLAGS)))
    }
}

impl Stream {
    /// What to wait for on it.
    pub(crate) fn interest(&self, readable: bool, writable: bool) -> Interest<'_> {
        Interest { descriptor: self.as_fd(), readable, writable }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Tells the ordinary outcomes of a non-blocking call from errors.
fn progress(result: rustix::io::Result<usize>) -> io::Result<Progress> {
    match result {
        Ok(bytes) => Ok(Progress::Bytes(bytes)),
        Err(Errno::AGAIN) => Ok(Progress::Later),
        // All are connected when they are made, so not connected means not any more.
        Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => Ok(Progress::Ended),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
