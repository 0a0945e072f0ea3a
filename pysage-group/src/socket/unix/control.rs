//! The control channel between a parent and its child process.

mod error;
mod incoming;
mod outgoing;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};

use self::incoming::{Frame, Incoming};
use self::outgoing::Outgoing;
use super::super::{BACKLOG_BYTES_MAX, BODY_BYTES_MAX, Flushed, Interest, Progress, waiter};
use super::{Stream, descriptor};

pub(crate) use error::ControlError;

/// How many streams may wait to be handed over and to be taken. Each is an open descriptor, of which
/// a process may often have no more than 1024.
pub(crate) const BACKLOG_HANDOVERS_MAX: usize = 256;

/// Before each body: a byte of flags, and the body's length (`u32`, little-endian).
const HEAD_BYTES: usize = 5;

/// Flag: a stream belongs to the body. Its descriptor comes with the head's first byte.
const HANDOVER: u8 = 1;
/// Flag, beside [`HANDOVER`]: the sender keeps the stream open until a [`RECEIPT`] comes.
const RECEIPT_ASKED: u8 = 2;
/// Flag: no body, but word that one stream that was handed over has arrived.
const RECEIPT: u8 = 4;

/// One end of the channel between a parent and its child process: bodies, in order, each with at
/// most one [`Stream`] that is handed over with it. Never blocks but in [`Control::receive_by`].
///
/// After an error it has ended, and all that was queued or received in part is closed.
#[derive(Debug)]
pub(crate) struct Control {
    socket: OwnedFd,
    incoming: Incoming,
    outgoing: Outgoing,
    ended: bool,
}

/// A body, and the stream that was handed over with it.
#[derive(Debug)]
pub(crate) struct Received {
    /// What was given to [`Control::queue`].
    pub(crate) body: Vec<u8>,
    /// Now this process's.
    pub(crate) handover: Option<Stream>,
}

impl Control {
    /// Two ends that are connected to each other: one to keep, one for a child process.
    ///
    /// # Errors
    ///
    /// The process or the system has as many descriptors open as it may.
    pub(crate) fn pair() -> io::Result<(Control, OwnedFd)> {
        let (ours, theirs) = descriptor::pair()?;
        Ok((Control::new(ours), theirs))
    }

    /// Speaks over a Unix stream socket that is non-blocking and close-on-exec.
    pub(super) fn new(socket: OwnedFd) -> Control {
        Control { socket, incoming: Incoming::default(), outgoing: Outgoing::new(), ended: false }
    }

    /// Puts a body behind those that wait to be sent; [`Control::flush`] sends them.
    ///
    /// The stream is closed here once it is sent. If the other end is gone, body and stream are
    /// dropped: [`Control::receive`] is what tells of the end.
    ///
    /// # Errors
    ///
    /// [`ControlError::TooLong`] and [`ControlError::Backlog`], by the limits above. Then nothing
    /// was queued and the stream is closed, but the channel goes on.
    pub(crate) fn queue(
        &mut self,
        body: &[u8],
        handover: Option<Stream>,
    ) -> Result<(), ControlError> {
        self.outgoing.body(body, handover)
    }

    /// Sends what was queued, as much as is taken now.
    ///
    /// # Errors
    ///
    /// What the system says, but for the ordinary endings, which are [`Flushed::Ended`].
    pub(crate) fn flush(&mut self) -> io::Result<Flushed> {
        self.outgoing.flush(self.socket.as_fd())
    }

    /// Whether nothing waits to be sent. If not so, wait until the channel is writable, too.
    #[must_use]
    pub(crate) fn is_flushed(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// The next body, if a whole one is there. Call it until it gives `None`.
    ///
    /// `None` also means that the other end is gone, and then [`Control::is_ended`].
    ///
    /// # Errors
    ///
    /// What came is not what [`Control::queue`] sends. The channel has ended.
    pub(crate) fn receive(&mut self) -> Result<Option<Received>, ControlError> {
        if self.ended {
            return Ok(None);
        }
        let result = self.read_frames();
        if result.is_err() {
            self.end();
        }
        result
    }

    /// Whether nothing can come any more: the other end is gone, or did what it must not.
    #[must_use]
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Waits for the next body, and sends meanwhile what was queued.
    ///
    /// # Errors
    ///
    /// As [`Control::receive`]; [`ControlError::Ended`]; and [`ControlError::TimedOut`], after
    /// which the channel goes on.
    pub(crate) fn receive_by(&mut self, deadline: Instant) -> Result<Received, ControlError> {
        loop {
            let flushed = self.flush()?;
            if let Some(received) = self.receive()? {
                return Ok(received);
            }
            if self.ended {
                return Err(ControlError::Ended);
            }
            // The clock, since one who sends byte after byte keeps the socket readable.
            if Instant::now() >= deadline {
                return Err(ControlError::TimedOut);
            }
            let mut events = PollFlags::IN;
            events.set(PollFlags::OUT, flushed == Flushed::Later);
            waiter::poll_until(&mut [PollFd::new(&self.socket, events)], Some(deadline))?;
        }
    }

    /// What to wait for on it: what comes, and room for what was queued.
    pub(crate) fn interest(&self) -> Interest<'_> {
        Interest { descriptor: self.as_fd(), readable: true, writable: !self.is_flushed() }
    }

    fn read_frames(&mut self) -> Result<Option<Received>, ControlError> {
        loop {
            match self.incoming.take()? {
                Some(Frame::Body { received, receipt_asked }) => {
                    if receipt_asked {
                        self.outgoing.receipt()?;
                        self.flush()?;
                    }
                    return Ok(Some(received));
                }
                Some(Frame::Receipt) => self.outgoing.handover_arrived()?,
                None => match self.incoming.fill(self.socket.as_fd())? {
                    Progress::Bytes(_) => {}
                    Progress::Later => return Ok(None),
                    Progress::Ended if self.incoming.is_between_frames() => {
                        self.end();
                        return Ok(None);
                    }
                    Progress::Ended => return Err(ControlError::Cut),
                },
            }
        }
    }

    /// Closes all that waits. The socket stays open, so that its number is not given to another
    /// descriptor while somebody waits for it.
    fn end(&mut self) {
        self.ended = true;
        self.incoming = Incoming::default();
        self.outgoing.close();
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests;
