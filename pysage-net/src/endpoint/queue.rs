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
        self.records.reserve(LENGTH_BYTES + length as usize);
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
        if let Some(length) = self.front().map(|(body, _)| body.len()) {
            self.drop_front(length);
        }
    }

    /// Drops the first message, which has so many bytes.
    #[inline]
    pub(crate) fn drop_front(&mut self, length: usize) {
        self.start += LENGTH_BYTES + length;
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

    /// What those of the messages count for that are reliable.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn reliable_cost(&self) -> usize {
        let (mut at, mut cost) = (self.start, 0);
        for _ in 0..self.count {
            let (length, is_reliable) = self.head(at);
            cost += if is_reliable { length + MESSAGE_COST_BYTES } else { 0 };
            at += LENGTH_BYTES + length;
        }
        assert_eq!(at, self.records.len());
        cost
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn drain(mut queue: MessageQueue) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while let Some((body, _)) = queue.front() {
            all.push(body.to_vec());
            queue.pop();
        }
        all
    }

    proptest! {
        #[test]
        fn it_is_a_queue(
            operations in prop::collection::vec((0_u8..6, 0_usize..3_000, any::<bool>()), 0..200),
        ) {
            let (mut queue, mut reference) = (MessageQueue::default(), VecDeque::new());
            for (number, (what, length, is_reliable)) in operations.into_iter().enumerate() {
                match what {
                    0 => {
                        queue.pop();
                        reference.pop_front();
                    }
                    1 => queue.shrink(),
                    _ => {
                        let body = vec![number as u8; length];
                        queue.push(&body[..length / 3], &body[length / 3..], is_reliable);
                        reference.push_back((body, is_reliable));
                    }
                }
                let front = reference.front().map(|(body, reliable)| (&body[..], *reliable));
                prop_assert_eq!(queue.front(), front);
                prop_assert_eq!(queue.len(), reference.len());
                let bytes = reference.iter().map(|(body, _)| body.len()).sum::<usize>();
                prop_assert_eq!(queue.bytes(), bytes);
                prop_assert_eq!(queue.cost(), bytes + reference.len() * MESSAGE_COST_BYTES);
                queue.reliable_cost();
            }
            let left: Vec<_> = reference.into_iter().map(|(body, _)| body).collect();
            prop_assert_eq!(drain(queue), left);
        }
    }

    #[test]
    fn another_one_is_put_behind_but_for_its_first_ones() {
        let mut other = MessageQueue::default();
        (0..5_u8).for_each(|number| other.push(&[number], &[], true));
        other.pop();
        for skip in 0..=4 {
            let mut queue = MessageQueue::default();
            queue.push(b"before", &[], false);
            queue.append(&other, skip);
            let numbers: Vec<_> = drain(queue).into_iter().skip(1).flatten().collect();
            assert!(numbers.into_iter().eq(1 + skip as u8..5), "but for {skip}");
        }
    }

    #[test]
    fn a_large_buffer_is_given_back_once_it_is_empty_or_mostly_handed_over() {
        let mut queue = MessageQueue::default();
        for _ in 0..100 {
            queue.push(&[1; 10_000], &[], true);
        }
        for _ in 0..60 {
            queue.pop();
        }
        assert!(queue.records.len() < 700_000, "{} bytes", queue.records.len());
        for _ in 0..40 {
            queue.pop();
        }
        assert_eq!(queue.records.capacity(), 0);
    }
}
