//! Where packets become messages of the manager, and peers come and go.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use pysage_core::Key;
use pysage_core::transport::{Encoding, Inbox, LinkId, Rejected};

use super::config::LegacyConfig;
use super::counters::LegacyCounters;
use super::peers::Peers;
use super::transport::LegacyTransport;
use crate::event::{DisconnectReason, PeerConnected, PeerDisconnected};

/// What sockets of both kinds need beside themselves: the peers, and what is to be told of them.
pub(super) struct Desk {
    pub(super) peers: Peers,
    pub(super) counters: LegacyCounters,
    pub(super) encoding: Encoding,
    pub(super) queue_bytes: usize,
    pub(super) packet_bytes: usize,
    pub(super) key: Option<Key<LegacyTransport>>,
    /// What could not be told yet: about as much as there are peers, since none is taken meanwhile.
    news: VecDeque<News>,
}

enum News {
    Connected(LinkId, SocketAddr),
    Disconnected {
        link: LinkId,
        address: Option<SocketAddr>,
        reason: DisconnectReason,
        undelivered: Vec<Vec<u8>>,
    },
}

/// Whether something was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    /// There is no room for it now.
    Later,
}

/// Who is no peer, where a packet has to be from somebody.
const NOBODY: LinkId = LinkId { index: u32::MAX, generation: u32::MAX };

impl Desk {
    pub(super) fn new(config: &LegacyConfig) -> Desk {
        Desk {
            peers: Peers::new(config.peer_limits()),
            counters: LegacyCounters::default(),
            encoding: config.encoding(),
            queue_bytes: config.queue_bytes(),
            packet_bytes: config.packet_bytes(),
            key: None,
            news: VecDeque::new(),
        }
    }

    /// Starts anew for another socket. Links are not named again.
    pub(super) fn reopen(&mut self, config: &LegacyConfig) {
        self.peers.set_limits(config.peer_limits());
        self.counters = LegacyCounters::default();
        self.encoding = config.encoding();
        self.queue_bytes = config.queue_bytes();
        self.packet_bytes = config.packet_bytes();
    }

    /// Takes note that a peer is there.
    pub(super) fn connected(&mut self, link: LinkId, address: SocketAddr) {
        self.peers.set_address(link, address);
        self.news.push_back(News::Connected(link, address));
    }

    /// Takes note that a peer is gone, with the packets for it that were not passed on.
    pub(super) fn disconnected(
        &mut self,
        link: LinkId,
        reason: DisconnectReason,
        undelivered: Vec<Vec<u8>>,
    ) {
        if let Some(address) = self.peers.remove(link) {
            self.news.push_back(News::Disconnected { link, address, reason, undelivered });
        }
    }

    pub(super) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// Tells who came and went, as far as the manager has room for it.
    pub(super) fn tell(&mut self, inbox: &mut Inbox<'_>) -> Taken {
        let Some(key) = self.key else { return Taken::Yes };
        while inbox.room_bytes() > 0 {
            match self.news.pop_front() {
                None => return Taken::Yes,
                Some(News::Connected(link, address)) => {
                    inbox.queue(PeerConnected { peer: key.destination(link), address });
                }
                Some(News::Disconnected { link, address, reason, undelivered }) => {
                    for packet in &undelivered {
                        inbox.undelivered(&self.encoding, packet);
                    }
                    let (peer, undelivered) = (key.destination(link), undelivered.len() as u64);
                    inbox.queue(PeerDisconnected { peer, address, reason, undelivered });
                }
            }
        }
        if self.news.is_empty() { Taken::Yes } else { Taken::Later }
    }

    /// Takes a packet of a peer.
    pub(super) fn packet(
        &mut self,
        now: Instant,
        inbox: &mut Inbox<'_>,
        link: LinkId,
        packet: &[u8],
    ) -> Taken {
        match inbox.frame(link, &self.encoding, packet) {
            Ok(()) => {
                self.counters.messages_received += 1;
                self.peers.heard(now, link);
                Taken::Yes
            }
            Err(Rejected::Malformed(_)) => {
                self.counters.malformed += 1;
                Taken::Yes
            }
            Err(_) => Taken::Later,
        }
    }

    /// Takes the first packet of an address, which becomes a peer if it says something that the
    /// manager knows: who only makes noise is not kept.
    pub(super) fn stranger(
        &mut self,
        now: Instant,
        inbox: &mut Inbox<'_>,
        from: SocketAddr,
        packet: &[u8],
    ) -> Taken {
        if inbox.check(&self.encoding, packet).is_err() {
            return self.packet(now, inbox, NOBODY, packet);
        }
        match self.peers.admit(now, from) {
            Some(link) => {
                self.connected(link, from);
                match self.tell(inbox) {
                    Taken::Yes => self.packet(now, inbox, link, packet),
                    Taken::Later => Taken::Later,
                }
            }
            None => {
                self.counters.refused += 1;
                Taken::Yes
            }
        }
    }

    /// Whether a packet of so many bytes fits, so that nothing need be counted of it before.
    pub(super) fn fits(inbox: &Inbox<'_>, packet: &[u8]) -> bool {
        inbox.room_bytes() >= packet.len().max(1)
    }
}
