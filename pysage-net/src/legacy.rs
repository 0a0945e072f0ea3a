//! Peers that still run the original pysage in Python, over plain UDP and plain TCP.

mod config;
mod context;
mod counters;
mod desk;
pub(crate) mod peers;
pub(crate) mod stream;
mod tcp;
mod transport;
mod udp;
mod watch;

use std::fmt;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use pysage_core::transport::LinkId;
use pysage_core::{ActorManager, Broadcast, Destination, Handle, Key, SendError, WireMessage};

use crate::error::NetError;
use crate::network::{ToAddress, find, look_up_now};
pub use config::LegacyConfig;
pub use counters::LegacyCounters;
use transport::LegacyTransport;

/// What a manager, or a handler by its context, can do with peers that run the original pysage 1.6.1
/// in Python.
///
/// It is for moving a program over piece by piece. A manager may have such peers beside those of
/// [`Network`](crate::Network) and groups. They are [`Destination`]s as any other: what they send is
/// handled as other messages are, and [`Context::sender`](crate::Context::sender) is whom to reply to.
/// [`PeerConnected`](crate::PeerConnected) and [`PeerDisconnected`](crate::PeerDisconnected) tell who
/// comes and goes.
///
/// # What it means that there is no handshake
///
/// The original sends packets and nothing else. So, in plain words:
///
/// * **Anyone who reaches the port is a peer**, and nobody is asked who they are. Over UDP anyone can
///   write anyone's address on a datagram: it is then handled as if that peer had sent it, and replies
///   go to whoever the address belongs to, who may never have asked for them. Never let anything
///   depend on who a sender is, answer nothing at greater length than it asked, and listen on networks
///   whose hosts you trust.
/// * **Nothing is encrypted or checked.** Whoever carries the bytes can read and change them.
/// * **Over UDP nothing is sure to arrive**, or to arrive once, or in order, whatever
///   [`Delivery`](crate::Delivery) the message asks for. Nobody learns what was lost, and
///   [`undelivered`](crate::PeerDisconnected::undelivered) is always 0. Over TCP all arrives in order
///   while the connection lasts; when it breaks, what was handed to the system may be lost.
/// * **Both ends have to agree** about packet types and fields without ever comparing them. A packet
///   that is not understood is counted, shown to the dead-letter handler, and dropped.
/// * **A UDP peer is an address that said something** this manager understands, until it was silent for
///   [`idle_timeout`](LegacyConfig::idle_timeout). Nobody says farewell. One that is disconnected is
///   a peer again as soon as it says something else.
///
/// # What a message has to be
///
/// Its packet type is 101 to 255, and each of its fields has a type that the original has, which
/// [`original_types`](crate::wire::original_types) tells. Others cannot be sent to such a peer, and
/// neither can requests, nor messages for one actor by its name: `send` says so. What a peer sends goes to
/// all who subscribe to it. A datagram is one packet.
///
/// ```
/// use pysage_net::{Actor, ActorManager, Context, LegacyConfig, LegacyNetwork, Message, Subscriptions};
///
/// // In Python: properties = ['eggs'], types = ['i'], packet_type = 101
/// #[derive(Message, Debug)]
/// #[message(packet_type = 101)]
/// struct Order { eggs: i32 }
///
/// struct Chef;
///
/// impl Actor for Chef {
///     fn subscriptions(on: &mut Subscriptions<Self>) {
///         on.message(|_: &mut Chef, order: &Order, cx: &Context| {
///             let guest = cx.sender().expect("it came from a peer");
///             cx.send(guest, Order { eggs: order.eggs - 1 })
///         });
///     }
/// }
///
/// let kitchen = ActorManager::new();
/// kitchen.register(Chef);
/// let listener = kitchen.listen_legacy("127.0.0.1:0", LegacyConfig::tcp())?;
///
/// let guest = ActorManager::new();
/// guest.register_message::<Order>()?;
/// let chef = guest.connect_legacy(listener.local_addr(), LegacyConfig::tcp())?;
/// guest.send(chef, Order { eggs: 3 })?;
/// while guest.tick()?.received == 0 {
///     kitchen.tick()?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait LegacyNetwork: sealed::Sealed {
    /// Takes peers on the original at an address of this machine. Port 0 has the system choose one,
    /// which [`LegacyListener::local_addr`] tells. The original has IPv4 alone.
    ///
    /// # Errors
    /// [`NetError`] if that is no address of this machine, or another program has it.
    fn listen_legacy(
        &self,
        address: impl ToAddress,
        config: LegacyConfig,
    ) -> Result<LegacyListener, NetError>;

    /// Begins to connect to a program on the original that listens, without waiting. What is sent to
    /// it from now on leaves once there is a way. Over UDP that is at once, and
    /// [`PeerConnected`](crate::PeerConnected) says nothing of whether anybody is there.
    ///
    /// # Errors
    /// [`NetError`] if that is no address, or no socket can be had.
    fn connect_legacy(
        &self,
        address: impl ToAddress,
        config: LegacyConfig,
    ) -> Result<Destination, NetError>;

    /// Makes a peer of an address that has said nothing yet, to send to it from a listener over UDP;
    /// `None` over TCP, and if there are too many peers.
    fn add_legacy_peer(&self, listener: LegacyListener, address: SocketAddr)
    -> Option<Destination>;

    /// Disconnects a peer. Over TCP what was sent to it is still passed on, within 5 s.
    /// [`PeerDisconnected`](crate::PeerDisconnected) follows.
    ///
    /// # Errors
    /// [`NetError::UnknownPeer`], also for a peer that is gone already.
    fn disconnect_legacy(&self, peer: impl Into<Destination>) -> Result<(), NetError>;

    /// Takes no more peers at a listener, and [disconnects](Self::disconnect_legacy) those that it has.
    ///
    /// # Errors
    /// [`NetError::UnknownListener`] if it was closed already.
    fn stop_listening_legacy(&self, listener: LegacyListener) -> Result<(), NetError>;

    /// The peers that are connected, by the order in which it was begun to listen and connect.
    fn legacy_peers(&self) -> Vec<Destination>;

    /// The address of a peer; `None` unless it is connected. [`Destination`]s stand for what the
    /// original has in `msg.sender`.
    #[doc(alias = "sender")]
    fn legacy_peer_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr>;

    /// Where the socket is bound by which a peer is reached.
    fn legacy_local_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr>;

    /// Sends a message to all [`legacy_peers`](Self::legacy_peers). One that cannot be reached costs
    /// the others nothing.
    #[doc(alias = "broadcast_message")]
    fn broadcast_to_legacy_peers<M: WireMessage + Clone>(&self, message: M) -> Broadcast;

    /// What the listeners and connections that this manager has now have counted so far.
    fn legacy_counters(&self) -> LegacyCounters;
}

/// A listener for peers on the original, until it is
/// [closed](LegacyNetwork::stop_listening_legacy), or the manager is dropped.
#[derive(Clone, Copy)]
pub struct LegacyListener {
    key: Key<LegacyTransport>,
    life: u32,
    address: SocketAddr,
}

impl LegacyListener {
    /// Where it listens, with the port that the system has chosen.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for LegacyListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LegacyListener({})", self.address)
    }
}

impl LegacyNetwork for ActorManager {
    fn listen_legacy(
        &self,
        address: impl ToAddress,
        config: LegacyConfig,
    ) -> Result<LegacyListener, NetError> {
        let address = address.to_address()?;
        let at = address.known().or_else(|(name, port)| look_up_now(name, port))?;
        config.check(true)?;
        let key = place(self, &config)?;
        let open = |transport: &mut LegacyTransport| {
            transport.listen(key, at, &config, wakes(self))?;
            let address = transport.local_addr().expect("it was just opened");
            Ok(LegacyListener { key, life: transport.lives(), address })
        };
        self.with_transport(key, open).ok_or(NetError::Busy)?
    }

    fn connect_legacy(
        &self,
        address: impl ToAddress,
        config: LegacyConfig,
    ) -> Result<Destination, NetError> {
        let address = address.to_address()?;
        config.check(false)?;
        let key = place(self, &config)?;
        let to = match address.known() {
            Ok(address) => Ok(address),
            Err((name, port)) => Err(look_up(name, port, self.handle())?),
        };
        let now = self.clock().now();
        let begin = |transport: &mut LegacyTransport| {
            let link = transport.connect(now, key, to, &config, wakes(self))?;
            Ok(key.destination(link))
        };
        self.with_transport(key, begin).ok_or(NetError::Busy)?
    }

    fn add_legacy_peer(
        &self,
        listener: LegacyListener,
        address: SocketAddr,
    ) -> Option<Destination> {
        let now = self.clock().now();
        let add = |transport: &mut LegacyTransport| {
            let is_this = transport.listens() && transport.lives() == listener.life;
            (is_this && transport.is_udp()).then(|| transport.add_peer(now, address))?
        };
        self.with_transport(listener.key, add)?
    }

    fn disconnect_legacy(&self, peer: impl Into<Destination>) -> Result<(), NetError> {
        // What was sent goes first; what a transport has to tell is told by the next tick.
        drop(self.flush());
        let (key, link) = found(self, peer.into()).ok_or(NetError::UnknownPeer)?;
        let now = self.clock().now();
        let disconnected = self.with_transport(key, |transport| transport.disconnect(now, link));
        disconnected.ok_or(NetError::Busy)?.ok_or(NetError::UnknownPeer)
    }

    fn stop_listening_legacy(&self, listener: LegacyListener) -> Result<(), NetError> {
        drop(self.flush());
        let now = self.clock().now();
        let close = |transport: &mut LegacyTransport| {
            let is_this = transport.listens() && transport.lives() == listener.life;
            is_this.then(|| transport.close(now)).ok_or(NetError::UnknownListener)
        };
        self.with_transport(listener.key, close).ok_or(NetError::Busy)?
    }

    fn legacy_peers(&self) -> Vec<Destination> {
        let peers =
            |key| self.with_transport(key, |transport: &mut LegacyTransport| transport.peers());
        self.keys_of().into_iter().filter_map(peers).flatten().collect()
    }

    fn legacy_peer_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        let (key, link) = found(self, peer.into())?;
        self.with_transport(key, |transport| transport.peer_addr(link))?
    }

    fn legacy_local_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        let (key, link) = found(self, peer.into())?;
        let look = |transport: &mut LegacyTransport| {
            transport.peer_addr(link).and_then(|_| transport.local_addr())
        };
        self.with_transport(key, look)?
    }

    fn broadcast_to_legacy_peers<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        broadcast(self, |peer| self.send(peer, message.clone()))
    }

    fn legacy_counters(&self) -> LegacyCounters {
        let mut all = LegacyCounters::default();
        for key in self.keys_of::<LegacyTransport>() {
            all += self.with_transport(key, |transport| transport.counters()).unwrap_or_default();
        }
        all
    }
}

fn broadcast(
    peers: &impl LegacyNetwork,
    mut send: impl FnMut(Destination) -> Result<(), SendError>,
) -> Broadcast {
    let mut broadcast = Broadcast::default();
    for peer in peers.legacy_peers() {
        match send(peer) {
            Ok(()) => broadcast.sent += 1,
            Err(_) => broadcast.refused += 1,
        }
    }
    broadcast
}

/// What wakes a manager's loop for what arrives; `None` where the clock is moved by hand.
fn wakes(manager: &ActorManager) -> Option<Handle> {
    (!manager.clock().is_manual()).then(|| manager.handle())
}

/// A transport of the manager that has no socket: one whose socket is closed, or a new one.
fn place(manager: &ActorManager, config: &LegacyConfig) -> Result<Key<LegacyTransport>, NetError> {
    let is_free = |key: &Key<LegacyTransport>| {
        manager.with_transport(*key, |transport| transport.is_free()).unwrap_or(false)
    };
    match manager.keys_of().into_iter().find(is_free) {
        Some(key) => Ok(key),
        None => Ok(manager.attach(LegacyTransport::new(manager.clock().now(), config))?),
    }
}

/// Looks a peer's name up in a thread of its own, since that may take long.
fn look_up(
    name: &str,
    port: u16,
    manager: Handle,
) -> Result<mpsc::Receiver<std::io::Result<Vec<SocketAddr>>>, NetError> {
    let (tell, found) = mpsc::channel();
    let name = name.to_owned();
    let work = move || {
        let mut addresses = find(&name, port);
        if let Ok(addresses) = &mut addresses {
            // The original has IPv4 alone.
            addresses.sort_by_key(SocketAddr::is_ipv6);
        }
        // Nobody may wait for it any more.
        drop(tell.send(addresses));
        manager.wake();
    };
    let thread = thread::Builder::new().name("pysage-lookup".to_owned());
    let cannot = |cause| NetError::System {
        what: "the thread that looks names up cannot be started",
        cause,
    };
    thread.spawn(work).map_err(cannot)?;
    Ok(found)
}

/// Which transport a peer belongs to, and by which link.
fn found(manager: &ActorManager, peer: Destination) -> Option<(Key<LegacyTransport>, LinkId)> {
    let link = peer.link()?;
    let mut keys = manager.keys_of::<LegacyTransport>().into_iter();
    let key = keys.find(|key| key.destination(link) == peer.whole())?;
    Some((key, link))
}

mod sealed {
    /// Only managers and contexts have networks.
    pub trait Sealed {}

    impl Sealed for pysage_core::ActorManager {}
    impl Sealed for pysage_core::Context {}
}
