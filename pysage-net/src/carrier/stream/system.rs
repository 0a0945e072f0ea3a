//! Byte streams of the system: TCP.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFlags, Timespec};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::connection::Connection;
use super::{Door, Stream, Wait};

/// A socket at which others connect.
pub(crate) struct TcpDoor {
    socket: Arc<Socket>,
    local_address: SocketAddr,
}

/// An end of a connection.
pub(crate) struct TcpEnd {
    socket: Arc<Socket>,
    /// Nobody listened, as was told at once.
    is_refused: bool,
}

/// So many may have connected before they are let in; some systems keep fewer.
const BACKLOG: i32 = 1024;

impl TcpDoor {
    /// Listens at an address.
    pub(super) fn open(at: SocketAddr) -> io::Result<TcpDoor> {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
        if at.is_ipv6() && at.ip().is_unspecified() {
            // OpenBSD refuses, and then it is IPv6 alone.
            drop(socket.set_only_v6(false));
        }
        // Connections that are just over would keep the port from a program that starts anew. On
        // Windows they do not, and it would let two programs have one port.
        if cfg!(not(windows)) {
            socket.set_reuse_address(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&at.into())?;
        socket.listen(BACKLOG)?;
        let local_address = socket.local_addr()?.as_socket().unwrap_or(at);
        Ok(TcpDoor { socket: Arc::new(socket), local_address })
    }
}

impl Door for TcpDoor {
    type Stream = TcpEnd;

    const IS_SIMULATED: bool = false;

    fn local_addr(&self) -> SocketAddr {
        self.local_address
    }

    fn let_in(&mut self, _: Instant) -> io::Result<(TcpEnd, SocketAddr)> {
        let (socket, from) = self.socket.accept()?;
        let from = from.as_socket().ok_or(ErrorKind::InvalidInput)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        // As others write it: on a socket for both, IPv4 comes within IPv6.
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        Ok((TcpEnd { socket: Arc::new(socket), is_refused: false }, from))
    }

    fn wait(&self) -> Option<Wait> {
        Some(Wait { socket: self.socket.clone(), reads: true, writes: false })
    }

    fn comes_at(&self) -> Option<Instant> {
        None
    }
}

impl TcpEnd {
    /// Begins to connect to an address.
    ///
    /// # Errors
    /// There is no way to it.
    pub(super) fn connect(to: SocketAddr) -> io::Result<TcpEnd> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        let is_refused = match socket.connect(&to.into()) {
            Ok(()) => false,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) if Errno::from_io_error(&error) == Some(Errno::INPROGRESS) => false,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => true,
            Err(error) => return Err(error),
        };
        Ok(TcpEnd { socket: Arc::new(socket), is_refused })
    }
}

impl Stream for TcpEnd {
    fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()?.as_socket()
    }

    fn is_there(&mut self, _: Instant) -> io::Result<bool> {
        if self.is_refused {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        if let Some(error) = self.socket.take_error()? {
            return Err(error);
        }
        match self.socket.peer_addr() {
            // The system may have chosen the very port that was to be reached, and connected the
            // socket to itself: nobody listens there.
            Ok(peer) if peer.as_socket() == self.local_addr() => {
                Err(ErrorKind::ConnectionRefused.into())
            }
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn read(&mut self, _: Instant, into: &mut [u8]) -> io::Result<usize> {
        (&*self.socket).read(into)
    }

    fn write(&mut self, _: Instant, bytes: &[u8]) -> io::Result<usize> {
        (&*self.socket).write(bytes)
    }

    fn end(&mut self, _: Instant) {
        // It fails only where the connection is over in any case.
        drop(self.socket.shutdown(Shutdown::Write));
    }

    fn wait(&self, reads: bool, writes: bool) -> Option<Wait> {
        // One of which nothing is wanted would still wake whoever waits, once it has broken off.
        (reads || writes).then(|| Wait { socket: self.socket.clone(), reads, writes })
    }

    fn comes_at(&self, _: bool) -> Option<Instant> {
        None
    }
}

impl Drop for TcpEnd {
    /// Others may hold the socket, since they wait for it.
    fn drop(&mut self) {
        drop(self.socket.shutdown(Shutdown::Both));
    }
}

/// Whether somebody may have come, and which connections may have something to read or take more: asked
/// with one call.
pub(super) fn ready<D: Door>(
    door: Option<&D>,
    connections: &BTreeMap<SocketAddr, Connection<D::Stream>>,
) -> (bool, Vec<SocketAddr>) {
    let of_door = door.and_then(Door::wait);
    let of_stream = |(address, it): (&SocketAddr, &Connection<_>)| Some((*address, it.wait()?));
    let (those, of_streams): (Vec<_>, Vec<_>) = connections.iter().filter_map(of_stream).unzip();
    let waits: Vec<Wait> = of_door.into_iter().chain(of_streams).collect();
    let mut fds: Vec<_> = waits.iter().map(Wait::poll_fd).collect();
    let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
    if rustix::event::poll(&mut fds, Some(&no_time)).is_err() {
        return (door.is_some(), connections.keys().copied().collect());
    }
    let mut is_ready = fds.iter().map(|fd| fd.revents() != PollFlags::empty());
    let door = door.is_some() && is_ready.next().unwrap_or(false);
    let those = those.into_iter().zip(is_ready).filter(|(_, is_ready)| *is_ready);
    (door, those.map(|(address, _)| address).collect())
}
