//! A listener with guests, on a simulated network under a clock that is moved by hand.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use pysage_net::sim::{Conditions, SimNetwork};
use pysage_net::{
    Actor, ActorManager, AllowList, BoxError, Carrier, Context, Destination, DisconnectReason,
    Identity, ManagerConfig, ManualClock, NetConfig, Network, PeerConnected, PeerDisconnected,
    Security, Service, Subscriptions,
};

use super::ledger::{Ledger, Load, Loose};

/// How many guests there are. The guest of number n sends as n, and what goes to it is from
/// `GUESTS` + n.
pub(super) const GUESTS: u32 = 4;

/// All managers tick so often.
pub(super) const STEP: Duration = Duration::from_millis(1);

/// Nothing takes longer in simulated time.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct World {
    pub(super) network: SimNetwork,
    pub(super) clock: ManualClock,
    pub(super) ledger: Rc<Ledger>,
    pub(super) server: ActorManager,
    pub(super) of_server: Identity,
    pub(super) allowed: AllowList,
    pub(super) guests: Vec<Guest>,
    seed: u64,
    /// How many addresses, keys and seeds were drawn.
    drawn: u64,
}

pub(super) struct Guest {
    pub(super) number: u32,
    pub(super) identity: Identity,
    pub(super) manager: ActorManager,
    pub(super) state: Rc<State>,
    /// How the server reaches it.
    here: Rc<RefCell<Vec<Option<Destination>>>>,
}

/// What the witness of a manager knows.
#[derive(Default)]
pub(super) struct State {
    pub(super) peer: Cell<Option<Destination>>,
    pub(super) gone: RefCell<Option<DisconnectReason>>,
}

/// Takes what comes to a manager.
struct Witness {
    ledger: Rc<Ledger>,
    state: Rc<State>,
    /// Where the guests are, for the server.
    here: Option<Rc<RefCell<Vec<Option<Destination>>>>>,
}

impl Actor for Witness {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, load: &Load, cx: &Context| {
            let place = me.here.as_ref().map(|here| here.borrow_mut());
            if let Some(mut here) = place
                && let Some(here) = here.get_mut(load.from as usize)
            {
                *here = cx.sender().map(Destination::whole);
            }
            me.ledger.take(load);
        })
        .message(|me: &mut Self, loose: &Loose, _: &Context| me.ledger.take_loose(loose))
        .message(|me: &mut Self, connected: &PeerConnected, _: &Context| {
            me.state.peer.set(Some(connected.peer));
        })
        .message(|me: &mut Self, gone: &PeerDisconnected, _: &Context| {
            me.state.peer.set(None);
            *me.state.gone.borrow_mut() = Some(gone.reason.clone());
        });
    }
}

impl World {
    pub(super) fn new(seed: u64) -> Result<World, BoxError> {
        let (network, clock) = (SimNetwork::new(seed), ManualClock::new());
        let ledger = Rc::new(Ledger::new(seed, 2 * GUESTS));
        let here = Rc::new(RefCell::new(vec![None; GUESTS as usize]));
        let server = manager(&clock, &ledger, &Rc::default(), Some(here.clone()))?;
        let allowed = AllowList::new();
        let of_server = identity(seed, 0);
        let mut world = World {
            network,
            clock,
            ledger,
            server,
            of_server: of_server.clone(),
            allowed: allowed.clone(),
            guests: Vec::new(),
            seed,
            drawn: 1,
        };
        for number in 0..GUESTS {
            let identity = world.draw_identity();
            allowed.allow(identity.public_key());
            let state = Rc::<State>::default();
            let manager = manager(&world.clock, &world.ledger, &state, None)?;
            world.guests.push(Guest { number, identity, manager, state, here: here.clone() });
        }
        world.network.set_conditions(Conditions::new().latency(5 * STEP));
        let config = world.config(server_address(), Security::keys(of_server, allowed));
        world.server.listen(server_address(), config)?;
        Ok(world)
    }

    /// Another key that nobody has.
    pub(super) fn draw_identity(&mut self) -> Identity {
        self.drawn += 1;
        identity(self.seed, self.drawn)
    }

    /// Another address that nobody has.
    pub(super) fn draw_address(&mut self) -> SocketAddr {
        self.drawn += 1;
        let [_, _, high, low] = (self.drawn as u32).to_be_bytes();
        SocketAddr::from(([10, 1, high, low], 4000))
    }

    /// Another manager, that takes messages as the guests do.
    pub(super) fn manager(&self, state: &Rc<State>) -> Result<ActorManager, BoxError> {
        manager(&self.clock, &self.ledger, state, None)
    }

    /// How a manager listens at or connects from an address.
    pub(super) fn config(&mut self, at: SocketAddr, security: Security) -> NetConfig {
        self.drawn += 1;
        NetConfig::new(security)
            .carrier(Carrier::Memory(self.network.port(at)))
            .service(Service::InTick)
            .rekey_datagrams(8)
            .seed(self.seed ^ self.drawn << 32)
    }

    /// Connects a guest that is not connected, from another address each time.
    pub(super) fn connect_guest(&mut self, number: u32) -> Result<(), BoxError> {
        let address = self.draw_address();
        let identity = self.guests[number as usize].identity.clone();
        let called = AllowList::only(self.of_server.public_key());
        let config = self.config(address, Security::keys(identity, called));
        let guest = &self.guests[number as usize];
        guest.here.borrow_mut()[number as usize] = None;
        *guest.state.gone.borrow_mut() = None;
        guest.manager.connect(server_address(), config)?;
        Ok(())
    }

    pub(super) fn connect(&mut self) -> Result<(), BoxError> {
        for number in 0..GUESTS {
            self.connect_guest(number)?;
        }
        let are_there = |world: &World| world.guests.iter().all(Guest::is_there);
        self.step_until("all guests are connected", &[], are_there)
    }

    /// Has all tick once, guests and server send, and time pass.
    pub(super) fn step(&mut self, others: &[&ActorManager]) -> Result<(), BoxError> {
        for guest in &self.guests {
            guest.manager.tick()?;
            guest.send(&self.ledger, &self.server);
        }
        self.quiet_step(others)
    }

    /// Has all tick, and nobody send anything new.
    fn quiet_step(&mut self, others: &[&ActorManager]) -> Result<(), BoxError> {
        self.server.tick()?;
        let of_guests = self.guests.iter().map(|guest| &guest.manager);
        for manager in of_guests.chain(others.iter().copied()) {
            manager.tick()?;
        }
        self.clock.advance(STEP);
        Ok(())
    }

    pub(super) fn step_until(
        &mut self,
        what: &str,
        others: &[&ActorManager],
        so: impl Fn(&World) -> bool,
    ) -> Result<(), BoxError> {
        let deadline = self.now() + PATIENCE;
        while !so(self) {
            if self.now() > deadline {
                return Err(format!("{what}: not so after {PATIENCE:?}").into());
            }
            self.step(others)?;
        }
        Ok(())
    }

    /// Lets what was sent arrive; how many of the messages were sent and did not.
    pub(super) fn settle(&mut self) -> Result<(u64, u64), BoxError> {
        let deadline = self.now() + PATIENCE;
        while self.ledger.sent_and_missing().1 > 0 && self.now() < deadline {
            self.quiet_step(&[])?;
        }
        Ok(self.ledger.sent_and_missing())
    }

    /// How many bytes the server has sent to who is not its peer.
    pub(super) fn bytes_to_strangers(&self) -> u64 {
        let addresses =
            self.server.peers().into_iter().filter_map(|peer| self.server.peer_addr(peer));
        let ways = addresses.map(|to| self.network.counters_of_way(server_address(), to));
        self.server.net_counters().bytes_sent - ways.map(|way| way.sent_bytes).sum::<u64>()
    }

    /// How often keys were changed, by all.
    pub(super) fn rekeys(&self) -> u64 {
        let managers = self.guests.iter().map(|guest| &guest.manager).chain([&self.server]);
        managers.map(|manager| manager.net_counters().rekeys).sum()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }
}

impl Guest {
    /// Whether messages go both ways.
    pub(super) fn is_there(&self) -> bool {
        self.state.peer.get().is_some() && self.here().is_some()
    }

    fn here(&self) -> Option<Destination> {
        self.here.borrow()[self.number as usize]
    }

    /// Sends a message of each kind, and has the server send as many.
    fn send(&self, ledger: &Ledger, server: &ActorManager) {
        let there = self.state.peer.get().map(|peer| (&self.manager, peer, self.number));
        let here = self.here().map(|peer| (server, peer, self.number + GUESTS));
        for (manager, peer, from) in there.into_iter().chain(here) {
            if manager.send(peer, ledger.load(from)).is_ok() {
                ledger.note_sent(from);
            }
            // It may be lost, and so it may be refused.
            drop(manager.send(peer, ledger.loose(from)));
        }
    }
}

pub(super) fn server_address() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 4000))
}

fn identity(seed: u64, number: u64) -> Identity {
    let text = format!("secret-{seed:016x}{number:016x}{:032x}", 7);
    text.parse().expect("this is a key")
}

fn manager(
    clock: &ManualClock,
    ledger: &Rc<Ledger>,
    state: &Rc<State>,
    here: Option<Rc<RefCell<Vec<Option<Destination>>>>>,
) -> Result<ActorManager, BoxError> {
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    manager.register(Witness { ledger: ledger.clone(), state: state.clone(), here });
    manager.register_message::<Load>()?;
    manager.register_message::<Loose>()?;
    Ok(manager)
}
