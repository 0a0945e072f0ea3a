//! What strangers and peers may cost a host.

use super::NetConfig;

/// What strangers and peers may cost a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostLimits {
    pub(crate) pending_handshakes: usize,
    pub(crate) pending_handshakes_of_address: usize,
    pub(crate) handshakes_per_second: u32,
    pub(crate) handshakes_per_second_of_address: u32,
    pub(crate) peer_bytes_per_second: Option<u32>,
    pub(crate) peer_datagrams_per_second: Option<u32>,
}

impl Default for HostLimits {
    fn default() -> HostLimits {
        HostLimits {
            pending_handshakes: NetConfig::DEFAULT_PENDING_HANDSHAKES,
            pending_handshakes_of_address: NetConfig::DEFAULT_PENDING_HANDSHAKES_OF_ADDRESS,
            handshakes_per_second: NetConfig::DEFAULT_HANDSHAKES_PER_SECOND,
            handshakes_per_second_of_address: NetConfig::DEFAULT_HANDSHAKES_PER_SECOND_OF_ADDRESS,
            peer_bytes_per_second: None,
            peer_datagrams_per_second: None,
        }
    }
}

impl NetConfig {
    /// How many peers may have been let in that did not show yet that they know, unless set: 256.
    pub const DEFAULT_PENDING_HANDSHAKES: usize = 256;

    /// How many of those may have come from one address unless set: 64.
    pub const DEFAULT_PENDING_HANDSHAKES_OF_ADDRESS: usize = 64;

    /// How many handshakes a listener does in a second unless set: 1,000. One with keys takes about
    /// 0.3 ms.
    pub const DEFAULT_HANDSHAKES_PER_SECOND: u32 = 1_000;

    /// How many handshakes a listener does in a second with one address unless set: 500.
    pub const DEFAULT_HANDSHAKES_PER_SECOND_OF_ADDRESS: u32 = 500;

    /// How many peers may have been let in that did not show yet that they know: a hello that
    /// somebody says again makes one. Others have to say hello again.
    #[must_use]
    pub fn pending_handshakes(mut self, handshakes: usize) -> Self {
        self.host_limits.pending_handshakes = handshakes;
        self
    }

    /// How many of [those](Self::pending_handshakes) may have come from one address, whatever its port:
    /// fewer than all, so that one address does not keep the others out. Of IPv6 the first 64 bits are
    /// an address. Many players behind one address need a place each for the one round trip until they
    /// have shown that they know; who finds none says hello again.
    #[must_use]
    pub fn pending_handshakes_of_address(mut self, handshakes: usize) -> Self {
        self.host_limits.pending_handshakes_of_address = handshakes;
        self
    }

    /// How many handshakes a listener does in a second, and as many at once. Who is not served says
    /// hello again. A hello from a made-up address counts for nothing.
    #[must_use]
    pub fn handshakes_per_second(mut self, handshakes: u32) -> Self {
        self.host_limits.handshakes_per_second = handshakes;
        self
    }

    /// How many handshakes a listener does in a second with one address, whatever its port, and as
    /// many at once; of IPv6 the first 64 bits are an address. There are 256 places to count in, so
    /// that few others share one.
    #[must_use]
    pub fn handshakes_per_second_of_address(mut self, handshakes: u32) -> Self {
        self.host_limits.handshakes_per_second_of_address = handshakes;
        self
    }

    /// How many bytes of datagrams are taken from a peer in a second, and as many at once. What is
    /// more is dropped and counted; the peer takes it for lost, and becomes slower. Over TCP nothing is
    /// dropped: once more has come, by up to 16 KiB, nothing is read from the peer until that is made
    /// up for, but for 2 s at most, so that less than 8 KiB a second is no limit there. What it sends
    /// then waits within its own limits, and so do its answers. No limit unless set.
    #[must_use]
    pub fn peer_bytes_per_second(mut self, bytes: u32) -> Self {
        self.host_limits.peer_bytes_per_second = Some(bytes);
        self
    }

    /// How many datagrams are taken from a peer in a second, as with
    /// [bytes](Self::peer_bytes_per_second); over TCP at least those of 16 KiB in 2 s.
    #[must_use]
    pub fn peer_datagrams_per_second(mut self, datagrams: u32) -> Self {
        self.host_limits.peer_datagrams_per_second = Some(datagrams);
        self
    }
}
