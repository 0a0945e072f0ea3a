//! Texts and byte strings whose length fits a byte: the original's type `p`.

use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::letters::{SHORT_BYTES, SHORT_TEXT};

/// A text of at most 255 bytes, which the original pysage calls type `p`.
///
/// For peers that run the original it is written with one byte for its length, where a `String`
/// takes four. Any other wire form writes it as it writes a `String`.
///
/// ```
/// use pysage_core::wire::ShortText;
///
/// let nick = ShortText::try_from("bob")?;
/// assert_eq!(&*nick, "bob");
/// assert!(ShortText::try_from("b".repeat(256)).is_err());
/// # Ok::<(), pysage_core::wire::TooLongForShort>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortText(String);

/// At most 255 bytes, which the original pysage calls type `p`: a [`ShortText`] that need not be
/// UTF-8.
///
/// Any other wire form writes it as a byte string.
///
/// ```
/// use pysage_core::wire::ShortBytes;
///
/// let key = ShortBytes::try_from(vec![0xff; 255])?;
/// assert_eq!(key.len(), 255);
/// assert!(ShortBytes::try_from(vec![0xff; 256]).is_err());
/// # Ok::<(), pysage_core::wire::TooLongForShort>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortBytes(Vec<u8>);

/// A text or byte string is too long for [`ShortText`] or [`ShortBytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{length_bytes} bytes are too long for a short text, which has at most 255; use a `String` \
    or a `Vec<u8>`"
)]
#[non_exhaustive]
pub struct TooLongForShort {
    /// How long it is.
    pub length_bytes: usize,
}

macro_rules! short {
    ($short:ident, $long:ty, $slice:ty) => {
        impl $short {
            /// The longest it can be, in bytes.
            pub const MAX_BYTES: usize = u8::MAX as usize;
        }

        impl TryFrom<$long> for $short {
            type Error = TooLongForShort;

            fn try_from(long: $long) -> Result<$short, TooLongForShort> {
                check(long.len()).map(|()| $short(long))
            }
        }

        impl TryFrom<&$slice> for $short {
            type Error = TooLongForShort;

            fn try_from(slice: &$slice) -> Result<$short, TooLongForShort> {
                check(slice.len()).map(|()| $short(slice.to_owned()))
            }
        }

        impl From<$short> for $long {
            fn from(short: $short) -> $long {
                short.0
            }
        }

        impl Deref for $short {
            type Target = $slice;

            fn deref(&self) -> &$slice {
                &self.0
            }
        }

        impl AsRef<$slice> for $short {
            fn as_ref(&self) -> &$slice {
                self
            }
        }
    };
}

short!(ShortText, String, str);
short!(ShortBytes, Vec<u8>, [u8]);

#[inline]
fn check(length_bytes: usize) -> Result<(), TooLongForShort> {
    if length_bytes > ShortText::MAX_BYTES {
        return Err(TooLongForShort { length_bytes });
    }
    Ok(())
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ShortText {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(SHORT_TEXT, &self.0)
    }
}

impl Serialize for ShortBytes {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(SHORT_BYTES, &ByteString(&self.0))
    }
}

impl<'de> Deserialize<'de> for ShortText {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ShortText, D::Error> {
        deserializer.deserialize_newtype_struct(SHORT_TEXT, ShortTextVisitor)
    }
}

impl<'de> Deserialize<'de> for ShortBytes {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ShortBytes, D::Error> {
        deserializer.deserialize_newtype_struct(SHORT_BYTES, ShortBytesVisitor)
    }
}

/// Bytes that are written as a byte string, where serde would write a sequence.
struct ByteString<'b>(&'b [u8]);

impl Serialize for ByteString<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct ShortTextVisitor;

impl<'de> Visitor<'de> for ShortTextVisitor {
    type Value = ShortText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text of at most 255 bytes")
    }

    #[inline]
    fn visit_str<E: de::Error>(self, text: &str) -> Result<ShortText, E> {
        ShortText::try_from(text).map_err(E::custom)
    }

    #[inline]
    fn visit_string<E: de::Error>(self, text: String) -> Result<ShortText, E> {
        ShortText::try_from(text).map_err(E::custom)
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<ShortText, D::Error> {
        inner.deserialize_string(self)
    }
}

struct ShortBytesVisitor;

impl<'de> Visitor<'de> for ShortBytesVisitor {
    type Value = ShortBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("at most 255 bytes")
    }

    #[inline]
    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<ShortBytes, E> {
        ShortBytes::try_from(bytes).map_err(E::custom)
    }

    #[inline]
    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<ShortBytes, E> {
        ShortBytes::try_from(bytes).map_err(E::custom)
    }

    /// Formats without byte strings, such as JSON, write them as sequences.
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<ShortBytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            check(bytes.len() + 1).map_err(de::Error::custom)?;
            bytes.push(byte);
        }
        Ok(ShortBytes(bytes))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<ShortBytes, D::Error> {
        inner.deserialize_byte_buf(self)
    }
}
