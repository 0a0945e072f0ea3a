//! bincode, whose forms the codecs compact and fixed have.

use pysage_core::wire::{Codec, WireMessage};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

struct Written<'a, M>(&'a M);

impl<M: WireMessage> Serialize for Written<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireMessage::serialize(self.0, serializer)
    }
}

struct Read<M>(M);

impl<'de, M: WireMessage> Deserialize<'de> for Read<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WireMessage::deserialize(deserializer).map(Read)
    }
}

/// A message as bincode writes it.
pub(crate) fn written<M: WireMessage>(codec: Codec, message: &M) -> Vec<u8> {
    let (message, standard) = (Written(message), bincode::config::standard());
    let written = match codec {
        Codec::Compact => bincode::serde::encode_to_vec(message, standard),
        _ => bincode::serde::encode_to_vec(message, standard.with_fixed_int_encoding()),
    };
    written.expect("bincode has a form for it")
}

/// What bincode reads, if that takes up all bytes.
pub(crate) fn read<M: WireMessage>(codec: Codec, bytes: &[u8]) -> Option<M> {
    let standard = bincode::config::standard();
    let read = match codec {
        Codec::Compact => bincode::serde::decode_from_slice::<Read<M>, _>(bytes, standard),
        _ => bincode::serde::decode_from_slice(bytes, standard.with_fixed_int_encoding()),
    };
    read.ok().filter(|(_, used)| *used == bytes.len()).map(|(Read(message), _)| message)
}
