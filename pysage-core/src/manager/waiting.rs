//! How a loop waits until there is something to do.

mod busy_wait;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::ActorManager;
use crate::actor::Flow;
pub use busy_wait::BusyWait;

/// Waits in place of a manager's loop, for what the manager does not know of: a transport with
/// sockets brings one that waits for those as well.
///
/// It is given to [`ActorManager::wait_by`].
pub trait Waiting {
    /// Waits until this time, until what this waits for is there, or until the
    /// [waker](Self::waker) is called. It may come back before any of that: a loop then ticks once
    /// more often. A time that is past means to look and not to wait.
    fn wait_until(&self, time: Instant);

    /// A function for other threads that ends the wait in progress; or, if there is none, the next
    /// one as soon as it begins. Calls before that may count as one.
    ///
    /// It is called on whatever thread has a [`Handle`](crate::Handle), also while there is no
    /// wait, so it must not block.
    fn waker(&self) -> Arc<dyn Fn() + Send + Sync>;
}

impl ActorManager {
    /// Sets how a loop waits that may be woken, in place of how it did before: without this, on a
    /// condition variable, which wakes for [`Handle`](crate::Handle)s only.
    ///
    /// [`wait_until`](Self::wait_until) waits this way, and [`run`](Self::run) does at a rate
    /// [`or_when_woken`](crate::TickRate::or_when_woken). The function given to
    /// [`on_wake`](Self::on_wake) is called all the same. With a
    /// [`ManualClock`](crate::ManualClock) nothing waits, so `waiting` is not asked to.
    pub fn wait_by(&self, waiting: impl Waiting + 'static) {
        let world = self.world();
        world.shared.wake_by(waiting.waker());
        let before = world.waiting_by.replace(Some(Rc::new(waiting)));
        drop(before);
    }

    /// Whether how a loop waits was [set](Self::wait_by).
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.world().waiting_by.borrow().is_some()
    }

    /// Waits for the next tick of a loop of a program's own: until this time, until a
    /// [`Handle`](crate::Handle) queues the first message since the last tick, until it
    /// [wakes](crate::Handle::wake) or [stops](crate::Handle::stop) the loop, or until what was
    /// given to [`wait_by`](Self::wait_by) is done waiting. It may come back before its time. What
    /// ended it does not end the next one: tick in between.
    ///
    /// [`Flow::Stop`] if a handle has asked for a stop since that was told last. A manual clock is
    /// moved to the time at once.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use pysage_core::{ActorManager, Flow};
    ///
    /// let manager = ActorManager::new();
    /// let handle = manager.handle();
    /// let other = std::thread::spawn(move || handle.stop());
    /// loop {
    ///     manager.tick()?;
    ///     let soon = Instant::now() + Duration::from_secs(1);
    ///     if manager.wait_until(soon) == Flow::Stop {
    ///         break;
    ///     }
    /// }
    /// # other.join().unwrap();
    /// # Ok::<(), pysage_core::TickError>(())
    /// ```
    pub fn wait_until(&self, time: Instant) -> Flow {
        self.wait(time, true);
        if self.world().shared.take_stop() { Flow::Stop } else { Flow::Continue }
    }

    /// Waits until this time, until a stop is asked for, or, with `for_wake`, until there may be
    /// something to do.
    pub(super) fn wait(&self, time: Instant, for_wake: bool) {
        let world = self.world();
        if let Some(clock) = world.config.clock.manual() {
            return clock.advance_to(time);
        }
        let waiting = world.waiting_by.borrow().clone().filter(|_| for_wake);
        match waiting {
            Some(waiting) => world.shared.wait_by(|| waiting.wait_until(time)),
            None => world.shared.wait_until(time, for_wake),
        }
    }
}
