//! Peers on the original over TCP: a connection is a peer, and each packet has its length before it.

mod connection;
mod socket;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pysage_core::transport::{Inbox, LinkId, Outbox};

use super::desk::Desk;
use super::watch::{self, Interest};
use crate::event::DisconnectReason;
use connection::Connection;

/// A listening socket, or none, and the connections of all peers.
pub(super) struct TcpSide {
    listener: Option<Arc<TcpListener>>,
    local_address: SocketAddr,
    /// By the index of the link.
    connections: Vec<Option<Connection>>,
    /// Who comes first in the next tick, so that nobody is always last.
    first: usize,
    /// Not before this is a connection accepted again: the system had no room for one.
    accept_at: Option<Instant>,
    buffer: Vec<u8>,
}

/// So many connections are accepted in a tick.
const MOST_ACCEPTED: usize = 64;

/// How long nothing is accepted after the system had no room.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How much is read with each call.
const READ_BYTES: usize = 64 << 10;

impl TcpSide {
    /// Listens at an address.
    pub(super) fn listen(at: SocketAddr, pending_connections: usize) -> io::Result<TcpSide> {
        let listener = socket::listen(at, pending_connections)?;
        let local_address = listener.local_addr()?;
        Ok(TcpSide::at(local_address, Some(Arc::new(listener))))
    }

    /// Begins to connect to the first of some addresses; the others are tried if it is not reached.
    pub(super) fn connect(
        addresses: Vec<SocketAddr>,
        link: LinkId,
        until: Option<Instant>,
        desk: &Desk,
    ) -> Result<TcpSide, DisconnectReason> {
        let connection = Connection::connect(addresses, link, until, desk.packet_bytes)?;
        let mut side = TcpSide::at(connection.local_addr(), None);
        side.insert(connection);
        Ok(side)
    }

    fn at(local_address: SocketAddr, listener: Option<Arc<TcpListener>>) -> TcpSide {
        TcpSide {
            listener,
            local_address,
            connections: Vec::new(),
            first: 0,
            accept_at: None,
            buffer: vec![0; READ_BYTES],
        }
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local_address
    }

    /// How many bytes a link takes; `None` if it takes none any more.
    pub(super) fn room_bytes(&self, link: LinkId, queue_bytes: usize) -> Option<usize> {
        self.connection(link)?.room_bytes(queue_bytes)
    }

    /// Whether a peer is connected.
    pub(super) fn is_open(&self, link: LinkId) -> bool {
        self.connection(link).is_some_and(Connection::is_open)
    }

    /// Disconnects a peer behind what was sent to it; `false` if that was done already.
    pub(super) fn disconnect(&mut self, now: Instant, link: LinkId) -> bool {
        let index = link.index as usize;
        let connection = self.connections.get_mut(index).and_then(Option::as_mut);
        connection.is_some_and(|connection| connection.link == link && connection.close(now))
    }

    /// Takes nobody any more.
    pub(super) fn stop_listening(&mut self) {
        self.listener = None;
    }

    /// Reads, writes and accepts what can be without waiting, and hands over what has arrived.
    pub(super) fn receive(&mut self, now: Instant, desk: &mut Desk, inbox: &mut Inbox<'_>) {
        self.accept(now, desk, inbox);
        let count = self.connections.len();
        let interests: Vec<_> =
            self.connections.iter().flatten().map(Connection::reading).collect();
        let mut ready = watch::ready(&interests).into_iter();
        for connection in self.connections.iter_mut().flatten() {
            connection.is_ready |= ready.next().unwrap_or(true);
        }
        let first = self.first;
        for index in (0..count).map(|index| (first + index) % count) {
            let Some(connection) = &mut self.connections[index] else { continue };
            connection.serve(now, desk, inbox, &mut self.buffer);
            if connection.is_over(now) {
                self.remove(index, desk);
            }
        }
        self.first = (first + 1) % count.max(1);
    }

    fn accept(&mut self, now: Instant, desk: &mut Desk, inbox: &mut Inbox<'_>) {
        let Some(listener) = self.listener.clone() else { return };
        if self.accept_at.take_if(|at| *at <= now).is_none() && self.accept_at.is_some() {
            return;
        }
        for _ in 0..MOST_ACCEPTED {
            // Who comes has to be told before anything else.
            if inbox.room_bytes() == 0 || desk.has_news() {
                return;
            }
            let (stream, address) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if is_passing(&error) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.accept_at = Some(now + ACCEPT_PAUSE);
                    return;
                }
            };
            let Some(link) = desk.peers.admit(now, address) else {
                desk.counters.refused += 1;
                continue;
            };
            match Connection::accepted(stream, link, desk.packet_bytes) {
                Ok(connection) => {
                    self.insert(connection);
                    desk.connected(link, address);
                    // If there is no room for it, nobody is accepted until it was told.
                    let _ = desk.tell(inbox);
                }
                // It is gone already.
                Err(_) => drop(desk.peers.remove(link)),
            }
        }
    }

    /// Writes what waits in the outbox, as far as there is room. A peer that does not read holds up
    /// nobody.
    pub(super) fn transmit(&mut self, desk: &mut Desk, outbox: &mut Outbox) {
        for link in outbox.links() {
            let connection = self.connections.get_mut(link.index as usize);
            let connection = connection.and_then(Option::as_mut);
            if let Some(connection) = connection.filter(|connection| connection.link == link) {
                connection.fill(outbox, desk);
            }
        }
        for connection in self.connections.iter_mut().flatten() {
            connection.write();
        }
    }

    /// Expires a peer that was silent.
    pub(super) fn expire(&mut self, link: LinkId) {
        let connection = self.connections.get_mut(link.index as usize).and_then(Option::as_mut);
        if let Some(connection) = connection.filter(|connection| connection.link == link) {
            connection.end(DisconnectReason::TimedOut);
        }
    }

    /// Whether there is something that only needs room.
    pub(super) fn is_held_up(&self) -> bool {
        self.connections.iter().flatten().any(Connection::is_held_up)
    }

    /// When it is to be served although no socket has anything.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let times = self.connections.iter().flatten().filter_map(Connection::wake_at);
        times.chain(self.accept_at).min()
    }

    pub(super) fn interests(&self) -> Vec<Interest> {
        let listener = self.listener.as_ref().filter(|_| self.accept_at.is_none());
        let connections = self.connections.iter().flatten();
        let connections = connections.filter_map(Connection::interest);
        listener.map(Interest::listener).into_iter().chain(connections).collect()
    }

    fn insert(&mut self, connection: Connection) {
        let index = connection.link.index as usize;
        if self.connections.len() <= index {
            self.connections.resize_with(index + 1, || None);
        }
        self.connections[index] = Some(connection);
    }

    fn remove(&mut self, index: usize, desk: &mut Desk) {
        if let Some(mut connection) = self.connections[index].take() {
            let (reason, undelivered) = connection.give_up();
            desk.disconnected(connection.link, reason, undelivered);
        }
    }

    fn connection(&self, link: LinkId) -> Option<&Connection> {
        let connection = self.connections.get(link.index as usize)?.as_ref();
        connection.filter(|connection| connection.link == link)
    }
}

impl Drop for TcpSide {
    /// What is written by now still leaves.
    fn drop(&mut self) {
        for connection in self.connections.iter_mut().flatten() {
            connection.say_farewell(&mut self.buffer);
        }
    }
}

/// Whether the connection was gone before it was accepted, so that the next one can be.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted)
}
