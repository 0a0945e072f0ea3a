//! How a manager is set up.

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
            clock: Clock::default(),
        }
    }
}
