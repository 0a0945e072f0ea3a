//! What a simulated network has counted.

use std::ops::AddAssign;

/// What a [`SimNetwork`](super::SimNetwork) has counted, in all or on one way.
///
/// A datagram that was sent is blacked out, dropped, lost, unclaimed, or it arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimCounters {
    /// Datagrams that were sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Those that were sent in a blackout, or from or to somebody who is cut off.
    pub blacked_out: u64,
    /// Those for which a bottleneck's queue had no room.
    pub dropped: u64,
    /// Those that were lost at random.
    pub lost: u64,
    /// Those that arrive twice.
    pub duplicated: u64,
    /// Copies that were held back, for others to overtake.
    pub held_back: u64,
    /// Those that were sent to an address that nobody has asked a port for. What is sent to a port
    /// that is not open just vanishes.
    pub unclaimed: u64,
}

impl AddAssign for SimCounters {
    fn add_assign(&mut self, other: SimCounters) {
        self.sent += other.sent;
        self.sent_bytes += other.sent_bytes;
        self.blacked_out += other.blacked_out;
        self.dropped += other.dropped;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.held_back += other.held_back;
        self.unclaimed += other.unclaimed;
    }
}
