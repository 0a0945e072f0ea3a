//! Peers that were disconnected here, and may not have heard of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Host;
use super::peer::State;
use super::peers::Peers;
use crate::endpoint::Endpoint;
use crate::event::DisconnectReason;
use crate::session::{Header, Session};

/// What is left of a peer that was disconnected here, which may not have heard of it.
pub(super) struct Parted {
    session_here: u32,
    session: Session,
    address: SocketAddr,
    code: u8,
    /// The number of the next datagram to it.
    number: u64,
    /// The largest number that came from it.
    largest: Option<u64>,
    /// It has said that it has parted, too.
    is_heard: bool,
    until: Instant,
}

/// Why a peer ends the connection, in a byte.
pub(super) struct Parting;

/// The end is told again to those who did not hear of it for so long.
const PARTED_FOR: Duration = Duration::from_secs(3);

/// The end is told again to so many at the same time.
const MOST_PARTED: usize = 256;

impl Parting {
    fn code_of(reason: &DisconnectReason) -> u8 {
        match reason {
            DisconnectReason::Mismatch => 1,
            DisconnectReason::Malformed(_) => 2,
            DisconnectReason::NotAllowed => 3,
            DisconnectReason::Restarted => 4,
            _ => 0,
        }
    }

    pub(super) fn reason_of(code: u8) -> DisconnectReason {
        match code {
            1 => DisconnectReason::Mismatch,
            2 => DisconnectReason::FoundMalformed,
            3 => DisconnectReason::NotAllowed,
            4 => DisconnectReason::Restarted,
            _ => DisconnectReason::ClosedByPeer,
        }
    }
}

impl Parted {
    pub(super) fn has_high(&self, high: u32) -> bool {
        self.session_here >> Peers::INDEX_BITS == high >> Peers::INDEX_BITS
    }
}

impl Host {
    /// Has a peer be gone, and tells it.
    pub(super) fn part(&mut self, now: Instant, index: u32, reason: DisconnectReason) {
        let Some(peer) = self.peers.at(index) else { return };
        if let (State::Up(up), Some(address)) = (&peer.state, peer.address)
            && reason != DisconnectReason::TimedOut
        {
            let parted = Parted {
                session_here: peer.session_here,
                session: up.session.clone(),
                address,
                code: Parting::code_of(&reason),
                number: peer.endpoint.next_number().0,
                largest: peer.endpoint.largest_received(),
                is_heard: false,
                until: now + PARTED_FOR,
            };
            while self.parted.len() >= MOST_PARTED
                || self.parted.front().is_some_and(|parted| parted.until <= now)
            {
                self.parted.pop_front();
            }
            self.parted.push_back(parted);
            self.say_end(self.parted.len() - 1);
        }
        self.end(index, reason);
    }

    /// Tells who still sends to a session that has ended here; whether it is one. Who says that it has
    /// parted is told nothing: that would be answered in turn.
    pub(super) fn after_parting(
        &mut self,
        now: Instant,
        from: SocketAddr,
        header: Header,
        bytes: &[u8],
    ) -> bool {
        let at = self.parted.iter().position(|parted| {
            let is_of = parted.session_here == header.session && parted.address == from;
            is_of && parted.until > now
        });
        let Some(at) = at else { return false };
        let parted = &mut self.parted[at];
        let opened = parted.session.open(now, header, parted.largest, bytes, &mut self.opening);
        let Some((_, payload)) = opened else { return false };
        parted.is_heard |= Endpoint::is_close(payload);
        if !parted.is_heard && self.replies.len() < super::MOST_REPLIES {
            self.say_end(at);
        }
        true
    }

    fn say_end(&mut self, at: usize) {
        let parted = &mut self.parted[at];
        let mut bytes = Vec::new();
        // No earlier number is known to have arrived: the longest form says it all.
        parted.session.begin(parted.number, None, &mut bytes);
        Endpoint::write_close(parted.code, &mut bytes);
        parted.session.seal(parted.number, 0, &mut bytes);
        parted.number += 1;
        self.replies.push_back((parted.address, bytes));
    }
}
