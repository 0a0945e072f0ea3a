//! Sending: messages that leave for another manager.

use std::any::Any;

use super::letters::{DropReason, Queued};
use super::wiring::Attached;
use super::{ActorManager, World};
use crate::actor::{ActorId, Context};
use crate::destination::{Destination, There};
use crate::error::SendError;
use crate::message::{AnyMessage, Delivery, PacketType};
use crate::transport::{Body, Encoding, Envelope, Form, Head, OwnedReceiver};
use crate::wire::{EncodeError, FrameHead, Purpose, Receiver, WireMessage, wire_type_of};

/// What became of a broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broadcast {
    /// How many links took the message.
    pub sent: usize,
    /// How many had no room for it, or could not carry it.
    pub refused: usize,
}

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

    /// Sends a message to the other end of every link of every transport.
    #[doc(alias = "broadcast_message")]
    pub fn broadcast<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        let mut broadcast = Broadcast::default();
        for to in self.world().all_links() {
            match self.send(to, message.clone()) {
                Ok(()) => broadcast.sent += 1,
                Err(_) => broadcast.refused += 1,
            }
        }
        broadcast
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
        let attached = self.attached(there.manager, there.transport);
        let attached = attached.ok_or(SendError::NoSuchLink)?;
        let link = attached.transport.try_borrow().map_err(|_| SendError::Busy)?.link(there.link);
        let link = link.ok_or(SendError::NoSuchLink)?;
        let predecessor = attached.outbox.borrow().predecessor(there.link);
        if let Some(predecessor) = predecessor {
            self.give_up(&attached, predecessor);
        }
        match link.form {
            Form::Value => {
                let mut outbox = attached.outbox.borrow_mut();
                let waiting = outbox.bytes(there.link);
                if let Some(last) = outbox.last_value(there.link)
                    && P::may_join(&head, last)
                {
                    check_room(waiting, last.each_bytes(), link.room_bytes)?;
                    parcel.join(last);
                    outbox.count_further_value(there.link);
                    return Ok(());
                }
                let envelope = parcel.seal(head);
                check_room(waiting, envelope.bytes(), link.room_bytes)?;
                outbox.push_value(there.link, envelope);
                Ok(())
            }
            Form::Bytes(encoding) => {
                let mut write = |out: &mut Vec<u8>| write_frame(&head, &parcel, &encoding, out);
                let mut transport =
                    attached.transport.try_borrow_mut().map_err(|_| SendError::Busy)?;
                if let Some(accepted) = transport.accept(there.link, &mut write) {
                    return accepted;
                }
                drop(transport);
                let mut frame = self.wiring.scratch.take();
                frame.clear();
                let written = write(&mut frame);
                let posted = written.and_then(|()| {
                    let mut outbox = attached.outbox.borrow_mut();
                    check_room(outbox.bytes(there.link), frame.len(), link.room_bytes)?;
                    outbox.push_frame(there.link, encoding, &frame, delivery, stream);
                    Ok(())
                });
                keep(&self.wiring.scratch, frame);
                posted
            }
        }
    }

    /// The other end of every link.
    fn all_links(&self) -> Vec<Destination> {
        let mut links = Vec::new();
        self.each_attached(|transport, attached: &Attached| {
            let Ok(at) = attached.transport.try_borrow() else { return };
            let there = |link| There { manager: self.number(), transport, link, actor: None };
            links.extend(at.links().into_iter().map(|link| Destination::at(there(link))));
        });
        links
    }
}

fn check<M: WireMessage>(message: &M) -> Result<(), SendError> {
    let valid = !M::VALIDATED || message.validate().is_ok();
    if valid { Ok(()) } else { Err(SendError::Refused(DropReason::Invalid)) }
}

/// A frame buffer larger than this is given back after use.
const KEPT_BYTES: usize = 256 << 10;

fn keep(scratch: &std::cell::Cell<Vec<u8>>, frame: Vec<u8>) {
    if frame.capacity() <= KEPT_BYTES {
        scratch.set(frame);
    }
}

fn check_room(waiting: usize, bytes: usize, room_bytes: usize) -> Result<(), SendError> {
    match room_bytes.checked_sub(waiting) {
        Some(room_bytes) if bytes <= room_bytes => Ok(()),
        room => Err(SendError::Full { bytes, room_bytes: room.unwrap_or(0) }),
    }
}

fn write_frame<P: Parcel>(
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

/// A message that neither asks nor answers.
pub(crate) struct Plain<M>(pub(crate) M);

impl<M: WireMessage> Body for Plain<M> {
    fn arrive(self: Box<Self>, world: &World, receiver: Option<ActorId>, _: There) {
        world.enqueue(receiver, self.0);
    }

    fn each_message(&self, show: &mut dyn FnMut(&dyn AnyMessage)) {
        show(&self.0);
    }

    fn is_queued(&self) -> bool {
        true
    }

    fn refuse(&self, world: &World, _: There) {
        world.dead_letter(&self.0, None, DropReason::NoSuchActor);
    }

    fn undelivered(&self, _: &World) {}
}

/// Such messages as values, one or more.
struct Several<M>(Vec<M>);

impl<M: WireMessage> Body for Several<M> {
    fn arrive(self: Box<Self>, world: &World, receiver: Option<ActorId>, _: There) {
        world.enqueue_all(receiver, self.0.into_iter());
    }

    fn each_message(&self, show: &mut dyn FnMut(&dyn AnyMessage)) {
        self.0.iter().for_each(|message| show(message));
    }

    fn is_queued(&self) -> bool {
        true
    }

    fn refuse(&self, world: &World, _: There) {
        let each = self.0.iter();
        each.for_each(|message| world.dead_letter(message, None, DropReason::NoSuchActor));
    }

    fn undelivered(&self, _: &World) {}

    fn as_any(&mut self) -> Option<&mut dyn Any> {
        Some(self)
    }

    fn split_off(&mut self, at: usize) -> Option<Box<dyn Body>> {
        Some(Box::new(Several(self.0.split_off(at))))
    }
}

impl<M: WireMessage> Parcel for Plain<M> {
    fn packet_type(&self) -> PacketType {
        M::PACKET_TYPE.expect("a message with a wire form has a packet type")
    }

    fn purpose(&self) -> Purpose {
        Purpose::Message
    }

    fn register(&self, world: &World) -> Result<(), SendError> {
        Ok(world.register(&wire_type_of::<M>())?)
    }

    fn write(&self, encoding: &Encoding, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encoding.codec.encode(&self.0, &encoding.limits, out)
    }

    fn seal(self, head: Head) -> Envelope {
        Envelope::new(head, size_of::<M>(), Several(vec![self.0]))
    }

    #[inline]
    fn may_join(head: &Head, envelope: &mut Envelope) -> bool {
        envelope.takes_more(head) && envelope.body_as::<Several<M>>().is_some()
    }

    #[inline]
    fn join(self, envelope: &mut Envelope) {
        if let Some(Several(messages)) = envelope.body_as() {
            messages.push(self.0);
        }
    }
}
