//! From a value to bytes.

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::super::EncodeReason;
use super::super::fault::Refusal;
use super::super::writer::Writer;
use super::letters::{SHORT_BYTES, SHORT_TEXT, each_number, no_form, refuse_serialize};
use super::sequence::Sequence;

/// Writes the fields of a message.
pub(super) struct Encoder<'w, 'o> {
    pub(super) writer: &'w mut Writer<'o>,
}

impl<'w, 'o> Encoder<'w, 'o> {
    #[inline(always)]
    pub(super) fn new(writer: &'w mut Writer<'o>) -> Encoder<'w, 'o> {
        Encoder { writer }
    }

    #[inline(always)]
    fn again(&mut self) -> Encoder<'_, 'o> {
        Encoder { writer: self.writer }
    }
}

/// Why a value is refused that has no form.
#[cold]
#[inline(never)]
pub(super) fn refusal(what: &str) -> Refusal {
    Refusal::new(EncodeReason::Unsupported(no_form(what)))
}

/// The length of a text or sequence as the original writes it.
#[inline(always)]
fn length(length: usize) -> Result<[u8; 4], Refusal> {
    match i32::try_from(length) {
        Ok(length) => Ok(length.to_be_bytes()),
        Err(_) => Err(refusal("a length of more than 2,147,483,647")),
    }
}

macro_rules! put_numbers {
    ($($method:ident $_de:ident $_visit:ident $number:ident $_letter:literal,)*) => {
        $(
            #[inline(always)]
            fn $method(self, value: $number) -> Result<(), Refusal> {
                self.writer.put(value.to_be_bytes())
            }
        )*
    };
}

impl<'w, 'o> Serializer for Encoder<'w, 'o> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Sequence<'w, 'o>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), Refusal>;
    type SerializeMap = Impossible<(), Refusal>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Refusal>;

    each_number!(put_numbers);
    refuse_serialize!(everywhere refusal);

    #[inline(always)]
    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.writer.put([u8::from(value)])
    }

    #[inline(always)]
    fn serialize_str(self, text: &str) -> Result<(), Refusal> {
        self.serialize_bytes(text.as_bytes())
    }

    #[inline(always)]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Refusal> {
        self.writer.put_after(length(bytes.len())?, bytes)
    }

    #[inline(always)]
    fn serialize_unit(self) -> Result<(), Refusal> {
        Ok(())
    }

    #[inline(always)]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Refusal> {
        Ok(())
    }

    #[inline(always)]
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

    #[inline(always)]
    fn serialize_seq(self, count: Option<usize>) -> Result<Sequence<'w, 'o>, Refusal> {
        let count = count.ok_or_else(|| refusal("a sequence of unknown length"))?;
        self.writer.put(length(count)?)?;
        Ok(Sequence::new(self.writer, count))
    }

    #[inline(always)]
    fn serialize_tuple(self, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! fields {
    ($($compound:ident $method:ident;)*) => {
        $(
            impl ser::$compound for Encoder<'_, '_> {
                type Ok = ();
                type Error = Refusal;

                #[inline(always)]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                    value.serialize(self.again())
                }

                #[inline(always)]
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

impl ser::SerializeStruct for Encoder<'_, '_> {
    type Ok = ();
    type Error = Refusal;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        value.serialize(self.again())
    }

    #[cold]
    fn skip_field(&mut self, _: &'static str) -> Result<(), Refusal> {
        Err(refusal("a field that is skipped"))
    }

    #[inline(always)]
    fn end(self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Writes what a [`ShortText`](super::ShortText) or [`ShortBytes`](super::ShortBytes) holds.
struct ShortEncoder<'w, 'o>(Encoder<'w, 'o>);

const NOT_SHORT: &str = "a short text or short bytes of another type";

macro_rules! refuse_numbers {
    ($($method:ident $_de:ident $_visit:ident $number:ident $_letter:literal,)*) => {
        refuse_serialize! { refusal; $($method($number) => NOT_SHORT;)* }
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
    refuse_serialize!(everywhere refusal);
    refuse_serialize!(compounds refusal, NOT_SHORT);
    refuse_serialize! { refusal;
        serialize_bool(bool) => NOT_SHORT;
        serialize_newtype_struct<T>(&'static str, &T) => NOT_SHORT;
    }

    #[inline(always)]
    fn serialize_str(self, text: &str) -> Result<(), Refusal> {
        self.serialize_bytes(text.as_bytes())
    }

    #[inline(always)]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Refusal> {
        match u8::try_from(bytes.len()) {
            Ok(length) => self.0.writer.put_after([length], bytes),
            Err(_) => Err(refusal("a short text of more than 255 bytes")),
        }
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}
