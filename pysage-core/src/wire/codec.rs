//! How the fields of a message become bytes.

use super::EncodeReason;
use super::binary::{self, Fixed, Variable};
use super::bincode::{self, Numbers};
use super::error::{DecodeError, EncodeError};
use super::fault::Fault;
use super::limits::WireLimits;
use super::message::{AsSerde, WireMessage, Writing};

/// How the fields of messages are written; chosen for each link at run time.
///
/// ```
/// use pysage_core::Message;
/// use pysage_core::wire::{Codec, WireLimits};
///
/// #[derive(Message, Debug, PartialEq)]
/// #[message(packet_type = 101)]
/// struct Bomb { damage: i32 }
///
/// let (mut bytes, limits) = (Vec::new(), WireLimits::default());
/// Codec::Fixed.encode(&Bomb { damage: 10 }, &limits, &mut bytes)?;
/// assert_eq!(bytes, [10, 0, 0, 0]);
/// assert_eq!(Codec::Fixed.decode::<Bomb>(&bytes, &limits)?, Bomb { damage: 10 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Small numbers take few bytes: bincode with variable integers. For networks.
    #[default]
    Compact,
    /// Each number takes the bytes of its type, little-endian: bincode with fixed integers. Quicker
    /// and longer, for links within a machine.
    Fixed,
    /// The format of the original pysage in Python, big-endian. It has no options, enums, maps,
    /// nested sequences, receivers or requests, and packet types of 101 to 255 only.
    #[cfg(feature = "codec-pysage")]
    Pysage,
}

impl Codec {
    /// The number that stands for the codec when two ends compare theirs.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Codec::Compact => 1,
            Codec::Fixed => 2,
            #[cfg(feature = "codec-pysage")]
            Codec::Pysage => 3,
        }
    }

    /// Writes a message's fields behind what is in `out`, which stays as it was on an error. A
    /// buffer that is used again makes this cheap.
    ///
    /// # Errors
    /// [`EncodeError`] if a limit is broken or the codec has no form for a value.
    #[inline(always)]
    pub fn encode<M: WireMessage>(
        self,
        message: &M,
        limits: &WireLimits,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let fields = Writing(message);
        let written = match self {
            Codec::Compact if M::is_plain() => binary::encode::<Variable>(&fields, limits, out),
            Codec::Fixed if M::is_plain() => binary::encode::<Fixed>(&fields, limits, out),
            _ => self.write(&fields, limits, out),
        };
        written.map_err(|reason| EncodeError { message: M::NAME, reason: *reason })
    }

    /// Reads a message's fields, which take up all bytes.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that are not such a message, or break a limit.
    #[inline(always)]
    pub fn decode<M: WireMessage>(
        self,
        bytes: &[u8],
        limits: &WireLimits,
    ) -> Result<M, DecodeError> {
        match self.read_message(bytes, limits) {
            Ok(message) => Ok(message),
            Err(fault) => Err(fault.into_error(M::NAME, bytes)),
        }
    }

    /// Writes any value behind what is in `out`, which stays as it was on an error.
    #[inline(always)]
    pub(super) fn write<T: serde::Serialize>(
        self,
        value: &T,
        limits: &WireLimits,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<EncodeReason>> {
        match self {
            Codec::Compact => bincode::encode(value, Numbers::Variable, limits, out),
            Codec::Fixed => bincode::encode(value, Numbers::Fixed, limits, out),
            #[cfg(feature = "codec-pysage")]
            Codec::Pysage => super::pysage::encode(value, limits, out),
        }
    }

    /// Reads a message's fields, which take up all bytes.
    #[inline(always)]
    pub(super) fn read_message<M: WireMessage>(
        self,
        bytes: &[u8],
        limits: &WireLimits,
    ) -> Result<M, Fault> {
        if bytes.len() > limits.message_bytes {
            return Err(Fault::too_long(limits.message_bytes));
        }
        let read = match self {
            Codec::Compact if M::is_plain() => binary::decode::<Variable, _>(bytes, limits),
            Codec::Fixed if M::is_plain() => binary::decode::<Fixed, _>(bytes, limits),
            _ => self.read(bytes, limits),
        };
        match read {
            Ok(AsSerde(message)) => Ok(message),
            Err(fault) => Err(fault),
        }
    }

    /// Reads any value, which takes up all bytes.
    #[inline(always)]
    pub(super) fn read<'de, T: serde::Deserialize<'de>>(
        self,
        bytes: &'de [u8],
        limits: &WireLimits,
    ) -> Result<T, Fault> {
        if bytes.len() > limits.message_bytes {
            return Err(Fault::too_long(limits.message_bytes));
        }
        match self {
            Codec::Compact => bincode::decode(bytes, Numbers::Variable, limits),
            Codec::Fixed => bincode::decode(bytes, Numbers::Fixed, limits),
            #[cfg(feature = "codec-pysage")]
            Codec::Pysage => super::pysage::decode(bytes),
        }
    }
}
