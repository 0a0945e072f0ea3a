//! The items of a sequence. Where they are numbers of one width, room is made for all of them at
//! once: what is left is a loop without branches, which the compiler makes vectors of.

use std::fmt;
use std::marker::PhantomData;

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::super::fault::Refusal;
use super::encoder::{Encoder, Width};
use super::integers::Integers;

/// Puts how many items there are, and the items.
#[inline(always)]
pub(super) fn put_items<N: Integers>(
    encoder: Encoder<'_, '_, N>,
    mut items: impl Iterator<Item: Serialize>,
) -> Result<(), Refusal> {
    let count = match items.size_hint() {
        (least, Some(most)) if least == most => Some(most),
        _ => None,
    };
    let mut encoder = encoder.counted(count)?;
    let Some(first) = items.next() else { return Ok(()) };
    // The first one tells, since serde does not know the types of values.
    match first.serialize(encoder.again())? {
        Width(1) => put_alike::<1, N>(encoder, items),
        Width(2) => put_alike::<2, N>(encoder, items),
        Width(4) => put_alike::<4, N>(encoder, items),
        Width(8) => put_alike::<8, N>(encoder, items),
        Width(16) => put_alike::<16, N>(encoder, items),
        _ => put_each(encoder, items),
    }
}

#[inline(always)]
fn put_each<N: Integers>(
    mut encoder: Encoder<'_, '_, N>,
    items: impl Iterator<Item: Serialize>,
) -> Result<(), Refusal> {
    for item in items {
        item.serialize(encoder.again())?;
    }
    Ok(())
}

/// Puts items that most likely are numbers of one width; it is the first one that is not from which
/// on each is put by itself.
#[inline(always)]
fn put_alike<const WIDTH: usize, N: Integers>(
    encoder: Encoder<'_, '_, N>,
    items: impl Iterator<Item: Serialize>,
) -> Result<(), Refusal> {
    let writer = &mut encoder.sink.writer;
    let Ok(room) = writer.room(items.size_hint().0.saturating_mul(WIDTH)) else {
        return put_each(encoder, items);
    };
    let (places, _) = room.as_chunks_mut::<WIDTH>();
    let mut put = 0;
    let mut each = places.iter_mut().zip(items);
    let other = each.try_for_each(|(place, item)| {
        match item.serialize(Place::<WIDTH, N>(place, PhantomData)) {
            Ok(()) => {
                put += WIDTH;
                Ok(())
            }
            Err(Otherwise) => Err(item),
        }
    });
    match other {
        Ok(()) => {
            writer.filled(put);
            Ok(())
        }
        Err(other) => {
            let rest: Vec<_> = std::iter::once(other).chain(each.map(|(_, item)| item)).collect();
            writer.filled(put);
            put_each(encoder, rest.into_iter())
        }
    }
}

/// Takes a number of one width, and nothing else.
struct Place<'p, const WIDTH: usize, N>(&'p mut [u8; WIDTH], PhantomData<N>);

/// What is to be put is no number of the width.
#[derive(Debug)]
struct Otherwise;

impl fmt::Display for Otherwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item is unlike the first one")
    }
}

impl std::error::Error for Otherwise {}

impl ser::Error for Otherwise {
    fn custom<T: fmt::Display>(_: T) -> Otherwise {
        Otherwise
    }
}

macro_rules! put_numbers {
    (if $of_one_width:expr; $($method:ident $number:ident,)*) => {
        $(
            #[inline(always)]
            fn $method(self, number: $number) -> Result<(), Otherwise> {
                match number.to_le_bytes().first_chunk() {
                    Some(bytes) if $of_one_width && size_of::<$number>() == WIDTH => {
                        *self.0 = *bytes;
                        Ok(())
                    }
                    _ => Err(Otherwise),
                }
            }
        )*
    };
}

macro_rules! otherwise {
    ($($method:ident $(<$value:ident>)? ($($argument:ty),*) $(-> $compound:ident)?,)*) => {
        $(
            fn $method $(<$value: Serialize + ?Sized>)? (
                self $(, _: $argument)*
            ) -> Result<otherwise!(@ok $($compound)?), Otherwise> {
                Err(Otherwise)
            }
        )*
    };
    (@ok) => { () };
    (@ok $compound:ident) => { Self::$compound };
}

impl<const WIDTH: usize, N: Integers> Serializer for Place<'_, WIDTH, N> {
    type Ok = ();
    type Error = Otherwise;
    type SerializeSeq = Impossible<(), Otherwise>;
    type SerializeTuple = Impossible<(), Otherwise>;
    type SerializeTupleStruct = Impossible<(), Otherwise>;
    type SerializeTupleVariant = Impossible<(), Otherwise>;
    type SerializeMap = Impossible<(), Otherwise>;
    type SerializeStruct = Impossible<(), Otherwise>;
    type SerializeStructVariant = Impossible<(), Otherwise>;

    put_numbers! { if true;
        serialize_u8 u8, serialize_i8 i8, serialize_f32 f32, serialize_f64 f64,
    }

    put_numbers! { if N::OF_ONE_WIDTH;
        serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
    }

    #[inline(always)]
    fn serialize_bool(self, value: bool) -> Result<(), Otherwise> {
        self.serialize_u8(value.into())
    }

    otherwise! {
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
        serialize_none(),
        serialize_some<T>(&T),
        serialize_unit(),
        serialize_unit_struct(&'static str),
        serialize_unit_variant(&'static str, u32, &'static str),
        serialize_newtype_struct<T>(&'static str, &T),
        serialize_newtype_variant<T>(&'static str, u32, &'static str, &T),
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_map(Option<usize>) -> SerializeMap,
        serialize_struct(&'static str, usize) -> SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}
