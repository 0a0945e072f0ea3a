//! A link over byte buffers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use super::{Encoding, Form, Inbox, Link, LinkId, Outbox, Outgoing, Rejected, Transport};
use crate::BoxError;
use crate::wire::{DecodeReason, MessageInfo};

/// One end of a link over two byte buffers; [`pipe`] makes both.
///
/// The buffers are streams: each frame has its length before it (u32, little-endian), and a frame
/// may be read in parts. A frame that is longer than the limit, or malformed, ends the link for
/// both; one of a packet type that is not known is left out. What an end had not read when it went
/// becomes dead letters at the other.
pub struct Pipe {
    encoding: Encoding,
    capacity: usize,
    ours: Rc<Way>,
    theirs: Rc<Way>,
    broken: bool,
}

/// What is on its way to one end.
#[derive(Default)]
struct Way {
    bytes: RefCell<Vec<u8>>,
    /// The end that it leads to reads no more.
    closed: Cell<bool>,
}

/// Beside the fields, the most bytes of a frame: its head with a name, a sender and a number.
const HEAD_BYTES: usize = 3 + 1 + 255 + 8 + 8;
const LENGTH_BYTES: usize = 4;

/// The two ends of a link over two byte buffers of `capacity` bytes each: what a transport over a
/// stream has to do, without a stream.
#[must_use]
pub fn pipe(encoding: Encoding, capacity: usize) -> (Pipe, Pipe) {
    let ways: [Rc<Way>; 2] = Default::default();
    let [one, other] = [0, 1].map(|end: usize| Pipe {
        encoding,
        capacity,
        ours: ways[end].clone(),
        theirs: ways[1 - end].clone(),
        broken: false,
    });
    (one, other)
}

impl Pipe {
    const LINK: LinkId = LinkId { index: 0, generation: 0 };

    /// The one link there is.
    #[must_use]
    pub fn link_id(&self) -> LinkId {
        Pipe::LINK
    }

    /// The frame that begins so many bytes from the front, if all of it is there. A copy, so that
    /// the buffer is free while the inbox is at work: a dead-letter handler may reach for it.
    fn frame_at(&mut self, start: usize) -> Option<Vec<u8>> {
        if self.broken {
            return None;
        }
        let buffer = self.ours.bytes.borrow();
        let (length, rest) = buffer.get(start..)?.split_first_chunk::<LENGTH_BYTES>()?;
        let length = u32::from_le_bytes(*length) as usize;
        self.broken = length > HEAD_BYTES + self.encoding.limits.message_bytes;
        rest.get(..length).filter(|_| !self.broken).map(<[u8]>::to_vec)
    }

    /// Puts bytes behind those that wait for this end, as a stream would that somebody else writes
    /// to.
    pub fn inject(&self, bytes: &[u8]) {
        self.ours.bytes.borrow_mut().extend_from_slice(bytes);
    }

    /// Takes note of what the other end will not read any more.
    fn give_up(&self, inbox: &mut Inbox<'_>) {
        let lost = self.theirs.bytes.take();
        let mut rest = &lost[..];
        while let Some((length, behind)) = rest.split_first_chunk::<LENGTH_BYTES>()
            && let Some((frame, behind)) =
                behind.split_at_checked(u32::from_le_bytes(*length) as usize)
        {
            inbox.undelivered(&self.encoding, frame);
            rest = behind;
        }
    }
}

impl Transport for Pipe {
    fn link(&self, link: LinkId) -> Option<Link> {
        let is_there = link == Pipe::LINK && !self.broken && !self.theirs.closed.get();
        let used = self.theirs.bytes.borrow().len() + LENGTH_BYTES;
        let room_bytes = self.capacity.saturating_sub(used);
        is_there.then_some(Link { form: Form::Bytes(self.encoding), room_bytes })
    }

    fn links(&self) -> Vec<LinkId> {
        let link = Some(Pipe::LINK).filter(|link| self.link(*link).is_some());
        link.into_iter().collect()
    }

    fn carries(&self, message: &MessageInfo) -> Result<(), String> {
        message.check(self.encoding.codec)
    }

    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        let mut done = 0;
        while let Some(frame) = self.frame_at(done) {
            match inbox.frame(Pipe::LINK, &self.encoding, &frame) {
                Ok(()) => {}
                Err(Rejected::Full) => break,
                Err(Rejected::Malformed(error)) => {
                    self.broken = !matches!(error.reason, DecodeReason::UnknownPacketType(_));
                }
            }
            done += LENGTH_BYTES + frame.len();
        }
        self.ours.bytes.borrow_mut().drain(..done);
        if self.broken {
            self.ours.closed.set(true);
        }
        if self.theirs.closed.get() {
            self.give_up(inbox);
        }
        Ok(())
    }

    fn transmit(&mut self, _: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        if self.theirs.closed.get() {
            return Ok(());
        }
        let mut buffer = self.theirs.bytes.borrow_mut();
        while let Some(bytes) = outbox.next_bytes(Pipe::LINK)
            && buffer.len() + LENGTH_BYTES + bytes <= self.capacity
        {
            if let Some(Outgoing::Frame { bytes, .. }) = outbox.take(Pipe::LINK) {
                let length = u32::try_from(bytes.len())?;
                buffer.extend_from_slice(&length.to_le_bytes());
                buffer.extend_from_slice(bytes);
            }
        }
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.ours.closed.set(true);
    }
}
