//! The peers by their places, and what is to be looked at.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use pysage_core::transport::LinkId;

use super::alarms::Alarms;
use super::greeting::Greeting;
use super::peer::{Peer, State};
use crate::endpoint::Endpoint;

/// The peers of a host. A look at those that are due costs nothing for the others.
#[derive(Default)]
pub(super) struct Peers {
    places: Vec<Place>,
    free: Vec<u32>,
    /// Of those that came from elsewhere.
    by_address: HashMap<SocketAddr, u32>,
    /// Those to be looked at when datagrams leave.
    due: VecDeque<u32>,
    /// Those of which something is to be told.
    news: VecDeque<u32>,
    /// Those whose room changed.
    changed: Vec<LinkId>,
    /// When to look at a peer, by its place.
    alarms: Alarms,
}

#[derive(Default)]
struct Place {
    generation: u32,
    peer: Option<Box<Peer>>,
}

impl Peers {
    /// The number of a session holds the place of its peer in so many bits; the others are random.
    pub(super) const INDEX_BITS: u32 = 20;

    /// Adds a peer, whose session's number has these bits beside its place.
    pub(super) fn add(
        &mut self,
        session_high: u32,
        address: Option<SocketAddr>,
        state: State,
        endpoint: Endpoint,
    ) -> LinkId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            (self.places.len() - 1) as u32
        });
        let place = &mut self.places[index as usize];
        place.generation = place.generation.wrapping_add(1);
        let link = LinkId { index, generation: place.generation };
        let session = session_high | index & ((1 << Peers::INDEX_BITS) - 1);
        place.peer = Some(Box::new(Peer::new(link, session, address, state, endpoint)));
        self.set_due(index);
        self.set_changed(index);
        link
    }

    pub(super) fn remove(&mut self, index: u32) {
        let Some(peer) = self.places[index as usize].peer.take() else { return };
        self.free.push(index);
        self.alarms.remove(index);
        if let Some(address) = peer.address
            && self.by_address.get(&address) == Some(&index)
        {
            self.by_address.remove(&address);
        }
        if self.free.len() == self.places.len() {
            self.alarms.clear();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.places.len()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    #[inline]
    pub(super) fn get(&self, link: LinkId) -> Option<&Peer> {
        let peer = self.places.get(link.index as usize)?.peer.as_deref();
        peer.filter(|peer| peer.link == link && !peer.has_ended())
    }

    #[inline]
    pub(super) fn get_mut(&mut self, link: LinkId) -> Option<&mut Peer> {
        self.at(link.index).filter(|peer| peer.link == link && !peer.has_ended())
    }

    #[inline]
    pub(super) fn at(&mut self, index: u32) -> Option<&mut Peer> {
        self.places.get_mut(index as usize)?.peer.as_deref_mut()
    }

    /// The peer with this number of a session here.
    pub(super) fn of_session(&mut self, session: u32) -> Option<&mut Peer> {
        let peer = self.at(session & ((1 << Peers::INDEX_BITS) - 1));
        peer.filter(|peer| peer.session_here == session && !peer.has_ended())
    }

    /// Takes note that this address is that of a peer which came from there.
    pub(super) fn name(&mut self, address: SocketAddr, index: u32) {
        self.by_address.insert(address, index);
    }

    /// Takes note that the address of a peer that came from elsewhere is another one.
    pub(super) fn rename(&mut self, index: u32, address: SocketAddr) {
        self.by_address.retain(|_, of| *of != index);
        self.name(address, index);
    }

    /// When a peer ends of which nothing comes any more.
    pub(super) fn idle_at(&self, index: u32) -> Option<Instant> {
        self.places.get(index as usize)?.peer.as_ref().map(|peer| peer.endpoint.idle_at())
    }

    /// The peer that came from this address and is there.
    pub(super) fn of_address(&mut self, address: SocketAddr) -> Option<u32> {
        let index = *self.by_address.get(&address)?;
        self.at(index).filter(|peer| !peer.has_ended()).map(|_| index)
    }

    /// The peer at an address that is there, or is being reached.
    pub(super) fn at_address(&mut self, address: SocketAddr) -> Option<u32> {
        let came = self.of_address(address);
        came.or_else(|| Some(self.iter().find(|peer| peer.address == Some(address))?.link.index))
    }

    pub(super) fn each_greeted(&mut self, mut each: impl FnMut(Option<SocketAddr>, &mut Greeting)) {
        for peer in self.all_mut() {
            if let State::Hello(greeting) = &mut peer.state {
                each(peer.address, greeting);
            }
        }
    }

    /// All peers, with those that have ended.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.places.iter_mut().filter_map(|place| place.peer.as_deref_mut())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Peer> {
        let peers = self.places.iter().filter_map(|place| place.peer.as_deref());
        peers.filter(|peer| !peer.has_ended())
    }

    #[inline]
    pub(super) fn set_due(&mut self, index: u32) {
        if let Some(peer) = self.at(index)
            && !std::mem::replace(&mut peer.is_due, true)
        {
            self.due.push_back(index);
        }
    }

    pub(super) fn next_due(&mut self) -> Option<u32> {
        loop {
            let index = self.due.pop_front()?;
            if let Some(peer) = self.at(index)
                && std::mem::replace(&mut peer.is_due, false)
            {
                return Some(index);
            }
        }
    }

    pub(super) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    #[inline]
    pub(super) fn set_news(&mut self, index: u32) {
        if let Some(peer) = self.at(index)
            && !std::mem::replace(&mut peer.has_news, true)
        {
            self.news.push_back(index);
        }
    }

    pub(super) fn next_news(&mut self) -> Option<u32> {
        loop {
            let index = self.news.pop_front()?;
            if let Some(peer) = self.at(index)
                && std::mem::replace(&mut peer.has_news, false)
            {
                return Some(index);
            }
        }
    }

    pub(super) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    pub(super) fn news(&self) -> usize {
        self.news.len()
    }

    #[inline]
    pub(super) fn set_changed(&mut self, index: u32) {
        if let Some(peer) = self.at(index)
            && !std::mem::replace(&mut peer.has_changed, true)
        {
            let link = peer.link;
            self.changed.push(link);
        }
    }

    pub(super) fn take_changed(&mut self) -> Vec<LinkId> {
        let changed = std::mem::take(&mut self.changed);
        for link in &changed {
            if let Some(peer) = self.at(link.index) {
                peer.has_changed = false;
            }
        }
        changed
    }

    /// Has a peer looked at by that time, and not before.
    pub(super) fn look_at(&mut self, index: u32, at: Instant) {
        self.alarms.set(index, at);
    }

    /// Has those looked at whose time has come.
    pub(super) fn pass(&mut self, now: Instant) {
        while let Some(index) = self.alarms.next_due(now) {
            self.set_due(index);
        }
    }

    /// When the next one is to be looked at.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.alarms.first()
    }
}

#[cfg(test)]
mod tests;
