//! Sending: messages that leave for another manager.

use super::letters::{DropReason, Queued};
use super::wiring::Attached;
use super::{ActorManager, World};
use crate::actor::{ActorId, Context};
use crate::destination::{Destination, There};
use crate::error::SendError;
use crate::message::{Delivery, PacketType};
use crate::transport::{
    Body, Encoding, Envelope, Form, Head, Link, LinkId, OwnedReceiver, check_room,
};
use crate::wire::{EncodeError, FrameHead, Purpose, Receiver, WireMessage};

mod plain;

pub(crate) use plain::Plain;

impl ActorManager {
    /// Sends a message to the other end of a link, or to an actor there; for an actor here it is
    /// [`queue_to`](Self::queue_to).
    ///
    /// It leaves at the end of the tick, or with a [`flush`](Self::flush). The message's type
    /// says how a network carries it. Who receives it at the other end sees it come from a manager;
    /// [`Context::send`] tells the actor as well.
    ///
    /// # Errors
    /// [`SendError`] if there is no room now, the link is gone, or the message cannot be encoded.
    /// The caller is told, so nobody else is.
    #[doc(alias("send_message", "send_to", "reply"))]
    pub fn send<M: WireMessage>(
        &self,
        to: impl Into<Destination>,
        message: M,
    ) -> Result<(), SendError> {
        self.post(None, to.into(), message, M::DELIVERY)
    }

    /// Sends a message as [`send`](Self::send) does, with another delivery than its type's.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with<M: WireMessage>(
        &self,
        to: impl Into<Destination>,
        message: M,
        delivery: Delivery,
    ) -> Result<(), SendError> {
        self.post(None, to.into(), message, delivery)
    }

    /// Sends a message to the actor that has this name at the other end of a link. If nobody has
    /// it when the message arrives, it is a dead letter there.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::NameTooLong`].
    pub fn send_to_named<M: WireMessage>(
        &self,
        to: impl Into<Destination>,
        name: &str,
        message: M,
    ) -> Result<(), SendError> {
        self.post_to_named(None, to.into(), name, message)
    }

    fn post<M: WireMessage>(
        &self,
        sender: Option<ActorId>,
        to: Destination,
        message: M,
        delivery: Delivery,
    ) -> Result<(), SendError> {
        check(&message)?;
        match to.there() {
            Some(there) => {
                let receiver = match there.actor {
                    Some(actor) => OwnedReceiver::Actor(actor),
                    None => OwnedReceiver::Subscribers,
                };
                let head = Head { receiver, sender };
                self.world().post(there, head, delivery, M::STREAM, Plain(message))
            }
            None => self.post_here(to, message),
        }
    }

    fn post_to_named<M: WireMessage>(
        &self,
        sender: Option<ActorId>,
        to: Destination,
        name: &str,
        message: M,
    ) -> Result<(), SendError> {
        if name.len() > FrameHead::NAME_BYTES {
            return Err(SendError::NameTooLong { most_bytes: FrameHead::NAME_BYTES });
        }
        check(&message)?;
        let Some(there) = to.there() else { return Err(SendError::NoSuchLink) };
        let head = Head { receiver: OwnedReceiver::Named(name.to_owned()), sender };
        self.world().post(there, head, M::DELIVERY, M::STREAM, Plain(message))
    }

    fn post_here<M: WireMessage>(&self, to: Destination, message: M) -> Result<(), SendError> {
        let Some(actor) = to.here() else { return Err(SendError::NoSuchLink) };
        match self.queue_to(actor, message) {
            Queued::Accepted => Ok(()),
            Queued::Refused(reason) => Err(SendError::Refused(reason)),
        }
    }
}

impl Context {
    /// Sends a message as [`ActorManager::send`] does; its receiver learns which actor it is from.
    ///
    /// # Errors
    /// As [`ActorManager::send`].
    #[doc(alias("send_message", "send_to", "reply"))]
    pub fn send<M: WireMessage>(
        &self,
        to: impl Into<Destination>,
        message: M,
    ) -> Result<(), SendError> {
        self.post(Some(self.actor()), to.into(), message, M::DELIVERY)
    }

    /// Sends a message as [`ActorManager::send_with`] does; its receiver learns which actor it is
    /// from.
    ///
    /// # Errors
    /// As [`ActorManager::send`].
    pub fn send_with<M: WireMessage>(
        &self,
        to: impl Into<Destination>,
        message: M,
        delivery: Delivery,
    ) -> Result<(), SendError> {
        self.post(Some(self.actor()), to.into(), message, delivery)
    }

    /// Sends a message as [`ActorManager::send_to_named`] does; its receiver learns which actor it
    /// is from.
    ///
    /// # Errors
    /// As [`ActorManager::send_to_named`].
    pub fn send_to_named<M: WireMessage>(
        &self,
        to: impl Into<Destination>,
        name: &str,
        message: M,
    ) -> Result<(), SendError> {
        self.post_to_named(Some(self.actor()), to.into(), name, message)
    }
}

/// What can be put into an outbox: as a value, or written as a frame.
pub(super) trait Parcel: Body + Sized + 'static {
    fn packet_type(&self) -> PacketType;
    fn purpose(&self) -> Purpose;
    /// Sees to it that messages of this type are known here, too.
    fn register(&self, _: &World) -> Result<(), SendError> {
        Ok(())
    }
    fn write(&self, encoding: &Encoding, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Puts it into an envelope of its own.
    fn seal(self, head: Head) -> Envelope {
        Envelope::new(head, size_of::<Self>(), self)
    }

    /// Whether the messages of an envelope go the same way, and are of its type.
    fn may_join(head: &Head, envelope: &mut Envelope) -> bool {
        let _ = (head, envelope);
        false
    }

    /// Adds it to the messages of an envelope which it may join.
    fn join(self, envelope: &mut Envelope) {
        let _ = envelope;
    }
}

impl World {
    /// Puts something into the outbox of a link.
    pub(super) fn post<P: Parcel>(
        &self,
        there: There,
        head: Head,
        delivery: Delivery,
        stream: u8,
        parcel: P,
    ) -> Result<(), SendError> {
        parcel.register(self)?;
        self.with_link(there, |attached, link| match &link.form {
            Form::Value => attached.post_value(there.link, link, head, parcel),
            Form::Bytes(encoding) => {
                let mut write = |out: &mut Vec<u8>| write_frame(&head, &parcel, encoding, out);
                match attached.accept(there.link, &mut write) {
                    Some(Ok(())) => return Ok(()),
                    Some(Err(error)) => return Err(told(error)),
                    None => {}
                }
                attached.post_frame(there.link, link, *encoding, (delivery, stream), write)
            }
        })
    }

    /// Does something with the transport of a link and the link's state, once nothing waits for one
    /// that had its place. The state stays where it was written: to move it, as a part of what is
    /// returned, costs as much as to write a small frame.
    #[inline(always)]
    pub(super) fn with_link(
        &self,
        there: There,
        post: impl FnOnce(&Attached, &Link) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let attached = self.attached(there.manager, there.transport);
        let Some(attached) = attached else { return Err(SendError::NoSuchLink) };
        let found = match attached.transport.try_borrow() {
            Ok(transport) => transport.link(there.link),
            Err(_) => return Err(SendError::Busy),
        };
        let Some(link) = &found else { return Err(SendError::NoSuchLink) };
        let predecessor = match attached.outbox.try_borrow() {
            Ok(outbox) => outbox.predecessor(there.link),
            Err(_) => return Err(SendError::Busy),
        };
        if let Some(predecessor) = predecessor {
            self.give_up(&attached, predecessor);
        }
        post(&attached, link)
    }
}

/// Keeps an error from being moved along where there is none.
#[cold]
#[inline(never)]
fn told(error: SendError) -> SendError {
    error
}

impl Attached {
    /// Offers a frame to a transport that keeps what it is given itself.
    #[inline]
    pub(super) fn accept(
        &self,
        id: LinkId,
        write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Option<Result<(), SendError>> {
        match self.transport.try_borrow_mut() {
            Ok(mut transport) => transport.accept(id, write),
            Err(_) => Some(Err(SendError::Busy)),
        }
    }

    /// Puts a value into the outbox, into the last envelope there if it is alike.
    pub(super) fn post_value<P: Parcel>(
        &self,
        id: LinkId,
        link: &Link,
        head: Head,
        parcel: P,
    ) -> Result<(), SendError> {
        let mut outbox = self.outbox.try_borrow_mut().map_err(|_| SendError::Busy)?;
        let waiting = outbox.bytes(id);
        if let Some(last) = outbox.last_value(id)
            && P::may_join(&head, last)
        {
            check_room(waiting, last.each_bytes(), link.room_bytes)?;
            parcel.join(last);
            outbox.count_further_value(id);
            return Ok(());
        }
        let envelope = parcel.seal(head);
        check_room(waiting, envelope.bytes(), link.room_bytes)?;
        outbox.push_value(id, envelope);
        Ok(())
    }

    /// Has a frame written behind those that wait.
    #[inline]
    pub(super) fn post_frame(
        &self,
        id: LinkId,
        link: &Link,
        encoding: Encoding,
        travels: (Delivery, u8),
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        // A message that sends while it is being written finds its link at work.
        let mut outbox = self.outbox.try_borrow_mut().map_err(|_| SendError::Busy)?;
        outbox.push_frame(id, encoding, link.room_bytes, travels, write)
    }
}

pub(super) fn check<M: WireMessage>(message: &M) -> Result<(), SendError> {
    let valid = !M::VALIDATED || message.validate().is_ok();
    if valid { Ok(()) } else { Err(SendError::Refused(DropReason::Invalid)) }
}

pub(super) fn write_frame<P: Parcel>(
    head: &Head,
    parcel: &P,
    encoding: &Encoding,
    frame: &mut Vec<u8>,
) -> Result<(), SendError> {
    let receiver = match &head.receiver {
        OwnedReceiver::Subscribers => Receiver::Subscribers,
        OwnedReceiver::Actor(actor) => Receiver::Actor(*actor),
        OwnedReceiver::Named(name) => Receiver::Named(name),
    };
    let (packet_type, purpose) = (parcel.packet_type(), parcel.purpose());
    let head = FrameHead { packet_type, receiver, sender: head.sender, purpose };
    head.check(encoding.codec).map_err(|what| SendError::NotExpressible { what })?;
    head.write(encoding.codec, frame);
    parcel.write(encoding, frame)?;
    Ok(())
}

#[cfg(test)]
mod tests;
