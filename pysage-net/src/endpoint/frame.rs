//! What datagrams hold: frames, one behind the other.
//!
//! A frame begins with a byte that says what it is:
//!
//! | byte | what follows |
//! |---|---|
//! | `00` | padding: nothing more in this datagram |
//! | `01` | a question whether the peer is there |
//! | `02` | what arrived: see [`Ack`] |
//! | `03` | the end: a byte that says why |
//! | `04` | a question whether this arrives at an address: 8 bytes |
//! | `05` | the answer: the same 8 bytes |
//! | `80` to `ff` | messages: bits 0 to 2 are the lane's kind, 3 and 4 the form, 5 whether a stream follows (u8) |
//!
//! Of messages, in all forms, the number of the first in its lane follows. Then the form: *one* (its
//! length, its bytes), *alike* (how many, the length of each, how many bytes they begin with in
//! common, those bytes, and of each the rest), *mixed* (how many; of each its length and its bytes), or
//! *part* (the length of the whole message, which part, and its bytes, whose length follows from
//! that). All numbers are written as `bytes.rs` tells.

mod ack;

use super::bytes::{Malformed, Reader, put, size};
use super::lane::Lane;
pub(crate) use ack::{Ack, put_ack};

pub(crate) const PADDING: u8 = 0x00;
pub(crate) const PING: u8 = 0x01;
pub(crate) const ACK: u8 = 0x02;
pub(crate) const CLOSE: u8 = 0x03;
pub(crate) const CHALLENGE: u8 = 0x04;
pub(crate) const RESPONSE: u8 = 0x05;
const MESSAGES: u8 = 0x80;
const HAS_STREAM: u8 = 0x20;

/// How many bytes each part of a message has that does not fit into a datagram, but for the last.
pub(crate) const PART_BYTES: usize = 1100;

/// The most bytes that the head of a part takes.
pub(crate) const PART_HEAD_BYTES: usize = 2 + 8 + 4 + 4;

/// The most messages of one frame: what a datagram has room for.
pub(crate) const MOST_MESSAGES: usize = 1200;

/// A frame that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Frame<'a> {
    Ping,
    Ack(Ack<'a>),
    Close(u8),
    Challenge([u8; 8]),
    Response([u8; 8]),
    Messages(Messages<'a>),
    Part(Part<'a>),
}

/// Messages of one lane with numbers in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Messages<'a> {
    pub(crate) lane: Lane,
    pub(crate) first: u64,
    pub(crate) count: u64,
    bodies: Bodies<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Bodies<'a> {
    Alike { prefix: &'a [u8], rest: &'a [u8], rest_bytes: usize },
    Mixed(&'a [u8]),
}

/// A part of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) lane: Lane,
    pub(crate) number: u64,
    pub(crate) total_bytes: usize,
    pub(crate) index: usize,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the next frame; `None` at the end.
    #[inline]
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Option<Frame<'a>>, Malformed> {
        if reader.is_empty() {
            return Ok(None);
        }
        let kind = reader.byte()?;
        Ok(Some(match kind {
            PADDING => return Ok(None),
            PING => Frame::Ping,
            ACK => Frame::Ack(Ack::read(reader)?),
            CLOSE => Frame::Close(reader.byte()?),
            CHALLENGE => Frame::Challenge(reader.array()?),
            RESPONSE => Frame::Response(reader.array()?),
            MESSAGES.. => return Frame::read_messages(kind, reader).map(Some),
            _ => return Err(Malformed("a frame is of no kind that is known")),
        }))
    }

    #[inline]
    fn read_messages(kind: u8, reader: &mut Reader<'a>) -> Result<Frame<'a>, Malformed> {
        let stream = if kind & HAS_STREAM == 0 { 0 } else { reader.byte()? };
        let lane = Lane::from_code(kind & 7, stream);
        let lane = lane.filter(|_| kind & 0x40 == 0);
        let lane = lane.ok_or(Malformed("messages are in no lane that is known"))?;
        let first = reader.number()?;
        let (count, bodies) = match kind >> 3 & 3 {
            0 => {
                let length = reader.length()?;
                let rest = reader.bytes(length)?;
                (1, Bodies::Alike { prefix: &[], rest, rest_bytes: length })
            }
            1 => Frame::read_alike(reader)?,
            2 => {
                let count = read_count(reader)?;
                (count, Bodies::Mixed(reader.skip_messages(count)?))
            }
            _ => return Part::read(lane, first, reader).map(Frame::Part),
        };
        Ok(Frame::Messages(Messages { lane, first, count: count as u64, bodies }))
    }

    #[inline]
    fn read_alike(reader: &mut Reader<'a>) -> Result<(usize, Bodies<'a>), Malformed> {
        let (count, length) = (read_count(reader)?, reader.length()?);
        let prefix_bytes = usize::from(reader.byte()?);
        let prefix = reader.bytes(prefix_bytes)?;
        let rest_bytes = length.checked_sub(prefix_bytes);
        let rest_bytes = rest_bytes.ok_or(Malformed("messages begin with more than they have"))?;
        let all = rest_bytes.checked_mul(count);
        let rest =
            reader.bytes(all.ok_or(Malformed("messages are longer than their datagram"))?)?;
        Ok((count, Bodies::Alike { prefix, rest, rest_bytes }))
    }
}

#[inline]
fn read_count(reader: &mut Reader<'_>) -> Result<usize, Malformed> {
    let count = reader.length()?;
    let is_sound = (1..=MOST_MESSAGES).contains(&count);
    is_sound.then_some(count).ok_or(Malformed("a frame has no messages, or too many"))
}

impl<'a> Reader<'a> {
    /// What so many messages with their lengths take up.
    fn skip_messages(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let before = *self;
        for _ in 0..count {
            // In whatever form: others may not write the shortest.
            let length = self.length()?;
            self.bytes(length)?;
        }
        Ok(self.since(before))
    }
}

impl<'a> Messages<'a> {
    /// Calls for each message with the two halves of its bytes, from the one before which `skip`
    /// others are.
    #[inline]
    pub(crate) fn each(&self, skip: u64, mut each: impl FnMut(&'a [u8], &'a [u8])) {
        let skip = skip.min(self.count);
        match self.bodies {
            // Nothing but lengths of 0 cannot be cut into chunks.
            Bodies::Alike { prefix, rest_bytes: 0, .. } => {
                (skip..self.count).for_each(|_| each(prefix, &[]));
            }
            Bodies::Alike { prefix, rest, rest_bytes } => {
                let rest = rest[skip as usize * rest_bytes..].chunks_exact(rest_bytes);
                rest.for_each(|rest| each(prefix, rest));
            }
            Bodies::Mixed(bytes) => {
                let mut reader = Reader::new(bytes);
                for at in 0..self.count {
                    let body = reader.length().and_then(|length| reader.bytes(length));
                    let body = body.expect("the lengths were read before");
                    if at >= skip {
                        each(&[], body);
                    }
                }
            }
        }
    }

    /// How many bytes the messages have.
    #[inline]
    pub(crate) fn body_bytes(&self) -> usize {
        match self.bodies {
            Bodies::Alike { prefix, rest_bytes, .. } => {
                (prefix.len() + rest_bytes) * self.count as usize
            }
            Bodies::Mixed(_) => {
                let mut all = 0;
                self.each(0, |_, body| all += body.len());
                all
            }
        }
    }
}

impl<'a> Part<'a> {
    fn read(lane: Lane, number: u64, reader: &mut Reader<'a>) -> Result<Part<'a>, Malformed> {
        let (total_bytes, index) = (reader.length()?, reader.length()?);
        let start = index.checked_mul(PART_BYTES).filter(|start| *start < total_bytes);
        let start = start.ok_or(Malformed("a part is behind the end of its message"))?;
        let bytes = reader.bytes((total_bytes - start).min(PART_BYTES))?;
        Ok(Part { lane, number, total_bytes, index, bytes })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_head(out, self.lane, 3, self.number);
        put(out, self.total_bytes as u64);
        put(out, self.index as u64);
        out.extend_from_slice(self.bytes);
    }
}

/// Writes the head that all messages have.
#[inline]
fn put_head(out: &mut Vec<u8>, lane: Lane, form: u8, first: u64) {
    let stream = if lane.stream == 0 { 0 } else { HAS_STREAM };
    out.push(MESSAGES | stream | form << 3 | lane.code());
    if lane.stream != 0 {
        out.push(lane.stream);
    }
    put(out, first);
}

/// The bytes that the head of messages takes, with a form's two lengths and a prefix.
const MESSAGES_HEAD_BYTES: usize = 2 + 8 + 2 + 4 + 1;

/// The most bytes that messages begin with in common: more is no head of a frame.
pub(crate) const PREFIX_BYTES: usize = 32;

/// From how many messages of one length on they have a frame of their own.
const WORTH_A_FRAME: usize = 4;

/// Writes as many messages as fit, whose lengths are told and whose bytes are one behind the other;
/// what is longer than a part ends them. Returns how many, and how many bytes they have.
pub(crate) fn put_messages(
    out: &mut Vec<u8>,
    lane: Lane,
    first: u64,
    lengths: &[u32],
    bytes: &[u8],
    room_bytes: usize,
) -> (usize, usize) {
    let Some(length) = lengths.first().copied() else { return (0, 0) };
    let Some(room_bytes) = room_bytes.checked_sub(MESSAGES_HEAD_BYTES) else { return (0, 0) };
    let is_alike = |next: &&u32| **next == length;
    let length = length as usize;
    // More do not fit, whatever they have in common.
    let most = room_bytes / length.saturating_sub(PREFIX_BYTES).max(1) + 1;
    let most = most.min(MOST_MESSAGES).min(lengths.len());
    let alike = lengths[..most].iter().take_while(is_alike).count();
    // A few in between are better off among the others.
    if alike >= WORTH_A_FRAME || alike > 1 && alike == lengths.len() {
        let (count, prefix) = fitting_alike(&bytes[..alike * length], length, room_bytes);
        if count > 1 {
            put_head(out, lane, 1, first);
            put(out, count as u64);
            put(out, length as u64);
            out.push(prefix as u8);
            out.extend_from_slice(&bytes[..prefix]);
            for message in bytes[..count * length].chunks_exact(length.max(1)) {
                out.extend_from_slice(&message[prefix..]);
            }
            return (count, count * length);
        }
    }
    put_mixed(out, lane, first, lengths, bytes, room_bytes)
}

/// How many of messages of one length fit, and how many bytes those all begin with.
#[inline]
fn fitting_alike(bytes: &[u8], length: usize, room_bytes: usize) -> (usize, usize) {
    if length == 0 {
        return (0, 0);
    }
    let (first, rest) = bytes.split_at(length);
    let (mut count, mut prefix) = (1, PREFIX_BYTES.min(length));
    for message in rest.chunks_exact(length) {
        let pairs = first[..prefix].iter().zip(message);
        let shorter = pairs.take_while(|(one, other)| one == other).count();
        if shorter + (count + 1) * (length - shorter) > room_bytes {
            break;
        }
        (count, prefix) = (count + 1, shorter);
    }
    (count, prefix)
}

fn put_mixed(
    out: &mut Vec<u8>,
    lane: Lane,
    first: u64,
    lengths: &[u32],
    bytes: &[u8],
    room_bytes: usize,
) -> (usize, usize) {
    let (mut count, mut taken, mut left) = (0, 0, room_bytes);
    for length in lengths.iter().take(MOST_MESSAGES) {
        let length = *length as usize;
        // A longer one is not for a datagram in any case.
        if length > PART_BYTES {
            break;
        }
        let Some(rest) = left.checked_sub(size(length as u64) + length) else { break };
        (count, taken, left) = (count + 1, taken + length, rest);
    }
    if count == 0 {
        return (0, 0);
    }
    put_head(out, lane, if count == 1 { 0 } else { 2 }, first);
    if count > 1 {
        put(out, count as u64);
    }
    let mut rest = &bytes[..taken];
    for length in &lengths[..count] {
        let (message, behind) = rest.split_at(*length as usize);
        put(out, u64::from(*length));
        out.extend_from_slice(message);
        rest = behind;
    }
    (count, taken)
}

#[cfg(test)]
mod tests;
