//! Futures that wait for a tick or a time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Weak;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::wish::Until;
use crate::manager::World;

/// Waits for a tick or a time, in a task; made by [`Me::next_tick`](crate::Me::next_tick),
/// [`Me::sleep`](crate::Me::sleep) and [`Me::sleep_ticks`](crate::Me::sleep_ticks).
#[must_use = "a pause does nothing unless it is awaited"]
pub struct Pause {
    world: Weak<World>,
    /// The first tick in which it is over.
    tick: u64,
    /// The time at which it is over.
    time: Option<Instant>,
}

impl Pause {
    /// Until a tick, counted from now; until the next one at least.
    pub(crate) fn of_ticks(world: Weak<World>, ticks: u64) -> Pause {
        let now = world.upgrade().map_or(0, |world| world.begun.get());
        Pause { tick: now.saturating_add(ticks.max(1)), time: None, world }
    }

    /// Until a time from now, and until the next tick at least.
    pub(crate) fn of_time(world: Weak<World>, time: Duration) -> Pause {
        let (now, time) = match world.upgrade() {
            Some(world) => (world.begun.get(), world.time().checked_add(time)),
            None => (0, None),
        };
        // A time beyond all times does not come, and neither does a tick of the highest number.
        let tick = if time.is_some() { now + 1 } else { u64::MAX };
        Pause { world, tick, time }
    }
}

impl Future for Pause {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Without its manager no tick comes any more.
        let Some(world) = self.world.upgrade() else { return Poll::Pending };
        let begun = world.begun.get();
        let until = match self.time {
            Some(time) if world.now.get() < time => Until::Time(time),
            _ if begun >= self.tick => return Poll::Ready(()),
            _ if begun + 1 == self.tick => Until::NextTick,
            _ => Until::Tick(self.tick),
        };
        world.tasks.wait(until, cx);
        Poll::Pending
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause").finish_non_exhaustive()
    }
}
