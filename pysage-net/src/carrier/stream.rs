//! Datagrams over byte streams, one stream for each peer: TCP, or pipes of a simulated network.
//!
//! A stream loses and reorders nothing while it lasts, and takes only as much as gets through. So the
//! endpoint above leaves both to it ([`OverStreams`]).
//!
//! Strangers may connect as often as they like: a stream stays for [`STRANGER_TIME`] without a
//! session, and there are [`MOST_STRANGERS`] of those. For more the oldest one goes. What is kept of
//! each is a part of a frame, and what it does not read.

mod connection;
mod ends;
mod frames;
#[cfg(feature = "sim")]
mod simulated;
mod strangers;
mod system;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use super::{Arrived, Batch, DatagramCarrier, Departing, OverStreams, Wait, Waits};
use crate::rate::Share;
#[cfg(feature = "sim")]
use crate::sim::SimPort;
use connection::{Connection, Served};
use ends::{Door, Stream, is_about_one};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use frames::Frames;
pub(crate) use frames::{FRAME_BYTES, put_frame};
#[cfg(feature = "sim")]
use simulated::{SimDoor, SimStream};
use strangers::{MOST_STRANGERS, MostStrangers, STRANGER_TIME};
use system::{TcpDoor, TcpEnd};

/// Datagrams over byte streams.
pub(crate) struct StreamCarrier<D: Door> {
    /// Where others come in, if they may.
    door: Option<D>,
    /// In an order, so that a simulation can be had again.
    connections: BTreeMap<SocketAddr, Connection<D::Stream>>,
    /// What leaves together, as frames, and for whom.
    gathered: Vec<u8>,
    gathered_for: Option<SocketAddr>,
    /// Into which is read.
    buffer: Vec<u8>,
    /// Nobody is let in before: the system had no room for more.
    lets_in_at: Option<Instant>,
    /// When the first of those is read on of which more came than may.
    resumes_at: Option<Instant>,
    /// How many connections will end by themselves.
    passing: usize,
    door_unseen: u32,
    most_strangers: MostStrangers,
    waits_changed: u64,
    dropped: u64,
}

/// Bytes are gathered up to so many before they are handed to the system: more make no call cheaper.
const GATHERED_BYTES: usize = 64 << 10;

/// So many bytes are read with a call: some datagrams, in the cache of a core.
const READ_BYTES: usize = 64 << 10;

/// So many are let in before others have their turn.
const MOST_LET_IN: usize = 32;

/// So many streams are just tried. Of more it is asked with one call which of them have something.
const FEW_STREAMS: usize = 4;

/// It is not looked whether somebody has come so often in a row while a few streams bring something:
/// a call of the system less for each message there and back.
const MOST_UNSEEN: u32 = 8;

/// So long nobody is let in once the system has no room for more.
const NO_ROOM_TIME: Duration = Duration::from_millis(100);

/// So long the other end has to end a stream, too, once this one has.
const FINISH_TIME: Duration = Duration::from_secs(2);

impl StreamCarrier<TcpDoor> {
    /// A carrier at an address, for whoever connects. On `[::]` it takes IPv4, too.
    pub(crate) fn listen(at: SocketAddr) -> io::Result<Self> {
        Ok(StreamCarrier::new(Some(TcpDoor::open(at)?)))
    }

    /// A carrier for one peer, whose address it is.
    pub(crate) fn connect(now: Instant, to: SocketAddr) -> io::Result<Self> {
        Ok(StreamCarrier::new(None).with(now, to, TcpEnd::connect(to)?))
    }

    /// A carrier for nobody.
    pub(crate) fn idle() -> Self {
        StreamCarrier::new(None)
    }
}

#[cfg(feature = "sim")]
impl StreamCarrier<SimDoor> {
    /// A carrier at the address of a port.
    pub(crate) fn listen_simulated(at: SocketAddr, port: &SimPort) -> io::Result<Self> {
        Ok(StreamCarrier::new(Some(SimDoor::open(at, port)?)))
    }

    /// A carrier for one peer, from a port.
    pub(crate) fn connect_simulated(now: Instant, to: SocketAddr, port: &SimPort) -> Self {
        StreamCarrier::new(None).with(now, to, SimStream::connect(now, to, port))
    }
}

impl<D: Door> StreamCarrier<D> {
    fn new(door: Option<D>) -> Self {
        StreamCarrier {
            door,
            connections: BTreeMap::new(),
            gathered: Vec::new(),
            gathered_for: None,
            buffer: Vec::new(),
            lets_in_at: None,
            resumes_at: None,
            passing: 0,
            door_unseen: 0,
            most_strangers: MOST_STRANGERS,
            waits_changed: 0,
            dropped: 0,
        }
    }

    fn with(mut self, now: Instant, to: SocketAddr, stream: D::Stream) -> Self {
        self.connections.insert(to, Connection::begun(now, stream));
        self
    }

    /// Lets those in who have come.
    fn let_in(&mut self, now: Instant, each: &mut dyn FnMut(Arrived<'_>)) -> Batch {
        if self.lets_in_at.is_some_and(|at| at > now) {
            return Batch::All;
        }
        if self.lets_in_at.take().is_some() {
            self.waits_changed += 1;
        }
        let mut batch = Batch::All;
        for _ in 0..MOST_LET_IN {
            let Some(door) = &mut self.door else { break };
            match door.let_in(now) {
                Ok((stream, from)) => {
                    self.make_room(from, each);
                    let stranger = Connection::stranger(now, stream, now + STRANGER_TIME);
                    self.connections.insert(from, stranger);
                    batch = Batch::More;
                    self.passing += 1;
                    self.waits_changed += 1;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // That is about the one who came.
                Err(error) if is_about_one(&error) => self.dropped += 1,
                // The system has no room: one that is of use to nobody so far may have taken it.
                Err(_) if self.send_away(None, 1, each) => {}
                Err(_) => {
                    self.dropped += 1;
                    self.lets_in_at = Some(now + NO_ROOM_TIME);
                    self.waits_changed += 1;
                    break;
                }
            }
        }
        batch
    }

    pub(super) fn remove(
        &mut self,
        address: SocketAddr,
        kind: ErrorKind,
        each: &mut dyn FnMut(Arrived<'_>),
    ) {
        let Some(connection) = self.connections.remove(&address) else { return };
        self.passing -= usize::from(connection.ends_at().is_some());
        self.waits_changed += 1;
        // A frame that is cut short.
        self.dropped += u64::from(connection.is_amid());
        if !connection.is_finishing() {
            each(Arrived::Ended { address, kind });
        }
    }

    /// Has those be read on whose time has come.
    fn resume(&mut self, now: Instant) {
        if self.resumes_at.is_none_or(|at| now < at) {
            return;
        }
        self.connections.values_mut().for_each(|connection| connection.resume(now));
        self.resumes_at = self.connections.values().filter_map(Connection::paused_until).min();
        self.waits_changed += 1;
    }

    /// Hands what is gathered to the stream it is for.
    fn pass_on(&mut self, now: Instant) {
        let Some(to) = self.gathered_for.take() else { return };
        if let Some(connection) = self.connections.get_mut(&to) {
            let waited = connection.waits_for();
            if !connection.write(now, &self.gathered) {
                self.dropped += 1;
            }
            self.waits_changed += u64::from(waited != connection.waits_for());
        }
        self.gathered.clear();
    }

    /// Reads and writes what a connection has, and says whether there may be more.
    fn serve(
        &mut self,
        now: Instant,
        address: SocketAddr,
        each: &mut dyn FnMut(Arrived<'_>),
    ) -> Batch {
        let Some(connection) = self.connections.get_mut(&address) else { return Batch::All };
        self.buffer.resize(READ_BYTES, 0);
        let waited = connection.waits_for();
        let served = connection.serve(now, &mut self.buffer, |what| each(what.of(address)));
        self.waits_changed += u64::from(waited != connection.waits_for());
        self.resumes_at = self.resumes_at.into_iter().chain(connection.paused_until()).min();
        match served {
            Served::Some(batch) => batch,
            Served::Ended(kind) => {
                self.dropped += u64::from(kind == ErrorKind::InvalidData);
                self.remove(address, kind, each);
                Batch::All
            }
        }
    }
}

impl<D: Door> DatagramCarrier for StreamCarrier<D> {
    fn local_addr(&self) -> SocketAddr {
        let of_stream = || self.connections.values().find_map(Connection::local_addr);
        let address = self.door.as_ref().map(Door::local_addr).or_else(of_stream);
        address.unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into())
    }

    fn datagram_bytes(&self) -> usize {
        FRAME_BYTES
    }

    fn marks_congestion(&self) -> bool {
        false
    }

    fn receive(&mut self, now: Instant, each: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch> {
        self.expire(now, each);
        self.resume(now);
        let is_few = D::IS_SIMULATED || self.connections.len() <= FEW_STREAMS;
        let (mut door, ready) = match is_few {
            true => (true, self.connections.keys().copied().collect()),
            false => system::ready(self.door.as_ref(), &self.connections),
        };
        let (mut batch, mut came) = (Batch::All, false);
        for address in ready {
            let served = self.serve(now, address, &mut |arrived| {
                came = true;
                each(arrived);
            });
            batch = if served == Batch::More { served } else { batch };
        }
        // Who waits is woken by who has come, too, if that is not looked at yet.
        if is_few && came && self.door_unseen < MOST_UNSEEN && !D::IS_SIMULATED {
            self.door_unseen += 1;
            door = false;
        }
        if door {
            self.door_unseen = 0;
            batch = if self.let_in(now, each) == Batch::More { Batch::More } else { batch };
        }
        Ok(batch)
    }

    fn send(&mut self, now: Instant, run: Departing<'_>) -> io::Result<usize> {
        if self.gathered_for != Some(run.to) {
            self.pass_on(now);
            self.gathered_for = Some(run.to);
        }
        for datagram in run.bytes.chunks(run.segment_bytes.max(1)) {
            put_frame(&mut self.gathered, datagram);
        }
        if self.gathered.len() >= GATHERED_BYTES {
            self.pass_on(now);
        }
        Ok(run.bytes.len())
    }

    fn arrives_at(&self) -> Option<Instant> {
        let passing = self.passing > 0;
        let passing = passing.then(|| self.connections.values().filter_map(Connection::ends_at));
        let coming = || self.connections.values().filter_map(Connection::comes_at);
        let door = self.door.as_ref().and_then(Door::comes_at);
        let simulated = D::IS_SIMULATED.then(coming);
        let all = passing.into_iter().flatten().chain(simulated.into_iter().flatten());
        all.chain(door).chain(self.lets_in_at).chain(self.resumes_at).min()
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }

    fn waits(&self) -> Waits {
        let door = self.door.as_ref().filter(|_| self.lets_in_at.is_none());
        let streams = self.connections.values().filter_map(Connection::wait);
        door.and_then(Door::wait).into_iter().chain(streams).collect()
    }

    fn waits_changed(&self) -> u64 {
        self.waits_changed
    }

    fn streams(&mut self) -> Option<&mut dyn OverStreams> {
        Some(self)
    }
}

impl<D: Door> OverStreams for StreamCarrier<D> {
    fn has_room(&mut self, peer: SocketAddr) -> bool {
        self.connections.get_mut(&peer).is_some_and(Connection::has_room)
    }

    fn keep(&mut self, peer: SocketAddr, share: Option<Box<Share>>) {
        if let Some(connection) = self.connections.get_mut(&peer) {
            self.passing -= usize::from(connection.keep(share));
        }
    }

    fn finish(&mut self, now: Instant, peer: SocketAddr) {
        self.pass_on(now);
        if let Some(connection) = self.connections.get_mut(&peer) {
            let passed = connection.ends_at().is_some();
            connection.finish(now, now + FINISH_TIME);
            self.passing += usize::from(!passed);
            self.waits_changed += 1;
        }
    }

    fn flush(&mut self, now: Instant) {
        self.pass_on(now);
    }

    fn is_quiet(&self) -> bool {
        self.passing == 0 || !self.connections.values().any(Connection::is_finishing)
    }
}

impl<D: Door> Drop for StreamCarrier<D> {
    /// What is left unread would have the system drop what the other ends have not read yet.
    fn drop(&mut self) {
        self.buffer.resize(READ_BYTES, 0);
        for connection in self.connections.values_mut() {
            connection.drain(&mut self.buffer);
        }
    }
}

#[cfg(test)]
mod tests;
