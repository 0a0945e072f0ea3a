//! What main is told of its groups.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pysage_group::{Actor, Context, GroupDown, GroupName, GroupUp, Subscriptions};

use super::killer::Board;

/// What was told, and what should not have been.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) downs: u64,
    pub(crate) ups: u64,
    /// From a kill until its `GroupDown` is handled.
    pub(crate) notice_max: Duration,
    /// From a kill until the `GroupUp` behind it is handled.
    pub(crate) ready_max: Duration,
    pub(crate) wrongs: Vec<String>,
}

/// Takes note of the events.
pub(crate) struct Watcher {
    pub(crate) events: Rc<RefCell<Events>>,
    pub(crate) board: Arc<Board>,
    /// Ctrl-c may have ended a group that was just starting.
    pub(crate) interrupted: Arc<AtomicBool>,
}

/// The name of a group.
pub(crate) fn name_of(group: u32) -> String {
    format!("group{group}")
}

fn group_of(name: &GroupName) -> u32 {
    let number = name.as_str().strip_prefix("group").and_then(|number| number.parse().ok());
    number.expect("all groups have names of this form")
}

impl Actor for Watcher {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::down).message(Self::up);
    }
}

impl Watcher {
    fn down(&mut self, down: &GroupDown, _: &Context) {
        let mut events = self.events.borrow_mut();
        events.downs += 1;
        let GroupDown { group, end, .. } = down;
        match self.board.killed(group_of(group)) {
            Some(killed) => events.notice_max = events.notice_max.max(killed.elapsed()),
            None if self.interrupted.load(Ordering::Relaxed) => {}
            None => events.wrongs.push(format!("{group} was not killed, and is down: {end}")),
        }
        if down.restarts_in.is_none() {
            events.wrongs.push(format!("{group} is not started again: {end}"));
        }
    }

    fn up(&mut self, up: &GroupUp, _: &Context) {
        let mut events = self.events.borrow_mut();
        events.ups += 1;
        let group = group_of(&up.group);
        if let Some(killed) = self.board.take_killed(group) {
            events.ready_max = events.ready_max.max(killed.elapsed());
        }
        self.board.set_up(group);
    }
}

impl Events {
    /// Whether all groups are up again that were killed so often.
    pub(crate) fn are_all_up(&self, kills: u64) -> bool {
        self.downs >= kills && self.ups == self.downs
    }
}
