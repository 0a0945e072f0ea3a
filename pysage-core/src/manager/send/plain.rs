//! Plain messages, on their way as frames or as values.

use std::any::Any;

use super::Parcel;
use crate::actor::ActorId;
use crate::destination::There;
use crate::error::SendError;
use crate::manager::World;
use crate::manager::letters::DropReason;
use crate::message::{AnyMessage, PacketType};
use crate::transport::{Body, Encoding, Envelope, Head};
use crate::wire::{EncodeError, Purpose, WireMessage};

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
        Ok(world.register_sent::<M>()?)
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
