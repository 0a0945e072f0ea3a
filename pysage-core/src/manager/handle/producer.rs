//! A handle that hands over batches.

use std::fmt;

use super::shard::ShardQueue;
use super::{Handle, Refused, RefusedReason};
use crate::actor::ActorId;
use crate::message::Message;

/// Messages in a batch: beyond this the cost of handing one over is below that of queueing.
const BATCH: usize = 256;

/// Queues messages from another thread in batches, some times quicker than a [`Handle`].
///
/// What was queued reaches the manager when a batch of 256 is full, at [`flush`](Self::flush),
/// and when the producer is dropped.
///
/// ```
/// use pysage_core::{ActorManager, Message};
///
/// #[derive(Message)]
/// struct Bomb { damage: i32 }
///
/// let manager = ActorManager::new();
/// let mut producer = manager.handle().producer();
/// std::thread::spawn(move || {
///     for damage in 0..1_000 {
///         producer.queue(Bomb { damage }).unwrap();
///     }
/// }).join().unwrap();
/// assert_eq!(manager.tick()?.received, 1_000);
/// # Ok::<(), pysage_core::TickError>(())
/// ```
pub struct Producer {
    handle: Handle,
    batch: ShardQueue,
}

impl Producer {
    pub(super) fn new(handle: Handle) -> Producer {
        Producer { handle, batch: ShardQueue::default() }
    }

    /// Queues a message for all who subscribe to it when it is handled.
    ///
    /// # Errors
    /// [`Refused`] gives the message back if a full batch cannot be handed over, or the message
    /// is invalid.
    #[inline]
    pub fn queue<M: Message>(&mut self, message: M) -> Result<(), Refused<M>> {
        self.push(None, message)
    }

    /// Queues a message for one actor.
    ///
    /// # Errors
    /// As [`queue`](Self::queue).
    #[inline]
    pub fn queue_to<M: Message>(&mut self, actor: ActorId, message: M) -> Result<(), Refused<M>> {
        self.push(Some(actor), message)
    }

    /// Hands over what is in the batch.
    ///
    /// # Errors
    /// [`RefusedReason::Full`], with the batch kept, and [`RefusedReason::Closed`].
    pub fn flush(&mut self) -> Result<(), RefusedReason> {
        self.hand_over(false)
    }

    #[inline]
    fn push<M: Message>(
        &mut self,
        receiver: Option<ActorId>,
        message: M,
    ) -> Result<(), Refused<M>> {
        if M::VALIDATED && message.validate().is_err() {
            return Err(Refused { message, reason: RefusedReason::Invalid });
        }
        if self.batch.count() >= BATCH
            && let Err(reason) = self.hand_over(false)
        {
            return Err(Refused { message, reason });
        }
        self.batch.push(receiver, message);
        if self.batch.count() == BATCH {
            // If there is no room, the batch waits; the next message is refused if it still does.
            let _ = self.hand_over(false);
        }
        Ok(())
    }

    fn hand_over(&mut self, force: bool) -> Result<(), RefusedReason> {
        if self.batch.count() == 0 {
            return Ok(());
        }
        if self.handle.shard.push_batch(&mut self.batch, force)? {
            self.handle.shared.wake();
        }
        Ok(())
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("waiting", &self.batch.count()).finish_non_exhaustive()
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // One batch above the handle's capacity is better than a lost one; a manager that is gone
        // misses nothing.
        let _ = self.hand_over(true);
    }
}
