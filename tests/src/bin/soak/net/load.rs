//! The messages of the load: seeded bodies, on streams.

use pysage_net::{
    ActorManager, AnyMessage, Context, Delivery, Destination, Message, SendError, Subscriptions,
};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::flow::Receiver;

/// Bytes, written as one piece. Small ones take no memory of their own.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Small { length: u8, bytes: [u8; SMALL_BYTES] },
    Large(Vec<u8>),
}

/// The body of 64 bytes is the one that is measured most.
const SMALL_BYTES: usize = 64;

/// Of which the bodies of one direction of a flow are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bodies {
    pub(super) seed: u64,
    pub(super) bytes: usize,
}

impl Bodies {
    /// Bodies have their number in them from this length on.
    pub(super) const NUMBER_BYTES: usize = 8;

    /// The body of a number: the number, and behind it what the seed makes of both. A shorter one is
    /// what the seed makes of it alone.
    pub(super) fn of(&self, number: u64) -> Body {
        let mut body = if self.bytes <= SMALL_BYTES {
            Body::Small { length: self.bytes as u8, bytes: [0; SMALL_BYTES] }
        } else {
            Body::Large(vec![0; self.bytes])
        };
        self.write(number, body.bytes_mut());
        body
    }

    /// Whether these bytes are the body of this number.
    pub(super) fn is_of(&self, number: u64, bytes: &[u8]) -> bool {
        let start = self.start(number);
        let words = bytes.chunks(WORD_BYTES).zip(0..);
        bytes.len() == self.bytes && { words }.all(|(chunk, index)| {
            *chunk == self.word(start, number, index).to_le_bytes()[..chunk.len()]
        })
    }

    /// The number that is in a body.
    pub(super) fn number_in(bytes: &[u8]) -> Option<u64> {
        let number = bytes.first_chunk::<{ Bodies::NUMBER_BYTES }>()?;
        Some(u64::from_le_bytes(*number))
    }

    fn write(&self, number: u64, bytes: &mut [u8]) {
        let start = self.start(number);
        for (chunk, index) in bytes.chunks_mut(WORD_BYTES).zip(0..) {
            let word = self.word(start, number, index).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    fn start(&self, number: u64) -> u64 {
        scatter(self.seed ^ number)
    }

    #[inline]
    fn word(&self, start: u64, number: u64, index: u64) -> u64 {
        let is_number = index == 0 && self.bytes >= Bodies::NUMBER_BYTES;
        if is_number { number } else { scatter(start ^ index) }
    }
}

impl Body {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Body::Small { length, bytes } => &bytes[..usize::from(*length)],
            Body::Large(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Body::Small { length, bytes } => &mut bytes[..usize::from(*length)],
            Body::Large(bytes) => bytes,
        }
    }

    fn copy_of(bytes: &[u8]) -> Body {
        let mut small = [0; SMALL_BYTES];
        match small.get_mut(..bytes.len()) {
            Some(start) => start.copy_from_slice(bytes),
            None => return Body::Large(bytes.to_vec()),
        }
        Body::Small { length: bytes.len() as u8, bytes: small }
    }
}

const WORD_BYTES: usize = size_of::<u64>();

/// The golden ratio's fraction in 64 bits: odd, and without a pattern.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes numbers that are close to each other look like random ones: SplitMix64.
pub(super) fn scatter(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(GOLDEN);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.bytes())
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Body, D::Error> {
        deserializer.deserialize_bytes(Bytes)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Body;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Body, E> {
        Ok(Body::copy_of(bytes))
    }
}

/// Makes a message type for each stream: the stream is a constant of the type.
macro_rules! loads {
    ($($name:ident = $stream:literal, $packet_type:literal;)*) => {
        $(
            #[derive(Message)]
            #[message(packet_type = $packet_type, stream = $stream)]
            struct $name {
                body: Body,
            }
        )*

        /// How many streams there are.
        pub(super) const STREAMS: u8 = [$($stream),*].len() as u8;

        /// Sends a body on a stream.
        pub(super) fn send(
            manager: &ActorManager,
            to: Destination,
            stream: u8,
            body: Body,
            delivery: Delivery,
        ) -> Result<(), SendError> {
            match stream {
                $($stream => manager.send_with(to, $name { body }, delivery),)*
                _ => unreachable!("there are only {STREAMS} streams"),
            }
        }

        /// Has a receiver take the messages of all streams.
        pub(super) fn subscribe(on: &mut Subscriptions<Receiver>) {
            $(
                on.message(|me: &mut Receiver, message: &$name, cx: &Context| {
                    me.take($stream, &message.body, cx)
                });
            )*
        }

        /// The body of a message, if it is one of the load.
        pub(super) fn body_of(message: &dyn AnyMessage) -> Option<&Body> {
            $(
                if let Some(message) = message.downcast_ref::<$name>() {
                    return Some(&message.body);
                }
            )*
            None
        }
    };
}

loads! {
    Load0 = 0, 101;
    Load1 = 1, 102;
    Load2 = 2, 103;
    Load3 = 3, 104;
    Load4 = 4, 105;
    Load5 = 5, 106;
    Load6 = 6, 107;
    Load7 = 7, 108;
    Load8 = 8, 109;
    Load9 = 9, 110;
    Load10 = 10, 111;
    Load11 = 11, 112;
    Load12 = 12, 113;
    Load13 = 13, 114;
    Load14 = 14, 115;
    Load15 = 15, 116;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_that_of_its_number_at_any_length() {
        for bytes in [1, 7, 8, 9, 63, 64, 65, 1_001] {
            let bodies = Bodies { seed: 5, bytes };
            let body = bodies.of(77);
            assert_eq!(body.bytes().len(), bytes);
            assert!(bodies.is_of(77, body.bytes()));
            assert!(bodies.is_of(77, Body::copy_of(body.bytes()).bytes()));
            let number = Bodies::number_in(body.bytes());
            assert_eq!(number, (bytes >= 8).then_some(77));
        }
    }

    #[test]
    fn each_change_makes_it_another_body() {
        for bytes in [5, 20] {
            let bodies = Bodies { seed: 5, bytes };
            for at in 0..bytes {
                let mut body = bodies.of(2);
                body.bytes_mut()[at] ^= 1;
                assert!(!bodies.is_of(2, body.bytes()));
            }
            let body = bodies.of(2);
            assert!(!bodies.is_of(3, body.bytes()));
            assert!(!bodies.is_of(2, &body.bytes()[1..]));
            assert!(!Bodies { seed: 6, bytes }.is_of(2, body.bytes()));
        }
    }
}
