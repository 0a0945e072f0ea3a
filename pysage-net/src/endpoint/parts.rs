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
    most_unreliable: usize,
    most_unreliable_bytes: usize,
    unreliable: usize,
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
            most_unreliable,
            most_unreliable_bytes,
            unreliable: 0,
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
            while self.unreliable >= self.most_unreliable
                || self.unreliable_bytes + bytes > self.most_unreliable_bytes
            {
                self.give_up_oldest();
            }
            self.unreliable += 1;
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
        let unreliable = self.partial.iter().filter(|((lane, _), _)| !lane.is_reliable());
        let oldest = unreliable.min_by_key(|(_, partial)| partial.begun).map(|(key, _)| *key);
        self.remove(oldest.expect("there is one if they are too many"));
    }

    fn remove(&mut self, key: (Lane, u64)) -> Option<Partial> {
        let partial = self.partial.remove(&key)?;
        if !key.0.is_reliable() {
            self.unreliable -= 1;
            self.unreliable_bytes -= partial.bytes.len();
        }
        Some(partial)
    }

    /// Gives up what will not come any more.
    pub(crate) fn forget_unreliable(&mut self) {
        while self.unreliable > 0 {
            self.give_up_oldest();
        }
    }
}
