//! The items of a sequence, on their way to bytes.

use std::mem;

use serde::ser::{Impossible, Serialize, SerializeSeq, Serializer};

use super::super::fault::Refusal;
use super::super::writer::Writer;
use super::encoder::refusal;
use super::letters::{ITEM, each_number, refuse_serialize};

/// Writes the items of a sequence. The first one tells the size of all, so room is made once.
pub(super) struct Sequence<'w, 'o> {
    writer: Option<&'w mut Writer<'o>>,
    count: usize,
    /// The type of the items; 0 until the first one came.
    letter: u8,
    /// The room for the items to come.
    rest: &'w mut [u8],
}

impl<'w, 'o> Sequence<'w, 'o> {
    #[inline(always)]
    pub(super) fn new(writer: &'w mut Writer<'o>, count: usize) -> Sequence<'w, 'o> {
        Sequence { writer: Some(writer), count, letter: 0, rest: &mut [] }
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, letter: u8, bytes: [u8; N]) -> Result<(), Refusal> {
        if self.letter != letter {
            let Some(writer) = self.writer.take() else {
                return Err(refusal("a sequence of items of different types"));
            };
            self.letter = letter;
            self.rest = room_for_items(writer, self.count, N)?;
        }
        match mem::take(&mut self.rest).split_first_chunk_mut() {
            Some((place, rest)) => {
                *place = bytes;
                self.rest = rest;
                Ok(())
            }
            None => Err(refusal("a sequence of more items than it has")),
        }
    }
}

/// Makes room for the items of a sequence, all of them of one size.
#[cold]
#[inline(never)]
fn room_for_items<'w>(
    writer: &'w mut Writer<'_>,
    count: usize,
    size: usize,
) -> Result<&'w mut [u8], Refusal> {
    let bytes = count.saturating_mul(size);
    writer.fill(bytes)
}

impl SerializeSeq for Sequence<'_, '_> {
    type Ok = ();
    type Error = Refusal;

    #[inline(always)]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        value.serialize(Item(self))
    }

    #[inline(always)]
    fn end(self) -> Result<(), Refusal> {
        let all_came = match self.letter {
            0 => self.count == 0,
            _ => self.rest.is_empty(),
        };
        if all_came { Ok(()) } else { Err(refusal("a sequence of fewer items than it has")) }
    }
}

/// Writes one item.
struct Item<'s, 'w, 'o>(&'s mut Sequence<'w, 'o>);

macro_rules! put_numbers {
    ($($method:ident $_de:ident $_visit:ident $number:ident $letter:literal,)*) => {
        $(
            #[inline(always)]
            fn $method(self, value: $number) -> Result<(), Refusal> {
                self.0.put($letter, value.to_be_bytes())
            }
        )*
    };
}

impl Serializer for Item<'_, '_, '_> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Impossible<(), Refusal>;
    type SerializeTuple = Impossible<(), Refusal>;
    type SerializeTupleStruct = Impossible<(), Refusal>;
    type SerializeTupleVariant = Impossible<(), Refusal>;
    type SerializeMap = Impossible<(), Refusal>;
    type SerializeStruct = Impossible<(), Refusal>;
    type SerializeStructVariant = Impossible<(), Refusal>;

    each_number!(put_numbers);
    refuse_serialize!(everywhere refusal);
    refuse_serialize!(compounds refusal, ITEM);
    refuse_serialize! { refusal;
        serialize_str(&str) => ITEM;
        serialize_bytes(&[u8]) => ITEM;
    }

    #[inline(always)]
    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.0.put(b'?', [u8::from(value)])
    }

    /// A short text ends here too, since what it holds is a text.
    #[inline(always)]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        value.serialize(self)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}
