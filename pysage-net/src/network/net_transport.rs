//! A line as a transport of its manager.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use pysage_core::transport::{
    DEFAULT_INBOX_BYTES, Encoding, Form, Inbox, Link, LinkId, Outbox, OutgoingFrames, Rejected,
    Transport,
};
use pysage_core::wire::{MessageInfo, MessageTable};
use pysage_core::{BoxError, Destination, Key};

use super::line::{Line, SharedLine};
use super::mirror::Mirror;
use super::service::{ServiceThread, say_farewell};
use super::station::Station;
use crate::config::{NetConfig, Service};
use crate::counters::NetCounters;
use crate::error::NetError;
use crate::event::{DisconnectReason, PeerConnected, PeerDisconnected, PeerMismatch};
use crate::host::{Taken, Told};

/// The peers of one listener, or the one peer of a connection, as their manager sees them.
///
/// It stays attached when its line is over, and takes the next one: places among a manager's
/// transports are not used again, and a client may connect anew as often as it likes.
pub(crate) struct NetTransport {
    pub(super) station: Arc<Station>,
    /// `None` once its peers are gone for good.
    line: Option<OpenLine>,
    mirror: Mirror,
    encoding: Encoding,
    inbox_bytes: usize,
    key: Option<Key<NetTransport>>,
    /// Tells listeners apart that had the same place.
    lives: u32,
    listens: bool,
    /// What the manager knows, but for a type whose registration was refused in the end.
    messages: RefCell<Vec<MessageInfo>>,
    knows_more: Cell<bool>,
}

/// So much is read before what came is told, and acknowledged: it fits into the cache of a core.
const PART_BYTES: usize = 128 << 10;

/// So many parts are read before handlers have their turn.
const MOST_PARTS: usize = 64;

struct OpenLine {
    shared: Arc<SharedLine>,
    /// Dropped with it, which ends it.
    thread: Option<ServiceThread>,
}

impl NetTransport {
    pub(super) fn new(station: Arc<Station>) -> NetTransport {
        NetTransport {
            station,
            line: None,
            mirror: Mirror::default(),
            encoding: Encoding::default(),
            inbox_bytes: DEFAULT_INBOX_BYTES,
            key: None,
            lives: 0,
            listens: false,
            messages: RefCell::default(),
            knows_more: Cell::new(false),
        }
    }

    /// Whether it can take a line.
    pub(super) fn is_free(&self) -> bool {
        self.line.is_none()
    }

    /// Whether it can carry all that its manager knows.
    pub(super) fn check(&self, config: &NetConfig) -> Result<(), NetError> {
        for message in self.messages.borrow().iter() {
            message.check(config.codec).map_err(|reason| {
                pysage_core::RegisterMessageError::NotCarried { message: message.name, reason }
            })?;
        }
        Ok(())
    }

    /// Takes a line, whose links are those of this transport from now on. It is
    /// [served](Self::begin_service) by its ticks alone so far.
    pub(super) fn open(
        &mut self,
        key: Key<NetTransport>,
        shared: Arc<SharedLine>,
        config: &NetConfig,
        listens: bool,
    ) {
        self.encoding = Encoding { codec: config.codec, limits: config.limits() };
        self.inbox_bytes = config.receive_window_bytes.max(DEFAULT_INBOX_BYTES);
        self.key = Some(key);
        self.lives += 1;
        self.listens = listens;
        self.line = Some(OpenLine { shared, thread: None });
    }

    /// Has a thread serve the line from now on, if one is to. What leaves first need not wait until it
    /// was started.
    pub(super) fn begin_service(&mut self) -> Result<(), NetError> {
        let Some(OpenLine { shared, thread }) = &mut self.line else { return Ok(()) };
        if shared.service == Service::Thread && thread.is_none() {
            match ServiceThread::start(shared) {
                Ok(started) => *thread = Some(started),
                Err(error) => {
                    self.retire();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    pub(super) fn shared(&self) -> Option<&Arc<SharedLine>> {
        self.line.as_ref().map(|line| &line.shared)
    }

    /// How many lines it has had.
    pub(super) fn lives(&self) -> u32 {
        self.lives
    }

    pub(super) fn listens(&self) -> bool {
        self.listens && self.line.is_some()
    }

    /// What the manager knows.
    pub(super) fn table(&self) -> MessageTable {
        MessageTable::of(self.messages.borrow().iter())
    }

    /// The peers that are connected.
    pub(super) fn peers(&self) -> Vec<Destination> {
        let Some(key) = self.key else { return Vec::new() };
        self.mirror.connected().into_iter().map(|link| key.destination(link)).collect()
    }

    /// What its line has counted.
    pub(super) fn counters(&self) -> Option<NetCounters> {
        Some(self.shared()?.lock().counters())
    }

    pub(super) fn peer_addr(&self, link: LinkId) -> Option<SocketAddr> {
        self.mirror.address(link)
    }

    /// Where the socket of a link is bound.
    pub(super) fn local_addr(&self, link: LinkId) -> Option<SocketAddr> {
        self.mirror.room_bytes(link)?;
        Some(self.line.as_ref()?.shared.lock().local_addr())
    }

    /// Begins a connection, and returns what the host calls its link. Where there is no way to the
    /// peer, it is told to be gone.
    pub(super) fn connect(
        &mut self,
        now: Instant,
        to: Option<SocketAddr>,
        has_way: bool,
    ) -> LinkId {
        let begin = |line: &mut Line, _: &mut Mirror, now| {
            let link = line.host.connect(now, to.filter(|_| has_way));
            if !has_way {
                line.host.give_up(now, link, DisconnectReason::Unreachable);
            }
            link
        };
        self.change(now, begin).expect("its line was just opened")
    }

    /// What a link of the host is called here.
    pub(super) fn ours(&self, link: LinkId) -> LinkId {
        self.mirror.ours(link)
    }

    /// Disconnects a peer; `None` if it is gone.
    pub(super) fn disconnect(&mut self, now: Instant, link: LinkId) -> Option<()> {
        let link = self.mirror.theirs(link)?;
        self.change(now, |line, _, now| line.host.disconnect(now, link))
    }

    /// Disconnects all, and takes nobody any more.
    pub(super) fn close(&mut self, now: Instant) -> Option<()> {
        self.listens = false;
        self.change(now, |line, _, now| line.host.close(now))
    }

    /// Changes something at the line, and has what follows from it sent.
    fn change<R>(
        &mut self,
        now: Instant,
        change: impl FnOnce(&mut Line, &mut Mirror, Instant) -> R,
    ) -> Option<R> {
        let OpenLine { shared, .. } = self.line.as_ref()?;
        let mut line = shared.lock();
        let now = line.at(shared.time(now));
        let changed = change(&mut line, &mut self.mirror, now);
        line.transmit(now);
        self.mirror.refresh(&mut line.host);
        shared.wake_sleeper(&line);
        Some(changed)
    }

    /// Lets go of a line on which nobody is left.
    fn retire(&mut self) {
        self.line = None;
        self.mirror.clear();
    }
}

impl Transport for NetTransport {
    fn link(&self, link: LinkId) -> Option<Link> {
        let room_bytes = self.mirror.room_bytes(link)?;
        Some(Link { form: Form::Bytes(self.encoding), room_bytes })
    }

    fn links(&self) -> Vec<LinkId> {
        self.mirror.links()
    }

    fn receive(&mut self, now: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        let (Some(OpenLine { shared, .. }), Some(key)) = (&self.line, self.key) else {
            return Ok(());
        };
        let mut line = shared.lock();
        let now = line.at(shared.time(now));
        if self.knows_more.take() {
            line.host.set_table(self.table());
        }
        line.is_told = false;
        let is_read_out = std::mem::take(&mut line.is_read_out);
        for _ in 0..MOST_PARTS {
            let may_have_more = !is_read_out && line.read_part(now, PART_BYTES).1;
            // Told before more is read, so that it is still in the processor's cache.
            let has_told = pass_news(&mut line, now, &mut self.mirror, key, &self.encoding, inbox);
            // A peer need not wait for the handlers of its messages to hear that those arrived.
            if !is_read_out {
                line.transmit(now);
            }
            self.mirror.refresh(&mut line.host);
            // What strangers send, and what there is no room for, is no reason to read on.
            if !may_have_more || !has_told || line.host.has_news() {
                break;
            }
        }
        // Some end when it is their turn to send.
        pass_news(&mut line, now, &mut self.mirror, key, &self.encoding, inbox);
        let failure = line.take_failure();
        let is_spent = !self.listens && line.is_over();
        drop(line);
        if is_spent {
            self.retire();
        }
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn transmit(&mut self, now: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        let mirror = &self.mirror;
        let links: Vec<_> =
            outbox.links().into_iter().map(|link| (link, mirror.theirs(link))).collect();
        self.change(now, |line, mirror, _| {
            for (link, theirs) in links {
                let Some(theirs) = theirs else { continue };
                pass_on(line, outbox, link, theirs);
                mirror.look(&line.host, theirs);
            }
        });
        Ok(())
    }

    fn wake_at(&self) -> Option<Instant> {
        let OpenLine { shared, .. } = self.line.as_ref()?;
        let line = shared.lock();
        if line.host.has_news() {
            return Some(line.latest());
        }
        match shared.service {
            Service::Thread => None,
            Service::InTick => line.due(true),
        }
    }

    fn carries(&self, message: &MessageInfo) -> Result<(), String> {
        if self.line.is_some() {
            message.check(self.encoding.codec)?;
        }
        let mut messages = self.messages.borrow_mut();
        // Of two with one packet type the later one is refused by the registry.
        if !messages.iter().any(|known| known.packet_type == message.packet_type) {
            messages.push(*message);
            self.knows_more.set(true);
        }
        Ok(())
    }

    fn inbox_bytes(&self) -> usize {
        self.inbox_bytes
    }
}

impl Drop for NetTransport {
    /// Its manager goes, so all lines of that do: they say farewell at once, and not one after the
    /// other.
    fn drop(&mut self) {
        for line in self.station.lines() {
            say_farewell(&line);
        }
    }
}

/// Takes over what a host has to tell, if it has something.
fn pass_news(
    line: &mut Line,
    now: Instant,
    mirror: &mut Mirror,
    key: Key<NetTransport>,
    encoding: &Encoding,
    inbox: &mut Inbox<'_>,
) -> bool {
    // Rooms first, so that who hears of a peer can send to it.
    mirror.refresh(&mut line.host);
    if !line.host.has_news() {
        return false;
    }
    line.host.tell(now, &mut |link, told| {
        let link = mirror.ours(link);
        tell(inbox, mirror, link, key.destination(link), encoding, told)
    });
    mirror.refresh(&mut line.host);
    true
}

/// Takes over what a host tells.
fn tell(
    inbox: &mut Inbox<'_>,
    mirror: &mut Mirror,
    link: LinkId,
    peer: Destination,
    encoding: &Encoding,
    told: Told<'_>,
) -> Taken {
    if let Told::Frame(frame) = told {
        return match inbox.frame(link, encoding, frame) {
            // One that is malformed was counted, and is done.
            Ok(()) | Err(Rejected::Malformed(_)) => Taken::Yes,
            Err(_) => Taken::Later,
        };
    }
    // What the manager's queue has no room for would be lost.
    if inbox.room_bytes() == 0 {
        return Taken::Later;
    }
    match told {
        Told::Frame(_) => {}
        Told::Connected { address } => {
            mirror.set_address(link, Some(address));
            inbox.queue(PeerConnected { peer, address });
        }
        Told::Moved { address } => mirror.set_address(link, Some(address)),
        Told::Mismatch(mismatch) => {
            inbox.queue(PeerMismatch { peer, message: mismatch.message.clone(), mismatch });
        }
        Told::Undelivered(frame) => inbox.undelivered(encoding, frame),
        Told::Disconnected { address, reason, undelivered } => {
            mirror.set_address(link, None);
            inbox.queue(PeerDisconnected { peer, address, reason, undelivered });
        }
    }
    Taken::Yes
}

/// Hands what was sent over a link to the host.
fn pass_on(line: &mut Line, outbox: &mut Outbox, link: LinkId, theirs: LinkId) {
    loop {
        let room_bytes = line.host.room_bytes(theirs).unwrap_or(0);
        // Asked once more when all is taken, so that the outbox forgets the link.
        let Some(frames) = outbox.take_frames(link, room_bytes) else { return };
        let OutgoingFrames { bytes, lengths, delivery, stream, .. } = frames;
        line.host.send(theirs, bytes, lengths, delivery, stream);
    }
}
