//! How long something is put off.

use std::time::{Duration, Instant};

/// How long a message is put off: a time, or so many ticks.
///
/// A [`Duration`] is one. No delay is shorter than one tick.
///
/// ```
/// use std::time::Duration;
/// use pysage_core::Delay;
///
/// let by_time: Delay = Duration::from_millis(500).into();
/// let by_ticks = Delay::ticks(30);
/// # assert_ne!(by_time, by_ticks);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delay(Length);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Length {
    /// Above zero.
    Time(Duration),
    /// 1 at least.
    Ticks(u64),
}

/// When something is to be done.
#[derive(Clone, Copy)]
pub(super) enum Due {
    Time(Instant),
    Tick(u64),
    /// Beyond all times.
    Never,
}

impl Delay {
    /// So many ticks: 1 is the next one, and so is 0.
    #[must_use]
    pub const fn ticks(ticks: u64) -> Delay {
        Delay(Length::Ticks(if ticks == 0 { 1 } else { ticks }))
    }

    /// When it is over.
    pub(super) fn due(self, tick: u64, now: Instant) -> Due {
        match self.0 {
            Length::Time(time) => now.checked_add(time).map_or(Due::Never, Due::Time),
            Length::Ticks(ticks) => tick.checked_add(ticks).map_or(Due::Never, Due::Tick),
        }
    }

    /// When it is over again after it was over at `due`: the first time that is still to come.
    pub(super) fn next(self, due: Instant, tick: u64, now: Instant) -> Due {
        let Length::Time(period) = self.0 else { return self.due(tick, now) };
        let late = now.saturating_duration_since(due);
        if late < period {
            return self.due(tick, due);
        }
        let into_period_ns = late.as_nanos() % period.as_nanos();
        let into_period = Duration::from_nanos(into_period_ns.try_into().unwrap_or(u64::MAX));
        Delay(Length::Time(period.saturating_sub(into_period))).due(tick, now)
    }
}

impl From<Duration> for Delay {
    fn from(time: Duration) -> Delay {
        if time.is_zero() { Delay::ticks(1) } else { Delay(Length::Time(time)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_period_goes_on_from_its_own_times_and_leaves_out_those_that_were_missed() {
        let start = Instant::now();
        let period = Delay::from(SECOND);
        let due = start + SECOND;
        for (late_ms, next_ms) in [(0, 2_000), (999, 2_000), (1_000, 3_000), (7_300, 9_000)] {
            let next = period.next(due, 0, due + Duration::from_millis(late_ms));
            let Due::Time(next) = next else { panic!("a period of time has times") };
            assert_eq!(next - start, Duration::from_millis(next_ms), "{late_ms} ms late");
        }
    }

    #[test]
    fn no_delay_is_shorter_than_a_tick() {
        assert_eq!(Delay::from(Duration::ZERO), Delay::ticks(1));
        assert_eq!(Delay::ticks(0), Delay::ticks(1));
    }

    #[test]
    fn a_time_beyond_all_times_does_not_come() {
        assert!(matches!(Delay::from(Duration::MAX).due(0, Instant::now()), Due::Never));
        assert!(matches!(Delay::ticks(u64::MAX).due(1, Instant::now()), Due::Never));
    }
}
