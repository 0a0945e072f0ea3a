//! Where a manager reads the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where a manager reads the time: the system, or a [`ManualClock`].
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Source::System => Instant::now(),
            Source::Manual(clock) => clock.now(),
        }
    }

    /// Whether it is a [`ManualClock`], which other threads do not follow by themselves.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        self.manual().is_some()
    }

    pub(crate) fn manual(&self) -> Option<&ManualClock> {
        match &self.0 {
            Source::System => None,
            Source::Manual(clock) => Some(clock),
        }
    }
}

impl From<ManualClock> for Clock {
    fn from(clock: ManualClock) -> Clock {
        Clock(Source::Manual(clock))
    }
}

/// A clock that is moved by hand, for tests and replays. Clones show the same time.
///
/// A loop that waits for its next tick moves it there at once.
///
/// ```
/// use std::time::Duration;
/// use pysage_core::{ActorManager, Flow, ManagerConfig, ManualClock, TickRate};
///
/// let clock = ManualClock::new();
/// let started = clock.now();
/// let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
/// manager.run(TickRate::hz(10), |report| {
///     if report.tick == 601 { Flow::Stop } else { Flow::Continue }
/// })?;
/// assert_eq!(clock.now() - started, Duration::from_secs(60));
/// # Ok::<(), pysage_core::TickError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: Instant,
    elapsed_ns: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that stands at the present.
    #[must_use]
    pub fn new() -> ManualClock {
        ManualClock { start: Instant::now(), elapsed_ns: Arc::default() }
    }

    /// The time it shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.elapsed_ns.load(Ordering::Relaxed))
    }

    /// Moves it on; at most 584 years in all.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        let add = |elapsed: u64| Some(elapsed.saturating_add(by));
        // The closure never declines, so there is nothing to learn from the result.
        let _ = self.elapsed_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Moves it on to this time, if that is still to come.
    pub fn advance_to(&self, time: Instant) {
        self.advance(time.saturating_duration_since(self.now()));
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        ManualClock::new()
    }
}
