//! What is done with any bytes, for the fuzz targets in `fuzz/` and for `tests/tests/fuzz_short.rs`:
//! each function panics where a promise is broken. No part of the API, and behind a feature that
//! programs have no use for.

#![allow(missing_docs)]

use std::sync::OnceLock;
use std::time::Instant;

#[cfg(feature = "secure")]
mod door;
mod handshake;
mod hosts;
#[cfg(feature = "legacy")]
mod legacy;
#[cfg(feature = "secure")]
mod pair;
#[cfg(feature = "secure")]
mod sealed;
#[cfg(feature = "tcp")]
mod stream;

#[cfg(feature = "secure")]
pub use door::door;
pub use handshake::handshake;
pub use hosts::hosts;
#[cfg(feature = "legacy")]
pub use legacy::legacy;
#[cfg(feature = "secure")]
pub use sealed::sealed;
#[cfg(feature = "tcp")]
pub use stream::stream;

/// As the frames of a datagram.
pub fn frames(bytes: &[u8]) {
    crate::endpoint::fuzzing::frames(bytes);
}

/// As what a peer does that is in the session, and malicious: to an endpoint that also sends.
pub fn endpoint(bytes: &[u8]) {
    crate::endpoint::fuzzing::endpoint(bytes);
}

/// The time at which each input begins: the same for all, so that nothing follows from what was played
/// before.
pub(crate) fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// Bytes that say what happens. Once they are used up nothing happens any more.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input(bytes)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte, or 0.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    /// So many bytes, or what is left.
    pub(crate) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// Small ones, and those where something may break.
    pub(crate) fn number(&mut self) -> u64 {
        let byte = u64::from(self.byte());
        match byte >> 5 {
            0..=3 => byte,
            4 => (1 << 62) - 1 - (byte & 31),
            5 => 1 << (byte & 31),
            6 => (1 << (32 + (byte & 15))) | u64::from(self.byte()),
            _ => (byte & 31) << 8 | u64::from(self.byte()),
        }
    }
}
