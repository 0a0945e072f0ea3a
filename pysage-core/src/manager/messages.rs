//! Queueing and aborting messages.

use std::borrow::Cow;

use super::ActorManager;
use super::letters::{NameTaken, Queued};
use crate::actor::ActorId;
use crate::message::{Message, NamedMessage};

impl ActorManager {
    /// Queues a message for the next tick, for all who subscribe to it then.
    ///
    /// Messages of all types are handled in the order in which they were queued. A message that
    /// is queued inside a handler waits for the tick after.
    ///
    /// ```
    /// # use pysage_core::{ActorManager, Message};
    /// # #[derive(Message)]
    /// # struct Bomb { damage: i32 }
    /// let manager = ActorManager::new();
    /// manager.queue(Bomb { damage: 10 });
    /// assert_eq!(manager.queue_length(), 1);
    /// let report = manager.tick()?;
    /// assert_eq!(report.dropped, 1, "nobody subscribes to bombs");
    /// # Ok::<(), pysage_core::TickError>(())
    /// ```
    #[doc(alias("queue_message", "publish", "tell", "cast"))]
    #[inline]
    pub fn queue<M: Message>(&self, message: M) -> Queued {
        self.world().enqueue(None, message)
    }

    /// Queues a message for one actor, which has to subscribe to its type.
    ///
    /// Handlers of [every message](crate::Subscriptions::every_message) see it too. If the actor
    /// is gone by then, or does not subscribe, the message is a dead letter.
    #[doc(alias("queue_message_to_actor", "tell", "cast"))]
    #[inline]
    pub fn queue_to<M: Message>(&self, actor: ActorId, message: M) -> Queued {
        self.world().enqueue(Some(actor), message)
    }

    /// Queues messages as [`queue`](Self::queue) does, quicker than one by one; returns how many
    /// were accepted.
    pub fn queue_all<M: Message>(&self, messages: impl IntoIterator<Item = M>) -> usize {
        self.world().enqueue_all(None, messages.into_iter())
    }

    /// Queues messages as [`queue_to`](Self::queue_to) does, quicker than one by one; returns how
    /// many were accepted.
    pub fn queue_all_to<M: Message>(
        &self,
        actor: ActorId,
        messages: impl IntoIterator<Item = M>,
    ) -> usize {
        self.world().enqueue_all(Some(actor), messages.into_iter())
    }

    /// Queues a message that is a name and nothing else, for those who subscribed
    /// [by name](crate::Subscriptions::named).
    ///
    /// # Errors
    /// [`NameTaken`] if a message type that this manager knows has the name.
    pub fn queue_named(&self, name: impl Into<Cow<'static, str>>) -> Result<Queued, NameTaken> {
        Ok(self.world().enqueue(None, self.named_message(name)?))
    }

    /// Queues a message that is a name and nothing else for one actor.
    ///
    /// # Errors
    /// [`NameTaken`] if a message type that this manager knows has the name.
    pub fn queue_named_to(
        &self,
        actor: ActorId,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Queued, NameTaken> {
        Ok(self.world().enqueue(Some(actor), self.named_message(name)?))
    }

    /// Removes the oldest waiting message of a type and gives it back.
    ///
    /// What is being dispatched just now is out of reach; what a budget left over is not.
    #[doc(alias = "abort_message")]
    pub fn abort_next<M: Message>(&self) -> Option<M> {
        let world = self.world();
        let slot = M::slot().index();
        let left_over = world.batch.borrow_mut().log.remove_oldest_of(slot);
        if !left_over && !world.front().log.remove_oldest_of(slot) {
            return None;
        }
        world.note_removed(1, left_over);
        world.counters.aborted(1);
        world.topic::<M>().take_oldest(left_over)
    }

    /// Removes all waiting messages of a type; returns how many.
    ///
    /// What is being dispatched just now is out of reach; what a budget left over is not.
    #[doc(alias = "abort_message")]
    pub fn abort_all<M: Message>(&self) -> usize {
        let world = self.world();
        let slot = M::slot().index();
        let left_over = world.batch.borrow_mut().log.remove_all_of(slot);
        let waiting = world.front().log.remove_all_of(slot);
        world.note_removed(left_over, true);
        world.note_removed(waiting, false);
        world.counters.aborted(left_over + waiting);
        let topic = world.topic::<M>();
        for _ in 0..left_over {
            drop(topic.take_oldest(true));
        }
        for _ in 0..waiting {
            drop(topic.take_oldest(false));
        }
        left_over + waiting
    }

    /// How many messages wait for a later tick. Those being dispatched just now do not count,
    /// nor do those that other threads queued since the last tick.
    #[doc(alias = "get_message_count")]
    #[must_use]
    pub fn queue_length(&self) -> usize {
        self.world().front().count + self.world().left_over.get()
    }

    pub(crate) fn named_message(
        &self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<NamedMessage, NameTaken> {
        let name = name.into();
        match self.world().knows_type_named(&name) {
            true => Err(NameTaken { name: name.into_owned() }),
            false => Ok(NamedMessage { name }),
        }
    }
}
