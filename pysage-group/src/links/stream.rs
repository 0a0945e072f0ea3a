//! A link over a stream of bytes.

use std::rc::Rc;

use pysage_core::SendError;
use pysage_core::transport::{Encoding, Inbox, LinkId, Rejected};
use pysage_core::wire::{Codec, FrameHead, Purpose, Receiver, WireLimits};

use super::order::DoneOrder;
use crate::control::Terms;
use crate::link::{Fate, Malformed, Receiving, Record, Sending};
use crate::socket::{Progress, Stream};

/// A link over a stream, which may not be there yet.
pub(crate) struct StreamLink {
    stream: Option<Rc<Stream>>,
    /// How messages are written that come.
    encoding: Encoding,
    sending: Sending,
    receiving: Receiving,
    order: DoneOrder,
    /// The other end said that no messages come from it any more.
    closed: bool,
    /// Nothing more can be read.
    read_all: bool,
    /// Nothing more can be written.
    unwritable: bool,
    /// What was wrong with what came.
    malformed: Option<String>,
}

/// What became of the messages that a link had, once it is gone.
pub(crate) struct Remains {
    pub(crate) fates: Vec<Fate>,
}

/// How messages are written to a group that takes them on these terms: they stay on the machine.
pub(crate) fn encoding(terms: &Terms) -> Encoding {
    let bytes = usize::try_from(terms.message_bytes).unwrap_or(usize::MAX);
    Encoding { codec: Codec::Fixed, limits: WireLimits::default().message_bytes(bytes) }
}

/// How messages of any length are written.
pub(crate) fn longest() -> Encoding {
    let limits = WireLimits::default().message_bytes(WireLimits::MOST_MESSAGE_BYTES);
    Encoding { codec: Codec::Fixed, limits }
}

/// Beside the fields, the most bytes of a frame: a head with a name, a sender and a number.
const HEAD_BYTES: usize = 3 + 1 + 255 + 8 + 8;

/// How much is read at a time.
const READ_BYTES: usize = 256 << 10;

impl StreamLink {
    /// A link to a group that takes messages on the terms of `there`, for one with those of `here`.
    pub(crate) fn new(stream: Option<Stream>, here: &Terms, there: &Terms) -> StreamLink {
        let bound_bytes = usize::try_from(there.queue_bytes).unwrap_or(usize::MAX);
        let message_bytes = usize::try_from(here.message_bytes).unwrap_or(usize::MAX);
        StreamLink {
            stream: stream.map(Rc::new),
            encoding: encoding(here),
            sending: Sending::new(bound_bytes),
            receiving: Receiving::new(message_bytes.saturating_add(HEAD_BYTES)),
            order: DoneOrder::default(),
            closed: false,
            read_all: false,
            unwritable: false,
            malformed: None,
        }
    }

    pub(crate) fn connect(&mut self, stream: Stream) {
        self.stream = Some(Rc::new(stream));
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    pub(crate) fn room_bytes(&self) -> usize {
        if self.sending_ended() { 0 } else { self.sending.room_bytes() }
    }

    /// Takes a frame behind those that wait to be written.
    pub(crate) fn accept(
        &mut self,
        write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let room_bytes = self.room_bytes();
        self.sending.push_with(write, |bytes| match bytes <= room_bytes {
            true => Ok(()),
            false => Err(SendError::Full { bytes, room_bytes }),
        })
    }

    /// Puts a message in front that another instance of the other end did not handle.
    pub(crate) fn push_again(&mut self, frame: &[u8], again: bool) {
        self.sending.push(frame, again);
    }

    /// Ends it on this side, behind what waits to be written.
    pub(crate) fn close(&mut self) {
        self.sending.close();
    }

    /// Takes note of messages that came over it and are done.
    pub(crate) fn add_done(&mut self, messages: u64) {
        self.order.add_done(messages);
    }

    /// Reads what there is, as far as there is room for it.
    pub(crate) fn read(&mut self) {
        while self.receiving.wants_more() && self.read_once() {}
    }

    /// Reads once, if there is room for more; whether there may be more. What was read is best
    /// handed over before the next time, while it is in the processor's cache.
    pub(crate) fn read_once(&mut self) -> bool {
        let Some(stream) = &self.stream else { return false };
        if self.read_all || !self.receiving.wants_more() {
            return !self.read_all;
        }
        let space = self.receiving.space(READ_BYTES);
        let room = space.len();
        match stream.read(space) {
            Ok(Progress::Bytes(bytes)) => {
                self.receiving.filled(bytes);
                bytes == room
            }
            Ok(Progress::Later) => false,
            Ok(Progress::Ended) | Err(_) => {
                self.read_all = true;
                false
            }
        }
    }

    /// Writes what waits, as far as it is taken.
    pub(crate) fn write(&mut self) {
        let Some(stream) = &self.stream else { return };
        let done = self.order.done();
        self.sending.handled(done);
        while self.sending.pending() > 0 && !self.unwritable {
            let written = stream.write_vectored(&self.sending.offer());
            match written {
                Ok(Progress::Bytes(bytes)) => self.sending.wrote(bytes),
                Ok(Progress::Later) => return,
                Ok(Progress::Ended) | Err(_) => self.unwritable = true,
            }
        }
    }

    /// Hands over what has come, as far as the inbox takes it.
    pub(crate) fn deliver(&mut self, id: LinkId, inbox: &mut Inbox<'_>) {
        if self.malformed.is_some() {
            return;
        }
        if let Err(malformed) = self.try_deliver(id, inbox) {
            self.malformed = Some(malformed.to_string());
        }
    }

    fn try_deliver(&mut self, id: LinkId, inbox: &mut Inbox<'_>) -> Result<(), Malformed> {
        let encoding = self.encoding;
        while let Some(record) = self.receiving.next()? {
            match record {
                Record::Frame { bytes, again } => {
                    let queued = inbox.queued();
                    let taken = match again {
                        false => inbox.frame(id, &encoding, bytes),
                        true => inbox.frame_again(id, &encoding, bytes),
                    };
                    if let Err(Rejected::Full) = taken {
                        return Ok(());
                    }
                    self.order.arrived(inbox.queued() > queued);
                }
                Record::Handled(total) => self.sending.acknowledged(total)?,
                Record::Closing => self.closed = true,
            }
            self.receiving.advance();
        }
        Ok(())
    }

    /// Whether nothing can be sent over it any more. Who has closed it may still read: one that
    /// removes this group does, for what it is answered.
    fn sending_ended(&self) -> bool {
        self.unwritable || self.malformed.is_some()
    }

    /// Whether it is over: nothing can be read any more, and all that came was handed over.
    pub(crate) fn is_over(&self) -> bool {
        self.malformed.is_some()
            || self.read_all && matches!(self.receiving.next(), Ok(None) | Err(_))
    }

    /// Whether something came that was not handed over yet.
    pub(crate) fn has_undelivered(&self) -> bool {
        self.malformed.is_none() && matches!(self.receiving.next(), Ok(Some(_)) | Err(_))
    }

    /// Whether all that the other end sent, and it has said that this was all, is done.
    pub(crate) fn is_finished(&self) -> bool {
        (self.closed || self.read_all) && !self.has_undelivered() && self.order.is_done()
    }

    /// How many bytes wait to be written.
    pub(crate) fn pending_bytes(&self) -> usize {
        if self.unwritable || !self.is_connected() { 0 } else { self.sending.pending() }
    }

    pub(crate) fn malformed(&self) -> Option<&str> {
        self.malformed.as_deref()
    }

    /// Has as much read as the other end writes before it ends, within the bound for messages that
    /// wait.
    pub(crate) fn drain(&mut self, bound_bytes: usize) {
        self.receiving.set_bound(bound_bytes);
    }

    /// What to wait for: whether to read, and whether to write.
    pub(crate) fn interest(&self) -> Option<(Rc<Stream>, bool, bool)> {
        let stream = self.stream.clone()?;
        let reads = !self.read_all && self.receiving.wants_more();
        let writes = !self.unwritable && self.sending.pending() > 0;
        (reads || writes).then_some((stream, reads, writes))
    }

    /// What became of the messages that it had.
    pub(crate) fn remains(self) -> Remains {
        Remains { fates: self.sending.into_fates(self.closed).collect() }
    }
}

/// Whether a message can go to another instance of a group: not what is for one actor there by its
/// id, and not what asks or answers.
pub(crate) fn can_go_to_successor(frame: &[u8]) -> bool {
    let Ok((head, _)) = FrameHead::read(Codec::Fixed, frame) else { return false };
    let receiver: Receiver<'_> = head.receiver;
    head.purpose == Purpose::Message && !matches!(receiver, Receiver::Actor(_))
}
