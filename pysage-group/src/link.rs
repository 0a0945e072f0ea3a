//! The stream of bytes between two groups.
//!
//! It is made of records. Each has a head, a little-endian u32 whose upper 4 bits are its kind and
//! whose lower 28 bits are the length of its body:
//!
//! | kind | body |
//! |---|---|
//! | 0 | a frame, as `pysage-core` makes it |
//! | 1 | a frame that another instance of the receiving group may have handled |
//! | 2 | u64: how many frames that came from the other side are handled, from the first one on |
//! | 3 | empty: no frame comes behind it |
//!
//! Who sends a frame keeps it until it is told to be handled. So when the other side is gone, it
//! can say of each frame whether it was handled, was not, or may have been; or send it again.
//! There is no socket and no clock here.

mod chunk;
mod receiving;
mod sending;
#[cfg(test)]
mod tests;

pub(crate) use receiving::{Receiving, Record};
pub(crate) use sending::{Fate, Sending};

/// Why bytes are not what groups say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("a record of kind {0} is not known")]
    Kind(u8),
    #[error("a frame of {bytes} bytes, {limit} at most")]
    TooLong { bytes: usize, limit: usize },
    #[error("a record of kind {kind} cannot have {bytes} bytes")]
    Length { kind: u8, bytes: usize },
    #[error("a frame comes behind the end")]
    BehindEnd,
    #[error("{told} frames are told to be handled, between {least} and {most} can be")]
    Handled { told: u64, least: u64, most: u64 },
}

const HEAD_BYTES: usize = 4;
const LENGTH_BITS: u32 = 28;

const FRAME: u8 = 0;
const FRAME_AGAIN: u8 = 1;
const HANDLED: u8 = 2;
const CLOSING: u8 = 3;

fn head(kind: u8, length: usize) -> [u8; HEAD_BYTES] {
    let length = u32::try_from(length).ok().filter(|length| length >> LENGTH_BITS == 0);
    let length = length.expect("frames are shorter than 2^28 bytes");
    (u32::from(kind) << LENGTH_BITS | length).to_le_bytes()
}

fn read_head(head: [u8; HEAD_BYTES]) -> (u8, usize) {
    let head = u32::from_le_bytes(head);
    let kind = (head >> LENGTH_BITS) as u8;
    (kind, (head & ((1 << LENGTH_BITS) - 1)) as usize)
}
