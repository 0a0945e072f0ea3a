//! Reliable frames that left together, kept until they arrived.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::bytes::Reader;
use super::frame::Frame;
use super::lane::{Kind, Lane};
use super::outgoing::Large;
use super::sent::Carried;

/// The reliable frames of each datagram, by a small number: they are sent again as they are.
#[derive(Default)]
pub(crate) struct Bundles {
    bundles: Vec<Bundle>,
    free: Vec<u32>,
    /// From the oldest that did not arrive on, in the order in which they left. Those behind it that
    /// arrived may wait for it at the other end, and are lost there if that ends.
    order: VecDeque<u32>,
    /// Those to be sent again.
    resend: VecDeque<u32>,
    /// The bytes of the messages in that order.
    bytes: usize,
    /// How many did not arrive, as far as is known.
    missing: usize,
}

/// Frames that left in one datagram.
#[derive(Default)]
struct Bundle {
    frames: Vec<u8>,
    body_bytes: u32,
    large: Option<Arc<Large>>,
    /// How many datagrams are in flight that hold it.
    in_flight: u32,
    /// How many datagrams are known that hold it.
    known: u32,
    /// It was lost before.
    was_lost: bool,
    /// It leaves once more behind the next time.
    leaves_twice: bool,
    has_arrived: bool,
    /// It and all before it arrived.
    is_settled: bool,
    waits: bool,
}

impl Bundles {
    /// Keeps frames with so many bytes of messages.
    pub(crate) fn add(
        &mut self,
        frames: &[u8],
        body_bytes: usize,
        large: Option<Arc<Large>>,
    ) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.bundles.push(Bundle::default());
            (self.bundles.len() - 1) as u32
        });
        let bundle = &mut self.bundles[number as usize];
        *bundle = Bundle { body_bytes: body_bytes as u32, large, ..Bundle::default() };
        bundle.frames.extend_from_slice(frames);
        self.order.push_back(number);
        self.bytes += body_bytes;
        self.missing += 1;
        number
    }

    /// Takes note that a datagram leaves with it.
    pub(crate) fn departs(&mut self, number: u32) {
        let bundle = &mut self.bundles[number as usize];
        bundle.in_flight += 1;
        bundle.known += 1;
    }

    /// Takes note that a datagram with it arrived, which was in flight until now or not.
    pub(crate) fn arrived(&mut self, number: u32, was_in_flight: bool) {
        let bundle = &mut self.bundles[number as usize];
        bundle.in_flight -= u32::from(was_in_flight);
        if !bundle.has_arrived {
            bundle.has_arrived = true;
            self.missing -= 1;
            self.settle();
        }
    }

    /// Lets go of those that arrived with all before them.
    fn settle(&mut self) {
        while let Some(number) = self.order.front().copied() {
            let bundle = &mut self.bundles[number as usize];
            if !bundle.has_arrived {
                return;
            }
            bundle.is_settled = true;
            (bundle.frames, bundle.large) = (Vec::new(), None);
            self.bytes -= bundle.body_bytes as usize;
            self.order.pop_front();
            self.release(number);
        }
    }

    /// Takes note that a datagram with it was lost: it is sent again, unless another one is on its
    /// way. Where nothing else waits it leaves twice, and so does what was lost before: all behind it
    /// waits for it, and few are.
    pub(crate) fn lost(&mut self, number: u32, nothing_waits: bool) {
        let bundle = &mut self.bundles[number as usize];
        bundle.in_flight -= 1;
        if bundle.in_flight == 0 {
            bundle.leaves_twice = nothing_waits || bundle.was_lost;
            bundle.was_lost = true;
            self.send_again(number);
        }
    }

    fn send_again(&mut self, number: u32) {
        let bundle = &mut self.bundles[number as usize];
        if !bundle.has_arrived && !bundle.waits {
            bundle.waits = true;
            self.resend.push_back(number);
        }
    }

    /// Takes note that a datagram with it is forgotten.
    pub(crate) fn forgotten(&mut self, number: u32) {
        let bundle = &mut self.bundles[number as usize];
        bundle.known -= 1;
        self.release(number);
    }

    fn release(&mut self, number: u32) {
        let bundle = &self.bundles[number as usize];
        if bundle.is_settled && bundle.known == 0 && !bundle.waits {
            self.free.push(number);
        }
    }

    /// The next one to be sent again, if its frames fit into a datagram that carries these; it no
    /// longer waits then, unless it leaves twice.
    pub(crate) fn next_resend(
        &mut self,
        room_bytes: usize,
        carried: &Carried,
    ) -> Option<(u32, &[u8])> {
        loop {
            let number = *self.resend.front()?;
            let bundle = &mut self.bundles[number as usize];
            if bundle.has_arrived {
                bundle.waits = false;
                self.resend.pop_front();
                self.release(number);
                continue;
            }
            if bundle.frames.len() > room_bytes || carried.iter().any(|it| it == number) {
                return None;
            }
            self.resend.pop_front();
            bundle.waits = std::mem::take(&mut bundle.leaves_twice);
            if bundle.waits {
                self.resend.push_back(number);
            }
            return Some((number, &self.bundles[number as usize].frames));
        }
    }

    /// Whether some wait to be sent again.
    pub(crate) fn resends(&mut self) -> bool {
        while let Some(number) = self.resend.front().copied() {
            let bundle = &mut self.bundles[number as usize];
            if !bundle.has_arrived {
                return true;
            }
            bundle.waits = false;
            self.resend.pop_front();
            self.release(number);
        }
        false
    }

    /// Has the oldest that did not arrive sent again, of these at most so many bytes.
    pub(crate) fn probe(&mut self, numbers: impl Iterator<Item = u32>, most_bytes: usize) {
        let mut left = most_bytes;
        for number in numbers {
            let bundle = &self.bundles[number as usize];
            if bundle.has_arrived || bundle.waits {
                continue;
            }
            let Some(rest) = left.checked_sub(bundle.frames.len()) else { return };
            left = rest;
            self.send_again(number);
        }
    }

    /// The frames of one that is in a single datagram that is in flight, if they are short.
    pub(crate) fn short(&self, number: u32, most_bytes: usize) -> Option<&[u8]> {
        let bundle = &self.bundles[number as usize];
        let is_one = !bundle.has_arrived && !bundle.waits && bundle.in_flight == 1;
        let frames = Some(&bundle.frames[..]).filter(|frames| is_one && frames.len() <= most_bytes);
        frames.filter(|frames| !frames.is_empty())
    }

    /// Whether all that left has arrived.
    pub(crate) fn is_empty(&self) -> bool {
        self.missing == 0
    }

    /// The bytes of the messages that are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The messages that did not arrive, as far as is known, or that wait at the other end for one
    /// that did not, in the order in which they left; but for those of which some parts did not
    /// leave yet.
    pub(crate) fn messages(&self, leaves: impl Fn(&Large) -> bool) -> Vec<Vec<u8>> {
        let (mut all, mut gaps) = (Vec::new(), HashSet::new());
        // The parts of several may have left in turns.
        let mut larges = HashSet::new();
        for bundle in self.order.iter().map(|number| &self.bundles[*number as usize]) {
            let mut is_due = |lane: Lane| {
                if !bundle.has_arrived {
                    gaps.insert(lane);
                }
                // What arrived waits there for what did not, in a lane that has an order; and all
                // waits for what this end knows.
                let waits = lane.kind == Kind::ReliableOrdered && gaps.contains(&lane)
                    || gaps.contains(&Lane::CONTROL);
                lane != Lane::CONTROL && (!bundle.has_arrived || waits)
            };
            if let Some(large) = &bundle.large {
                let is_due = is_due(large.lane) && !leaves(large);
                if is_due && larges.insert((large.lane, large.number)) {
                    all.push(large.bytes.clone());
                }
                continue;
            }
            let mut reader = Reader::new(&bundle.frames);
            while let Ok(Some(frame)) = Frame::read(&mut reader) {
                if let Frame::Messages(messages) = frame
                    && is_due(messages.lane)
                {
                    messages.each(0, |start, end| all.push([start, end].concat()));
                }
            }
        }
        all
    }

    /// Gives back memory that was needed for more than there is now.
    pub(crate) fn shrink(&mut self) {
        if self.missing == 0 && self.free.len() == self.bundles.len() {
            *self = Bundles::default();
        }
    }
}

#[cfg(test)]
mod tests;
