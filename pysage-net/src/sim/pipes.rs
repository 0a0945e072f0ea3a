//! Byte streams over a simulated network: they split, join, stall, and break off.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::SimNetwork;
use super::bottleneck::Passage;
use super::chance::{mixed, part};
use super::conditions::Conditions;
use super::counters::SimCounters;
use crate::session::Random;

/// All byte streams of a network.
#[derive(Default)]
pub(super) struct Pipes {
    seed: u64,
    /// Time does not go back.
    latest: Option<Instant>,
    doors: BTreeMap<SocketAddr, VecDeque<(Instant, u64)>>,
    pipes: BTreeMap<u64, Pipe>,
    /// The pipes of an address, and which of their ends it has.
    of_address: BTreeMap<SocketAddr, Vec<PipeEnd>>,
    opened: u64,
    pieces: u64,
    bytes: u64,
    hash: u64,
}

/// An end of a pipe: that of whom it was opened by, 0, or the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PipeEnd {
    pipe: u64,
    end: usize,
}

struct Pipe {
    addresses: [SocketAddr; 2],
    /// When whoever opened it learns what became of it, and whether it has.
    is_there_at: Instant,
    is_known: bool,
    is_refused: bool,
    is_closed: [bool; 2],
    broken_at: Option<Instant>,
    /// By the end that writes.
    ways: [Way; 2],
    random: Random,
}

/// What is on its way in one direction.
struct Way {
    conditions: Conditions,
    pieces: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    /// Nothing arrives before what was written before.
    last_at: Instant,
    ends_at: Option<Instant>,
    end_is_read: bool,
    /// Nothing gets through any more.
    is_dead: bool,
    /// It took less than there was, and is asked again from then on.
    asked_again_at: Option<Instant>,
}

/// So many bytes are kept between two ends: about what systems keep for a connection.
const KEPT_BYTES: usize = 256 << 10;

/// A piece has so many bytes at most: what a packet has room for.
const PIECE_BYTES: usize = 1_400;

/// A piece that is lost comes so much later: the system sends it again after a round trip, and after
/// this time at least (RFC 6298 has 1 s, Linux 200 ms).
const RESENT_AFTER: Duration = Duration::from_millis(200);

/// A line that takes no more is asked again after so long.
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(1);

impl Pipes {
    pub(super) fn new(seed: u64) -> Pipes {
        Pipes { seed, ..Pipes::default() }
    }

    /// Has others come in at an address; whether nobody does.
    pub(super) fn listen(&mut self, address: SocketAddr) -> bool {
        let is_free = !self.doors.contains_key(&address);
        self.doors.entry(address).or_default();
        is_free
    }

    /// Lets nobody in any more; who has come and was not let in is sent away.
    pub(super) fn stop_listening(&mut self, address: SocketAddr) {
        for (_, pipe) in self.doors.remove(&address).into_iter().flatten() {
            self.close(PipeEnd { pipe, end: 1 });
        }
    }

    /// Opens a pipe, with the conditions there and back.
    pub(super) fn connect(
        &mut self,
        now: Instant,
        addresses: [SocketAddr; 2],
        conditions: [Conditions; 2],
    ) -> PipeEnd {
        self.latest = self.latest.max(Some(now));
        let [there, back] = [0, 1].map(|way| Duration::from_nanos(conditions[way].latency_ns));
        let pipe = self.opened;
        self.opened += 1;
        let door = self.doors.get_mut(&addresses[1]);
        let is_refused = door.is_none();
        door.into_iter().for_each(|door| door.push_back((now + there, pipe)));
        let opened = Pipe {
            addresses,
            is_there_at: now + there + back,
            is_known: false,
            is_refused,
            is_closed: [false, is_refused],
            broken_at: None,
            ways: conditions.map(|conditions| Way::new(now, conditions)),
            random: Random::new(Some(mixed(self.seed, pipe))),
        };
        self.pipes.insert(pipe, opened);
        for (end, address) in (0..).zip(addresses) {
            self.of_address.entry(address).or_default().push(PipeEnd { pipe, end });
        }
        PipeEnd { pipe, end: 0 }
    }

    /// The next one who has come to an address, and from where.
    pub(super) fn let_in(
        &mut self,
        now: Instant,
        address: SocketAddr,
    ) -> io::Result<(PipeEnd, SocketAddr)> {
        let door = self.doors.get_mut(&address).ok_or(ErrorKind::NotConnected)?;
        let first = door.front().filter(|(comes_at, _)| *comes_at <= now);
        let pipe = first.ok_or(ErrorKind::WouldBlock)?.1;
        door.pop_front();
        let from = self.pipes.get(&pipe).ok_or(ErrorKind::ConnectionAborted)?.addresses[0];
        Ok((PipeEnd { pipe, end: 1 }, from))
    }

    pub(super) fn is_there(&mut self, now: Instant, of: PipeEnd) -> io::Result<bool> {
        let pipe = self.pipes.get_mut(&of.pipe).ok_or(ErrorKind::NotConnected)?;
        if pipe.is_there_at > now {
            return Ok(false);
        }
        pipe.is_known = true;
        if pipe.is_refused { Err(ErrorKind::ConnectionRefused.into()) } else { Ok(true) }
    }

    /// Reads what has come: of several pieces at once, or not all of one.
    pub(super) fn read(&mut self, now: Instant, of: PipeEnd, into: &mut [u8]) -> io::Result<usize> {
        self.latest = self.latest.max(Some(now));
        let pipe = self.pipes.get_mut(&of.pipe).ok_or(ErrorKind::NotConnected)?;
        let broken_at = pipe.broken_at.filter(|at| *at <= now);
        let way = &mut pipe.ways[1 - of.end];
        let mut most = into.len();
        if pipe.random.next().is_multiple_of(4) {
            most = 1 + part(most as u64 - 1, pipe.random.next()) as usize;
        }
        let mut read = 0;
        while let Some((at, bytes)) = way.pieces.front_mut().filter(|_| !way.is_dead)
            && *at <= broken_at.unwrap_or(now)
            && read < most
        {
            let count = bytes.len().min(most - read);
            into[read..read + count].copy_from_slice(&bytes[..count]);
            read += count;
            if count == bytes.len() {
                way.pieces.pop_front();
            } else {
                bytes.drain(..count);
            }
        }
        way.bytes -= read;
        if read > 0 {
            return Ok(read);
        }
        if broken_at.is_some() {
            return Err(ErrorKind::ConnectionReset.into());
        }
        way.end_is_read |= way.pieces.is_empty() && way.ends_at.is_some_and(|at| at <= now);
        if way.end_is_read { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    /// Takes as much as gets through, and sometimes less.
    pub(super) fn write(
        &mut self,
        now: Instant,
        of: PipeEnd,
        bytes: &[u8],
        black_until: Option<Instant>,
        is_cut_off: bool,
    ) -> io::Result<usize> {
        self.latest = self.latest.max(Some(now));
        let pipe = self.pipes.get_mut(&of.pipe).ok_or(ErrorKind::NotConnected)?;
        if pipe.broken_at.is_some_and(|at| at <= now) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if pipe.is_closed[1 - of.end] {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let way = &mut pipe.ways[of.end];
        way.is_dead |= is_cut_off;
        way.asked_again_at = None;
        let mut rest = &bytes[..bytes.len().min(KEPT_BYTES - way.bytes)];
        if !rest.is_empty() && pipe.random.next().is_multiple_of(4) {
            rest = &rest[..1 + part(rest.len() as u64 - 1, pipe.random.next()) as usize];
        }
        let mut written = 0;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(PIECE_BYTES));
            let Some(at) = way.arrival(now, piece.len(), black_until, &mut pipe.random) else {
                break;
            };
            way.last_at = at;
            way.pieces.push_back((at, piece.to_vec()));
            way.bytes += piece.len();
            let took = u64::try_from(at.saturating_duration_since(now).as_nanos()).unwrap_or(0);
            let content = u64::from(crc32fast::hash(piece)) << 32 | piece.len() as u64;
            self.hash = mixed(mixed(self.hash, content), mixed(of.pipe * 2 + of.end as u64, took));
            self.pieces += 1;
            self.bytes += piece.len() as u64;
            (written, rest) = (written + piece.len(), behind);
        }
        if written < bytes.len() {
            way.asked_again_at = Some(now + ASKED_AGAIN_AFTER);
        }
        if written > 0 || bytes.is_empty() {
            Ok(written)
        } else {
            Err(ErrorKind::WouldBlock.into())
        }
    }

    /// Ends what an end writes.
    pub(super) fn end(&mut self, now: Instant, of: PipeEnd) {
        if let Some(pipe) = self.pipes.get_mut(&of.pipe) {
            let way = &mut pipe.ways[of.end];
            let at = (now + Duration::from_nanos(way.conditions.latency_ns)).max(way.last_at);
            way.ends_at = way.ends_at.or(Some(at));
        }
    }

    /// Has nobody be at an end.
    pub(super) fn close(&mut self, of: PipeEnd) {
        if let Some(now) = self.latest {
            self.end(now, of);
        }
        let Some(pipe) = self.pipes.get_mut(&of.pipe) else { return };
        pipe.is_closed[of.end] = true;
        let (addresses, is_over) = (pipe.addresses, pipe.is_closed == [true; 2]);
        let here = self.of_address.get_mut(&addresses[of.end]);
        here.into_iter().for_each(|ends| ends.retain(|it| *it != of));
        if is_over {
            self.pipes.remove(&of.pipe);
            for (end, address) in (0..).zip(addresses) {
                let ends = self.of_address.get_mut(&address);
                ends.into_iter().for_each(|ends| ends.retain(|it| *it != PipeEnd { end, ..of }));
            }
        }
    }

    /// Breaks all off.
    pub(super) fn break_off(&mut self, now: Instant) {
        for pipe in self.pipes.values_mut() {
            pipe.broken_at = pipe.broken_at.or(Some(now));
        }
    }

    /// When something comes at an end, or it takes more.
    pub(super) fn comes_at(&self, of: PipeEnd) -> Option<Instant> {
        let pipe = self.pipes.get(&of.pipe)?;
        if of.end == 0 && !pipe.is_known {
            return Some(pipe.is_there_at);
        }
        let (way, out) = (&pipe.ways[1 - of.end], &pipe.ways[of.end]);
        let piece = way.pieces.front().map(|(at, _)| *at).filter(|_| !way.is_dead);
        let end = way.ends_at.filter(|_| !way.end_is_read && !way.is_dead);
        let room = out.asked_again_at.filter(|_| out.bytes < KEPT_BYTES);
        [piece, end, room, pipe.broken_at].into_iter().flatten().min()
    }

    /// When somebody comes to an address.
    pub(super) fn next_to_come(&self, address: SocketAddr) -> Option<Instant> {
        self.doors.get(&address)?.front().map(|(at, _)| *at)
    }

    /// When something happens at an address.
    pub(super) fn next_arrival_at(&self, address: SocketAddr) -> Option<Instant> {
        let ends = self.of_address.get(&address);
        let coming = ends.into_iter().flatten().filter_map(|end| self.comes_at(*end));
        coming.chain(self.next_to_come(address)).min()
    }

    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.of_address.keys().filter_map(|address| self.next_arrival_at(*address)).min()
    }

    /// These, with what was written here.
    pub(super) fn added_to(&self, mut counters: SimCounters) -> SimCounters {
        counters.sent += self.pieces;
        counters.sent_bytes += self.bytes;
        counters
    }

    /// A hash, with that of what was written here, if anything was.
    pub(super) fn added_to_hash(&self, hash: u64) -> u64 {
        if self.pieces == 0 { hash } else { mixed(hash, self.hash) }
    }
}

impl Way {
    fn new(now: Instant, conditions: Conditions) -> Way {
        Way {
            conditions,
            pieces: VecDeque::new(),
            bytes: 0,
            last_at: now,
            ends_at: None,
            end_is_read: false,
            is_dead: false,
            asked_again_at: None,
        }
    }

    /// When a piece that leaves now arrives; `None` if the line takes no more.
    fn arrival(
        &self,
        now: Instant,
        bytes: usize,
        black_until: Option<Instant>,
        random: &mut Random,
    ) -> Option<Instant> {
        let Conditions { latency_ns, jitter_ns, bottleneck, loss, .. } = &self.conditions;
        let mut leaves_at = black_until.unwrap_or(now);
        if let Some(bottleneck) = bottleneck {
            match bottleneck.pass(now, bytes, false) {
                Passage::Through { after_ns, .. } => leaves_at += Duration::from_nanos(after_ns),
                Passage::Dropped => return None,
            }
        }
        let latency = Duration::from_nanos(*latency_ns);
        let mut at = leaves_at + latency;
        if *jitter_ns > 0 {
            at += Duration::from_nanos(part(*jitter_ns, random.next()));
        }
        if loss.happens(|| random.next()) {
            at += RESENT_AFTER.max(2 * latency);
        }
        Some(at.max(self.last_at))
    }
}

/// A pipe's end that somebody has.
pub(crate) struct HeldEnd {
    pub(super) network: SimNetwork,
    pub(super) end: PipeEnd,
    pub(super) addresses: [SocketAddr; 2],
}

impl HeldEnd {
    /// The address here.
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[self.end.end]
    }

    pub(crate) fn is_there(&self, now: Instant) -> io::Result<bool> {
        self.network.pipes().is_there(now, self.end)
    }

    pub(crate) fn read(&self, now: Instant, into: &mut [u8]) -> io::Result<usize> {
        self.network.pipes().read(now, self.end, into)
    }

    pub(crate) fn write(&self, now: Instant, bytes: &[u8]) -> io::Result<usize> {
        let (black_until, is_cut_off) = self.network.traffic().is_black(now, self.addresses);
        self.network.pipes().write(now, self.end, bytes, black_until, is_cut_off)
    }

    pub(crate) fn end(&self, now: Instant) {
        self.network.pipes().end(now, self.end);
    }

    pub(crate) fn comes_at(&self) -> Option<Instant> {
        self.network.pipes().comes_at(self.end)
    }
}

impl Drop for HeldEnd {
    fn drop(&mut self) {
        self.network.pipes().close(self.end);
    }
}

#[cfg(test)]
mod tests;
