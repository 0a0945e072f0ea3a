//! What listeners and connections for the original count.

use std::ops::AddAssign;

/// What the listeners and connections for peers on the original have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegacyCounters {
    /// Messages that were handed to the manager.
    pub messages_received: u64,
    /// Messages that were taken to be sent.
    pub messages_sent: u64,
    /// Packets that were no message that the manager knows. Each was told to the dead-letter handler.
    pub malformed: u64,
    /// Datagrams of peers that had said too much in that second.
    pub over_rate: u64,
    /// Packets of addresses and connections that were not taken, since there were too many peers.
    pub refused: u64,
    /// Datagrams that nobody sends: without a byte or from port 0, or from somebody else where there
    /// is one peer.
    pub dropped: u64,
    /// Messages that the system did not take: over UDP, where nobody learns of it otherwise.
    pub not_sent: u64,
}

impl AddAssign for LegacyCounters {
    fn add_assign(&mut self, other: LegacyCounters) {
        self.messages_received += other.messages_received;
        self.messages_sent += other.messages_sent;
        self.malformed += other.malformed;
        self.over_rate += other.over_rate;
        self.refused += other.refused;
        self.dropped += other.dropped;
        self.not_sent += other.not_sent;
    }
}
