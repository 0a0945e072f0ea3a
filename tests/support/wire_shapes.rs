//! Messages of every shape that serde knows, and values of them: what the tests of the wire form
//! are played with.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::time::Duration;

use pysage_core::Message;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 101)]
pub(crate) struct Empty;

/// Equal by their bits, so that one that is not a number equals itself.
#[derive(Clone, Debug, Message)]
#[message(packet_type = 102)]
pub(crate) struct Numbers {
    pub(crate) signed: (i8, i16, i32, i64, i128, isize),
    pub(crate) unsigned: (u8, u16, u32, u64, u128, usize),
    pub(crate) floats: (f32, f64),
    pub(crate) yes: bool,
    pub(crate) letter: char,
}

impl PartialEq for Numbers {
    fn eq(&self, other: &Numbers) -> bool {
        let floats = |it: &Numbers| (it.floats.0.to_bits(), it.floats.1.to_bits());
        self.signed == other.signed
            && self.unsigned == other.unsigned
            && floats(self) == floats(other)
            && (self.yes, self.letter) == (other.yes, other.letter)
    }
}

#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 103)]
pub(crate) struct Texts {
    pub(crate) text: String,
    pub(crate) boxed: Box<str>,
    pub(crate) maybe: Option<String>,
    pub(crate) bytes: ByteString,
}

#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 104)]
pub(crate) struct Sequences {
    pub(crate) units: Vec<()>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) numbers: VecDeque<i64>,
    pub(crate) texts: Vec<String>,
    pub(crate) keys: Vec<Option<[u8; 32]>>,
    pub(crate) nested: Vec<Vec<u16>>,
    pub(crate) pairs: Box<[(bool, char)]>,
}

#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 105)]
pub(crate) struct Maps {
    pub(crate) sorted: BTreeMap<String, Option<i32>>,
    pub(crate) hashed: HashMap<u16, Vec<u8>>,
    pub(crate) set: BTreeSet<u32>,
    pub(crate) nested: BTreeMap<u8, BTreeMap<i16, ()>>,
}

/// Variants of every kind, as the message itself.
#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 106)]
pub(crate) enum Choice {
    Nothing,
    Parentheses(),
    Braces {},
    One(i32),
    Several(u8, String),
    Named { inside: Option<Kind>, all: Vec<Kind> },
}

/// Variants of every kind, with the user's own derive of serde.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Kind {
    Nothing,
    One(u64),
    Several(i8, bool),
    Named { letter: char },
}

#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 107)]
pub(crate) struct Parts(
    pub(crate) (u8, (i16, [u32; 3])),
    pub(crate) [Option<Kind>; 2],
    pub(crate) Wrapped<Wrapped<u16>>,
    pub(crate) PhantomData<u8>,
    pub(crate) Marker,
    pub(crate) Option<Option<bool>>,
);

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Wrapped<T>(pub(crate) T);

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Marker;

/// Values that hold their like.
#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 108)]
pub(crate) struct Recursive {
    pub(crate) tree: Tree,
    pub(crate) chain: Chain,
    pub(crate) list: Option<Box<List>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Tree {
    pub(crate) value: i16,
    pub(crate) branches: Vec<Tree>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Chain {
    End,
    Link(Box<Chain>),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct List {
    pub(crate) rest: Option<Box<List>>,
}

/// What the standard library and serde bring.
#[derive(Clone, Debug, Message, PartialEq)]
#[message(packet_type = 109)]
pub(crate) struct Foreign {
    pub(crate) time: Duration,
    pub(crate) address: IpAddr,
    pub(crate) outcome: Result<u8, String>,
    pub(crate) range: std::ops::Range<u16>,
}

/// Written as serde's byte strings, which a `Vec<u8>` is not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ByteString(pub(crate) Vec<u8>);

impl Serialize for ByteString {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for ByteString {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = ByteString;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<ByteString, E> {
                Ok(ByteString(bytes.to_vec()))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
