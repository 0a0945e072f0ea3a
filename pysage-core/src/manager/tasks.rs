//! Tasks: futures that belong to actors and go on by one step in a tick.

mod bell;
mod pause;
mod table;
mod wish;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{self, Poll, Waker};
use std::time::Instant;

use crate::actor::{ActorId, BoxError};
use bell::Bell;
pub use pause::Pause;
use table::Table;
pub(crate) use table::{TaskKey, WakeUp};
use wish::{Until, Wish};

/// What is left of a task: it ends with what its handler returned.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = Result<(), BoxError>>>>;

/// The tasks of a manager, and what they wait for.
#[derive(Default)]
pub(crate) struct Tasks {
    table: RefCell<Table>,
    /// The innermost poll in progress.
    polled: Cell<Option<Polled>>,
    /// What that poll has said so far.
    wish: Wish,
    /// Wakers of those who poll our futures otherwise than tasks do.
    knocks: RefCell<Vec<Waker>>,
    spare_bell: Cell<Option<Bell>>,
    /// How many actors had left when the tasks of actors that are gone were last looked for.
    swept: Cell<u64>,
}

/// A task that is being polled.
#[derive(Clone, Copy)]
struct Polled {
    key: TaskKey,
    actor: ActorId,
    /// What the waker of the poll points to.
    waker: *const (),
}

/// A task taken out of the table for its next step.
pub(crate) struct Taken {
    pub(crate) key: TaskKey,
    pub(crate) actor: ActorId,
    /// The name of the message that began it.
    pub(crate) name: &'static str,
    pub(crate) future: TaskFuture,
}

impl Tasks {
    /// Makes room for a task, if there are not too many.
    pub(crate) fn open(
        &self,
        actor: ActorId,
        name: &'static str,
        capacity: usize,
    ) -> Option<Opened<'_>> {
        let key = self.table.borrow_mut().open(actor, name, capacity)?;
        Some(Opened { tasks: self, key, actor })
    }

    /// Has a task go on until it waits; gives what it ended with, if it did.
    #[inline]
    pub(crate) fn step(
        &self,
        opened: Opened<'_>,
        mut future: TaskFuture,
        bell: &mut Bell,
    ) -> Option<Result<(), BoxError>> {
        let Opened { key, actor, .. } = opened;
        let polling = Polling::begin(self, Polled { key, actor, waker: bell.points_to() });
        let polled = future.as_mut().poll(&mut task::Context::from_waker(bell.waker()));
        let foreign = bell.was_kept();
        if let Poll::Ready(result) = polled {
            return Some(result);
        }
        mem::forget(opened);
        let left = self.table.borrow_mut().keep(key, future, &self.wish, foreign);
        drop((polling, left));
        None
    }

    /// Takes a task out for its next step, unless that was done already, or it ended.
    #[inline]
    pub(crate) fn take(&self, wake_up: WakeUp) -> Option<(Taken, Opened<'_>)> {
        let taken = self.table.borrow_mut().take(wake_up)?;
        let opened = Opened { tasks: self, key: taken.key, actor: taken.actor };
        Some((taken, opened))
    }

    /// Has a task go on in the next phase in which tasks do.
    pub(crate) fn wake(&self, task: TaskKey) {
        self.table.borrow_mut().wake(task);
    }

    /// Whether there is nobody who could go on.
    pub(super) fn is_idle(&self) -> bool {
        self.table.borrow().is_empty() && self.knocks.borrow().is_empty()
    }

    /// Whether answers have come since the last phase.
    pub(super) fn is_answered(&self) -> bool {
        self.table.borrow().is_answered()
    }

    /// Those that go on in this tick, oldest first.
    pub(super) fn due(&self, tick: u64, now: Instant) -> Vec<WakeUp> {
        self.table.borrow_mut().due(tick, now)
    }

    /// Those whose answers have come, oldest first.
    pub(super) fn answered(&self) -> Vec<WakeUp> {
        self.table.borrow_mut().answered()
    }

    /// Has those that were due go on in the next tick instead.
    pub(super) fn put_off(&self, due: &[WakeUp]) {
        self.table.borrow_mut().put_off(due);
    }

    /// Gives back the memory of a list of those that were due.
    pub(super) fn recycle(&self, done: Vec<WakeUp>) {
        self.table.borrow_mut().recycle(done);
    }

    /// Ends the tasks of these actors, if `retired` actors left since they were last looked for.
    pub(super) fn sweep(&self, retired: u64, is_gone: impl Fn(ActorId) -> bool) -> Vec<TaskFuture> {
        if self.swept.replace(retired) == retired {
            return Vec::new();
        }
        self.table.borrow_mut().end_those_of(is_gone)
    }

    /// Ends all tasks.
    pub(super) fn end_all(&self) -> Vec<TaskFuture> {
        self.table.borrow_mut().end_those_of(|_| true)
    }

    /// Notes what the poll in progress waits for.
    pub(crate) fn wait(&self, until: Until, cx: &task::Context<'_>) {
        let polled = self.polled.get();
        if polled.is_some() {
            self.wish.add(until);
        }
        if !is_of_task(polled, cx) {
            let waker = cx.waker().clone();
            let mut knocks = self.knocks.borrow_mut();
            if !knocks.last().is_some_and(|last| last.will_wake(&waker)) {
                knocks.push(waker);
            }
        }
    }

    /// Notes that the poll in progress waits for an answer; gives who is to be told of it.
    pub(crate) fn wait_for_answer(
        &self,
        cx: &task::Context<'_>,
    ) -> (Option<TaskKey>, Option<Waker>) {
        let polled = self.polled.get();
        if polled.is_some() {
            self.wish.add(Until::Answer);
        }
        let waker = (!is_of_task(polled, cx)).then(|| cx.waker().clone());
        (polled.map(|polled| polled.key), waker)
    }

    /// The wakers of those who poll our futures otherwise than tasks do.
    pub(super) fn take_knocks(&self) -> Vec<Waker> {
        self.knocks.take()
    }

    pub(crate) fn take_bell(&self) -> Bell {
        self.spare_bell.take().unwrap_or_default()
    }

    pub(crate) fn give_back(&self, bell: Bell) {
        self.spare_bell.set(Some(bell));
    }

    /// Whose task is being polled.
    pub(crate) fn polled_actor(&self) -> Option<ActorId> {
        self.polled.get().map(|polled| polled.actor)
    }
}

/// Whether a future of ours is polled by its task, or by something that has wakers of its own.
fn is_of_task(polled: Option<Polled>, cx: &task::Context<'_>) -> bool {
    polled.is_some_and(|polled| polled.waker == cx.waker().data())
}

/// A task that has its place in the table, which is free again unless this is forgotten.
pub(crate) struct Opened<'a> {
    tasks: &'a Tasks,
    key: TaskKey,
    actor: ActorId,
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.tasks.table.borrow_mut().close(self.key);
    }
}

/// A poll in progress; polls are nested where a step triggers a message that begins a task.
struct Polling<'a> {
    tasks: &'a Tasks,
    outer: Option<Polled>,
    outer_wish: wish::Said,
}

impl Polling<'_> {
    fn begin(tasks: &Tasks, polled: Polled) -> Polling<'_> {
        let outer = tasks.polled.replace(Some(polled));
        Polling { tasks, outer, outer_wish: tasks.wish.begin() }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.tasks.polled.set(self.outer);
        self.tasks.wish.end(self.outer_wish);
    }
}
