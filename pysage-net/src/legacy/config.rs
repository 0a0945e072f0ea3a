//! How a listener or a connection for the original runs, and what it may take.

use std::time::Duration;

use pysage_core::transport::Encoding;
use pysage_core::wire::{Codec, WireLimits};

use super::peers::PeerLimits;
use crate::error::NetError;

/// How a listener or a connection for peers on the original runs, and what it may take.
///
/// Each limit has a default; whoever sends, memory does not grow beyond them.
///
/// ```
/// use std::time::Duration;
/// use pysage_net::LegacyConfig;
///
/// let config = LegacyConfig::udp().idle_timeout(Duration::from_secs(30)).most_peers(64);
/// # drop(config);
/// ```
#[derive(Clone, Debug)]
pub struct LegacyConfig {
    pub(super) protocol: Protocol,
    pub(super) message_bytes: usize,
    pub(super) send_queue_bytes: usize,
    pub(super) inbox_bytes: usize,
    pub(super) most_peers: usize,
    pub(super) most_peers_per_host: usize,
    pub(super) messages_per_second: u64,
    pub(super) idle_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) pending_connections: usize,
}

/// By which of the original's transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `SelectUDPTransport`.
    Udp,
    /// `SelectTCPTransport`.
    Tcp,
}

/// The most bytes of a datagram over IPv4.
const DATAGRAM_BYTES: usize = 65_507;

/// The packet type, which comes before the fields of a message.
const HEAD_BYTES: usize = 1;

impl LegacyConfig {
    /// The most bytes of a message unless set: 64 KiB.
    pub const DEFAULT_MESSAGE_BYTES: usize = WireLimits::DEFAULT_MESSAGE_BYTES;

    /// How many bytes may wait to be sent to a peer unless set: 1 MiB.
    pub const DEFAULT_SEND_QUEUE_BYTES: usize = 1 << 20;

    /// How many bytes of messages may wait to be handled, of all peers together, unless set: 4 MiB.
    pub const DEFAULT_INBOX_BYTES: usize = pysage_core::transport::DEFAULT_INBOX_BYTES;

    /// How many peers a listener takes unless set: 1,024.
    pub const DEFAULT_MOST_PEERS: usize = 1024;

    /// How many peers a listener takes of one host unless set: 256.
    pub const DEFAULT_MOST_PEERS_PER_HOST: usize = 256;

    /// How many messages a peer may send in a second unless set: 100,000, several times what the
    /// original can.
    pub const DEFAULT_MESSAGES_PER_SECOND: u64 = 100_000;

    /// How long a peer of a listener may be silent unless set: 5 minutes, since the original says
    /// nothing by itself.
    pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(300);

    /// How long it is tried to reach a peer over TCP unless set: 5 s.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

    /// How many connections may wait to be accepted unless set: 128.
    pub const DEFAULT_PENDING_CONNECTIONS: usize = 128;

    /// The defaults, over UDP: for peers that use the original's `SelectUDPTransport`, which is what
    /// they do unless they say otherwise. Large datagrams are not fragmented outside of Linux: see
    /// [`message_bytes`](Self::message_bytes).
    #[must_use]
    pub fn udp() -> LegacyConfig {
        LegacyConfig::new(Protocol::Udp)
    }

    /// The defaults, over TCP: for peers that use the original's `SelectTCPTransport`.
    #[must_use]
    pub fn tcp() -> LegacyConfig {
        LegacyConfig::new(Protocol::Tcp)
    }

    fn new(protocol: Protocol) -> LegacyConfig {
        LegacyConfig {
            protocol,
            message_bytes: LegacyConfig::DEFAULT_MESSAGE_BYTES,
            send_queue_bytes: LegacyConfig::DEFAULT_SEND_QUEUE_BYTES,
            inbox_bytes: LegacyConfig::DEFAULT_INBOX_BYTES,
            most_peers: LegacyConfig::DEFAULT_MOST_PEERS,
            most_peers_per_host: LegacyConfig::DEFAULT_MOST_PEERS_PER_HOST,
            messages_per_second: LegacyConfig::DEFAULT_MESSAGES_PER_SECOND,
            idle_timeout: LegacyConfig::DEFAULT_IDLE_TIMEOUT,
            connect_timeout: LegacyConfig::DEFAULT_CONNECT_TIMEOUT,
            pending_connections: LegacyConfig::DEFAULT_PENDING_CONNECTIONS,
        }
    }

    /// The most bytes of a message's fields, up to 16 MiB, for both directions. Over UDP a message has
    /// to fit into a datagram: 65,506 bytes at most. One that is too long for its way, about 1,470 bytes
    /// over Ethernet, is cut into fragments by the system on Linux and Android alone; elsewhere it does
    /// not leave, which [`LegacyCounters::not_sent`](crate::LegacyCounters::not_sent) counts. Over TCP up
    /// to that many bytes of a peer are kept until its message is whole, and 64 KiB more.
    #[must_use]
    pub fn message_bytes(mut self, bytes: usize) -> Self {
        self.message_bytes = bytes.min(WireLimits::MOST_MESSAGE_BYTES);
        self
    }

    /// How many bytes may wait to be sent to a peer: beyond that `send` says
    /// [`Full`](crate::SendError::Full). At least one message fits.
    #[must_use]
    pub fn send_queue_bytes(mut self, bytes: usize) -> Self {
        self.send_queue_bytes = bytes;
        self
    }

    /// How many bytes of messages may wait to be handled, of all peers together. Nothing is read
    /// beyond that, until some were handled.
    #[must_use]
    pub fn inbox_bytes(mut self, bytes: usize) -> Self {
        self.inbox_bytes = bytes;
        self
    }

    /// How many peers a listener takes. Others are refused: their datagrams are dropped, and their
    /// connections closed.
    #[must_use]
    pub fn most_peers(mut self, peers: usize) -> Self {
        self.most_peers = peers;
        self
    }

    /// How many peers a listener takes of one host, that is of one IP address.
    #[must_use]
    pub fn most_peers_per_host(mut self, peers: usize) -> Self {
        self.most_peers_per_host = peers;
        self
    }

    /// How many messages a peer may send in a second. What it sends beyond that is dropped over UDP,
    /// and read later over TCP.
    #[must_use]
    pub fn messages_per_second(mut self, messages: u64) -> Self {
        self.messages_per_second = messages;
        self
    }

    /// How long a peer of a listener may be silent before it counts as gone. Clients that only listen
    /// have to say something now and then; [`Duration::MAX`] has all peers stay.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long it is tried to reach a peer over TCP, and to look a name up.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How many TCP connections may wait to be accepted. The system refuses others, or has them wait.
    #[must_use]
    pub fn pending_connections(mut self, connections: usize) -> Self {
        self.pending_connections = connections;
        self
    }

    /// Whether the limits go together.
    pub(super) fn check(&self, listens: bool) -> Result<(), NetError> {
        let contradiction = |what| Err(NetError::Config { what });
        if self.connect_timeout.is_zero() && !listens {
            return contradiction("`connect_timeout` is zero, so nobody would be reached");
        }
        if listens && (self.most_peers == 0 || self.most_peers_per_host == 0) {
            return contradiction(
                "`most_peers` or `most_peers_per_host` is 0, so the listener would take nobody",
            );
        }
        if self.messages_per_second == 0 {
            return contradiction("`messages_per_second` is 0, so nobody could say anything");
        }
        Ok(())
    }

    pub(super) fn encoding(&self) -> Encoding {
        let message_bytes = match self.protocol {
            Protocol::Udp => self.message_bytes.min(DATAGRAM_BYTES - HEAD_BYTES),
            Protocol::Tcp => self.message_bytes,
        };
        let limits = WireLimits::default().message_bytes(message_bytes);
        Encoding { codec: Codec::Pysage, limits }
    }

    /// The most bytes of a packet.
    pub(super) fn packet_bytes(&self) -> usize {
        match self.protocol {
            Protocol::Udp => (self.message_bytes + HEAD_BYTES).min(DATAGRAM_BYTES),
            Protocol::Tcp => self.message_bytes + HEAD_BYTES,
        }
    }

    /// How many bytes may wait for a peer, one packet at least.
    pub(super) fn queue_bytes(&self) -> usize {
        self.send_queue_bytes.max(self.packet_bytes())
    }

    pub(super) fn peer_limits(&self) -> PeerLimits {
        PeerLimits {
            peers: self.most_peers,
            peers_per_host: self.most_peers_per_host,
            messages_per_second: self.messages_per_second,
            idle_timeout: self.idle_timeout,
        }
    }
}
