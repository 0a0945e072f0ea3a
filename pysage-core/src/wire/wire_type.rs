//! What a registry knows of a message type.

use std::any::{Any, TypeId, type_name};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::Codec;
use super::error::{DecodeError, DecodeReason, EncodeError};
use super::fault::Fault;
use super::limits::WireLimits;
use super::message::WireMessage;
use crate::actor::ActorId;
use crate::destination::There;
use crate::manager::World;
use crate::message::{AnyMessage, Asked, Delivery, PacketType, Property, ReplyTo, Request};
use crate::transport::Encoding;

/// The wire form of one message type, whatever the type; the derive makes it.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct WireType {
    pub(crate) info: MessageInfo,
    pub(crate) type_id: TypeId,
    pub(crate) reading: Reading,
    pub(crate) request: Option<RequestType>,
}

/// How bytes become messages of the type. Little, since it is copied out of the registry for each
/// frame: what the message does while it is decoded may reach for the registry.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) name: &'static str,
    decode: Decode,
    pub(crate) arrive: Arrive,
    request: Option<RequestReading>,
}

/// How bytes become a request of the type, and the answer to one.
#[derive(Clone, Copy)]
struct RequestReading {
    arrive: fn(&Arrival<'_>, ReplyTo) -> Result<(), Box<DecodeError>>,
    answer: fn(&Arrival<'_>, There, u64) -> Result<(), Box<DecodeError>>,
}

/// How requests of the type, and their answers, become bytes.
#[derive(Clone, Copy)]
pub(crate) struct RequestType {
    write_request: Write,
    write_reply: Write,
}

/// Reads the fields of a message straight into the queue of its type. What can go wrong is boxed,
/// so that what nearly never happens costs a register.
pub(crate) type Arrive = fn(&Arrival<'_>) -> Result<(), Box<DecodeError>>;

/// Reads the fields of a message.
type Decode = fn(Codec, &WireLimits, &[u8]) -> Result<Box<dyn AnyMessage>, DecodeError>;

/// Writes a value of a type that is known to whoever made the pointer.
type Write = fn(&dyn Any, &Encoding, &mut Vec<u8>) -> Result<(), EncodeError>;

/// What a transport or the other end of a link learns of a message type.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MessageInfo {
    /// The number of its wire form.
    pub packet_type: PacketType,
    /// Its name.
    pub name: &'static str,
    /// The path of its Rust type.
    pub type_path: &'static str,
    /// Counts changes of its wire form.
    pub version: u16,
    /// Its fields.
    pub properties: &'static [Property],
    /// For a request, the type of the reply as written.
    pub reply: Option<&'static str>,
    /// How a network carries it.
    pub delivery: Delivery,
    /// The stream within which it keeps order.
    pub stream: u8,
    #[cfg(feature = "codec-pysage")]
    schema: fn() -> Result<Vec<String>, String>,
}

impl MessageInfo {
    /// Whether a codec has a form for messages of this type.
    ///
    /// # Errors
    /// Says what it has no form for.
    pub fn check(&self, codec: Codec) -> Result<(), String> {
        #[cfg(feature = "codec-pysage")]
        if codec == Codec::Pysage {
            if self.packet_type.get() > u16::from(u8::MAX) {
                return Err("the original pysage has packet types of 101 to 255 only".to_owned());
            }
            (self.schema)()?;
        }
        let _ = codec;
        Ok(())
    }
}

/// The fields of a message that arrived, and where they go.
pub(crate) struct Arrival<'a> {
    pub(crate) world: &'a World,
    pub(crate) codec: Codec,
    pub(crate) limits: &'a WireLimits,
    pub(crate) receiver: Option<ActorId>,
    pub(crate) fields: &'a [u8],
}

impl Arrival<'_> {
    /// Reads the fields. What is wrong with them is told by [`told`](Self::told) only: a `Result` that
    /// had a place for that would keep the message from staying in registers.
    #[inline(always)]
    fn read<M: WireMessage>(&self) -> Result<M, Fault> {
        self.codec.read_message(self.fields, self.limits)
    }

    #[cold]
    #[inline(never)]
    fn told(&self, fault: Fault, message: &'static str) -> Box<DecodeError> {
        Box::new(fault.into_error(message, self.fields))
    }
}

impl WireType {
    /// The wire form of a message.
    #[must_use]
    pub fn of<M: WireMessage>() -> WireType {
        WireType {
            info: MessageInfo {
                packet_type: M::PACKET_TYPE.expect("a message with a wire form has a packet type"),
                name: M::NAME,
                type_path: type_name::<M>(),
                version: M::VERSION,
                properties: M::PROPERTIES,
                reply: None,
                delivery: M::DELIVERY,
                stream: M::STREAM,
                #[cfg(feature = "codec-pysage")]
                schema: super::pysage::schema::<super::message::AsSerde<M>>,
            },
            type_id: TypeId::of::<M>(),
            reading: Reading {
                name: M::NAME,
                decode: |codec, limits, fields| Ok(Box::new(codec.decode::<M>(fields, limits)?)),
                arrive: |arrival| match arrival.read::<M>() {
                    Ok(message) => {
                        arrival.world.enqueue(arrival.receiver, message);
                        Ok(())
                    }
                    Err(fault) => Err(arrival.told(fault, M::NAME)),
                },
                request: None,
            },
            request: None,
        }
    }

    /// The wire form of a request, with the type of its reply as written.
    #[must_use]
    pub fn of_request<Q>(reply_name: &'static str) -> WireType
    where
        Q: WireMessage + Request,
        Q::Reply: Serialize + DeserializeOwned,
    {
        let message = WireType::of::<Q>();
        let reading = RequestReading {
            arrive: |arrival, reply_to| match arrival.read::<Q>() {
                Ok(request) => {
                    arrival.world.enqueue(arrival.receiver, Asked::new(request, reply_to));
                    Ok(())
                }
                Err(fault) => Err(arrival.told(fault, Q::NAME)),
            },
            answer: |arrival, from, number| {
                let reply = arrival.codec.read::<Q::Reply>(arrival.fields, arrival.limits);
                let reply = reply.map_err(|fault| arrival.told(fault, Q::NAME))?;
                if arrival.world.take_answer::<Q>(from, number, &mut Some(reply)) {
                    return Ok(());
                }
                let reason = "this is not the kind of answer that is waited for";
                let reason = DecodeReason::Other(reason.to_owned());
                Err(Box::new(DecodeError { message: Some(Q::NAME), at: None, reason }))
            },
        };
        let request = RequestType {
            write_request: |request, encoding, out| {
                let request = request.downcast_ref::<Q>().expect("it is written as its own type");
                encoding.codec.encode(request, &encoding.limits, out)
            },
            write_reply: |reply, encoding, out| {
                let reply = reply.downcast_ref::<Q::Reply>();
                let reply = reply.expect("it is written as its request's reply");
                let written = encoding.codec.write(reply, &encoding.limits, out);
                written.map_err(|reason| EncodeError { message: Q::NAME, reason: *reason })
            },
        };
        let info = MessageInfo { reply: Some(reply_name), ..message.info };
        let reading = Reading { request: Some(reading), ..message.reading };
        WireType { info, reading, request: Some(request), ..message }
    }
}

impl Reading {
    pub(crate) fn decode(
        &self,
        codec: Codec,
        limits: &WireLimits,
        fields: &[u8],
    ) -> Result<Box<dyn AnyMessage>, DecodeError> {
        (self.decode)(codec, limits, fields)
    }

    /// Queues the request that has arrived.
    pub(crate) fn arrive_as_request(
        &self,
        arrival: &Arrival<'_>,
        from: There,
        number: u64,
    ) -> Result<(), Box<DecodeError>> {
        (self.request()?.arrive)(arrival, ReplyTo::There(from, number))
    }

    /// Hands in the answer that has arrived.
    pub(crate) fn arrive_as_answer(
        &self,
        arrival: &Arrival<'_>,
        from: There,
        number: u64,
    ) -> Result<(), Box<DecodeError>> {
        (self.request()?.answer)(arrival, from, number)
    }

    fn request(&self) -> Result<RequestReading, Box<DecodeError>> {
        self.request.ok_or_else(|| {
            let reason = DecodeReason::Other("this is not a request here".to_owned());
            Box::new(DecodeError { message: Some(self.name), at: None, reason })
        })
    }
}

impl RequestType {
    pub(crate) fn write_request(
        &self,
        request: &dyn Any,
        encoding: &Encoding,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        (self.write_request)(request, encoding, out)
    }

    pub(crate) fn write_reply(
        &self,
        reply: &dyn Any,
        encoding: &Encoding,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        (self.write_reply)(reply, encoding, out)
    }
}
