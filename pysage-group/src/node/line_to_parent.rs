//! What a group and its parent tell each other, seen from the group.

use std::time::Instant;

use super::{Heartbeat, Node, Parent};
use crate::control::{Control, Known, Settings, Terms};
use crate::directory::{Found, Peer};
use crate::line::{Line, LinkEnd};
use crate::name::GroupName;
use crate::socket::Waiter;

/// What a group is told before it starts.
pub(crate) struct Birth {
    pub(crate) name: GroupName,
    pub(crate) settings: Settings,
    pub(crate) line: Line,
    pub(crate) link: LinkEnd,
    pub(crate) waiter: Waiter,
}

impl Node {
    /// A group that was added by another.
    pub(crate) fn born(birth: Birth, now: Instant) -> Node {
        let Birth { name, settings, line, link, waiter } = birth;
        let parent = name.parent().expect("main is not born");
        let mut node = Node::new(name, settings.terms, waiter);
        let peer = Peer {
            name: parent.clone(),
            // Its parent takes from it what it takes itself, but has no successor.
            terms: Terms { acked: false, ..settings.terms },
            terms_back: None,
            by_value: matches!(link, LinkEnd::Values(_)),
        };
        node.connect(peer, link);
        let beats = |time| Heartbeat { every: time / 4, last: now };
        let heartbeat = settings.heartbeat.map(beats);
        node.parent = Some(Parent { line, name: parent, stop: None, gone: false, heartbeat });
        node
    }

    pub(super) fn serve_parent(&mut self, now: Instant) {
        loop {
            let Some(parent) = self.parent.as_mut().filter(|parent| !parent.gone) else { return };
            match parent.line.receive() {
                Ok(Some((control, end))) => self.hear_parent(control, end, now),
                Ok(None) => {
                    parent.gone = parent.line.is_ended();
                    return;
                }
                // Whoever speaks another language is no parent.
                Err(_) => parent.gone = true,
            }
        }
    }

    fn hear_parent(&mut self, control: Control, end: Option<LinkEnd>, now: Instant) {
        let Some(teller) = self.parent.as_ref().map(|parent| parent.name.clone()) else { return };
        match (control, end) {
            (Control::Known(known), _) => self.learn(known, &teller),
            (Control::Gone { group, for_good }, _) => self.forget(&group, for_good, &teller),
            (Control::Link { to, with }, Some(end)) => {
                self.pass_on(&GroupName::known(&to), &GroupName::known(&with), end);
            }
            (Control::NoLink { to, with }, _) => {
                self.refuse(&GroupName::known(&to), &GroupName::known(&with));
            }
            (Control::Stop, _) => {
                self.is_behind = true;
                self.parent.iter_mut().for_each(|parent| parent.stop = Some(now));
            }
            // The rest is said by groups to their parents, or at the start.
            _ => {}
        }
    }

    /// Takes note of groups that are there, and tells all but the one that told it.
    pub(super) fn learn(&mut self, known: Vec<Known>, teller: &GroupName) {
        let others = known.iter().filter(|known| self.name != known.group.as_str());
        others.for_each(|known| self.directory.add(known.clone()));
        let groups: Vec<_> = known.iter().map(|known| GroupName::known(&known.group)).collect();
        self.tell_all_but(teller, &Control::Known(known));
        for group in &groups {
            self.connect_waiting(group);
        }
    }

    /// Takes note of a group that is gone, and tells all but the one that told it.
    pub(super) fn forget(&mut self, group: &str, for_good: bool, teller: &GroupName) {
        for gone in self.directory.remove(group, for_good) {
            self.introduced.remove(&gone);
            let comes_back = gone == *group && !for_good;
            let waits =
                matches!(self.find(&gone), Found::Down(peer) if peer.terms.acked) && comes_back;
            self.links.set_for_good(gone.as_str(), !waits);
            if !waits {
                self.links.give_up(gone.as_str());
            }
        }
        self.tell_all_but(teller, &Control::Gone { group: group.to_owned(), for_good });
    }

    /// Whether it is to end: since when its parent asks for that.
    pub(crate) fn is_asked_to_stop(&self) -> Option<Instant> {
        self.parent.as_ref()?.stop
    }

    pub(crate) fn is_orphan(&self) -> bool {
        self.parent.as_ref().is_some_and(|parent| parent.gone)
    }

    /// Whether all that the parent sent before it asked for the end is handled.
    pub(crate) fn has_done_its_work(&self) -> bool {
        let Some(parent) = &self.parent else { return true };
        self.links.is_finished(parent.name.as_str())
    }

    /// Lets the parent hear that another tick is done.
    pub(super) fn beat(&mut self, now: Instant) {
        let beat = self.parent.as_mut().and_then(|parent| parent.heartbeat.as_mut());
        if let Some(beat) = beat.filter(|beat| now.duration_since(beat.last) >= beat.every) {
            beat.last = now;
            self.tell_parent(Control::Beat);
        }
    }

    /// Tells the parent that it is ready.
    pub(crate) fn tell_ready(&mut self, table: Vec<u8>) {
        self.tell_parent(Control::Ready { table });
    }

    /// Ends: says on all links that nothing comes any more, and to the parent why. What waits is
    /// written until the deadline.
    pub(crate) fn end(&mut self, failure: Option<String>, deadline: Instant) {
        self.end_children(deadline);
        self.links.close_all();
        loop {
            self.links.write();
            let now = Instant::now();
            if self.links.pending_bytes() == 0 || now >= deadline {
                break;
            }
            // Somebody may read from this group only once it can write to it.
            self.links.read();
            self.wait_for_groups(Some(deadline));
        }
        self.tell_parent(Control::Ending { failure });
        while self.lines().any(Line::has_pending) && Instant::now() < deadline {
            self.wait_for_groups(Some(deadline));
            self.flush_lines();
        }
    }
}
