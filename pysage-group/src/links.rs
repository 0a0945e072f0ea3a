//! The links of a group: one to each group that it talks to.

mod ends;
mod order;
mod remains;
pub(crate) mod stream;
mod valued;

use std::collections::HashMap;

use pysage_core::SendError;
use pysage_core::transport::{Form, Inbox, Link, LinkId, Outbox};

use crate::control::Terms;
use crate::directory::Peer;
use crate::line::LinkEnd;
use crate::link::Fate;
use crate::name::GroupName;
use remains::Remains;
use stream::{StreamLink, can_go_to_successor, encoding};
use valued::ValueLink;

/// The links of a group, by the groups at their other ends.
pub(crate) struct Links {
    /// On which terms this group takes messages.
    terms: Terms,
    /// By index.
    places: Vec<Place>,
    by_name: HashMap<GroupName, u32>,
    /// Messages that links which are gone did not deliver, until an inbox takes note of them.
    remains: Vec<Remains>,
}

#[derive(Default)]
struct Place {
    generation: u32,
    linked: Option<Linked>,
    /// Who was at the other end of the link before: its last messages may wait.
    before: Option<GroupName>,
}

/// A link, and who is at its other end.
struct Linked {
    peer: Peer,
    kind: Kind,
    /// The link to the next instance of the group, which came before this one was over.
    next: Option<LinkEnd>,
    /// It is to go once it is over, also if the group is to come back.
    for_good: bool,
}

enum Kind {
    Stream(Box<StreamLink>),
    Values(ValueLink),
}

/// A link that is over.
pub(crate) struct Over {
    pub(crate) group: GroupName,
    /// What came over it was not what groups say to each other.
    pub(crate) malformed: Option<String>,
    /// It waits for another instance of the group, and has messages for it.
    pub(crate) waits: bool,
}

impl Kind {
    fn new(here: &Terms, peer: &Peer, end: Option<LinkEnd>) -> Kind {
        let there = &peer.terms;
        let stream = |stream| Kind::Stream(Box::new(StreamLink::new(stream, here, there)));
        let bound_bytes = usize::try_from(there.queue_bytes).unwrap_or(usize::MAX);
        let values = |end| Kind::Values(ValueLink::new(end, bound_bytes));
        match end {
            Some(LinkEnd::Stream(end)) => stream(Some(end)),
            Some(LinkEnd::Values(end)) => values(Some(end)),
            None if peer.by_value => values(None),
            None => stream(None),
        }
    }
}

impl Links {
    pub(crate) fn new(terms: Terms) -> Links {
        Links { terms, places: Vec::new(), by_name: HashMap::new(), remains: Vec::new() }
    }

    /// The link to a group, if there is one.
    pub(crate) fn find(&self, group: &str) -> Option<LinkId> {
        self.by_name.get(group).map(|index| self.id(*index))
    }

    /// Who is at the other end of a link, or was until it went.
    pub(crate) fn group(&self, id: LinkId) -> Option<&GroupName> {
        let place = self.places.get(id.index as usize)?;
        match place.generation.checked_sub(id.generation)? {
            0 => place.linked.as_ref().map(|linked| &linked.peer.name),
            1 => place.before.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn ids(&self) -> Vec<LinkId> {
        let there = |index: &u32| self.places[*index as usize].linked.is_some();
        (0..self.places.len() as u32).filter(there).map(|index| self.id(index)).collect()
    }

    pub(crate) fn link(&self, id: LinkId) -> Option<Link> {
        let linked = self.get(id)?;
        Some(match &linked.kind {
            Kind::Stream(link) => Link {
                form: Form::Bytes(encoding(&linked.peer.terms)),
                room_bytes: link.room_bytes(),
            },
            Kind::Values(link) => Link { form: Form::Value, room_bytes: link.room_bytes() },
        })
    }

    /// Makes a link to a group; what is sent over it waits until it is [connected](Self::connect).
    pub(crate) fn add(&mut self, peer: Peer) -> LinkId {
        self.place(peer, None)
    }

    /// Connects the link to a group, which is made if there is none.
    pub(crate) fn connect(&mut self, peer: Peer, end: LinkEnd) {
        let Some(index) = self.by_name.get(peer.name.as_str()).copied() else {
            self.place(peer, Some(end));
            return;
        };
        let linked = self.places[index as usize].linked.as_mut();
        let linked = linked.expect("a name leads to a place in use");
        match (&mut linked.kind, end) {
            (Kind::Stream(link), LinkEnd::Stream(stream)) if !link.is_connected() => {
                link.connect(stream);
                linked.peer = peer;
            }
            (Kind::Values(link), LinkEnd::Values(end)) if !link.is_connected() => {
                link.connect(end);
                linked.peer = peer;
            }
            (_, end) => linked.next = Some(end),
        }
    }

    fn place(&mut self, peer: Peer, end: Option<LinkEnd>) -> LinkId {
        let free = self.places.iter().position(|place| place.linked.is_none());
        let index = free.unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() - 1
        });
        let kind = Kind::new(&peer.terms_back.unwrap_or(self.terms), &peer, end);
        self.by_name.insert(peer.name.clone(), index as u32);
        self.places[index].linked = Some(Linked { peer, kind, next: None, for_good: false });
        self.id(index as u32)
    }

    /// Reads from all links what there is.
    pub(crate) fn read(&mut self) {
        self.each().for_each(|linked| match &mut linked.kind {
            Kind::Stream(link) => link.read(),
            Kind::Values(link) => link.read(),
        });
    }

    /// Reads from each link once; whether there may be more.
    pub(crate) fn read_once(&mut self) -> bool {
        self.each().fold(false, |more, linked| match &mut linked.kind {
            Kind::Stream(link) => link.read_once() | more,
            Kind::Values(link) => {
                link.read();
                more
            }
        })
    }

    pub(crate) fn write(&mut self) {
        self.each().for_each(|linked| match &mut linked.kind {
            Kind::Stream(link) => link.write(),
            Kind::Values(link) => link.write(),
        });
    }

    /// Hands over what has come, as far as the inbox takes it.
    pub(crate) fn deliver(&mut self, inbox: &mut Inbox<'_>) {
        for (index, place) in self.places.iter_mut().enumerate() {
            let id = LinkId { index: index as u32, generation: place.generation };
            match place.linked.as_mut().map(|linked| &mut linked.kind) {
                Some(Kind::Stream(link)) => link.deliver(id, inbox),
                Some(Kind::Values(link)) => link.deliver(id, inbox),
                None => {}
            }
        }
    }

    /// Takes note of what links left behind that are gone.
    pub(crate) fn report(&mut self, inbox: &mut Inbox<'_>) {
        for remains in self.remains.drain(..) {
            remains.report(inbox);
        }
    }

    /// Takes a frame that is sent over a link for bytes.
    pub(crate) fn accept(
        &mut self,
        id: LinkId,
        write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Option<Result<(), SendError>> {
        match &mut self.get_mut(id)?.kind {
            Kind::Stream(link) => Some(link.accept(write)),
            Kind::Values(_) => None,
        }
    }

    /// Takes what was sent over a link out of the outbox.
    pub(crate) fn take(&mut self, id: LinkId, outbox: &mut Outbox) {
        while let Some(outgoing) = outbox.take(id) {
            match self.get_mut(id).map(|linked| &mut linked.kind) {
                Some(Kind::Values(link)) => link.push(outgoing),
                Some(Kind::Stream(_)) | None => self.remains.push(Remains::of_outgoing(outgoing)),
            }
        }
    }

    pub(crate) fn add_done(&mut self, id: LinkId, messages: u64) {
        match self.get_mut(id).map(|linked| &mut linked.kind) {
            Some(Kind::Stream(link)) => link.add_done(messages),
            Some(Kind::Values(link)) => link.add_done(messages),
            None => {}
        }
    }

    /// Takes the links away that are over, or connects them anew, and tells which: those to acked
    /// groups, or the others.
    pub(crate) fn take_over(&mut self, acked: bool) -> Vec<Over> {
        let mut over = Vec::new();
        for index in 0..self.places.len() {
            let linked = self.places[index].linked.as_ref();
            if linked.is_some_and(|it| it.peer.terms.acked == acked && it.is_over()) {
                over.extend(self.end(index));
            }
        }
        over
    }

    /// Takes the link to a group away that was never connected, since there will be none.
    pub(crate) fn give_up(&mut self, group: &str) {
        let Some(index) = self.by_name.get(group).copied() else { return };
        let Some(linked) = &mut self.places[index as usize].linked else { return };
        linked.for_good = true;
        if !linked.is_connected() {
            self.end(index as usize);
        }
    }

    /// The group comes back, or not, once it is gone.
    pub(crate) fn set_for_good(&mut self, group: &str, for_good: bool) {
        if let Some(index) = self.by_name.get(group).copied()
            && let Some(linked) = &mut self.places[index as usize].linked
        {
            linked.for_good = for_good;
        }
    }

    /// Whether the link to a group is there and connected.
    pub(crate) fn is_connected(&self, group: &str) -> bool {
        self.find(group).and_then(|id| self.get(id)).is_some_and(Linked::is_connected)
    }

    fn end(&mut self, index: usize) -> Option<Over> {
        let Place { generation, linked, before } = &mut self.places[index];
        let Linked { peer, kind, next, for_good } = linked.take()?;
        *generation += 1;
        *before = Some(peer.name.clone());
        self.by_name.remove(peer.name.as_str());
        let mut malformed = None;
        let mut again = Vec::new();
        match kind {
            Kind::Stream(link) => {
                malformed = link.malformed().map(str::to_owned);
                let mut fates = link.remains().fates;
                if peer.terms.acked && !for_good {
                    (again, fates) =
                        fates.into_iter().partition(|fate| can_go_to_successor(fate.frame()));
                }
                self.remains.push(Remains::Frames(fates));
            }
            Kind::Values(link) => {
                let lost = link.lost();
                self.remains.push(Remains::Values { back: link.remains(), lost });
            }
        }
        let waits = !again.is_empty() && next.is_none();
        let group = peer.name.clone();
        if !again.is_empty() || next.is_some() {
            self.begin_again(peer, next, &again);
        }
        Some(Over { group, malformed, waits })
    }

    /// Makes a link to another instance of a group, with what the one before did not handle.
    fn begin_again(&mut self, peer: Peer, end: Option<LinkEnd>, again: &[Fate]) {
        let id = self.place(peer, end);
        let Some(Linked { kind: Kind::Stream(link), .. }) = self.get_mut(id) else { return };
        for fate in again {
            link.push_again(fate.frame(), matches!(fate, Fate::Unknown(_)));
        }
    }

    fn id(&self, index: u32) -> LinkId {
        LinkId { index, generation: self.places[index as usize].generation }
    }

    fn get(&self, id: LinkId) -> Option<&Linked> {
        let place = self.places.get(id.index as usize)?;
        place.linked.as_ref().filter(|_| place.generation == id.generation)
    }

    fn get_mut(&mut self, id: LinkId) -> Option<&mut Linked> {
        let place = self.places.get_mut(id.index as usize)?;
        place.linked.as_mut().filter(|_| place.generation == id.generation)
    }

    fn each(&mut self) -> impl Iterator<Item = &mut Linked> {
        self.places.iter_mut().filter_map(|place| place.linked.as_mut())
    }
}

impl Linked {
    fn is_over(&self) -> bool {
        match &self.kind {
            Kind::Stream(link) => link.is_over(),
            Kind::Values(link) => link.is_over(),
        }
    }

    fn is_connected(&self) -> bool {
        match &self.kind {
            Kind::Stream(link) => link.is_connected(),
            Kind::Values(link) => link.is_connected(),
        }
    }
}
