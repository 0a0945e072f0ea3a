//! The messages of the load: numbered, with bodies that can be told from any others.

use pysage_group::Message;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One message of the load.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 101)]
pub(crate) struct Load {
    pub(crate) group: u32,
    /// In its group, from 0 up.
    pub(crate) number: u64,
    pub(crate) body: Body,
}

/// Bytes, written as one piece.
#[derive(Clone, Debug)]
pub(crate) struct Body(pub(crate) Vec<u8>);

/// Of which the bodies of a run are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bodies {
    pub(crate) seed: u64,
    pub(crate) bytes: usize,
}

impl Bodies {
    pub(crate) fn message(&self, group: u32, number: u64) -> Load {
        let mut body = Vec::with_capacity(self.bytes.next_multiple_of(WORD_BYTES));
        body.extend(self.words(group, number).flat_map(u64::to_le_bytes));
        body.truncate(self.bytes);
        Load { group, number, body: Body(body) }
    }

    /// The checksum that the message has, if it arrived whole.
    pub(crate) fn checksum(&self, group: u32, number: u64) -> u64 {
        let rest = self.bytes % WORD_BYTES;
        let mut sum = self.bytes as u64;
        for (index, word) in (1..).zip(self.words(group, number)) {
            let is_cut = rest > 0 && index * WORD_BYTES > self.bytes;
            sum = add(sum, if is_cut { word & ((1 << (8 * rest)) - 1) } else { word });
        }
        add(add(sum, u64::from(group)), number)
    }

    fn words(&self, group: u32, number: u64) -> impl Iterator<Item = u64> {
        let start = scatter(scatter(self.seed ^ u64::from(group)) ^ number);
        let count = self.bytes.div_ceil(WORD_BYTES) as u64;
        (0..count).map(move |index| scatter(start ^ index))
    }
}

impl Load {
    pub(crate) fn checksum(&self) -> u64 {
        let body = &self.body.0;
        let words = body.chunks_exact(WORD_BYTES);
        let rest = words.remainder();
        let mut sum = body.len() as u64;
        for word in words {
            sum = add(sum, u64::from_le_bytes(word.try_into().expect("chunks are whole words")));
        }
        if !rest.is_empty() {
            let mut word = [0; WORD_BYTES];
            word[..rest.len()].copy_from_slice(rest);
            sum = add(sum, u64::from_le_bytes(word));
        }
        add(add(sum, u64::from(self.group)), self.number)
    }
}

const WORD_BYTES: usize = size_of::<u64>();

/// The golden ratio's fraction in 64 bits: odd, and without a pattern.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn add(sum: u64, word: u64) -> u64 {
    (sum.rotate_left(23) ^ word).wrapping_mul(GOLDEN)
}

/// Makes numbers that are close to each other look like random ones: SplitMix64.
pub(crate) fn scatter(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(GOLDEN);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Body, D::Error> {
        deserializer.deserialize_byte_buf(Bytes).map(Body)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_checksum_that_is_expected_at_any_length() {
        for bytes in [0, 1, 7, 8, 9, 64, 1_001] {
            let bodies = Bodies { seed: 5, bytes };
            let message = bodies.message(3, 77);
            assert_eq!(message.body.0.len(), bytes);
            assert_eq!(message.checksum(), bodies.checksum(3, 77));
        }
    }

    #[test]
    fn each_change_changes_the_checksum() {
        let bodies = Bodies { seed: 5, bytes: 20 };
        let whole = bodies.checksum(1, 2);
        for at in 0..20 {
            let mut message = bodies.message(1, 2);
            message.body.0[at] ^= 1;
            assert_ne!(message.checksum(), whole);
        }
        assert_ne!(bodies.checksum(2, 2), whole);
        assert_ne!(bodies.checksum(1, 3), whole);
        assert_ne!(Bodies { seed: 6, bytes: 20 }.checksum(1, 2), whole);
        assert_ne!(Bodies { seed: 5, bytes: 21 }.checksum(1, 2), whole);
    }
}
