//! What groups tell the one that added them, and what becomes of them.

use std::time::Instant;

use pysage_core::wire::MessageTable;

use super::child::{END_TIMEOUT, Running, State};
use super::{Event, Node};
use crate::control::{Control, Known};
use crate::error::GroupError;
use crate::event::{GroupDown, GroupEnd, GroupUp};
use crate::line::{Line, LinkEnd};
use crate::name::GroupName;
use crate::restarts::Verdict;

impl Node {
    pub(super) fn serve_children(&mut self, now: Instant, hears: bool) {
        let mut index = 0;
        while index < self.children.len() {
            let count = self.children.len();
            self.serve_child(index, now, hears);
            index += usize::from(self.children.len() == count);
        }
    }

    fn serve_child(&mut self, index: usize, now: Instant, hears: bool) {
        let is_over = hears && self.hear_child(index, now);
        let child = &mut self.children[index];
        if is_over {
            return self.child_ended(index, now);
        }
        if let Some(end) = child.overdue(now) {
            child.last_words = Some(end);
            child.running_mut().expect("only what runs is overdue").body.kill();
            return self.child_ended(index, now);
        }
        if let State::Waiting { at } = child.state
            && now >= at
            && !self.links.is_connected(child.name.clone().as_str())
            && let Err(error) = self.begin(index, now)
        {
            let end = GroupEnd::Failed(error.to_string());
            self.settle(index, end, now);
        }
    }

    /// Takes in what a group tells; whether its line has ended.
    pub(super) fn hear_child(&mut self, index: usize, now: Instant) -> bool {
        loop {
            let Some(line) = self.children[index].line_mut() else { return false };
            match line.receive() {
                Ok(Some((control, end))) => self.heed_child(index, control, end, now),
                Ok(None) => return line.is_ended(),
                Err(error) => {
                    let child = &mut self.children[index];
                    child.misspoke(&error);
                    child.running_mut().expect("it has a line").body.kill();
                    return true;
                }
            }
        }
    }

    fn heed_child(&mut self, index: usize, control: Control, end: Option<LinkEnd>, now: Instant) {
        let child = &mut self.children[index];
        let name = child.name.clone();
        // A group speaks for itself and for those below it.
        let speaks_for = |group: &str| {
            let group = GroupName::known(group);
            name == group || name.next_towards(&group).is_some()
        };
        match control {
            Control::Ready { table } => self.child_ready(index, &table, now),
            Control::NoSuchEntry => {
                let entry = child.entry.name().to_owned();
                child.refusal = Some(GroupError::NoSuchEntry { group: name, entry });
            }
            Control::Beat => {
                if let State::Up { heard, .. } = &mut child.state {
                    *heard = now;
                }
            }
            Control::Ending { failure } => {
                child.last_words = Some(failure.map_or(GroupEnd::Finished, GroupEnd::Failed));
            }
            Control::Want { from, to } if speaks_for(&from) => {
                self.introduce(GroupName::known(&from), GroupName::known(&to));
            }
            Control::Known(known) => {
                let mut known = known;
                known.retain(|known| speaks_for(&known.group) && name != known.group.as_str());
                self.learn(known, &name);
            }
            Control::Gone { group, for_good } if speaks_for(&group) && name != group.as_str() => {
                self.forget(&group, for_good, &name);
            }
            // The rest is said to groups by their parents.
            _ => drop(end),
        }
    }

    /// A group says that it is ready, and what messages it knows. It can say so once.
    fn child_ready(&mut self, index: usize, table: &[u8], now: Instant) {
        let everyone = self.everyone();
        let child = &mut self.children[index];
        if !matches!(child.state, State::Starting { .. }) {
            return;
        }
        let compared = MessageTable::decode(table).map_err(|error| {
            let end = GroupEnd::Malformed(error.to_string());
            GroupError::EndedEarly { group: child.name.clone(), end }
        });
        let compared = compared.and_then(|table| {
            let group = child.name.clone();
            child.table.compare(&table).map_err(|mismatch| GroupError::Mismatch { group, mismatch })
        });
        let state = std::mem::replace(&mut child.state, State::Waiting { at: now });
        let State::Starting { mut running, deadline } = state else {
            unreachable!("it was looked at above")
        };
        if let Err(error) = compared {
            child.last_words = Some(GroupEnd::Failed(error.to_string()));
            child.refusal = Some(error);
            running.body.kill();
            child.state = State::Starting { running, deadline };
            return;
        }
        drop(running.line.tell(Control::Known(everyone)));
        child.state = State::Up { running, heard: now };
        let (group, restarts) = (child.name.clone(), child.restarts.count);
        let known = child.known();
        if restarts > 0 {
            self.events.push(Event::Up(GroupUp { group: group.clone(), restarts }));
        }
        self.learn(vec![known], &group);
    }

    /// A group's line has ended, or it has to end.
    fn child_ended(&mut self, index: usize, now: Instant) {
        let child = &mut self.children[index];
        let state = std::mem::replace(&mut child.state, State::Waiting { at: now });
        let (State::Starting { running, .. } | State::Up { running, .. }) = state else {
            child.state = state;
            return;
        };
        let Running { body, line } = running;
        drop(line);
        let status = body.finish(Instant::now() + END_TIMEOUT);
        let status = status.unwrap_or_else(|| "it says no more, but its thread goes on".to_owned());
        let end = child.last_words.take().unwrap_or(GroupEnd::Exited(status));
        self.settle(index, end, now);
    }

    /// Decides what is to become of a group that has ended.
    fn settle(&mut self, index: usize, end: GroupEnd, now: Instant) {
        let child = &mut self.children[index];
        let group = child.name.clone();
        let verdict = child.restarts.judge(child.started, now, end.is_failure());
        let restarts_in = match verdict {
            Verdict::StartAt(at) => Some(at.saturating_duration_since(now)),
            Verdict::Leave | Verdict::TooOften => None,
        };
        let leaves = end == GroupEnd::Finished && restarts_in.is_none();
        child.state = match verdict {
            Verdict::StartAt(at) => State::Waiting { at },
            Verdict::Leave | Verdict::TooOften => State::Failed(end.clone()),
        };
        if leaves {
            self.children.remove(index);
        }
        // What it sent last is read, and that its link has ended is seen.
        self.links.read();
        self.forget(group.as_str(), restarts_in.is_none(), &group);
        self.events.push(Event::Down(GroupDown { group, end, restarts_in }));
    }

    /// Ends a group that does not keep to the protocol on its link.
    pub(super) fn put_out(&mut self, group: &GroupName, malformed: String) {
        let child = self.children.iter_mut().find(|child| child.name == *group);
        let Some(child) = child else { return };
        if let Some(running) = child.running_mut() {
            running.body.kill();
            child.last_words = Some(GroupEnd::Malformed(malformed));
        }
    }

    /// What a tick has to fail with: a group that has failed for good.
    pub(super) fn failure(&self) -> Option<GroupError> {
        self.children.iter().filter(|child| !child.config.quiet).find_map(|child| {
            let State::Failed(end) = &child.state else { return None };
            Some(GroupError::Failed { group: child.name.clone(), end: end.clone() })
        })
    }

    /// All groups that are there, with this one.
    fn everyone(&self) -> Vec<Known> {
        let mut everyone = self.directory.all();
        everyone.push(self.known());
        everyone
    }

    /// The line to the group itself, or to the one below which it is.
    pub(super) fn line_towards(&mut self, group: &GroupName) -> Option<&mut Line> {
        let next = self.name.next_towards(group)?;
        self.children.iter_mut().find(|child| child.name == next)?.line_mut()
    }

    /// Tells parent and groups, but not who told it.
    pub(super) fn tell_all_but(&mut self, teller: &GroupName, control: &Control) {
        if self.parent.as_ref().is_some_and(|parent| parent.name != *teller) {
            self.tell_parent(control.clone());
        }
        let children = self.children.iter_mut().filter(|child| child.name != *teller);
        for child in children.filter(|child| child.is_up()) {
            if let Some(line) = child.line_mut() {
                drop(line.tell(control.clone()));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::child::{Body, Child, GroupKind};
    use super::*;
    use crate::config::GroupConfig;
    use crate::entry::Entry;
    use crate::line::ThreadLine;
    use crate::socket::Waiter;

    /// A node with a group that is starting, and that group's end of the line.
    fn with_child() -> (Node, Line) {
        let waiter = Waiter::new().unwrap();
        let (line, of_child) = ThreadLine::pair([waiter.waker(), waiter.waker()]);
        let mut node = Node::main(waiter);
        let now = Instant::now();
        let (name, entry) = (GroupName::known("one"), Entry::of_other_program("entry"));
        let (config, table) = (GroupConfig::default(), MessageTable::default());
        let mut child = Child::new(name, entry, config, GroupKind::Thread, table, now);
        let body = Body::Thread(std::thread::spawn(|| {}));
        child.started(Running { body, line: Line::Thread(line) }, now);
        node.children.push(child);
        (node, Line::Thread(of_child))
    }

    fn ready() -> Control {
        let mut table = Vec::new();
        MessageTable::default().encode(&mut table);
        Control::Ready { table }
    }

    #[test]
    fn a_group_that_says_twice_that_it_is_ready_stays_up() {
        let (mut node, mut line) = with_child();
        for _ in 0..2 {
            line.tell(ready()).unwrap();
            node.serve_children(Instant::now(), true);
            assert!(node.children[0].is_up());
        }
    }

    #[test]
    fn a_group_speaks_for_itself_and_those_below_it_alone() {
        let (mut node, mut line) = with_child();
        line.tell(ready()).unwrap();
        let known = |group: &str| Known { group: group.to_owned(), ..node.known() };
        let boast = ["two", "one/sub", "main", "", "/", "one", "onerous/sub"].map(known);
        line.tell(Control::Known(boast.to_vec())).unwrap();
        node.serve_children(Instant::now(), true);
        let names = |node: &Node| {
            node.directory.all().into_iter().map(|known| known.group).collect::<Vec<_>>()
        };
        assert_eq!(names(&node), ["one", "one/sub"]);
        for group in ["one", "two", "main", ""] {
            line.tell(Control::Gone { group: group.to_owned(), for_good: true }).unwrap();
        }
        line.tell(Control::Stop).unwrap();
        node.serve_children(Instant::now(), true);
        assert_eq!(names(&node), ["one", "one/sub"]);
        line.tell(Control::Gone { group: "one/sub".to_owned(), for_good: true }).unwrap();
        node.serve_children(Instant::now(), true);
        assert_eq!(names(&node), ["one"]);
    }
}
