//! Timers: messages that are queued later, once or again and again.

mod delay;
mod table;

use std::cell::RefCell;
use std::time::Instant;

use super::letters::DropReason;
use super::{ActorManager, World};
use crate::actor::ActorId;
use crate::message::Message;
pub use delay::Delay;
use table::{Entry, Fires, Table};

/// A message that is to be queued later, by which it can be [cancelled](ActorManager::cancel).
///
/// It is small and cheap to copy, and means nothing to another manager, nor once it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timer {
    manager: u64,
    number: u64,
}

/// The timers of a manager.
#[derive(Default)]
pub(crate) struct Timers(RefCell<Table>);

impl ActorManager {
    /// Queues a message after a delay, for all who subscribe to it then.
    ///
    /// It is queued at the start of the first tick whose time has come, behind what other threads
    /// queued, and is handled in that tick if the budget lets it be. Messages of one tick are in
    /// the order of their times, and those of the same time in the order in which they were set.
    /// A delay is counted from the tick in progress, or else from the time of the clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysage_core::{ActorManager, Delay, ManagerConfig, ManualClock, Message};
    ///
    /// #[derive(Clone, Message)]
    /// struct Bomb { damage: i32 }
    ///
    /// let clock = ManualClock::new();
    /// let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    /// let bomb = manager.queue_after(Duration::from_secs(3), Bomb { damage: 10 });
    /// manager.queue_after(Delay::ticks(2), Bomb { damage: 1 });
    /// assert!(manager.cancel(bomb), "it was still to come");
    /// ```
    ///
    /// A message that is invalid, or needs one timer more than
    /// [`ManagerConfig::timer_capacity`](crate::ManagerConfig::timer_capacity), is a dead letter,
    /// and its timer is over.
    #[doc(alias("timer", "schedule", "send_after", "run_later"))]
    pub fn queue_after<M: Message>(&self, delay: impl Into<Delay>, message: M) -> Timer {
        self.world().set_timer(None, delay.into(), None, message, |it| Box::new(Once(it)))
    }

    /// Queues a message for one actor after a delay; see [`queue_after`](Self::queue_after).
    ///
    /// If the actor is gone when it is time, so is the message. It is a dead letter only if the
    /// actor was gone when it was set.
    #[doc(alias("timer", "schedule", "send_after", "run_later"))]
    pub fn queue_after_to<M: Message>(
        &self,
        actor: ActorId,
        delay: impl Into<Delay>,
        message: M,
    ) -> Timer {
        self.world().set_timer(Some(actor), delay.into(), None, message, |it| Box::new(Once(it)))
    }

    /// Queues a copy of a message after each period, until it is cancelled; see
    /// [`queue_after`](Self::queue_after).
    ///
    /// The times are fixed from the start, so a late tick does not delay those behind it. There is
    /// one message in a tick at most: times for which no tick came are left out. A period of zero
    /// is one tick.
    #[doc(alias("timer", "schedule", "run_interval"))]
    pub fn queue_every<M: Message + Clone>(&self, period: impl Into<Delay>, message: M) -> Timer {
        let period = period.into();
        self.world().set_timer(None, period, Some(period), message, |it| Box::new(Every(it)))
    }

    /// Queues a copy of a message for one actor after each period, until it is cancelled or the
    /// actor is gone; see [`queue_every`](Self::queue_every).
    #[doc(alias("timer", "schedule", "run_interval"))]
    pub fn queue_every_to<M: Message + Clone>(
        &self,
        actor: ActorId,
        period: impl Into<Delay>,
        message: M,
    ) -> Timer {
        let period = period.into();
        self.world().set_timer(Some(actor), period, Some(period), message, |it| Box::new(Every(it)))
    }

    /// Cancels a timer, and drops its message; says whether it was still to come. What a timer
    /// has queued already is not taken back.
    pub fn cancel(&self, timer: Timer) -> bool {
        let world = self.world();
        if timer.manager != world.serial {
            return false;
        }
        let cancelled = world.timers.0.borrow_mut().remove(timer.number);
        cancelled.is_some()
    }

    /// Queues the messages of the timers whose time has come.
    pub(super) fn queue_due(&self) {
        let world = self.world();
        if world.timers.0.borrow().len() == 0 {
            return;
        }
        let due = world.timers.0.borrow_mut().take_due(world.begun.get(), world.now.get());
        for (due, number) in due {
            // Copies are made, and dropped, by code of the message.
            world.contained(|| world.fire(due, number));
            world.timers.0.borrow_mut().close_if_empty(number);
        }
    }
}

impl World {
    fn set_timer<M: Message>(
        &self,
        receiver: Option<ActorId>,
        delay: Delay,
        period: Option<Delay>,
        message: M,
        keep: fn(M) -> Box<dyn Fires>,
    ) -> Timer {
        let timers = &self.timers.0;
        let timer = Timer { manager: self.serial, number: timers.borrow_mut().next_number() };
        let refused = if M::VALIDATED && message.validate().is_err() {
            Some(DropReason::Invalid)
        } else if receiver.is_some_and(|actor| !self.lives(actor)) {
            Some(DropReason::NoSuchActor)
        } else if timers.borrow().len() >= self.config.timer_capacity {
            Some(DropReason::TooManyTimers)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.dead_letter(&message, receiver, reason);
            return timer;
        }
        let due = delay.due(self.begun.get(), self.time());
        let entry = Entry { receiver, period, fires: Some(keep(message)) };
        timers.borrow_mut().insert(timer.number, entry, due);
        timer
    }

    /// Queues the message of a timer, and sets the timer again if it goes on.
    fn fire(&self, due: Instant, number: u64) {
        let taken = self.timers.0.borrow_mut().take(number);
        let Some(Entry { receiver, period, fires: Some(fires) }) = taken else { return };
        if receiver.is_some_and(|actor| !self.lives(actor)) {
            return;
        }
        let (Some(again), Some(period)) = (fires.fire(receiver, self), period) else { return };
        let next = period.next(due, self.begun.get(), self.now.get());
        let left = self.timers.0.borrow_mut().put_back(number, again, next);
        drop(left);
    }

    /// Drops the messages of all timers; returns how many.
    pub(super) fn drop_timers(&self) -> usize {
        let dropped = self.timers.0.borrow_mut().clear();
        let count = dropped.len();
        dropped.into_iter().for_each(|entry| self.contained(|| drop(entry)));
        count
    }
}

/// A message that is queued once.
struct Once<M>(M);

/// A message of which copies are queued.
struct Every<M>(M);

impl<M: Message> Fires for Once<M> {
    fn fire(self: Box<Self>, receiver: Option<ActorId>, world: &World) -> Option<Box<dyn Fires>> {
        world.enqueue(receiver, self.0);
        None
    }
}

impl<M: Message + Clone> Fires for Every<M> {
    fn fire(self: Box<Self>, receiver: Option<ActorId>, world: &World) -> Option<Box<dyn Fires>> {
        world.enqueue(receiver, self.0.clone());
        Some(self)
    }
}
