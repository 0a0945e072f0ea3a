//! From bytes to a value.

use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::super::DecodeReason;
use super::super::fault::Fault;
use super::letters::{ITEM, SHORT_BYTES, SHORT_TEXT, each_number, no_form, refuse_deserialize};
use super::probe::MAX_DEPTH;

/// Reads the fields of a message.
pub(super) struct Decoder<'de> {
    rest: &'de [u8],
    /// How many levels there may be below the value that is read: a type that holds itself would
    /// take one for each byte, or for none.
    levels: usize,
}

impl<'de> Decoder<'de> {
    #[inline(always)]
    pub(super) fn new(bytes: &'de [u8]) -> Decoder<'de> {
        Decoder { rest: bytes, levels: MAX_DEPTH }
    }

    /// Ends the reading of a value: nothing may be left over, and an error has a place.
    #[inline(always)]
    pub(super) fn finish<T>(&self, decoded: Result<T, Fault>) -> Result<T, Fault> {
        match decoded {
            Ok(_) if !self.rest.is_empty() => {
                Err(Fault::new(self.rest, DecodeReason::TrailingBytes(self.rest.len())))
            }
            Ok(value) => Ok(value),
            Err(fault) => Err(fault.or_at(self.rest)),
        }
    }

    /// A length, of which each unit takes one byte at least, and the bytes from there on.
    #[inline(always)]
    fn length(&mut self) -> Result<usize, Fault> {
        let from = self.rest;
        let length = i32::from_be_bytes(take(&mut self.rest)?);
        match usize::try_from(length) {
            Ok(length) if length <= self.rest.len() => Ok(length),
            Ok(_) => Err(Fault::new(from, DecodeReason::UnexpectedEnd)),
            Err(_) => Err(Fault::new(from, DecodeReason::NegativeLength(length.into()))),
        }
    }

    #[inline(always)]
    fn bytes(&mut self) -> Result<&'de [u8], Fault> {
        let length = self.length()?;
        self.split(length)
    }

    #[inline(always)]
    fn short(&mut self) -> Result<&'de [u8], Fault> {
        let from = self.rest;
        let [length] = take(&mut self.rest)?;
        self.split(length.into()).map_err(|_| Fault::new(from, DecodeReason::UnexpectedEnd))
    }

    #[inline(always)]
    fn split(&mut self, length: usize) -> Result<&'de [u8], Fault> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(Fault::new(self.rest, DecodeReason::UnexpectedEnd));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// Checks a text that ends where the rest begins.
    #[inline(always)]
    fn text(&self, bytes: &'de [u8]) -> Result<&'de str, Fault> {
        std::str::from_utf8(bytes).map_err(|wrong| {
            let behind = bytes.len() - wrong.valid_up_to() + self.rest.len();
            Fault::before(behind, DecodeReason::NotUtf8)
        })
    }

    #[cold]
    fn refuse(&self, what: &str) -> Fault {
        Fault::new(self.rest, DecodeReason::Unsupported(no_form(what)))
    }

    #[inline(always)]
    fn fields<V: Visitor<'de>>(&mut self, count: usize, visitor: V) -> Result<V::Value, Fault> {
        self.below(|decoder| visitor.visit_seq(Fields { decoder, left: count }))
    }

    /// Reads what is a level below.
    #[inline(always)]
    fn below<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let Some(levels) = self.levels.checked_sub(1) else {
            return Err(Fault::new(self.rest, DecodeReason::TooDeep { limit: MAX_DEPTH }));
        };
        self.levels = levels;
        let read = read(self);
        self.levels += 1;
        read
    }
}

#[inline(always)]
fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Fault> {
    match rest.split_first_chunk() {
        Some((bytes, behind)) => {
            *rest = behind;
            Ok(*bytes)
        }
        None => Err(Fault::new(rest, DecodeReason::UnexpectedEnd)),
    }
}

macro_rules! take_numbers {
    ($($_ser:ident $method:ident $visit:ident $number:ident $_letter:literal,)*) => {
        $(
            #[inline(always)]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.$visit($number::from_be_bytes(take(&mut self.rest)?))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Fault;

    each_number!(take_numbers);
    refuse_deserialize!(everywhere);

    #[inline(always)]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let [byte] = take(&mut self.rest)?;
        visitor.visit_bool(byte != 0)
    }

    #[inline(always)]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let bytes = self.bytes()?;
        visitor.visit_borrowed_str(self.text(bytes)?)
    }

    #[inline(always)]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    #[inline(always)]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    #[inline(always)]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    #[inline(always)]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    #[inline(always)]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == SHORT_TEXT {
            let bytes = self.short()?;
            return visitor.visit_borrowed_str(self.text(bytes)?);
        }
        if name == SHORT_BYTES {
            return visitor.visit_borrowed_bytes(self.short()?);
        }
        self.below(|decoder| visitor.visit_newtype_struct(decoder))
    }

    #[inline(always)]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let left = self.length()?;
        let mut items = Items { rest: self.rest, left };
        let visited = visitor.visit_seq(&mut items);
        self.rest = items.rest;
        if visited.is_ok() && items.left > 0 {
            return Err(de::Error::custom("a sequence has more items than its type takes"));
        }
        visited
    }

    #[inline(always)]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.fields(count, visitor)
    }

    #[inline(always)]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.fields(count, visitor)
    }

    #[inline(always)]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.fields(fields.len(), visitor)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The fields of a struct or tuple.
struct Fields<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Fault;

    #[inline(always)]
    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The items of a sequence. It has the rest of the bytes to itself, so that it stays in registers.
struct Items<'de> {
    rest: &'de [u8],
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    #[inline(always)]
    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(Item(&mut self.rest)).map(Some)
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// Reads one item.
struct Item<'i, 'de>(&'i mut &'de [u8]);

macro_rules! take_items {
    ($($_ser:ident $method:ident $visit:ident $number:ident $_letter:literal,)*) => {
        $(
            #[inline(always)]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.$visit($number::from_be_bytes(take(self.0)?))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Item<'_, 'de> {
    type Error = Fault;

    each_number!(take_items);

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }

    #[cold]
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::new(self.0, DecodeReason::Unsupported(no_form(ITEM))))
    }

    #[inline(always)]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let [byte] = take(self.0)?;
        visitor.visit_bool(byte != 0)
    }

    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}
