//! What a manager can do with networks.

mod address;
mod context;
mod line;
mod lookup;
mod mirror;
mod net_transport;
mod poll;
mod service;
mod station;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use pysage_core::transport::LinkId;
use pysage_core::{ActorManager, Broadcast, Destination, Key, SendError, WireMessage};

use crate::carrier::DatagramCarrier;
use crate::config::{NetConfig, Service};
use crate::counters::NetCounters;
use crate::error::NetError;
use crate::host::Host;
pub use address::{Address, ToAddress};
use line::{SharedLine, system};
#[cfg(feature = "legacy")]
pub(crate) use lookup::{find, look_up_now};
use net_transport::NetTransport;
use station::Station;

/// What a manager, or a handler by its context, can do with networks.
///
/// A manager may listen at several addresses and connect to several at once. Each peer is a
/// [`Destination`]: [`send`](ActorManager::send) takes it, and whoever handles a message has the one
/// it came from in [`Context::sender`](crate::Context::sender). Who comes and goes is told by the messages
/// [`PeerConnected`](crate::PeerConnected) and [`PeerDisconnected`](crate::PeerDisconnected).
///
/// ```
/// use pysage_net::{Actor, ActorManager, Context, Message, NetConfig, Network, Security, Subscriptions};
///
/// #[derive(Message, Debug)]
/// #[message(packet_type = 101)]
/// struct Order { eggs: u32 }
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
/// let listener = kitchen.listen("127.0.0.1:0", NetConfig::new(Security::open()))?;
///
/// let guest = ActorManager::new();
/// guest.register_message::<Order>()?;
/// let chef = guest.connect(listener.local_addr(), NetConfig::new(Security::open()))?;
/// guest.send(chef, Order { eggs: 3 })?;
/// while guest.tick()?.received == 0 {
///     kitchen.tick()?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Network: sealed::Sealed {
    /// Takes peers at an address of this machine. Port 0 has the system choose one, which
    /// [`Listener::local_addr`] tells. A name is looked up at once, which may take long.
    ///
    /// # Errors
    /// [`NetError`] if that is no address of this machine, or another program has it.
    fn listen(&self, address: impl ToAddress, config: NetConfig) -> Result<Listener, NetError>;

    /// Begins to connect to a peer, without waiting. What is sent to it from now on is handed over
    /// once it is there, which [`PeerConnected`](crate::PeerConnected) tells; if it is not reached,
    /// or later goes, [`PeerDisconnected`](crate::PeerDisconnected) does, with the reason. Nothing
    /// is tried again by itself.
    ///
    /// A name is looked up meanwhile, in a thread of its own.
    ///
    /// # Errors
    /// [`NetError`] if that is no address, or no socket can be had.
    fn connect(&self, address: impl ToAddress, config: NetConfig) -> Result<Destination, NetError>;

    /// Disconnects a peer, behind what was sent to it: that is still delivered, within
    /// [`close_timeout`](NetConfig::close_timeout). It takes no more messages from now on.
    /// [`PeerDisconnected`](crate::PeerDisconnected) follows.
    ///
    /// # Errors
    /// [`NetError::UnknownPeer`], also for a peer that is gone already.
    #[doc(alias("kick", "close"))]
    fn disconnect(&self, peer: impl Into<Destination>) -> Result<(), NetError>;

    /// Takes no more peers at a listener, and [disconnects](Self::disconnect) those that it has. The
    /// address is free once they are gone.
    ///
    /// # Errors
    /// [`NetError::UnknownListener`] if it was closed already.
    #[doc(alias("close", "unlisten"))]
    fn stop_listening(&self, listener: Listener) -> Result<(), NetError>;

    /// The peers that are connected, by the order in which it was begun to listen and connect.
    fn peers(&self) -> Vec<Destination>;

    /// The peers that came to a listener and are connected.
    fn peers_of(&self, listener: Listener) -> Vec<Destination>;

    /// The address of a peer, or of an actor's there; `None` unless it is connected.
    #[doc(alias("peer_address", "remote_addr"))]
    fn peer_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr>;

    /// Where the socket is bound by which a peer is reached; `None` if it is gone.
    /// [`Listener::local_addr`] is that of a listener.
    fn local_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr>;

    /// Sends a message to the actor that has this name at a peer.
    ///
    /// # Errors
    /// As [`ActorManager::send_to_named`].
    fn send_to_actor<M: WireMessage>(
        &self,
        peer: impl Into<Destination>,
        actor: &str,
        message: M,
    ) -> Result<(), SendError>;

    /// Sends a message to all [`peers`](Self::peers). Unlike [`ActorManager::broadcast`] it goes to
    /// nobody else, such as groups, or peers that are still being reached.
    #[doc(alias = "broadcast_message")]
    fn broadcast_to_peers<M: WireMessage + Clone>(&self, message: M) -> Broadcast;

    /// What the listeners and connections that this manager has now have counted so far.
    fn net_counters(&self) -> NetCounters;
}

/// A listener of a manager: where peers come in until it is [closed](Network::stop_listening), or
/// the manager is dropped.
#[derive(Clone, Copy)]
pub struct Listener {
    key: Key<NetTransport>,
    life: u32,
    address: SocketAddr,
}

impl Listener {
    /// Where it listens, with the port that the system has chosen.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({})", self.address)
    }
}

impl Network for ActorManager {
    fn listen(&self, address: impl ToAddress, config: NetConfig) -> Result<Listener, NetError> {
        let address = address.to_address()?;
        let at = address.known().or_else(|(name, port)| lookup::look_up_now(name, port))?;
        config.check(true)?;
        config.check_reach(Ok(at))?;
        let key = open_line(self, &config, true, |now| bind(&config, now, at))?;
        let opened = |transport: &mut NetTransport| {
            transport.begin_service()?;
            let address = transport.shared().expect("it was just opened").lock().local_addr();
            Ok(Listener { key, life: transport.lives(), address })
        };
        self.with_transport(key, opened).ok_or(NetError::Busy)?
    }

    fn connect(&self, address: impl ToAddress, config: NetConfig) -> Result<Destination, NetError> {
        let address = address.to_address()?;
        config.check(false)?;
        config.check_reach(address.known())?;
        let mut has_way = true;
        let open = |now| {
            let opened = match address.known() {
                Ok(to) => config.carrier.connect(now, to, config.udp_options()),
                // Until the name is found.
                Err(_) => return idle(&config, now),
            };
            opened.or_else(|_| {
                has_way = false;
                idle(&config, now)
            })
        };
        let key = open_line(self, &config, false, open)?;
        let begin = |transport: &mut NetTransport| {
            let now = self.clock().now();
            let link = transport.connect(now, address.known().ok(), has_way);
            transport.begin_service()?;
            if let Err((name, port)) = address.known() {
                let line = transport.shared().expect("it was just opened");
                let (carrier, options) = (config.carrier.clone(), config.udp_options());
                lookup::look_up(line, link, name, port, carrier, options)?;
            }
            Ok(key.destination(transport.ours(link)))
        };
        self.with_transport(key, begin).ok_or(NetError::Busy)?
    }

    fn disconnect(&self, peer: impl Into<Destination>) -> Result<(), NetError> {
        // What was sent goes first; what a transport has to tell is told by the next tick.
        drop(self.flush());
        let peer = peer.into();
        let (key, link) = found(self, peer).ok_or(NetError::UnknownPeer)?;
        let now = self.clock().now();
        let disconnected = self.with_transport(key, |transport| transport.disconnect(now, link));
        disconnected.ok_or(NetError::Busy)?.ok_or(NetError::UnknownPeer)
    }

    fn stop_listening(&self, listener: Listener) -> Result<(), NetError> {
        drop(self.flush());
        let now = self.clock().now();
        let close = |transport: &mut NetTransport| {
            let is_this = transport.listens() && transport.lives() == listener.life;
            is_this.then(|| transport.close(now)).flatten().ok_or(NetError::UnknownListener)
        };
        match self.with_transport(listener.key, close) {
            Some(closed) => closed,
            // Its transport is at work, if it is one of this manager's at all.
            None => Err(NetError::Busy),
        }
    }

    fn peers(&self) -> Vec<Destination> {
        let peers =
            |key| self.with_transport(key, |transport: &mut NetTransport| transport.peers());
        self.keys_of().into_iter().filter_map(peers).flatten().collect()
    }

    fn peers_of(&self, listener: Listener) -> Vec<Destination> {
        let peers = self.with_transport(listener.key, |transport| {
            let is_this = transport.lives() == listener.life;
            if is_this { transport.peers() } else { Vec::new() }
        });
        peers.unwrap_or_default()
    }

    fn peer_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        let (key, link) = found(self, peer.into())?;
        self.with_transport(key, |transport| transport.peer_addr(link))?
    }

    fn local_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        let (key, link) = found(self, peer.into())?;
        self.with_transport(key, |transport| transport.local_addr(link))?
    }

    fn send_to_actor<M: WireMessage>(
        &self,
        peer: impl Into<Destination>,
        actor: &str,
        message: M,
    ) -> Result<(), SendError> {
        self.send_to_named(peer, actor, message)
    }

    fn broadcast_to_peers<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        broadcast(self, |peer| self.send(peer, message.clone()))
    }

    fn net_counters(&self) -> NetCounters {
        let mut all = NetCounters::default();
        for key in self.keys_of::<NetTransport>() {
            let counters = self.with_transport(key, |transport| transport.counters());
            all += counters.flatten().unwrap_or_default();
        }
        all
    }
}

fn broadcast(
    peers: &impl Network,
    mut send: impl FnMut(Destination) -> Result<(), SendError>,
) -> Broadcast {
    let mut broadcast = Broadcast::default();
    for peer in peers.peers() {
        match send(peer) {
            Ok(()) => broadcast.sent += 1,
            Err(_) => broadcast.refused += 1,
        }
    }
    broadcast
}

/// Opens a line and gives it to a transport of the manager.
fn open_line(
    manager: &ActorManager,
    config: &NetConfig,
    listens: bool,
    open: impl FnOnce(Instant) -> Result<Box<dyn DatagramCarrier>, NetError>,
) -> Result<Key<NetTransport>, NetError> {
    let key = place(manager)?;
    let now = manager.clock().now();
    // A thread does not follow a clock that is moved by hand.
    let service = if manager.clock().is_manual() { Service::InTick } else { config.service };
    let open = |transport: &mut NetTransport| {
        transport.check(config)?;
        let mut carrier = open(now)?;
        let mut host = Host::new(now, config, carrier.datagram_bytes(), listens);
        if carrier.streams().is_some() {
            host.rely_on_streams();
        }
        host.set_table(transport.table());
        let line = SharedLine::new(host, carrier, service, transport.station.clone(), now)?;
        transport.open(key, line, config, listens);
        Ok::<_, NetError>(())
    };
    manager.with_transport(key, open).ok_or(NetError::Busy)??;
    Ok(key)
}

fn bind(
    config: &NetConfig,
    now: Instant,
    at: SocketAddr,
) -> Result<Box<dyn DatagramCarrier>, NetError> {
    let bound = config.carrier.listen(now, at, config.udp_options());
    bound.map_err(|cause| NetError::NotBound { address: at, cause })
}

fn idle(config: &NetConfig, now: Instant) -> Result<Box<dyn DatagramCarrier>, NetError> {
    let opened = config.carrier.idle(now, config.udp_options());
    opened.map_err(system("a socket cannot be had"))
}

/// A transport of the manager that has no line: one whose line is over, or a new one.
fn place(manager: &ActorManager) -> Result<Key<NetTransport>, NetError> {
    let keys = manager.keys_of::<NetTransport>();
    let mut station: Option<Arc<Station>> = None;
    for key in &keys {
        let looked = manager
            .with_transport(*key, |transport| (transport.is_free(), transport.station.clone()));
        match looked {
            Some((true, _)) => return Ok(*key),
            Some((false, of_all)) => station = Some(of_all),
            None => {}
        }
    }
    let station = match station {
        Some(station) => station,
        None if keys.is_empty() => Station::of(manager)?,
        None => return Err(NetError::Busy),
    };
    Ok(manager.attach(NetTransport::new(station))?)
}

/// Which transport a peer belongs to, and by which link.
fn found(manager: &ActorManager, peer: Destination) -> Option<(Key<NetTransport>, LinkId)> {
    let link = peer.link()?;
    let mut keys = manager.keys_of::<NetTransport>().into_iter();
    let key = keys.find(|key| key.destination(link) == peer.whole())?;
    Some((key, link))
}

mod sealed {
    /// Only managers and contexts have networks.
    pub trait Sealed {}

    impl Sealed for pysage_core::ActorManager {}
    impl Sealed for pysage_core::Context {}
}
