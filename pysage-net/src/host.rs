//! All peers of one socket: who they are, and to which of them a datagram belongs.
//!
//! No socket and no clock here: `(now, datagrams in) -> (datagrams out, messages and events)`. The
//! rule for whoever drives it: after each change (a datagram taken, a message sent, time passed to
//! [`wake_at`](Host::wake_at)), [`transmit`](Host::transmit) is called before waiting.

mod alarms;
mod arrive;
mod depart;
mod gate;
mod greeting;
#[cfg(feature = "fuzzing")]
mod joining;
mod parting;
mod path;
mod peer;
mod peers;
mod sealed;
mod shake;
mod streams;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pysage_core::Delivery;
use pysage_core::transport::LinkId;
use pysage_core::wire::{Codec, FrameHead, MessageTable, TableMismatch};

use crate::carrier::DATAGRAM_BYTES;
use crate::config::{HostLimits, NetConfig};
use crate::counters::NetCounters;
use crate::endpoint::{Endpoint, Limits};
use crate::event::DisconnectReason;
use crate::rate::Share;
use crate::security::Security;
use crate::session::{Cookies, Random, Terms};
use greeting::Calling;
use peer::{Limited, Peer, State};
use peers::Peers;
use streams::ForStream;

/// All peers of one socket.
pub(crate) struct Host {
    settings: Settings,
    limits: Limits,
    /// Whether it takes peers.
    listens: bool,
    security: Security,
    /// How often the list of those who are let in had changed when it was looked at last.
    list_changes: u64,
    random: Random,
    cookies: Cookies,
    gate: gate::Gate,
    table: MessageTable,
    peers: Peers,
    /// Answers of the handshake that wait to leave.
    replies: VecDeque<(SocketAddr, Vec<u8>)>,
    /// A stream of nobody that is known that has ended.
    ended_early: Option<(SocketAddr, ErrorKind)>,
    for_streams: Vec<(SocketAddr, ForStream)>,
    departing: depart::Departures,
    /// What is left of those that were disconnected here, to tell them again.
    parted: VecDeque<parting::Parted>,
    /// Where sealed datagrams are opened.
    opening: Vec<u8>,
    /// The latest time that it was told.
    latest: Instant,
    /// An error of the carrier that is to be told.
    failure: Option<std::io::Error>,
    counters: NetCounters,
}

/// What a host keeps to.
#[derive(Clone, Copy, Debug)]
struct Settings {
    terms: Terms,
    codec: Codec,
    /// Of a hello, at least, and of what does not go over streams, at most.
    datagram_bytes: usize,
    most_peers: usize,
    connect_timeout: Duration,
    close_timeout: Duration,
    /// Datagrams go over streams: nothing is lost, and the end of a stream is that of a peer.
    over_streams: bool,
    /// After how many datagrams and how long a new key is used.
    rekey: (u64, Duration),
    limits: HostLimits,
}

/// What a host tells, in the order in which it happened for each peer.
#[derive(Clone, Debug)]
pub(crate) enum Told<'a> {
    /// A peer is there. Its messages follow.
    Connected { address: SocketAddr },
    /// Its address is another one.
    Moved { address: SocketAddr },
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

/// More answers of the handshake do not wait: who asks asks again.
const MOST_REPLIES: usize = 256;

/// A frame has at most so many bytes beside its fields: a head with a name, a sender and a number.
const HEAD_BYTES: usize = 3 + 1 + FrameHead::NAME_BYTES + 8 + 8;

impl Host {
    /// A host that takes peers if it `listens`, whose datagrams have so many bytes at most.
    pub(crate) fn new(
        now: Instant,
        config: &NetConfig,
        datagram_bytes: usize,
        listens: bool,
    ) -> Host {
        let mut random = Random::new(config.seed);
        // What it knows is told in one message, however small those of the program are.
        let table_bytes = peer::MOST_TABLE_BYTES;
        let frame_bytes = config.message_bytes + HEAD_BYTES;
        let window_bytes = (2 * (frame_bytes + 64)).max(table_bytes + 64);
        let window_bytes = window_bytes.max(config.receive_window_bytes);
        let limits = Limits {
            datagram_bytes,
            payload_bytes: datagram_bytes - config.security.overhead_bytes(),
            send_queue_bytes: config.send_queue_bytes.max(frame_bytes),
            window_bytes,
            message_bytes: frame_bytes.max(table_bytes),
            partial_messages: config.partial_messages,
            repeat_newest_bytes: config.repeat_newest_bytes,
            idle_timeout: config.idle_timeout,
            keep_alive: config.keep_alive,
            loses_nothing: false,
            streams: 256,
        };
        let terms = Terms {
            codec: Terms::code_of(config.codec),
            window_bytes: window_bytes as u64,
            message_bytes: config.message_bytes as u64,
        };
        let settings = Settings {
            terms,
            codec: config.codec,
            datagram_bytes: datagram_bytes.min(DATAGRAM_BYTES),
            most_peers: config.most_peers,
            connect_timeout: config.connect_timeout,
            close_timeout: config.close_timeout,
            over_streams: false,
            rekey: (config.rekey_datagrams, config.rekey_interval),
            limits: config.host_limits,
        };
        Host {
            settings,
            limits,
            listens,
            list_changes: config.security.changes(),
            security: config.security.clone(),
            cookies: Cookies::new(now, &mut random),
            gate: gate::Gate::new(now, &config.host_limits, random.next()),
            random,
            table: MessageTable::default(),
            peers: Peers::default(),
            replies: VecDeque::new(),
            ended_early: None,
            for_streams: Vec::new(),
            departing: depart::Departures::default(),
            parted: VecDeque::new(),
            opening: Vec::new(),
            latest: now,
            failure: None,
            counters: NetCounters::default(),
        }
    }

    /// What this end knows, for peers that come from now on.
    pub(crate) fn set_table(&mut self, table: MessageTable) {
        self.table = table;
    }

    /// Begins to connect to an address, or to one that is still looked up. The link takes messages
    /// at once.
    pub(crate) fn connect(&mut self, now: Instant, to: Option<SocketAddr>) -> LinkId {
        let link = self.add(now, None, State::LooksUp);
        if let Some(to) = to {
            self.reach(now, link, to);
        }
        link
    }

    /// Gives a link the address that was looked up.
    pub(crate) fn reach(&mut self, now: Instant, link: LinkId, to: SocketAddr) {
        let key = self.random.next();
        let until = now + self.settings.connect_timeout;
        if let Some(peer) = self.peers.get_mut(link).filter(|peer| peer.looks_up()) {
            if !self.security.names_whom_to_call() {
                // The list has changed since: there is nobody to call, and certainly not openly.
                return self.end(link.index, DisconnectReason::NotAllowed);
            }
            peer.address = Some(to);
            let calling = if self.security.seals() { Calling::Soon } else { Calling::Openly };
            let over_streams = self.settings.over_streams;
            peer.state = State::hello(now, key, until, calling, over_streams);
            self.peers.set_due(link.index);
        }
    }

    /// Ends a link at once.
    pub(crate) fn give_up(&mut self, _: Instant, link: LinkId, reason: DisconnectReason) {
        if self.peers.get_mut(link).is_some() {
            self.end(link.index, reason);
        }
    }

    /// Has a peer disconnected once what was sent to it has arrived.
    pub(crate) fn disconnect(&mut self, now: Instant, link: LinkId) {
        let until = now + self.settings.close_timeout;
        let Some(peer) = self.peers.get_mut(link) else { return };
        if peer.is_up() {
            peer.close(until, DisconnectReason::Closed);
            self.peers.set_due(link.index);
            self.peers.set_changed(link.index);
        } else {
            self.end(link.index, DisconnectReason::Closed);
        }
    }

    /// Disconnects all, and takes nobody any more.
    pub(crate) fn close(&mut self, now: Instant) {
        self.listens = false;
        for link in self.links() {
            self.disconnect(now, link);
        }
    }

    /// Whether nobody is left that is to be told something.
    pub(crate) fn is_closed(&self) -> bool {
        self.peers.is_empty() && !self.departing.is_stalled()
    }

    /// How many bytes of messages a link takes now; `None` if it is gone.
    pub(crate) fn room_bytes(&self, link: LinkId) -> Option<usize> {
        self.peers.get(link).filter(|peer| peer.takes_messages()).map(Peer::room_bytes)
    }

    /// Takes messages of these lengths, one behind the other, for a link that has room for them.
    pub(crate) fn send(
        &mut self,
        link: LinkId,
        messages: &[u8],
        lengths: &[u32],
        delivery: Delivery,
        stream: u8,
    ) {
        if let Some(peer) = self.peers.get_mut(link) {
            peer.endpoint.send(messages, lengths, delivery, stream);
            self.peers.set_due(link.index);
            self.peers.set_changed(link.index);
        }
    }

    /// The peers that are there or are being reached.
    pub(crate) fn links(&self) -> Vec<LinkId> {
        self.peers.iter().filter(|peer| peer.takes_messages()).map(|peer| peer.link).collect()
    }

    /// The links whose room changed or that came or went since the last call.
    pub(crate) fn changed(&mut self) -> Vec<LinkId> {
        self.peers.take_changed()
    }

    /// Whether there is something to tell.
    pub(crate) fn has_news(&self) -> bool {
        self.peers.has_news()
    }

    /// Tells what happened and what came, peer after peer, as far as it is taken.
    pub(crate) fn tell(&mut self, now: Instant, each: &mut dyn FnMut(LinkId, Told<'_>) -> Taken) {
        self.look_at_list(now);
        for _ in 0..self.peers.news() {
            let Some(index) = self.peers.next_news() else { return };
            let Some(peer) = self.peers.at(index) else { continue };
            let (codec, mut asked) = (self.settings.codec, Vec::new());
            let taken = match peer.rights.clone() {
                None => peer.tell(now, each),
                Some(rights) => peer.tell(now, &mut |link, told| match told {
                    Told::Frame(frame) if !rights.allow(codec, frame) => {
                        self.counters.messages_refused += 1;
                        asked.extend(sealed::asked(codec, frame));
                        Taken::Yes
                    }
                    told => each(link, told),
                }),
            };
            peer.refuse(codec, &asked);
            let has_ended = peer.has_ended() && taken == Taken::Yes;
            self.peers.set_due(index);
            self.peers.set_changed(index);
            if has_ended {
                self.peers.remove(index);
            }
            if taken == Taken::Later {
                // Another one is first next time.
                self.peers.set_news(index);
                return;
            }
        }
    }

    /// What it and its peers have counted.
    pub(crate) fn counters(&self) -> NetCounters {
        self.counters
    }

    /// How long a peer may take from now on to show that it is up, and what it may send.
    fn limited(&self, now: Instant) -> Limited {
        // Over streams less is read instead, and nothing dropped.
        let is_here = !self.settings.over_streams;
        let share = Share::new(now, &self.settings.limits).filter(|_| is_here);
        Limited { until: now + self.settings.connect_timeout, share }
    }

    /// Makes a peer.
    fn add(&mut self, now: Instant, address: Option<SocketAddr>, state: State) -> LinkId {
        let endpoint = Endpoint::new(now, self.limits);
        let (random, parted) = (&mut self.random, &self.parted);
        let mut session = || {
            loop {
                let high = (random.next() as u32) << Peers::INDEX_BITS;
                if parted.iter().all(|parted| !parted.has_high(high)) {
                    return high;
                }
            }
        };
        self.peers.add(session(), address, state, endpoint)
    }

    /// Has a peer be gone.
    fn end(&mut self, index: u32, reason: DisconnectReason) {
        self.end_pending(index);
        if let Some(peer) = self.peers.at(index) {
            let address = peer.address.filter(|_| self.settings.over_streams);
            peer.end(reason);
            self.for_streams.extend(address.map(|address| (address, ForStream::Finish)));
            self.peers.set_news(index);
            self.peers.set_changed(index);
        }
    }
}

#[cfg(test)]
mod tests;
