//! The ends of links, and what waits on them.

use std::rc::Rc;

use super::{Kind, Linked, Links};
use crate::socket::Stream;

impl Links {
    /// Says on the link to a group that nothing comes behind what was sent.
    pub(crate) fn close(&mut self, group: &str) {
        if let Some(id) = self.find(group)
            && let Some(Linked { kind: Kind::Stream(link), .. }) = self.get_mut(id)
        {
            link.close();
        }
    }

    /// Says so on all links, and gives back what was not handed over.
    pub(crate) fn close_all(&mut self) {
        self.each().for_each(|linked| match &mut linked.kind {
            Kind::Stream(link) => link.close(),
            Kind::Values(link) => link.leave(),
        });
    }

    /// Has as much read from a group that is to end as it still writes.
    pub(crate) fn drain(&mut self, group: &str, bound_bytes: usize) {
        if let Some(id) = self.find(group)
            && let Some(Linked { kind: Kind::Stream(link), .. }) = self.get_mut(id)
        {
            link.drain(bound_bytes);
        }
    }

    /// Whether all that a group sent, which has said that this was all, is done.
    pub(crate) fn is_finished(&self, group: &str) -> bool {
        let linked = self.find(group).and_then(|id| self.get(id));
        linked.is_none_or(|linked| match &linked.kind {
            Kind::Stream(link) => link.is_finished(),
            Kind::Values(link) => link.is_finished(),
        })
    }

    /// How many bytes wait to be written to all groups.
    pub(crate) fn pending_bytes(&self) -> usize {
        let pending = |linked: &Linked| match &linked.kind {
            Kind::Stream(link) => link.pending_bytes(),
            Kind::Values(_) => 0,
        };
        self.places.iter().filter_map(|place| place.linked.as_ref()).map(pending).sum()
    }

    /// Whether something is to be handed over: what came, or what links left behind.
    pub(crate) fn has_undelivered(&self) -> bool {
        !self.remains.is_empty()
            || self.places.iter().filter_map(|place| place.linked.as_ref()).any(|linked| {
                match &linked.kind {
                    Kind::Stream(link) => link.has_undelivered(),
                    Kind::Values(link) => link.has_undelivered(),
                }
            })
    }

    /// What to wait for: streams, and whether to read and to write.
    pub(crate) fn interests(&self) -> impl Iterator<Item = (Rc<Stream>, bool, bool)> {
        self.places.iter().filter_map(|place| match &place.linked.as_ref()?.kind {
            Kind::Stream(link) => link.interest(),
            Kind::Values(_) => None,
        })
    }
}
