//! The message types that may arrive.

use std::any::TypeId;

use super::codec::Codec;
use super::error::{DecodeError, DecodeReason, EncodeError, EncodeReason};
use super::frame::{FrameHead, Purpose, Receiver};
use super::limits::WireLimits;
use super::message::WireMessage;
use super::protocol::wire_type_of;
use super::table::MessageTable;
use super::wire_type::{MessageInfo, WireType};
use crate::message::{AnyMessage, PacketType};

/// The message types that one end of a link knows, by packet type.
///
/// A manager has [one of its own](crate::ActorManager::register_message).
///
/// ```
/// use pysage_core::Message;
/// use pysage_core::wire::{Codec, Registry, WireLimits};
///
/// #[derive(Message)]
/// #[message(packet_type = 101)]
/// struct Bomb { damage: i32 }
///
/// let mut registry = Registry::new();
/// registry.register::<Bomb>()?;
/// let limits = WireLimits::default();
/// let mut frame = Vec::new();
/// registry.encode(&Bomb { damage: 10 }, Codec::Compact, &limits, &mut frame)?;
/// let message = registry.decode(Codec::Compact, &limits, &frame)?;
/// assert_eq!(message.downcast_ref::<Bomb>().map(|bomb| bomb.damage), Some(10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Registry {
    types: Vec<WireType>,
    /// The place in `types` of each packet type, one up; 0 where there is none.
    places: Vec<u16>,
}

/// Why a message type could not be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterMessageError {
    /// Another message type has the packet type.
    #[error(
        "packet type {packet_type} of message `{message}` ({type_path}) is taken by `{holder}` \
         ({holder_path}); give one of them another number"
    )]
    PacketTypeTaken {
        /// The packet type of both.
        packet_type: PacketType,
        /// The message that was to be registered.
        message: &'static str,
        /// The path of its type.
        type_path: &'static str,
        /// The message that has the packet type.
        holder: &'static str,
        /// The path of its type.
        holder_path: &'static str,
    },
    /// A transport of the manager cannot carry the message.
    #[error("message `{message}` cannot be carried by a transport of this manager: {reason}")]
    NotCarried {
        /// The message that was to be registered.
        message: &'static str,
        /// What the transport says.
        reason: String,
    },
}

impl Registry {
    /// A registry without message types.
    #[must_use]
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Registers a message type. To register one again changes nothing.
    ///
    /// # Errors
    /// [`RegisterMessageError::PacketTypeTaken`] names both types of one packet type.
    pub fn register<M: WireMessage>(&mut self) -> Result<(), RegisterMessageError> {
        self.add(wire_type_of::<M>()).map(|_| ())
    }

    /// Registers a type; says whether it is new.
    pub(crate) fn add(&mut self, wire_type: WireType) -> Result<bool, RegisterMessageError> {
        let info = &wire_type.info;
        let number = usize::from(info.packet_type.get());
        if let Some(holder) = self.find(info.packet_type) {
            if holder.type_id == wire_type.type_id {
                return Ok(false);
            }
            return Err(RegisterMessageError::PacketTypeTaken {
                packet_type: info.packet_type,
                message: info.name,
                type_path: info.type_path,
                holder: holder.info.name,
                holder_path: holder.info.type_path,
            });
        }
        if self.places.len() <= number {
            self.places.resize(number + 1, 0);
        }
        self.types.push(wire_type);
        self.places[number] =
            u16::try_from(self.types.len()).expect("there are fewer than 2^16 packet types");
        Ok(true)
    }

    /// Whether this very type is registered.
    #[inline]
    pub(crate) fn knows(&self, packet_type: PacketType, type_id: TypeId) -> bool {
        self.find(packet_type).is_some_and(|known| known.type_id == type_id)
    }

    #[inline]
    pub(crate) fn find(&self, packet_type: PacketType) -> Option<&WireType> {
        let place = *self.places.get(usize::from(packet_type.get()))?;
        self.types.get(usize::from(place).checked_sub(1)?)
    }

    /// What is registered, in the order of registration.
    pub fn messages(&self) -> impl Iterator<Item = &MessageInfo> {
        self.types.iter().map(|wire_type| &wire_type.info)
    }

    /// What two ends compare before they talk.
    #[must_use]
    pub fn table(&self) -> MessageTable {
        MessageTable::of(self.messages())
    }

    /// Writes a message for all subscribers, head and fields, behind what is in `out`.
    ///
    /// # Errors
    /// [`EncodeError`] if a limit is broken or the codec has no form for a value; `out` is then as
    /// it was.
    #[inline]
    pub fn encode<M: WireMessage>(
        &self,
        message: &M,
        codec: Codec,
        limits: &WireLimits,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let start = out.len();
        let packet_type = M::PACKET_TYPE.expect("a message with a wire form has a packet type");
        let (receiver, purpose) = (Receiver::Subscribers, Purpose::Message);
        let head = FrameHead { packet_type, receiver, sender: None, purpose };
        head.check(codec).map_err(|what| {
            let reason = EncodeReason::Unsupported(format!("the codec has no place for {what}"));
            EncodeError { message: M::NAME, reason }
        })?;
        head.write(codec, out);
        let encoded = codec.encode(message, limits, out);
        if encoded.is_err() {
            out.truncate(start);
        }
        encoded
    }

    /// Reads the message of a frame, whoever it is for.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that are not a message of a registered type.
    pub fn decode(
        &self,
        codec: Codec,
        limits: &WireLimits,
        frame: &[u8],
    ) -> Result<Box<dyn AnyMessage>, DecodeError> {
        let (head, fields) = FrameHead::read(codec, frame)?;
        match self.find(head.packet_type) {
            Some(wire_type) => wire_type
                .reading
                .decode(codec, limits, fields)
                .map_err(|error| error.behind(frame.len() - fields.len())),
            None => {
                let reason = DecodeReason::UnknownPacketType(head.packet_type.get());
                Err(DecodeError { message: None, at: Some(0), reason })
            }
        }
    }
}
