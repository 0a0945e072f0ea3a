//! Messages that go over a link as values.

use std::any::Any;

use crate::actor::ActorId;
use crate::destination::There;
use crate::manager::World;
use crate::message::AnyMessage;

/// A message that is handed to another manager of the process as a value, or several of one type,
/// sent one behind the other from one actor to one receiver.
///
/// A transport passes it on as it is; it can go to another thread.
pub struct Envelope {
    pub(crate) head: Head,
    pub(crate) body: Box<dyn Body>,
    messages: u32,
    /// What each message counts for.
    each_bytes: usize,
}

/// Who gets the message, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) receiver: OwnedReceiver,
    pub(crate) sender: Option<ActorId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OwnedReceiver {
    Subscribers,
    Actor(ActorId),
    Named(String),
}

/// The message itself: messages, a request, or an answer.
pub(crate) trait Body: Send {
    /// Queues it, or hands in the answer.
    fn arrive(self: Box<Self>, world: &World, receiver: Option<ActorId>, from: There);

    /// Shows the messages; an answer is none.
    fn each_message(&self, show: &mut dyn FnMut(&dyn AnyMessage));

    /// Whether it is queued when it arrives, as answers are not.
    fn is_queued(&self) -> bool;

    /// Takes note that it reaches nobody at the end where it arrived.
    fn refuse(&self, world: &World, from: There);

    /// Takes note, at the end where it was sent, that it did not arrive.
    fn undelivered(&self, world: &World);

    /// Itself, for who may have more messages of its type.
    fn as_any(&mut self) -> Option<&mut dyn Any> {
        None
    }

    /// Takes out the messages from there on; of one message there is no part.
    fn split_off(&mut self, at: usize) -> Option<Box<dyn Body>> {
        let _ = at;
        None
    }
}

impl Envelope {
    /// Beside each message itself: about what is kept for it, so that a message without fields counts
    /// as well.
    const OVERHEAD_BYTES: usize = 64;

    /// More messages gain nothing.
    const MOST_MESSAGES: u32 = 256;

    /// Envelopes of more bytes take no further message, so that room is soon given back.
    const MOST_BYTES: usize = 64 << 10;

    /// An envelope of one message, which is so large.
    pub(crate) fn new<B: Body + 'static>(head: Head, message_bytes: usize, body: B) -> Envelope {
        let each_bytes = Envelope::OVERHEAD_BYTES + message_bytes;
        Envelope { head, each_bytes, messages: 1, body: Box::new(body) }
    }

    /// What it counts for against limits in bytes: the size of its messages without what they
    /// point to, and something for each.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.messages as usize * self.each_bytes
    }

    /// How many messages there are in it.
    #[must_use]
    pub fn messages(&self) -> u64 {
        u64::from(self.messages)
    }

    pub(crate) fn each_bytes(&self) -> usize {
        self.each_bytes
    }

    /// Whether a further message may be added that has this head.
    pub(crate) fn takes_more(&self, head: &Head) -> bool {
        self.messages < Envelope::MOST_MESSAGES
            && self.bytes() < Envelope::MOST_BYTES
            && self.head == *head
    }

    /// The body, if it is of this type.
    pub(crate) fn body_as<B: 'static>(&mut self) -> Option<&mut B> {
        self.body.as_any()?.downcast_mut()
    }

    pub(crate) fn count_further(&mut self) {
        self.messages += 1;
    }

    /// Divides it behind so many messages, if there are more.
    pub(crate) fn split(mut self, messages: usize) -> (Envelope, Option<Envelope>) {
        let rest = match messages < self.messages as usize {
            true => self.body.split_off(messages),
            false => None,
        };
        let rest = rest.map(|body| {
            let left = self.messages - messages as u32;
            self.messages = messages as u32;
            Envelope { head: self.head.clone(), body, messages: left, each_bytes: self.each_bytes }
        });
        (self, rest)
    }
}
