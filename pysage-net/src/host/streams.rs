//! Streams that carry datagrams: one for each peer, whose end is that of the peer.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;

use super::Host;
use super::peer::{Peer, State};
use crate::carrier::DatagramCarrier;
use crate::event::DisconnectReason;
use crate::rate::Share;

/// What the carrier of streams is to do with one.
#[derive(Clone, Copy, Debug)]
pub(super) enum ForStream {
    /// It is that of a peer.
    Keep,
    /// It is of no use any more.
    Finish,
}

impl Host {
    /// Has it rely on a carrier of streams: none of them loses or reorders anything, and each takes
    /// only what gets through.
    pub(crate) fn rely_on_streams(&mut self) {
        self.settings.over_streams = true;
        self.limits.loses_nothing = true;
        // It would only arrive twice.
        self.limits.repeat_newest_bytes = 0;
    }

    /// Takes note that the stream of a peer takes datagrams again.
    pub(super) fn stream_is_ready(&mut self, address: SocketAddr) {
        if let Some(index) = self.peers.at_address(address) {
            self.peers.set_due(index);
        }
    }

    /// Takes note that nothing of a peer is read until then since it sent more than it may. It is
    /// there all the same: what it says until then comes later.
    pub(super) fn stream_is_paused(&mut self, address: SocketAddr, until: Instant) {
        self.counters.readings_paused += 1;
        if let Some(index) = self.peers.at_address(address)
            && let Some(peer) = self.peers.at(index)
        {
            peer.endpoint.heard_later(until);
            self.peers.set_due(index);
        }
    }

    /// Takes note that the stream of a peer has ended, or did not come about.
    pub(super) fn stream_ended(&mut self, address: SocketAddr, kind: ErrorKind) {
        if self.peers.at_address(address).is_none() && !self.listens {
            // A thread may hear of it before the host is told whom the stream is to reach.
            self.ended_early = Some((address, kind));
        }
        // Some may have begun a session anew over the same stream.
        while let Some(index) = self.peers.at_address(address) {
            let state = self.peers.at(index).map(|peer| &peer.state);
            let heard = match state {
                Some(State::Hello(greeting)) => greeting.heard(),
                _ => None,
            };
            let is_up = matches!(state, Some(State::Up(_)));
            self.end(index, heard.unwrap_or_else(|| reason_of(kind, is_up)));
        }
        // What was to be done with it is not for the next one that comes from there.
        self.for_streams.retain(|(of, _)| *of != address);
    }

    /// Ends a peer whose stream has ended already; whether it has. Not before something was said to it:
    /// what is sent at once is taken, and told as undelivered.
    pub(super) fn check_stream(&mut self, index: u32) -> bool {
        let Some(Peer { state: State::Hello(greeting), address: Some(address), .. }) =
            self.peers.at(index)
        else {
            return false;
        };
        let (has_said, address) = (greeting.said_at.is_some(), *address);
        let early = self.ended_early.take_if(|_| has_said).filter(|(ended, _)| *ended == address);
        if let Some((_, kind)) = early {
            self.stream_ended(address, kind);
        }
        early.is_some()
    }

    /// Tells the carrier which streams are those of peers, and which are of no use any more.
    pub(super) fn tell_streams(&mut self, now: Instant, carrier: &mut dyn DatagramCarrier) {
        if self.for_streams.is_empty() {
            return;
        }
        let Some(streams) = carrier.streams() else { return self.for_streams.clear() };
        for (address, told) in self.for_streams.drain(..) {
            match told {
                ForStream::Keep => {
                    streams.keep(address, Share::new(now, &self.settings.limits));
                }
                ForStream::Finish => streams.finish(now, address),
            }
        }
    }
}

/// Why a peer is gone whose stream has ended, or did not come about.
fn reason_of(kind: ErrorKind, is_up: bool) -> DisconnectReason {
    match kind {
        ErrorKind::InvalidData => {
            DisconnectReason::Malformed("what came over its connection is no frame")
        }
        _ if is_up => DisconnectReason::ConnectionLost,
        ErrorKind::ConnectionRefused => DisconnectReason::NobodyListens,
        ErrorKind::TimedOut => DisconnectReason::NoAnswer,
        // It came about, and then the other end did not want it.
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => DisconnectReason::ConnectionLost,
        _ => DisconnectReason::Unreachable,
    }
}
