//! The messages which are written and read.

use pysage_core::wire::WireMessage;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::local::{
    message::{Counter, mix},
    workload::Contents,
};

/// Items of a sequence.
pub const ITEMS: usize = 10_000;

/// A message with a wire form of ours, one of serde's, and one by hand.
pub trait Sample: WireMessage + Serialize + DeserializeOwned + From<Contents> {
    /// Writes the fields, little-endian, over what is in the buffer.
    fn write(&self, buffer: &mut Vec<u8>);

    /// Reads the fields, as [`write`](Self::write) wrote them.
    fn read(bytes: &[u8]) -> Self;

    /// The handler: a checksum over all fields. The implementations are never inlined.
    fn count_in(&self, counter: &mut Counter);

    fn packet_type() -> u16 {
        Self::PACKET_TYPE.expect("a message with a wire form has a packet type").get()
    }
}

/// Sixteen bytes: where an object is.
#[derive(Deserialize, Serialize, pysage_core::Message)]
#[message(packet_type = 101)]
pub struct Place {
    object: u32,
    x: f32,
    y: f32,
    z: f32,
}

/// Any word makes a number: without its second bit it is neither infinite nor a NaN.
fn finite(word: u64) -> f32 {
    f32::from_bits(word as u32 & !(1 << 30))
}

impl From<Contents> for Place {
    /// The object's number takes one byte in all forms of variable length.
    fn from(Contents { a, b }: Contents) -> Self {
        let (object, x) = ((a >> 57) as u32, finite(a));
        Self { object, x, y: finite(b), z: finite(b >> 32) }
    }
}

impl Sample for Place {
    #[inline]
    fn write(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        let fields = [self.object, self.x.to_bits(), self.y.to_bits(), self.z.to_bits()];
        let bytes = fields.map(u32::to_le_bytes);
        buffer.extend_from_slice(bytes.as_flattened());
    }

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        let (words, []) = bytes.as_chunks() else { unreachable!("all fields have four bytes") };
        let &[object, x, y, z] = words else { unreachable!("there are four fields") };
        let [x, y, z] = [x, y, z].map(f32::from_le_bytes);
        Self { object: u32::from_le_bytes(object), x, y, z }
    }

    #[inline(never)]
    fn count_in(&self, counter: &mut Counter) {
        let words = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let (first, second) = (self.x.to_bits(), self.y.to_bits());
        counter.sum = mix(counter.sum, words(self.object, first), words(second, self.z.to_bits()));
        counter.count += 1;
    }
}

/// A text and two numbers.
#[derive(Deserialize, Serialize, pysage_core::Message)]
#[message(packet_type = 102)]
pub struct Said {
    speaker: u32,
    text: String,
    loudness: f32,
}

impl From<Contents> for Said {
    fn from(Contents { a, b }: Contents) -> Self {
        let text = format!("player {:012x}", a & 0xFFFF_FFFF_FFFF);
        Self { speaker: (a >> 57) as u32, text, loudness: finite(b) }
    }
}

impl Sample for Said {
    #[inline]
    fn write(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.speaker.to_le_bytes());
        buffer.extend_from_slice(&(self.text.len() as u32).to_le_bytes());
        buffer.extend_from_slice(self.text.as_bytes());
        buffer.extend_from_slice(&self.loudness.to_le_bytes());
    }

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        let parts = bytes.split_first_chunk().and_then(|(speaker, rest)| {
            let (length, rest) = rest.split_first_chunk()?;
            let (text, loudness) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            let text = str::from_utf8(text).ok()?;
            Some((speaker, text, loudness.try_into().ok()?))
        });
        let (speaker, text, loudness) = parts.expect("the bytes were written above");
        let (speaker, loudness) = (u32::from_le_bytes(*speaker), f32::from_le_bytes(loudness));
        Self { speaker, text: text.to_owned(), loudness }
    }

    #[inline(never)]
    fn count_in(&self, counter: &mut Counter) {
        let head = u64::from(self.speaker) << 32 | u64::from(self.loudness.to_bits());
        counter.sum = mix(counter.sum, head, self.text.len() as u64);
        for part in self.text.as_bytes().chunks(8) {
            let word = part.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            counter.sum = mix(counter.sum, word, 0);
        }
        counter.count += 1;
    }
}

/// A long sequence of numbers.
#[derive(Deserialize, Serialize, pysage_core::Message)]
#[message(packet_type = 103)]
pub struct Numbers {
    items: Vec<i32>,
}

impl From<Contents> for Numbers {
    /// Numbers of 21 bits, half of them negative.
    fn from(Contents { a, b }: Contents) -> Self {
        let item = |index| (b.wrapping_mul(a.wrapping_add(index)) >> 43) as i32 - (1 << 20);
        Self { items: (0..ITEMS as u64).map(item).collect() }
    }
}

impl Sample for Numbers {
    /// Does not clear the buffer: what is written over need not be zeroed.
    #[inline]
    fn write(&self, buffer: &mut Vec<u8>) {
        buffer.resize(size_of_val(self.items.as_slice()), 0);
        for (bytes, item) in buffer.as_chunks_mut().0.iter_mut().zip(&self.items) {
            *bytes = item.to_le_bytes();
        }
    }

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        Self { items: bytes.as_chunks().0.iter().copied().map(i32::from_le_bytes).collect() }
    }

    #[inline(never)]
    fn count_in(&self, counter: &mut Counter) {
        for pair in self.items.chunks(2) {
            let second = pair.get(1).copied().unwrap_or_default();
            counter.sum = mix(counter.sum, pair[0] as u64, second as u64);
        }
        counter.count += self.items.len() as u64;
    }
}
