//! How other threads reach a manager.

mod producer;
mod shard;
mod shared;

use std::fmt;
use std::sync::Arc;

use super::ActorManager;
use crate::actor::ActorId;
use crate::message::Message;
pub use producer::Producer;
use shard::Shard;
pub(crate) use shared::Shared;

/// Reaches a manager from any thread: queues messages, stops its loop, wakes it.
///
/// Each clone has a queue of its own, so clones do not hold each other up, and order is kept
/// among the messages of one handle. The manager takes them at the start of its next tick.
///
/// ```
/// use std::thread;
/// use pysage_core::{ActorManager, Message};
///
/// #[derive(Message)]
/// struct Bomb { damage: i32 }
///
/// let manager = ActorManager::new();
/// let handle = manager.handle();
/// thread::spawn(move || handle.queue(Bomb { damage: 10 })).join().unwrap()?;
/// assert_eq!(manager.tick()?.received, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Handle {
    shared: Arc<Shared>,
    shard: Arc<Shard>,
}

/// A message that a [`Handle`] could not take, and why.
#[derive(thiserror::Error)]
#[error("the message was not taken: {reason}")]
pub struct Refused<M> {
    /// The message, given back.
    pub message: M,
    /// Why it was not taken.
    pub reason: RefusedReason,
}

/// Why a [`Handle`] could not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedReason {
    /// The handle's queue is full until the next tick.
    #[error("the handle's queue is full until the next tick")]
    Full,
    /// A property of the message is out of its bounds.
    #[error("a property of the message is invalid")]
    Invalid,
    /// The manager is gone.
    #[error("the manager is gone")]
    Closed,
}

impl<M> fmt::Debug for Refused<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl ActorManager {
    /// A handle for other threads.
    #[must_use]
    pub fn handle(&self) -> Handle {
        let shared = self.world().shared.clone();
        Handle { shard: shared.new_shard(), shared }
    }

    /// Sets a function that is called on a handle's thread, for the first message of each handle
    /// since the last tick and when its [`wake`](Handle::wake) is called: so that a program that
    /// sleeps in a way of its own learns that a tick has something to do. It is in place of the one
    /// before, and stays beside what the manager [waits by](Self::wait_by).
    pub fn on_wake(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.world().shared.on_wake(Arc::new(wake));
    }

    /// Takes over what other threads queued, as long as there is room; returns how much.
    pub(super) fn receive_from_handles(&self) -> u64 {
        let world = self.world();
        let has_room = || world.room() > 0;
        world.shared.receive(has_room, |queue| queue.pour(world)) as u64
    }
}

impl Handle {
    /// Queues a message for the next tick, for all who subscribe to it then.
    ///
    /// # Errors
    /// [`Refused`] gives the message back if the queue is full, the message invalid, or the
    /// manager gone.
    pub fn queue<M: Message>(&self, message: M) -> Result<(), Refused<M>> {
        self.push(None, message)
    }

    /// Queues a message for one actor.
    ///
    /// # Errors
    /// As [`queue`](Self::queue).
    pub fn queue_to<M: Message>(&self, actor: ActorId, message: M) -> Result<(), Refused<M>> {
        self.push(Some(actor), message)
    }

    /// A queue that hands its messages over in batches, for threads that send many.
    #[must_use]
    pub fn producer(&self) -> Producer {
        Producer::new(self.clone())
    }

    /// Ends the manager's [loop](ActorManager::run) after the tick in progress, or the next one
    /// before it begins. A loop of a program's own learns of it when it
    /// [waits](ActorManager::wait_until).
    pub fn stop(&self) {
        self.shared.stop();
    }

    /// Has a [loop](ActorManager::run) tick now, if its [`TickRate`](crate::TickRate) says so, ends
    /// a [wait](ActorManager::wait_until), and calls the function given to
    /// [`on_wake`](ActorManager::on_wake).
    pub fn wake(&self) {
        self.shared.wake();
    }

    fn push<M: Message>(&self, receiver: Option<ActorId>, message: M) -> Result<(), Refused<M>> {
        if M::VALIDATED && message.validate().is_err() {
            return Err(Refused { message, reason: RefusedReason::Invalid });
        }
        if self.shard.push(receiver, message)? {
            self.shared.wake();
        }
        Ok(())
    }
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        Handle { shared: self.shared.clone(), shard: self.shared.new_shard() }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
