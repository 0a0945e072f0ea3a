//! Requests: messages that are answered.

use std::any::Any;
use std::cell::Cell;

use super::{Delivery, Message, MessageSlot, PacketType, Property, PropertyError};
#[cfg(feature = "wire")]
use crate::destination::There;
use crate::manager::{TopicKey, World};

/// A message that is answered; made with `#[derive(Message)]` and `#[message(reply = ..)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request",
    label = "this message has no reply",
    note = "say what it is answered with: `#[message(reply = i32)]`"
)]
pub trait Request: Message {
    /// What the request is answered with.
    type Reply: Send + 'static;

    /// The process-wide number of [`Asked`] requests of this type.
    #[doc(hidden)]
    fn asked_slot() -> MessageSlot {
        MessageSlot::of::<Asked<Self>>()
    }

    /// Where [`Asked`] requests of this type keep their topic on this thread.
    #[doc(hidden)]
    fn asked_key() -> Option<&'static TopicKey<Asked<Self>>> {
        None
    }
}

/// A request on its way to whoever answers it. Handlers of messages of any type see the request.
#[doc(hidden)]
pub struct Asked<Q: Request> {
    pub(crate) request: Q,
    pub(crate) reply_to: ReplyTo,
    /// The answer, if whoever asked waits for it on the call stack.
    pub(crate) reply: Cell<Option<Q::Reply>>,
}

/// Where the answer to a request goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReplyTo {
    /// To whoever asked, and waits on the call stack.
    Here,
    /// To who holds the answer with this ticket.
    Ticket(u64),
    /// To who holds the answer with this ticket at the other end of a link.
    #[cfg(feature = "wire")]
    There(There, u64),
}

/// Who waits for an answer at the other end of a link.
#[cfg(feature = "wire")]
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct ReplyAddress {
    pub(crate) there: There,
    pub(crate) number: u64,
    pub(crate) packet_type: Option<PacketType>,
}

impl<Q: Request> Asked<Q> {
    /// A request of somebody who waits on the call stack.
    #[inline(always)]
    pub(crate) fn here(request: Q) -> Asked<Q> {
        Asked { request, reply_to: ReplyTo::Here, reply: Cell::new(None) }
    }

    /// A request of somebody who is elsewhere.
    #[cfg(feature = "wire")]
    pub(crate) fn new(request: Q, reply_to: ReplyTo) -> Asked<Q> {
        Asked { request, reply_to, reply: Cell::new(None) }
    }

    #[inline(always)]
    pub(crate) fn answer(&self, reply: Q::Reply, world: &World) {
        match self.reply_to {
            ReplyTo::Here => self.reply.set(Some(reply)),
            ReplyTo::Ticket(ticket) => world.close_ask(ticket, Ok(reply)),
            #[cfg(feature = "wire")]
            ReplyTo::There(there, ticket) => world.answer_there::<Q>(there, ticket, reply),
        }
    }
}

impl<Q: Request> Message for Asked<Q> {
    const NAME: &'static str = Q::NAME;
    const PACKET_TYPE: Option<PacketType> = Q::PACKET_TYPE;
    const VERSION: u16 = Q::VERSION;
    const DELIVERY: Delivery = Q::DELIVERY;
    const STREAM: u8 = Q::STREAM;
    const PROPERTIES: &'static [Property] = Q::PROPERTIES;
    const VALIDATED: bool = Q::VALIDATED;

    fn validate(&self) -> Result<(), PropertyError> {
        self.request.validate()
    }

    fn property_any(&self, name: &str) -> Option<&dyn Any> {
        self.request.property_any(name)
    }

    fn as_any(&self) -> &dyn Any {
        self.request.as_any()
    }

    #[cfg(feature = "wire")]
    fn reply_address(&self) -> Option<ReplyAddress> {
        match self.reply_to {
            ReplyTo::There(there, number) => {
                Some(ReplyAddress { there, number, packet_type: Q::PACKET_TYPE })
            }
            ReplyTo::Here | ReplyTo::Ticket(_) => None,
        }
    }

    fn name_of_value(&self) -> &str {
        self.request.name_of_value()
    }

    #[inline]
    fn slot() -> MessageSlot {
        Q::asked_slot()
    }

    #[inline]
    fn topic_key() -> Option<&'static TopicKey<Self>> {
        Q::asked_key()
    }
}
