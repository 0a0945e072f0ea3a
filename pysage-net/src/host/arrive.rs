//! What arrives, and whose it is.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;

use super::Host;
use super::greeting::ReasonHeard;
use super::parting::Parting;
use super::peer::State;
use super::streams::ForStream;
use crate::carrier::Arrived;
use crate::endpoint::{Malformed, Said};
use crate::event::DisconnectReason;
use crate::session::{Datagram, Header, Shake};

const TOO_MUCH: &str = "more came than there was room for";

impl Host {
    /// Takes what arrived from anyone.
    #[inline]
    pub(crate) fn arrived(&mut self, now: Instant, arrived: Arrived<'_>) {
        match arrived {
            Arrived::Datagram { from, is_marked, bytes } => {
                self.counters.datagrams_received += 1;
                self.look_at_list(now);
                if !self.datagram(now, from, is_marked, bytes) {
                    self.counters.datagrams_dropped += 1;
                }
            }
            Arrived::Unreachable { address, kind } => self.unreachable(address, kind),
            Arrived::Ready { address } => self.stream_is_ready(address),
            Arrived::Paused { address, until } => self.stream_is_paused(address, until),
            Arrived::Ended { address, kind } => self.stream_ended(address, kind),
        }
    }

    /// Takes a datagram; whether it was somebody's.
    fn datagram(&mut self, now: Instant, from: SocketAddr, is_marked: bool, bytes: &[u8]) -> bool {
        match Datagram::read(bytes) {
            Ok(Datagram::Sealed(header, bytes)) => self.sealed(now, from, is_marked, header, bytes),
            Ok(Datagram::Shake(bytes)) => match Shake::read(bytes, self.settings.datagram_bytes) {
                Ok(shake) => self.shake(now, from, &shake),
                Err(Malformed(_)) => false,
            },
            Err(Malformed(_)) => false,
        }
    }

    fn sealed(
        &mut self,
        now: Instant,
        from: SocketAddr,
        is_marked: bool,
        header: Header,
        bytes: &[u8],
    ) -> bool {
        let Some(peer) = self.peers.of_session(header.session) else {
            return self.after_parting(now, from, header, bytes);
        };
        let State::Up(up) = &mut peer.state else { return false };
        let has_moved = peer.address != Some(from);
        // Over streams a peer is where its stream is.
        let may_move = self.listens && up.session.is_sealed() && !self.settings.over_streams;
        if has_moved && !may_move {
            return false;
        }
        let largest = peer.endpoint.largest_received();
        let opened = up.session.open(now, header, largest, bytes, &mut self.opening);
        let Some((number, payload)) = opened else { return false };
        if up.share.as_mut().is_some_and(|share| !share.takes(now, bytes.len())) {
            self.counters.datagrams_over_limit += 1;
            return false;
        }
        let said = peer.endpoint.arrived(now, number, is_marked, payload);
        let index = peer.link.index;
        let until = now + self.settings.close_timeout;
        let said = said.and_then(|said| {
            peer.take_control(&self.table, until)?;
            Ok(said)
        });
        let is_confirmed = peer.confirm();
        let is_news = is_confirmed || peer.has_something_to_tell();
        if is_confirmed && self.settings.over_streams {
            self.for_streams.push((from, ForStream::Keep));
        }
        self.peers.set_due(index);
        self.peers.set_changed(index);
        if is_news {
            self.peers.set_news(index);
        }
        if is_confirmed {
            self.end_pending(index);
            self.end_former(now, index);
        }
        if has_moved && largest.is_none_or(|largest| number > largest) {
            self.check_path(now, index, from);
        }
        match said {
            Ok(Said::Nothing) => true,
            Ok(Said::NoRoom) if self.settings.over_streams => {
                // It would have to come again, and does not over a stream.
                self.part(now, index, DisconnectReason::Malformed(TOO_MUCH));
                false
            }
            Ok(Said::Challenges(token)) => {
                self.answer_path(index, from, token);
                true
            }
            Ok(Said::Responds(token)) => {
                self.end_path(index, from, token);
                true
            }
            Ok(Said::Repeated | Said::NoRoom) => false,
            Ok(Said::Closes(code)) => {
                self.end(index, Parting::reason_of(code));
                true
            }
            Err(Malformed(what)) => {
                self.part(now, index, DisconnectReason::Malformed(what));
                false
            }
        }
    }

    /// Takes note that what was sent does not reach an address: of a peer that is greeted it is why
    /// it does not answer; one that is there may be there again.
    fn unreachable(&mut self, address: Option<SocketAddr>, kind: ErrorKind) {
        let reason = match kind {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => ReasonHeard::NobodyListens,
            _ => ReasonHeard::Unreachable,
        };
        // Who listens greets nobody, and hears this of each address that a stranger makes up.
        if self.listens {
            return;
        }
        self.peers.each_greeted(|at, greeting| {
            if address.is_none() || address == at {
                greeting.reason = Some(reason);
            }
        });
    }
}
