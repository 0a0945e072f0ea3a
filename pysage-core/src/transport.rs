//! Transports: what takes messages to other managers, and brings theirs.
//!
//! A transport has links, each of which leads to one other manager. Groups and networks are
//! transports; so is whatever a program writes itself: it implements [`Transport`], and
//! [attaches](crate::ActorManager::attach) it. There is no thread and no socket here.
//!
//! In each tick a transport first [receives](Transport::receive) into an [`Inbox`], which decodes
//! and queues, and is asked last to [transmit](Transport::transmit) what was sent meanwhile and
//! waits in its [`Outbox`]. Both are bounded in bytes: an inbox that is full takes no more until
//! its messages were handled, and a message for a full outbox is refused where it is sent.
//!
//! [`memory`](memory()) joins two managers of one thread, and [`pipe`](pipe()) two byte buffers; a
//! test needs no more, and their source shows how to write one.

mod envelope;
mod inbox;
mod memory;
mod outbox;
mod pipe;

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use crate::BoxError;
use crate::destination::{Destination, There};
use crate::error::SendError;
use crate::wire::{Codec, MessageInfo, WireLimits};

pub use envelope::Envelope;
pub(crate) use envelope::{Body, Head, OwnedReceiver};
pub use inbox::{Inbox, Rejected, UndecodedMessage};
pub use memory::{Memory, memory};
pub use outbox::{Outbox, Outgoing};
pub use pipe::{Pipe, pipe};

/// Takes messages to other managers and brings theirs.
///
/// A transport keeps within the tick: neither of its methods may wait.
pub trait Transport: Any {
    /// The state of a link; `None` once it is gone. What waits for a link that is gone becomes dead
    /// letters.
    fn link(&self, link: LinkId) -> Option<Link>;

    /// The links that there are, in an order of the transport's own: where a broadcast goes.
    fn links(&self) -> Vec<LinkId>;

    /// Hands over what has arrived, one frame of each link at least if the inbox takes it.
    ///
    /// # Errors
    /// A failure that the program has to see: the tick goes on, and returns it at its end. A panic
    /// is one, too.
    fn receive(&mut self, now: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError>;

    /// Takes what was sent out of the outbox, as much as it can, and passes it on.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    fn transmit(&mut self, now: Instant, outbox: &mut Outbox) -> Result<(), BoxError>;

    /// Takes a frame when it is sent, instead of out of the outbox when it transmits: for transports
    /// that keep what they were given themselves. `write` puts the frame behind what is in a buffer,
    /// in which it may leave a part of it when it fails or panics. It is called for links that there
    /// are; `None`, unless the transport says otherwise, has the frame wait in the outbox.
    ///
    /// # Errors
    /// [`SendError::Full`] if there is no room for the frame, and what `write` returns.
    fn accept(
        &mut self,
        link: LinkId,
        write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Option<Result<(), SendError>> {
        let _ = (link, write);
        None
    }

    /// When the transport wants the next tick, or a [flush](crate::ActorManager::flush), if it
    /// wants one at a time of its own. [`run`](crate::ActorManager::run) ticks then at a rate
    /// [`or_when_woken`](crate::TickRate::or_when_woken), and else keeps to its rate; loops of a
    /// program's own [wait](crate::ActorManager::wait_until) until then. A time that is past means
    /// at once, and again until the transport moves it on.
    fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// Whether it can carry messages of this type as they ask to be. It is asked of each type that
    /// is registered with its manager, by a call, by subscribing or by sending; but not while the
    /// transport itself is at work.
    ///
    /// # Errors
    /// Says why it cannot, for whoever registers the type.
    fn carries(&self, message: &MessageInfo) -> Result<(), String> {
        let _ = message;
        Ok(())
    }

    /// How many bytes of messages may wait in the manager's queue that came from this transport.
    fn inbox_bytes(&self) -> usize {
        DEFAULT_INBOX_BYTES
    }

    /// Tells that so many messages of a link are done: handled, or dead letters. Told after the
    /// dispatch, once for all messages since it was told last.
    fn done(&mut self, link: LinkId, messages: u64) {
        let _ = (link, messages);
    }
}

/// How many bytes of messages may wait for the dispatch from each transport, unless it says
/// otherwise: 4 MiB, room for 64 messages of the default limit.
pub const DEFAULT_INBOX_BYTES: usize = 4 << 20;

/// Names a link of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId {
    /// Which link; small numbers, to be used again.
    pub index: u32,
    /// Tells those apart that had the same index.
    pub generation: u32,
}

/// How a link takes messages just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// In which form.
    pub form: Form,
    /// How many bytes it takes, with those that wait in its outbox.
    pub room_bytes: usize,
}

/// In which form a link takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// As values, handed over within the process.
    Value,
    /// As bytes.
    Bytes(Encoding),
}

/// How messages become bytes on a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// How fields are written.
    pub codec: Codec,
    /// What a message may be at most.
    pub limits: WireLimits,
}

/// Names an attached transport of type `T`.
pub struct Key<T> {
    pub(crate) manager: u16,
    pub(crate) transport: u16,
    kind: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    pub(crate) fn new(manager: u16, transport: u16) -> Key<T> {
        Key { manager, transport, kind: PhantomData }
    }

    /// The other end of a link of this transport.
    #[must_use]
    pub fn destination(self, link: LinkId) -> Destination {
        let Key { manager, transport, .. } = self;
        Destination::at(There { manager, transport, link, actor: None })
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Key<T> {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(transport {})", self.transport)
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}#{}", self.index, self.generation)
    }
}
