//! What a manager has for the wire: the messages that it knows, and its transports.

mod origin;

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Instant;

use super::ask::{AskedThere, Refusal};
use super::failure::text_of;
use super::letters::DropReason;
use super::{ActorManager, World};
use crate::actor::BoxError;
use crate::destination::There;
use crate::error::{AskError, TickError, TransportFailure};
use crate::transport::{
    Encoding, Envelope, Inbox, Key, Link, LinkId, Outbox, Outgoing, Transport, UndecodedMessage,
};
use crate::wire::{
    DecodeError, DecodeReason, FrameHead, MessageTable, Purpose, RegisterMessageError, Registry,
    WireMessage, WireType, wire_type_of,
};
use origin::OpenOrigin;

/// The registry and the transports of a manager.
#[derive(Default)]
pub(crate) struct Wiring {
    pub(crate) registry: RefCell<Registry>,
    /// Places are not used again.
    transports: RefCell<Vec<Option<Rc<Attached>>>>,
    /// Where the messages come from that an inbox is queueing, and how many they are so far.
    origin: OpenOrigin,
}

/// A transport with what waits on both sides of it.
pub(crate) struct Attached {
    /// Which type the transport has; it cannot be asked while it is at work.
    kind: TypeId,
    pub(crate) transport: RefCell<Box<dyn Transport>>,
    pub(crate) outbox: RefCell<Outbox>,
    /// The bytes of messages that it brought and that are not done.
    waiting_bytes: Cell<usize>,
    /// Messages that are done since it was told last; a link may stand there several times.
    done: RefCell<Vec<(LinkId, u64)>>,
    pub(super) asked: RefCell<AskedThere>,
    /// Refusals that were due while the transport was at work.
    pub(super) refusals: RefCell<Vec<(There, Refusal)>>,
}

/// What is in the place of a transport that was detached.
struct Detached;

impl ActorManager {
    /// Registers a message type, so that it can arrive. Types that an actor's class subscribes to,
    /// and those that were sent, are registered already; to register one again changes nothing.
    ///
    /// # Errors
    /// [`RegisterMessageError`] if another type has the packet type, which names both, or if a
    /// transport cannot carry the message.
    #[doc(alias = "register_packet_type")]
    pub fn register_message<M: WireMessage>(&self) -> Result<(), RegisterMessageError> {
        let wire_type = M::wire_type().unwrap_or_else(WireType::of::<M>);
        self.world().register(&wire_type)
    }

    /// The message types that are registered: what two ends compare before they talk.
    #[must_use]
    pub fn message_table(&self) -> MessageTable {
        self.world().wiring.registry.borrow().table()
    }

    /// Attaches a transport. From the next tick on it brings messages, and takes what is
    /// [sent](Self::send) over its links.
    ///
    /// # Errors
    /// [`RegisterMessageError::NotCarried`] if it cannot carry a type that is registered, which
    /// leaves it dropped.
    ///
    /// # Panics
    /// At the 65,536th transport of a manager.
    #[doc(alias("listen", "connect"))]
    pub fn attach<T: Transport>(&self, transport: T) -> Result<Key<T>, RegisterMessageError> {
        let wiring = &self.world().wiring;
        for message in wiring.registry.borrow().messages() {
            transport.carries(message).map_err(|reason| RegisterMessageError::NotCarried {
                message: message.name,
                reason,
            })?;
        }
        let mut transports = wiring.transports.borrow_mut();
        let place = u16::try_from(transports.len()).expect("a manager has few transports");
        transports.push(Some(Rc::new(Attached::new(transport))));
        Ok(Key::new(self.world().number(), place))
    }

    /// Finds an attached transport for those who were not given its key, such as handlers: the one
    /// of this type that was attached first, also while it is at work. `None` if there is none.
    #[must_use]
    pub fn key_of<T: Transport>(&self) -> Option<Key<T>> {
        let transports = self.world().wiring.transports.borrow();
        let place = transports.iter().position(is_attached::<T>)?;
        let place = u16::try_from(place).expect("a manager has few transports");
        Some(Key::new(self.world().number(), place))
    }

    /// Finds all attached transports of this type, in the order in which they were attached, also
    /// those that are at work.
    #[must_use]
    pub fn keys_of<T: Transport>(&self) -> Vec<Key<T>> {
        let transports = self.world().wiring.transports.borrow();
        let of_type = (0..).zip(transports.iter()).filter(|(_, it)| is_attached::<T>(it));
        of_type.map(|(place, _)| Key::new(self.world().number(), place)).collect()
    }

    /// Detaches a transport and gives it back; what waits to be transmitted becomes dead letters.
    /// `None` if it is detached already, or just at work.
    pub fn detach<T: Transport>(&self, key: Key<T>) -> Option<T> {
        let attached = self.world().attached(key.manager, key.transport)?;
        drop(attached.transport.try_borrow_mut().ok()?);
        drop(attached.outbox.try_borrow_mut().ok()?);
        self.world().wiring.transports.borrow_mut()[usize::from(key.transport)] = None;
        let transport: Box<dyn Any> = attached.transport.replace(Box::new(Detached));
        let links = attached.outbox.borrow().links();
        for link in links {
            self.world().give_up(&attached, link);
        }
        self.world().fail_unreachable(&attached);
        transport.downcast().ok().map(|transport| *transport)
    }

    /// Looks at an attached transport, or changes it. `None` if it is detached, or just at work.
    pub fn with_transport<T: Transport, R>(
        &self,
        key: Key<T>,
        look: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let attached = self.world().attached(key.manager, key.transport)?;
        let mut transport = attached.transport.try_borrow_mut().ok()?;
        let transport: &mut dyn Any = &mut **transport;
        transport.downcast_mut().map(look)
    }

    /// Transmits at once what was sent, for programs that do not tick regularly.
    ///
    /// # Errors
    /// [`TickError::Transport`] if a transport failed; the others have transmitted all the same.
    pub fn flush(&self) -> Result<(), TickError> {
        let mut failures = Vec::new();
        self.transmit(self.world().config.clock.now(), &mut failures);
        TransportFailure::check(failures, None)
    }

    /// When a transport wants the next tick, if one wants it at a time of its own.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        let wanted = |attached: Rc<Attached>| attached.transport.try_borrow().ok()?.wake_at();
        self.world().all_attached().into_iter().filter_map(wanted).min()
    }

    /// Takes over what the transports bring; returns how much.
    pub(super) fn receive_from_transports(
        &self,
        now: Instant,
        failures: &mut Vec<BoxError>,
    ) -> u64 {
        let world = self.world();
        let mut received = 0;
        // A dead-letter handler may attach another one meanwhile.
        let transports = world.wiring.transports.borrow().clone();
        for (place, attached) in (0..).zip(transports) {
            let Some(attached) = attached else { continue };
            let Ok(mut transport) = attached.transport.try_borrow_mut() else { continue };
            let capacity = transport.inbox_bytes();
            let mut inbox = Inbox::new(world, place, capacity, &attached.waiting_bytes);
            failures.extend(contained(|| transport.receive(now, &mut inbox)).err());
            received += inbox.received();
            drop(inbox);
            drop(transport);
            world.send_refusals(&attached);
            world.fail_unreachable(&attached);
        }
        received
    }

    /// Has the transports transmit what was sent.
    pub(super) fn transmit(&self, now: Instant, failures: &mut Vec<BoxError>) {
        for attached in self.world().all_attached() {
            // Not while a message is being written into it.
            let links = attached.outbox.try_borrow().map(|outbox| outbox.links());
            for link in links.into_iter().flatten() {
                if attached.transport.try_borrow().is_ok_and(|it| it.link(link).is_none()) {
                    self.world().give_up(&attached, link);
                }
            }
            let Ok(mut transport) = attached.transport.try_borrow_mut() else { continue };
            for (link, messages) in attached.take_done() {
                transport.done(link, messages);
            }
            let Ok(mut outbox) = attached.outbox.try_borrow_mut() else { continue };
            failures.extend(contained(|| transport.transmit(now, &mut outbox)).err());
            outbox.transmitted();
        }
    }
}

fn is_attached<T: Transport>(place: &Option<Rc<Attached>>) -> bool {
    place.as_ref().is_some_and(|attached| attached.kind == TypeId::of::<T>())
}

/// A transport that panics has failed.
fn contained(work: impl FnOnce() -> Result<(), BoxError>) -> Result<(), BoxError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(format!("a transport panicked: {}", text_of(panic)).into()))
}

impl Attached {
    fn new<T: Transport>(transport: T) -> Attached {
        Attached {
            kind: TypeId::of::<T>(),
            transport: RefCell::new(Box::new(transport)),
            outbox: RefCell::default(),
            waiting_bytes: Cell::new(0),
            done: RefCell::default(),
            asked: RefCell::default(),
            refusals: RefCell::default(),
        }
    }
}

impl Transport for Detached {
    fn link(&self, _: LinkId) -> Option<Link> {
        None
    }

    fn links(&self) -> Vec<LinkId> {
        Vec::new()
    }

    fn receive(&mut self, _: Instant, _: &mut Inbox<'_>) -> Result<(), BoxError> {
        Ok(())
    }

    fn transmit(&mut self, _: Instant, _: &mut Outbox) -> Result<(), BoxError> {
        Ok(())
    }
}

impl World {
    /// Registers the type of a subscription.
    ///
    /// # Panics
    /// If another type has its packet type, or a transport cannot carry it.
    pub(super) fn register_subscribed(&self, wire_type: &WireType) {
        if let Err(error) = self.register(wire_type) {
            panic!("{error}");
        }
    }

    /// Registers a type that is about to be sent.
    #[inline]
    pub(super) fn register_sent<M: WireMessage>(&self) -> Result<(), RegisterMessageError> {
        let knows = |packet_type| {
            let registry = self.wiring.registry.borrow();
            registry.knows(packet_type, TypeId::of::<M>())
        };
        if M::PACKET_TYPE.is_some_and(knows) {
            return Ok(());
        }
        self.register(&wire_type_of::<M>())
    }

    #[cold]
    pub(crate) fn register(&self, wire_type: &WireType) -> Result<(), RegisterMessageError> {
        if self.wiring.registry.borrow().knows(wire_type.info.packet_type, wire_type.type_id) {
            return Ok(());
        }
        for attached in self.all_attached() {
            let Ok(transport) = attached.transport.try_borrow() else { continue };
            let refused =
                |reason| RegisterMessageError::NotCarried { message: wire_type.info.name, reason };
            transport.carries(&wire_type.info).map_err(refused)?;
        }
        self.wiring.registry.borrow_mut().add(*wire_type).map(|_| ())
    }

    pub(crate) fn attached(&self, manager: u16, transport: u16) -> Option<Rc<Attached>> {
        if manager != self.number() {
            return None;
        }
        self.wiring.transports.borrow().get(usize::from(transport)).cloned().flatten()
    }

    pub(super) fn each_attached(&self, mut each: impl FnMut(u16, &Attached)) {
        let transports = self.wiring.transports.borrow().clone();
        for (place, attached) in (0..).zip(transports) {
            if let Some(attached) = attached {
                each(place, &attached);
            }
        }
    }

    fn all_attached(&self) -> Vec<Rc<Attached>> {
        self.wiring.transports.borrow().iter().flatten().cloned().collect()
    }

    /// Makes dead letters of what waits for a link that is gone.
    pub(super) fn give_up(&self, attached: &Attached, link: LinkId) {
        let encoding = attached.outbox.borrow().encoding(link);
        loop {
            let mut outbox = attached.outbox.borrow_mut();
            match outbox.take(link) {
                None => return,
                Some(Outgoing::Frame { bytes, .. }) => {
                    let frame = bytes.to_vec();
                    drop(outbox);
                    self.undelivered_frame(&encoding, &frame, DropReason::LinkGone);
                }
                Some(Outgoing::Value(envelope)) => {
                    drop(outbox);
                    self.undelivered_value(&envelope);
                }
            }
        }
    }

    /// Takes note of bytes that are no message.
    pub(crate) fn undecoded(&self, error: &DecodeError, bytes: usize) {
        let reason = match error.reason {
            DecodeReason::UnknownPacketType(_) => DropReason::UnknownPacketType,
            _ => DropReason::Malformed,
        };
        let letter = UndecodedMessage { error: error.clone(), bytes };
        self.dead_letter(&letter, None, reason);
    }

    /// Takes note of a frame that could not be delivered to the other end of its link, or that may
    /// not have been.
    pub(crate) fn undelivered_frame(&self, encoding: &Encoding, frame: &[u8], reason: DropReason) {
        let head = FrameHead::read(encoding.codec, frame).ok();
        if let Some((head, _)) = &head {
            match head.purpose {
                Purpose::Request(number) => self.fail_ask(number, AskError::Unreachable),
                Purpose::Answer(_) | Purpose::Refusal(_) => {
                    return self.counters.dropped(reason, 1);
                }
                Purpose::Message => {}
            }
        }
        match self.decode(encoding, frame) {
            Ok(message) => self.dead_letter(&*message, None, reason),
            Err(error) => {
                let letter = UndecodedMessage { error, bytes: frame.len() };
                self.dead_letter(&letter, None, reason);
            }
        }
    }

    /// Takes note of a value that could not be delivered to the other end of its link.
    pub(crate) fn undelivered_value(&self, envelope: &Envelope) {
        envelope.body.undelivered(self);
        if !envelope.body.is_queued() {
            return self.counters.dropped(DropReason::LinkGone, 1);
        }
        envelope.body.each_message(&mut |message| {
            self.dead_letter(message, None, DropReason::LinkGone);
        });
    }

    pub(crate) fn find(&self, name: &str) -> Option<crate::actor::ActorId> {
        self.names.borrow().get(name)
    }
}
