//! A transport that brings what a test says, and notes what it is given and told.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use pysage_core::transport::{
    DEFAULT_INBOX_BYTES, Encoding, Form, Inbox, Key, Link, LinkId, Outbox, Outgoing, Rejected,
    Transport,
};
use pysage_core::wire::{
    Codec, FrameHead, MessageInfo, Purpose, Receiver, WireLimits, WireMessage,
};
use pysage_core::{ActorId, ActorManager, BoxError, Destination};

/// What the test and its transport share. Clones are the same script.
#[derive(Clone)]
pub(crate) struct Script(Rc<RefCell<Lines>>);

pub(crate) struct Lines {
    /// Frames that arrive in the next tick, as far as the inbox takes them.
    pub(crate) arriving: VecDeque<(u32, Vec<u8>)>,
    /// Frames that were transmitted, by link.
    pub(crate) sent: Vec<(u32, Vec<u8>)>,
    /// How many messages were told to be done, by link.
    pub(crate) done: [u64; Script::LINKS as usize],
    /// How often the inbox was full.
    pub(crate) full: u64,
    /// Frames that were malformed.
    pub(crate) malformed: u64,
    /// Links that are there no more.
    pub(crate) gone: Vec<u32>,
    pub(crate) receive_error: Option<&'static str>,
    pub(crate) transmit_error: Option<&'static str>,
    pub(crate) wake_at: Option<Instant>,
    pub(crate) inbox_bytes: usize,
    /// Whether it takes anything out of its outbox.
    pub(crate) transmits: bool,
    pub(crate) cannot_carry: Option<&'static str>,
    /// Of which types it was asked whether it carries them.
    pub(crate) asked: Vec<&'static str>,
}

/// The transport itself.
pub(crate) struct Scripted(Script);

impl Script {
    pub(crate) const LINKS: u32 = 3;

    pub(crate) fn new() -> Script {
        Script(Rc::new(RefCell::new(Lines {
            arriving: VecDeque::new(),
            sent: Vec::new(),
            done: [0; Script::LINKS as usize],
            full: 0,
            malformed: 0,
            gone: Vec::new(),
            receive_error: None,
            transmit_error: None,
            wake_at: None,
            inbox_bytes: DEFAULT_INBOX_BYTES,
            transmits: true,
            cannot_carry: None,
            asked: Vec::new(),
        })))
    }

    pub(crate) fn attach(&self, manager: &ActorManager) -> Key<Scripted> {
        manager.attach(Scripted(self.clone())).unwrap()
    }

    pub(crate) fn transport(&self) -> Scripted {
        Scripted(self.clone())
    }

    pub(crate) fn edit<R>(&self, edit: impl FnOnce(&mut Lines) -> R) -> R {
        edit(&mut self.0.borrow_mut())
    }

    /// A message for all subscribers arrives over a link.
    pub(crate) fn arrives<M: WireMessage>(&self, link: u32, message: &M) {
        self.arrives_with(link, message, |_| {});
    }

    /// A message arrives with another head than that of one for all subscribers.
    pub(crate) fn arrives_with<M: WireMessage>(
        &self,
        link: u32,
        message: &M,
        edit: impl FnOnce(&mut FrameHead<'_>),
    ) {
        let frame = frame(message, edit);
        self.edit(|lines| lines.arriving.push_back((link, frame)));
    }

    /// Bytes arrive that may be anything.
    pub(crate) fn arrives_raw(&self, link: u32, bytes: &[u8]) {
        self.edit(|lines| lines.arriving.push_back((link, bytes.to_vec())));
    }
}

/// The frame of a message.
pub(crate) fn frame<M: WireMessage>(message: &M, edit: impl FnOnce(&mut FrameHead<'_>)) -> Vec<u8> {
    let packet_type = M::PACKET_TYPE.unwrap();
    let (receiver, purpose) = (Receiver::Subscribers, Purpose::Message);
    let mut head = FrameHead { packet_type, receiver, sender: None, purpose };
    edit(&mut head);
    let Encoding { codec, limits } = encoding();
    let mut frame = Vec::new();
    head.write(codec, &mut frame);
    codec.encode(message, &limits, &mut frame).unwrap();
    frame
}

pub(crate) fn encoding() -> Encoding {
    Encoding { codec: Codec::Compact, limits: WireLimits::default() }
}

pub(crate) fn link(index: u32) -> LinkId {
    LinkId { index, generation: 0 }
}

/// The other end of a link.
pub(crate) fn end(key: Key<Scripted>, index: u32) -> Destination {
    key.destination(link(index))
}

impl Transport for Scripted {
    fn link(&self, link: LinkId) -> Option<Link> {
        let is_there = link.index < Script::LINKS && link.generation == 0;
        let is_gone = self.0.edit(|lines| lines.gone.contains(&link.index));
        (is_there && !is_gone)
            .then_some(Link { form: Form::Bytes(encoding()), room_bytes: 1 << 20 })
    }

    fn links(&self) -> Vec<LinkId> {
        (0..Script::LINKS).map(link).filter(|link| self.link(*link).is_some()).collect()
    }

    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        while let Some((index, frame)) = self.0.edit(|lines| lines.arriving.pop_front()) {
            match inbox.frame(link(index), &encoding(), &frame) {
                Ok(()) => {}
                Err(Rejected::Full) => {
                    self.0.edit(|lines| {
                        lines.full += 1;
                        lines.arriving.push_front((index, frame));
                    });
                    break;
                }
                Err(_) => self.0.edit(|lines| lines.malformed += 1),
            }
        }
        self.0.edit(|lines| lines.receive_error).map_or(Ok(()), |error| Err(error.into()))
    }

    fn transmit(&mut self, _: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        if self.0.edit(|lines| lines.transmits) {
            for link in outbox.links() {
                while let Some(Outgoing::Frame { bytes, .. }) = outbox.take(link) {
                    let sent = (link.index, bytes.to_vec());
                    self.0.edit(|lines| lines.sent.push(sent));
                }
            }
        }
        self.0.edit(|lines| lines.transmit_error).map_or(Ok(()), |error| Err(error.into()))
    }

    fn wake_at(&self) -> Option<Instant> {
        self.0.edit(|lines| lines.wake_at)
    }

    fn carries(&self, message: &MessageInfo) -> Result<(), String> {
        self.0.edit(|lines| lines.asked.push(message.name));
        match self.0.edit(|lines| lines.cannot_carry) {
            Some(name) if name == message.name => Err("it is too heavy".to_owned()),
            _ => Ok(()),
        }
    }

    fn inbox_bytes(&self) -> usize {
        self.0.edit(|lines| lines.inbox_bytes)
    }

    fn done(&mut self, link: LinkId, messages: u64) {
        assert!(messages > 0, "there is nothing to tell");
        self.0.edit(|lines| lines.done[link.index as usize] += messages);
    }
}

/// The id of an actor of another manager, as a head names it.
pub(crate) fn some_actor() -> ActorId {
    let other = ActorManager::new();
    struct Nobody;
    impl pysage_core::Actor for Nobody {
        fn subscriptions(_: &mut pysage_core::Subscriptions<Self>) {}
    }
    other.register(Nobody)
}
