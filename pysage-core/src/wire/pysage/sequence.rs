//! The items of a sequence, on their way to bytes.

use std::mem;

use serde::ser::{Impossible, Serialize, SerializeSeq, Serializer};

use super::encoder::{Encoder, Refusal};
use super::letters::{ITEM, each_number, refuse_serialize};

/// Writes the items of a sequence. The first one tells the size of all, so room is made once.
pub(super) struct Sequence<'e, 'o> {
    encoder: Option<&'e mut Encoder<'o>>,
    count: usize,
    /// The type of the items; 0 until the first one came.
    letter: u8,
    /// The room for the items to come.
    rest: &'e mut [u8],
}

impl<'e, 'o> Sequence<'e, 'o> {
    #[inline]
    pub(super) fn new(encoder: &'e mut Encoder<'o>, count: usize) -> Sequence<'e, 'o> {
        Sequence { encoder: Some(encoder), count, letter: 0, rest: &mut [] }
    }

    #[inline]
    fn put<const N: usize>(&mut self, letter: u8, bytes: [u8; N]) -> Result<(), Refusal> {
        if self.letter != letter {
            let Some(encoder) = self.encoder.take() else {
                return Err(Refusal::no_form("a sequence of items of different types"));
            };
            self.letter = letter;
            self.rest = encoder.room_for_items(self.count, N)?;
        }
        match mem::take(&mut self.rest).split_first_chunk_mut() {
            Some((place, rest)) => {
                *place = bytes;
                self.rest = rest;
                Ok(())
            }
            None => Err(Refusal::no_form("a sequence of more items than it has")),
        }
    }
}

impl SerializeSeq for Sequence<'_, '_> {
    type Ok = ();
    type Error = Refusal;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        value.serialize(Item(self))
    }

    #[inline]
    fn end(self) -> Result<(), Refusal> {
        let all_came = match self.letter {
            0 => self.count == 0,
            _ => self.rest.is_empty(),
        };
        if all_came {
            Ok(())
        } else {
            Err(Refusal::no_form("a sequence of fewer items than it has"))
        }
    }
}

/// Writes one item.
struct Item<'s, 'e, 'o>(&'s mut Sequence<'e, 'o>);

macro_rules! put_numbers {
    ($($method:ident $_de:ident $_visit:ident $number:ident $letter:literal,)*) => {
        $(
            #[inline]
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
    refuse_serialize!(everywhere Refusal::no_form);
    refuse_serialize!(compounds Refusal::no_form, ITEM);
    refuse_serialize! { Refusal::no_form;
        serialize_str(&str) => ITEM;
        serialize_bytes(&[u8]) => ITEM;
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.0.put(b'?', [u8::from(value)])
    }

    /// A short text ends here too, since what it holds is a text.
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        value.serialize(self)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}
