//! Managers with groups, waited for with a deadline.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pysage_group::{
    Actor, ActorManager, Context, GroupConfig, GroupDown, GroupUp, Groups, Subscriptions, TickError,
};

use crate::group_entries::{Long, Ping, Pong, Told};

/// How long a test waits for what has to happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Process tests run one after the other.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a group in a process of its own is added by a test, which is no program that could be
/// started once more.
pub(crate) fn config() -> GroupConfig {
    GroupConfig::default().program(env!("CARGO_BIN_EXE_group_child"))
}

/// What a manager has seen of its groups, in order.
#[derive(Clone, Default)]
pub(crate) struct Seen(Rc<RefCell<Vec<String>>>);

impl Seen {
    pub(crate) fn note(&self, what: impl ToString) {
        self.0.borrow_mut().push(what.to_string());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

/// Notes what comes from groups.
pub(crate) struct Main(Seen);

impl Actor for Main {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|main: &mut Self, pong: &Pong, cx: &Context| {
            let from = cx.sender().and_then(|sender| cx.group_of(sender));
            let from = from.map_or_else(|| "nobody".to_owned(), |from| from.to_string());
            main.0.note(format!("{} from {from}", pong.0));
        })
        .message(|main: &mut Self, told: &Told, _: &Context| main.0.note(&told.0))
        .message(|main: &mut Self, long: &Long, _: &Context| main.0.note(long.0.len()))
        .message(|main: &mut Self, up: &GroupUp, _: &Context| {
            main.0.note(format!("{} is up, restarted {} times", up.group, up.restarts));
        })
        .message(|main: &mut Self, down: &GroupDown, _: &Context| {
            let again = if down.restarts_in.is_some() { ", starts again" } else { "" };
            main.0.note(format!("{} is down: {}{again}", down.group, down.end));
        });
    }
}

/// Answers pings in main.
pub(crate) struct Answering;

impl Actor for Answering {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Self, ping: &Ping, cx: &Context| {
            cx.send(cx.sender().expect("it came from a group"), Pong(ping.0 + 1))
        });
    }
}

/// A manager that notes what comes from groups.
pub(crate) fn main_manager() -> (ActorManager, Seen) {
    let (manager, seen) = (ActorManager::new(), Seen::default());
    manager.register(Main(seen.clone()));
    (manager, seen)
}

/// Ticks until something is so.
pub(crate) fn tick_until(manager: &ActorManager, what: &str, is_so: impl FnMut() -> bool) {
    if let Some(error) = try_until(manager, what, is_so) {
        panic!("a tick failed while waiting for {what}: {error}");
    }
}

/// Ticks until something is so, or a tick fails.
pub(crate) fn try_until(
    manager: &ActorManager,
    what: &str,
    mut is_so: impl FnMut() -> bool,
) -> Option<TickError> {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        manager.wait_until(Instant::now() + Duration::from_millis(20));
        if let Err(error) = manager.tick() {
            return Some(error);
        }
    }
    None
}

/// Ticks until so many things were noted; gives them.
pub(crate) fn noted(manager: &ActorManager, seen: &Seen, count: usize) -> Vec<String> {
    let deadline = Instant::now() + DEADLINE;
    while seen.len() < count {
        let (there, last) = (seen.len(), seen.0.borrow().last().cloned());
        assert!(Instant::now() < deadline, "{there} of {count} notes, the last is {last:?}");
        manager.wait_until(Instant::now() + Duration::from_millis(20));
        manager.tick().unwrap();
    }
    seen.take()
}

/// Looks at how many child processes this one has, zombies included, where the system tells.
pub(crate) fn assert_child_processes(expected: usize) {
    if cfg!(target_os = "linux") {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let children: usize = tasks
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .map(|children| children.split_whitespace().count())
            .sum();
        assert_eq!(children, expected, "child processes");
    }
}

/// Whether a manager has no group.
pub(crate) fn has_none(manager: &ActorManager) -> bool {
    manager.groups().is_empty()
}
