//! Triggering: messages that are handled at once.

use std::borrow::Cow;

use super::ActorManager;
use super::letters::{DropReason, NameTaken, Tally};
use crate::actor::{ActorId, Context};
use crate::message::Message;

/// What became of a triggered message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triggered {
    /// Nobody took it: it was a dead letter, or invalid.
    Unhandled,
    /// It was handled, and nobody returned [`Flow::Stop`](crate::Flow::Stop).
    Continued,
    /// It was handled, and somebody returned [`Flow::Stop`](crate::Flow::Stop). Others may get it
    /// later, as with [`Deferred`](Self::Deferred).
    Stopped,
    /// Nobody has stopped it, and some receiver is on the call stack: that one gets it right after
    /// its current handler (if fewer wait than the [queue takes](crate::ManagerConfig)).
    Deferred,
}

impl Triggered {
    pub(crate) fn new(taken: bool, stopped: bool, busy: bool) -> Triggered {
        match (taken, stopped, busy) {
            (false, ..) => Triggered::Unhandled,
            (_, true, _) => Triggered::Stopped,
            (_, _, true) => Triggered::Deferred,
            _ => Triggered::Continued,
        }
    }
}

impl ActorManager {
    /// Has a message handled by all its subscribers before this returns.
    ///
    /// Every subscriber is reached, whatever the others return. An actor that is on the call
    /// stack gets the message right after its current handler: the message is taken by value,
    /// so that it can wait for that.
    #[doc(alias("publish", "send_event"))]
    pub fn trigger<M: Message>(&self, message: M) -> Triggered {
        self.publish(None, message)
    }

    /// Has a message handled by one actor before this returns, after the handlers of
    /// [every message](crate::Subscriptions::every_message). The actor or its class has to
    /// have a handler for it; the actor may be [unsubscribed](Self::unsubscribe).
    #[doc(alias = "trigger_to_actor")]
    pub fn trigger_to<M: Message>(&self, actor: ActorId, message: M) -> Triggered {
        self.publish(Some(actor), message)
    }

    /// Triggers a message that is a name and nothing else.
    ///
    /// # Errors
    /// [`NameTaken`] if a message type that this manager knows has the name.
    pub fn trigger_named(
        &self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Triggered, NameTaken> {
        Ok(self.publish(None, self.named_message(name)?))
    }

    /// Triggers a message that is a name and nothing else to one actor.
    ///
    /// # Errors
    /// [`NameTaken`] if a message type that this manager knows has the name.
    #[doc(alias = "trigger_to_actor")]
    pub fn trigger_named_to(
        &self,
        actor: ActorId,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Triggered, NameTaken> {
        Ok(self.publish(Some(actor), self.named_message(name)?))
    }

    fn publish<M: Message>(&self, receiver: Option<ActorId>, message: M) -> Triggered {
        let world = self.world();
        Tally::add(&world.counters.triggered, 1);
        if M::VALIDATED && message.validate().is_err() {
            world.dead_letter(&message, receiver, DropReason::Invalid);
            return Triggered::Unhandled;
        }
        let _handling = world.enter_handler();
        world.topic::<M>().publish(message, receiver, &Context::new(self))
    }
}
