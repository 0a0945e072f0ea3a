//! What was sent and not transmitted yet.

use std::collections::VecDeque;

use super::envelope::Envelope;
use super::{Encoding, LinkId};
use crate::message::Delivery;

/// The messages that were sent over the links of one transport and wait to be transmitted.
///
/// Messages of one link are in the order in which they were sent. What is not taken stays, and
/// counts against the room that the link has.
#[derive(Default)]
pub struct Outbox {
    /// By the index of the link.
    links: Vec<Option<Waiting>>,
    /// Links that had nothing waiting before, in the order in which they were sent to, each with its
    /// number in that order. Those that were emptied since stay until there are many of them: a
    /// broadcast may touch thousands.
    touched: Vec<(LinkId, u64)>,
    /// The last number in that order.
    touches: u64,
}

/// What waits for one link.
struct Waiting {
    link: LinkId,
    /// Its number among the links that were touched, when it was last.
    touch: u64,
    /// How the frames are written.
    encoding: Encoding,
    items: VecDeque<Item>,
    /// The frames one behind the other; the first `taken` bytes are done.
    frames: Vec<u8>,
    taken: usize,
    bytes: usize,
}

enum Item {
    Frame { length: u32, delivery: Delivery, stream: u8 },
    Value(Envelope),
}

/// A message on its way out.
#[non_exhaustive]
pub enum Outgoing<'a> {
    /// Its frame, in the codec of the link.
    Frame {
        /// The frame, without its length.
        bytes: &'a [u8],
        /// How a network carries it.
        delivery: Delivery,
        /// The stream within which it keeps order.
        stream: u8,
    },
    /// The message as a value.
    Value(Envelope),
}

/// Buffers larger than this are given back once they are empty.
const KEPT_BYTES: usize = 256 << 10;

impl Outbox {
    /// The links for which something waits, in the order in which they were first sent to.
    #[must_use]
    pub fn links(&self) -> Vec<LinkId> {
        self.touched.iter().filter(|touched| self.waits(touched)).map(|(link, _)| *link).collect()
    }

    /// How many bytes wait for a link.
    #[must_use]
    pub fn bytes(&self, link: LinkId) -> usize {
        self.waiting(link).map_or(0, |waiting| waiting.bytes)
    }

    /// The size of the next message for a link, in bytes.
    #[must_use]
    pub fn next_bytes(&self, link: LinkId) -> Option<usize> {
        self.waiting(link)?.items.front().map(Item::bytes)
    }

    /// Takes the next message for a link.
    pub fn take(&mut self, link: LinkId) -> Option<Outgoing<'_>> {
        let waiting = self.links.get_mut(link.index as usize)?.as_mut()?;
        if waiting.link != link {
            return None;
        }
        let Some(item) = waiting.items.pop_front() else {
            waiting.clear();
            return None;
        };
        waiting.bytes -= item.bytes();
        Some(match item {
            Item::Value(envelope) => Outgoing::Value(envelope),
            Item::Frame { length, delivery, stream } => {
                let start = waiting.taken;
                waiting.taken += length as usize;
                let bytes = &waiting.frames[start..waiting.taken];
                Outgoing::Frame { bytes, delivery, stream }
            }
        })
    }

    pub(crate) fn push_frame(
        &mut self,
        link: LinkId,
        encoding: Encoding,
        frame: &[u8],
        delivery: Delivery,
        stream: u8,
    ) {
        let waiting = self.waiting_mut(link);
        waiting.encoding = encoding;
        if waiting.items.is_empty() {
            waiting.clear();
        }
        waiting.compact();
        waiting.frames.extend_from_slice(frame);
        waiting.bytes += frame.len();
        let length = u32::try_from(frame.len()).expect("a frame is within its limit");
        waiting.items.push_back(Item::Frame { length, delivery, stream });
    }

    pub(crate) fn push_value(&mut self, link: LinkId, envelope: Envelope) {
        let waiting = self.waiting_mut(link);
        waiting.bytes += envelope.bytes();
        waiting.items.push_back(Item::Value(envelope));
    }

    /// The last of what waits for a link, if it is values: a further message may be added.
    pub(crate) fn last_value(&mut self, link: LinkId) -> Option<&mut Envelope> {
        let waiting = self.links.get_mut(link.index as usize)?.as_mut()?;
        match waiting.items.back_mut().filter(|_| waiting.link == link)? {
            Item::Value(envelope) => Some(envelope),
            Item::Frame { .. } => None,
        }
    }

    /// Takes note that a message was added to the last value of a link.
    pub(crate) fn count_further_value(&mut self, link: LinkId) {
        let waiting = self.links.get_mut(link.index as usize).and_then(Option::as_mut);
        if let Some(Waiting { items, bytes, .. }) = waiting
            && let Some(Item::Value(envelope)) = items.back_mut()
        {
            envelope.count_further();
            *bytes += envelope.each_bytes();
        }
    }

    pub(crate) fn encoding(&self, link: LinkId) -> Encoding {
        self.waiting(link).map(|waiting| waiting.encoding).unwrap_or_default()
    }

    /// The link of another generation that has this one's place, if something waits for it.
    pub(crate) fn predecessor(&self, link: LinkId) -> Option<LinkId> {
        let waiting = self.links.get(link.index as usize)?.as_ref()?;
        (waiting.link != link && !waiting.items.is_empty()).then_some(waiting.link)
    }

    fn waiting(&self, link: LinkId) -> Option<&Waiting> {
        self.links.get(link.index as usize)?.as_ref().filter(|waiting| waiting.link == link)
    }

    /// Makes room for a link; what waited for one that had its index must be gone.
    fn waiting_mut(&mut self, link: LinkId) -> &mut Waiting {
        let index = link.index as usize;
        if self.links.len() <= index {
            self.links.resize_with(index + 1, || None);
        }
        if self.waiting(link).is_none_or(|waiting| waiting.items.is_empty()) {
            self.touch(link);
        }
        let place = &mut self.links[index];
        if place.as_ref().is_some_and(|waiting| waiting.link != link) {
            *place = None;
        }
        let waiting = place.get_or_insert_with(|| Waiting::new(link));
        if waiting.items.is_empty() {
            waiting.touch = self.touches;
        }
        waiting
    }

    fn touch(&mut self, link: LinkId) {
        if self.touched.len() > 2 * self.links.len() {
            let mut touched = std::mem::take(&mut self.touched);
            touched.retain(|touched| self.waits(touched));
            self.touched = touched;
        }
        self.touches += 1;
        self.touched.push((link, self.touches));
    }

    /// Whether a link waits since it was touched then.
    fn waits(&self, (link, touch): &(LinkId, u64)) -> bool {
        let waiting = self.waiting(*link);
        waiting.is_some_and(|waiting| waiting.touch == *touch && !waiting.items.is_empty())
    }
}

impl Waiting {
    fn new(link: LinkId) -> Waiting {
        Waiting {
            link,
            touch: 0,
            encoding: Encoding::default(),
            items: VecDeque::new(),
            frames: Vec::new(),
            taken: 0,
            bytes: 0,
        }
    }

    /// Forgets frames that are done, when that is worth moving the rest.
    fn compact(&mut self) {
        if self.taken > KEPT_BYTES && self.taken * 2 > self.frames.len() {
            self.frames.drain(..self.taken);
            self.taken = 0;
        }
    }

    fn clear(&mut self) {
        self.frames.clear();
        self.taken = 0;
        if self.frames.capacity() > KEPT_BYTES {
            *self = Waiting::new(self.link);
        }
    }
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Item::Frame { length, .. } => *length as usize,
            Item::Value(envelope) => envelope.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_whose_messages_were_all_taken_is_not_told() {
        let links = [1, 0].map(|index| LinkId { index, generation: 0 });
        let mut outbox = Outbox::default();
        for link in links {
            outbox.push_frame(link, Encoding::default(), b"frame", Delivery::default(), 0);
        }
        assert_eq!(outbox.links(), links);
        assert!(outbox.take(links[0]).is_some());
        assert_eq!((outbox.links(), outbox.bytes(links[0])), (vec![links[1]], 0));
        outbox.push_frame(links[0], Encoding::default(), b"more", Delivery::default(), 0);
        let taken = outbox.take(links[0]);
        assert!(matches!(taken, Some(Outgoing::Frame { bytes: b"more", .. })));
    }

    #[test]
    fn links_are_told_in_the_order_in_which_they_began_to_wait() {
        let links = [0, 1, 2].map(|index| LinkId { index, generation: 0 });
        let mut outbox = Outbox::default();
        let push = |outbox: &mut Outbox, link| {
            outbox.push_frame(link, <_>::default(), b"f", <_>::default(), 0)
        };
        for round in 0..100 {
            let first = links[round % 3];
            let second = links[(round + 1) % 3];
            push(&mut outbox, first);
            push(&mut outbox, second);
            push(&mut outbox, first);
            assert_eq!(outbox.links(), [first, second]);
            assert!(outbox.take(first).is_some() && outbox.take(first).is_some());
            push(&mut outbox, first);
            assert_eq!(outbox.links(), [second, first], "it has nothing older left");
            while outbox.take(first).is_some() || outbox.take(second).is_some() {}
            assert_eq!(outbox.links(), []);
        }
        assert!(outbox.touched.len() <= 10, "what was emptied is forgotten");
    }

    #[test]
    fn a_link_of_another_generation_is_told_by_its_own_name() {
        let [old, new] = [0, 1].map(|generation| LinkId { index: 0, generation });
        let mut outbox = Outbox::default();
        outbox.push_frame(old, Encoding::default(), b"old", Delivery::default(), 0);
        assert!(outbox.take(old).is_some());
        outbox.push_frame(new, Encoding::default(), b"new", Delivery::default(), 0);
        assert_eq!((outbox.links(), outbox.bytes(old)), (vec![new], 0));
    }
}
