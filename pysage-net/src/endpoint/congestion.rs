//! How much may be on its way to a peer, and how quickly it may leave.

use std::time::{Duration, Instant};

/// Decides how many bytes may be in flight and when the next datagram may leave.
pub(crate) struct Congestion {
    window_bytes: usize,
}

/// What is kept of a datagram that was sent, to judge its acknowledgement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) sent_at: Instant,
    pub(crate) bytes: u32,
}

/// What one acknowledgement told, after all its datagrams were taken note of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// The round trip of the newest datagram that it acknowledged for the first time.
    pub(crate) round_trip: Option<Duration>,
    /// How many bytes were found to be lost by it.
    pub(crate) lost_bytes: usize,
    /// How many datagrams arrived that were marked, since the last acknowledgement.
    pub(crate) marked: u64,
    /// What is in flight now.
    pub(crate) in_flight_bytes: usize,
}

impl Congestion {
    pub(crate) fn new(_now: Instant, datagram_bytes: usize, _round_trip: Duration) -> Congestion {
        Congestion { window_bytes: 32 * datagram_bytes }
    }

    /// Takes note of a datagram that is sent. `waits` tells whether more would be sent if it were
    /// allowed to: whether this class is what limits the sending.
    pub(crate) fn sent(&mut self, now: Instant, bytes: usize, _in_flight_bytes: usize) -> Stamp {
        Stamp { sent_at: now, bytes: u32::try_from(bytes).expect("a datagram is small") }
    }

    /// Takes note that there is nothing to send now, though it would be allowed.
    pub(crate) fn app_limited(&mut self, _in_flight_bytes: usize) {}

    /// Takes note of a datagram that arrived.
    pub(crate) fn acked(&mut self, _now: Instant, _stamp: Stamp) {}

    /// Takes note that a datagram was lost after all or only late: it had been told as lost.
    pub(crate) fn spurious(&mut self, _stamp: Stamp) {}

    /// Takes note of an acknowledgement, behind its datagrams.
    pub(crate) fn told(&mut self, _now: Instant, _told: Told) {}

    /// Takes note that nothing at all came back for several probe time-outs: what was known of the way is
    /// no more.
    pub(crate) fn blacked_out(&mut self, _now: Instant) {}

    /// How many bytes may be in flight.
    pub(crate) fn window_bytes(&self) -> usize {
        self.window_bytes
    }

    /// When a datagram of this size may leave, `now` or later, as far as pacing is concerned.
    pub(crate) fn departs_at(&self, now: Instant, _bytes: usize) -> Instant {
        now
    }
}
