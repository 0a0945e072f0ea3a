//! From a value to bytes.

use std::marker::PhantomData;

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::super::error::EncodeReason;
use super::super::fault::Refusal;
use super::super::limits::WireLimits;
use super::super::writer::Writer;
use super::alike;
use super::integers::Integers;

/// The bytes so far, and what may still be put behind them.
pub(super) struct Sink<'o> {
    pub(super) writer: Writer<'o>,
    /// How many more items there may be in sequences.
    items_left: usize,
    items_most: usize,
}

impl<'o> Sink<'o> {
    #[inline(always)]
    pub(super) fn new(out: &'o mut Vec<u8>, limits: &WireLimits) -> Sink<'o> {
        let items = limits.message_bytes;
        Sink { writer: Writer::new(out, items), items_left: items, items_most: items }
    }

    /// Counts the items of a sequence.
    #[inline(always)]
    fn items(&mut self, count: Option<usize>) -> Result<usize, Refusal> {
        let Some(count) = count else { return Err(no_length()) };
        match self.items_left.checked_sub(count) {
            Some(left) => {
                self.items_left = left;
                Ok(count)
            }
            None => Err(Refusal::new(EncodeReason::TooManyItems { limit: self.items_most })),
        }
    }
}

#[cold]
#[inline(never)]
fn no_length() -> Refusal {
    no_form("a sequence whose length is not known")
}

#[cold]
#[inline(never)]
fn no_form(what: &str) -> Refusal {
    Refusal::new(EncodeReason::Other(format!("there is no form for {what}")))
}

#[cold]
#[inline(never)]
fn too_deep() -> Refusal {
    Refusal::new(EncodeReason::TooDeep { limit: WireLimits::DEPTH })
}

/// How many bytes a value took, if all values of its type most likely take as many; else 0.
#[derive(Clone, Copy)]
pub(super) struct Width(pub(super) usize);

const ANY: Width = Width(0);

/// Writes a value. How deep it is is handed down, so that leaving a level costs nothing.
pub(super) struct Encoder<'s, 'o, N> {
    pub(super) sink: &'s mut Sink<'o>,
    /// How many levels there may be below the value.
    levels: usize,
    integers: PhantomData<N>,
}

impl<'s, 'o, N: Integers> Encoder<'s, 'o, N> {
    #[inline(always)]
    pub(super) fn new(sink: &'s mut Sink<'o>) -> Self {
        Encoder { sink, levels: WireLimits::DEPTH, integers: PhantomData }
    }

    /// What is a level below.
    #[inline(always)]
    fn below(self) -> Result<Self, Refusal> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Encoder { levels, ..self }),
            None => Err(too_deep()),
        }
    }

    #[inline(always)]
    pub(super) fn again(&mut self) -> Encoder<'_, 'o, N> {
        Encoder { sink: self.sink, levels: self.levels, integers: PhantomData }
    }

    /// Puts how many items there are, which are a level below.
    #[inline(always)]
    pub(super) fn counted(self, count: Option<usize>) -> Result<Self, Refusal> {
        let count = self.sink.items(count)?;
        let items = self.below()?;
        N::put_u64(count as u64, &mut items.sink.writer)?;
        Ok(items)
    }
}

macro_rules! put_plain {
    ($($method:ident $number:ident,)*) => {
        $(
            #[inline(always)]
            fn $method(self, number: $number) -> Result<Width, Refusal> {
                self.sink.writer.put(number.to_le_bytes())?;
                Ok(Width(size_of::<$number>()))
            }
        )*
    };
}

macro_rules! put_integers {
    ($($method:ident $number:ident $put:ident $(by $unsigned:ident)?,)*) => {
        $(
            #[inline(always)]
            fn $method(self, number: $number) -> Result<Width, Refusal> {
                $(let number = N::$unsigned(number);)?
                N::$put(number, &mut self.sink.writer)?;
                Ok(if N::OF_ONE_WIDTH { Width(size_of::<$number>()) } else { ANY })
            }
        )*
    };
}

macro_rules! no_form {
    ($($method:ident $(<$value:ident>)? ($($argument:ty),*) $(-> $compound:ident)?,)*) => {
        $(
            fn $method $(<$value: Serialize + ?Sized>)? (
                self $(, _: $argument)*
            ) -> Result<no_form!(@ok $($compound)?), Refusal> {
                Err(no_form("a field that is not plain"))
            }
        )*
    };
    (@ok) => { Width };
    (@ok $compound:ident) => { Self::$compound };
}

impl<'s, 'o, N: Integers> Serializer for Encoder<'s, 'o, N> {
    type Ok = Width;
    type Error = Refusal;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<Width, Refusal>;
    type SerializeMap = Impossible<Width, Refusal>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<Width, Refusal>;

    put_plain! {
        serialize_u8 u8,
        serialize_i8 i8,
        serialize_f32 f32,
        serialize_f64 f64,
    }

    put_integers! {
        serialize_u16 u16 put_u16,
        serialize_u32 u32 put_u32,
        serialize_u64 u64 put_u64,
        serialize_u128 u128 put_u128,
        serialize_i16 i16 put_u16 by unsigned_16,
        serialize_i32 i32 put_u32 by unsigned_32,
        serialize_i64 i64 put_u64 by unsigned_64,
        serialize_i128 i128 put_u128 by unsigned_128,
    }

    no_form! {
        serialize_char(char),
        serialize_none(),
        serialize_some<T>(&T),
        serialize_unit(),
        serialize_unit_struct(&'static str),
        serialize_unit_variant(&'static str, u32, &'static str),
        serialize_newtype_variant<T>(&'static str, u32, &'static str, &T),
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_map(Option<usize>) -> SerializeMap,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    }

    #[inline(always)]
    fn serialize_bool(self, value: bool) -> Result<Width, Refusal> {
        self.serialize_u8(value.into())
    }

    #[inline(always)]
    fn serialize_str(self, text: &str) -> Result<Width, Refusal> {
        self.serialize_bytes(text.as_bytes())
    }

    #[inline(always)]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Width, Refusal> {
        N::put_bytes(bytes, &mut self.sink.writer)?;
        Ok(ANY)
    }

    #[inline(always)]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Width, Refusal> {
        value.serialize(self.below()?)?;
        Ok(ANY)
    }

    #[inline(always)]
    fn serialize_seq(self, count: Option<usize>) -> Result<Self, Refusal> {
        self.counted(count)
    }

    #[inline(always)]
    fn serialize_tuple(self, _: usize) -> Result<Self, Refusal> {
        self.below()
    }

    #[inline(always)]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        self.below()
    }

    #[inline(always)]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        self.below()
    }

    #[inline(always)]
    fn collect_seq<I>(self, items: I) -> Result<Width, Refusal>
    where
        I: IntoIterator<Item: Serialize>,
    {
        alike::put_items(self, items.into_iter())?;
        Ok(ANY)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! parts {
    ($($part:ident $method:ident $(($name:ty))?,)*) => {
        $(
            impl<N: Integers> ser::$part for Encoder<'_, '_, N> {
                type Ok = Width;
                type Error = Refusal;

                #[inline(always)]
                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $(_: $name,)?
                    value: &T,
                ) -> Result<(), Refusal> {
                    value.serialize(self.again()).map(drop)
                }

                #[inline(always)]
                fn end(self) -> Result<Width, Refusal> {
                    Ok(ANY)
                }
            }
        )*
    };
}

parts! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeStruct serialize_field (&'static str),
}
