//! How a listener or a connection runs, and what it may take.

mod limits;

use std::net::SocketAddr;
use std::time::Duration;

use pysage_core::wire::{Codec, WireLimits};

use crate::carrier::{Carrier, UdpOptions};
use crate::error::NetError;
use crate::security::{Kind, Security};

pub(crate) use limits::HostLimits;

/// How a listener or a connection runs, and what it may take.
///
/// Each limit has a default; a peer never makes memory grow beyond them.
///
/// ```
/// use std::time::Duration;
/// use pysage_net::{NetConfig, Security};
///
/// let config = NetConfig::new(Security::open())
///     .idle_timeout(Duration::from_secs(30))
///     .most_peers(64);
/// # drop(config);
/// ```
#[derive(Clone, Debug)]
pub struct NetConfig {
    pub(crate) security: Security,
    pub(crate) carrier: Carrier,
    pub(crate) service: Service,
    pub(crate) segment_offload: bool,
    pub(crate) codec: Codec,
    pub(crate) message_bytes: usize,
    pub(crate) send_queue_bytes: usize,
    pub(crate) receive_window_bytes: usize,
    pub(crate) partial_messages: usize,
    pub(crate) repeat_newest_bytes: usize,
    pub(crate) most_peers: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) host_limits: HostLimits,
    pub(crate) rekey_datagrams: u64,
    pub(crate) rekey_interval: Duration,
    pub(crate) seed: Option<u64>,
}

/// As [`NetConfig::new`], with nobody having chosen who may come in: good for addresses of the machine
/// itself, such as `127.0.0.1`, and refused for all others.
impl Default for NetConfig {
    fn default() -> NetConfig {
        NetConfig::new(Security(Kind::Unset))
    }
}

/// Who services the socket between ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// A thread, so that acks and resends do not wait for the next tick: 4 ms at most.
    Thread,
    /// Nobody: the tick alone. All that happens follows from the ticks and the clock, for tests,
    /// simulations and replay. Delivery takes up to a tick longer.
    InTick,
}

impl NetConfig {
    /// The most bytes of a message unless set: 64 KiB.
    pub const DEFAULT_MESSAGE_BYTES: usize = WireLimits::DEFAULT_MESSAGE_BYTES;

    /// How many bytes may wait to be sent to a peer, with those that it has not acknowledged, unless
    /// set: 4 MiB.
    pub const DEFAULT_SEND_QUEUE_BYTES: usize = 4 << 20;

    /// How many bytes of reliable messages a peer may have on their way here unless set: 4 MiB,
    /// which is 40 MB/s at a round trip of 100 ms, and a fifth of that where what is lost has to come
    /// several times.
    pub const DEFAULT_RECEIVE_WINDOW_BYTES: usize = 4 << 20;

    /// How many unreliable messages of a peer may have come in part unless set: 256.
    pub const DEFAULT_PARTIAL_MESSAGES: usize = 256;

    /// Up to how many bytes the newest reliable messages are repeated in the next datagram unless
    /// set: 256, a few small messages.
    pub const DEFAULT_REPEAT_NEWEST_BYTES: usize = 256;

    /// How many peers a listener takes unless set: 1,024.
    pub const DEFAULT_MOST_PEERS: usize = 1024;

    /// How long it is tried to reach a peer unless set: 5 s.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

    /// How long a peer may be silent unless set: 10 s. Shorter blackouts lose nothing that is
    /// reliable.
    pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(10);

    /// After which silence a sign of life is sent unless set: 2 s.
    pub const DEFAULT_KEEP_ALIVE: Duration = Duration::from_secs(2);

    /// How long what was sent may take to arrive after a disconnect unless set: 5 s.
    pub const DEFAULT_CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

    /// After how many datagrams that it has sealed an end uses a new key unless set: 1,048,576, an
    /// eighth of what RFC 9001, section 6.6, lets a key seal.
    pub const DEFAULT_REKEY_DATAGRAMS: u64 = 1 << 20;

    /// After how long an end uses a new key unless set: 2 minutes.
    pub const DEFAULT_REKEY_INTERVAL: Duration = Duration::from_secs(120);

    /// The defaults, with who may come in and what may be read on the way: that has none.
    #[must_use]
    pub fn new(security: Security) -> NetConfig {
        NetConfig {
            security,
            carrier: Carrier::default(),
            service: Service::Thread,
            segment_offload: true,
            codec: Codec::Compact,
            message_bytes: NetConfig::DEFAULT_MESSAGE_BYTES,
            send_queue_bytes: NetConfig::DEFAULT_SEND_QUEUE_BYTES,
            receive_window_bytes: NetConfig::DEFAULT_RECEIVE_WINDOW_BYTES,
            partial_messages: NetConfig::DEFAULT_PARTIAL_MESSAGES,
            repeat_newest_bytes: NetConfig::DEFAULT_REPEAT_NEWEST_BYTES,
            most_peers: NetConfig::DEFAULT_MOST_PEERS,
            connect_timeout: NetConfig::DEFAULT_CONNECT_TIMEOUT,
            idle_timeout: NetConfig::DEFAULT_IDLE_TIMEOUT,
            keep_alive: NetConfig::DEFAULT_KEEP_ALIVE,
            close_timeout: NetConfig::DEFAULT_CLOSE_TIMEOUT,
            host_limits: HostLimits::default(),
            rekey_datagrams: NetConfig::DEFAULT_REKEY_DATAGRAMS,
            rekey_interval: NetConfig::DEFAULT_REKEY_INTERVAL,
            seed: None,
        }
    }

    /// Who may come in, and what may be read on the way, in place of what was chosen before.
    #[must_use]
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// What carries the datagrams.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    /// Who services the socket between ticks.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = service;
        self
    }

    /// Whether many datagrams are handed to the system in one piece, for it to cut them, where it
    /// takes that: generic segmentation offload. It is, unless this says no, for measurements or for
    /// a network card that gets it wrong. What arrives in one piece is taken in any case.
    #[must_use]
    pub fn segment_offload(mut self, offload: bool) -> Self {
        self.segment_offload = offload;
        self
    }

    /// How messages are written; both ends have to say the same. [`Codec::Compact`] unless set.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// The most bytes of a message, up to 16 MiB, for both directions.
    #[must_use]
    pub fn message_bytes(mut self, bytes: usize) -> Self {
        self.message_bytes = bytes.min(WireLimits::MOST_MESSAGE_BYTES);
        self
    }

    /// How many bytes may wait to be sent to a peer, with those that it has not acknowledged:
    /// beyond that `send` says [`Full`](crate::SendError::Full). At least one message fits.
    #[must_use]
    pub fn send_queue_bytes(mut self, bytes: usize) -> Self {
        self.send_queue_bytes = bytes;
        self
    }

    /// How many bytes of reliable messages a peer may have on their way here, with those that wait
    /// to be handled. At least two of the largest messages fit.
    #[must_use]
    pub fn receive_window_bytes(mut self, bytes: usize) -> Self {
        self.receive_window_bytes = bytes;
        self
    }

    /// How many unreliable messages of a peer may have come in part; the oldest is given up for a
    /// new one.
    #[must_use]
    pub fn partial_messages(mut self, messages: usize) -> Self {
        self.partial_messages = messages;
        self
    }

    /// Up to how many bytes the newest reliable messages are repeated in the next datagram, where
    /// there is one to be sent anyway. A message that was lost then comes without a resend. 0 for
    /// never.
    #[must_use]
    pub fn repeat_newest_bytes(mut self, bytes: usize) -> Self {
        self.repeat_newest_bytes = bytes;
        self
    }

    /// How many peers a listener takes. Others are refused.
    #[must_use]
    pub fn most_peers(mut self, peers: usize) -> Self {
        self.most_peers = peers;
        self
    }

    /// How long it is tried to reach a peer.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a peer may be silent before it counts as gone.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// After which silence a sign of life is sent. It should be well below the idle time-out of both
    /// ends.
    #[must_use]
    pub fn keep_alive(mut self, after: Duration) -> Self {
        self.keep_alive = after;
        self
    }

    /// How long what was sent may take to arrive after a disconnect, before it is given up.
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// After how many datagrams that it has sealed this end uses a new key. The old one is forgotten,
    /// so that who gets hold of the new one cannot open what was sealed before.
    #[cfg(feature = "secure")]
    #[must_use]
    pub fn rekey_datagrams(mut self, datagrams: u64) -> Self {
        self.rekey_datagrams = datagrams;
        self
    }

    /// After how long this end uses a new key, as after so many
    /// [datagrams](Self::rekey_datagrams).
    #[cfg(feature = "secure")]
    #[must_use]
    pub fn rekey_interval(mut self, interval: Duration) -> Self {
        self.rekey_interval = interval;
        self
    }

    /// Makes what is chosen at random follow from a seed, the secrets of sessions and cookies, too:
    /// whoever guesses the seed knows all of them. So it is for simulations, and refused over any other
    /// carrier than [`Carrier::Memory`], as [`NetError::Config`].
    #[cfg(feature = "sim")]
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether the limits go together.
    pub(crate) fn check(&self, listens: bool) -> Result<(), NetError> {
        let contradiction = |what| Err(NetError::Config { what });
        if self.keep_alive >= self.idle_timeout {
            return contradiction(
                "`keep_alive` is not below `idle_timeout`, so idle peers would count as gone",
            );
        }
        if self.connect_timeout.is_zero() {
            return contradiction("`connect_timeout` is zero, so nobody would be reached");
        }
        if self.seed.is_some() && !self.carrier.is_simulated() {
            return contradiction(
                "`seed` is for `Carrier::Memory` alone: over a network whoever guesses it would know \
                 the secrets of all sessions; leave it out",
            );
        }
        if !listens && !self.security.names_whom_to_call() {
            return Err(NetError::NoKeyExpected);
        }
        if listens && self.most_peers == 0 {
            return contradiction("`most_peers` is 0, so the listener would take nobody");
        }
        Ok(())
    }

    /// Whether this address may be used, as far as it is known: one that others can reach needs a
    /// choice.
    pub(crate) fn check_reach(
        &self,
        known: Result<SocketAddr, (&str, u16)>,
    ) -> Result<(), NetError> {
        let address = match known {
            Ok(address) if !address.ip().is_loopback() => address.to_string(),
            Err((name, port)) if !name.eq_ignore_ascii_case("localhost") => {
                format!("{name}:{port}")
            }
            _ => return Ok(()),
        };
        if self.security.is_chosen() { Ok(()) } else { Err(NetError::NoSecurity { address }) }
    }

    /// How UDP is carried.
    pub(crate) fn udp_options(&self) -> UdpOptions {
        UdpOptions { segment_offload: self.segment_offload }
    }

    /// The limits of a message.
    pub(crate) fn limits(&self) -> WireLimits {
        WireLimits::default().message_bytes(self.message_bytes)
    }
}
