//! A network of two, seeded.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pysage_core::Delivery;
use pysage_core::transport::LinkId;

use crate::carrier::{Arrived, Batch, DatagramCarrier, Departing, OverStreams};
use crate::config::NetConfig;
use crate::host::peer::State;
use crate::host::{Host, Taken, Told};
use crate::origin::Origin;
use crate::rate::Share;
use crate::security::Security;
use crate::session::Random;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conditions {
    pub(super) seed: u64,
    pub(super) loss: f64,
    pub(super) duplicate: f64,
    pub(super) latency: Duration,
    pub(super) jitter: Duration,
}

/// One of two hosts.
pub(super) struct End {
    pub(super) host: Host,
    pub(super) link: Option<LinkId>,
    pub(super) got: Vec<Vec<u8>>,
    pub(super) events: Vec<String>,
    /// Takes no messages.
    pub(super) is_full: bool,
    /// Is told nothing, as if its program did not tick.
    pub(super) is_busy: bool,
    pub(super) out: Out,
}

/// When it arrives, which of all it is, at which end, and its bytes.
type OnTheWay = (Instant, u64, usize, Vec<u8>);

#[derive(Default)]
pub(super) struct Out {
    sent: Vec<(SocketAddr, Vec<u8>)>,
    over_streams: bool,
    /// The streams that were finished.
    pub(super) finished: Vec<SocketAddr>,
}

pub(super) struct Pair {
    pub(super) ends: [End; 2],
    pub(super) now: Instant,
    conditions: Conditions,
    random: Random,
    on_the_way: BinaryHeap<Reverse<OnTheWay>>,
    sent: u64,
    /// What these ends send is lost.
    pub(super) is_cut: [bool; 2],
    /// Which datagrams are lost, by the end and how many it has sent.
    pub(super) loses: fn(usize, u64) -> bool,
    pub(super) departed: [u64; 2],
    /// All that arrived, if it is kept.
    pub(super) record: Option<Vec<(usize, Vec<u8>)>>,
    configs: [NetConfig; 2],
    pub(super) client_address: SocketAddr,
    /// What was sent to where nobody is.
    pub(super) lost_bytes: usize,
    /// That itself, if it is kept.
    pub(super) lost: Option<Vec<(SocketAddr, Vec<u8>)>>,
}

impl Out {
    pub(super) fn over_streams() -> Out {
        Out { over_streams: true, ..Out::default() }
    }
}

impl DatagramCarrier for Out {
    fn local_addr(&self) -> SocketAddr {
        address(0)
    }
    fn datagram_bytes(&self) -> usize {
        1200
    }
    fn marks_congestion(&self) -> bool {
        false
    }
    fn receive(&mut self, _: Instant, _: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch> {
        Ok(Batch::All)
    }
    fn send(&mut self, _: Instant, datagrams: Departing<'_>) -> io::Result<usize> {
        assert!(datagrams.segment_bytes <= 1200);
        for bytes in datagrams.bytes.chunks(datagrams.segment_bytes) {
            self.sent.push((datagrams.to, bytes.to_vec()));
        }
        Ok(datagrams.bytes.len())
    }
    fn dropped(&self) -> u64 {
        0
    }
    fn streams(&mut self) -> Option<&mut dyn OverStreams> {
        if self.over_streams { Some(self) } else { None }
    }
}

impl OverStreams for Out {
    fn has_room(&mut self, _: SocketAddr) -> bool {
        true
    }
    fn keep(&mut self, _: SocketAddr, _: Option<Box<Share>>) {}
    fn finish(&mut self, _: Instant, peer: SocketAddr) {
        self.finished.push(peer);
    }
    fn flush(&mut self, _: Instant) {}
    fn is_quiet(&self) -> bool {
        true
    }
}

pub(super) fn address(end: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1 + end as u8], 4000))
}

/// Those that have to show that they know are counted as if all peers were looked at.
fn check_pending(host: &Host) {
    let pending =
        host.peers.iter().filter(|peer| matches!(&peer.state, State::Up(up) if !up.is_confirmed));
    let mut by_origin = HashMap::new();
    for peer in pending {
        let address = peer.address.expect("it came from somewhere");
        *by_origin.entry(Origin::of(address.ip())).or_default() += 1;
    }
    let count = by_origin.values().sum();
    assert_eq!(host.gate.pending.counts(), (count, &by_origin));
}

impl Pair {
    pub(super) fn new(conditions: Conditions) -> Pair {
        Pair::with_config(conditions, NetConfig::new(Security::open()))
    }

    pub(super) fn with_config(conditions: Conditions, config: NetConfig) -> Pair {
        Pair::with_configs(conditions, [config.clone(), config])
    }

    pub(super) fn with_configs(conditions: Conditions, configs: [NetConfig; 2]) -> Pair {
        Pair::connected(conditions, configs, false)
    }

    /// Two hosts that rely on streams, so nothing may be lost or overtake.
    pub(super) fn over_streams(configs: [NetConfig; 2]) -> Pair {
        let latency = Duration::from_millis(20);
        Pair::connected(Conditions { latency, ..Conditions::default() }, configs, true)
    }

    fn host(&self, end: usize) -> Host {
        let mut host = Host::new(self.now, &self.configs[end], 1200, end == 1);
        if self.ends[end].out.over_streams {
            host.rely_on_streams();
        }
        host
    }

    fn connected(conditions: Conditions, mut configs: [NetConfig; 2], over_streams: bool) -> Pair {
        let now = Instant::now();
        configs.iter_mut().for_each(|config| config.seed = Some(conditions.seed));
        let ends = [0, 1].map(|end| End {
            host: Host::new(now, &configs[end], 1200, end == 1),
            link: None,
            got: Vec::new(),
            events: Vec::new(),
            is_full: false,
            is_busy: false,
            out: Out { over_streams, ..Out::default() },
        });
        let mut pair = Pair {
            ends,
            now,
            conditions,
            random: Random::new(Some(conditions.seed)),
            on_the_way: BinaryHeap::new(),
            sent: 0,
            is_cut: [false; 2],
            loses: |_, _| false,
            departed: [0; 2],
            record: None,
            configs,
            client_address: address(0),
            lost_bytes: 0,
            lost: None,
        };
        [0, 1].into_iter().for_each(|end| pair.ends[end].host = pair.host(end));
        pair.ends[0].link = Some(pair.ends[0].host.connect(now, Some(address(1))));
        pair.run(Duration::from_secs(1));
        for _ in 0..50 {
            if pair.ends[1].link.is_some() {
                return pair;
            }
            pair.run(Duration::from_millis(100));
        }
        let events = pair.ends.map(|end| end.events);
        panic!("no connection under {conditions:?}: {events:?}");
    }

    pub(super) fn room(&self, end: usize) -> usize {
        let end = &self.ends[end];
        end.host.room_bytes(end.link.unwrap()).unwrap()
    }

    pub(super) fn send(&mut self, end: usize, delivery: Delivery, stream: u8, message: &[u8]) {
        let end = &mut self.ends[end];
        let lengths = [message.len() as u32];
        end.host.send(end.link.unwrap(), message, &lengths, delivery, stream);
    }

    pub(super) fn inject(&mut self, end: usize, bytes: &[u8]) {
        let arrived = Arrived::Datagram { from: address(7), is_marked: false, bytes };
        self.ends[end].host.arrived(self.now, arrived);
        let arrived = Arrived::Datagram { from: address(1 - end), is_marked: false, bytes };
        self.ends[end].host.arrived(self.now, arrived);
    }

    /// Has a datagram arrive as if it came from the other end.
    pub(super) fn arrive(&mut self, to: usize, bytes: &[u8]) {
        let arrived = Arrived::Datagram { from: address(1 - to), is_marked: false, bytes };
        self.ends[to].host.arrived(self.now, arrived);
    }

    /// Has the stream of an end break off, as the other end sees it.
    pub(super) fn break_off(&mut self, of: usize) {
        let (address, kind) = (address(of), io::ErrorKind::ConnectionReset);
        self.ends[1 - of].host.arrived(self.now, Arrived::Ended { address, kind });
    }

    /// Has nothing of the other end be read until then, as its carrier would.
    pub(super) fn pause(&mut self, at: usize, until: Instant) {
        let paused = Arrived::Paused { address: address(1 - at), until };
        self.ends[at].host.arrived(self.now, paused);
    }

    /// Has a datagram arrive from somewhere else.
    pub(super) fn arrive_from(&mut self, to: usize, from: SocketAddr, bytes: &[u8]) {
        let arrived = Arrived::Datagram { from, is_marked: false, bytes };
        self.ends[to].host.arrived(self.now, arrived);
    }

    /// Has somebody else take the client's place on the network, and connect with a message to the
    /// host at an address; the server keeps the peer that it has.
    pub(super) fn connect_stranger(&mut self, to: usize, config: &NetConfig) {
        let mut host = Host::new(self.now, config, 1200, false);
        let link = host.connect(self.now, Some(address(to)));
        host.send(link, b"let me in", &[9], Delivery::ReliableOrdered, 0);
        self.client_address = address(6);
        self.ends[0].host = host;
        self.ends[0].events.clear();
        self.run(Duration::from_secs(7));
    }

    /// Has the client be at another address from now on.
    pub(super) fn move_client(&mut self) {
        let port = self.client_address.port() + 1;
        self.client_address.set_port(port);
    }

    /// What is on its way to an end.
    pub(super) fn about_to_arrive(&mut self, end: usize) -> Vec<Vec<u8>> {
        self.serve(1 - end);
        let all = self.on_the_way.iter().filter(|Reverse((_, _, to, _))| *to == end);
        all.map(|Reverse((.., bytes))| bytes.clone()).collect()
    }

    /// Puts another host in the server's place.
    pub(super) fn change_server(&mut self, config: &NetConfig) {
        self.ends[1].host = Host::new(self.now, config, 1200, true);
        self.ends[1].events.clear();
    }

    pub(super) fn stranger_events(&self) -> Vec<&str> {
        let events = self.ends[0].events.iter().map(String::as_str);
        events.filter(|event| event.starts_with("gone")).collect()
    }

    /// Starts an end's program again; the client connects anew.
    pub(super) fn restart(&mut self, end: usize, seed: u64) {
        self.configs[end].seed = Some(seed);
        self.ends[end].host = self.host(end);
        if end == 0 {
            self.ends[0].link = Some(self.ends[0].host.connect(self.now, Some(address(1))));
        }
    }

    /// Forgets what arrived, and what is on its way.
    pub(super) fn forget(&mut self) {
        self.on_the_way = BinaryHeap::new();
        for end in &mut self.ends {
            end.got = Vec::new();
            end.out.sent.clear();
        }
    }

    pub(super) fn datagrams(&self) -> u64 {
        self.ends.iter().map(|end| end.host.counters().datagrams_sent).sum()
    }

    fn chance(&mut self, share: f64) -> bool {
        (self.random.next() >> 11) as f64 / ((1_u64 << 53) as f64) < share
    }

    /// Lets time pass.
    pub(super) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            for end in 0..2 {
                self.serve(end);
            }
            let arrives = self.on_the_way.peek().map(|Reverse((at, ..))| *at);
            let wakes = self.ends.iter().filter_map(|end| end.host.wake_at());
            let Some(next) = arrives.into_iter().chain(wakes).min().filter(|at| *at <= until)
            else {
                self.now = until;
                return (0..2).for_each(|end| self.serve(end));
            };
            self.now = self.now.max(next);
            while let Some(Reverse((at, ..))) = self.on_the_way.peek()
                && *at <= self.now
            {
                let Reverse((_, _, to, bytes)) = self.on_the_way.pop().unwrap();
                let from = if to == 1 { self.client_address } else { address(1) };
                if let Some(record) = &mut self.record {
                    record.push((to, bytes.clone()));
                }
                let arrived = Arrived::Datagram { from, is_marked: false, bytes: &bytes };
                self.ends[to].host.arrived(self.now, arrived);
            }
        }
    }

    fn serve(&mut self, at: usize) {
        let now = self.now;
        let end = &mut self.ends[at];
        let (link, got, events) = (&mut end.link, &mut end.got, &mut end.events);
        let is_full = end.is_full;
        let mut tell = |from, told: Told<'_>| {
            match told {
                Told::Connected { .. } => *link = Some(from),
                Told::Frame(_) if is_full => return Taken::Later,
                Told::Frame(frame) => got.push(frame.to_vec()),
                Told::Undelivered(frame) => events.push(format!("undelivered {frame:?}")),
                Told::Disconnected { reason, undelivered, .. } => {
                    events.push(format!("gone: {reason:?}, {undelivered}"));
                }
                other => events.push(format!("{other:?}")),
            }
            Taken::Yes
        };
        if !end.is_busy {
            end.host.tell(now, &mut tell);
        }
        end.host.transmit(now, &mut end.out).unwrap();
        check_pending(&end.host);
        for (to, bytes) in std::mem::take(&mut self.ends[at].out.sent) {
            self.departed[at] += 1;
            let reaches = [self.client_address, address(1)].contains(&to);
            if !reaches {
                self.lost_bytes += bytes.len();
                self.lost.iter_mut().for_each(|lost| lost.push((to, bytes.clone())));
            }
            let is_lost = !reaches || self.is_cut[at] || (self.loses)(at, self.departed[at]);
            if is_lost || self.chance(self.conditions.loss) {
                continue;
            }
            let copies = 1 + usize::from(self.chance(self.conditions.duplicate));
            for _ in 0..copies {
                let jitter = self.conditions.jitter.as_micros() as u64;
                let jitter = Duration::from_micros(self.random.next() % (jitter + 1));
                self.sent += 1;
                let arrives = now + self.conditions.latency + jitter;
                let to = usize::from(to == address(1));
                self.on_the_way.push(Reverse((arrives, self.sent, to, bytes.clone())));
            }
        }
    }
}
