//! bincode, behind limits of our own; no other file names it. What it writes is what [`binary`] does,
//! which has a form for plain messages alone.
//!
//! bincode has a limit for decoding only, which does not see items of no size, nor how deep they
//! are nested. The [`Guard`] counts both, in both directions.
//!
//! [`binary`]: super::binary

use ::bincode::config::{self, Config};
use ::bincode::enc::write::Writer;
use ::bincode::error::{DecodeError, EncodeError};
use ::bincode::serde::{encode_into_writer, seed_decode_from_slice};
use serde::{Deserialize, Serialize};

use super::error::{DecodeReason, EncodeReason};
use super::fault::Fault;
use super::guard::{Broken, Guard, Guarded, GuardedSeed};
use super::limits::WireLimits;

/// How numbers are written.
#[derive(Clone, Copy)]
pub(super) enum Numbers {
    /// In one byte and up, by their value.
    Variable,
    /// In as many bytes as their type has, little-endian.
    Fixed,
}

/// Writes a value behind what is in `out`.
#[inline(always)]
pub(super) fn encode<T: Serialize>(
    value: &T,
    numbers: Numbers,
    limits: &WireLimits,
    out: &mut Vec<u8>,
) -> Result<(), Box<EncodeReason>> {
    let guard = Guard::new(limits, 0);
    let start = out.len();
    let writer = LimitedWriter { end: start.saturating_add(limits.message_bytes), out };
    let value = Guarded::new(value, &guard);
    let written = match numbers {
        Numbers::Variable => encode_into_writer(value, writer, variable()),
        Numbers::Fixed => encode_into_writer(value, writer, fixed()),
    };
    written.map_err(|error| {
        out.truncate(start);
        encode_reason(error, guard.broken(), limits)
    })
}

/// Reads a value that takes up all bytes.
#[inline(always)]
pub(super) fn decode<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    numbers: Numbers,
    limits: &WireLimits,
) -> Result<T, Fault> {
    let guard = Guard::new(limits, bytes.len());
    let seed = GuardedSeed::<T>::new(&guard);
    let read = match numbers {
        Numbers::Variable => seed_decode_from_slice(seed, bytes, variable()),
        Numbers::Fixed => seed_decode_from_slice(seed, bytes, fixed()),
    };
    match read {
        Ok((value, used)) if used == bytes.len() => Ok(value),
        Ok((_, used)) => {
            let left = bytes.len() - used;
            Err(Fault::before(left, DecodeReason::TrailingBytes(left)))
        }
        Err(error) => Err(fault(error, guard.broken(), limits)),
    }
}

fn variable() -> impl Config {
    config::standard()
}

fn fixed() -> impl Config {
    config::standard().with_fixed_int_encoding()
}

struct LimitedWriter<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
}

impl Writer for LimitedWriter<'_> {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        if bytes.len() > self.end - self.out.len() {
            return Err(EncodeError::UnexpectedEnd);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

#[cold]
fn encode_reason(
    error: EncodeError,
    broken: Option<Broken>,
    limits: &WireLimits,
) -> Box<EncodeReason> {
    Box::new(match (broken, error) {
        (Some(Broken::Items), _) => EncodeReason::TooManyItems { limit: limits.message_bytes },
        (Some(Broken::Depth), _) => EncodeReason::TooDeep { limit: WireLimits::DEPTH },
        (None, EncodeError::UnexpectedEnd) => {
            EncodeReason::TooLong { limit_bytes: limits.message_bytes }
        }
        (None, EncodeError::OtherString(reason)) => EncodeReason::Other(reason),
        (None, error) => EncodeReason::Other(error.to_string()),
    })
}

#[cold]
fn fault(error: DecodeError, broken: Option<Broken>, limits: &WireLimits) -> Fault {
    match (broken, error) {
        (Some(Broken::Items), _) => {
            Fault::somewhere(DecodeReason::TooManyItems { limit: limits.message_bytes })
        }
        (Some(Broken::Depth), _) => {
            Fault::somewhere(DecodeReason::TooDeep { limit: WireLimits::DEPTH })
        }
        (None, DecodeError::UnexpectedEnd { .. }) => Fault::before(0, DecodeReason::UnexpectedEnd),
        (None, DecodeError::Utf8 { .. }) => Fault::somewhere(DecodeReason::NotUtf8),
        (None, DecodeError::OtherString(reason)) => Fault::somewhere(DecodeReason::Other(reason)),
        (None, error) => Fault::somewhere(DecodeReason::Other(error.to_string())),
    }
}
