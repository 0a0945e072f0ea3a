//! A message with its receiver, as it goes over a link.

use super::codec::Codec;
use super::error::{DecodeError, DecodeReason};
use crate::actor::ActorId;
use crate::message::PacketType;

/// What comes before the fields of a message: its type, who gets it, and who asks.
///
/// A frame does not say how long it is: the link that carries it knows.
///
/// ```
/// use pysage_core::PacketType;
/// use pysage_core::wire::{Codec, FrameHead, Purpose, Receiver};
///
/// let head = FrameHead {
///     packet_type: PacketType::FIRST,
///     receiver: Receiver::Named("player1"),
///     sender: None,
///     purpose: Purpose::Message,
/// };
/// let mut frame = Vec::new();
/// head.write(Codec::Compact, &mut frame);
/// frame.extend_from_slice(b"fields");
/// assert_eq!(FrameHead::read(Codec::Compact, &frame)?, (head, &b"fields"[..]));
/// # Ok::<(), pysage_core::wire::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead<'a> {
    /// Which type the message is of.
    pub packet_type: PacketType,
    /// Who gets it.
    pub receiver: Receiver<'a>,
    /// The actor that sent it, where one did.
    pub sender: Option<ActorId>,
    /// Whether it asks, answers, or neither.
    pub purpose: Purpose,
}

/// Who gets a message at the other end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver<'a> {
    /// All who subscribe to it.
    Subscribers,
    /// One actor, by its id there.
    Actor(ActorId),
    /// One actor, by its name there.
    Named(&'a str),
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A message.
    Message,
    /// A message that is to be answered under this number.
    Request(u64),
    /// The answer to the request of this number, which was of the frame's packet type.
    Answer(u64),
    /// Says that the request of this number is not answered, and why in a byte.
    Refusal(u64),
}

impl FrameHead<'_> {
    /// Whether the codec has a place for all of it; says for what not.
    pub(crate) fn check(&self, codec: Codec) -> Result<(), &'static str> {
        #[cfg(feature = "codec-pysage")]
        if codec == Codec::Pysage {
            return match (self.receiver, self.purpose) {
                _ if self.packet_type.get() > u16::from(u8::MAX) => Err("packet types above 255"),
                (Receiver::Subscribers, Purpose::Message) => Ok(()),
                (_, Purpose::Message) => Err("the receiver of a message"),
                _ => Err("requests"),
            };
        }
        let _ = codec;
        Ok(())
    }

    /// The most bytes of a receiver's name.
    pub const NAME_BYTES: usize = u8::MAX as usize;

    const RECEIVER: u8 = 0b0000_0011;
    const SENDER: u8 = 0b0000_0100;
    const PURPOSE: u8 = 0b0001_1000;

    /// Writes the head behind what is in `out`; the fields of the message come behind it. The
    /// codec of the original writes the packet type alone.
    ///
    /// # Panics
    /// If a name has more than [`NAME_BYTES`](Self::NAME_BYTES), and with the codec of the original
    /// if the packet type is above 255.
    #[inline]
    pub fn write(&self, codec: Codec, out: &mut Vec<u8>) {
        #[cfg(feature = "codec-pysage")]
        if codec == Codec::Pysage {
            let number = u8::try_from(self.packet_type.get());
            out.push(number.expect("packet types are checked before"));
            return;
        }
        let _ = codec;
        let receiver = match self.receiver {
            Receiver::Subscribers => 0,
            Receiver::Actor(_) => 1,
            Receiver::Named(_) => 2,
        };
        let (purpose, number) = match self.purpose {
            Purpose::Message => (0, None),
            Purpose::Request(number) => (1, Some(number)),
            Purpose::Answer(number) => (2, Some(number)),
            Purpose::Refusal(number) => (3, Some(number)),
        };
        let [low, high] = self.packet_type.get().to_le_bytes();
        let sender = if self.sender.is_some() { FrameHead::SENDER } else { 0 };
        out.extend_from_slice(&[receiver | sender | purpose << 3, low, high]);
        match self.receiver {
            Receiver::Subscribers => {}
            Receiver::Actor(actor) => out.extend_from_slice(&actor.to_bits().to_le_bytes()),
            Receiver::Named(name) => {
                let length = u8::try_from(name.len()).expect("names are checked before");
                out.push(length);
                out.extend_from_slice(name.as_bytes());
            }
        }
        if let Some(sender) = self.sender {
            out.extend_from_slice(&sender.to_bits().to_le_bytes());
        }
        if let Some(number) = number {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Reads the head of a frame; returns it with the fields of the message.
    ///
    /// # Errors
    /// [`DecodeError`] with the place of the mistake.
    pub fn read(codec: Codec, frame: &[u8]) -> Result<(FrameHead<'_>, &[u8]), DecodeError> {
        FrameHead::parse(codec, frame).map_err(|error| *error)
    }

    /// The packet type and the fields, if the head says no more than that: most do not.
    #[inline(always)]
    pub(crate) fn parse_plain(codec: Codec, frame: &[u8]) -> Option<(PacketType, &[u8])> {
        #[cfg(feature = "codec-pysage")]
        if codec == Codec::Pysage {
            return None;
        }
        let _ = codec;
        let [0, low, high, fields @ ..] = frame else { return None };
        Some((PacketType::new(u16::from_le_bytes([*low, *high]))?, fields))
    }

    /// Reads the head in registers: an error is boxed, and nothing is called.
    #[inline(always)]
    pub(crate) fn parse(
        codec: Codec,
        frame: &[u8],
    ) -> Result<(FrameHead<'_>, &[u8]), Box<DecodeError>> {
        let mut bytes = Bytes { all: frame, at: 0 };
        #[cfg(feature = "codec-pysage")]
        if codec == Codec::Pysage {
            let [number] = bytes.take()?;
            let packet_type = bytes.packet_type(u16::from(number), 0)?;
            let (receiver, purpose) = (Receiver::Subscribers, Purpose::Message);
            let head = FrameHead { packet_type, receiver, sender: None, purpose };
            return Ok((head, bytes.rest()));
        }
        let _ = codec;
        let [flags] = bytes.take()?;
        if flags & !(FrameHead::RECEIVER | FrameHead::SENDER | FrameHead::PURPOSE) != 0 {
            return Err(bytes.error(0, "the frame has flags that are not known"));
        }
        let number = u16::from_le_bytes(bytes.take()?);
        let packet_type = bytes.packet_type(number, 1)?;
        let receiver = match flags & FrameHead::RECEIVER {
            0 => Receiver::Subscribers,
            1 => Receiver::Actor(bytes.actor()?),
            2 => Receiver::Named(bytes.name()?),
            _ => return Err(bytes.error(0, "the frame's kind of receiver is not known")),
        };
        let sender = if flags & FrameHead::SENDER == 0 { None } else { Some(bytes.actor()?) };
        let purpose = match (flags & FrameHead::PURPOSE) >> 3 {
            0 => Purpose::Message,
            1 => Purpose::Request(u64::from_le_bytes(bytes.take()?)),
            2 => Purpose::Answer(u64::from_le_bytes(bytes.take()?)),
            _ => Purpose::Refusal(u64::from_le_bytes(bytes.take()?)),
        };
        Ok((FrameHead { packet_type, receiver, sender, purpose }, bytes.rest()))
    }
}

struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Box<DecodeError>> {
        match self.rest().first_chunk() {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => Err(self.fail(self.all.len(), DecodeReason::UnexpectedEnd)),
        }
    }

    #[inline(always)]
    fn packet_type(&self, number: u16, at: usize) -> Result<PacketType, Box<DecodeError>> {
        let reserved = || self.fail(at, DecodeReason::UnknownPacketType(number));
        PacketType::new(number).ok_or_else(reserved)
    }

    #[inline(always)]
    fn actor(&mut self) -> Result<ActorId, Box<DecodeError>> {
        let at = self.at;
        let bits = u64::from_le_bytes(self.take()?);
        ActorId::from_bits(bits).ok_or_else(|| self.error(at, "the id is of no actor"))
    }

    fn name(&mut self) -> Result<&'a str, Box<DecodeError>> {
        let [length] = self.take()?;
        let Some(name) = self.rest().get(..usize::from(length)) else {
            return Err(self.fail(self.all.len(), DecodeReason::UnexpectedEnd));
        };
        let name = str::from_utf8(name);
        let name =
            name.map_err(|error| self.fail(self.at + error.valid_up_to(), DecodeReason::NotUtf8))?;
        self.at += name.len();
        Ok(name)
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        &self.all[self.at..]
    }

    #[cold]
    fn error(&self, at: usize, reason: &str) -> Box<DecodeError> {
        self.fail(at, DecodeReason::Other(reason.to_owned()))
    }

    #[cold]
    fn fail(&self, at: usize, reason: DecodeReason) -> Box<DecodeError> {
        Box::new(DecodeError { message: None, at: Some(at), reason })
    }
}
