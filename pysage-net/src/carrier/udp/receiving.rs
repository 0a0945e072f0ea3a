//! Taking what has arrived out of the system, many datagrams with each call.

use std::array;
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::SocketAddr;

use quinn_udp::{BATCH_SIZE, EcnCodepoint, RecvMeta};

use crate::carrier::{Batch, DATAGRAM_BYTES};

/// How many pieces a batch has at first: as many as come at once where there is little traffic.
const FIRST_PIECES: usize = 4;

/// How many pieces a batch has once that was full, each of up to 64 datagrams that the system has
/// joined.
const PIECES: usize = 16;

/// A batch of long pieces has fewer: what is read at a time, and what comes of it, is to fit into the
/// cache of a core.
const BATCH_BYTES: usize = 256 << 10;

/// A joined piece is a datagram to the system, so it is no longer than one can be.
const JOINED_BYTES: usize = 64 << 10;

/// More than a datagram of ours: what fills it has been cut off, and is none.
const SINGLE_BYTES: usize = 2 << 10;

/// How many calls in a row may fail for reasons that are not known to be passing.
const FAILURES: usize = 8;

/// The buffers into which the system receives. They are used again and again.
pub(super) struct Receiver {
    /// Made when it is first needed: what leaves first need not wait for it.
    buffer: Vec<u8>,
    piece_bytes: usize,
    /// How many there is room for.
    pieces: usize,
    /// How many make a batch, by what came last.
    batch_pieces: usize,
    longest_bytes: usize,
}

/// What the system gave.
pub(super) enum Received<'a> {
    Datagram {
        from: SocketAddr,
        is_marked: bool,
        bytes: &'a [u8],
    },
    /// What was sent did not reach whom it was for.
    Unreachable(ErrorKind),
    /// A datagram that no peer sends.
    Unfit,
}

impl Receiver {
    /// A receiver for a system that joins up to so many datagrams.
    pub(super) fn new(joined: usize) -> Receiver {
        let piece_bytes = if joined > 1 { JOINED_BYTES } else { SINGLE_BYTES };
        Receiver {
            buffer: Vec::new(),
            piece_bytes,
            pieces: FIRST_PIECES.min(BATCH_SIZE),
            batch_pieces: PIECES.min(BATCH_SIZE),
            longest_bytes: DATAGRAM_BYTES,
        }
    }

    /// The same for datagrams of up to so many bytes.
    #[cfg(feature = "legacy")]
    pub(super) fn longest(self, longest_bytes: usize) -> Receiver {
        let piece_bytes =
            if longest_bytes < SINGLE_BYTES { self.piece_bytes } else { JOINED_BYTES };
        Receiver { piece_bytes, longest_bytes, ..self }
    }

    /// Hands over what has arrived, a batch at most.
    ///
    /// # Errors
    /// An error of the socket itself.
    pub(super) fn receive(
        &mut self,
        mut receive: impl FnMut(&mut [IoSliceMut<'_>], &mut [RecvMeta]) -> io::Result<usize>,
        each: &mut dyn FnMut(Received<'_>),
    ) -> io::Result<Batch> {
        let mut metas = [RecvMeta::default(); PIECES];
        let mut failures = 0;
        let (mut taken, mut taken_bytes, mut longest) = (0, 0, 0);
        while taken < PIECES && taken_bytes + longest <= BATCH_BYTES {
            if self.buffer.is_empty() {
                // It is zero from the start, so the system gives it pages only once they are written to.
                self.buffer = vec![0; self.piece_bytes * self.pieces];
            }
            let mut parts = self.buffer.chunks_exact_mut(self.piece_bytes);
            let mut buffers: [IoSliceMut<'_>; PIECES] =
                array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()));
            let asked = self.batch_pieces.min(self.pieces);
            match receive(&mut buffers[..asked], &mut metas[..asked]) {
                Ok(received) => {
                    let lengths = metas[..received].iter().map(|meta| meta.len);
                    longest = lengths.clone().max().unwrap_or(0);
                    let batch_pieces = BATCH_BYTES / longest.max(1);
                    self.batch_pieces = batch_pieces.clamp(1, PIECES.min(BATCH_SIZE));
                    taken_bytes += lengths.sum::<usize>();
                    for (bytes, meta) in buffers.iter().zip(&metas[..received]) {
                        cut(bytes, meta, self.piece_bytes, self.longest_bytes, each);
                    }
                    if received < asked {
                        return Ok(Batch::All);
                    }
                    if self.batch_pieces > self.pieces {
                        (self.pieces, self.buffer) = (self.batch_pieces, Vec::new());
                    }
                    taken += received;
                    failures = 0;
                }
                Err(error) => {
                    if error.kind() == ErrorKind::WouldBlock {
                        return Ok(Batch::All);
                    }
                    match unreachable(&error) {
                        Some(kind) => each(Received::Unreachable(kind)),
                        // It may be about one datagram, such as one that was too long for its way,
                        // and is then told once.
                        None if failures < FAILURES => failures += 1,
                        None => return Err(error),
                    }
                    taken += 1;
                }
            }
        }
        Ok(Batch::More)
    }
}

/// Cuts a piece into the datagrams that the system has joined.
fn cut(
    bytes: &[u8],
    meta: &RecvMeta,
    piece_bytes: usize,
    longest_bytes: usize,
    each: &mut dyn FnMut(Received<'_>),
) {
    let from = meta.addr;
    let is_marked = meta.ecn == Some(EcnCodepoint::Ce);
    let whole = &bytes[..meta.len.min(piece_bytes)];
    // Nobody can be answered at port 0.
    if whole.is_empty() || from.port() == 0 {
        return each(Received::Unfit);
    }
    for bytes in whole.chunks(meta.stride.max(1)) {
        each(if bytes.len() > longest_bytes {
            Received::Unfit
        } else {
            Received::Datagram { from, is_marked, bytes }
        });
    }
}

/// The kind of an error that tells of a datagram that did not reach whom it was for.
fn unreachable(error: &io::Error) -> Option<ErrorKind> {
    match error.kind() {
        // Windows says so.
        ErrorKind::ConnectionReset => Some(ErrorKind::ConnectionRefused),
        kind @ (ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown) => Some(kind),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
