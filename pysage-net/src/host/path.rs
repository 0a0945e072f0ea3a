//! Peers whose address changes: their key shows that it is them, and an answer that they are there.
//!
//! Until then all goes on to the address before. So whoever sends a copy of a datagram from elsewhere
//! has nobody flooded, and nothing led away from the peer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::peer::State;
use super::{Host, MOST_REPLIES};
use crate::endpoint::Endpoint;

/// A new address of a peer that is being checked.
pub(super) struct Path {
    address: SocketAddr,
    token: [u8; 8],
    asked_at: Instant,
}

/// It is asked again after so long, if something still comes from there.
const ASK_INTERVAL: Duration = Duration::from_millis(100);

impl Host {
    /// Asks a peer of which something new has come from another address whether it is there.
    pub(super) fn check_path(&mut self, now: Instant, index: u32, from: SocketAddr) {
        let token = self.random.next().to_le_bytes();
        let Some(peer) = self.peers.at(index) else { return };
        let State::Up(up) = &mut peer.state else { return };
        let path = match &mut up.path {
            Some(path) if path.address == from && now < path.asked_at + ASK_INTERVAL => return,
            Some(path) if path.address == from => path,
            path => path.insert(Box::new(Path { address: from, token, asked_at: now })),
        };
        path.asked_at = now;
        let token = path.token;
        self.say_of_path(index, from, true, token);
    }

    /// Answers a peer that asks whether this arrives here.
    pub(super) fn answer_path(&mut self, index: u32, from: SocketAddr, token: [u8; 8]) {
        self.say_of_path(index, from, false, token);
    }

    /// Has a peer be where it was asked, if it has answered from there.
    pub(super) fn end_path(&mut self, index: u32, from: SocketAddr, token: [u8; 8]) {
        let Some(peer) = self.peers.at(index) else { return };
        let State::Up(up) = &mut peer.state else { return };
        let is_there = |path: &mut Box<Path>| path.address == from && path.token == token;
        if up.path.take_if(is_there).is_none() {
            return;
        }
        peer.move_to(from);
        self.peers.rename(index, from);
        self.peers.set_news(index);
        self.peers.set_due(index);
    }

    fn say_of_path(&mut self, index: u32, to: SocketAddr, asks: bool, token: [u8; 8]) {
        if self.replies.len() >= MOST_REPLIES {
            return;
        }
        let Some(peer) = self.peers.at(index) else { return };
        let State::Up(up) = &peer.state else { return };
        let mut bytes = Vec::new();
        let (number, known) = peer.endpoint.next_number();
        up.session.begin(number, known, &mut bytes);
        Endpoint::write_path(asks, token, &mut bytes);
        up.session.seal(number, 0, &mut bytes);
        peer.endpoint.departed_alone();
        self.replies.push_back((to, bytes));
    }
}
