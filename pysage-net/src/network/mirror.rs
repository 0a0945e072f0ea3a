//! What the manager is told of links without looking at the host, which another thread may serve.

use std::net::SocketAddr;

use pysage_core::transport::LinkId;

use crate::host::Host;

/// The links of a transport, as they were when the tick looked last.
///
/// Room grows behind its back, as peers acknowledge, and shrinks by what the tick sends alone,
/// after which it looks again. So a mirror that is a little old never promises too much.
#[derive(Default)]
pub(super) struct Mirror {
    /// By the index of the link.
    slots: Vec<Slot>,
    /// The generation here of what the host calls its first one: a transport outlives its hosts.
    first_generation: u32,
}

#[derive(Clone, Default)]
struct Slot {
    generation: u32,
    /// `None` once the link is gone.
    room_bytes: Option<usize>,
    /// Where the peer is, between `PeerConnected` and `PeerDisconnected`.
    connected: Option<SocketAddr>,
}

impl Mirror {
    /// What a link of the host is called here.
    pub(super) fn ours(&self, link: LinkId) -> LinkId {
        LinkId { generation: self.first_generation.wrapping_add(link.generation), ..link }
    }

    /// What the host calls a link; `None` if it is gone, perhaps with its host.
    pub(super) fn theirs(&self, link: LinkId) -> Option<LinkId> {
        self.room_bytes(link)?;
        let generation = link.generation.wrapping_sub(self.first_generation);
        Some(LinkId { generation, ..link })
    }

    pub(super) fn room_bytes(&self, link: LinkId) -> Option<usize> {
        self.slot(link)?.room_bytes
    }

    /// The links that there are.
    pub(super) fn links(&self) -> Vec<LinkId> {
        self.those(|slot| slot.room_bytes.is_some())
    }

    /// The links whose peers are connected.
    pub(super) fn connected(&self) -> Vec<LinkId> {
        self.those(|slot| slot.room_bytes.is_some() && slot.connected.is_some())
    }

    /// The address of a peer that is connected.
    pub(super) fn address(&self, link: LinkId) -> Option<SocketAddr> {
        self.slot(link)?.connected
    }

    pub(super) fn set_address(&mut self, link: LinkId, address: Option<SocketAddr>) {
        let slot = self.slots.get_mut(link.index as usize);
        if let Some(slot) = slot.filter(|slot| slot.generation == link.generation) {
            slot.connected = address;
        }
    }

    /// Takes note of the links whose room changed, and of those that came and went.
    pub(super) fn refresh(&mut self, host: &mut Host) {
        for link in host.changed() {
            self.look(host, link);
        }
    }

    /// Takes note of one link of the host.
    pub(super) fn look(&mut self, host: &Host, link: LinkId) {
        let room_bytes = host.room_bytes(link);
        let LinkId { index, generation } = self.ours(link);
        let index = index as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, Slot { generation, ..Slot::default() });
        }
        let slot = &mut self.slots[index];
        match (slot.generation == generation, room_bytes) {
            (true, _) => slot.room_bytes = room_bytes,
            (false, Some(_)) => *slot = Slot { generation, room_bytes, connected: None },
            // The link before this one in its place.
            (false, None) => {}
        }
    }

    /// Forgets all links. Those of the next host will be others.
    pub(super) fn clear(&mut self) {
        let of_next = |slot: &Slot| slot.generation.wrapping_sub(self.first_generation) + 1;
        let used = self.slots.iter().map(of_next).max().unwrap_or(0);
        self.first_generation = self.first_generation.wrapping_add(used);
        self.slots.clear();
    }

    fn slot(&self, link: LinkId) -> Option<&Slot> {
        self.slots.get(link.index as usize).filter(|slot| slot.generation == link.generation)
    }

    fn those(&self, are: impl Fn(&Slot) -> bool) -> Vec<LinkId> {
        let slots = (0..).zip(&self.slots).filter(|(_, slot)| are(slot));
        slots.map(|(index, slot)| LinkId { index, generation: slot.generation }).collect()
    }
}
