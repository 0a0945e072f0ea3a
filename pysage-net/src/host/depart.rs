//! What leaves.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Host;
use super::peer::State;
use crate::carrier::{Arrived, DatagramCarrier, Departing, MOST_SEGMENTS};
use crate::session::Stepping;

/// Datagrams on their way to the carrier.
#[derive(Default)]
pub(super) struct Departures {
    /// Of one size, one behind the other, but for the last.
    bytes: Vec<u8>,
    segment_bytes: usize,
    count: usize,
    to: Option<SocketAddr>,
    markable: bool,
    /// How many bytes of them the carrier has taken; it takes no more now.
    taken: Option<usize>,
    /// When there were many.
    many_at: Option<Instant>,
}

/// A datagram that lacks no more than this is filled up where that makes it leave more cheaply.
const FILLED_UP_BYTES: usize = 64;

/// Less than this at a time does not fill a queue on its way, and is not marked.
const MARKED_BYTES: usize = 600;

/// A buffer for more than this is given back once it was not needed for so long.
const KEPT_BYTES: usize = 1_200;
const KEPT_FOR: Duration = Duration::from_millis(250);

/// So many datagrams leave for one peer before it is another one's turn.
const TURN_DATAGRAMS: usize = 4 * MOST_SEGMENTS;

/// When a carrier that takes no more is asked again.
pub(super) const STALLED_FOR: Duration = Duration::from_millis(1);

impl Departures {
    pub(super) fn is_stalled(&self) -> bool {
        self.taken.is_some()
    }

    /// Hands what is there to the carrier. What it does not take stays; whether it took all.
    fn hand_over(
        &mut self,
        now: Instant,
        carrier: &mut dyn DatagramCarrier,
    ) -> Result<bool, io::Error> {
        let Some(to) = self.to else { return Ok(true) };
        let start = self.taken.unwrap_or(0);
        // Marks cost a call of the system more than a small datagram is worth.
        let departing = Departing {
            to,
            markable: self.markable && self.bytes.len() > MARKED_BYTES,
            bytes: &self.bytes[start..],
            segment_bytes: self.segment_bytes,
        };
        let taken = carrier.send(now, departing);
        if let Ok(taken) = taken
            && start + taken < self.bytes.len()
        {
            self.taken = Some(start + taken);
            return Ok(false);
        }
        self.clear(now);
        taken.map(|_| true)
    }

    fn clear(&mut self, now: Instant) {
        (self.count, self.to, self.taken) = (0, None, None);
        if self.bytes.len() > KEPT_BYTES {
            self.many_at = Some(now);
        }
        self.bytes.clear();
        if self.many_at.is_some_and(|at| at + KEPT_FOR <= now) {
            self.many_at = None;
            self.bytes = Vec::new();
        }
    }
}

impl Host {
    /// Does what is due, and hands what can leave now to the carrier.
    ///
    /// # Errors
    /// An error of the carrier that concerns no address.
    pub(crate) fn transmit(
        &mut self,
        now: Instant,
        carrier: &mut dyn DatagramCarrier,
    ) -> io::Result<()> {
        self.latest = now;
        self.look_at_list(now);
        self.gate.rest(now);
        self.peers.pass(now);
        self.transmit_due(now, carrier);
        self.failure.take().map_or(Ok(()), Err)
    }

    fn transmit_due(&mut self, now: Instant, carrier: &mut dyn DatagramCarrier) {
        if self.departing.is_stalled() && !self.hand_over(now, carrier) {
            return;
        }
        while let Some((to, bytes)) = self.replies.pop_front() {
            if !self.depart_alone(now, to, &bytes, carrier) {
                return;
            }
        }
        self.tell_streams(now, carrier);
        while let Some(index) = self.peers.next_due() {
            if !self.serve(now, index, carrier) {
                self.peers.set_due(index);
                return;
            }
        }
        self.tell_streams(now, carrier);
        if let Some(streams) = carrier.streams() {
            streams.flush(now);
        }
    }

    /// When [`transmit`](Self::transmit) is to be called again, if nothing happens before.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        if self.departing.is_stalled() {
            return Some(self.latest + STALLED_FOR);
        }
        if self.peers.has_due() || !self.replies.is_empty() {
            return Some(self.latest);
        }
        self.peers.next_look()
    }

    /// Does what is due for a peer; whether the carrier took all.
    fn serve(&mut self, now: Instant, index: u32, carrier: &mut dyn DatagramCarrier) -> bool {
        let Some(peer) = self.peers.at(index) else { return true };
        match &peer.state {
            State::LooksUp | State::Ended => true,
            State::Hello(_) => {
                self.greet(now, index);
                match self.replies.pop_front() {
                    Some((to, bytes)) => self.depart_alone(now, to, &bytes, carrier),
                    None => true,
                }
            }
            State::Up(_) => {
                if let Some(reason) = peer.ends(now) {
                    self.part(now, index, reason);
                    return match self.replies.pop_front() {
                        Some((to, bytes)) => self.depart_alone(now, to, &bytes, carrier),
                        None => true,
                    };
                }
                peer.endpoint.advance(now);
                let took_all = self.write(now, index, carrier);
                if let Some(peer) = self.peers.at(index).filter(|_| took_all) {
                    let ends_at = peer.ends_at();
                    let at = match peer.is_stalled {
                        true => peer.endpoint.idle_at(),
                        false => peer.endpoint.wake_at(now),
                    };
                    match ends_at.map_or(at, |end| end.min(at)) {
                        at if at <= now => self.peers.set_due(index),
                        at => self.peers.look_at(index, at),
                    }
                }
                took_all
            }
        }
    }

    /// Writes the datagrams of a peer's turn; whether the carrier took all.
    fn write(&mut self, now: Instant, index: u32, carrier: &mut dyn DatagramCarrier) -> bool {
        let (fills_up, over_streams) = (carrier.prefers_one_size(), self.settings.over_streams);
        let most_bytes = self.settings.datagram_bytes;
        for _ in 0..TURN_DATAGRAMS {
            let Some(peer) = self.peers.at(index) else { return true };
            let (State::Up(up), Some(to)) = (&mut peer.state, peer.address) else { return true };
            peer.is_stalled = false;
            if !peer.endpoint.wants_to_send(now) {
                break;
            }
            let session = &mut up.session;
            if over_streams && !carrier.streams().is_some_and(|streams| streams.has_room(to)) {
                peer.is_stalled = true;
                break;
            }
            let batch = &mut self.departing;
            let start = batch.bytes.len();
            let (number, known) = peer.endpoint.next_number();
            match session.step(now, number, known, self.settings.rekey) {
                Stepping::No => {}
                #[cfg(feature = "secure")]
                Stepping::Stepped => self.counters.rekeys += 1,
                #[cfg(feature = "secure")]
                Stepping::Asks => peer.endpoint.ask(),
            }
            session.begin(number, known, &mut batch.bytes);
            let written = peer.endpoint.write(now, &mut batch.bytes);
            let full = start + most_bytes - session.tag_bytes();
            if fills_up && batch.bytes.len() + FILLED_UP_BYTES >= full {
                // Zeros are padding.
                batch.bytes.resize(full, 0);
            }
            session.seal(number, start, &mut batch.bytes);
            let datagram_bytes = batch.bytes.len() - start;
            peer.endpoint.departed(now, &written, datagram_bytes);
            self.counters.resent += written.resent;
            self.counters.datagrams_sent += 1;
            self.counters.bytes_sent += datagram_bytes as u64;
            let took_all = match over_streams {
                true => {
                    (batch.segment_bytes, batch.count, batch.to) = (datagram_bytes, 1, Some(to));
                    batch.markable = false;
                    self.hand_over(now, carrier)
                }
                false => self.gather(now, to, start, carrier),
            };
            if !took_all {
                return false;
            }
        }
        self.hand_over(now, carrier)
    }

    /// Takes the datagram that was written behind the others into their batch, or has those leave
    /// before; whether the carrier took what left.
    fn gather(
        &mut self,
        now: Instant,
        to: SocketAddr,
        start: usize,
        carrier: &mut dyn DatagramCarrier,
    ) -> bool {
        let batch = &mut self.departing;
        let bytes = batch.bytes.len() - start;
        if batch.count > 0 && bytes > batch.segment_bytes {
            let last = batch.bytes.split_off(start);
            let took_all = self.hand_over(now, carrier);
            let batch = &mut self.departing;
            if !took_all {
                // It waits behind them, and leaves alone.
                self.replies.push_front((to, last));
                return false;
            }
            batch.bytes.extend_from_slice(&last);
        }
        let batch = &mut self.departing;
        if batch.count == 0 {
            (batch.segment_bytes, batch.to) = (bytes, Some(to));
            batch.markable = carrier.marks_congestion();
        }
        batch.count += 1;
        let is_full = batch.count == MOST_SEGMENTS || bytes < batch.segment_bytes;
        !is_full || self.hand_over(now, carrier)
    }

    fn hand_over(&mut self, now: Instant, carrier: &mut dyn DatagramCarrier) -> bool {
        let to = self.departing.to;
        match self.departing.hand_over(now, carrier) {
            Ok(took_all) => took_all,
            Err(error) => {
                // As if they had been lost.
                match error.kind() {
                    ErrorKind::ConnectionRefused
                    | ErrorKind::ConnectionReset
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::NetworkDown
                    | ErrorKind::AddrNotAvailable
                    | ErrorKind::PermissionDenied => {
                        let kind = error.kind();
                        self.arrived(now, Arrived::Unreachable { address: to, kind });
                    }
                    _ => self.failure = Some(error),
                }
                true
            }
        }
    }

    /// Has a single datagram leave; whether the carrier took it.
    fn depart_alone(
        &mut self,
        now: Instant,
        to: SocketAddr,
        bytes: &[u8],
        carrier: &mut dyn DatagramCarrier,
    ) -> bool {
        self.counters.datagrams_sent += 1;
        self.counters.bytes_sent += bytes.len() as u64;
        let batch = &mut self.departing;
        batch.bytes.extend_from_slice(bytes);
        (batch.segment_bytes, batch.count, batch.to) = (bytes.len(), 1, Some(to));
        batch.markable = false;
        self.hand_over(now, carrier)
    }
}
