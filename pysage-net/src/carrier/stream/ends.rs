//! What streams are made of: sockets of the system, or pipes of a simulated network.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use crate::carrier::Wait;

/// Where streams come in.
pub(crate) trait Door: Send {
    type Stream: Stream;

    /// Whether nothing of the system is waited for.
    const IS_SIMULATED: bool;

    fn local_addr(&self) -> SocketAddr;

    /// The next stream that has come, and from where. `WouldBlock` if there is none.
    fn let_in(&mut self, now: Instant) -> io::Result<(Self::Stream, SocketAddr)>;

    /// What is waited for.
    fn wait(&self) -> Option<Wait>;

    /// When the next stream comes, if it can know.
    fn comes_at(&self) -> Option<Instant>;
}

/// An end of a byte stream, without blocking.
pub(crate) trait Stream: Send {
    fn local_addr(&self) -> Option<SocketAddr>;

    /// Whether it has come about by now.
    ///
    /// # Errors
    /// Why it does not come about.
    fn is_there(&mut self, now: Instant) -> io::Result<bool>;

    /// Reads what has come; 0 bytes at the end.
    fn read(&mut self, now: Instant, into: &mut [u8]) -> io::Result<usize>;

    /// Writes as much as it takes.
    fn write(&mut self, now: Instant, bytes: &[u8]) -> io::Result<usize>;

    /// Ends what is written, behind what was.
    fn end(&mut self, now: Instant);

    /// What is waited for: that something comes, that it takes more, or both.
    fn wait(&self, reads: bool, writes: bool) -> Option<Wait>;

    /// When something comes, or when it takes more if that is asked, if it can know.
    fn comes_at(&self, writes: bool) -> Option<Instant>;
}

/// Whether letting somebody in failed for a reason that does not concern others.
pub(super) fn is_about_one(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, InvalidInput, NotConnected};
    let of_one = [ConnectionAborted, ConnectionReset, Interrupted, InvalidInput, NotConnected];
    of_one.contains(&error.kind())
}
