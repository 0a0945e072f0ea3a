//! From bytes to a value.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::super::error::DecodeReason;
use super::super::fault::Fault;
use super::super::limits::WireLimits;
use super::integers::{Integers, take};
use super::source::{Source, wrong};

/// Reads a value. How deep it is is handed down, so that leaving a level costs nothing.
pub(super) struct Decoder<'s, 'de, N> {
    source: &'s mut Source<'de>,
    /// How many levels there may be below the value.
    levels: usize,
    integers: PhantomData<N>,
}

impl<'s, 'de, N: Integers> Decoder<'s, 'de, N> {
    #[inline(always)]
    pub(super) fn new(source: &'s mut Source<'de>) -> Self {
        Decoder { source, levels: WireLimits::DEPTH, integers: PhantomData }
    }

    /// What is a level below.
    #[inline(always)]
    fn below(self) -> Result<Self, Fault> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Decoder { levels, ..self }),
            None => Err(self.too_deep()),
        }
    }

    #[cold]
    #[inline(never)]
    fn too_deep(self) -> Fault {
        Fault::new(self.source.rest, DecodeReason::TooDeep { limit: WireLimits::DEPTH })
    }

    #[inline(always)]
    fn parts<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Parts::new(self, count))
    }

    #[cold]
    #[inline(never)]
    fn no_form(self) -> Fault {
        wrong(self.source.rest, format_args!("there is no form for a field that is not plain"))
    }
}

macro_rules! take_integers {
    ($($method:ident $visit:ident $take:ident $(as $signed:ident)?,)*) => {
        $(
            #[inline(always)]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                let number = N::$take(&mut self.source.rest)?;
                $(let number = N::$signed(number);)?
                visitor.$visit(number)
            }
        )*
    };
}

macro_rules! take_plain {
    ($($method:ident $visit:ident $number:ident,)*) => {
        $(
            #[inline(always)]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.$visit($number::from_le_bytes(take(&mut self.source.rest)?))
            }
        )*
    };
}

macro_rules! refuse {
    ($($method:ident($($argument:ty),*),)*) => {
        $(
            #[cold]
            fn $method<V: Visitor<'de>>(self $(, _: $argument)*, _: V) -> Result<V::Value, Fault> {
                Err(self.no_form())
            }
        )*
    };
}

impl<'de, N: Integers> Deserializer<'de> for Decoder<'_, 'de, N> {
    type Error = Fault;

    take_plain! {
        deserialize_u8 visit_u8 u8,
        deserialize_i8 visit_i8 i8,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    take_integers! {
        deserialize_u16 visit_u16 take_u16,
        deserialize_u32 visit_u32 take_u32,
        deserialize_u64 visit_u64 take_u64,
        deserialize_u128 visit_u128 take_u128,
        deserialize_i16 visit_i16 take_u16 as signed_16,
        deserialize_i32 visit_i32 take_u32 as signed_32,
        deserialize_i64 visit_i64 take_u64 as signed_64,
        deserialize_i128 visit_i128 take_u128 as signed_128,
    }

    refuse! {
        deserialize_any(),
        deserialize_identifier(),
        deserialize_ignored_any(),
        deserialize_char(),
        deserialize_bytes(),
        deserialize_byte_buf(),
        deserialize_option(),
        deserialize_unit(),
        deserialize_unit_struct(&'static str),
        deserialize_map(),
        deserialize_enum(&'static str, &'static [&'static str]),
    }

    #[inline(always)]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(self.source.flag()?)
    }

    #[inline(always)]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.source.text::<N>()?)
    }

    #[inline(always)]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self.below()?)
    }

    #[inline(always)]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let decoder = self.below()?;
        let count = decoder.source.items::<N>()?;
        decoder.parts(count, visitor)
    }

    #[inline(always)]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.below()?.parts(count, visitor)
    }

    #[inline(always)]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.below()?.parts(count, visitor)
    }

    #[inline(always)]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.below()?.parts(fields.len(), visitor)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The parts of a tuple or a struct, or the items of a sequence. It has the source to itself, and
/// puts it back at last: so it stays in registers where what reads the parts is
/// a call.
struct Parts<'s, 'de, N> {
    source: Source<'de>,
    levels: usize,
    left: usize,
    back: &'s mut Source<'de>,
    integers: PhantomData<N>,
}

impl<'s, 'de, N: Integers> Parts<'s, 'de, N> {
    #[inline(always)]
    fn new(Decoder { source: back, levels, integers }: Decoder<'s, 'de, N>, count: usize) -> Self {
        Parts { source: *back, levels, left: count, back, integers }
    }

    /// Takes note of a part, if there is one.
    #[inline(always)]
    fn begin(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    #[inline(always)]
    fn part(&mut self) -> Decoder<'_, 'de, N> {
        Decoder { source: &mut self.source, levels: self.levels, integers: PhantomData }
    }

    /// No more than there are bytes, since memory is reserved for so many.
    #[inline(always)]
    fn hint(&self) -> Option<usize> {
        Some(self.left.min(self.source.rest.len()))
    }
}

impl<N> Drop for Parts<'_, '_, N> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.back = self.source;
    }
}

impl<'de, N: Integers> SeqAccess<'de> for Parts<'_, 'de, N> {
    type Error = Fault;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if !self.begin() {
            return Ok(None);
        }
        seed.deserialize(self.part()).map(Some)
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        self.hint()
    }
}
