//! Peers on the original over UDP: a datagram is a packet, and an address is a peer.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

use pysage_core::transport::{Inbox, LinkId, Outbox, Outgoing};

use super::desk::{Desk, Taken};
use super::watch::Interest;
use crate::carrier::{
    Arrived, Batch, DATAGRAM_BYTES, DatagramCarrier, Departing, MOST_SEGMENTS, UdpCarrier,
    UdpOptions,
};
use crate::error::NetError;
use crate::event::DisconnectReason;

/// A UDP socket with all peers on it.
pub(super) struct UdpSide {
    carrier: UdpCarrier,
    /// What is waited for.
    waited: Arc<UdpSocket>,
    /// The one peer, if this end has connected.
    server: Option<LinkId>,
    held: Held,
    run: Run,
    /// How often in a row the socket has failed.
    failures: u32,
}

/// Datagrams that were read together with one for which there was no room any more.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// From whom they are, and how long.
    datagrams: VecDeque<(SocketAddr, usize)>,
    /// Up to here `bytes` were taken.
    taken: usize,
}

/// Datagrams of one size for one peer, to be handed to the system in one piece.
#[derive(Default)]
struct Run {
    to: Option<SocketAddr>,
    bytes: Vec<u8>,
    datagram_bytes: usize,
    datagrams: u64,
    /// Up to here the system has taken them.
    sent: usize,
}

/// So many batches are read in a tick. A batch is a few hundred datagrams at most.
const MOST_BATCHES: usize = 64;

/// So many failures of a socket in a row are told.
const MOST_FAILURES: u32 = 64;

impl UdpSide {
    /// A socket at an address.
    pub(super) fn listen(at: SocketAddr, longest_bytes: usize) -> io::Result<UdpSide> {
        let carrier = UdpCarrier::listen(at, OPTIONS)?;
        UdpSide::over(carrier, None, longest_bytes)
    }

    /// A socket for one peer.
    pub(super) fn connect(
        to: SocketAddr,
        server: LinkId,
        longest_bytes: usize,
    ) -> io::Result<UdpSide> {
        let carrier = UdpCarrier::connect(to, OPTIONS)?;
        UdpSide::over(carrier, Some(server), longest_bytes)
    }

    fn over(
        carrier: UdpCarrier,
        server: Option<LinkId>,
        longest_bytes: usize,
    ) -> io::Result<UdpSide> {
        let carrier = carrier.with_datagrams_of(longest_bytes)?;
        let waited = Arc::new(carrier.socket().try_clone()?);
        let (held, run) = (Held::default(), Run::default());
        Ok(UdpSide { carrier, waited, server, held, run, failures: 0 })
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.carrier.local_addr()
    }

    /// Datagrams that were none.
    pub(super) fn dropped(&self) -> u64 {
        self.carrier.dropped()
    }

    /// Whether there is something that only needs room.
    pub(super) fn is_held_up(&self) -> bool {
        !self.held.datagrams.is_empty()
    }

    pub(super) fn interest(&self) -> Interest {
        Interest::udp(&self.waited, !self.is_held_up(), !self.run.is_done())
    }

    /// Hands over what has arrived, as far as the inbox takes it.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        desk: &mut Desk,
        inbox: &mut Inbox<'_>,
    ) -> Result<(), NetError> {
        while let Some((from, datagram)) = self.held.first() {
            if take(now, desk, inbox, self.server, from, datagram) == Taken::Later {
                return Ok(());
            }
            self.held.forget_first();
        }
        let UdpSide { carrier, held, server, .. } = self;
        for _ in 0..MOST_BATCHES {
            let batch = carrier.receive(now, &mut |arrived| match arrived {
                Arrived::Datagram { from, bytes, .. } => {
                    let is_taken = held.datagrams.is_empty()
                        && take(now, desk, inbox, *server, from, bytes) == Taken::Yes;
                    if !is_taken {
                        held.push(from, bytes);
                    }
                }
                Arrived::Unreachable { kind, .. } => {
                    // A listener is not told to whom it sent in vain.
                    if let Some(server) = *server {
                        desk.disconnected(server, reason_of(kind), Vec::new());
                    }
                }
                // Of streams.
                Arrived::Ready { .. } | Arrived::Paused { .. } | Arrived::Ended { .. } => {}
            });
            match batch {
                Ok(Batch::More) if !held.datagrams.is_empty() => break,
                Ok(Batch::More) => {}
                Ok(Batch::All) => break,
                Err(cause) => {
                    self.failures += 1;
                    let address = carrier.local_addr();
                    let failure = NetError::SocketFails { address, cause };
                    return if self.failures == MOST_FAILURES { Err(failure) } else { Ok(()) };
                }
            }
        }
        self.failures = 0;
        Ok(())
    }

    /// Sends what waits in the outbox, as far as the system takes it. A peer to which nothing can be
    /// sent holds up nobody.
    pub(super) fn transmit(&mut self, now: Instant, desk: &mut Desk, outbox: &mut Outbox) {
        if !self.pass_on(now, desk) {
            return;
        }
        for link in outbox.links() {
            let Some(to) = desk.peers.address(link) else { continue };
            loop {
                self.run.fill(to, link, outbox);
                if self.run.is_done() {
                    break;
                }
                if !self.pass_on(now, desk) {
                    return;
                }
            }
        }
    }

    /// Hands the run to the system. `false` if that takes no more now.
    fn pass_on(&mut self, now: Instant, desk: &mut Desk) -> bool {
        let UdpSide { run, carrier, .. } = self;
        let Some(to) = run.to else { return true };
        while !run.is_done() {
            let (bytes, segment_bytes) = (&run.bytes[run.sent..], run.datagram_bytes);
            match carrier.send(now, Departing { to, markable: false, bytes, segment_bytes }) {
                Ok(0) => return false,
                Ok(sent) => run.sent += sent,
                // Too long for its way, no way, or not allowed: the next ones may fare better.
                Err(_) => {
                    let gone = run.datagrams - (run.sent / segment_bytes.max(1)) as u64;
                    desk.counters.not_sent += gone;
                    run.datagrams -= gone;
                    break;
                }
            }
        }
        desk.counters.messages_sent += run.datagrams;
        run.clear();
        true
    }
}

const OPTIONS: UdpOptions = UdpOptions { segment_offload: true };

/// Takes a datagram, whoever sent it.
fn take(
    now: Instant,
    desk: &mut Desk,
    inbox: &mut Inbox<'_>,
    server: Option<LinkId>,
    from: SocketAddr,
    datagram: &[u8],
) -> Taken {
    if !Desk::fits(inbox, datagram) {
        return Taken::Later;
    }
    let link = match server {
        // It is from the system's own check, where the socket is connected.
        Some(server) => desk.peers.address(server).filter(|at| *at == from).map(|_| server),
        None => desk.peers.find(from),
    };
    match link {
        Some(link) if desk.peers.may_speak(now, link).is_err() => {
            desk.counters.over_rate += 1;
            Taken::Yes
        }
        Some(link) => desk.packet(now, inbox, link, datagram),
        None if server.is_some() => {
            desk.counters.dropped += 1;
            Taken::Yes
        }
        None => desk.stranger(now, inbox, from, datagram),
    }
}

fn reason_of(kind: io::ErrorKind) -> DisconnectReason {
    match kind {
        io::ErrorKind::ConnectionRefused => DisconnectReason::NobodyListens,
        _ => DisconnectReason::Unreachable,
    }
}

impl Held {
    fn push(&mut self, from: SocketAddr, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.datagrams.push_back((from, datagram.len()));
    }

    fn first(&self) -> Option<(SocketAddr, &[u8])> {
        let (from, length) = *self.datagrams.front()?;
        Some((from, &self.bytes[self.taken..self.taken + length]))
    }

    fn forget_first(&mut self) {
        if let Some((_, length)) = self.datagrams.pop_front() {
            self.taken += length;
        }
        if self.datagrams.is_empty() {
            *self = Held::default();
        }
    }
}

impl Run {
    fn is_done(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Takes packets of one size out of the outbox, and a shorter one at the end.
    fn fill(&mut self, to: SocketAddr, link: LinkId, outbox: &mut Outbox) {
        self.clear();
        self.to = Some(to);
        while let Some(next_bytes) = outbox.next_bytes(link) {
            let is_first = self.datagrams == 0;
            let may_join = self.datagram_bytes <= DATAGRAM_BYTES
                && next_bytes <= self.datagram_bytes
                && self.datagrams < MOST_SEGMENTS as u64;
            if !is_first && !may_join {
                return;
            }
            // Asked once more when all is taken, so that the outbox forgets the link.
            let Some(Outgoing::Frame { bytes, .. }) = outbox.take(link) else { return };
            self.bytes.extend_from_slice(bytes);
            self.datagrams += 1;
            if is_first {
                self.datagram_bytes = next_bytes;
            } else if next_bytes < self.datagram_bytes {
                return;
            }
        }
        drop(outbox.take(link));
    }

    fn clear(&mut self) {
        self.to = None;
        self.bytes.clear();
        self.bytes.shrink_to(DATAGRAM_BYTES * MOST_SEGMENTS);
        (self.datagram_bytes, self.datagrams, self.sent) = (0, 0, 0);
    }
}
