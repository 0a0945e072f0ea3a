//! What networks count.

use std::ops::AddAssign;

/// What the listeners and connections of a manager have counted.
///
/// Over TCP the same datagrams go behind each other over a stream, so they count there, too: the pieces
/// in which a connection reads and writes, whatever packets the system makes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetCounters {
    /// Datagrams that were handed to carriers.
    pub datagrams_sent: u64,
    /// Their bytes, without the headers of IP and UDP, or of TCP with the length before each.
    pub bytes_sent: u64,
    /// Datagrams that arrived from anyone.
    pub datagrams_received: u64,
    /// Datagrams that arrived and are nobody's, malformed, repeated, late or forged, or for which
    /// there was no room.
    pub datagrams_dropped: u64,
    /// How often reliable messages that had left together were sent again.
    pub resent: u64,
    /// Datagrams of peers that were dropped since a peer may not send as much. Over TCP none is: see
    /// [`readings_paused`](Self::readings_paused).
    pub datagrams_over_limit: u64,
    /// How often nothing more was read from a peer for a while, since it may not send as much: over
    /// TCP alone.
    pub readings_paused: u64,
    /// Hellos that were not answered since there were too many handshakes.
    pub handshakes_put_off: u64,
    /// Messages that peers sent and may not send.
    pub messages_refused: u64,
    /// How often this end has used a new key.
    pub rekeys: u64,
}

impl AddAssign for NetCounters {
    fn add_assign(&mut self, other: NetCounters) {
        self.datagrams_sent += other.datagrams_sent;
        self.bytes_sent += other.bytes_sent;
        self.datagrams_received += other.datagrams_received;
        self.datagrams_dropped += other.datagrams_dropped;
        self.resent += other.resent;
        self.datagrams_over_limit += other.datagrams_over_limit;
        self.readings_paused += other.readings_paused;
        self.handshakes_put_off += other.handshakes_put_off;
        self.messages_refused += other.messages_refused;
        self.rekeys += other.rekeys;
    }
}
