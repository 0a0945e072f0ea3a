//! What was sent and did not leave yet.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame::{MOST_MESSAGES, PART_BYTES, PART_HEAD_BYTES, PREFIX_BYTES, Part, put_messages};
use super::incoming::MESSAGE_COST_BYTES;
use super::lane::Lane;

/// The messages that wait to leave, by their lanes.
#[derive(Default)]
pub(crate) struct Outgoing {
    lanes: Vec<Waiting>,
    /// Lanes in which something waits, the next one first: those that may be lost, and the others.
    turns: [VecDeque<usize>; 2],
    bytes: usize,
}

/// The messages that wait in one lane.
struct Waiting {
    lane: Lane,
    /// The number of the first one.
    number: u64,
    /// From `done` on.
    lengths: Vec<u32>,
    done: usize,
    /// One behind the other, from `start` on.
    bytes: Vec<u8>,
    start: usize,
    /// How often in a row it became empty without having been half full.
    unneeded: u32,
    /// The first one, if it leaves in parts, and how many of those have left.
    large: Option<(Arc<Large>, usize)>,
}

/// A message that is too large for one datagram.
pub(crate) struct Large {
    pub(crate) lane: Lane,
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
}

/// What was written into a datagram.
#[derive(Default)]
pub(crate) struct Written {
    /// How many bytes of messages.
    pub(crate) bytes: usize,
    /// What it counts for against the window of the peer.
    pub(crate) cost: usize,
    pub(crate) large: Option<Arc<Large>>,
}

/// A buffer larger than this is given back once it is empty and was too large so often: bulk would
/// have the system find memory for it again and again, a third of what it costs to send.
const UNNEEDED: u32 = 32;
const KEPT_BYTES: usize = 256 << 10;

/// Which of the lanes take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Unreliable = 0,
    Reliable = 1,
}

impl Class {
    fn of(lane: Lane) -> Class {
        if lane.is_reliable() { Class::Reliable } else { Class::Unreliable }
    }
}

impl Outgoing {
    /// Puts a message behind the others of its lane.
    pub(crate) fn push(&mut self, lane: Lane, message: &[u8]) {
        self.push_all(lane, message, &[message.len() as u32]);
    }

    /// Puts messages of these lengths, one behind the other, behind the others of their lane.
    pub(crate) fn push_all(&mut self, lane: Lane, messages: &[u8], lengths: &[u32]) {
        if lengths.is_empty() {
            return;
        }
        let at = self.place(lane);
        let waiting = &mut self.lanes[at];
        if waiting.is_empty() {
            self.turns[Class::of(lane) as usize].push_back(at);
        }
        waiting.lengths.extend_from_slice(lengths);
        waiting.bytes.extend_from_slice(messages);
        self.bytes += messages.len();
    }

    fn place(&mut self, lane: Lane) -> usize {
        match self.lanes.iter().position(|waiting| waiting.lane == lane) {
            Some(at) => at,
            None => {
                self.lanes.push(Waiting::new(lane));
                self.lanes.len() - 1
            }
        }
    }

    /// Whether something of this class waits.
    #[inline]
    pub(crate) fn waits(&self, class: Class) -> bool {
        !self.turns[class as usize].is_empty()
    }

    /// What the next reliable message counts for against the window of the peer; nothing if it is
    /// counted already.
    pub(crate) fn next_cost(&self) -> Option<usize> {
        self.lanes[*self.turns[Class::Reliable as usize].front()?].next_cost()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.turns.iter().all(VecDeque::is_empty)
    }

    /// Whether some parts of a message wait.
    pub(crate) fn leaves_in_parts(&self, large: &Large) -> bool {
        let mut larges = self.lanes.iter().filter_map(|waiting| waiting.large.as_ref());
        larges.any(|(it, _)| (it.lane, it.number) == (large.lane, large.number))
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes messages of the lane whose turn it is. Another lane's turn comes when the datagram is
    /// full or the lane empty. `None` if nothing fits: if that is for the room in the datagram, its
    /// turn is still to come, or large messages would never leave beside many small ones.
    #[inline]
    pub(crate) fn write(
        &mut self,
        class: Class,
        room_bytes: usize,
        credit: usize,
        out: &mut Vec<u8>,
    ) -> Option<Written> {
        let turns = &mut self.turns[class as usize];
        let at = *turns.front()?;
        let waiting = &mut self.lanes[at];
        let written = waiting.write(room_bytes, credit, out);
        if written.is_some() || waiting.next_cost().is_some_and(|cost| cost > credit) {
            turns.pop_front();
            if !waiting.is_empty() {
                turns.push_back(at);
            }
        }
        let written = written?;
        self.bytes -= written.bytes;
        Some(written)
    }

    /// The reliable messages that wait, with those of which parts have left.
    pub(crate) fn reliable(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for waiting in self
            .lanes
            .iter()
            .filter(|waiting| waiting.lane.is_reliable() && waiting.lane != Lane::CONTROL)
        {
            let mut rest = &waiting.bytes[waiting.start..];
            for length in waiting.lengths() {
                let (message, behind) = rest.split_at(*length as usize);
                all.push(message.to_vec());
                rest = behind;
            }
        }
        all
    }

    /// Gives back memory that was needed for more than there is now.
    pub(crate) fn shrink(&mut self) {
        for waiting in &mut self.lanes {
            waiting.compact();
            waiting.bytes.shrink_to_fit();
            waiting.lengths.shrink_to_fit();
        }
        self.turns.iter_mut().for_each(VecDeque::shrink_to_fit);
    }
}

impl Waiting {
    fn new(lane: Lane) -> Waiting {
        Waiting {
            lane,
            number: 0,
            lengths: Vec::new(),
            done: 0,
            bytes: Vec::new(),
            start: 0,
            unneeded: 0,
            large: None,
        }
    }

    /// The lengths of those that wait.
    fn lengths(&self) -> &[u32] {
        &self.lengths[self.done..]
    }

    fn is_empty(&self) -> bool {
        self.lengths().is_empty()
    }

    /// What its next message counts for; nothing if it is counted already.
    fn next_cost(&self) -> Option<usize> {
        match &self.large {
            Some(_) => Some(0),
            None => self.lengths().first().map(|length| *length as usize + MESSAGE_COST_BYTES),
        }
    }

    #[inline]
    fn write(&mut self, room_bytes: usize, credit: usize, out: &mut Vec<u8>) -> Option<Written> {
        let length = *self.lengths().first()? as usize;
        if length > PART_BYTES {
            return self.write_part(room_bytes, credit, out);
        }
        let mut lengths = self.lengths();
        if credit < ENOUGH {
            lengths = &lengths[..self.allowed(credit)];
        }
        let bytes = &self.bytes[self.start..];
        let (messages, bytes) =
            put_messages(out, self.lane, self.number, lengths, bytes, room_bytes);
        if messages == 0 {
            return None;
        }
        self.advance(messages, bytes);
        let cost = bytes + messages * MESSAGE_COST_BYTES;
        Some(Written { bytes, cost, large: None })
    }

    /// How many messages the window of the peer has room for.
    fn allowed(&self, mut credit: usize) -> usize {
        let fits = |length: &&u32| {
            let rest = credit.checked_sub(**length as usize + MESSAGE_COST_BYTES);
            credit = rest.unwrap_or(0);
            rest.is_some()
        };
        self.lengths().iter().take_while(fits).count()
    }

    fn write_part(
        &mut self,
        room_bytes: usize,
        credit: usize,
        out: &mut Vec<u8>,
    ) -> Option<Written> {
        let length = *self.lengths().first()? as usize;
        let index = self.large.as_ref().map_or(0, |(_, parts)| *parts);
        let part_bytes = (length - index * PART_BYTES).min(PART_BYTES);
        if room_bytes < PART_HEAD_BYTES + part_bytes {
            return None;
        }
        let mut cost = 0;
        let (large, _) = match &self.large {
            Some(large) => large,
            None => {
                cost = length + MESSAGE_COST_BYTES;
                if cost > credit {
                    return None;
                }
                let bytes = self.bytes[self.start..self.start + length].to_vec();
                let large = Large { lane: self.lane, number: self.number, bytes };
                self.large.insert((Arc::new(large), 0))
            }
        };
        let large = large.clone();
        let start = index * PART_BYTES;
        let (lane, number) = (self.lane, self.number);
        let bytes = &large.bytes[start..start + part_bytes];
        Part { lane, number, total_bytes: length, index, bytes }.write(out);
        let is_last = start + part_bytes == length;
        self.large = Some((large.clone(), index + 1)).filter(|_| !is_last);
        if is_last {
            self.advance(1, length);
        }
        Some(Written { bytes: part_bytes, cost, large: Some(large) })
    }

    /// Takes note that messages of so many bytes have left.
    fn advance(&mut self, messages: usize, bytes: usize) {
        self.number += messages as u64;
        self.done += messages;
        self.start += bytes;
        if self.is_empty() {
            let is_needed = self.bytes.len() > self.bytes.capacity() / 2;
            self.unneeded = if is_needed { 0 } else { self.unneeded.saturating_add(1) };
            self.bytes.clear();
            self.lengths.clear();
            (self.start, self.done) = (0, 0);
            if self.bytes.capacity() > KEPT_BYTES && self.unneeded >= UNNEEDED {
                (self.bytes, self.lengths) = (Vec::new(), Vec::new());
            }
        } else if self.start > KEPT_BYTES && self.start * 2 > self.bytes.len() {
            self.unneeded = 0;
            self.compact();
        }
    }

    fn compact(&mut self) {
        self.bytes.drain(..self.start);
        self.lengths.drain(..self.done);
        (self.start, self.done) = (0, 0);
    }
}

/// As much credit as the messages of a frame can need: those of the largest datagram, which may have
/// left out of each what all begin with.
const ENOUGH: usize = (16 << 10) + MOST_MESSAGES * (PREFIX_BYTES + MESSAGE_COST_BYTES);

#[cfg(test)]
mod tests;
