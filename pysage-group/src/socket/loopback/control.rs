//! The control channel between a parent and its child process.

mod error;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::process::ChildStdin;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};

use super::super::{BACKLOG_BYTES_MAX, BODY_BYTES_MAX, Flushed, Interest, Progress, waiter};
use super::door::door;
use super::ticket::{TICKET_BYTES, Ticket};
use super::{Stream, call};

pub(crate) use error::ControlError;

/// Before each body: a byte of flags, and the body's length (`u32`, little-endian).
const HEAD_BYTES: usize = 5;

/// Flag: between head and body there is the ticket of a stream that belongs to the body.
const HANDOVER: u8 = 1;

/// How much is read at once: many heads, and few reads for the longest body.
const READ_BYTES: usize = 16 * 1024;

/// So many streams that were handed over are told to be lost when the other end is gone. Of more,
/// the first ones are old enough to be in use, with which there is nothing to tell.
const HANDED_OVER_MAX: usize = 1024;

/// One end of the channel between a parent and its child process: bodies, in order, each with at
/// most one [`Stream`] that is handed over with it. Never blocks but in [`Control::receive_by`].
///
/// After an error it has ended, and all that was queued or received in part is lost.
#[derive(Debug)]
pub(crate) struct Control {
    stream: Stream,
    incoming: Vec<u8>,
    /// Where in `incoming` that begins which was not taken.
    start: usize,
    outgoing: VecDeque<u8>,
    /// Streams that the other process has, or will have.
    handed_over: VecDeque<Ticket>,
    /// Nothing can be sent any more.
    closed: bool,
    ended: bool,
    /// The other process's standard input, which ends with the channel.
    _input: Option<Arc<Mutex<ChildStdin>>>,
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
    pub(super) fn new(stream: Stream) -> Control {
        Control {
            stream,
            incoming: Vec::new(),
            start: 0,
            outgoing: VecDeque::new(),
            handed_over: VecDeque::new(),
            closed: false,
            ended: false,
            _input: None,
        }
    }

    pub(super) fn keeping(mut self, input: Arc<Mutex<ChildStdin>>) -> Control {
        self._input = Some(input);
        self
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Puts a body behind those that wait to be sent; [`Control::flush`] sends them.
    ///
    /// The stream is the other process's from then on. If the other end is gone, body and stream
    /// are dropped: [`Control::receive`] is what tells of the end.
    ///
    /// # Errors
    ///
    /// [`ControlError::TooLong`] and [`ControlError::Backlog`], by the limits above, and if the
    /// stream is in use. Then nothing was queued and the stream is closed, but the channel goes on.
    pub(crate) fn queue(
        &mut self,
        body: &[u8],
        handover: Option<Stream>,
    ) -> Result<(), ControlError> {
        if self.closed {
            return Ok(());
        }
        let length = body.len();
        if length > BODY_BYTES_MAX {
            return Err(ControlError::TooLong { length });
        }
        let ticket_bytes = if handover.is_some() { TICKET_BYTES } else { 0 };
        if self.outgoing.len() + HEAD_BYTES + ticket_bytes + length > BACKLOG_BYTES_MAX {
            return Err(ControlError::Backlog);
        }
        let ticket = handover.map(Stream::into_ticket).transpose()?;
        let length = u32::try_from(length).expect("the longest body has a length of 32 bits");
        self.outgoing.push_back(if ticket.is_some() { HANDOVER } else { 0 });
        self.outgoing.extend(length.to_le_bytes());
        if let Some(ticket) = ticket {
            self.outgoing.extend(ticket.to_bytes());
            self.remember(ticket);
        }
        self.outgoing.extend(body);
        Ok(())
    }

    /// Sends what was queued, as much as is taken now.
    ///
    /// # Errors
    ///
    /// What the system says, but for the ordinary endings, which are [`Flushed::Ended`].
    pub(crate) fn flush(&mut self) -> io::Result<Flushed> {
        while !self.outgoing.is_empty() && !self.closed {
            let (front, back) = self.outgoing.as_slices();
            match self.stream.write_vectored(&[IoSlice::new(front), IoSlice::new(back)])? {
                Progress::Bytes(written) => drop(self.outgoing.drain(..written)),
                Progress::Later => return Ok(Flushed::Later),
                Progress::Ended => self.close(),
            }
        }
        Ok(if self.closed { Flushed::Ended } else { Flushed::All })
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
            self.flush()?;
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
            let interest = self.interest();
            let mut events = PollFlags::IN;
            events.set(PollFlags::OUT, interest.writable);
            let mut polled = [PollFd::from_borrowed_fd(interest.descriptor, events)];
            waiter::poll_until(&mut polled, Some(deadline))?;
        }
    }

    /// What to wait for on it: what comes, and room for what was queued.
    pub(crate) fn interest(&self) -> Interest<'_> {
        self.stream.interest(true, !self.is_flushed())
    }

    fn read_frames(&mut self) -> Result<Option<Received>, ControlError> {
        loop {
            if let Some(received) = self.take()? {
                return Ok(Some(received));
            }
            self.incoming.drain(..self.start);
            self.start = 0;
            let mut bytes = [0; READ_BYTES];
            match self.stream.read(&mut bytes)? {
                Progress::Bytes(count) => self.incoming.extend_from_slice(&bytes[..count]),
                Progress::Later => return Ok(None),
                Progress::Ended if self.incoming.is_empty() => {
                    self.end();
                    return Ok(None);
                }
                Progress::Ended => return Err(ControlError::Cut),
            }
        }
    }

    /// The next frame, if it is there as a whole.
    fn take(&mut self) -> Result<Option<Received>, ControlError> {
        let Some((head, rest)) = self.incoming[self.start..].split_first_chunk::<HEAD_BYTES>()
        else {
            return Ok(None);
        };
        let [flags, length @ ..] = *head;
        let length = u32::from_le_bytes(length) as usize;
        if length > BODY_BYTES_MAX {
            return Err(ControlError::TooLong { length });
        }
        let ticket_bytes = match flags {
            0 => 0,
            HANDOVER => TICKET_BYTES,
            _ => return Err(ControlError::Garbage { flags }),
        };
        let Some((ticket, rest)) = rest.split_at_checked(ticket_bytes) else { return Ok(None) };
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let handover = match ticket.try_into() {
            Ok(ticket) => {
                let ticket = Ticket::from_bytes(ticket).ok_or(ControlError::NotATicket)?;
                Some(Stream::with_ticket(ticket)?)
            }
            Err(_) => None,
        };
        let body = body.to_vec();
        self.start += HEAD_BYTES + ticket_bytes + length;
        Ok(Some(Received { body, handover }))
    }

    fn remember(&mut self, ticket: Ticket) {
        if self.handed_over.len() >= HANDED_OVER_MAX {
            let is_waited_for = |ticket: &Ticket| {
                door()
                    .is_ok_and(|door| door.port != ticket.port || door.is_waited_for(ticket.token))
            };
            self.handed_over.retain(is_waited_for);
        }
        if self.handed_over.len() >= HANDED_OVER_MAX {
            self.handed_over.pop_front();
        }
        self.handed_over.push_back(ticket);
    }

    fn close(&mut self) {
        self.closed = true;
        self.outgoing.clear();
        // Those that are in use already are not harmed.
        self.handed_over.drain(..).for_each(call::revoke);
    }

    fn end(&mut self) {
        self.ended = true;
        self.incoming.clear();
        self.start = 0;
        self.close();
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
