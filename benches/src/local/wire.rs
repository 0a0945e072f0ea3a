//! The cases of the wire form: messages to bytes, bytes to messages.

mod formats;
mod frames;
mod managed;
mod sample;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use self::frames::Frames;
pub use self::{
    formats::{BINCODE, BINCODE_SLICE, BINCODE_VARINT, ByHand, POSTCARD},
    managed::{COMPACT, ORIGINAL, ours},
    sample::{ITEMS, Numbers, Place, Said, Sample},
};
use super::{
    case::Case,
    message::{Counter, State},
    peer::Outcome,
    workload::Load,
};

/// How the fields of a message become bytes.
pub trait Format {
    /// Writes a message into a buffer that is used again, in the way that is quickest for the
    /// format. Gives the bytes.
    fn encode<'b, M: Sample>(&self, message: &M, buffer: &'b mut Vec<u8>) -> &'b [u8];

    /// Reads a message from all of the bytes.
    fn decode<M: Sample>(&self, bytes: &[u8]) -> M;
}

/// How far a frame comes before the clock is stopped.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Until {
    Queued,
    Handled,
}

/// Runs one of the cases of the wire with a format and a queue by hand; `None` for other cases.
pub fn run(case: Case, load: &Load, format: &impl Format) -> Option<Outcome> {
    match case {
        Case::Encode16 => Some(encode::<Place>(load, format)),
        Case::EncodeText => Some(encode::<Said>(load, format)),
        Case::EncodeVec => Some(encode::<Numbers>(load, format)),
        Case::Fields16 => Some(fields::<Place>(load, format)),
        Case::FieldsText => Some(fields::<Said>(load, format)),
        Case::Decode16 => Some(decode::<Place>(load, format, Until::Queued)),
        Case::DecodeText => Some(decode::<Said>(load, format, Until::Queued)),
        Case::DecodeVec => Some(decode::<Numbers>(load, format, Until::Queued)),
        Case::FrameToHandler => Some(decode::<Place>(load, format, Until::Handled)),
        _ => None,
    }
}

/// Writes each message into the same buffer. The bytes are checked by writing them once more,
/// which is not timed: to keep them, or to look at them, would take as long as to write them.
fn encode<M: Sample>(load: &Load, format: &impl Format) -> Outcome {
    let mut counter = Counter::default();
    let (mut buffer, mut messages) = (Vec::new(), Vec::<M>::new());
    let mut elapsed = Duration::ZERO;
    for burst in load.bursts() {
        messages.clear();
        messages.extend(burst.map(|index| load.message::<M>(index)));
        let mut written = 0;
        let start = Instant::now();
        for message in &messages {
            written += black_box(format.encode(message, &mut buffer)).len();
        }
        elapsed += start.elapsed();
        for message in &messages {
            let bytes = format.encode(message, &mut buffer);
            written -= bytes.len();
            format.decode::<M>(bytes).count_in(&mut counter);
        }
        assert_eq!(written, 0, "a message has the same bytes each time");
    }
    Outcome::new(elapsed, counter.checksum())
}

/// Reads each message and drops it. What was read is checked by reading it once more, as above.
fn fields<M: Sample>(load: &Load, format: &impl Format) -> Outcome {
    let mut counter = Counter::default();
    let (mut buffer, mut frames) = (Vec::new(), Frames::default());
    let mut elapsed = Duration::ZERO;
    for burst in load.bursts() {
        frames.clear();
        for index in burst {
            let bytes = format.encode(&load.message::<M>(index), &mut buffer);
            frames.push(|frame| frame.extend_from_slice(bytes));
        }
        let start = Instant::now();
        for bytes in frames.iter() {
            drop(black_box(format.decode::<M>(bytes)));
        }
        elapsed += start.elapsed();
        frames.iter().for_each(|bytes| format.decode::<M>(bytes).count_in(&mut counter));
    }
    Outcome::new(elapsed, counter.checksum())
}

/// Reads each frame, which is a packet type and fields, into a queue: what a program would write by
/// hand that has one type of message.
fn decode<M: Sample>(load: &Load, format: &impl Format, until: Until) -> Outcome {
    let packet_type = M::packet_type().to_le_bytes();
    let mut counter = Counter::default();
    let (mut buffer, mut frames) = (Vec::new(), Frames::default());
    let mut queue = Vec::<M>::new();
    let mut elapsed = Duration::ZERO;
    for burst in load.bursts() {
        frames.clear();
        for index in burst {
            let bytes = format.encode(&load.message::<M>(index), &mut buffer);
            frames.push(|frame| {
                frame.extend_from_slice(&packet_type);
                frame.extend_from_slice(bytes);
            });
        }
        let start = Instant::now();
        for frame in frames.iter() {
            match frame.split_first_chunk() {
                Some((head, fields)) if *head == packet_type => queue.push(format.decode(fields)),
                _ => unreachable!("frames of one type are all there are"),
            }
        }
        let queued = start.elapsed();
        queue.drain(..).for_each(|message| message.count_in(&mut counter));
        elapsed += if until == Until::Queued { queued } else { start.elapsed() };
    }
    Outcome::new(elapsed, counter.checksum())
}
