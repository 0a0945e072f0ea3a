//! Who may come in, and what may be read on the way.

use crate::session::Session;

/// Who may come in, and what may be read on the way.
#[derive(Clone, Debug)]
pub struct Security(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Open,
}

impl Security {
    /// Whoever knows the address may come in, and whoever carries the datagrams may read and change
    /// them. A checksum guards against mistakes, not against attackers.
    #[must_use]
    pub fn open() -> Security {
        Security(Kind::Open)
    }

    /// What a datagram takes beside its frames.
    pub(crate) fn overhead_bytes(&self) -> usize {
        match self.0 {
            Kind::Open => Session::OVERHEAD_BYTES,
        }
    }
}
