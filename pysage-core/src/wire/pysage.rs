//! The wire form of the original pysage in Python, for peers that still run it.
//!
//! A packet is one byte for the packet type and then the properties in their order: big endian,
//! without padding, length or version. What the original calls the types of a message follows
//! from the Rust types of its fields:
//!
//! | the original's type | here |
//! |---|---|
//! | `b` `B` `h` `H` `i` `I` `q` `Q` | `i8` `u8` `i16` `u16` `i32` `u32` `i64` `u64` |
//! | `f` `d` | `f32` `f64` |
//! | `?` | `bool`; any byte but 0 is read as true |
//! | `S` | `String`: an `i32` for the length, then the bytes |
//! | `p` | [`ShortText`] or [`ShortBytes`]: a `u8` for the length, then the bytes |
//! | `aX`, X being one letter of the above | `Vec<X>`: an `i32` for the count, then the items |
//! | `c`, `Ns` | `[u8; 1]`, `[u8; N]` |
//! | a tuple | a tuple, an array or a struct of one's own: its fields in their order |
//! | `()` | `()` |
//!
//! A struct around a single field is written as that field. `Vec<u8>` is `aB`, which has the same
//! bytes as `S`: it is the type for a string that need not be UTF-8. A `String` and a [`ShortText`]
//! have to be UTF-8, and a packet in which they are not is malformed.
//!
//! Nothing else has a form: no `Option`, enum, map, `char` or 128-bit number, and no sequence of
//! texts, sequences, tuples or arrays. [`schema`] tells of a type without having a value; the
//! encoder sees what items a sequence has only once it has some.

mod decoder;
mod encoder;
mod letters;
mod probe;
mod sequence;
mod short;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::Deserialize;

use super::error::EncodeError;
use super::fault::Fault;
use super::limits::WireLimits;
use super::message::AsSerde;
use super::writer::Writer;
use super::{EncodeReason, WireMessage};
use decoder::Decoder;
use encoder::Encoder;
use letters::no_form;
pub(crate) use probe::schema;
pub use short::{ShortBytes, ShortText, TooLongForShort};

/// Appends the wire form of `value`; after an error `out` is as long as it was.
#[inline(always)]
pub(super) fn encode<T: Serialize + ?Sized>(
    value: &T,
    limits: &WireLimits,
    out: &mut Vec<u8>,
) -> Result<(), Box<EncodeReason>> {
    let mut writer = Writer::new(out, limits.message_bytes);
    let written = value.serialize(Encoder::new(&mut writer));
    writer.finish(written)
}

/// Reads a value from all of `bytes`.
///
/// What is allocated is at most eight times as long as `bytes`, that is for a sequence of 64-bit
/// numbers whose count is a lie.
#[inline(always)]
pub(super) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Fault> {
    let mut decoder = Decoder::new(bytes);
    let decoded = T::deserialize(&mut decoder);
    decoder.finish(decoded)
}

/// Tells what the original pysage calls the types of a message, to be written into the `types` of
/// its Python class; a struct or tuple within a message stands in parentheses.
///
/// ```
/// use pysage_core::Message;
/// use pysage_core::wire::{ShortText, original_types};
///
/// #[derive(Message)]
/// #[message(packet_type = 103)]
/// struct Said { nick: ShortText, text: String, place: (i32, f64), seen_by: Vec<u16> }
///
/// assert_eq!(original_types::<Said>()?, ["p", "S", "(i, d)", "aH"]);
/// # Ok::<(), pysage_core::wire::EncodeError>(())
/// ```
///
/// # Errors
/// [`EncodeReason::Unsupported`] if the original has no form for a field, or no room for the
/// packet type: it has one byte for it.
pub fn original_types<M: WireMessage>() -> Result<Vec<String>, EncodeError> {
    let too_high = M::PACKET_TYPE.is_some_and(|number| number.get() > u8::MAX.into());
    let types = if too_high {
        Err(no_form("a packet type of more than 255"))
    } else {
        schema::<AsSerde<M>>()
    };
    let refused =
        |reason| EncodeError { message: M::NAME, reason: EncodeReason::Unsupported(reason) };
    types.map_err(refused)
}
