//! A group as one of many: its links, what it knows of the others, its parent, and the groups that
//! it has itself.

mod addition;
mod child;
mod children;
mod introductions;
mod line_to_parent;
mod removal;
mod start;

use std::borrow::Cow;
use std::rc::Rc;
use std::time::{Duration, Instant};

use pysage_core::transport::{Inbox, LinkId, Outbox};
use pysage_core::{BoxError, BusyWait, SendError};

use crate::config::GroupConfig;
use crate::control::{Control, Known, Terms};
use crate::directory::{Directory, Found};
use crate::error::GroupError;
use crate::event::{GroupDown, GroupUp};
use crate::line::Line;
use crate::links::{Links, Over};
use crate::name::GroupName;
use crate::socket::{Ended, Waiter, Waker};
use child::Child;
pub(crate) use child::GroupKind;
pub(crate) use line_to_parent::Birth;

/// A group, without its actors.
pub(crate) struct Node {
    name: GroupName,
    terms: Terms,
    links: Links,
    directory: Directory,
    parent: Option<Parent>,
    children: Vec<Child>,
    /// Introductions of groups to each other that were made.
    introduced: introductions::Introduced,
    events: Vec<Event>,
    waiter: Rc<Waiter>,
    busy: BusyWait,
    /// When a wait has ended for which nothing came.
    nothing_at: Option<Instant>,
    /// Something came that needs another tick at once.
    is_behind: bool,
    /// Whether messages that are done count as handled.
    counts: bool,
}

/// What a group has of its parent.
struct Parent {
    line: Line,
    name: GroupName,
    /// It is to end, and since when.
    stop: Option<Instant>,
    /// The parent is gone.
    gone: bool,
    heartbeat: Option<Heartbeat>,
}

/// When the parent hears from this group.
struct Heartbeat {
    every: Duration,
    last: Instant,
}

/// What is published.
enum Event {
    Up(GroupUp),
    Down(GroupDown),
}

/// A tick so soon behind a wait for which nothing came does not look again: an idle group then makes
/// one call of the system in a tick. What comes in between ends the next wait at once.
const FRESH: Duration = Duration::from_micros(50);

impl Node {
    /// From here on nothing counts as handled: it is dropped.
    pub(crate) fn stop_counting(&mut self) {
        self.counts = false;
    }

    /// The program's first process.
    pub(crate) fn main(waiter: Waiter) -> Node {
        Node::new(GroupName::MAIN, GroupConfig::default().terms(), waiter)
    }

    fn new(name: GroupName, terms: Terms, waiter: Waiter) -> Node {
        Node {
            name,
            terms,
            links: Links::new(terms),
            directory: Directory::default(),
            parent: None,
            children: Vec::new(),
            introduced: introductions::Introduced::default(),
            events: Vec::new(),
            waiter: Rc::new(waiter),
            busy: BusyWait::new(Duration::ZERO),
            nothing_at: None,
            is_behind: false,
            counts: true,
        }
    }

    pub(crate) fn name(&self) -> &GroupName {
        &self.name
    }

    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waiter.waker()
    }

    /// The name that a text means here: a group of this one's own comes first.
    pub(crate) fn resolve<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if self.name == GroupName::MAIN || self.children.is_empty() {
            return Cow::Borrowed(name);
        }
        match self.name.below(name) {
            Ok(own) if self.is_known(own.as_str()) => Cow::Owned(own.to_string()),
            _ => Cow::Borrowed(name),
        }
    }

    fn is_parent(&self, group: &GroupName) -> bool {
        self.parent.as_ref().is_some_and(|parent| parent.name == *group)
    }

    fn is_known(&self, name: &str) -> bool {
        self.children.iter().any(|child| child.name == *name) || self.directory.get(name).is_some()
    }

    /// The link to a group, which is made if there is none yet.
    pub(crate) fn link_to(&mut self, name: &str) -> Result<LinkId, GroupError> {
        let group = self.resolve(name);
        let link = self.links.find(&group);
        if let Some(link) = link.filter(|_| self.directory.is_up(&group)) {
            return Ok(link);
        }
        let group = GroupName::known(&group);
        match (self.find(&group), link) {
            (Found::Up(_), Some(link)) => Ok(link),
            (Found::Up(peer), None) => {
                let link = self.links.add(peer);
                self.introduce(self.name.clone(), group);
                Ok(link)
            }
            (Found::Down(peer), link) if peer.terms.acked => {
                Ok(link.unwrap_or_else(|| self.links.add(peer)))
            }
            (Found::Down(_), _) => Err(GroupError::Down { group }),
            // A group has a link to its parent before it is told of the others.
            (Found::Nobody, Some(link)) if self.is_parent(&group) => Ok(link),
            (Found::Nobody, _) => Err(GroupError::Unknown { name: name.to_owned() }),
        }
    }

    /// What the others know of this group.
    fn known(&self) -> Known {
        Known {
            group: self.name.to_string(),
            process: u64::from(std::process::id()),
            terms: self.terms,
        }
    }

    /// Looks a group up, as one to be at the other end of a link of this one.
    fn find(&self, group: &GroupName) -> Found {
        self.directory.find(group.as_str(), u64::from(std::process::id()), self.terms.acked)
    }

    /// Takes in what the others have sent, and looks after this group's own.
    pub(crate) fn receive(&mut self, now: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        let nothing_for = self.nothing_at.take().map(|at| at.elapsed());
        let hears = nothing_for.is_none_or(|time| time > FRESH);
        loop {
            // Links before lines: a message may be about a group that is told on the line, where it
            // was told before the message was sent.
            let more = hears && self.links.read_once();
            self.serve(now, hears);
            // That a group is up comes before its messages, and that one is down behind them.
            if self.events.iter().any(|event| matches!(event, Event::Up(_))) {
                self.publish(inbox);
            }
            self.links.deliver(inbox);
            if !more || self.links.has_undelivered() {
                break;
            }
        }
        self.end_links(false);
        self.links.report(inbox);
        self.publish(inbox);
        self.failure().map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn publish(&mut self, inbox: &mut Inbox<'_>) {
        for event in self.events.drain(..) {
            match event {
                Event::Up(event) => inbox.queue(event),
                Event::Down(event) => inbox.queue(event),
            }
        }
    }

    /// Takes a frame that is sent over a link for bytes.
    pub(crate) fn accept(
        &mut self,
        link: LinkId,
        write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Option<Result<(), SendError>> {
        self.links.accept(link, write)
    }

    /// Passes on what was sent.
    pub(crate) fn transmit(&mut self, now: Instant, outbox: &mut Outbox) {
        for link in outbox.links() {
            self.links.take(link, outbox);
        }
        // What was sent until now goes to the successor, too.
        self.end_links(true);
        self.links.write();
        self.beat(now);
        self.flush_lines();
    }

    pub(crate) fn add_done(&mut self, link: LinkId, messages: u64) {
        if self.counts {
            self.links.add_done(link, messages);
        }
    }

    /// Takes note of what parent and groups tell, if it `hears` them, and of who is gone.
    fn serve(&mut self, now: Instant, hears: bool) {
        self.is_behind = false;
        if hears {
            self.serve_parent(now);
        }
        self.serve_children(now, hears);
    }

    fn end_links(&mut self, acked: bool) {
        for Over { group, malformed, waits } in self.links.take_over(acked) {
            if let Some(malformed) = malformed {
                self.put_out(&group, malformed);
            }
            if waits && self.directory.is_up(group.as_str()) {
                self.introduce(self.name.clone(), group);
            }
        }
    }

    /// Takes note of a group that is there, or there again.
    fn connect_waiting(&mut self, group: &GroupName) {
        let waits = self.links.find(group.as_str()).is_some();
        if waits && !self.links.is_connected(group.as_str()) {
            self.introduce(self.name.clone(), group.clone());
        }
    }

    /// When it wants to be served again, if nothing comes meanwhile.
    pub(crate) fn wake_at(&self, now: Instant) -> Option<Instant> {
        if self.is_behind || self.links.has_undelivered() {
            return Some(now);
        }
        self.children.iter().filter_map(Child::wake_at).min()
    }

    /// Has its waits poll like this before they block.
    pub(crate) fn wait_busily(&mut self, busy: BusyWait) {
        self.busy = busy;
    }

    /// Waits until something comes, or until that time.
    pub(crate) fn wait(&mut self, until: Option<Instant>) {
        let now = Instant::now();
        let until = [until, self.wake_at(now)].into_iter().flatten().min();
        if until.is_none_or(|until| until > now) {
            self.wait_for_groups(until);
        }
    }

    /// Waits until something comes from a group, or one takes something, or until that time.
    fn wait_for_groups(&mut self, until: Option<Instant>) {
        let links: Vec<_> = self.links.interests().collect();
        let links = links.iter().map(|(stream, reads, writes)| stream.interest(*reads, *writes));
        let interests: Vec<_> = links.chain(self.lines().filter_map(Line::interest)).collect();
        let begun = Instant::now();
        let ended = self.waiter.wait(&interests, until, self.busy.time());
        // A wait that fails is a tick too early.
        let now = Instant::now();
        self.nothing_at = None;
        if let Ok(ended) = ended {
            self.busy.waited(now - begun, ended == Ended::Met);
            self.nothing_at = (ended == Ended::Time).then_some(now);
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        let parent = self.parent.iter().filter(|parent| !parent.gone).map(|parent| &parent.line);
        parent.chain(self.children.iter().filter_map(Child::line))
    }

    fn flush_lines(&mut self) {
        // A line that is broken is seen to be ended when it is read.
        if let Some(parent) = &mut self.parent {
            drop(parent.line.flush());
        }
        for line in self.children.iter_mut().filter_map(Child::line_mut) {
            drop(line.flush());
        }
    }

    fn tell_parent(&mut self, control: Control) {
        if let Some(parent) = &mut self.parent {
            drop(parent.line.tell(control));
        }
    }
}
