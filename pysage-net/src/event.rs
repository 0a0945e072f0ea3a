//! What happened to peers: messages that the manager publishes.

use std::fmt;
use std::net::SocketAddr;

use pysage_core::wire::TableMismatch;
use pysage_core::{Destination, Message};

/// Published when a peer is there, before its messages.
#[derive(Clone, Debug, Message)]
#[non_exhaustive]
pub struct PeerConnected {
    /// The peer: where to send to it.
    pub peer: Destination,
    /// Its address.
    pub address: SocketAddr,
}

/// Published when a peer is gone, behind its messages; also for one that was never reached.
#[derive(Clone, Debug, Message)]
#[non_exhaustive]
pub struct PeerDisconnected {
    /// The peer, to which nothing can be sent any more.
    pub peer: Destination,
    /// Its address; `None` if its name was not found.
    pub address: Option<SocketAddr>,
    /// Why it is gone.
    pub reason: DisconnectReason,
    /// How many reliable messages were sent to it of which it is not known that they arrived. Each
    /// of them was shown to the dead-letter handler.
    pub undelivered: u64,
}

/// Published when a peer knows a message differently than this end, which then disconnects.
#[derive(Clone, Debug, Message)]
#[non_exhaustive]
pub struct PeerMismatch {
    /// The peer.
    pub peer: Destination,
    /// The name that the message has here.
    pub message: String,
    /// What differs.
    pub mismatch: TableMismatch,
}

/// Why a peer is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// This end disconnected, and what was sent has arrived.
    Closed,
    /// The peer disconnected.
    ClosedByPeer,
    /// Nothing came from it for the idle time-out, or until the time-out of the disconnect.
    TimedOut,
    /// The connection to it broke off, over TCP alone: it ended without a word, or a network between
    /// no longer knows of the connection. So it is, too, where another program listens at the address,
    /// or one that has no place, and ends the connection before the two have met.
    ConnectionLost,
    /// It was not reached within the time-out: nothing answered.
    NoAnswer,
    /// Nobody listens at its address.
    NobodyListens,
    /// There is no way to its address.
    Unreachable,
    /// Its name was not found.
    NameNotFound(String),
    /// It takes no more peers.
    TooManyPeers,
    /// It speaks another version of the protocol, has another codec or another limit for messages.
    Incompatible,
    /// It has other keys than this end expects, or none, or this end has none.
    OtherSecurity,
    /// The key is not let in, or no more.
    NotAllowed,
    /// The same peer has connected anew: it was started again, or another one has its key.
    Restarted,
    /// The two ends know a message differently.
    Mismatch,
    /// What came from it was not what peers say to each other: this end disconnected.
    Malformed(&'static str),
    /// It disconnected, since what came to it from this end was not what peers say to each other.
    FoundMalformed,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            DisconnectReason::Closed => "it was disconnected",
            DisconnectReason::ClosedByPeer => "the peer disconnected",
            DisconnectReason::TimedOut => "nothing came from it for too long",
            DisconnectReason::ConnectionLost => "the connection to it broke off",
            DisconnectReason::NoAnswer => "nothing answered at its address",
            DisconnectReason::NobodyListens => "nobody listens at its address",
            DisconnectReason::Unreachable => "there is no way to its address",
            DisconnectReason::NameNotFound(cause) => {
                return write!(f, "its name was not found: {cause}");
            }
            DisconnectReason::TooManyPeers => "it takes no more peers",
            DisconnectReason::Incompatible => "it speaks another version of the protocol",
            DisconnectReason::OtherSecurity => "it has other keys, or only one end has any",
            DisconnectReason::NotAllowed => "its key is not let in",
            DisconnectReason::Restarted => "it has connected anew",
            DisconnectReason::Mismatch => "it knows a message differently",
            DisconnectReason::FoundMalformed => {
                "it found that this end did not keep to the protocol"
            }
            DisconnectReason::Malformed(what) => {
                return write!(f, "it did not keep to the protocol: {what}");
            }
        };
        f.write_str(text)
    }
}
