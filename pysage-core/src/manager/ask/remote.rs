//! Requests and answers that go over links.

use std::any::Any;

use super::Answer;
use crate::actor::ActorId;
use crate::destination::{Destination, There};
use crate::error::{AskError, SendError};
use crate::manager::letters::{DropReason, Tally};
use crate::manager::send::Parcel;
use crate::manager::wiring::Attached;
use crate::manager::{ActorManager, World};
use crate::message::{AnyMessage, Asked, Delivery, PacketType, ReplyAddress, ReplyTo, Request};
use crate::transport::{Body, Encoding, Head, LinkId, OwnedReceiver};
use crate::wire::{EncodeError, Purpose, RequestType};

impl ActorManager {
    /// Asks whoever is at the other end of a link, or an actor there.
    pub(super) fn ask_there<Q: Request>(&self, there: There, request: Q) -> Answer<Q::Reply> {
        let world = self.world();
        Tally::add(&world.counters.triggered, 1);
        if Q::VALIDATED && request.validate().is_err() {
            world.dead_letter(&request, None, DropReason::Invalid);
            return Answer::ready(Err(AskError::Invalid));
        }
        if request_type::<Q>().is_none() {
            return Answer::ready(Err(AskError::NotSent));
        }
        let answer = match self.open_ask() {
            Ok(answer) => answer,
            Err(error) => {
                world.dead_letter(&request, None, DropReason::QueueFull);
                return Answer::ready(Err(error));
            }
        };
        let Some(number) = answer.ticket() else { return answer };
        world.asks.set_asked(number, Destination::at(there).whole(), Q::PACKET_TYPE);
        let receiver = match there.actor {
            Some(actor) => OwnedReceiver::Actor(actor),
            None => OwnedReceiver::Subscribers,
        };
        let head = Head { receiver, sender: None };
        let parcel = Question { request, number };
        match world.post(there, head, Q::DELIVERY, Q::STREAM, parcel) {
            Ok(()) => {
                world.note_asked(there, number);
                answer
            }
            Err(error) => Answer::ready(Err(ask_error(&error))),
        }
    }
}

impl World {
    /// Answers a request that came over a link.
    pub(crate) fn answer_there<Q: Request>(&self, there: There, number: u64, reply: Q::Reply) {
        if let Err(error) = self.reply_there(there, Reply::<Q> { number, reply }) {
            self.counters.dropped(DropReason::AnswerNotSent, 1);
            if !matches!(error, SendError::NoSuchLink) {
                let (packet_type, error) = (packet_type_of::<Q>(), AskError::AnswerNotSent);
                self.send_refusal(there, Refusal { packet_type, number, error });
            }
        }
    }

    /// Tells who waits for an answer to a dead letter, if somebody does.
    pub(in crate::manager) fn refuse_answer(&self, message: &dyn AnyMessage, reason: DropReason) {
        let Some(address) = message.reply_address() else { return };
        let error = match reason {
            DropReason::NoSuchActor => AskError::NoSuchActor,
            DropReason::Invalid => AskError::Invalid,
            DropReason::QueueFull => AskError::Full,
            DropReason::NoSubscriber | DropReason::NotSubscribed => AskError::NotAnswered,
            _ => AskError::Dropped,
        };
        self.refuse_address(address, error);
    }

    /// Tells who waits for an answer that there will be none.
    pub(in crate::manager) fn refuse_address(&self, address: ReplyAddress, error: AskError) {
        let ReplyAddress { there, number, packet_type } = address;
        self.refuse_there(there, packet_type, number, error);
    }

    /// Tells the other end of a link that its request is not answered.
    pub(crate) fn refuse_there(
        &self,
        there: There,
        packet_type: Option<PacketType>,
        number: u64,
        error: AskError,
    ) {
        let packet_type = packet_type.unwrap_or(PacketType::FIRST);
        if !self.send_refusal(there, Refusal { packet_type, number, error }) {
            self.counters.dropped(DropReason::AnswerNotSent, 1);
        }
    }

    /// Sends the refusals that were due while their transport was at work.
    pub(in crate::manager) fn send_refusals(&self, attached: &Attached) {
        for (there, refusal) in attached.refusals.take() {
            if !self.send_refusal(there, refusal) {
                self.counters.dropped(DropReason::AnswerNotSent, 1);
            }
        }
    }

    /// Sends a refusal, or keeps it while its transport is at work; says whether either was done.
    fn send_refusal(&self, there: There, refusal: Refusal) -> bool {
        match self.reply_there(there, refusal) {
            Ok(()) => true,
            Err(SendError::Busy) => self.keep_refusal(there, refusal),
            Err(_) => false,
        }
    }

    /// Takes note of a request that is on its way.
    fn note_asked(&self, there: There, number: u64) {
        if let Some(attached) = self.attached(there.manager, there.transport) {
            let is_open = |number: &u64| self.asks.asked(*number).is_some();
            attached.asked.borrow_mut().add(there.link, number, is_open);
        }
    }

    /// Fails the requests over links of a transport that are gone.
    pub(in crate::manager) fn fail_unreachable(&self, attached: &Attached) {
        let Ok(transport) = attached.transport.try_borrow() else { return };
        let gone = attached.asked.borrow_mut().take_gone(|link| transport.link(link).is_none());
        drop(transport);
        for number in gone {
            self.fail_ask(number, AskError::Unreachable);
        }
    }

    /// An answer goes to the link alone: the ticket says who waits there, and in no order.
    fn reply_there<P: Parcel>(&self, there: There, parcel: P) -> Result<(), SendError> {
        let head = Head { receiver: OwnedReceiver::Subscribers, sender: None };
        self.post(there, head, Delivery::ReliableUnordered, 0, parcel)
    }

    /// Keeps a refusal until its transport is no longer at work, if there is room for it.
    fn keep_refusal(&self, there: There, refusal: Refusal) -> bool {
        let attached = self.attached(there.manager, there.transport);
        attached.is_some_and(|attached| {
            let mut refusals = attached.refusals.borrow_mut();
            let fits = refusals.len() < MOST_REFUSALS_KEPT;
            refusals.extend(fits.then_some((there, refusal)));
            fits
        })
    }

    /// Hands in an answer, an `Option` of the reply's type, that came over a link. Says whether it
    /// is of the type that is waited for; one that nobody waits for, or that somebody else was
    /// asked for, is counted and dropped.
    pub(crate) fn take_answer<Q: Request>(
        &self,
        from: There,
        number: u64,
        reply: &mut dyn Any,
    ) -> bool {
        match self.asked_there(from, number) {
            Some(request) => request == Q::PACKET_TYPE && self.fill_ask(number, reply),
            None => {
                self.counters.dropped(DropReason::NotAsked, 1);
                true
            }
        }
    }

    /// Takes note that a request over a link is not answered.
    pub(crate) fn take_refusal(&self, from: There, number: u64, reason: &[u8]) {
        if self.asked_there(from, number).is_none() {
            return self.counters.dropped(DropReason::NotAsked, 1);
        }
        self.fail_ask(number, error_of(reason.first().copied().unwrap_or_default()));
    }

    /// The type of the request that waits under this number for an answer from there.
    fn asked_there(&self, from: There, number: u64) -> Option<Option<PacketType>> {
        let (asked, request) = self.asks.asked(number)?;
        (asked == Destination::at(from).whole()).then_some(request)
    }
}

/// Refusals of one tick that wait for their transport: more of them are those of a peer that asks
/// what it should know to be invalid.
const MOST_REFUSALS_KEPT: usize = 1 << 10;

/// Requests that are on their way over the links of a transport.
#[derive(Default)]
pub(in crate::manager) struct AskedThere {
    /// By link; some of the numbers may be answered.
    links: Vec<(LinkId, Vec<u64>)>,
}

impl AskedThere {
    fn add(&mut self, link: LinkId, number: u64, is_open: impl Fn(&u64) -> bool) {
        let place = self.links.iter().position(|(known, _)| *known == link);
        let place = place.unwrap_or_else(|| {
            self.links.push((link, Vec::new()));
            self.links.len() - 1
        });
        let numbers = &mut self.links[place].1;
        if numbers.len() == numbers.capacity() {
            numbers.retain(is_open);
            numbers.reserve(numbers.len() + 1);
        }
        numbers.push(number);
    }

    fn take_gone(&mut self, is_gone: impl Fn(LinkId) -> bool) -> Vec<u64> {
        let gone = self.links.extract_if(.., |(link, _)| is_gone(*link));
        gone.flat_map(|(_, numbers)| numbers).collect()
    }
}

fn packet_type_of<Q: Request>() -> PacketType {
    Q::PACKET_TYPE.expect("a request with a wire form has a packet type")
}

/// The wire form of a request, if it has one.
fn request_type<Q: Request>() -> Option<RequestType> {
    Q::wire_type()?.request
}

fn ask_error(error: &SendError) -> AskError {
    match error {
        SendError::Full { .. } => AskError::Full,
        SendError::NoSuchLink => AskError::Unreachable,
        _ => AskError::NotSent,
    }
}

/// The byte that stands for the reason of a refusal.
fn byte_of(error: AskError) -> u8 {
    match error {
        AskError::NoSuchActor => 1,
        AskError::NotAnswered => 2,
        AskError::Failed => 3,
        AskError::Invalid => 4,
        AskError::Full => 5,
        AskError::AnswerNotSent => 6,
        AskError::NotAllowed => 7,
        _ => 0,
    }
}

fn error_of(byte: u8) -> AskError {
    match byte {
        1 => AskError::NoSuchActor,
        2 => AskError::NotAnswered,
        3 => AskError::Failed,
        4 => AskError::Invalid,
        5 => AskError::Full,
        6 => AskError::AnswerNotSent,
        7 => AskError::NotAllowed,
        _ => AskError::Dropped,
    }
}

/// A request on its way over a link.
struct Question<Q> {
    request: Q,
    /// The ticket of whoever asked.
    number: u64,
}

/// An answer on its way over a link.
struct Reply<Q: Request> {
    number: u64,
    reply: Q::Reply,
}

/// That there is no answer, on its way over a link.
#[derive(Clone, Copy)]
pub(in crate::manager) struct Refusal {
    packet_type: PacketType,
    number: u64,
    error: AskError,
}

impl<Q: Request> Body for Question<Q> {
    fn arrive(self: Box<Self>, world: &World, receiver: Option<ActorId>, from: There) {
        world.enqueue(receiver, Asked::new(self.request, ReplyTo::There(from, self.number)));
    }

    fn each_message(&self, show: &mut dyn FnMut(&dyn AnyMessage)) {
        show(&self.request);
    }

    fn is_queued(&self) -> bool {
        true
    }

    fn refuse(&self, world: &World, from: There) {
        world.dead_letter(&self.request, None, DropReason::NoSuchActor);
        world.refuse_there(from, Q::PACKET_TYPE, self.number, AskError::NoSuchActor);
    }

    fn undelivered(&self, world: &World) {
        world.fail_ask(self.number, AskError::Unreachable);
    }
}

impl<Q: Request> Parcel for Question<Q> {
    fn packet_type(&self) -> PacketType {
        packet_type_of::<Q>()
    }

    fn purpose(&self) -> Purpose {
        Purpose::Request(self.number)
    }

    fn register(&self, world: &World) -> Result<(), SendError> {
        Ok(Q::wire_type().map_or(Ok(()), |wire_type| world.register(&wire_type))?)
    }

    fn write(&self, encoding: &Encoding, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let request_type = request_type::<Q>().expect("it was looked at before it was asked");
        request_type.write_request(&self.request, encoding, out)
    }
}

impl<Q: Request> Body for Reply<Q> {
    fn arrive(self: Box<Self>, world: &World, _: Option<ActorId>, from: There) {
        world.take_answer::<Q>(from, self.number, &mut Some(self.reply));
    }

    fn each_message(&self, _: &mut dyn FnMut(&dyn AnyMessage)) {}

    fn is_queued(&self) -> bool {
        false
    }

    fn refuse(&self, _: &World, _: There) {}

    fn undelivered(&self, _: &World) {}
}

impl<Q: Request> Parcel for Reply<Q> {
    fn packet_type(&self) -> PacketType {
        packet_type_of::<Q>()
    }

    fn purpose(&self) -> Purpose {
        Purpose::Answer(self.number)
    }

    fn write(&self, encoding: &Encoding, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let request_type = request_type::<Q>().expect("a request came over a link");
        request_type.write_reply(&self.reply, encoding, out)
    }
}

impl Body for Refusal {
    fn arrive(self: Box<Self>, world: &World, _: Option<ActorId>, from: There) {
        world.take_refusal(from, self.number, &[byte_of(self.error)]);
    }

    fn each_message(&self, _: &mut dyn FnMut(&dyn AnyMessage)) {}

    fn is_queued(&self) -> bool {
        false
    }

    fn refuse(&self, _: &World, _: There) {}

    fn undelivered(&self, _: &World) {}
}

impl Parcel for Refusal {
    fn packet_type(&self) -> PacketType {
        self.packet_type
    }

    fn purpose(&self) -> Purpose {
        Purpose::Refusal(self.number)
    }

    fn write(&self, _: &Encoding, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(byte_of(self.error));
        Ok(())
    }
}
