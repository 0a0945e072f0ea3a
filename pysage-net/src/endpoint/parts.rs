//! Messages that come in parts.

use std::collections::BTreeMap;

use super::bytes::Malformed;
use super::frame::{PART_BYTES, Part};
use super::lane::Lane;

/// Messages of which some parts have come.
///
/// Those that are reliable are counted against the window before they get here. The others are
/// bounded here: the one that began first is given up for a new one.
pub(crate) struct Parts {
    partial: BTreeMap<(Lane, u64), Partial>,
    /// The unreliable ones, by when they began.
    by_age: BTreeMap<u64, (Lane, u64)>,
    most_unreliable: usize,
    most_unreliable_bytes: usize,
    unreliable_bytes: usize,
    /// How many messages began so far.
    begun: u64,
}

struct Partial {
    begun: u64,
    bytes: Vec<u8>,
    has: Vec<bool>,
    missing: usize,
}

impl Parts {
    pub(crate) fn new(most_unreliable: usize, most_unreliable_bytes: usize) -> Parts {
        Parts {
            partial: BTreeMap::new(),
            by_age: BTreeMap::new(),
            most_unreliable,
            most_unreliable_bytes,
            unreliable_bytes: 0,
            begun: 0,
        }
    }

    /// Whether some of a message has come.
    pub(crate) fn has(&self, lane: Lane, number: u64) -> bool {
        self.partial.contains_key(&(lane, number))
    }

    /// Takes a part; the whole message, if it was the last one missing.
    pub(crate) fn take(&mut self, part: &Part<'_>) -> Result<Option<Vec<u8>>, Malformed> {
        let key = (part.lane, part.number);
        if !self.partial.contains_key(&key) && !self.begin(part) {
            return Ok(None);
        }
        let partial = self.partial.get_mut(&key).expect("it is there, or was begun");
        if partial.bytes.len() != part.total_bytes {
            return Err(Malformed("the parts of a message do not agree how long it is"));
        }
        if std::mem::replace(&mut partial.has[part.index], true) {
            return Ok(None);
        }
        let start = part.index * PART_BYTES;
        partial.bytes[start..start + part.bytes.len()].copy_from_slice(part.bytes);
        partial.missing -= 1;
        if partial.missing > 0 {
            return Ok(None);
        }
        Ok(self.remove(key).map(|partial| partial.bytes))
    }

    /// Makes room for a message; whether there is some.
    fn begin(&mut self, part: &Part<'_>) -> bool {
        let (lane, bytes) = (part.lane, part.total_bytes);
        if !lane.is_reliable() {
            if self.most_unreliable == 0 || bytes > self.most_unreliable_bytes {
                return false;
            }
            while self.by_age.len() >= self.most_unreliable
                || self.unreliable_bytes + bytes > self.most_unreliable_bytes
            {
                self.give_up_oldest();
            }
            self.by_age.insert(self.begun, (lane, part.number));
            self.unreliable_bytes += bytes;
        }
        let parts = bytes.div_ceil(PART_BYTES);
        let partial = Partial {
            begun: self.begun,
            bytes: vec![0; bytes],
            has: vec![false; parts],
            missing: parts,
        };
        self.begun += 1;
        self.partial.insert((lane, part.number), partial);
        true
    }

    fn give_up_oldest(&mut self) {
        let oldest = self.by_age.first_key_value().map(|(_, key)| *key);
        self.remove(oldest.expect("there is one if they are too many"));
    }

    fn remove(&mut self, key: (Lane, u64)) -> Option<Partial> {
        let partial = self.partial.remove(&key)?;
        if !key.0.is_reliable() {
            self.by_age.remove(&partial.begun);
            self.unreliable_bytes -= partial.bytes.len();
        }
        Some(partial)
    }

    /// What the reliable ones count for. Panics if the others are not within their bounds.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn reliable_cost(&self) -> usize {
        let bytes_of = |is_reliable: bool| {
            let those =
                self.partial.iter().filter(move |((lane, _), _)| lane.is_reliable() == is_reliable);
            those.map(|(_, partial)| partial.bytes.len())
        };
        assert_eq!(bytes_of(false).sum::<usize>(), self.unreliable_bytes);
        assert_eq!(bytes_of(false).count(), self.by_age.len());
        assert!(self.by_age.len() <= self.most_unreliable);
        assert!(self.unreliable_bytes <= self.most_unreliable_bytes);
        bytes_of(true).map(|bytes| bytes + super::incoming::MESSAGE_COST_BYTES).sum()
    }

    /// Gives up what will not come any more.
    pub(crate) fn forget_unreliable(&mut self) {
        while !self.by_age.is_empty() {
            self.give_up_oldest();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::lane::Kind;
    use super::*;

    const UNRELIABLE: Lane = Lane { kind: Kind::Unreliable, stream: 0 };
    const RELIABLE: Lane = Lane { kind: Kind::ReliableOrdered, stream: 0 };

    fn take(
        parts: &mut Parts,
        lane: Lane,
        number: u64,
        body: &[u8],
        index: usize,
    ) -> Option<Vec<u8>> {
        let start = index * PART_BYTES;
        let bytes = &body[start..body.len().min(start + PART_BYTES)];
        let part = Part { lane, number, total_bytes: body.len(), index, bytes };
        let whole = parts.take(&part).unwrap();
        parts.reliable_cost();
        whole
    }

    #[test]
    fn a_message_is_whole_once_all_its_parts_have_come_in_any_order() {
        let body: Vec<u8> = (0..3 * PART_BYTES + 5).map(|at| (at / 7) as u8).collect();
        let mut parts = Parts::new(4, 10_000);
        for lane in [UNRELIABLE, RELIABLE] {
            for index in [3, 0, 0, 2, 3] {
                assert_eq!(take(&mut parts, lane, 7, &body, index), None);
            }
            assert!(parts.has(lane, 7));
            assert_eq!(take(&mut parts, lane, 7, &body, 1), Some(body.clone()));
            assert!(!parts.has(lane, 7));
        }
        assert_eq!(parts.reliable_cost(), 0);
    }

    #[test]
    fn the_unreliable_one_that_began_first_is_given_up_for_a_new_one() {
        let body = [1; PART_BYTES + 1];
        let mut parts = Parts::new(3, 100_000);
        take(&mut parts, RELIABLE, 0, &body, 0);
        for number in [9, 3, 5] {
            take(&mut parts, UNRELIABLE, number, &body, 0);
        }
        take(&mut parts, UNRELIABLE, 9, &body, 0);
        take(&mut parts, UNRELIABLE, 1, &body, 0);
        let has = |parts: &Parts| [9, 3, 5, 1].map(|number| parts.has(UNRELIABLE, number));
        assert_eq!(has(&parts), [false, true, true, true]);
        assert!(parts.has(RELIABLE, 0), "what is reliable is not given up");
        parts.forget_unreliable();
        assert_eq!(has(&parts), [false; 4]);
        assert!(parts.has(RELIABLE, 0));
    }

    #[test]
    fn unreliable_ones_are_bounded_in_bytes_too() {
        let mut parts = Parts::new(256, 64 << 10);
        for number in 0..1_000 {
            take(&mut parts, UNRELIABLE, number, &[0; 20_000], 0);
            assert!(parts.unreliable_bytes <= 64 << 10);
        }
        assert_eq!(parts.by_age.len(), 3);
        take(&mut parts, UNRELIABLE, 2_000, &[0; (64 << 10) + 1], 0);
        assert!(!parts.has(UNRELIABLE, 2_000), "one alone may be too long");
        let mut none = Parts::new(0, 64 << 10);
        take(&mut none, UNRELIABLE, 0, &[0; 2_000], 0);
        assert!(!none.has(UNRELIABLE, 0));
    }

    /// As many as a peer sends at once at 62.5 Hz over a way of seconds: none is given up for lack of
    /// slots, as with 16 of them.
    #[test]
    fn by_default_256_messages_of_3_kib_may_be_under_way_in_parts() {
        use crate::config::NetConfig;
        let (slots, bytes) =
            (NetConfig::DEFAULT_PARTIAL_MESSAGES, NetConfig::DEFAULT_RECEIVE_WINDOW_BYTES);
        let mut parts = Parts::new(slots, bytes);
        let body = vec![5; 3 << 10];
        for index in 0..3 {
            for number in 0..256 {
                assert_eq!(
                    take(&mut parts, UNRELIABLE, number, &body, index).is_some(),
                    index == 2
                );
            }
        }
    }
}
