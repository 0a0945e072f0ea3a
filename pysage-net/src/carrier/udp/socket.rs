//! Opening a socket, and what sockets do on this system.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

/// How much the system is asked to keep of what arrives, and of what leaves: a burst of bulk between
/// two services of the socket. It may give less.
const BUFFER_BYTES: usize = 4 << 20;

/// Below that it is not worth asking again.
const LEAST_BUFFER_BYTES: usize = 128 << 10;

/// Whether the system tells only a connected socket that nobody listens where it sends to.
pub(super) const TELLS_ONLY_CONNECTED: bool = cfg!(not(windows));

/// Whether a connected socket takes messages with an address, as quinn-udp sends them. macOS and the
/// BSDs say that it is connected already.
pub(super) const CONNECTED_TAKE_ADDRESSES: bool =
    cfg!(any(target_os = "linux", target_os = "android", windows));

/// A socket at an address, and whether it takes both IPv4 and IPv6.
pub(super) fn bind(at: SocketAddr) -> io::Result<(UdpSocket, bool)> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    // The systems differ in what they do unless asked. OpenBSD refuses, and then it is IPv6 alone.
    let is_dual_stack =
        at.is_ipv6() && at.ip().is_unspecified() && socket.set_only_v6(false).is_ok();
    ask(|bytes| socket.set_recv_buffer_size(bytes));
    ask(|bytes| socket.set_send_buffer_size(bytes));
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    Ok((socket.into(), is_dual_stack))
}

/// Any port of any address of this machine from which there may be a way to that one.
pub(super) fn any_port(to: &SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// Whether datagrams can be marked, and whether marks are seen, as far as quinn-udp can do it here.
pub(super) fn marks_congestion(is_dual_stack: bool, is_connected: bool) -> bool {
    if cfg!(target_vendor = "apple") {
        // Without an address it cannot be marked, and a socket for both does not tell of marks.
        !is_dual_stack && !is_connected
    } else {
        cfg!(any(target_os = "linux", target_os = "android", target_os = "freebsd", windows))
            && (CONNECTED_TAKE_ADDRESSES || !is_connected)
    }
}

/// Linux gives what it may; others refuse what is too much, and have what they have.
fn ask(set: impl Fn(usize) -> io::Result<()>) {
    let mut bytes = BUFFER_BYTES;
    while set(bytes).is_err() && bytes > LEAST_BUFFER_BYTES {
        bytes /= 2;
    }
}

/// Has the system cut datagrams into fragments that are too long for their way: quinn-udp forbids it.
#[cfg(feature = "legacy")]
pub(super) fn allow_fragments(socket: &UdpSocket, address: &SocketAddr) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::net::sockopt;
        sockopt::set_ip_mtu_discover(socket, sockopt::Ipv4PathMtuDiscovery::WANT)
            .or_else(|error| if address.is_ipv6() { Ok(()) } else { Err(error) })?;
        if address.is_ipv6() {
            sockopt::set_ipv6_mtu_discover(socket, sockopt::Ipv6PathMtuDiscovery::WANT)?;
        }
    }
    let _ = (socket, address);
    Ok(())
}
