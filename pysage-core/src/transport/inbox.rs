//! What arrives.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::envelope::{Envelope, OwnedReceiver};
use super::{Encoding, LinkId};
use crate::actor::ActorId;
use crate::destination::There;
use crate::error::AskError;
use crate::manager::{DropReason, World, text_of};
use crate::message::{AnyMessage, Message, PacketType};
use crate::wire::{Arrival, DecodeError, DecodeReason, FrameHead, Purpose, Reading, Receiver};

/// Takes in what a transport has received: decodes it and queues it for this tick's dispatch.
///
/// It is bounded: once so many bytes wait as [`Transport::inbox_bytes`](super::Transport::inbox_bytes)
/// says, or the manager's queue is full, it takes no more until messages were handled. The
/// transport then keeps what it has, and reads no more than it can keep.
pub struct Inbox<'a> {
    world: &'a World,
    transport: u16,
    capacity: usize,
    /// The bytes of messages that came this way and are not done.
    waiting: &'a Cell<usize>,
    received: u64,
    /// How many of them were queued.
    queued: u64,
    /// Whether the frame that is being taken may have been handled before.
    again: bool,
}

/// Why an inbox did not take a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// There is no room now: offer it again in the next tick.
    #[error("the inbox is full until messages were handled")]
    Full,
    /// The bytes are no message that this manager knows. This was counted, and the dead-letter
    /// handler was told; the transport decides what it means for the link.
    #[error(transparent)]
    Malformed(DecodeError),
}

/// What the dead-letter handler sees in place of a message that could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, crate::Message)]
#[non_exhaustive]
pub struct UndecodedMessage {
    /// What was wrong with its bytes.
    pub error: DecodeError,
    /// How many bytes there were.
    pub bytes: usize,
}

impl<'a> Inbox<'a> {
    pub(crate) fn new(
        world: &'a World,
        transport: u16,
        capacity: usize,
        waiting: &'a Cell<usize>,
    ) -> Inbox<'a> {
        Inbox { world, transport, capacity, waiting, received: 0, queued: 0, again: false }
    }

    /// How many bytes it takes now. A message for which an empty inbox is too small is taken all
    /// the same.
    #[must_use]
    pub fn room_bytes(&self) -> usize {
        if self.world.room() == 0 {
            return 0;
        }
        match self.waiting.get() {
            0 => usize::MAX,
            waiting => self.capacity.saturating_sub(waiting),
        }
    }

    /// Takes a frame that arrived over a link.
    ///
    /// # Errors
    /// [`Rejected`] says whether to offer it again, or what was wrong with it.
    pub fn frame(
        &mut self,
        link: LinkId,
        encoding: &Encoding,
        frame: &[u8],
    ) -> Result<(), Rejected> {
        if self.room_bytes() < frame.len().max(1) {
            return Err(Rejected::Full);
        }
        match self.counted(link, 1, |inbox| inbox.take(link, encoding, frame)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.reject(*error, frame.len())),
        }
    }

    /// Takes a frame as [`frame`](Self::frame) does, whose message may have been handled before:
    /// the transport has taken it over from a manager that ended without saying so. Its handlers
    /// learn it from [`Context::redelivered`](crate::Context::redelivered).
    ///
    /// # Errors
    /// As [`frame`](Self::frame).
    pub fn frame_again(
        &mut self,
        link: LinkId,
        encoding: &Encoding,
        frame: &[u8],
    ) -> Result<(), Rejected> {
        self.again = true;
        let taken = self.frame(link, encoding, frame);
        self.again = false;
        taken
    }

    /// Whether a frame is a message that this manager knows, without taking it: for transports that
    /// keep nothing of who has said nothing yet.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong with it. It is not counted.
    pub fn check(&self, encoding: &Encoding, frame: &[u8]) -> Result<(), DecodeError> {
        self.world.decode(encoding, frame).map(drop)
    }

    /// Takes messages that were handed over as values.
    ///
    /// # Errors
    /// Gives them back if there is no room now, or those for which there is none.
    pub fn value(&mut self, link: LinkId, envelope: Envelope) -> Result<(), Envelope> {
        if self.room_bytes() < envelope.bytes() {
            return Err(envelope);
        }
        let (envelope, rest) = envelope.split(self.world.room());
        let messages = envelope.messages();
        self.counted(link, messages, |inbox| inbox.take_value(link, envelope));
        rest.map_or(Ok(()), Err)
    }

    /// Queues a message of the transport's own, such as that a peer has come.
    pub fn queue<M: Message>(&mut self, message: M) {
        self.world.close_origin();
        self.world.enqueue(None, message);
    }

    /// Takes note of a frame that the transport accepted and could not deliver: its message becomes
    /// a dead letter.
    pub fn undelivered(&mut self, encoding: &Encoding, frame: &[u8]) {
        self.world.close_origin();
        self.world.undelivered_frame(encoding, frame, DropReason::LinkGone);
    }

    /// Takes note of a frame that the transport transmitted over a link that is gone, whose other
    /// end did not say whether its message was handled: it becomes a dead letter, for the reason
    /// [`DropReason::FateUnknown`], and who waits for an answer to it is told.
    pub fn fate_unknown(&mut self, encoding: &Encoding, frame: &[u8]) {
        self.world.close_origin();
        self.world.undelivered_frame(encoding, frame, DropReason::FateUnknown);
    }

    /// Counts messages that the transport accepted, and that are gone without having been
    /// delivered, their values with them: there is nothing to show the dead-letter handler.
    pub fn undelivered_count(&mut self, messages: u64) {
        self.world.counters.dropped(DropReason::LinkGone, messages);
    }

    /// Takes note of a value that the transport accepted and could not deliver.
    pub fn undelivered_value(&mut self, envelope: &Envelope) {
        self.world.close_origin();
        self.world.undelivered_value(envelope);
    }

    /// How many of the messages taken since it was made wait to be handled. The others were done at
    /// once, such as answers: they overtake those that wait, which matters to a transport that
    /// counts what is [done](super::Transport::done).
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queued
    }

    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    #[cold]
    fn reject(&self, error: DecodeError, bytes: usize) -> Rejected {
        self.world.close_origin();
        self.world.undecoded(&error, bytes);
        Rejected::Malformed(error)
    }

    /// Counts what is taken; what is not queued is done at once.
    #[inline(always)]
    fn counted<T>(&mut self, link: LinkId, messages: u64, take: impl FnOnce(&mut Self) -> T) -> T {
        self.received += messages;
        let queued = self.queued;
        let taken = take(self);
        if self.queued == queued {
            self.world.note_done_at_once(self.from(link, None), messages);
        }
        taken
    }

    fn take_value(&mut self, link: LinkId, envelope: Envelope) {
        let from = self.from(link, envelope.head.sender);
        let receiver = match &envelope.head.receiver {
            OwnedReceiver::Subscribers => None,
            OwnedReceiver::Actor(actor) => Some(*actor),
            OwnedReceiver::Named(name) => match self.world.find(name) {
                Some(actor) => Some(actor),
                None => return envelope.body.refuse(self.world, from),
            },
        };
        match envelope.body.is_queued() {
            true => self.open(from, envelope.messages(), envelope.bytes()),
            false => self.world.close_origin(),
        }
        envelope.body.arrive(self.world, receiver, from);
    }

    #[inline(always)]
    fn take(
        &mut self,
        link: LinkId,
        encoding: &Encoding,
        frame: &[u8],
    ) -> Result<(), Box<DecodeError>> {
        let Encoding { codec, ref limits } = *encoding;
        if let Some((packet_type, fields)) = FrameHead::parse_plain(codec, frame) {
            return self.take_plain(link, encoding, packet_type, fields, frame.len());
        }
        let (head, fields) = FrameHead::parse(codec, frame)?;
        let known = self.world.wiring.registry.borrow().find(head.packet_type).map(|it| it.reading);
        let Some(reading) = known else { return Err(unknown(head.packet_type)) };
        let from = self.from(link, head.sender);
        let behind_head =
            |error: Box<DecodeError>| Box::new(error.behind(frame.len() - fields.len()));
        let receiver = match head.receiver {
            Receiver::Subscribers => None,
            Receiver::Actor(actor) => Some(actor),
            Receiver::Named(name) => match self.world.find(name) {
                Some(actor) => Some(actor),
                None => {
                    let refused = self.refuse(&reading, encoding, &head, fields, from);
                    return refused.map_err(behind_head);
                }
            },
        };
        let arrival = Arrival { world: self.world, codec, limits, receiver, fields };
        let taken = match head.purpose {
            Purpose::Message => {
                self.open(from, 1, frame.len());
                contained(reading.name, || (reading.arrive)(&arrival))
            }
            purpose => self.take_dialogue(purpose, &reading, &arrival, from, frame.len()),
        };
        taken.map_err(behind_head)
    }

    /// Takes what most frames are: a message from a manager for all who subscribe to it.
    #[inline(always)]
    fn take_plain(
        &mut self,
        link: LinkId,
        encoding: &Encoding,
        packet_type: PacketType,
        fields: &[u8],
        bytes: usize,
    ) -> Result<(), Box<DecodeError>> {
        let registry = self.world.wiring.registry.borrow();
        let known = registry.find(packet_type).map(|it| (it.reading.name, it.reading.arrive));
        drop(registry);
        let Some((name, arrive)) = known else { return Err(unknown(packet_type)) };
        let Encoding { codec, ref limits } = *encoding;
        self.open(self.from(link, None), 1, bytes);
        let arrival = Arrival { world: self.world, codec, limits, receiver: None, fields };
        let taken = contained(name, || arrive(&arrival));
        taken.map_err(|error| Box::new(error.behind(bytes - fields.len())))
    }

    /// Takes what is asked or answered, out of the way of plain messages.
    #[inline(never)]
    fn take_dialogue(
        &mut self,
        purpose: Purpose,
        reading: &Reading,
        arrival: &Arrival<'_>,
        from: There,
        bytes: usize,
    ) -> Result<(), Box<DecodeError>> {
        match purpose {
            Purpose::Message | Purpose::Request(_) => self.open(from, 1, bytes),
            Purpose::Answer(_) | Purpose::Refusal(_) => self.world.close_origin(),
        }
        contained(reading.name, || match purpose {
            Purpose::Message => (reading.arrive)(arrival),
            Purpose::Request(number) => reading.arrive_as_request(arrival, from, number),
            Purpose::Answer(number) => reading.arrive_as_answer(arrival, from, number),
            Purpose::Refusal(number) => {
                self.world.take_refusal(from, number, arrival.fields);
                Ok(())
            }
        })
    }

    /// A message for a name that nobody has.
    #[cold]
    fn refuse(
        &mut self,
        reading: &Reading,
        encoding: &Encoding,
        head: &FrameHead<'_>,
        fields: &[u8],
        from: There,
    ) -> Result<(), Box<DecodeError>> {
        let Encoding { codec, ref limits } = *encoding;
        let decode = || reading.decode(codec, limits, fields).map_err(Box::new);
        let message = contained(reading.name, decode)?;
        self.world.dead_letter(&*message, None, DropReason::NoSuchActor);
        if let Purpose::Request(number) = head.purpose {
            let packet_type = Some(head.packet_type);
            self.world.refuse_there(from, packet_type, number, AskError::NoSuchActor);
        }
        Ok(())
    }

    #[inline(always)]
    fn from(&self, link: LinkId, actor: Option<ActorId>) -> There {
        There { manager: self.world.number(), transport: self.transport, link, actor }
    }

    /// Counts messages that are to be queued, and says where they come from.
    #[inline(always)]
    fn open(&mut self, from: There, messages: u64, bytes: usize) {
        self.world.count_from(from, self.again, messages, bytes);
        self.queued += messages;
        self.waiting.set(self.waiting.get() + bytes);
    }
}

impl Drop for Inbox<'_> {
    fn drop(&mut self) {
        self.world.close_origin();
    }
}

impl World {
    /// Reads the message of a frame, whoever it is for. What the message does while it is read may
    /// reach for the manager, or panic.
    pub(crate) fn decode(
        &self,
        encoding: &Encoding,
        frame: &[u8],
    ) -> Result<Box<dyn AnyMessage>, DecodeError> {
        let Encoding { codec, ref limits } = *encoding;
        let (head, fields) = FrameHead::read(codec, frame)?;
        let known = self.wiring.registry.borrow().find(head.packet_type).map(|it| it.reading);
        let Some(reading) = known else { return Err(*unknown(head.packet_type)) };
        let decode = || reading.decode(codec, limits, fields).map_err(Box::new);
        contained(reading.name, decode).map_err(|error| error.behind(frame.len() - fields.len()))
    }
}

#[cold]
fn unknown(packet_type: PacketType) -> Box<DecodeError> {
    let reason = DecodeReason::UnknownPacketType(packet_type.get());
    Box::new(DecodeError { message: None, at: Some(0), reason })
}

/// A field's own `Deserialize` may panic: that is one more way to be malformed.
#[inline(always)]
fn contained<T>(
    message: &'static str,
    work: impl FnOnce() -> Result<T, Box<DecodeError>>,
) -> Result<T, Box<DecodeError>> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => Err(panicked(message, panic)),
    }
}

#[cold]
fn panicked(message: &'static str, panic: Box<dyn Any + Send>) -> Box<DecodeError> {
    let reason = DecodeReason::Other(format!("decoding panicked: {}", text_of(panic)));
    Box::new(DecodeError { message: Some(message), at: None, reason })
}
