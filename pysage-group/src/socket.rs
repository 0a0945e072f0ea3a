//! What groups in OS processes need of the operating system, and nothing of messages or managers.
//!
//! * [`Stream`]: bytes between two groups.
//! * [`Control`]: bodies and streams between a parent and its child process. Its end is how each
//!   of them learns of the other's death.
//! * [`spawn`] and [`inherited()`]: the two sides of the start of a child process.
//! * [`Waiter`]: waiting for all of that, and for other threads, without a busy loop.
//!
//! * [`part`]: the end of what this process has of it, before the process itself ends.
//!
//! A child is the same or another program, started anew: never a fork of a running process, whose
//! locks and threads would be in an unknown state. There are two rooms with the same items. On Linux
//! and macOS a socket is inherited or handed over ([`unix`]): it has no name in the file system or on
//! the network, so nobody else can reach it and nothing is left behind. Elsewhere, which is on
//! Windows, and with `--cfg pysage_loopback` everywhere, sockets are connected on the loopback
//! interface, and whoever connects shows a secret first (`loopback`). The room depends on nothing
//! else in this crate, so that the program behind `tests/tests/group_socket.rs` can be compiled with
//! it.

mod inherited;
#[cfg(any(not(unix), pysage_loopback))]
mod loopback;
mod process;
#[cfg(all(unix, not(pysage_loopback)))]
mod unix;
mod waiter;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

pub(crate) use inherited::Inherited;
#[cfg(any(not(unix), pysage_loopback))]
pub(crate) use loopback::{
    Control, ControlError, Received, Stream, inherited, part, spawn, watch_parent,
};
pub(crate) use process::Process;
#[cfg(all(unix, not(pysage_loopback)))]
pub(crate) use unix::{
    Control, ControlError, Received, Stream, inherited, part, spawn, watch_parent,
};
pub(crate) use waiter::{Ended, Interest, Waiter, Waker};

/// How long one body may be. A table of message types is the longest of them.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How much may wait to be sent on a control channel, heads included.
pub(crate) const BACKLOG_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The first argument of a program that is started as a group of another process.
///
/// An argument and not a variable of the environment, since that goes on to grandchildren, which
/// are no groups.
pub(crate) const MARKER: &str = "--pysage-group";

/// Whether this program was started as a group of another process.
///
/// True also after [`inherited()`] took the socket, so that a program which never does that can be
/// told from one that need not.
#[must_use]
pub(crate) fn is_marked() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == MARKER)
}

/// How far a non-blocking read or write got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// So many bytes were moved, in a write perhaps fewer than were given.
    Bytes(usize),
    /// Nothing now: wait until the descriptor is readable or writable.
    Later,
    /// The other end is gone. After a write, what it had sent before can still be read.
    Ended,
}

/// How far a non-blocking flush got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// All that was queued is with the operating system.
    All,
    /// Something waits until the descriptor is writable.
    Later,
    /// The other end is gone, and what was queued with it.
    Ended,
}

/// A random number by which a child shows that it was started by this parent: 16 bytes.
///
/// It stands among the child's arguments, where every user of the machine can read it: it tells a
/// mix-up from a start, it is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nonce([u8; 16]);

impl Nonce {
    /// One that was not used before.
    #[must_use]
    pub(crate) fn fresh() -> Nonce {
        // The keys of hash maps are the randomness that std has: two hashes of 64 bits.
        let mut bytes = [0; 16];
        for half in bytes.chunks_exact_mut(8) {
            half.copy_from_slice(&RandomState::new().hash_one(0).to_le_bytes());
        }
        Nonce(bytes)
    }

    /// Its bytes, to send them in a body.
    #[must_use]
    pub(crate) fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Nonce {
    type Err = NotANonce;

    fn from_str(text: &str) -> Result<Nonce, NotANonce> {
        let digits = text.as_bytes();
        // `from_str_radix` would take a sign.
        if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(NotANonce);
        }
        u128::from_str_radix(text, 16).map(|n| Nonce(n.to_be_bytes())).map_err(|_| NotANonce)
    }
}

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotANonce;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_survives_its_text_and_is_another_each_time() {
        let nonce = Nonce::fresh();
        assert_eq!(nonce.to_string().parse(), Ok(nonce));
        assert_ne!(nonce, Nonce::fresh());
        let zeros = Nonce([0; 16]);
        assert_eq!(zeros.to_string(), "0".repeat(32));
        assert_eq!(zeros.to_string().parse(), Ok(zeros));
    }

    #[test]
    fn what_is_not_32_hexadecimal_digits_is_no_nonce() {
        let signed = format!("+{}", "0".repeat(31));
        let long = "0".repeat(33);
        let wide = "é".repeat(16);
        for text in ["", "0", &"0".repeat(31), &long, &signed, &wide, &"g".repeat(32)] {
            assert_eq!(text.parse::<Nonce>(), Err(NotANonce), "{text}");
        }
    }
}
