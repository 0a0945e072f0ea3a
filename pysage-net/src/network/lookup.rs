//! Looking names up, which may take long: in a thread of its own.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Weak};
use std::thread;

use pysage_core::transport::LinkId;

use super::line::{SharedLine, system};
use crate::carrier::{Carrier, UdpOptions};
use crate::error::NetError;
use crate::event::DisconnectReason;

/// Looks a peer's name up, and has the line learn what was found when it is served next.
pub(super) fn look_up(
    line: &Arc<SharedLine>,
    link: LinkId,
    name: &str,
    port: u16,
    carrier: Carrier,
    options: UdpOptions,
) -> Result<(), NetError> {
    let (line, name) = (Arc::downgrade(line), name.to_owned());
    let thread = thread::Builder::new().name("pysage-lookup".to_owned());
    let work = move || {
        let found = find(&name, port);
        reach(&line, link, found, &carrier, options);
    };
    thread.spawn(work).map_err(system("the thread that looks names up cannot be started"))?;
    Ok(())
}

/// The address of a name, found before it comes back.
pub(crate) fn look_up_now(name: &str, port: u16) -> Result<SocketAddr, NetError> {
    let first = find(name, port).map(|addresses| addresses[0]);
    first.map_err(|cause| NetError::NameNotFound { name: name.to_owned(), cause })
}

/// The addresses of a name, one at least, in the order that the system prefers.
pub(crate) fn find(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<_> = (name, port).to_socket_addrs()?.collect();
    // Systems say `::1` first where a name is this machine, while most programs listen at 127.0.0.1.
    addresses.sort_by_key(|address| address.ip().is_loopback() && address.is_ipv6());
    match addresses.is_empty() {
        true => Err(io::ErrorKind::NotFound.into()),
        false => Ok(addresses),
    }
}

/// Gives a line a carrier to the first of the addresses to which there is a way.
fn reach(
    line: &Weak<SharedLine>,
    link: LinkId,
    found: io::Result<Vec<SocketAddr>>,
    carrier: &Carrier,
    options: UdpOptions,
) {
    // Nobody waits for it any more.
    let Some(shared) = line.upgrade() else { return };
    let mut line = shared.lock();
    let now = line.latest();
    let mut open = |address: SocketAddr| {
        let opened = carrier.connect(now, address, options);
        opened.map(|carrier| shared.replace(&mut line, carrier)).ok().map(|()| address)
    };
    let reached = match found {
        Ok(addresses) => {
            addresses.into_iter().find_map(&mut open).ok_or(DisconnectReason::Unreachable)
        }
        Err(cause) => Err(DisconnectReason::NameNotFound(cause.to_string())),
    };
    line.found = Some((link, reached));
    shared.wake_sleeper(&line);
    drop(line);
    shared.station.wake_manager();
}
