//! Formats beside ours: by hand, bincode, postcard. Their frames and queues are written by hand.

use bincode::{
    config::{self, Config},
    enc::write::Writer,
    error::EncodeError,
    serde::{decode_from_slice, encode_into_slice, encode_into_writer},
};

use super::{Format, ITEMS, Sample, run};
use crate::local::{case::Case, peer::Peer};

pub const BINCODE: Peer = Peer {
    name: "bincode",
    about: "bincode 2 by serde with fixed integers, without a limit",
    package: Some("bincode"),
    run: |case, load| run(case, load, &Bincode(fixed())),
    spawned_heap_bytes: None,
};

pub const BINCODE_VARINT: Peer = Peer {
    name: "bincode_varint",
    about: "bincode 2 by serde with variable integers, without a limit",
    package: Some("bincode"),
    run: |case, load| run(case, load, &Bincode(config::standard())),
    spawned_heap_bytes: None,
};

pub const BINCODE_SLICE: Peer = Peer {
    name: "bincode_slice",
    about: "As bincode, into a slice instead of a Vec that grows: its size has to be known before",
    package: Some("bincode"),
    run: |case, load| match case {
        Case::Encode16 | Case::EncodeText | Case::EncodeVec => {
            run(case, load, &BincodeSlice(Bincode(fixed())))
        }
        _ => None,
    },
    spawned_heap_bytes: None,
};

pub const POSTCARD: Peer = Peer {
    name: "postcard",
    about: "postcard: variable integers, without a limit",
    package: Some("postcard"),
    run: |case, load| run(case, load, &Postcard),
    spawned_heap_bytes: None,
};

/// The floor.
pub struct ByHand;

impl Format for ByHand {
    #[inline]
    fn encode<'b, M: Sample>(&self, message: &M, buffer: &'b mut Vec<u8>) -> &'b [u8] {
        message.write(buffer);
        buffer
    }

    #[inline]
    fn decode<M: Sample>(&self, bytes: &[u8]) -> M {
        M::read(bytes)
    }
}

fn fixed() -> impl Config {
    config::standard().with_fixed_int_encoding()
}

struct Bincode<C>(C);

impl<C: Config> Format for Bincode<C> {
    #[inline]
    fn encode<'b, M: Sample>(&self, message: &M, buffer: &'b mut Vec<u8>) -> &'b [u8] {
        buffer.clear();
        encode_into_writer(message, Appending(buffer), self.0).expect("a Vec takes all bytes");
        buffer
    }

    #[inline]
    fn decode<M: Sample>(&self, bytes: &[u8]) -> M {
        decode_from_slice(bytes, self.0).expect("the bytes were written above").0
    }
}

/// Quicker than bincode's own way to any `io::Write`.
struct Appending<'b>(&'b mut Vec<u8>);

impl Writer for Appending<'_> {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Room for any message in any format.
const MOST_BYTES: usize = 64 + 5 * ITEMS;

struct BincodeSlice<C>(Bincode<C>);

impl<C: Config> Format for BincodeSlice<C> {
    #[inline]
    fn encode<'b, M: Sample>(&self, message: &M, buffer: &'b mut Vec<u8>) -> &'b [u8] {
        buffer.resize(MOST_BYTES, 0);
        let length = encode_into_slice(message, buffer, self.0.0).expect("the buffer has room");
        &buffer[..length]
    }

    #[inline]
    fn decode<M: Sample>(&self, bytes: &[u8]) -> M {
        self.0.decode(bytes)
    }
}

struct Postcard;

impl Format for Postcard {
    #[inline]
    fn encode<'b, M: Sample>(&self, message: &M, buffer: &'b mut Vec<u8>) -> &'b [u8] {
        buffer.resize(MOST_BYTES, 0);
        postcard::to_slice(message, buffer).expect("the buffer has room")
    }

    #[inline]
    fn decode<M: Sample>(&self, bytes: &[u8]) -> M {
        postcard::from_bytes(bytes).expect("the bytes were written above")
    }
}
