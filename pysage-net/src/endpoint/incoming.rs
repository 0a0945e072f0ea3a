//! What came: numbered messages, once and in their order where they have one.

use std::collections::{BTreeMap, HashMap};

use super::bytes::Malformed;
use super::frame::{Messages, Part};
use super::lane::{Kind, Lane};
use super::parts::Parts;
use super::queue::MessageQueue;
use super::ranges::Ranges;

/// What came from a peer and was not handed over, or waits for what was lost before it.
pub(crate) struct Incoming {
    window_bytes: usize,
    message_bytes: usize,
    lanes: Lanes,
    parts: Parts,
    /// What can be handed over, in its order.
    arrived: MessageQueue,
    /// What endpoints tell each other.
    control: MessageQueue,
    /// What reliable messages that were not handed over count for.
    held_bytes: usize,
    /// What those that were handed over counted for, in all.
    done_bytes: u64,
}

/// What a message counts for against windows, beside its bytes: about what it costs to keep it.
pub(crate) const MESSAGE_COST_BYTES: usize = 32;

/// Whether what came was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Accepted {
    Yes,
    /// There is no room: it counts as lost, and comes again.
    No,
}

/// The lanes in which something came, by their first message's coming.
#[derive(Default)]
struct Lanes(HashMap<Lane, Arriving>);

/// What is known of the messages of a lane.
enum Arriving {
    /// The number from which on a message is newer than those before.
    Sequenced {
        next: u64,
    },
    Unordered {
        seen: Ranges,
    },
    Ordered {
        next: u64,
        early: BTreeMap<u64, Block>,
    },
}

/// Messages with numbers in a row that wait for those before them.
struct Block {
    messages: MessageQueue,
}

/// So many gaps there may be in an unordered lane: what would leave another one comes again later.
const MOST_GAPS: usize = 4096;

impl Incoming {
    pub(crate) fn new(window_bytes: usize, message_bytes: usize, partial: usize) -> Incoming {
        Incoming {
            window_bytes,
            message_bytes,
            lanes: Lanes::default(),
            parts: Parts::new(partial, window_bytes),
            arrived: MessageQueue::default(),
            control: MessageQueue::default(),
            held_bytes: 0,
            done_bytes: 0,
        }
    }

    /// Up to how many bytes of reliable messages the peer may send in all.
    pub(crate) fn limit_bytes(&self) -> u64 {
        self.done_bytes + self.window_bytes as u64
    }

    /// Takes messages.
    pub(crate) fn take(&mut self, messages: &Messages<'_>) -> Result<Accepted, Malformed> {
        let bytes = messages.body_bytes();
        let cost = bytes + messages.count as usize * MESSAGE_COST_BYTES;
        let lane = messages.lane;
        if lane.is_reliable() && self.held_bytes + cost > self.window_bytes {
            // What came before needs no room.
            let is_new = !self.lanes.is_old(lane, messages.first, messages.count);
            return Ok(if is_new { Accepted::No } else { Accepted::Yes });
        }
        if !lane.is_reliable() && self.arrived.cost() + cost > self.window_bytes {
            return Ok(Accepted::Yes);
        }
        let last = messages.first.checked_add(messages.count - 1);
        let last = last.ok_or(Malformed("a message has a number beyond all"))?;
        match self.lanes.of(lane) {
            Arriving::Sequenced { next } => {
                let skip = next.saturating_sub(messages.first);
                *next = (*next).max(last + 1);
                messages.each(skip, |start, end| self.arrived.push(start, end, false));
            }
            Arriving::Unordered { .. } if !lane.is_reliable() => {
                messages.each(0, |start, end| self.arrived.push(start, end, false));
            }
            Arriving::Unordered { seen } => {
                if !has_room(seen, messages.first, last) {
                    return Ok(Accepted::No);
                }
                if !seen.insert_all(messages.first, last) {
                    // Some of them came before.
                    let mut number = messages.first;
                    messages.each(0, |start, end| {
                        if seen.insert(number) {
                            self.held_bytes += start.len() + end.len() + MESSAGE_COST_BYTES;
                            self.arrived.push(start, end, true);
                        }
                        number += 1;
                    });
                    return Ok(Accepted::Yes);
                }
                seen.settle();
                self.held_bytes += cost;
                messages.each(0, |start, end| self.arrived.push(start, end, true));
            }
            Arriving::Ordered { next, early } => {
                if last < *next {
                    return Ok(Accepted::Yes);
                }
                let out =
                    if lane.kind == Kind::Control { &mut self.control } else { &mut self.arrived };
                if messages.first <= *next {
                    let skip = *next - messages.first;
                    let before = out.cost();
                    messages.each(skip, |start, end| out.push(start, end, true));
                    self.held_bytes += out.cost() - before;
                    *next = last + 1;
                    release(next, early, out, &mut self.held_bytes);
                } else {
                    let mut block = MessageQueue::default();
                    messages.each(0, |start, end| block.push(start, end, true));
                    keep(early, messages.first, block, &mut self.held_bytes);
                }
            }
        }
        Ok(Accepted::Yes)
    }

    /// Takes a part of a message.
    pub(crate) fn take_part(&mut self, part: &Part<'_>) -> Result<Accepted, Malformed> {
        if part.total_bytes > self.message_bytes {
            return Err(Malformed("a message is longer than the limit"));
        }
        let (lane, number) = (part.lane, part.number);
        if self.lanes.is_old(lane, number, 1) {
            return Ok(Accepted::Yes);
        }
        if let Arriving::Unordered { seen } = self.lanes.of(lane)
            && !has_room(seen, number, number)
        {
            return Ok(Accepted::No);
        }
        let cost = part.total_bytes + MESSAGE_COST_BYTES;
        let is_reliable = lane.is_reliable();
        if is_reliable && !self.parts.has(lane, number) {
            if self.held_bytes + cost > self.window_bytes {
                return Ok(Accepted::No);
            }
            self.held_bytes += cost;
        }
        let Some(whole) = self.parts.take(part)? else { return Ok(Accepted::Yes) };
        let out = if lane.kind == Kind::Control { &mut self.control } else { &mut self.arrived };
        match self.lanes.of(lane) {
            Arriving::Sequenced { next } => *next = number + 1,
            Arriving::Unordered { seen } if is_reliable => {
                seen.insert(number);
                seen.settle();
            }
            Arriving::Unordered { .. } => {}
            Arriving::Ordered { next, early } if *next < number => {
                let mut block = MessageQueue::default();
                block.push(&whole, &[], true);
                // It counts already.
                self.held_bytes -= cost;
                keep(early, number, block, &mut self.held_bytes);
                return Ok(Accepted::Yes);
            }
            Arriving::Ordered { next, early } => {
                *next = number + 1;
                out.push(&whole, &[], true);
                release(next, early, out, &mut self.held_bytes);
                return Ok(Accepted::Yes);
            }
        }
        if is_reliable || out.cost() + cost <= self.window_bytes {
            out.push(&whole, &[], is_reliable);
        }
        Ok(Accepted::Yes)
    }

    /// Whether messages can be handed over.
    pub(crate) fn has_next(&self) -> bool {
        self.arrived.len() > 0
    }

    /// Hands messages over, until one is not taken; whether all were.
    #[inline]
    pub(crate) fn hand_over(&mut self, mut take: impl FnMut(&[u8]) -> bool) -> bool {
        while let Some((bytes, is_reliable)) = self.arrived.front() {
            let length = bytes.len();
            if !take(bytes) {
                return false;
            }
            if is_reliable {
                let cost = length + MESSAGE_COST_BYTES;
                self.held_bytes -= cost;
                self.done_bytes += cost as u64;
            }
            self.arrived.drop_front(length);
        }
        true
    }

    /// What the other endpoint tells.
    pub(crate) fn next_control(&mut self) -> Option<Vec<u8>> {
        let bytes = self.control.front()?.0.to_vec();
        let cost = bytes.len() + MESSAGE_COST_BYTES;
        self.held_bytes -= cost;
        self.done_bytes += cost as u64;
        self.control.pop();
        Some(bytes)
    }

    /// Panics unless it is within its bounds, and counts what it holds.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn check(&self) {
        let mut held_bytes = self.arrived.reliable_cost() + self.control.reliable_cost();
        held_bytes += self.parts.reliable_cost();
        for arriving in self.lanes.0.values() {
            match arriving {
                Arriving::Sequenced { .. } => {}
                Arriving::Unordered { seen } => assert!(seen.len() <= MOST_GAPS),
                Arriving::Ordered { early, .. } => {
                    held_bytes += early.values().map(|it| it.messages.cost()).sum::<usize>();
                }
            }
        }
        assert_eq!(self.held_bytes, held_bytes);
        assert!(self.held_bytes <= self.window_bytes);
        assert!(self.arrived.cost() <= 2 * self.window_bytes);
    }

    /// Gives back memory that was needed for more than there is now.
    pub(crate) fn shrink(&mut self) {
        self.arrived.shrink();
        self.control.shrink();
        self.parts.forget_unreliable();
        self.lanes.shrink();
    }
}

/// Whether numbers may be noted that leave a gap before them, or leave none.
fn has_room(seen: &Ranges, first: u64, last: u64) -> bool {
    seen.len() < MOST_GAPS
        || (first.saturating_sub(1)..=last + 1).any(|number| seen.contains(number))
}

/// Keeps messages that came early, unless at least as many are there already.
fn keep(
    early: &mut BTreeMap<u64, Block>,
    first: u64,
    messages: MessageQueue,
    held_bytes: &mut usize,
) {
    if early.get(&first).is_some_and(|block| block.messages.len() >= messages.len()) {
        return;
    }
    *held_bytes += messages.cost();
    if let Some(replaced) = early.insert(first, Block { messages }) {
        *held_bytes -= replaced.messages.cost();
    }
}

/// Hands on what waited for the messages that came.
fn release(
    next: &mut u64,
    early: &mut BTreeMap<u64, Block>,
    out: &mut MessageQueue,
    held_bytes: &mut usize,
) {
    while let Some(entry) = early.first_entry().filter(|entry| *entry.key() <= *next) {
        let (first, block) = entry.remove_entry();
        let end = first + block.messages.len() as u64;
        let skip = (*next - first).min(block.messages.len() as u64);
        *held_bytes -= block.messages.cost();
        let before = out.cost();
        out.append(&block.messages, skip as usize);
        *held_bytes += out.cost() - before;
        *next = (*next).max(end);
    }
}

impl Lanes {
    #[inline]
    fn of(&mut self, lane: Lane) -> &mut Arriving {
        self.0.entry(lane).or_insert_with(|| match lane.kind {
            Kind::Unreliable | Kind::ReliableUnordered => {
                Arriving::Unordered { seen: Ranges::default() }
            }
            Kind::Sequenced => Arriving::Sequenced { next: 0 },
            Kind::ReliableOrdered | Kind::Control => {
                Arriving::Ordered { next: 0, early: BTreeMap::new() }
            }
        })
    }

    /// Gives back memory that was needed for more than there is now.
    fn shrink(&mut self) {
        for arriving in self.0.values_mut() {
            if let Arriving::Unordered { seen } = arriving {
                seen.shrink();
            }
        }
    }

    /// Whether all of these messages came before, or are too old to be taken.
    fn is_old(&mut self, lane: Lane, first: u64, count: u64) -> bool {
        let last = first.saturating_add(count - 1);
        match self.of(lane) {
            Arriving::Sequenced { next } => last < *next,
            Arriving::Unordered { seen } => {
                lane.is_reliable() && (first..=last).all(|number| seen.contains(number))
            }
            Arriving::Ordered { next, early } => {
                let kept = early.get(&first).map_or(0, |block| block.messages.len() as u64);
                last < *next || kept >= count
            }
        }
    }
}

#[cfg(test)]
mod tests;
