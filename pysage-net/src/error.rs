//! What can go wrong with networks, in the caller's words.

use std::io;
use std::net::SocketAddr;

use pysage_core::RegisterMessageError;

/// Why a call about a network failed.
///
/// That a peer is not reached, or goes, is no error: it is told by
/// [`PeerDisconnected`](crate::PeerDisconnected).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// What was given is not an address.
    #[error("`{given}` is not an address; write a host and a port, such as `127.0.0.1:5000`")]
    NotAnAddress {
        /// What was given.
        given: String,
    },
    /// The name to listen at was not found.
    #[error("the name `{name}` was not found: {cause}; to listen, give an address of this machine")]
    NameNotFound {
        /// What was given.
        name: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The system did not give the address away.
    #[error("{address} cannot be had: {cause}{}", advice(.address, .cause))]
    NotBound {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Nobody chose who may come in, at an address that others can reach.
    #[error(
        "others can reach {address}: say who may come in by `NetConfig::new(..)` with \
         `Security::keys(..)`, `Security::psk(..)` or `Security::open()`"
    )]
    NoSecurity {
        /// The address.
        address: String,
    },
    /// Who connects with keys names the one that it expects at the other end.
    #[error(
        "to connect, name the one key that you expect at the other end: \
         `Security::keys(identity, AllowList::only(key))`"
    )]
    NoKeyExpected,
    /// The configuration contradicts itself.
    #[error("the configuration contradicts itself: {what}")]
    Config {
        /// What contradicts what.
        what: &'static str,
    },
    /// A message type of this manager cannot be carried.
    #[error(transparent)]
    NotCarried(#[from] RegisterMessageError),
    /// There is no such peer, or not any more.
    #[error("there is no such peer, or not any more; `PeerDisconnected` has told why it went")]
    #[doc(alias = "NotConnectedException")]
    UnknownPeer,
    /// The listener was closed.
    #[error("this listener is closed already, or is of another manager")]
    UnknownListener,
    /// The network is just being served: a dead-letter handler called this.
    #[error("the network is just being served: do this in a later tick")]
    Busy,
    /// The system refused something.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// A socket fails again and again, whatever is done with it: what a tick returns, once. Peers
    /// are not told by it; if it lasts, they time out.
    #[error("the socket at {address} keeps failing: {cause}; close it and open another one")]
    SocketFails {
        /// Where it is bound.
        address: SocketAddr,
        /// What the system said last.
        #[source]
        cause: io::Error,
    },
}

fn advice(address: &SocketAddr, cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::AddrInUse => format!(
            "; another program has port {}: end that, or let the system choose by port 0",
            address.port()
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("; {} is not an address of this machine; 0.0.0.0 is all of them", address.ip())
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 may need a privilege".to_owned(),
        _ => String::new(),
    }
}
