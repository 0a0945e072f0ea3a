//! How a group is added, and what is told if it does not start.

use std::time::Instant;

use pysage_core::wire::MessageTable;

use super::Node;
use super::child::{Child, END_TIMEOUT, GroupKind, Running, State};
use crate::config::GroupConfig;
use crate::entry::Entry;
use crate::error::GroupError;
use crate::event::GroupEnd;
use crate::name::GroupName;

impl Node {
    /// Adds a group, and waits until it is ready.
    pub(crate) fn add(
        &mut self,
        name: &str,
        entry: Entry,
        config: GroupConfig,
        kind: GroupKind,
        table: MessageTable,
    ) -> Result<GroupName, GroupError> {
        let group = self.name.below(name)?;
        if self.is_known(group.as_str()) {
            return Err(GroupError::NameTaken { group });
        }
        let now = Instant::now();
        self.children.push(Child::new(group.clone(), entry, config, kind, table, now));
        let begun =
            self.begin(self.children.len() - 1, now).and_then(|()| self.until_ready(&group));
        if begun.is_err() {
            self.children.retain(|child| child.name != group);
            self.links.give_up(group.as_str());
        }
        begun.map(|()| group)
    }

    fn until_ready(&mut self, group: &GroupName) -> Result<(), GroupError> {
        loop {
            let now = Instant::now();
            let index = self.child_index(group.as_str()).expect("it was added");
            let is_over = self.hear_child(index, now);
            let child = &mut self.children[index];
            let overdue = child.overdue(now);
            if child.is_up() {
                return Ok(());
            }
            if is_over || overdue.is_some() || child.refusal.is_some() {
                return Err(self.did_not_start(index));
            }
            let deadline = child.wake_at();
            self.flush_lines();
            self.wait_for_groups(deadline);
        }
    }

    /// Ends a group that did not become ready; says why.
    fn did_not_start(&mut self, index: usize) -> GroupError {
        let mut child = self.children.remove(index);
        child.running_mut().into_iter().for_each(|running| running.body.kill());
        let was_told = child.last_words.take();
        let state = std::mem::replace(&mut child.state, State::Failed(GroupEnd::Hung));
        let status = match state {
            State::Starting { running: Running { body, line }, .. } => {
                drop(line);
                body.finish(Instant::now() + END_TIMEOUT)
            }
            _ => None,
        };
        let group = child.name.clone();
        child.refusal.take().unwrap_or_else(|| {
            let status =
                status.unwrap_or_else(|| "it says no more, but its thread goes on".to_owned());
            GroupError::EndedEarly { group, end: was_told.unwrap_or(GroupEnd::Exited(status)) }
        })
    }

    pub(super) fn child_index(&self, group: &str) -> Option<usize> {
        self.children.iter().position(|child| child.name == *group)
    }
}
