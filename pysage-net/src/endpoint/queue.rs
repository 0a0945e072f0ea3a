//! Messages one behind the other in one buffer.

use super::incoming::MESSAGE_COST_BYTES;

/// Messages in their order, without an allocation for each.
#[derive(Default)]
pub(crate) struct MessageQueue {
    /// Of each message its length, with [`RELIABLE`] in the highest bit, and its bytes.
    records: Vec<u8>,
    /// Where the first message begins.
    start: usize,
    count: usize,
}

const LENGTH_BYTES: usize = size_of::<u32>();
const RELIABLE: u32 = 1 << 31;

/// A buffer larger than this is given back once it is empty.
const KEPT_BYTES: usize = 256 << 10;

impl MessageQueue {
    /// Puts a message behind the others, in two halves.
    #[inline]
    pub(crate) fn push(&mut self, start: &[u8], end: &[u8], is_reliable: bool) {
        let length = (start.len() + end.len()) as u32;
        let flag = if is_reliable { RELIABLE } else { 0 };
        self.records.extend_from_slice(&(length | flag).to_le_bytes());
        self.records.extend_from_slice(start);
        self.records.extend_from_slice(end);
        self.count += 1;
    }

    /// Puts another's messages behind, but for the first ones.
    pub(crate) fn append(&mut self, other: &MessageQueue, skip: usize) {
        let mut at = other.start;
        for _ in 0..skip {
            at += LENGTH_BYTES + other.head(at).0;
        }
        self.records.extend_from_slice(&other.records[at..]);
        self.count += other.count - skip;
    }

    /// The first message, and whether it is a reliable one.
    #[inline]
    pub(crate) fn front(&self) -> Option<(&[u8], bool)> {
        if self.count == 0 {
            return None;
        }
        let (length, is_reliable) = self.head(self.start);
        let start = self.start + LENGTH_BYTES;
        Some((&self.records[start..start + length], is_reliable))
    }

    /// Drops the first message.
    #[inline]
    pub(crate) fn pop(&mut self) {
        if self.count == 0 {
            return;
        }
        self.start += LENGTH_BYTES + self.head(self.start).0;
        self.count -= 1;
        if self.count == 0 {
            self.records.clear();
            self.start = 0;
            if self.records.capacity() > KEPT_BYTES {
                self.records = Vec::new();
            }
        } else if self.start > KEPT_BYTES && self.start * 2 > self.records.len() {
            self.records.drain(..self.start);
            self.start = 0;
        }
    }

    #[inline]
    fn head(&self, at: usize) -> (usize, bool) {
        let length = self.records[at..].first_chunk();
        let head = u32::from_le_bytes(*length.expect("messages are whole"));
        ((head & !RELIABLE) as usize, head & RELIABLE != 0)
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// How many bytes the messages have.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.records.len() - self.start - self.count * LENGTH_BYTES
    }

    /// What the messages count for against windows.
    #[inline]
    pub(crate) fn cost(&self) -> usize {
        self.bytes() + self.count * MESSAGE_COST_BYTES
    }

    /// Gives back memory that is not needed now.
    pub(crate) fn shrink(&mut self) {
        if self.count == 0 {
            self.records = Vec::new();
        } else {
            self.records.drain(..self.start);
            self.records.shrink_to_fit();
        }
        self.start = 0;
    }
}
