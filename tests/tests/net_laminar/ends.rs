//! The two ends of a scenario, of pysage over a simulated network with laminar's framing.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use pysage_net::sim::{Conditions, SimNetwork};
use pysage_net::{
    Actor, ActorManager, Carrier, Delivery, Destination, ManagerConfig, ManualClock, Message,
    NetConfig, Network, Security, SendError, Service, Subscriptions,
};

use crate::scenario::{End, Ends, Scenario, Weather};

#[derive(Message)]
#[message(packet_type = 101)]
struct Said(Vec<u8>);

#[derive(Default)]
struct Listener {
    heard: Rc<RefCell<Vec<Vec<u8>>>>,
}

impl Actor for Listener {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, said: &Said, _| me.heard.borrow_mut().push(said.0.clone()));
    }
}

/// Two managers that are serviced in their ticks alone.
pub(crate) struct PysageEnds {
    weather: Weather,
    network: SimNetwork,
    clock: ManualClock,
    now: Duration,
    managers: [ActorManager; 2],
    peers: [Destination; 2],
    heard: [Rc<RefCell<Vec<Vec<u8>>>>; 2],
    /// Whether strangers say what would have laminar's reliable modes do something.
    pub(crate) forges: bool,
    pub(crate) forged: u64,
}

/// So long a message may be, so that one beyond laminar's 64 KiB is.
const MESSAGE_BYTES: usize = 128 << 10;

/// How laminar 0.5 begins all its packets, and how it goes on with those of its kinds that are
/// reliable: in any order, in order, parts, and signs of life.
const VERSION: [u8; 2] = [0x54, 0x09];
const RELIABLE: [[u8; 3]; 4] = [[0, 1, 0], [0, 1, 2], [1, 1, 0], [2, 0, 0]];

fn address(end: End) -> SocketAddr {
    match end {
        End::Near => ([10, 0, 0, 1], 1).into(),
        End::Far => ([10, 0, 0, 2], 2).into(),
    }
}

fn conditions(weather: &Weather) -> Conditions {
    Conditions::new()
        .loss(weather.loss_per_mille as f64 / 1_000.0)
        .duplicate(weather.duplicate_per_mille as f64 / 1_000.0)
        .latency(weather.latency)
        .jitter(weather.jitter)
}

impl PysageEnds {
    pub(crate) fn new(scenario: &Scenario) -> PysageEnds {
        let weather = scenario.weather;
        let (clock, network) = (ManualClock::new(), SimNetwork::new(weather.seed));
        network.set_conditions(conditions(&weather));
        let heard = [0, 1].map(|_| Rc::default());
        let managers = heard.clone().map(|heard| {
            let config = ManagerConfig::default().clock(clock.clone());
            let manager = ActorManager::with_config(config);
            manager.register(Listener { heard });
            manager
        });
        let config = |end| {
            let carrier = Carrier::Memory(network.port(address(end)).framed_by_laminar());
            NetConfig::new(Security::open())
                .carrier(carrier)
                .service(Service::InTick)
                .message_bytes(MESSAGE_BYTES)
                .seed(weather.seed)
        };
        managers[1].listen(address(End::Far), config(End::Far)).unwrap();
        let far = managers[0].connect(address(End::Far), config(End::Near)).unwrap();
        for _ in 0..10_000 {
            for manager in &managers {
                manager.tick().unwrap();
            }
            clock.advance(Duration::from_millis(1));
            if let ([near], [_]) = (&managers[1].peers()[..], &managers[0].peers()[..]) {
                let (now, peers) = (Duration::ZERO, [far, *near]);
                let (forges, forged) = (false, 0);
                return PysageEnds {
                    weather,
                    network,
                    clock,
                    now,
                    managers,
                    peers,
                    heard,
                    forges,
                    forged,
                };
            }
        }
        panic!("no connection in ten seconds, seed {}", weather.seed);
    }

    /// Whether a message is refused for what it is.
    pub(crate) fn refuses(&self, body: &[u8]) -> bool {
        let sent = self.managers[0].send(self.peers[0], Said(body.to_vec()));
        sent.is_err_and(|error| !matches!(error, SendError::Full { .. }))
    }

    /// How many datagrams both dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.managers.iter().map(|manager| manager.net_counters().datagrams_dropped).sum()
    }

    /// Nothing gets from the near end to the far one for a time.
    fn set_weather(&self, now: Duration) {
        if let Some((from, until)) = self.weather.blackout {
            let is_dark = (from..until).contains(&now);
            let conditions = conditions(&self.weather);
            let conditions = if is_dark { conditions.loss(1.0) } else { conditions };
            self.network.set_way(address(End::Near), address(End::Far), conditions);
        }
    }

    fn forge(&mut self) {
        let ends = [(End::Near, End::Far), (End::Far, End::Near)];
        for (at, kind) in RELIABLE.into_iter().enumerate() {
            let acknowledges = [0, at as u8, 0, 32, 0xff, 0xff, 0xff, 0xff];
            let packet = [&VERSION[..], &kind, &acknowledges, b"forged"].concat();
            for (from, to) in ends {
                self.network.inject(address(from), address(to), &packet);
                self.forged += 1;
            }
        }
    }
}

impl Ends for PysageEnds {
    fn send(&mut self, from: End, delivery: Delivery, body: &[u8]) -> bool {
        let (manager, peer) = (&self.managers[from as usize], self.peers[from as usize]);
        match manager.send_with(peer, Said(body.to_vec()), delivery) {
            Ok(()) => true,
            Err(SendError::Full { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn step(&mut self, now: Duration) {
        self.clock.advance(now - self.now);
        self.now = now;
        self.set_weather(now);
        if self.forges {
            self.forge();
        }
        for manager in &self.managers {
            manager.tick().unwrap();
        }
    }

    fn received(&mut self, at: End) -> Vec<Vec<u8>> {
        self.heard[at as usize].take()
    }
}
