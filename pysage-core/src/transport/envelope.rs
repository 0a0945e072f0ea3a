//! Messages that go over a link as values.

use crate::actor::ActorId;
use crate::destination::There;
use crate::manager::World;
use crate::message::AnyMessage;

/// A message that is handed to another manager of the process as a value.
///
/// A transport passes it on as it is; it can go to another thread.
pub struct Envelope {
    pub(crate) head: Head,
    pub(crate) body: Box<dyn Body>,
    bytes: usize,
}

/// Who gets the message, and who sent it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) receiver: OwnedReceiver,
    pub(crate) sender: Option<ActorId>,
}

#[derive(Clone, Debug)]
pub(crate) enum OwnedReceiver {
    Subscribers,
    Actor(ActorId),
    Named(String),
}

/// The message itself: a message, a request, or an answer.
pub(crate) trait Body: Send {
    /// Queues it, or hands in the answer.
    fn arrive(self: Box<Self>, world: &World, receiver: Option<ActorId>, from: There);

    /// The message, if it is one.
    fn message(&self) -> Option<&dyn AnyMessage>;

    /// Takes note that it reaches nobody at the end where it arrived.
    fn refuse(&self, world: &World, from: There);

    /// Takes note, at the end where it was sent, that it did not arrive.
    fn undelivered(&self, world: &World);
}

impl Envelope {
    /// Beside the message itself: about what is allocated for it.
    const OVERHEAD_BYTES: usize = 64;

    pub(crate) fn new<B: Body + 'static>(head: Head, body: B) -> Envelope {
        Envelope { head, bytes: size_of::<B>() + Envelope::OVERHEAD_BYTES, body: Box::new(body) }
    }

    /// What it counts for against limits in bytes: its size without what it points to.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
