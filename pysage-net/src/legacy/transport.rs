//! A socket for peers on the original, as a transport of its manager.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Instant;

use pysage_core::transport::{Form, Inbox, Link, LinkId, Outbox, Transport};
use pysage_core::{BoxError, Destination, Handle, Key};

use super::config::{LegacyConfig, Protocol};
use super::counters::LegacyCounters;
use super::desk::{Desk, Taken};
use super::tcp::TcpSide;
use super::udp::UdpSide;
use super::watch::Watcher;
use crate::error::NetError;
use crate::event::DisconnectReason;

/// The peers of one listener, or the one peer of a connection, as their manager sees them.
///
/// It stays attached when its socket is closed, and takes the next one: places among a manager's
/// transports are not used again. All happens in ticks.
pub(crate) struct LegacyTransport {
    desk: Desk,
    config: LegacyConfig,
    socket: Option<Socket>,
    /// `None` where the clock is moved by hand, which a thread does not follow.
    watcher: Option<Watcher>,
    listens: bool,
    /// Tells listeners apart that had the same place.
    lives: u32,
    latest: Instant,
}

pub(super) enum Socket {
    Udp(Box<UdpSide>),
    Tcp(TcpSide),
    /// None yet: the name of the peer is being looked up.
    LookingUp {
        link: LinkId,
        found: Receiver<io::Result<Vec<SocketAddr>>>,
        until: Option<Instant>,
    },
}

impl LegacyTransport {
    pub(super) fn new(now: Instant, config: &LegacyConfig) -> LegacyTransport {
        LegacyTransport {
            desk: Desk::new(config),
            config: config.clone(),
            socket: None,
            watcher: None,
            listens: false,
            lives: 0,
            latest: now,
        }
    }

    /// Whether it can take a socket.
    pub(super) fn is_free(&self) -> bool {
        self.socket.is_none()
    }

    /// Listens at an address.
    pub(super) fn listen(
        &mut self,
        key: Key<LegacyTransport>,
        at: SocketAddr,
        config: &LegacyConfig,
        wakes: Option<Handle>,
    ) -> Result<(), NetError> {
        let opened = match config.protocol {
            Protocol::Udp => {
                UdpSide::listen(at, config.packet_bytes()).map(|side| Socket::Udp(Box::new(side)))
            }
            Protocol::Tcp => TcpSide::listen(at, config.pending_connections).map(Socket::Tcp),
        };
        let socket = opened.map_err(|cause| NetError::NotBound { address: at, cause })?;
        self.watcher = wakes.map(Watcher::start).transpose()?;
        self.begin(key, config, true);
        self.socket = Some(socket);
        self.watch();
        Ok(())
    }

    /// Begins to connect to the peer at one of these addresses.
    pub(super) fn connect(
        &mut self,
        now: Instant,
        key: Key<LegacyTransport>,
        to: Result<SocketAddr, Receiver<io::Result<Vec<SocketAddr>>>>,
        config: &LegacyConfig,
        wakes: Option<Handle>,
    ) -> Result<LinkId, NetError> {
        self.watcher = wakes.map(Watcher::start).transpose()?;
        self.begin(key, config, false);
        let link = self.desk.peers.connect(now, to.as_ref().ok().copied());
        let until = now.checked_add(config.connect_timeout);
        match to {
            Ok(address) => self.open(vec![address], link, until),
            Err(found) => self.socket = Some(Socket::LookingUp { link, found, until }),
        }
        self.watch();
        Ok(link)
    }

    fn begin(&mut self, key: Key<LegacyTransport>, config: &LegacyConfig, listens: bool) {
        self.config = config.clone();
        self.desk.reopen(config);
        self.desk.key = Some(key);
        self.lives += 1;
        self.listens = listens;
    }

    /// Opens a socket to one of these addresses; where that fails the peer is told to be gone.
    fn open(&mut self, addresses: Vec<SocketAddr>, link: LinkId, until: Option<Instant>) {
        let desk = &mut self.desk;
        let opened = match self.config.protocol {
            Protocol::Udp => {
                let packet_bytes = desk.packet_bytes;
                let mut open = |to: &SocketAddr| {
                    let side = UdpSide::connect(*to, link, packet_bytes).ok()?;
                    desk.connected(link, *to);
                    Some(Socket::Udp(Box::new(side)))
                };
                addresses.iter().find_map(&mut open).ok_or(DisconnectReason::Unreachable)
            }
            Protocol::Tcp => TcpSide::connect(addresses, link, until, desk).map(Socket::Tcp),
        };
        match opened {
            Ok(socket) => self.socket = Some(socket),
            Err(reason) => self.give_up(link, reason),
        }
    }

    /// There will be no socket for this peer.
    fn give_up(&mut self, link: LinkId, reason: DisconnectReason) {
        self.desk.disconnected(link, reason, Vec::new());
        // Until that is told, nothing else takes this place.
        let (_, found) = std::sync::mpsc::channel();
        self.socket = Some(Socket::LookingUp { link, found, until: None });
    }

    /// Takes the address of a peer that has said nothing yet.
    pub(super) fn add_peer(&mut self, now: Instant, address: SocketAddr) -> Option<Destination> {
        let key = self.desk.key?;
        let link = match self.desk.peers.find(address) {
            Some(link) => link,
            None => {
                let link = self.desk.peers.admit(now, address)?;
                self.desk.connected(link, address);
                link
            }
        };
        Some(key.destination(link))
    }

    pub(super) fn is_udp(&self) -> bool {
        matches!(self.socket, Some(Socket::Udp(_)))
    }

    pub(super) fn lives(&self) -> u32 {
        self.lives
    }

    pub(super) fn listens(&self) -> bool {
        self.listens && self.socket.is_some()
    }

    /// The peers that are connected.
    pub(super) fn peers(&self) -> Vec<Destination> {
        let Some(key) = self.desk.key else { return Vec::new() };
        let links = self.desk.peers.links().into_iter();
        links.filter(|link| self.is_open(*link)).map(|link| key.destination(link)).collect()
    }

    fn is_open(&self, link: LinkId) -> bool {
        match &self.socket {
            Some(Socket::Udp(_)) => self.desk.peers.is_there(link),
            Some(Socket::Tcp(side)) => side.is_open(link),
            _ => false,
        }
    }

    pub(super) fn peer_addr(&self, link: LinkId) -> Option<SocketAddr> {
        self.desk.peers.address(link).filter(|_| self.is_open(link))
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self.socket.as_ref()? {
            Socket::Udp(side) => Some(side.local_addr()),
            Socket::Tcp(side) => Some(side.local_addr()),
            Socket::LookingUp { .. } => None,
        }
    }

    pub(super) fn counters(&self) -> LegacyCounters {
        let mut counters = self.desk.counters;
        if let Some(Socket::Udp(side)) = &self.socket {
            counters.dropped += side.dropped();
        }
        counters
    }

    /// Disconnects a peer; `None` if it is gone.
    pub(super) fn disconnect(&mut self, now: Instant, link: LinkId) -> Option<()> {
        self.link(link)?;
        match &mut self.socket {
            Some(Socket::Tcp(side)) => side.disconnect(now, link).then_some(())?,
            _ => self.desk.disconnected(link, DisconnectReason::Closed, Vec::new()),
        }
        self.watch();
        Some(())
    }

    /// Disconnects all, and takes nobody any more.
    pub(super) fn close(&mut self, now: Instant) {
        self.listens = false;
        if let Some(Socket::Tcp(side)) = &mut self.socket {
            side.stop_listening();
        }
        for link in self.desk.peers.links() {
            self.disconnect(now, link);
        }
    }

    /// Takes what the look-up of the peer's name has found.
    fn look(&mut self, now: Instant) {
        let Some(Socket::LookingUp { link, found, until }) = &self.socket else { return };
        let (link, until) = (*link, *until);
        if !self.desk.peers.is_there(link) {
            return;
        }
        match found.try_recv() {
            Ok(Ok(addresses)) => self.open(addresses, link, until),
            Ok(Err(cause)) => {
                self.give_up(link, DisconnectReason::NameNotFound(cause.to_string()));
            }
            Err(TryRecvError::Empty) if until.is_none_or(|until| now < until) => {}
            Err(_) => self.give_up(link, DisconnectReason::NoAnswer),
        }
    }

    /// Has peers go that were silent for too long.
    fn expire(&mut self, now: Instant) {
        for link in self.desk.peers.silent(now) {
            match &mut self.socket {
                Some(Socket::Tcp(side)) => side.expire(link),
                _ => self.desk.disconnected(link, DisconnectReason::TimedOut, Vec::new()),
            }
        }
    }

    /// Has the manager woken for what arrives from now on.
    fn watch(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        watcher.watch(match &self.socket {
            Some(Socket::Udp(side)) => vec![side.interest()],
            Some(Socket::Tcp(side)) => side.interests(),
            _ => Vec::new(),
        });
    }

    fn is_held_up(&self) -> bool {
        self.desk.has_news()
            || match &self.socket {
                Some(Socket::Udp(side)) => side.is_held_up(),
                Some(Socket::Tcp(side)) => side.is_held_up(),
                _ => false,
            }
    }
}

impl Transport for LegacyTransport {
    fn link(&self, link: LinkId) -> Option<Link> {
        if !self.desk.peers.is_there(link) {
            return None;
        }
        let queue_bytes = self.desk.queue_bytes;
        let room_bytes = match self.socket.as_ref()? {
            Socket::Udp(_) | Socket::LookingUp { .. } => queue_bytes,
            Socket::Tcp(side) => side.room_bytes(link, queue_bytes)?,
        };
        Some(Link { form: Form::Bytes(self.desk.encoding), room_bytes })
    }

    fn links(&self) -> Vec<LinkId> {
        let links = self.desk.peers.links().into_iter();
        links.filter(|link| self.link(*link).is_some()).collect()
    }

    fn receive(&mut self, now: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        self.latest = now;
        if self.socket.is_none() || self.desk.tell(inbox) == Taken::Later {
            return Ok(());
        }
        self.look(now);
        self.expire(now);
        let received = match &mut self.socket {
            Some(Socket::Udp(side)) => side.receive(now, &mut self.desk, inbox),
            Some(Socket::Tcp(side)) => {
                side.receive(now, &mut self.desk, inbox);
                Ok(())
            }
            _ => Ok(()),
        };
        let is_told = self.desk.tell(inbox) == Taken::Yes;
        if is_told && !self.listens && self.desk.peers.is_empty() {
            (self.socket, self.watcher) = (None, None);
        }
        Ok(received?)
    }

    fn transmit(&mut self, now: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        match &mut self.socket {
            Some(Socket::Udp(side)) => side.transmit(now, &mut self.desk, outbox),
            Some(Socket::Tcp(side)) => side.transmit(&mut self.desk, outbox),
            _ => {}
        }
        self.watch();
        Ok(())
    }

    fn wake_at(&self) -> Option<Instant> {
        if self.is_held_up() {
            return Some(self.latest);
        }
        let of_socket = match self.socket.as_ref()? {
            Socket::Tcp(side) => side.wake_at(),
            Socket::LookingUp { until, .. } => *until,
            Socket::Udp(_) => None,
        };
        [of_socket, self.desk.peers.look_at()].into_iter().flatten().min()
    }

    fn inbox_bytes(&self) -> usize {
        self.config.inbox_bytes
    }
}
