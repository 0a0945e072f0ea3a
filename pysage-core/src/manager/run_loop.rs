//! The ready-made loop.

use std::time::{Duration, Instant};

use super::ActorManager;
use super::tick::{Budget, TickReport};
use crate::actor::Flow;
use crate::error::TickError;

/// How often a [loop](ActorManager::run) ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TickRate {
    interval: Duration,
    on_wake: bool,
    budget: Budget,
}

impl TickRate {
    /// So many ticks a second.
    ///
    /// # Panics
    /// If the rate is not above 0.
    #[must_use]
    pub fn hz(ticks_per_second: impl Into<f64>) -> TickRate {
        let seconds = ticks_per_second.into().recip();
        assert!(seconds.is_finite() && seconds > 0.0, "a tick rate is above 0 ticks a second");
        TickRate::every(Duration::from_secs_f64(seconds))
    }

    /// One tick in each interval.
    ///
    /// # Panics
    /// If the interval is zero.
    #[must_use]
    pub fn every(interval: Duration) -> TickRate {
        assert!(!interval.is_zero(), "a tick rate needs an interval above zero");
        TickRate { interval, on_wake: false, budget: Budget::UNLIMITED }
    }

    /// Ticks besides as soon as a message comes from another thread, what the manager
    /// [waits by](ActorManager::wait_by) has something, or a transport's own time for it has come.
    #[must_use]
    pub fn or_when_woken(mut self) -> TickRate {
        self.on_wake = true;
        self
    }

    /// Gives the messages of each tick so much time.
    #[must_use]
    pub fn budget(mut self, budget: impl Into<Budget>) -> TickRate {
        self.budget = budget.into();
        self
    }
}

/// What a [loop](ActorManager::run) did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunReport {
    /// Ticks run.
    pub ticks: u64,
    /// Messages that reached somebody.
    pub handled: u64,
    /// Ticks whose time had come before the tick before was done.
    pub late: u64,
    /// Ticks left out, since one took longer than several intervals.
    pub skipped: u64,
}

impl ActorManager {
    /// Ticks at a steady rate until `each`, which sees each tick's report, returns
    /// [`Flow::Stop`], or until a [`Handle`](crate::Handle) stops it.
    ///
    /// The times of the ticks are fixed from the first on, so a late tick does not delay those
    /// behind it. A tick that takes longer than an interval makes the next one late, and those
    /// left out for which there was no time are told in the report: the loop never catches up
    /// by ticking in a hurry. With a [`ManualClock`](crate::ManualClock) it does not wait, but moves
    /// the clock.
    ///
    /// ```
    /// use pysage_core::{ActorManager, Flow, TickRate};
    ///
    /// let manager = ActorManager::new();
    /// let report = manager.run(TickRate::hz(1_000), |report| {
    ///     if report.tick < 5 { Flow::Continue } else { Flow::Stop }
    /// })?;
    /// assert_eq!(report.ticks, 5);
    /// # Ok::<(), pysage_core::TickError>(())
    /// ```
    ///
    /// # Errors
    /// The first error of a tick ends the loop; the tick has then done its work all the same.
    pub fn run(
        &self,
        rate: TickRate,
        mut each: impl FnMut(&TickReport) -> Flow,
    ) -> Result<RunReport, TickError> {
        let (clock, shared) = (&self.world().config.clock, &self.world().shared);
        let mut run = RunReport::default();
        let mut schedule = Schedule { due: clock.now(), interval: rate.interval };
        let mut waited = true;
        while !shared.take_stop() {
            let now = clock.now();
            let (behind, skipped) = schedule.begin(now);
            let mut report = self.tick_at(now, rate.budget)?;
            report.skipped = skipped;
            if !waited {
                report.late_by = behind;
                run.late += 1;
            }
            run.ticks += 1;
            run.handled += report.handled;
            run.skipped += skipped;
            if each(&report) == Flow::Stop {
                break;
            }
            waited = clock.now() < schedule.due;
            self.wait(self.next_tick(schedule.due, rate.on_wake), rate.on_wake);
        }
        Ok(run)
    }

    /// When to tick next: when it is due, or before that when a transport wants it.
    fn next_tick(&self, due: Instant, on_wake: bool) -> Instant {
        #[cfg(feature = "wire")]
        if on_wake && let Some(wanted) = self.wake_at() {
            return wanted.min(due);
        }
        let _ = on_wake;
        due
    }
}

/// When the next tick is due.
struct Schedule {
    due: Instant,
    interval: Duration,
}

impl Schedule {
    /// Begins a tick, and sets when the next one is due; returns how late this one is, and how
    /// many between it and its time are left out. A tick before its time leaves the next alone.
    fn begin(&mut self, now: Instant) -> (Duration, u64) {
        let Some(behind) = now.checked_duration_since(self.due) else {
            return (Duration::ZERO, 0);
        };
        let interval_ns = self.interval.as_nanos();
        let skipped = behind.as_nanos() / interval_ns;
        let into_interval_ns = (behind.as_nanos() % interval_ns) as u64;
        self.due = now + self.interval - Duration::from_nanos(into_interval_ns);
        (behind, u64::try_from(skipped).unwrap_or(u64::MAX))
    }
}
