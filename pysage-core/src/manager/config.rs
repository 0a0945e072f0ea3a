//! How a manager is set up.

use std::time::Duration;

use crate::clock::Clock;

/// The limits and the clock of an [`ActorManager`](crate::ActorManager).
///
/// ```
/// use pysage_core::{ActorManager, ManagerConfig, Overflow};
///
/// let manager = ActorManager::with_config(
///     ManagerConfig::default().queue_capacity(10_000).overflow(Overflow::DropOldest),
/// );
/// # drop(manager);
/// ```
#[derive(Clone, Debug)]
pub struct ManagerConfig {
    pub(crate) queue_capacity: usize,
    pub(crate) overflow: Overflow,
    pub(crate) handle_capacity: usize,
    pub(crate) task_capacity: usize,
    pub(crate) timer_capacity: usize,
    pub(crate) ask_capacity: usize,
    pub(crate) ask_timeout: Duration,
    pub(crate) halt_at_panic: bool,
    pub(crate) busy_wait: Duration,
    pub(crate) clock: Clock,
}

/// What happens to a message for a full queue. None of them is silent: each message lost is
/// counted and shown to the dead-letter handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// The new message is refused, and the caller is told.
    #[default]
    Refuse,
    /// The message that waits longest makes room.
    DropOldest,
    /// The new message is dropped, and the caller is not told.
    DropNewest,
}

impl ManagerConfig {
    /// How many messages may wait for a later tick unless set: 2^20.
    ///
    /// The largest burst that the benchmarks queue between two ticks fits many times over, while a
    /// loop that feeds itself is stopped at some tens of megabytes.
    pub const DEFAULT_QUEUE_CAPACITY: usize = 1 << 20;

    /// How many messages may wait in each [`Handle`](crate::Handle) unless set: 2^16.
    pub const DEFAULT_HANDLE_CAPACITY: usize = 1 << 16;

    /// How many [tasks](crate::Subscriptions::task) there may be unless set: 2^16, some tens of
    /// megabytes of small ones.
    pub const DEFAULT_TASK_CAPACITY: usize = 1 << 16;

    /// How many [timers](crate::Timer) may wait unless set: 2^16.
    pub const DEFAULT_TIMER_CAPACITY: usize = 1 << 16;

    /// How many [answers](crate::Answer) may be waited for unless set: 2^16.
    pub const DEFAULT_ASK_CAPACITY: usize = 1 << 16;

    /// How long an [answer](crate::Answer) is waited for unless set: 5 s. A tick or a round trip
    /// is far shorter, and whoever asked a peer that is gone should learn it before a player does.
    pub const DEFAULT_ASK_TIMEOUT: Duration = Duration::from_secs(5);

    /// How long a loop that waits for others polls at most before it blocks unless set: 50 µs, some
    /// round trips between two processes of a machine, and less than one over most networks.
    pub const DEFAULT_BUSY_WAIT: Duration = Duration::from_micros(50);

    /// Sets how many messages may wait for a later tick, 1 at least. Those being dispatched do
    /// not count, so a manager holds twice as many at most; and as many again that were triggered
    /// and wait for actors on the call stack. One triggered beyond that is a dead letter.
    #[must_use]
    pub fn queue_capacity(mut self, messages: usize) -> Self {
        self.queue_capacity = messages.max(1);
        self
    }

    /// Sets how many messages may wait for the next tick in each [`Handle`](crate::Handle), 1 at
    /// least.
    #[must_use]
    pub fn handle_capacity(mut self, messages: usize) -> Self {
        self.handle_capacity = messages.max(1);
        self
    }

    /// Sets how many [tasks](crate::Subscriptions::task) there may be at a time, fewer than 2^32.
    /// A message that would begin one more is a dead letter.
    #[must_use]
    pub fn task_capacity(mut self, tasks: usize) -> Self {
        self.task_capacity = tasks.min(u32::MAX as usize);
        self
    }

    /// Sets how many [timers](crate::Timer) may wait at a time, fewer than 2^32. A message that
    /// would need one more is a dead letter.
    #[must_use]
    pub fn timer_capacity(mut self, timers: usize) -> Self {
        self.timer_capacity = timers.min(u32::MAX as usize);
        self
    }

    /// Sets how many [answers](crate::Answer) may be waited for at a time; answers that are there
    /// at once do not count. A request beyond that is a dead letter, and its answer
    /// [`AskError::Full`](crate::AskError::Full).
    #[must_use]
    pub fn ask_capacity(mut self, answers: usize) -> Self {
        self.ask_capacity = answers;
        self
    }

    /// Sets how long an [answer](crate::Answer) is waited for, measured by ticks, unless its
    /// [`within`](crate::Answer::within) says otherwise.
    #[must_use]
    pub fn ask_timeout(mut self, time: Duration) -> Self {
        self.ask_timeout = time;
        self
    }

    /// Sets whether a panic of a handler, a task or a hook ends the work of its tick, for programs
    /// that end at one and have to know what was handled until then. Off unless set: a panic then
    /// costs only that message for that actor.
    ///
    /// The message at which it panicked is gone and goes to nobody else. What is behind it waits for
    /// the next tick, as if the budget were used up, and so do tasks; updates that were still to
    /// come are left out. What is on the call stack at a panic, since it triggered what panicked,
    /// goes on: the message that is being dispatched is handled to its end.
    ///
    /// Transports are then told after each tick of exactly those of their messages that are done,
    /// which one that panicked is not. [`take_panic`](crate::ActorManager::take_panic) says what it
    /// was.
    #[must_use]
    pub fn halt_at_panic(mut self, halt: bool) -> Self {
        self.halt_at_panic = halt;
        self
    }

    /// Sets how long a loop that waits for groups or peers polls at most before it blocks; zero for
    /// never. It does so only while messages come within microseconds of each other, and takes a
    /// processor meanwhile: see [`BusyWait`](crate::BusyWait).
    #[must_use]
    #[doc(alias("spin", "busy_poll"))]
    pub fn busy_wait(mut self, most: Duration) -> Self {
        self.busy_wait = most;
        self
    }

    /// Sets what happens to a message for a full queue.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets the clock that ticks, budgets and loops go by.
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }
}

impl Default for ManagerConfig {
    fn default() -> Self {
        ManagerConfig {
            queue_capacity: ManagerConfig::DEFAULT_QUEUE_CAPACITY,
            overflow: Overflow::default(),
            handle_capacity: ManagerConfig::DEFAULT_HANDLE_CAPACITY,
            task_capacity: ManagerConfig::DEFAULT_TASK_CAPACITY,
            timer_capacity: ManagerConfig::DEFAULT_TIMER_CAPACITY,
            ask_capacity: ManagerConfig::DEFAULT_ASK_CAPACITY,
            ask_timeout: ManagerConfig::DEFAULT_ASK_TIMEOUT,
            halt_at_panic: false,
            busy_wait: ManagerConfig::DEFAULT_BUSY_WAIT,
            clock: Clock::default(),
        }
    }
}
