//! Peers that may send only so much, on a simulated network of streams.

use std::time::Duration;

use pysage_net::sim::{Conditions, SimNetwork};
use pysage_net::{
    ActorManager, Carrier, Destination, ManagerConfig, ManualClock, NetConfig, Network, SendError,
    Service,
};

use super::net::{Seen, Tell, Witness, open};

const SEED: u64 = 5;
const STEP: Duration = Duration::from_millis(5);

/// What the server takes of a peer in a second.
const BYTES_PER_SECOND: u32 = 20_000;

/// Two managers that move with one clock.
struct World {
    clock: ManualClock,
    managers: [ActorManager; 2],
    seen: [Seen; 2],
    /// The server, as the client knows it.
    peer: Destination,
}

impl World {
    fn new() -> World {
        println!("seed {SEED}");
        let (clock, network) = (ManualClock::new(), SimNetwork::new(SEED));
        network.set_conditions(Conditions::new().latency(4 * STEP));
        let config = |at: &str| -> NetConfig {
            let port = network.port(at.parse().unwrap()).by_streams();
            // Far shorter than it takes to take what is sent here.
            let config = open().idle_timeout(Duration::from_secs(1)).keep_alive(20 * STEP);
            config.carrier(Carrier::Memory(port)).service(Service::InTick).seed(SEED)
        };
        let seen = [Seen::default(), Seen::default()];
        let managers = [0, 1].map(|at| {
            let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
            manager.register(Witness { seen: seen[at].clone(), replies: false });
            manager
        });
        let limited = config("10.0.0.1:4000").peer_bytes_per_second(BYTES_PER_SECOND);
        managers[1].listen("10.0.0.1:4000", limited).unwrap();
        let peer = managers[0].connect("10.0.0.1:4000", config("10.0.0.2:4000")).unwrap();
        let world = World { clock, managers, seen, peer };
        world.until("the connection", || world.seen.iter().all(|seen| seen.has("connected")));
        world
    }

    fn step(&self) {
        for manager in &self.managers {
            manager.tick().unwrap();
        }
        self.clock.advance(STEP);
    }

    #[track_caller]
    fn until(&self, what: &str, so: impl Fn() -> bool) -> Duration {
        for steps in 0..200_000 {
            if so() {
                return steps * STEP;
            }
            self.step();
        }
        let counters = self.managers[1].net_counters();
        panic!("{what} did not come about: {counters:?}");
    }
}

#[test]
fn a_peer_that_sends_more_than_it_may_is_read_more_slowly_and_stays() {
    let world = World::new();
    let [client, server] = &world.managers;
    let [at_client, at_server] = &world.seen;
    let mut sent = 0;
    for _ in 0..20_000 {
        match client.send(world.peer, Tell(1_000_000 + sent)) {
            Ok(()) => sent += 1,
            Err(SendError::Full { .. }) => break,
            Err(error) => panic!("{error}"),
        }
    }
    // What the server says gets through and is acknowledged, behind all of that.
    let of_server = server.peers()[0];
    server.send(of_server, Tell(1)).unwrap();
    world.until("what the server says", || at_client.has("1"));
    assert!(at_server.count() < sent as usize / 2, "most is on its way: {}", at_server.count());
    let bytes = client.net_counters().bytes_sent;
    let took = world.until("all", || at_server.count() == sent as usize + 1);
    let earned = Duration::from_secs(1).mul_f64(bytes as f64 / f64::from(BYTES_PER_SECOND));
    assert!(took + Duration::from_secs(2) >= earned, "{bytes} bytes took {took:?}");
    assert!(took <= earned + Duration::from_secs(2), "{bytes} bytes took {took:?}");
    let counters = server.net_counters();
    assert!(counters.readings_paused > 2, "{counters:?}");
    assert_eq!((counters.datagrams_over_limit, counters.datagrams_dropped), (0, 0));
    for seen in &world.seen {
        assert!(seen.all().split(' ').skip(1).all(|it| it.parse::<u32>().is_ok()), "nobody left");
    }
}
