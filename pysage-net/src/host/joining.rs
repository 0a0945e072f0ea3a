//! Peers that are in a session from the beginning: fuzz targets could not afford a handshake of those
//! who have keys for each input.

use std::net::SocketAddr;
use std::time::Instant;

use pysage_core::transport::LinkId;

use super::Host;
use super::peer::State;
use crate::session::{Cookie, PublicKey, Said, Session, Shake};

impl Host {
    /// Adds a peer that has this key; its link, and the number of its session here.
    pub(crate) fn await_joining(
        &mut self,
        now: Instant,
        address: SocketAddr,
        key: Option<PublicKey>,
    ) -> (LinkId, u32) {
        let link = self.add(now, Some(address), State::LooksUp);
        if self.listens {
            self.peers.name(address, link.index);
        }
        let rights = self.security.rights(key.as_ref());
        let peer = self.peers.at(link.index).expect("it was just added");
        peer.know(key, rights);
        (link, peer.session_here)
    }

    /// Has such a peer be there, in a session that the client of this number and key has begun.
    pub(crate) fn join(
        &mut self,
        now: Instant,
        link: LinkId,
        session: Session,
        (client_session, client_key): (u32, u64),
    ) {
        let shake = Shake { client_session, client_key, said: Said::Cookie(Cookie::NONE) };
        self.come_up(now, link.index, &shake, session, self.settings.terms);
    }
}
