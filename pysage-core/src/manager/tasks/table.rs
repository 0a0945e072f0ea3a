//! The tasks by their places, and when each goes on.

use std::time::Instant;

use super::{Taken, TaskFuture, Wish};
use crate::actor::ActorId;
use crate::manager::alarms::Alarms;

/// One task, as long as it lasts. Keys compare by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskKey {
    /// The number of the task, from 1; none has it again.
    age: u64,
    index: u32,
}

/// The step of a task that is to come. Once that was done the task is not woken by it any more.
// Has the fields of the key, which is half as large this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WakeUp {
    age: u64,
    index: u32,
    /// How many steps the task had done, the one in progress included.
    step: u32,
}

impl WakeUp {
    fn new(task: TaskKey, step: u32) -> WakeUp {
        WakeUp { age: task.age, index: task.index, step }
    }
}

#[derive(Default)]
pub(super) struct Table {
    places: Vec<Place>,
    free: Vec<u32>,
    count: usize,
    newest: u64,
    /// Those that go on in the next tick.
    next: Vec<WakeUp>,
    /// Those whose answers have come.
    answered: Vec<WakeUp>,
    by_time: Alarms<Instant, WakeUp>,
    by_tick: Alarms<u64, WakeUp>,
    /// Empty.
    spare: Vec<WakeUp>,
}

struct Place {
    /// The number of the task that is here; 0 for none.
    age: u64,
    step: u32,
    /// Whether it waits for something that does not say when it comes.
    foreign: bool,
    actor: ActorId,
    name: &'static str,
    /// Away during a step.
    future: Option<TaskFuture>,
}

impl Table {
    pub(super) fn open(
        &mut self,
        actor: ActorId,
        name: &'static str,
        capacity: usize,
    ) -> Option<TaskKey> {
        if self.count >= capacity {
            return None;
        }
        self.count += 1;
        self.newest += 1;
        let age = self.newest;
        let place = Place { age, step: 0, foreign: false, actor, name, future: None };
        let index = match self.free.pop() {
            Some(index) => {
                self.places[index as usize] = place;
                index
            }
            None => {
                self.places.push(place);
                u32::try_from(self.places.len() - 1).expect("tasks are limited to fewer than 2^32")
            }
        };
        Some(TaskKey { age, index })
    }

    /// Puts back a task after its step; gives it away if it was ended meanwhile.
    #[inline]
    pub(super) fn keep(
        &mut self,
        key: TaskKey,
        future: TaskFuture,
        wish: &Wish,
        foreign: bool,
    ) -> Option<TaskFuture> {
        let Some(place) = self.places.get_mut(key.index as usize).filter(|it| it.age == key.age)
        else {
            return Some(future);
        };
        place.future = Some(future);
        place.foreign |= foreign;
        let wake_up = WakeUp::new(key, place.step);
        if place.foreign || !wish.parks() {
            self.next.push(wake_up);
            return None;
        }
        if let Some(time) = wish.time() {
            self.by_time.push(time, wake_up);
            self.by_time.prune(self.count, |it| is_to_come(&self.places, it));
        }
        if let Some(tick) = wish.tick() {
            self.by_tick.push(tick, wake_up);
            self.by_tick.prune(self.count, |it| is_to_come(&self.places, it));
        }
        None
    }

    #[inline]
    pub(super) fn take(&mut self, wake_up: WakeUp) -> Option<Taken> {
        let key = TaskKey { age: wake_up.age, index: wake_up.index };
        let place = self.places.get_mut(key.index as usize)?;
        if place.age != key.age || place.step != wake_up.step {
            return None;
        }
        let future = place.future.take()?;
        place.step = place.step.wrapping_add(1);
        Some(Taken { key, actor: place.actor, name: place.name, future })
    }

    pub(super) fn wake(&mut self, key: TaskKey) {
        if let Some(place) = self.places.get(key.index as usize).filter(|it| it.age == key.age) {
            self.answered.push(WakeUp::new(key, place.step));
        }
    }

    /// Frees the place of a task that is not in it.
    pub(super) fn close(&mut self, key: TaskKey) {
        if let Some(place) = self.places.get_mut(key.index as usize)
            && place.age == key.age
        {
            place.age = 0;
            self.count -= 1;
            self.free.push(key.index);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn is_answered(&self) -> bool {
        !self.answered.is_empty()
    }

    pub(super) fn due(&mut self, tick: u64, now: Instant) -> Vec<WakeUp> {
        let spare = std::mem::take(&mut self.spare);
        let mut due = std::mem::replace(&mut self.next, spare);
        due.append(&mut self.answered);
        due.extend(std::iter::from_fn(|| self.by_tick.pop_due(tick)).map(|(_, it)| it));
        due.extend(std::iter::from_fn(|| self.by_time.pop_due(now)).map(|(_, it)| it));
        in_order(due)
    }

    pub(super) fn answered(&mut self) -> Vec<WakeUp> {
        in_order(std::mem::take(&mut self.answered))
    }

    pub(super) fn put_off(&mut self, due: &[WakeUp]) {
        self.next.extend_from_slice(due);
    }

    pub(super) fn recycle(&mut self, mut done: Vec<WakeUp>) {
        done.clear();
        if done.capacity() > self.spare.capacity() {
            self.spare = done;
        }
    }

    /// Ends the tasks of these actors; one that is being polled is given away by
    /// [`keep`](Self::keep).
    pub(super) fn end_those_of(&mut self, is_gone: impl Fn(ActorId) -> bool) -> Vec<TaskFuture> {
        let mut ended = Vec::new();
        for (index, place) in (0..).zip(&mut self.places) {
            if place.age != 0 && is_gone(place.actor) {
                place.age = 0;
                self.count -= 1;
                self.free.push(index);
                ended.extend(place.future.take());
            }
        }
        ended
    }
}

fn is_to_come(places: &[Place], wake_up: WakeUp) -> bool {
    let place = places.get(wake_up.index as usize);
    place.is_some_and(|place| place.age == wake_up.age && place.step == wake_up.step)
}

/// Oldest first, each once.
fn in_order(mut due: Vec<WakeUp>) -> Vec<WakeUp> {
    if !due.is_sorted() {
        due.sort_unstable();
    }
    due.dedup();
    due
}
