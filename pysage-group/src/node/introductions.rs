//! How two groups get a link to each other.
//!
//! A group asks its parent for a link. The group below which both of them are makes the two ends,
//! and each goes down to its group. After that they talk directly.

use std::collections::HashSet;

use super::Node;
use crate::control::Control;
use crate::directory::{Found, Peer};
use crate::line::LinkEnd;
use crate::name::GroupName;

/// Pairs of groups that were introduced, so that two who ask at the same time get one link.
#[derive(Default)]
pub(super) struct Introduced(HashSet<[GroupName; 2]>);

impl Introduced {
    /// Whether the pair is new.
    fn add(&mut self, one: &GroupName, other: &GroupName) -> bool {
        let mut pair = [one.clone(), other.clone()];
        pair.sort_unstable();
        self.0.insert(pair)
    }

    /// Forgets a group that is gone.
    pub(super) fn remove(&mut self, group: &GroupName) {
        self.0.retain(|pair| !pair.contains(group));
    }
}

impl Node {
    /// Sees to it that `from` gets a link to `to`.
    pub(super) fn introduce(&mut self, from: GroupName, to: GroupName) {
        let is_here = |group: &GroupName| *group == self.name;
        let is_below = |group: &GroupName| self.name.next_towards(group).is_some();
        if !is_here(&to) && !is_below(&to) || !is_here(&from) && !is_below(&from) {
            let (from, to) = (from.to_string(), to.to_string());
            return self.tell_parent(Control::Want { from, to });
        }
        if !self.runs(&to) || !self.runs(&from) {
            return self.refuse(&from, &to);
        }
        if !self.introduced.add(&from, &to) {
            return;
        }
        let by_value = self.shares_values(&from, &to);
        // Without descriptors there is no link now; whoever wants it is told.
        match LinkEnd::pair(by_value) {
            Ok((one, other)) => {
                self.pass_on(&to, &from, other);
                self.pass_on(&from, &to, one);
            }
            Err(_) => {
                self.introduced.remove(&from);
                self.refuse(&from, &to);
            }
        }
    }

    fn runs(&self, group: &GroupName) -> bool {
        *group == self.name || self.directory.is_up(group.as_str())
    }

    /// Whether messages between two groups are handed over as values.
    fn shares_values(&self, one: &GroupName, other: &GroupName) -> bool {
        let place = |group: &GroupName| match self.directory.get(group.as_str()) {
            Some(known) => (known.process, known.terms.acked),
            None => (u64::from(std::process::id()), self.terms.acked),
        };
        let ((process, acked), (other_process, other_acked)) = (place(one), place(other));
        process == other_process && !acked && !other_acked
    }

    /// Passes the end of a link on to `to`, which leads to `with`.
    pub(super) fn pass_on(&mut self, to: &GroupName, with: &GroupName, end: LinkEnd) {
        if *to == self.name {
            if let Found::Up(peer) | Found::Down(peer) = self.find(with) {
                self.connect(peer, end);
            }
            return;
        }
        let control = Control::Link { to: to.to_string(), with: with.to_string() };
        if let Some(line) = self.line_towards(to) {
            // Who cannot be told is gone, and its end of the link with it.
            drop(line.tell_with(control, Some(end)));
        }
    }

    /// Puts a link to use.
    pub(super) fn connect(&mut self, peer: Peer, end: LinkEnd) {
        if let LinkEnd::Values(end) = &end {
            let waker = self.waker();
            end.receiver.wake_by(Box::new(move || waker.wake()));
        }
        self.links.connect(peer, end);
    }

    /// Tells `from` that it gets no link to `to`.
    pub(super) fn refuse(&mut self, from: &GroupName, to: &GroupName) {
        if *from == self.name {
            let waits =
                matches!(self.find(to), Found::Up(peer) | Found::Down(peer) if peer.terms.acked);
            if !waits {
                self.links.give_up(to.as_str());
            }
            return;
        }
        let control = Control::NoLink { to: from.to_string(), with: to.to_string() };
        if let Some(line) = self.line_towards(from) {
            drop(line.tell(control));
        }
    }
}
