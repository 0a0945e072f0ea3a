//! Two managers with a connection, and the actors that send and receive.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use pysage_net::sim::{SimNetwork, SimPort};
use pysage_net::{
    Actor, ActorManager, BoxError, Carrier, Context, DeadLetter, Destination, DisconnectReason,
    ManagerConfig, ManualClock, NetConfig, NetError, Network, PeerConnected, PeerDisconnected,
    Security, SendError, Service, Subscriptions,
};

use super::Options;
use super::ledger::{Ledger, Plan, Shared};
use super::load::{self, Body, scatter};

/// One end of a flow.
pub(super) struct End {
    pub(super) manager: ActorManager,
    pub(super) port: SimPort,
    /// What it sends.
    pub(super) outgoing: Option<Rc<RefCell<Ledger>>>,
    pub(super) line: Rc<Line>,
}

/// How the connection of an end stands.
#[derive(Default)]
pub(super) struct Line {
    pub(super) peer: Cell<Option<Destination>>,
    pub(super) gone: RefCell<Option<DisconnectReason>>,
    /// What the end was told when the peer went.
    pub(super) undelivered: Cell<u64>,
    /// Why a message was refused, other than for want of room.
    pub(super) refused: RefCell<Option<SendError>>,
}

/// What the ends of a run have in common.
pub(super) struct Setup<'a> {
    pub(super) shared: Rc<Shared>,
    pub(super) clock: &'a ManualClock,
    pub(super) network: &'a SimNetwork,
    pub(super) options: &'a Options,
    pub(super) seed: u64,
}

/// How a client connects anew.
struct Redial {
    to: SocketAddr,
    config: NetConfig,
    seed: u64,
}

/// Blackouts that are shorter lose nothing that is reliable.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A handshake through the worst conditions succeeds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// What a message has beside its body is less.
const OVERHEAD_BYTES: usize = 16;

/// The address of an end of a flow.
pub(super) fn address(flow: usize, end: u8) -> SocketAddr {
    let [.., high, low] = flow.to_be_bytes();
    SocketAddr::from((Ipv4Addr::new(10, end, high, low), 4000))
}

impl Setup<'_> {
    /// Two ends that connect, and send to each other or one way.
    pub(super) fn flow(
        &self,
        flow: usize,
        plan: Plan,
        two_way: bool,
    ) -> Result<[End; 2], BoxError> {
        let seeds = [0, 1].map(|end| scatter(scatter(self.seed ^ flow as u64) ^ end));
        let ledger = |seed| Rc::new(RefCell::new(Ledger::new(&self.shared, plan, seed)));
        let there = ledger(seeds[0]);
        let back = two_way.then(|| ledger(seeds[1]));
        let ports = [0, 1].map(|end| self.port(flow, end));
        let [of_client, of_server] =
            [0, 1].map(|end| self.config(ports[end].clone(), plan, seeds[end]));
        let [here, to] = ports;
        let redial = Redial { to: to.address(), config: of_client.clone(), seed: seeds[0] };
        let client = self.end(here, Some(there.clone()), back.clone(), Some(redial));
        let server = self.end(to, back, Some(there), None);
        server.manager.listen(server.port.address(), of_server)?;
        client.manager.connect(server.port.address(), of_client)?;
        Ok([client, server])
    }

    fn port(&self, flow: usize, end: u8) -> SimPort {
        self.options.framed(self.network.port(address(flow, end)))
    }

    fn end(
        &self,
        port: SimPort,
        outgoing: Option<Rc<RefCell<Ledger>>>,
        incoming: Option<Rc<RefCell<Ledger>>>,
        redial: Option<Redial>,
    ) -> End {
        let config = ManagerConfig::default().clock(self.clock.clone());
        let manager = ActorManager::with_config(config);
        let (shared, line) = (self.shared.clone(), Rc::new(Line::default()));
        let (of, to) = (outgoing.clone(), line.clone());
        let parts = self.options.cut_every().is_zero();
        let receiver =
            Receiver { shared: shared.clone(), incoming, outgoing: of, line: to, redial, parts };
        manager.register(receiver);
        if let Some(ledger) = outgoing.clone() {
            let (noted, of) = (ledger.clone(), shared.clone());
            manager.on_dead_letter(move |letter: &DeadLetter<'_>| {
                if let Some(body) = load::body_of(letter.message) {
                    noted.borrow_mut().note_reported(&of, body.bytes());
                }
            });
            manager.register(Sender { shared, ledger, line: line.clone() });
        }
        End { manager, port, outgoing, line }
    }

    fn config(&self, port: SimPort, plan: Plan, seed: u64) -> NetConfig {
        let message_bytes = (plan.bytes + OVERHEAD_BYTES).max(NetConfig::DEFAULT_MESSAGE_BYTES);
        NetConfig::new(Security::open())
            .carrier(Carrier::Memory(port))
            .service(Service::InTick)
            .connect_timeout(CONNECT_TIMEOUT)
            .idle_timeout(IDLE_TIMEOUT)
            .message_bytes(message_bytes)
            .seed(seed)
    }
}

impl End {
    /// When it has to tick next.
    pub(super) fn wakes_at(&self, shared: &Shared) -> Option<Instant> {
        let sends_at = || self.outgoing.as_ref()?.borrow().wakes_at(shared);
        let sends_at = if self.line.peer.get().is_some() { sends_at() } else { None };
        [self.manager.wake_at(), sends_at].into_iter().flatten().min()
    }
}

/// Compares what arrives, and takes note of the connection.
pub(super) struct Receiver {
    shared: Rc<Shared>,
    incoming: Option<Rc<RefCell<Ledger>>>,
    outgoing: Option<Rc<RefCell<Ledger>>>,
    line: Rc<Line>,
    redial: Option<Redial>,
    /// A peer that went does not come back.
    parts: bool,
}

impl Receiver {
    pub(super) fn take(&mut self, stream: u8, body: &Body, cx: &Context) {
        if let Some(incoming) = &self.incoming {
            incoming.borrow_mut().take(&self.shared, cx.now(), stream, body.bytes());
        }
    }
}

impl Actor for Receiver {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        load::subscribe(on);
        on.message(|me: &mut Self, connected: &PeerConnected, _: &Context| {
            me.line.peer.set(Some(connected.peer));
        })
        .message(Self::part);
    }
}

impl Receiver {
    fn part(&mut self, gone: &PeerDisconnected, cx: &Context) -> Result<(), NetError> {
        // A server may learn of the new connection before it learns of the end of the old one.
        let is_it = self.line.peer.get().is_none_or(|peer| peer == gone.peer);
        self.line.peer.set(self.line.peer.get().filter(|_| !is_it));
        self.line.undelivered.set(self.line.undelivered.get() + gone.undelivered);
        *self.line.gone.borrow_mut() = Some(gone.reason.clone());
        match (&mut self.redial, &self.outgoing) {
            (Some(redial), _) if !self.parts => {
                // What no other session had: the keys follow from it.
                redial.seed = scatter(redial.seed);
                cx.connect(redial.to, redial.config.clone().seed(redial.seed)).map(drop)
            }
            (_, Some(outgoing)) if self.parts => {
                outgoing.borrow_mut().stop(&self.shared);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Sends what is due, at the end of each tick of its manager.
struct Sender {
    shared: Rc<Shared>,
    ledger: Rc<RefCell<Ledger>>,
    line: Rc<Line>,
}

impl Actor for Sender {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.update(Self::send);
    }
}

impl Sender {
    fn send(&mut self, cx: &Context) {
        let (Some(peer), now) = (self.line.peer.get(), cx.now()) else { return };
        let delivery = self.ledger.borrow().plan().delivery;
        loop {
            let Some((stream, body)) = self.ledger.borrow().next(&self.shared, now) else { return };
            // As the manager: an actor's name would make it longer.
            match load::send(cx, peer, stream, body, delivery) {
                Ok(()) => self.ledger.borrow_mut().note_sent(&self.shared, now),
                Err(SendError::Full { .. }) => return self.ledger.borrow_mut().note_full(),
                Err(error) => {
                    *self.line.refused.borrow_mut() = Some(error);
                    return self.ledger.borrow_mut().stop(&self.shared);
                }
            }
        }
    }
}
