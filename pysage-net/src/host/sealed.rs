//! The handshake of those who have keys, and who is let in by them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pysage_core::wire::{Codec, FrameHead, Purpose, Receiver};
use pysage_core::{Delivery, PacketType};

use super::Host;
use super::greeting::Calling;
use super::peer::{Peer, State};
use super::shake::reason_of;
use crate::endpoint::Reader;
use crate::event::DisconnectReason;
use crate::session::{
    Answer, Heard, Letter, PublicKey, Refusal, Said, SealedHello, Session, Shake, Terms,
};

/// So many sessions of a peer may wait for it to show that it got the answer: whoever says again
/// what a peer has said makes another one, and must not end that of the peer.
const MOST_TRIES: usize = 4;

/// Why there is no answer to a request that its peer may not make: docs/wire.md has all the reasons.
const NOT_ALLOWED: u8 = 7;

impl Host {
    /// Takes a hello of who shows that it has a key. Nothing is kept of it unless it is let in.
    pub(super) fn sealed_hello(
        &mut self,
        now: Instant,
        from: SocketAddr,
        shake: &Shake,
        hello: SealedHello,
    ) -> bool {
        let Some(age) = self.cookies.check(now, from, shake.client_key, hello.cookie) else {
            return self.give_cookie(now, from, shake);
        };
        if !self.security.seals() {
            return self.refuse(from, shake, Refusal::OtherSecurity);
        }
        let client = (shake.client_session, shake.client_key);
        // Who says it again is mostly the last that came from there, which is found at once.
        let last = self.peers.of_address(from).filter(|index| self.is_of(*index, client));
        if last.is_none() && !self.takes_handshake(now, from) {
            return false;
        }
        let is_known = |peer: &&Peer| {
            peer.address == Some(from)
                && matches!(&peer.state, State::Up(up) if up.client == client)
        };
        let known = last.or_else(|| Some(self.peers.iter().find(is_known)?.link.index));
        if let Some(known) = known {
            let answer = self.peers.at(known).and_then(|peer| peer.answer.as_deref().copied());
            return answer.is_some_and(|answer| self.answer(from, shake, answer));
        }
        let Some(heard) = self.security.hear(client, &hello.letter, &mut self.random) else {
            return self.refuse(from, shake, Refusal::OtherSecurity);
        };
        let Ok(terms) = Terms::read(&mut Reader::new(&heard.said)) else { return false };
        if let Some(refusal) = self.refusal_for(from, heard.key, terms) {
            let (letter, _) = heard.answer(&Answer::Refusal(refusal).to_bytes());
            return self.answer(from, shake, letter);
        }
        // Those that have ended stay until that was told: who starts again and again asks again.
        if self.peers.len() >= self.settings.most_peers.saturating_mul(2) {
            return false;
        }
        let letter = self.admit_sealed(now, from, client, heard, (terms, age));
        self.answer(from, shake, letter)
    }

    /// Why one is not let in that was heard.
    fn refusal_for(
        &mut self,
        from: SocketAddr,
        key: Option<PublicKey>,
        terms: Terms,
    ) -> Option<Refusal> {
        let ours = self.settings.terms;
        if !self.security.allows(key.as_ref()) {
            return Some(Refusal::NotAllowed);
        }
        if (terms.codec, terms.message_bytes) != (ours.codec, ours.message_bytes) {
            return Some(Refusal::Incompatible);
        }
        let is_full = self.peers.len() >= self.settings.most_peers;
        let comes_anew = || self.peers.iter().any(|peer| is_same(peer, from, key));
        (is_full && !comes_anew()).then_some(Refusal::TooManyPeers)
    }

    /// Makes a peer of who is let in; what it is answered.
    fn admit_sealed(
        &mut self,
        now: Instant,
        from: SocketAddr,
        client: (u32, u64),
        heard: Heard,
        (terms, age): (Terms, Duration),
    ) -> Letter {
        let tries = self.same(from, heard.key, false);
        if tries.len() >= MOST_TRIES
            && let Some(oldest) = tries.into_iter().min_by_key(|index| self.peers.idle_at(*index))
        {
            self.end(oldest, DisconnectReason::Restarted);
        }
        let key = heard.key;
        let limited = self.limited(now);
        let link = self.add(now, Some(from), State::LooksUp);
        self.begin_pending(link.index, from);
        let peer = self.peers.at(link.index).expect("it was just added");
        let welcome =
            Answer::Welcome { server_session: peer.session_here, terms: self.settings.terms };
        let (letter, secrets) = heard.answer(&welcome.to_bytes());
        peer.know(key, self.security.rights(key.as_ref()));
        peer.answer = Some(Box::new(letter));
        let round_trip_us = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
        let told = [terms.window_bytes, round_trip_us];
        let session = Session::sealed(&secrets, client.0);
        peer.come_up(now, session, client, limited, told, &self.table);
        self.peers.name(from, link.index);
        letter
    }

    /// Ends the former connection of a peer that has shown now that it has connected anew: what it
    /// said before could have been a hello of its that somebody said again.
    pub(super) fn end_former(&mut self, now: Instant, index: u32) {
        if !self.listens || !self.security.seals() {
            return;
        }
        let Some(peer) = self.peers.at(index) else { return };
        let (Some(address), key) = (peer.address, peer.key) else { return };
        for former in self.same(address, key, true) {
            if former != index {
                self.part(now, former, DisconnectReason::Restarted);
            }
        }
    }

    /// The connections of the same peer: by its key, or else by its address.
    fn same(&self, from: SocketAddr, key: Option<PublicKey>, confirmed: bool) -> Vec<u32> {
        let is_one = |peer: &&Peer| {
            is_same(peer, from, key)
                && matches!(&peer.state, State::Up(up) if up.is_confirmed == confirmed)
        };
        self.peers.iter().filter(is_one).map(|peer| peer.link.index).collect()
    }

    fn answer(&mut self, to: SocketAddr, shake: &Shake, letter: Letter) -> bool {
        self.reply(to, &Shake { said: Said::SealedAnswer(letter), ..*shake })
    }

    /// Makes what a client says that has a key, once its first hello has left.
    pub(super) fn make_call(&mut self, index: u32) {
        let Some(peer) = self.peers.at(index) else { return };
        let State::Hello(greeting) = &mut peer.state else { return };
        if !matches!(greeting.calling, Calling::Soon) {
            return;
        }
        let mut terms = Vec::new();
        self.settings.terms.write(&mut terms);
        let client = (peer.session_here, greeting.client_key);
        let Some(call) = self.security.call(client, &terms, &mut self.random) else {
            // The list has changed since: there is nobody to call.
            return self.end(index, DisconnectReason::NotAllowed);
        };
        let called = call.key;
        greeting.calling = Calling::By(Box::new(call));
        peer.know(called, self.security.rights(called.as_ref()));
    }

    /// Takes what a server answers, if it is the one that was called.
    pub(super) fn sealed_answer(
        &mut self,
        now: Instant,
        from: SocketAddr,
        shake: &Shake,
        letter: &Letter,
    ) -> bool {
        let Some(peer) = self.greeted(from, shake) else { return false };
        let index = peer.link.index;
        let State::Hello(greeting) = &mut peer.state else { return false };
        let Calling::By(call) = &mut greeting.calling else { return false };
        let Some((said, secrets)) = call.answered(letter) else { return false };
        match Answer::read(&said) {
            Ok(Answer::Refusal(refusal)) => self.end(index, reason_of(refusal)),
            Ok(Answer::Welcome { server_session, terms }) => {
                let session = Session::sealed(&secrets, server_session);
                self.come_up(now, index, shake, session, terms);
            }
            Err(_) => return false,
        }
        true
    }

    /// Ends the connections of those who are let in no more, if the list has changed, and takes note
    /// of what the others may send now.
    pub(super) fn look_at_list(&mut self, now: Instant) {
        let changes = self.security.changes();
        if std::mem::replace(&mut self.list_changes, changes) == changes {
            return;
        }
        let mut out = Vec::new();
        for peer in self.peers.all_mut().filter(|peer| peer.key.is_some()) {
            if self.security.allows(peer.key.as_ref()) {
                peer.know(peer.key, self.security.rights(peer.key.as_ref()));
                continue;
            }
            // Also what came from one that has left since.
            peer.mute();
            out.extend((!peer.has_ended()).then_some(peer.link.index));
        }
        for index in out {
            self.part(now, index, DisconnectReason::NotAllowed);
        }
    }
}

impl Peer {
    /// Tells a peer that what it has asked is not answered, as far as there is room.
    pub(super) fn refuse(&mut self, codec: Codec, asked: &[(PacketType, u64)]) {
        let mut refusal = Vec::new();
        for (packet_type, number) in asked {
            let (receiver, purpose) = (Receiver::Subscribers, Purpose::Refusal(*number));
            let head = FrameHead { packet_type: *packet_type, receiver, sender: None, purpose };
            refusal.clear();
            head.write(codec, &mut refusal);
            refusal.push(NOT_ALLOWED);
            if self.takes_messages() && self.room_bytes() >= refusal.len() {
                let lengths = [refusal.len() as u32];
                self.endpoint.send(&refusal, &lengths, Delivery::ReliableUnordered, 0);
            }
        }
    }
}

/// What a frame asks, if it does: of which type, and by which number.
pub(super) fn asked(codec: Codec, frame: &[u8]) -> Option<(PacketType, u64)> {
    let (head, _) = FrameHead::read(codec, frame).ok()?;
    match head.purpose {
        Purpose::Request(number) => Some((head.packet_type, number)),
        _ => None,
    }
}

/// Whether it is a connection of the same peer.
fn is_same(peer: &Peer, from: SocketAddr, key: Option<PublicKey>) -> bool {
    if key.is_some() { peer.key == key } else { peer.address == Some(from) }
}
