//! What was sent and not transmitted yet.

mod spare;

use std::collections::VecDeque;

use super::envelope::Envelope;
use super::{Encoding, LinkId};
use crate::error::SendError;
use crate::message::Delivery;
use spare::{Buffers, KEPT_BYTES, Spare};

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
    /// Buffers of links for which nothing waits now.
    spare: Spare,
}

/// What waits for one link.
struct Waiting {
    link: LinkId,
    /// Its number among the links that were touched, when it was last.
    touch: u64,
    /// How the frames are written.
    encoding: Encoding,
    items: VecDeque<Item>,
    buffers: Buffers,
    /// So many bytes of the frames are done.
    taken: usize,
    /// So many lengths are done.
    told: usize,
    /// Where the last whole frame ends.
    written: usize,
    /// Of all messages.
    bytes: usize,
}

enum Item {
    /// So many frames that travel alike.
    Frames {
        count: usize,
        delivery: Delivery,
        stream: u8,
    },
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

/// Frames on their way out that travel alike, in their order.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OutgoingFrames<'a> {
    /// The frames, one behind the other.
    pub bytes: &'a [u8],
    /// How many bytes each of them has.
    pub lengths: &'a [u32],
    /// How a network carries them.
    pub delivery: Delivery,
    /// The stream within which they keep order.
    pub stream: u8,
}

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
        self.waiting(link)?.next_bytes()
    }

    /// Takes the next message for a link. To be asked until it says `None`, where all is taken: the
    /// link's buffers are used for others from then on.
    pub fn take(&mut self, link: LinkId) -> Option<Outgoing<'_>> {
        self.rest(link);
        let waiting = self.waiting_of(link)?;
        if let Some(Item::Value(_)) = waiting.items.front() {
            let Some(Item::Value(envelope)) = waiting.items.pop_front() else { return None };
            waiting.bytes -= envelope.bytes();
            return Some(Outgoing::Value(envelope));
        }
        let OutgoingFrames { bytes, delivery, stream, .. } = waiting.take_frames(usize::MAX, 1)?;
        Some(Outgoing::Frame { bytes, delivery, stream })
    }

    /// Takes the next frames for a link that travel alike, as many as have so many bytes together:
    /// what [`take`](Self::take) gives one by one, and to be asked as often. `None` if the next message
    /// is a value, is larger, or there is none.
    pub fn take_frames(&mut self, link: LinkId, room_bytes: usize) -> Option<OutgoingFrames<'_>> {
        self.rest(link);
        self.waiting_of(link)?.take_frames(room_bytes, usize::MAX)
    }

    /// Puts a frame behind the others, which is written into the room that the link has. Nothing is
    /// put there if that fails or panics.
    #[inline]
    pub(crate) fn push_frame(
        &mut self,
        link: LinkId,
        encoding: Encoding,
        room_bytes: usize,
        (delivery, stream): (Delivery, u8),
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let place = self.links.get_mut(link.index as usize).and_then(Option::as_mut);
        let waiting = match place.filter(|it| it.link == link && !it.items.is_empty()) {
            Some(waiting) => waiting,
            None => self.begin(link, encoding),
        };
        let start = waiting.make_room();
        write(&mut waiting.buffers.frames)?;
        let length = waiting.buffers.frames.len() - start;
        check_room(waiting.bytes, length, room_bytes)?;
        waiting.written += length;
        waiting.bytes += length;
        waiting.buffers.lengths.push(u32::try_from(length).expect("a frame is within its limit"));
        match waiting.items.back_mut() {
            Some(Item::Frames { count, delivery: before, stream: stream_before })
                if *before == delivery && *stream_before == stream =>
            {
                *count += 1;
            }
            _ => {
                // Values may wait before it.
                waiting.encoding = encoding;
                waiting.items.push_back(Item::Frames { count: 1, delivery, stream });
            }
        }
        Ok(())
    }

    /// Has a link wait for which nothing waited.
    #[inline(never)]
    fn begin(&mut self, link: LinkId, encoding: Encoding) -> &mut Waiting {
        let spare = self.spare.take();
        let waiting = self.waiting_mut(link);
        waiting.encoding = encoding;
        let own = waiting.clear(spare);
        self.spare.keep(own);
        self.links[link.index as usize].as_mut().expect("it was made just now")
    }

    /// Takes the buffers of a link for which nothing waits.
    fn rest(&mut self, link: LinkId) {
        if let Some(waiting) = self.waiting_of(link)
            && waiting.items.is_empty()
            && waiting.buffers.frames.capacity() > 0
        {
            let own = waiting.clear(Buffers::default());
            self.spare.keep(own);
        }
    }

    /// Takes note that a transmission is over.
    pub(crate) fn transmitted(&mut self) {
        self.spare.transmitted();
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
            Item::Frames { .. } => None,
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

    fn waiting_of(&mut self, link: LinkId) -> Option<&mut Waiting> {
        self.links.get_mut(link.index as usize)?.as_mut().filter(|waiting| waiting.link == link)
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
            buffers: Buffers::default(),
            taken: 0,
            told: 0,
            written: 0,
            bytes: 0,
        }
    }

    fn next_bytes(&self) -> Option<usize> {
        match self.items.front()? {
            Item::Frames { .. } => {
                self.buffers.lengths.get(self.told).map(|length| *length as usize)
            }
            Item::Value(envelope) => Some(envelope.bytes()),
        }
    }

    /// Takes the next frames that travel alike, so many of so many bytes at most.
    fn take_frames(&mut self, room_bytes: usize, most: usize) -> Option<OutgoingFrames<'_>> {
        let Item::Frames { count, delivery, stream } = self.items.front_mut()? else {
            return None;
        };
        let (delivery, stream, waiting) = (*delivery, *stream, *count);
        let lengths = &self.buffers.lengths[self.told..self.told + waiting.min(most)];
        let mut bytes = 0;
        let fits = |length: &&u32| {
            let more = bytes + **length as usize;
            let fits = more <= room_bytes;
            bytes = if fits { more } else { bytes };
            fits
        };
        let taken = lengths.iter().take_while(fits).count();
        if taken == 0 {
            return None;
        }
        match waiting - taken {
            0 => drop(self.items.pop_front()),
            left => *count = left,
        }
        let (start, first) = (self.taken, self.told);
        self.taken += bytes;
        self.told += taken;
        self.bytes -= bytes;
        Some(OutgoingFrames {
            bytes: &self.buffers.frames[start..self.taken],
            lengths: &self.buffers.lengths[first..self.told],
            delivery,
            stream,
        })
    }

    /// Forgets what is done, when that is worth moving the rest, and what was written in part;
    /// returns where the next frame begins.
    #[inline]
    fn make_room(&mut self) -> usize {
        if self.taken > KEPT_BYTES && self.taken * 2 > self.buffers.frames.len() {
            self.buffers.frames.drain(..self.taken);
            self.buffers.lengths.drain(..self.told);
            self.written -= self.taken;
            (self.taken, self.told) = (0, 0);
        }
        self.buffers.frames.truncate(self.written);
        self.written
    }

    /// Forgets frames, all of which are done; changes the buffers for others.
    fn clear(&mut self, buffers: Buffers) -> Buffers {
        (self.taken, self.told, self.written) = (0, 0, 0);
        std::mem::replace(&mut self.buffers, buffers)
    }
}

/// Whether so many bytes more have room beside those that wait.
#[inline]
pub(crate) fn check_room(waiting: usize, bytes: usize, room_bytes: usize) -> Result<(), SendError> {
    match room_bytes.checked_sub(waiting) {
        Some(room_bytes) if bytes <= room_bytes => Ok(()),
        room => Err(SendError::Full { bytes, room_bytes: room.unwrap_or(0) }),
    }
}

#[cfg(test)]
mod tests;
