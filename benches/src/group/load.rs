//! The messages that all peers send, and the checksum of those that were handled.

use std::hint::black_box;

use pysage_group::Message;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A message of 64 bytes: eight numbers, of which the first counts the messages.
#[derive(Message, Clone, Copy, Debug, Serialize, Deserialize)]
#[message(packet_type = 101)]
pub struct Words {
    pub number: u64,
    pub a: u64,
    pub b: u64,
    pub c: u64,
    pub d: u64,
    pub e: u64,
    pub f: u64,
    pub g: u64,
}

/// A message of any other size.
#[derive(Message, Clone, Debug, Serialize, Deserialize)]
#[message(packet_type = 102)]
pub struct Block {
    pub number: u64,
    pub body: ByteBuf,
}

/// A message of a load.
pub trait Sample: pysage_group::WireMessage + Serialize + for<'de> Deserialize<'de> {
    fn sample(bodies: &Bodies, number: u64) -> Self;
    fn add_to(&self, checksum: &mut Checksum);
}

/// What the bodies of a load are made of: a few, used in turns.
pub struct Bodies(Vec<Vec<u8>>);

/// Depends on the contents and the order of all messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum(u64);

pub const WORDS_BYTES: usize = 64;

const NUMBER_BYTES: usize = 8;

/// So many bytes of different bodies stay in a processor's cache.
const BODIES_BYTES: usize = 256 << 10;

impl Bodies {
    pub fn new(seed: u64, bytes: usize) -> Bodies {
        let count = (BODIES_BYTES / bytes).clamp(2, 16);
        let words = (bytes - NUMBER_BYTES) / size_of::<u64>();
        let body = |index: usize| {
            let first = (index * words) as u64;
            let words = (first..first + words as u64).map(|at| scatter(seed ^ at));
            words.flat_map(u64::to_le_bytes).collect()
        };
        Bodies((0..count).map(body).collect())
    }

    pub fn of(&self, number: u64) -> &[u8] {
        &self.0[number as usize % self.0.len()]
    }

    /// The checksum of so many messages, computed without sending them.
    pub fn expected(&self, n: u64) -> Checksum {
        let mut checksum = Checksum::default();
        (0..n).for_each(|number| checksum.add(number, self.of(number)));
        checksum
    }
}

impl Sample for Words {
    #[inline]
    fn sample(bodies: &Bodies, number: u64) -> Words {
        let body: &[u8; WORDS_BYTES - NUMBER_BYTES] =
            bodies.of(number).try_into().expect("the load has this size");
        let word = |at: usize| {
            u64::from_le_bytes(*body[8 * at..].first_chunk().expect("there are seven words"))
        };
        let [a, b, c, d, e, f, g] = [0, 1, 2, 3, 4, 5, 6].map(word);
        Words { number, a, b, c, d, e, f, g }
    }

    #[inline]
    fn add_to(&self, checksum: &mut Checksum) {
        let Words { number, a, b, c, d, e, f, g } = *self;
        checksum.add_words(number, [a, b, c, d, e, f, g]);
    }
}

impl Sample for Block {
    fn sample(bodies: &Bodies, number: u64) -> Block {
        Block { number, body: ByteBuf::from(bodies.of(number)) }
    }

    fn add_to(&self, checksum: &mut Checksum) {
        checksum.add(self.number, &self.body);
    }
}

const LANES: usize = 8;

/// The golden ratio's fraction in 64 bits: odd, and without a pattern.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Checksum {
    pub fn value(self) -> u64 {
        self.0
    }

    /// Adds a message whose body is of whole words. In eight lanes: the multiplications of one
    /// would wait for each other.
    #[inline(never)]
    pub fn add(&mut self, number: u64, body: &[u8]) {
        let mut lanes = [GOLDEN; LANES];
        let mut chunks = body.chunks_exact(LANES * size_of::<u64>());
        for chunk in chunks.by_ref() {
            for (lane, word) in lanes.iter_mut().zip(chunk.chunks_exact(size_of::<u64>())) {
                *lane = (*lane ^ word_of(word)).wrapping_mul(GOLDEN);
            }
        }
        let rest = chunks.remainder().chunks_exact(size_of::<u64>());
        for (lane, word) in lanes.iter_mut().zip(rest) {
            *lane = (*lane ^ word_of(word)).wrapping_mul(GOLDEN);
        }
        self.join(number, lanes);
    }

    /// The same for seven words.
    #[inline(never)]
    pub fn add_words(&mut self, number: u64, words: [u64; LANES - 1]) {
        let mut lanes = [GOLDEN; LANES];
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = (*lane ^ word).wrapping_mul(GOLDEN);
        }
        self.join(number, lanes);
    }

    #[inline]
    fn join(&mut self, number: u64, lanes: [u64; LANES]) {
        let each = (1..).zip(lanes).fold(number, |sum, (at, lane)| sum ^ lane.rotate_left(7 * at));
        self.0 = (self.0.rotate_left(23) ^ each).wrapping_mul(GOLDEN);
    }
}

#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("chunks are whole words"))
}

/// Makes numbers that are close to each other look like random ones: SplitMix64.
fn scatter(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(GOLDEN);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The time on a clock that all processes of the machine share.
pub fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    black_box(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_tells_contents_and_order_and_is_the_same_for_both_forms() {
        let bodies = Bodies::new(1, WORDS_BYTES);
        let sum = |numbers: &[u64]| {
            let mut sum = Checksum::default();
            numbers.iter().for_each(|number| Words::sample(&bodies, *number).add_to(&mut sum));
            sum
        };
        assert_eq!(sum(&[0, 1, 2]), bodies.expected(3));
        assert_ne!(sum(&[0, 2, 1]), bodies.expected(3));
        assert_ne!(sum(&[0, 1, 1]), bodies.expected(3));
        assert_ne!(Bodies::new(2, WORDS_BYTES).expected(3), bodies.expected(3));
        let mut one_other = Words::sample(&bodies, 0);
        one_other.c ^= 1;
        let mut other = Checksum::default();
        one_other.add_to(&mut other);
        assert_ne!(other, bodies.expected(1));
    }

    #[test]
    fn each_byte_of_a_block_counts() {
        let bodies = Bodies::new(1, 128);
        for at in 0..120 {
            let mut block = Block::sample(&bodies, 0);
            block.body[at] ^= 1;
            let mut sum = Checksum::default();
            block.add_to(&mut sum);
            assert_ne!(sum, bodies.expected(1), "byte {at}");
        }
    }
}
