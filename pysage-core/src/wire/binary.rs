//! A quick way through the forms of bincode, for plain messages: structs of numbers, texts, and
//! sequences of such. Byte by byte the forms stand in `docs/wire.md`.
//!
//! bincode's errors are wide and lie where the value does in a `Result`, so what it reads is written in
//! parts and read as a whole, which costs a small message more than its reading. The limits are those
//! around [`bincode`](super::bincode), kept in both directions. Texts are read as borrowed ones, so
//! that no memory is taken for a length that is only claimed.

mod alike;
mod decoder;
mod encoder;
mod integers;
mod source;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::error::{DecodeReason, EncodeReason};
use super::fault::Fault;
use super::limits::WireLimits;
use decoder::Decoder;
use encoder::{Encoder, Sink};
pub(super) use integers::{Fixed, Integers, Variable};
use source::Source;

/// Writes a value behind what is in `out`.
#[inline(always)]
pub(super) fn encode<N: Integers>(
    value: &impl Serialize,
    limits: &WireLimits,
    out: &mut Vec<u8>,
) -> Result<(), Box<EncodeReason>> {
    let mut sink = Sink::new(out, limits);
    let written = value.serialize(Encoder::<N>::new(&mut sink));
    sink.writer.finish(written.map(drop))
}

/// Reads a value that takes up all bytes.
#[inline(always)]
pub(super) fn decode<'de, N: Integers, T: Deserialize<'de>>(
    bytes: &'de [u8],
    limits: &WireLimits,
) -> Result<T, Fault> {
    let mut source = Source::new(bytes, limits);
    match T::deserialize(Decoder::<N>::new(&mut source)) {
        Ok(value) if source.rest.is_empty() => Ok(value),
        Ok(_) => Err(left_over(source.rest)),
        Err(fault) => Err(fault.or_at(source.rest)),
    }
}

#[cold]
#[inline(never)]
fn left_over(rest: &[u8]) -> Fault {
    Fault::new(rest, DecodeReason::TrailingBytes(rest.len()))
}
