//! Handing runs of datagrams to the system, in as few pieces as it takes.

use std::io::{self, ErrorKind};

use crate::carrier::Departing;

/// How much the system takes in one piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    /// How many datagrams it cuts out of one piece. 1 if it does not cut, or has failed to.
    most_segments: usize,
}

impl Sender {
    pub(super) fn new(most_segments: usize) -> Sender {
        Sender { most_segments: most_segments.max(1) }
    }

    /// How many datagrams the system cuts out of one piece.
    pub(super) fn most_segments(self) -> usize {
        self.most_segments
    }

    /// Sends a run. Returns how many of its bytes were taken.
    ///
    /// # Errors
    /// What the system said of the first piece.
    pub(super) fn send(
        &mut self,
        run: &Departing<'_>,
        mut send_piece: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<usize> {
        let segment_bytes = run.segment_bytes.max(1);
        let mut taken = 0;
        while taken < run.bytes.len() {
            let rest = &run.bytes[taken..];
            let piece = &rest[..rest.len().min(segment_bytes * self.most_segments)];
            let sent = match send_piece(piece) {
                Err(error) if piece.len() > segment_bytes && may_be_the_cutting(&error) => {
                    // Network cards, tunnels and filters may refuse it at any time, and say nothing
                    // but EIO or EINVAL. If one datagram gets through, that was why.
                    let one = &piece[..segment_bytes];
                    send_piece(one).map(|()| {
                        self.most_segments = 1;
                        one
                    })
                }
                sent => sent.map(|()| piece),
            };
            match sent {
                Ok(piece) => taken += piece.len(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // It is told when the rest is sent.
                Err(_) if taken > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }
}

/// Whether this says that nobody listens where an earlier datagram went.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

/// Whether the datagrams might have been taken one by one. Errors that concern the address or the
/// moment have kinds of their own.
fn may_be_the_cutting(error: &io::Error) -> bool {
    !is_refusal(error)
        && !matches!(
            error.kind(),
            ErrorKind::WouldBlock
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
                | ErrorKind::AddrNotAvailable
                | ErrorKind::PermissionDenied
                | ErrorKind::OutOfMemory
        )
}

#[cfg(test)]
mod tests;
