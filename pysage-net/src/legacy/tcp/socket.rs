//! Opening TCP sockets that never block.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rustix::io::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// After which silence the system asks whether the other end is still there, so that one is told to
/// be gone that went without a word.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// A listening socket.
pub(super) fn listen(at: SocketAddr, pending_connections: usize) -> io::Result<TcpListener> {
    let socket = socket(at)?;
    // Without it the address is taken for a minute after a listener with peers was closed. On Windows
    // it would let others take the address while it is in use.
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    if at.is_ipv6() && at.ip().is_unspecified() {
        // OpenBSD refuses, and then it is IPv6 alone.
        drop(socket.set_only_v6(false));
    }
    socket.bind(&at.into())?;
    socket.listen(i32::try_from(pending_connections).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// A socket that connects by itself.
pub(super) fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket(to)?;
    let connected = socket.connect(&to.into());
    match connected {
        Err(error) if !is_under_way(&error) => Err(error),
        _ => prepare(socket.into()),
    }
}

/// A connection without waiting: neither for the other end nor for more to be sent.
pub(super) fn prepare(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))?;
    Ok(stream)
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        || error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error())
}
