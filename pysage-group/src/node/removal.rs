//! How groups are ended.

use std::time::{Duration, Instant};

use super::Node;
use super::child::Child;
use crate::control::Control;
use crate::error::GroupError;
use crate::name::GroupName;

/// How long the groups of a manager that is dropped may take to end.
const DROP_TIMEOUT: Duration = Duration::from_millis(200);

impl Node {
    /// Ends a group of this one's own: what was sent to it is handled before.
    pub(crate) fn remove(&mut self, name: &str) -> Result<(), GroupError> {
        let unknown = || GroupError::Unknown { name: name.to_owned() };
        let group = GroupName::known(&self.resolve(name));
        self.child_index(group.as_str()).ok_or_else(unknown)?;
        self.remove_all(&[group])
    }

    /// Ends all groups of this one's own.
    pub(crate) fn clear(&mut self) -> Result<(), GroupError> {
        let groups = self.own_groups();
        self.remove_all(&groups)
    }

    pub(crate) fn own_groups(&self) -> Vec<GroupName> {
        self.children.iter().map(|child| child.name.clone()).collect()
    }

    /// Ends groups, all at the same time; tells the first one that did not end in time.
    fn remove_all(&mut self, groups: &[GroupName]) -> Result<(), GroupError> {
        let now = Instant::now();
        for group in groups {
            let Some(index) = self.child_index(group.as_str()) else { continue };
            let bound = self.children[index].config.queue_bytes;
            self.links.drain(group.as_str(), bound);
            self.links.close(group.as_str());
            if let Some(line) = self.children[index].line_mut() {
                drop(line.tell(Control::Stop));
            }
        }
        let mut first = Ok(());
        for group in groups {
            let Some(index) = self.child_index(group.as_str()) else { continue };
            let timeout = self.children[index].config.stop_timeout;
            let in_time = self.until_ended(group, now + timeout);
            if !in_time && first.is_ok() {
                first = Err(GroupError::NotStopped { group: group.clone(), timeout });
            }
        }
        first
    }

    /// Serves a group until it has ended, and takes it out; whether it ended in time.
    fn until_ended(&mut self, group: &GroupName, deadline: Instant) -> bool {
        let in_time = loop {
            let index = self.child_index(group.as_str()).expect("only the caller takes it out");
            let now = Instant::now();
            let is_over = self.hear_child(index, now) || self.children[index].line().is_none();
            self.links.read();
            if is_over || now >= deadline {
                break is_over;
            }
            self.links.write();
            self.flush_lines();
            self.wait_for_groups(Some(deadline));
        };
        let index = self.child_index(group.as_str()).expect("only the caller takes it out");
        let child = self.children.remove(index);
        let ended = child.end(if in_time { Instant::now() + DROP_TIMEOUT } else { deadline });
        self.links.read();
        self.forget(group.as_str(), true, group);
        in_time && ended
    }

    /// Ends all groups of a group that ends itself, and has until then.
    pub(super) fn end_children(&mut self, deadline: Instant) {
        let timeout = deadline.saturating_duration_since(Instant::now());
        for child in &mut self.children {
            child.config.stop_timeout = child.config.stop_timeout.min(timeout);
        }
        // Who does not end in time is killed, and its parent has no more to say.
        drop(self.clear());
    }
}

impl Drop for Node {
    /// Groups end by themselves once their parent is gone; processes that do not are killed.
    fn drop(&mut self) {
        let bodies: Vec<_> = self.children.drain(..).filter_map(Child::into_body).collect();
        let deadline = Instant::now() + DROP_TIMEOUT;
        for body in bodies {
            body.finish(deadline);
        }
    }
}
