//! The state of a simulated network: who is on it, and what is on its way.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

use super::bottleneck::Passage;
use super::chance::{mixed, name_of, part};
use super::conditions::{Conditions, ns};
use super::counters::SimCounters;
use crate::carrier::Departing;
use crate::session::Random;

/// The state of a simulated network.
pub(super) struct Traffic {
    seed: u64,
    /// The first time that was passed; all others are counted from it.
    start: Option<Instant>,
    latest_ns: u64,
    /// Of ways that have none of their own.
    conditions: Conditions,
    own_conditions: HashMap<(SocketAddr, SocketAddr), Conditions>,
    blackouts: Vec<Range<Instant>>,
    ports: Vec<Port>,
    ports_by_address: HashMap<SocketAddr, u32>,
    ways: Vec<Way>,
    ways_by_ports: HashMap<(u32, u32), u32>,
    slots: Vec<Datagram>,
    free_slots: Vec<u32>,
    /// How many copies were put on their way: tells those apart that arrive at the same time.
    numbered: u64,
    unclaimed: SimCounters,
    hash: u64,
}

/// An address on the network.
struct Port {
    address: SocketAddr,
    is_open: bool,
    is_cut_off: bool,
    arrivals: BinaryHeap<Arrival>,
}

/// From one port to another.
struct Way {
    to: u32,
    conditions: Conditions,
    random: Random,
    /// Stands for both addresses in the hash.
    name: u64,
    counters: SimCounters,
}

/// A datagram on its way, or one that has arrived. Buffers are used again.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) from: SocketAddr,
    pub(crate) is_marked: bool,
    pub(crate) bytes: Vec<u8>,
}

/// The first to arrive is the greatest.
#[derive(PartialEq, Eq)]
struct Arrival {
    at_ns: u64,
    number: u64,
    slot: u32,
}

/// The way that was used last, which spares looking it up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownWay {
    to: SocketAddr,
    way: u32,
}

/// What became of a datagram, as the hash tells it.
const BLACKED_OUT: u64 = 1;
const DROPPED: u64 = 2;
const LOST: u64 = 3;

impl Traffic {
    pub(super) fn new(seed: u64) -> Traffic {
        Traffic {
            seed,
            start: None,
            latest_ns: 0,
            conditions: Conditions::default(),
            own_conditions: HashMap::new(),
            blackouts: Vec::new(),
            ports: Vec::new(),
            ports_by_address: HashMap::new(),
            ways: Vec::new(),
            ways_by_ports: HashMap::new(),
            slots: Vec::new(),
            free_slots: Vec::new(),
            numbered: 0,
            unclaimed: SimCounters::default(),
            hash: mixed(0, seed),
        }
    }

    /// The port of an address.
    pub(super) fn port(&mut self, address: SocketAddr) -> u32 {
        let next = u32::try_from(self.ports.len()).expect("a simulation has few ports");
        let index = *self.ports_by_address.entry(address).or_insert(next);
        if index == next {
            let arrivals = BinaryHeap::new();
            self.ports.push(Port { address, is_open: false, is_cut_off: false, arrivals });
        }
        index
    }

    /// Opens a port; whether it was closed. What arrived before is gone.
    pub(super) fn open(&mut self, now: Instant, port: u32) -> bool {
        let now_ns = self.pass(now);
        let was_closed = !std::mem::replace(&mut self.ports[port as usize].is_open, true);
        if was_closed {
            self.discard_arrived(now_ns, port);
        }
        was_closed
    }

    pub(super) fn close(&mut self, port: u32) {
        self.ports[port as usize].is_open = false;
    }

    pub(super) fn set_cut_off(&mut self, address: SocketAddr, is_cut_off: bool) {
        let port = self.port(address);
        self.ports[port as usize].is_cut_off = is_cut_off;
    }

    pub(super) fn black_out(&mut self, time: Range<Instant>) {
        self.blackouts.push(time);
    }

    pub(super) fn set_conditions(&mut self, conditions: Conditions) {
        for way in &mut self.ways {
            way.conditions = conditions.clone();
        }
        self.conditions = conditions;
        self.own_conditions.clear();
    }

    pub(super) fn set_way(&mut self, from: SocketAddr, to: SocketAddr, conditions: Conditions) {
        if let Some(way) = self.find_way(from, to) {
            self.ways[way].conditions = conditions.clone();
        }
        self.own_conditions.insert((from, to), conditions);
    }

    /// The conditions of a way.
    #[cfg(feature = "tcp")]
    pub(super) fn conditions_of(&self, from: SocketAddr, to: SocketAddr) -> Conditions {
        self.own_conditions.get(&(from, to)).unwrap_or(&self.conditions).clone()
    }

    /// Until when nothing gets through, and whether one of these is cut off.
    #[cfg(feature = "tcp")]
    pub(super) fn is_black(&self, now: Instant, ends: [SocketAddr; 2]) -> (Option<Instant>, bool) {
        let now_black = self.blackouts.iter().filter(|time| time.contains(&now));
        let ports = ends.iter().filter_map(|end| self.ports_by_address.get(end));
        let is_cut_off = { ports }.any(|port| self.ports[*port as usize].is_cut_off);
        (now_black.map(|time| time.end).max(), is_cut_off)
    }

    /// Sends datagrams from a port.
    pub(super) fn send(
        &mut self,
        now: Instant,
        from: u32,
        departing: &Departing<'_>,
        known: &mut Option<KnownWay>,
    ) {
        let now_ns = self.pass(now);
        let datagrams = departing.bytes.chunks(departing.segment_bytes.max(1));
        let Some(way) = self.way(from, departing.to, known) else {
            self.unclaimed.sent += datagrams.len() as u64;
            self.unclaimed.unclaimed += datagrams.len() as u64;
            self.unclaimed.sent_bytes += departing.bytes.len() as u64;
            self.hash = mixed(self.hash, name_of(departing.to) ^ now_ns);
            return;
        };
        let to = self.ways[way as usize].to as usize;
        self.blackouts.retain(|time| now < time.end);
        let is_black = self.blackouts.iter().any(|time| time.contains(&now))
            || self.ports[from as usize].is_cut_off
            || self.ports[to].is_cut_off;
        if !self.ports[to].is_open {
            self.discard_arrived(now_ns, to as u32);
        }
        for bytes in datagrams {
            let fate = if is_black {
                let counters = &mut self.ways[way as usize].counters;
                counters.sent += 1;
                counters.sent_bytes += bytes.len() as u64;
                counters.blacked_out += 1;
                BLACKED_OUT
            } else {
                self.depart(now, now_ns, from, way, departing.markable, bytes)
            };
            let way = &self.ways[way as usize];
            let content = u64::from(crc32fast::hash(bytes)) << 32 | bytes.len() as u64;
            self.hash = mixed(mixed(mixed(self.hash, content), way.name ^ now_ns), fate);
        }
    }

    /// Puts a datagram on its way; what became of it, in a number.
    fn depart(
        &mut self,
        now: Instant,
        now_ns: u64,
        from: u32,
        way: u32,
        markable: bool,
        bytes: &[u8],
    ) -> u64 {
        let Way { to, conditions, random, counters, .. } = &mut self.ways[way as usize];
        let to = *to;
        counters.sent += 1;
        counters.sent_bytes += bytes.len() as u64;
        let (mut leaves_ns, mut is_marked) = (now_ns, false);
        if let Some(bottleneck) = &conditions.bottleneck {
            match bottleneck.pass(now, bytes.len(), markable) {
                Passage::Through { after_ns, is_marked: marks } => {
                    (leaves_ns, is_marked) = (now_ns.saturating_add(after_ns), marks);
                }
                Passage::Dropped => {
                    counters.dropped += 1;
                    return DROPPED;
                }
            }
        }
        if conditions.loss.happens(|| random.next()) {
            counters.lost += 1;
            return LOST;
        }
        let is_doubled = conditions.duplicate.happens(|| random.next());
        counters.duplicated += u64::from(is_doubled);
        let mut fate = u64::from(is_marked);
        for _ in 0..1 + usize::from(is_doubled) {
            let Way { conditions, random, counters, .. } = &mut self.ways[way as usize];
            let mut takes_ns = conditions.latency_ns;
            if conditions.jitter_ns > 0 {
                takes_ns = takes_ns.saturating_add(part(conditions.jitter_ns, random.next()));
            }
            if conditions.reorder.happens(|| random.next()) {
                counters.held_back += 1;
                takes_ns = takes_ns.saturating_add(part(conditions.latency_ns, random.next()));
            }
            let at_ns = leaves_ns.saturating_add(takes_ns);
            fate = mixed(fate, at_ns);
            let from = self.ports[from as usize].address;
            self.put(at_ns, to, from, is_marked, bytes);
        }
        fate
    }

    /// Has bytes arrive at an address at once, as from another one.
    pub(super) fn inject(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let to = self.port(to);
        self.put(self.latest_ns, to, from, false, bytes);
    }

    fn put(&mut self, at_ns: u64, to: u32, from: SocketAddr, is_marked: bool, bytes: &[u8]) {
        let slot = self.free_slots.pop().unwrap_or_else(|| {
            self.slots.push(Datagram { from, is_marked, bytes: Vec::new() });
            u32::try_from(self.slots.len() - 1).expect("fewer are on their way")
        });
        let datagram = &mut self.slots[slot as usize];
        (datagram.from, datagram.is_marked) = (from, is_marked);
        datagram.bytes.clear();
        datagram.bytes.extend_from_slice(bytes);
        self.numbered += 1;
        let arrival = Arrival { at_ns, number: self.numbered, slot };
        self.ports[to as usize].arrivals.push(arrival);
    }

    /// Hands out the next datagram that has arrived at a port, for a buffer that is used again;
    /// whether there was one.
    pub(super) fn take(&mut self, now: Instant, port: u32, into: &mut Datagram) -> bool {
        let Some(start) = self.start else { return false };
        let now_ns = ns(now.saturating_duration_since(start));
        let arrivals = &mut self.ports[port as usize].arrivals;
        if arrivals.peek().is_none_or(|arrival| arrival.at_ns > now_ns) {
            return false;
        }
        let Some(Arrival { slot, .. }) = arrivals.pop() else { return false };
        std::mem::swap(&mut self.slots[slot as usize], into);
        self.free_slots.push(slot);
        true
    }

    /// When the next datagram arrives at a port.
    pub(super) fn next_arrival_at(&self, port: u32) -> Option<Instant> {
        let port = &self.ports[port as usize];
        let arrival = port.arrivals.peek().filter(|_| port.is_open)?;
        Some(self.start? + Duration::from_nanos(arrival.at_ns))
    }

    pub(super) fn next_arrival(&self) -> Option<Instant> {
        (0..self.ports.len()).filter_map(|port| self.next_arrival_at(port as u32)).min()
    }

    pub(super) fn state_hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn counters(&self) -> SimCounters {
        let mut counters = self.unclaimed;
        self.ways.iter().for_each(|way| counters += way.counters);
        counters
    }

    pub(super) fn counters_of_way(&self, from: SocketAddr, to: SocketAddr) -> SimCounters {
        self.find_way(from, to).map_or(SimCounters::default(), |way| self.ways[way].counters)
    }

    /// Takes note of the time, which never goes back, and returns it.
    fn pass(&mut self, now: Instant) -> u64 {
        let start = *self.start.get_or_insert(now);
        self.latest_ns = self.latest_ns.max(ns(now.saturating_duration_since(start)));
        self.latest_ns
    }

    /// Nobody was there for it.
    fn discard_arrived(&mut self, now_ns: u64, port: u32) {
        let arrivals = &mut self.ports[port as usize].arrivals;
        while arrivals.peek().is_some_and(|arrival| arrival.at_ns < now_ns) {
            self.free_slots.extend(arrivals.pop().map(|arrival| arrival.slot));
        }
    }

    /// How many buffers there are.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    fn find_way(&self, from: SocketAddr, to: SocketAddr) -> Option<usize> {
        let from = self.ports_by_address.get(&from)?;
        let to = self.ports_by_address.get(&to)?;
        self.ways_by_ports.get(&(*from, *to)).map(|way| *way as usize)
    }

    /// The way to an address; `None` if nobody has asked for its port.
    fn way(&mut self, from: u32, to: SocketAddr, known: &mut Option<KnownWay>) -> Option<u32> {
        if let Some(known) = known.filter(|known| known.to == to) {
            return Some(known.way);
        }
        let to_port = *self.ports_by_address.get(&to)?;
        let next = u32::try_from(self.ways.len()).expect("a simulation has few ways");
        let way = *self.ways_by_ports.entry((from, to_port)).or_insert(next);
        if way == next {
            let from = self.ports[from as usize].address;
            let own = self.own_conditions.get(&(from, to));
            let name = mixed(name_of(from), name_of(to));
            self.ways.push(Way {
                to: to_port,
                conditions: own.unwrap_or(&self.conditions).clone(),
                // Its own, so that another way more does not change what happens on this one.
                random: Random::new(Some(mixed(self.seed, name))),
                name,
                counters: SimCounters::default(),
            });
        }
        *known = Some(KnownWay { to, way });
        Some(way)
    }
}

impl Ord for Arrival {
    fn cmp(&self, other: &Arrival) -> Ordering {
        (other.at_ns, other.number).cmp(&(self.at_ns, self.number))
    }
}

impl PartialOrd for Arrival {
    fn partial_cmp(&self, other: &Arrival) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Datagram {
    fn default() -> Datagram {
        let nobody = SocketAddr::new(IpAddr::from([0; 4]), 0);
        Datagram { from: nobody, is_marked: false, bytes: Vec::new() }
    }
}
