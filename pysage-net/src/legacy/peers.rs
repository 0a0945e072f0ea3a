//! Who has been heard from: the peers of one socket, and how much each may say.
//!
//! There is no socket and no clock here. A peer is an address; there is no handshake by which it
//! could show that it is there.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use pysage_core::transport::LinkId;

/// The peers of one socket.
pub(crate) struct Peers {
    limits: PeerLimits,
    slots: Vec<Slot>,
    /// Places that peers had who are gone.
    free: Vec<u32>,
    by_address: HashMap<SocketAddr, u32>,
    by_host: HashMap<IpAddr, usize>,
    /// No peer is silent for too long before this.
    look_at: Option<Instant>,
}

/// How many peers there may be, and what they may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerLimits {
    pub(crate) peers: usize,
    pub(crate) peers_per_host: usize,
    pub(crate) messages_per_second: u64,
    pub(crate) idle_timeout: Duration,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    peer: Option<Peer>,
}

struct Peer {
    /// `None` while it is looked up.
    address: Option<SocketAddr>,
    /// Whether it is gone when it is silent, and counts against the limits.
    is_guest: bool,
    heard_at: Instant,
    /// Since when its messages are counted.
    second: Instant,
    /// How many there were since.
    messages: u64,
}

const SECOND: Duration = Duration::from_secs(1);

impl Peers {
    pub(crate) fn new(limits: PeerLimits) -> Peers {
        Peers {
            limits,
            slots: Vec::new(),
            free: Vec::new(),
            by_address: HashMap::new(),
            by_host: HashMap::new(),
            look_at: None,
        }
    }

    /// The limits from now on; there must be no peers.
    pub(crate) fn set_limits(&mut self, limits: PeerLimits) {
        self.limits = limits;
        self.look_at = None;
    }

    /// The peer at an address.
    pub(crate) fn find(&self, address: SocketAddr) -> Option<LinkId> {
        self.by_address.get(&address).map(|index| self.link(*index))
    }

    /// Takes a peer that came by itself; `None` if there are too many, of all or of its host.
    pub(crate) fn admit(&mut self, now: Instant, address: SocketAddr) -> Option<LinkId> {
        let of_host = self.by_host.get(&address.ip()).copied().unwrap_or(0);
        if self.by_address.len() >= self.limits.peers || of_host >= self.limits.peers_per_host {
            return None;
        }
        *self.by_host.entry(address.ip()).or_default() += 1;
        let link = self.insert(now, Some(address), true);
        self.by_address.insert(address, link.index);
        let silent_at = now.checked_add(self.limits.idle_timeout);
        self.look_at = [self.look_at, silent_at].into_iter().flatten().min();
        Some(link)
    }

    /// Adds the peer that this end connects to, which may be silent for as long as it likes.
    pub(crate) fn connect(&mut self, now: Instant, address: Option<SocketAddr>) -> LinkId {
        self.insert(now, address, false)
    }

    fn insert(&mut self, now: Instant, address: Option<SocketAddr>, is_guest: bool) -> LinkId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let peer = Peer { address, is_guest, heard_at: now, second: now, messages: 0 };
        self.slots[index as usize].peer = Some(peer);
        self.link(index)
    }

    /// Takes note of where a peer is that was looked up.
    pub(crate) fn set_address(&mut self, link: LinkId, address: SocketAddr) {
        if let Some(peer) = self.peer_mut(link) {
            peer.address = Some(address);
        }
    }

    /// Whether a peer may say something now, which is counted. Otherwise tells when it may again.
    pub(crate) fn may_speak(&mut self, now: Instant, link: LinkId) -> Result<(), Instant> {
        let most = self.limits.messages_per_second;
        let Some(peer) = self.peer_mut(link) else { return Err(now) };
        if now.saturating_duration_since(peer.second) >= SECOND {
            (peer.second, peer.messages) = (now, 0);
        }
        if peer.messages >= most {
            return Err(peer.second + SECOND);
        }
        peer.messages += 1;
        Ok(())
    }

    /// Takes note of a message of a peer.
    pub(crate) fn heard(&mut self, now: Instant, link: LinkId) {
        if let Some(peer) = self.peer_mut(link) {
            peer.heard_at = now;
        }
    }

    /// The peers that have been silent for too long, to be removed.
    pub(crate) fn silent(&mut self, now: Instant) -> Vec<LinkId> {
        if self.look_at.is_none_or(|look_at| now < look_at) {
            return Vec::new();
        }
        self.look_at = None;
        let mut silent = Vec::new();
        for (index, slot) in (0..).zip(&self.slots) {
            let Some(peer) = slot.peer.as_ref().filter(|peer| peer.is_guest) else { continue };
            match peer.heard_at.checked_add(self.limits.idle_timeout) {
                Some(silent_at) if silent_at <= now => silent.push(self.link(index)),
                silent_at => self.look_at = [self.look_at, silent_at].into_iter().flatten().min(),
            }
        }
        silent
    }

    /// When to look for silent peers next.
    pub(crate) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// Forgets a peer, and tells where it was; `None` if it is gone already.
    pub(crate) fn remove(&mut self, link: LinkId) -> Option<Option<SocketAddr>> {
        let slot = self.slots.get_mut(link.index as usize)?;
        if slot.generation != link.generation {
            return None;
        }
        let peer = slot.peer.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(link.index);
        if let Some(address) = peer.address.filter(|_| peer.is_guest) {
            self.by_address.remove(&address);
            if let Some(of_host) = self.by_host.get_mut(&address.ip()) {
                *of_host -= 1;
                if *of_host == 0 {
                    self.by_host.remove(&address.ip());
                }
            }
        }
        Some(peer.address)
    }

    /// The peers that there are.
    pub(crate) fn links(&self) -> Vec<LinkId> {
        let there = (0..).zip(&self.slots).filter(|(_, slot)| slot.peer.is_some());
        there.map(|(index, _)| self.link(index)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    pub(crate) fn is_there(&self, link: LinkId) -> bool {
        self.peer(link).is_some()
    }

    pub(crate) fn address(&self, link: LinkId) -> Option<SocketAddr> {
        self.peer(link)?.address
    }

    fn link(&self, index: u32) -> LinkId {
        LinkId { index, generation: self.slots[index as usize].generation }
    }

    fn peer(&self, link: LinkId) -> Option<&Peer> {
        let slot = self.slots.get(link.index as usize)?;
        slot.peer.as_ref().filter(|_| slot.generation == link.generation)
    }

    fn peer_mut(&mut self, link: LinkId) -> Option<&mut Peer> {
        let slot = self.slots.get_mut(link.index as usize)?;
        let is_this = slot.generation == link.generation;
        slot.peer.as_mut().filter(|_| is_this)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const LIMITS: PeerLimits = PeerLimits {
        peers: 5,
        peers_per_host: 3,
        messages_per_second: 4,
        idle_timeout: Duration::from_secs(10),
    };

    fn at(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, host], port))
    }

    #[test]
    fn an_address_is_a_peer_once_and_a_link_names_no_other() {
        let (now, mut peers) = (Instant::now(), Peers::new(LIMITS));
        let first = peers.admit(now, at(1, 1)).unwrap();
        assert_eq!((peers.find(at(1, 1)), peers.address(first)), (Some(first), Some(at(1, 1))));
        assert_eq!(peers.remove(first), Some(Some(at(1, 1))));
        assert_eq!((peers.remove(first), peers.find(at(1, 1))), (None, None));
        let second = peers.admit(now, at(1, 2)).unwrap();
        assert_eq!((second.index, peers.address(first)), (first.index, None));
        assert!(second != first && peers.is_there(second) && !peers.is_there(first));
        assert_eq!(peers.links(), [second]);
    }

    #[test]
    fn there_are_so_many_peers_at_most_and_so_many_of_each_host() {
        let (now, mut peers) = (Instant::now(), Peers::new(LIMITS));
        let of_one: Vec<_> = (1..=4).map(|port| peers.admit(now, at(1, port))).collect();
        assert_eq!(of_one.iter().flatten().count(), 3);
        let of_others: Vec<_> = (2..=4).map(|host| peers.admit(now, at(host, 1))).collect();
        assert_eq!(of_others.iter().flatten().count(), 2);
        peers.remove(of_one[0].unwrap());
        assert!(peers.admit(now, at(1, 4)).is_some());
        assert!(peers.admit(now, at(2, 2)).is_none());
    }

    /// Bug 8 of the original: peers never expired.
    #[test]
    fn a_guest_that_is_silent_for_too_long_is_told() {
        let (start, mut peers) = (Instant::now(), Peers::new(LIMITS));
        let after = |seconds| start + Duration::from_secs(seconds);
        let server = peers.connect(start, Some(at(9, 9)));
        let [one, other] = [1, 2].map(|host| peers.admit(start, at(host, 1)).unwrap());
        assert_eq!(peers.look_at(), Some(after(10)));
        peers.heard(after(6), one);
        assert_eq!(peers.silent(after(9)), []);
        assert_eq!(peers.silent(after(10)), [other]);
        peers.remove(other);
        assert_eq!((peers.silent(after(10)), peers.look_at()), (vec![], Some(after(16))));
        assert_eq!(peers.silent(after(16)), [one]);
        peers.remove(one);
        assert_eq!((peers.silent(after(1_000)), peers.look_at()), (vec![], None));
        assert!(peers.is_there(server));
    }

    #[test]
    fn each_peer_may_say_so_much_in_a_second() {
        let (start, mut peers) = (Instant::now(), Peers::new(LIMITS));
        let [one, other] = [1, 2].map(|host| peers.admit(start, at(host, 1)).unwrap());
        let mut said = 0;
        for millisecond in 0..3_000 {
            let now = start + Duration::from_millis(millisecond);
            match peers.may_speak(now, one) {
                Ok(()) => said += 1,
                Err(again_at) => assert!(again_at > now && again_at <= now + SECOND),
            }
        }
        assert_eq!(said, 12);
        assert_eq!(peers.may_speak(start, other), Ok(()));
    }

    #[test]
    fn a_time_out_that_never_comes_is_none() {
        let limits = PeerLimits { idle_timeout: Duration::MAX, ..LIMITS };
        let (now, mut peers) = (Instant::now(), Peers::new(limits));
        peers.admit(now, at(1, 1)).unwrap();
        assert_eq!((peers.silent(now), peers.look_at()), (vec![], None));
    }
}
