//! All peers of one socket: who they are, and to which of them a datagram belongs.
//!
//! No socket and no clock here: `(now, datagrams in) -> (datagrams out, messages and events)`. The
//! rule for whoever drives it: after each change (a datagram taken, a message sent, time passed to
//! [`wake_at`](Host::wake_at)), [`transmit`](Host::transmit) is called before waiting.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use pysage_core::Delivery;
use pysage_core::transport::LinkId;
use pysage_core::wire::{MessageTable, TableMismatch};

use crate::carrier::{Arrived, DatagramCarrier};
use crate::config::NetConfig;
use crate::event::DisconnectReason;

/// All peers of one socket.
pub(crate) struct Host {}

/// What a host tells, in the order in which it happened for each peer.
pub(crate) enum Told<'a> {
    /// A peer is there. Its messages follow.
    Connected { address: SocketAddr },
    /// A frame came. It stays with the host, to be told again, unless it is taken.
    Frame(&'a [u8]),
    /// What it says it knows differs from what this end knows. It is disconnected next.
    Mismatch(TableMismatch),
    /// A reliable frame that was sent to it may not have arrived.
    Undelivered(&'a [u8]),
    /// It is gone. `undelivered` frames were told before.
    Disconnected { address: Option<SocketAddr>, reason: DisconnectReason, undelivered: u64 },
}

/// Whether what was told was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    /// There is no room: tell it again later.
    Later,
}

/// What a host and its peers have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostCounters {
    /// Datagrams that were handed to the carrier, and their bytes.
    pub(crate) datagrams_sent: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) datagrams_received: u64,
    /// Datagrams that are nobody's, malformed, late, repeated or forged.
    pub(crate) datagrams_dropped: u64,
    /// Reliable datagrams that were sent again.
    pub(crate) datagrams_resent: u64,
}

impl Host {
    /// A host that takes peers if it `listens`, whose datagrams have so many bytes at most.
    pub(crate) fn new(config: &NetConfig, datagram_bytes: usize, listens: bool) -> Host;

    /// What this end knows, for peers that come from now on.
    pub(crate) fn set_table(&mut self, table: MessageTable);

    /// Begins to connect to an address, or to one that is still looked up. The link takes messages
    /// at once.
    pub(crate) fn connect(&mut self, now: Instant, to: Option<SocketAddr>) -> LinkId;

    /// Gives a link the address that was looked up.
    pub(crate) fn reach(&mut self, now: Instant, link: LinkId, to: SocketAddr);

    /// Ends a link at once.
    pub(crate) fn give_up(&mut self, now: Instant, link: LinkId, reason: DisconnectReason);

    /// Has a peer disconnected once what was sent to it has arrived.
    pub(crate) fn disconnect(&mut self, now: Instant, link: LinkId);

    /// Disconnects all, and takes nobody any more.
    pub(crate) fn close(&mut self, now: Instant);

    /// Whether nobody is left, after a [`close`](Self::close).
    pub(crate) fn is_closed(&self) -> bool;

    /// Takes what arrived from anyone.
    pub(crate) fn arrived(&mut self, now: Instant, arrived: Arrived<'_>);

    /// How many bytes of messages a link takes now; `None` if it is gone.
    pub(crate) fn room_bytes(&self, link: LinkId) -> Option<usize>;

    /// Takes a message for a link that has room for it.
    pub(crate) fn send(&mut self, now: Instant, link: LinkId, frame: &[u8], delivery: Delivery, stream: u8);

    /// The peers that are there or are being reached.
    pub(crate) fn links(&self) -> Vec<LinkId>;

    /// The links whose room changed or that came or went since the last call.
    pub(crate) fn changed(&mut self) -> Vec<LinkId>;

    /// Tells what happened and what came, peer after peer, as far as it is taken.
    pub(crate) fn tell(&mut self, now: Instant, each: &mut dyn FnMut(LinkId, Told<'_>) -> Taken);

    /// Whether there is something to tell.
    pub(crate) fn has_news(&self) -> bool;

    /// Does what is due, and hands what can leave now to the carrier.
    pub(crate) fn transmit(&mut self, now: Instant, carrier: &mut dyn DatagramCarrier) -> io::Result<()>;

    /// When `transmit` is to be called again, if nothing happens before.
    pub(crate) fn wake_at(&self) -> Option<Instant>;

    pub(crate) fn counters(&self) -> HostCounters;
}
