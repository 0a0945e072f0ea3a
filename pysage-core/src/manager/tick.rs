//! The tick, its budget and its report.

use std::time::{Duration, Instant};

use super::ActorManager;
use super::letters::Tally;
use crate::actor::BoxError;
use crate::clock::Clock;
use crate::error::TickError;
use crate::trace;

/// How much time the messages of a tick may take.
///
/// One message at least is handled in every tick, however short the budget; an
/// [unlimited](Self::UNLIMITED) tick handles all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget(Option<Duration>);

impl Budget {
    /// All messages are handled, and the clock is not read.
    pub const UNLIMITED: Budget = Budget(None);
    /// One message is handled.
    pub const ONE_MESSAGE: Budget = Budget(Some(Duration::ZERO));
}

impl From<Duration> for Budget {
    fn from(time: Duration) -> Budget {
        Budget(Some(time))
    }
}

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TickReport {
    /// The number of this tick, from 1.
    pub tick: u64,
    /// Whether all messages that waited when the tick began are done.
    pub drained: bool,
    /// Messages that came from [`Handle`](crate::Handle)s and transports.
    pub received: u64,
    /// Messages that reached somebody.
    pub handled: u64,
    /// Messages that reached nobody, since the tick before; see
    /// [`counters`](ActorManager::counters) for the reasons.
    pub dropped: u64,
    /// Handlers that returned an error, since the tick before.
    pub errors: u64,
    /// Handlers and hooks that panicked, since the tick before.
    pub panics: u64,
    /// Messages that wait for a later tick.
    pub waiting: usize,
    /// In a [loop](ActorManager::run): how long the tick before held this one up. Zero for a tick
    /// that the loop waited for, also if the system woke it late.
    pub late_by: Duration,
    /// In a [loop](ActorManager::run): ticks left out before this one, since there was no time.
    pub skipped: u64,
}

impl ActorManager {
    /// Runs one tick without a limit of time; see [`tick_at`](Self::tick_at).
    ///
    /// # Errors
    /// As [`tick_at`](Self::tick_at).
    pub fn tick(&self) -> Result<TickReport, TickError> {
        self.tick_for(Budget::UNLIMITED)
    }

    /// Runs one tick whose messages may take so much time; see [`tick_at`](Self::tick_at).
    ///
    /// The clock is read after the first message, and then the more rarely the quicker messages
    /// are, every 64 messages at least: so many may be handled beyond the budget where quick messages
    /// are followed by slow ones.
    ///
    /// # Errors
    /// As [`tick_at`](Self::tick_at).
    pub fn tick_for(&self, budget: impl Into<Budget>) -> Result<TickReport, TickError> {
        self.tick_at(self.world().config.clock.now(), budget)
    }

    /// Runs one tick as of a time that the caller states.
    ///
    /// A tick *receives* what other threads queued, what transports bring and what timers kept,
    /// *swaps* the queues, *resumes* tasks by one step each, *dispatches* what waited until then in
    /// the order queued, *updates*, and *transmits*. What a handler or a task queues waits for the
    /// next tick. What the budget leaves over is handled first in the next tick.
    ///
    /// # Errors
    /// [`TickError::InsideHandler`] if a handler, or [`with`](Self::with), is on the call stack.
    /// With the feature `wire`, `TickError::Transport` if a transport failed; the tick has done its
    /// work all the same.
    pub fn tick_at(
        &self,
        now: Instant,
        budget: impl Into<Budget>,
    ) -> Result<TickReport, TickError> {
        let world = self.world();
        if world.is_handling() {
            return Err(TickError::InsideHandler);
        }
        let _handling = world.enter_handler();
        let _span = trace::tick_span(world.counters.ticks.get() + 1);
        let mut meter = Meter::new(&world.config.clock, budget.into());
        world.now.set(now);
        world.begun.set(world.begun.get() + 1);
        world.halted.set(false);

        let mut failures = Vec::new();
        let received = trace::phase("receive", || self.receive(now, &mut failures));
        let mut batch = world.swap();
        trace::phase("resume", || self.resume());
        let done = trace::phase("dispatch", || batch.dispatch(self, &mut meter));
        world.keep(batch);
        self.resume_answered();
        trace::phase("update", || self.update());
        #[cfg(feature = "wire")]
        trace::phase("transmit", || self.transmit(now, &mut failures));
        self.end(self.report(received, done as u64), failures)
    }

    /// Takes over what others bring: handles, then transports, then timers.
    fn receive(&self, now: Instant, failures: &mut Vec<BoxError>) -> u64 {
        let received = self.receive_from_handles();
        #[cfg(feature = "wire")]
        let received = received + self.receive_from_transports(now, failures);
        let _ = (now, failures);
        self.queue_due();
        self.world().expire_asks();
        received
    }

    fn end(&self, report: TickReport, failures: Vec<BoxError>) -> Result<TickReport, TickError> {
        #[cfg(feature = "wire")]
        crate::error::TransportFailure::check(failures, Some(report))?;
        #[cfg(not(feature = "wire"))]
        drop(failures);
        Ok(report)
    }

    fn report(&self, received: u64, done: u64) -> TickReport {
        let world = self.world();
        let tally = &world.counters;
        Tally::add(&tally.ticks, 1);
        Tally::add(&tally.handled, done.saturating_sub(world.counters.missed.take()));
        let now = TickReport {
            tick: tally.ticks.get(),
            drained: world.left_over.get() == 0,
            received,
            handled: tally.handled.get(),
            dropped: tally.dropped_in_all(),
            errors: tally.errors.get(),
            panics: tally.panics.get(),
            waiting: self.queue_length(),
            ..TickReport::default()
        };
        let before = world.reported.replace(now);
        TickReport {
            handled: now.handled - before.handled,
            dropped: now.dropped - before.dropped,
            errors: now.errors - before.errors,
            panics: now.panics - before.panics,
            ..now
        }
    }
}

/// The clock is read once in so many messages, however quick they are. At 20 to 50 ns a reading,
/// that costs less than 1 ns a message.
const MOST_BETWEEN_READINGS: u32 = 64;
/// The messages until the next reading should take no more than this part of the time left.
const PART_OF_TIME_LEFT: u128 = 4;

/// Measures the budget of a tick.
pub(crate) struct Meter {
    limit: Option<Limit>,
}

struct Limit {
    clock: Clock,
    deadline: Instant,
    last_reading: Instant,
    /// Messages between the last reading and the next, and how many of them are left.
    stride: u32,
    left: u32,
}

impl Meter {
    fn new(clock: &Clock, budget: Budget) -> Meter {
        let limit = budget.0.and_then(|time| {
            let now = clock.now();
            let deadline = now.checked_add(time)?;
            Some(Limit { clock: clock.clone(), deadline, last_reading: now, stride: 1, left: 1 })
        });
        Meter { limit }
    }

    /// How many messages may be handled until the meter is asked again.
    #[inline(always)]
    pub(crate) fn allowance(&self) -> u32 {
        match &self.limit {
            None => u32::MAX,
            Some(limit) => limit.left,
        }
    }

    #[inline(always)]
    pub(crate) fn spend(&mut self, messages: usize) {
        if let Some(limit) = &mut self.limit {
            limit.left = limit.left.saturating_sub(messages as u32);
            if limit.left == 0 && messages > 0 {
                limit.read();
            }
        }
    }
}

impl Limit {
    /// Reads the clock and says how many messages there are until the next reading; none once
    /// the time is up.
    fn read(&mut self) {
        let now = self.clock.now();
        let time_left = self.deadline.saturating_duration_since(now).as_nanos();
        if time_left == 0 {
            return;
        }
        let taken = now.saturating_duration_since(self.last_reading).as_nanos();
        let for_each = (taken / u128::from(self.stride)).max(1);
        let in_time = time_left / PART_OF_TIME_LEFT / for_each;
        let most = (self.stride * 2).min(MOST_BETWEEN_READINGS);
        self.stride = u32::try_from(in_time).unwrap_or(most).clamp(1, most);
        self.left = self.stride;
        self.last_reading = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    /// How many messages a meter lets pass, when each takes so long.
    fn passed(budget: Budget, each: Duration, at_most: u32) -> u32 {
        let clock = ManualClock::new();
        let mut meter = Meter::new(&clock.clone().into(), budget);
        for handled in 0..at_most {
            if meter.allowance() == 0 {
                return handled;
            }
            clock.advance(each);
            meter.spend(1);
        }
        at_most
    }

    #[test]
    fn one_message_passes_however_short_the_budget() {
        assert_eq!(passed(Budget::ONE_MESSAGE, Duration::ZERO, 100), 1);
        assert_eq!(passed(Duration::from_millis(1).into(), Duration::from_secs(1), 100), 1);
    }

    #[test]
    fn the_budget_is_kept_to_a_part_of_it() {
        for each_us in [1, 7, 100, 900] {
            let budget = Duration::from_millis(10);
            let taken = passed(budget.into(), Duration::from_micros(each_us), u32::MAX) as u64;
            let (taken_us, budget_us) = (taken * each_us, 10_000);
            assert!(
                (budget_us..budget_us * 5 / 4).contains(&taken_us),
                "{taken_us} us of {each_us}"
            );
        }
    }

    #[test]
    fn an_unlimited_budget_lets_all_pass() {
        assert_eq!(passed(Budget::UNLIMITED, Duration::from_secs(1), 1_000), 1_000);
        assert_eq!(passed(Duration::MAX.into(), Duration::from_secs(1), 1_000), 1_000);
    }
}
