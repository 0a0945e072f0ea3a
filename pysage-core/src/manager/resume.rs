//! The phase in which tasks go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use super::tasks::WakeUp;
use super::{ActorManager, World};
use crate::actor::{Context, Position};

impl ActorManager {
    /// Has each task that is not parked do a step, oldest first.
    pub(super) fn resume(&self) {
        let world = self.world();
        if world.tasks.is_idle() || world.halted.get() {
            return;
        }
        let orphans = world.tasks.sweep(world.retired.get(), |actor| !world.lives(actor));
        orphans.into_iter().for_each(|task| world.contained(|| drop(task)));
        for waker in world.tasks.take_knocks() {
            world.contained(|| waker.wake());
        }
        self.step_all(world.tasks.due(world.begun.get(), world.now.get()));
    }

    /// Has the tasks do a step whose answers came since the others did.
    pub(super) fn resume_answered(&self) {
        if self.world().tasks.is_answered() && !self.world().halted.get() {
            self.step_all(self.world().tasks.answered());
        }
    }

    fn step_all(&self, due: Vec<WakeUp>) {
        if due.is_empty() {
            return self.world().tasks.recycle(due);
        }
        let cx = Context::new(self);
        let mut steps = Steps { upcoming: due.iter(), message: "" };
        let retired = self.world().retired.get();
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| steps.run(&cx, retired))) {
            cx.contain(steps.message, panic);
            if self.world().halted.get() {
                break;
            }
        }
        self.world().tasks.put_off(steps.upcoming.as_slice());
        self.world().tasks.recycle(due);
    }
}

/// The steps of a phase that are still to be done.
struct Steps<'a> {
    upcoming: slice::Iter<'a, WakeUp>,
    /// The name of the message that began the task whose step is done.
    message: &'static str,
}

impl Steps<'_> {
    fn run(&mut self, cx: &Context, retired: u64) {
        let world = cx.world();
        let tasks = &world.tasks;
        let mut bell = tasks.take_bell();
        for wake_up in self.upcoming.by_ref() {
            let Some((task, opened)) = tasks.take(*wake_up) else { continue };
            if world.retired.get() != retired && !world.lives(task.actor) {
                // Whose destructor panics is gone already.
                cx.rest();
                drop((opened, task));
                continue;
            }
            self.message = task.name;
            cx.enter(task.actor, Position::RECEIVER);
            cx.run(task.actor.index());
            let changes = world.changes();
            if let Some(Err(error)) = tasks.step(opened, task.future, &mut bell) {
                world.report_error(cx, task.name, error);
            }
            if world.changes() != changes {
                cx.settle();
                if world.halted.get() {
                    break;
                }
            }
        }
        cx.rest();
        tasks.give_back(bell);
    }
}

impl World {
    /// Ends all tasks.
    pub(super) fn drop_tasks(&self) {
        self.tasks.end_all().into_iter().for_each(|task| self.contained(|| drop(task)));
    }
}
