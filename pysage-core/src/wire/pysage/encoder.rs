//! From a value to bytes.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::super::EncodeReason;
use super::letters::{SHORT_BYTES, SHORT_TEXT, each_number, no_form, refuse_serialize};
use super::sequence::Sequence;

/// Writes the fields of a message, under a limit.
pub(super) struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    /// How long `out` may become.
    end: usize,
    limit_bytes: usize,
}

impl<'o> Encoder<'o> {
    #[inline]
    pub(super) fn new(out: &'o mut Vec<u8>, limit_bytes: usize) -> Encoder<'o> {
        let end = out.len().saturating_add(limit_bytes);
        Encoder { out, end, limit_bytes }
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Refusal> {
        self.check_room(N)?;
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    #[inline]
    fn put_after<const N: usize>(&mut self, length: [u8; N], bytes: &[u8]) -> Result<(), Refusal> {
        self.check_room(N + bytes.len())?;
        self.out.reserve(N + bytes.len());
        self.out.extend_from_slice(&length);
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Makes room for the items of a sequence, all of them of one size.
    #[cold]
    #[inline(never)]
    pub(super) fn room_for_items(
        &mut self,
        count: usize,
        size: usize,
    ) -> Result<&mut [u8], Refusal> {
        let bytes = count.saturating_mul(size);
        self.check_room(bytes)?;
        let from = self.out.len();
        self.out.resize(from + bytes, 0);
        Ok(&mut self.out[from..])
    }

    #[inline]
    fn check_room(&self, bytes: usize) -> Result<(), Refusal> {
        if bytes > self.end - self.out.len() {
            return Err(Refusal::too_long(self.limit_bytes));
        }
        Ok(())
    }
}

/// The length of a text or sequence as the original writes it.
#[inline]
fn length(length: usize) -> Result<[u8; 4], Refusal> {
    match i32::try_from(length) {
        Ok(length) => Ok(length.to_be_bytes()),
        Err(_) => Err(Refusal::no_form("a length of more than 2,147,483,647")),
    }
}

macro_rules! put_numbers {
    ($($method:ident $_de:ident $_visit:ident $number:ident $_letter:literal,)*) => {
        $(
            #[inline]
            fn $method(self, value: $number) -> Result<(), Refusal> {
                self.put(value.to_be_bytes())
            }
        )*
    };
}

impl<'e, 'o> Serializer for &'e mut Encoder<'o> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Sequence<'e, 'o>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), Refusal>;
    type SerializeMap = Impossible<(), Refusal>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Refusal>;

    each_number!(put_numbers);
    refuse_serialize!(everywhere Refusal::no_form);

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.put([u8::from(value)])
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Refusal> {
        self.serialize_bytes(text.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Refusal> {
        self.put_after(length(bytes.len())?, bytes)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Refusal> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Refusal> {
        Ok(())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        if name == SHORT_TEXT || name == SHORT_BYTES {
            return value.serialize(ShortEncoder(self));
        }
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, count: Option<usize>) -> Result<Sequence<'e, 'o>, Refusal> {
        let count = count.ok_or_else(|| Refusal::no_form("a sequence of unknown length"))?;
        self.put(length(count)?)?;
        Ok(Sequence::new(self, count))
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! fields {
    ($($compound:ident $method:ident;)*) => {
        $(
            impl ser::$compound for &mut Encoder<'_> {
                type Ok = ();
                type Error = Refusal;

                #[inline]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                    value.serialize(&mut **self)
                }

                #[inline]
                fn end(self) -> Result<(), Refusal> {
                    Ok(())
                }
            }
        )*
    };
}

fields! {
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
}

impl ser::SerializeStruct for &mut Encoder<'_> {
    type Ok = ();
    type Error = Refusal;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        value.serialize(&mut **self)
    }

    #[cold]
    fn skip_field(&mut self, _: &'static str) -> Result<(), Refusal> {
        Err(Refusal::no_form("a field that is skipped"))
    }

    #[inline]
    fn end(self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Writes what a [`ShortText`](super::ShortText) or [`ShortBytes`](super::ShortBytes) holds.
struct ShortEncoder<'e, 'o>(&'e mut Encoder<'o>);

const NOT_SHORT: &str = "a short text or short bytes of another type";

macro_rules! refuse_numbers {
    ($($method:ident $_de:ident $_visit:ident $number:ident $_letter:literal,)*) => {
        refuse_serialize! { Refusal::no_form; $($method($number) => NOT_SHORT;)* }
    };
}

impl Serializer for ShortEncoder<'_, '_> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Impossible<(), Refusal>;
    type SerializeTuple = Impossible<(), Refusal>;
    type SerializeTupleStruct = Impossible<(), Refusal>;
    type SerializeTupleVariant = Impossible<(), Refusal>;
    type SerializeMap = Impossible<(), Refusal>;
    type SerializeStruct = Impossible<(), Refusal>;
    type SerializeStructVariant = Impossible<(), Refusal>;

    each_number!(refuse_numbers);
    refuse_serialize!(everywhere Refusal::no_form);
    refuse_serialize!(compounds Refusal::no_form, NOT_SHORT);
    refuse_serialize! { Refusal::no_form;
        serialize_bool(bool) => NOT_SHORT;
        serialize_newtype_struct<T>(&'static str, &T) => NOT_SHORT;
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Refusal> {
        self.serialize_bytes(text.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Refusal> {
        match u8::try_from(bytes.len()) {
            Ok(length) => self.0.put_after([length], bytes),
            Err(_) => Err(Refusal::no_form("a short text of more than 255 bytes")),
        }
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Why a value cannot be encoded. Boxed, so that what nearly never happens costs the way through
/// serde one register.
#[derive(Debug)]
pub(super) struct Refusal(Box<EncodeReason>);

impl Refusal {
    #[cold]
    pub(super) fn no_form(what: &str) -> Refusal {
        Refusal(Box::new(EncodeReason::Unsupported(no_form(what))))
    }

    #[cold]
    fn too_long(limit_bytes: usize) -> Refusal {
        Refusal(Box::new(EncodeReason::TooLong { limit_bytes }))
    }

    #[cold]
    pub(super) fn into_reason(self) -> EncodeReason {
        *self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Refusal {
        Refusal(Box::new(EncodeReason::custom(reason)))
    }
}
