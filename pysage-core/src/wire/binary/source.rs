//! The bytes that a value is read from.

use super::super::error::DecodeReason;
use super::super::fault::Fault;
use super::super::limits::WireLimits;
use super::integers::{Integers, ends_early, take};

/// The bytes that are not read yet, and what may still come out of them.
#[derive(Clone, Copy)]
pub(super) struct Source<'de> {
    pub(super) rest: &'de [u8],
    /// How many more items there may be in sequences.
    items_left: usize,
    items_most: usize,
}

impl<'de> Source<'de> {
    #[inline(always)]
    pub(super) fn new(bytes: &'de [u8], limits: &WireLimits) -> Source<'de> {
        let items_most = limits.message_bytes;
        Source { rest: bytes, items_left: items_most, items_most }
    }

    /// Counts the items that a sequence claims to have.
    #[inline(always)]
    pub(super) fn items<N: Integers>(&mut self) -> Result<usize, Fault> {
        let from = self.rest;
        let claimed = N::take_u64(&mut self.rest)?;
        let left = usize::try_from(claimed).ok().and_then(|it| self.items_left.checked_sub(it));
        match left {
            Some(left) => {
                self.items_left = left;
                Ok(claimed as usize)
            }
            None => Err(self.too_many_items(from)),
        }
    }

    #[cold]
    #[inline(never)]
    fn too_many_items(&self, from: &[u8]) -> Fault {
        Fault::new(from, DecodeReason::TooManyItems { limit: self.items_most })
    }

    #[inline(always)]
    pub(super) fn bytes<N: Integers>(&mut self) -> Result<&'de [u8], Fault> {
        let length = usize::try_from(N::take_u64(&mut self.rest)?);
        match length.ok().and_then(|length| self.rest.split_at_checked(length)) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(ends_early()),
        }
    }

    #[inline(always)]
    pub(super) fn text<N: Integers>(&mut self) -> Result<&'de str, Fault> {
        let bytes = self.bytes::<N>()?;
        match str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(wrong) => Err(self.not_utf8(bytes.len() - wrong.valid_up_to())),
        }
    }

    /// The mistake is so many bytes before the rest.
    #[cold]
    #[inline(never)]
    fn not_utf8(&self, before_rest: usize) -> Fault {
        Fault::before(before_rest + self.rest.len(), DecodeReason::NotUtf8)
    }

    /// A byte that is 0 or 1.
    #[inline(always)]
    pub(super) fn flag(&mut self) -> Result<bool, Fault> {
        let from = self.rest;
        match take(&mut self.rest)? {
            [0] => Ok(false),
            [1] => Ok(true),
            [byte] => Err(wrong(from, format_args!("{byte} is no bool"))),
        }
    }
}

#[cold]
#[inline(never)]
pub(super) fn wrong(from: &[u8], what: std::fmt::Arguments<'_>) -> Fault {
    Fault::new(from, DecodeReason::Other(what.to_string()))
}
