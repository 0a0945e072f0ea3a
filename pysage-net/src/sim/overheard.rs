//! What somebody on the way hears.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::carrier::Departing;

/// A datagram that somebody on its way has heard.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overheard {
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// What is heard, if somebody listens.
#[derive(Default)]
pub(super) struct Ear {
    listens: AtomicBool,
    heard: Mutex<Vec<Overheard>>,
}

impl Ear {
    pub(super) fn listen(&self, listens: bool) {
        self.listens.store(listens, Ordering::Relaxed);
    }

    pub(super) fn take(&self) -> Vec<Overheard> {
        std::mem::take(&mut *self.heard.lock())
    }

    pub(super) fn hear(&self, from: SocketAddr, departing: &Departing<'_>) {
        if !self.listens.load(Ordering::Relaxed) {
            return;
        }
        let mut heard = self.heard.lock();
        for bytes in departing.bytes.chunks(departing.segment_bytes.max(1)) {
            heard.push(Overheard { from, to: departing.to, bytes: bytes.to_vec() });
        }
    }
}
