//! The handshake.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::depart::STALLED_FOR;
use super::greeting::{Calling, ReasonHeard};
use super::peer::{Peer, State};
use super::streams::ForStream;
use super::{Host, MOST_REPLIES};
use crate::event::DisconnectReason;
use crate::session::{
    Cookie, Hello, Letter, Refusal, Said, SealedHello, Session, Shake, Terms, Welcome,
};

impl Host {
    /// Takes a datagram of the handshake; whether it was for this end.
    pub(super) fn shake(&mut self, now: Instant, from: SocketAddr, shake: &Shake) -> bool {
        match shake.said {
            Said::Hello(hello) => self.listens && self.hello(now, from, shake, hello),
            Said::Cookie(cookie) => self.cookie(now, from, shake, cookie),
            Said::Welcome(welcome) => self.welcome(now, from, shake, welcome),
            Said::Refusal(refusal) => self.refusal(from, shake, refusal),
            Said::SealedHello(hello) => self.listens && self.sealed_hello(now, from, shake, hello),
            Said::SealedAnswer(letter) => self.sealed_answer(now, from, shake, &letter),
        }
    }

    fn hello(&mut self, now: Instant, from: SocketAddr, shake: &Shake, hello: Hello) -> bool {
        let Some(age) = self.cookies.check(now, from, shake.client_key, hello.cookie) else {
            return self.give_cookie(now, from, shake);
        };
        if self.security.seals() {
            return self.refuse(from, shake, Refusal::OtherSecurity);
        }
        let ours = self.settings.terms;
        if (hello.terms.codec, hello.terms.message_bytes) != (ours.codec, ours.message_bytes) {
            return self.refuse(from, shake, Refusal::Incompatible);
        }
        let client = (shake.client_session, shake.client_key);
        let index = match self.peers.of_address(from) {
            Some(index) if self.is_of(index, client) => index,
            before => {
                if !self.takes_handshake(now, from) {
                    return false;
                }
                let (peers, most) = (self.peers.len(), self.settings.most_peers);
                if before.is_none() && peers >= most {
                    return self.refuse(from, shake, Refusal::TooManyPeers);
                }
                // Those that have ended stay until that was told: who starts again and again asks
                // again.
                if peers >= most.saturating_mul(2) {
                    return false;
                }
                if let Some(before) = before {
                    self.end(before, DisconnectReason::Restarted);
                }
                self.admit(now, from, client, hello, age)
            }
        };
        let Some(peer) = self.peers.at(index) else { return false };
        let welcome =
            Welcome { server_session: peer.session_here, server_key: peer.server_key, terms: ours };
        self.reply(from, &Shake { said: Said::Welcome(welcome), ..*shake })
    }

    /// Makes a peer of who has shown that it is where it says.
    fn admit(
        &mut self,
        now: Instant,
        from: SocketAddr,
        client: (u32, u64),
        hello: Hello,
        age: Duration,
    ) -> u32 {
        let server_key = self.random.next();
        let limited = self.limited(now);
        let link = self.add(now, Some(from), State::LooksUp);
        let session = Session::new(client.1, server_key, client.0);
        self.begin_pending(link.index, from);
        if let Some(peer) = self.peers.at(link.index) {
            peer.server_key = server_key;
            let round_trip_us = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
            let told = [hello.terms.window_bytes, round_trip_us];
            peer.come_up(now, session, client, limited, told, &self.table);
        }
        self.peers.name(from, link.index);
        link.index
    }

    pub(super) fn give_cookie(&mut self, now: Instant, from: SocketAddr, shake: &Shake) -> bool {
        self.cookies.change_key(now, &mut self.random);
        let cookie = self.cookies.give(now, from, shake.client_key);
        self.reply(from, &Shake { said: Said::Cookie(cookie), ..*shake })
    }

    pub(super) fn refuse(&mut self, from: SocketAddr, shake: &Shake, refusal: Refusal) -> bool {
        self.reply(from, &Shake { said: Said::Refusal(refusal), ..*shake })
    }

    pub(super) fn is_of(&mut self, index: u32, client: (u32, u64)) -> bool {
        let peer = self.peers.at(index).map(|peer| &peer.state);
        matches!(peer, Some(State::Up(up)) if up.client == client)
    }

    pub(super) fn reply(&mut self, to: SocketAddr, shake: &Shake) -> bool {
        if self.replies.len() >= MOST_REPLIES {
            return false;
        }
        let mut bytes = Vec::new();
        shake.write(self.settings.datagram_bytes, &mut bytes);
        self.replies.push_back((to, bytes));
        true
    }

    /// The peer that is greeted from here in this session, if the address is right, too.
    pub(super) fn greeted(&mut self, from: SocketAddr, shake: &Shake) -> Option<&mut Peer> {
        let peer = self.peers.of_session(shake.client_session)?;
        let is_asked = matches!(&peer.state, State::Hello(it) if it.client_key == shake.client_key);
        Some(peer).filter(|peer| is_asked && peer.address == Some(from))
    }

    fn cookie(&mut self, now: Instant, from: SocketAddr, shake: &Shake, cookie: Cookie) -> bool {
        let Some(peer) = self.greeted(from, shake) else { return false };
        let index = peer.link.index;
        if let State::Hello(greeting) = &mut peer.state {
            greeting.take(now, cookie);
        }
        self.peers.set_due(index);
        true
    }

    fn welcome(&mut self, now: Instant, from: SocketAddr, shake: &Shake, welcome: Welcome) -> bool {
        let Some(peer) = self.greeted(from, shake) else { return false };
        // Anyone can welcome whom nobody guards.
        if matches!(&peer.state, State::Hello(greeting) if greeting.calling.is_sealed()) {
            return false;
        }
        let index = peer.link.index;
        let session = Session::new(shake.client_key, welcome.server_key, welcome.server_session);
        self.come_up(now, index, shake, session, welcome.terms);
        true
    }

    /// Takes note that a peer is there that was greeted.
    pub(super) fn come_up(
        &mut self,
        now: Instant,
        index: u32,
        shake: &Shake,
        session: Session,
        terms: Terms,
    ) {
        let limited = self.limited(now);
        let Some(peer) = self.peers.at(index) else { return };
        let said_at = match &peer.state {
            State::Hello(greeting) => greeting.said_at.unwrap_or(now),
            _ => now,
        };
        let client = (shake.client_session, shake.client_key);
        let round_trip = now.saturating_duration_since(said_at);
        let round_trip_us = u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX);
        let told = [terms.window_bytes, round_trip_us];
        peer.come_up(now, session, client, limited, told, &self.table);
        peer.confirm();
        let address = peer.address.filter(|_| self.settings.over_streams);
        self.for_streams.extend(address.map(|address| (address, ForStream::Keep)));
        self.peers.set_due(index);
        self.peers.set_changed(index);
        self.peers.set_news(index);
    }

    fn refusal(&mut self, from: SocketAddr, shake: &Shake, refusal: Refusal) -> bool {
        let Some(peer) = self.greeted(from, shake) else { return false };
        let index = peer.link.index;
        if let State::Hello(greeting) = &mut peer.state
            && greeting.calling.is_sealed()
        {
            // Anyone could have said it: it is the reason only if nothing better comes.
            greeting.reason = Some(match refusal {
                Refusal::Incompatible => ReasonHeard::Incompatible,
                _ => ReasonHeard::OtherSecurity,
            });
            return true;
        }
        self.end(index, reason_of(refusal));
        true
    }

    /// Says hello to a peer if it is time, or gives it up.
    pub(super) fn greet(&mut self, now: Instant, index: u32) {
        if self.check_stream(index) {
            return;
        }
        let terms = self.settings.terms;
        let hello_bytes = self.settings.datagram_bytes;
        let Some(peer) = self.peers.at(index) else { return };
        let (session, address) = (peer.session_here, peer.address);
        let State::Hello(greeting) = &mut peer.state else { return };
        if let Some(reason) = greeting.failure(now) {
            return self.end(index, reason);
        }
        if let Some(to) = address.filter(|_| greeting.say_at <= now) {
            greeting.said(now);
            let cookie = greeting.cookie();
            let said = match &greeting.calling {
                Calling::Openly => Said::Hello(Hello { cookie, terms }),
                Calling::Soon => Said::SealedHello(SealedHello { cookie, letter: Letter::EMPTY }),
                Calling::By(call) => {
                    Said::SealedHello(SealedHello { cookie, letter: call.letter() })
                }
            };
            let client_key = greeting.client_key;
            let shake = Shake { client_session: session, client_key, said };
            let mut bytes = Vec::new();
            shake.write(hello_bytes, &mut bytes);
            self.replies.push_back((to, bytes));
        }
        let Some(State::Hello(greeting)) = self.peers.at(index).map(|peer| &peer.state) else {
            return;
        };
        // Where its stream has ended, that is told soon.
        let at = if self.ended_early.is_some() { now + STALLED_FOR } else { greeting.say_at };
        self.peers.look_at(index, at);
    }
}

/// Why a connection ends that was refused.
pub(super) fn reason_of(refusal: Refusal) -> DisconnectReason {
    match refusal {
        Refusal::TooManyPeers => DisconnectReason::TooManyPeers,
        Refusal::Incompatible => DisconnectReason::Incompatible,
        Refusal::OtherSecurity => DisconnectReason::OtherSecurity,
        Refusal::NotAllowed => DisconnectReason::NotAllowed,
    }
}
