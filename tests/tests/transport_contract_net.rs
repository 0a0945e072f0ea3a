//! The contract of transports, kept by networks over each carrier.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[macro_use]
#[path = "../support/transport_contract.rs"]
mod transport_contract;

use std::time::Duration;

use pysage_core::ActorManager;
use pysage_core::transport::DEFAULT_INBOX_BYTES;
use pysage_core::wire::Codec;
use pysage_net::sim::{Conditions, SimNetwork, SimPort};
use pysage_net::{Carrier, NetConfig, Network, PeerConnected, PeerDisconnected, Security};

use local::on;
use transport_contract::{Options, Pair};

/// A moment between two ticks: enough for what is sent at a measured pace.
const BETWEEN_TICKS: Duration = Duration::from_millis(5);

/// Two managers on one machine, served by their ticks alone, since their clock is moved by hand.
fn pair(options: &Options, [of_here, of_there]: [Carrier; 2], at: &str) -> Pair {
    let config = |carrier| {
        NetConfig::new(Security::open())
            .carrier(carrier)
            // The contract lets a minute pass without a tick.
            .idle_timeout(Duration::from_secs(300))
            .send_queue_bytes(options.room_bytes)
            .message_bytes(options.message_bytes)
    };
    let [here, there] = [(); 2].map(|()| ActorManager::with_config(options.config.clone()));
    let listener = there.listen(at, config(of_there)).unwrap();
    let to_there = here.connect(listener.local_addr(), config(of_here)).unwrap();
    for manager in [&here, &there] {
        // Who comes and goes is no dead letter then.
        manager.register(on(|_: &PeerConnected, _| {}));
        manager.register(on(|_: &PeerDisconnected, _| {}));
    }
    while here.peers().is_empty() || there.peers().is_empty() {
        assert!(here.counters().ticks < 100, "they do not find each other");
        there.tick().unwrap();
        here.tick().unwrap();
        options.clock.advance(BETWEEN_TICKS);
    }
    let to_here = there.peers()[0];
    let (clock, parting) = (options.clock.clone(), there.clone());
    Pair {
        to_there,
        to_here,
        clock: options.clock.clone(),
        inbox_bytes: DEFAULT_INBOX_BYTES,
        codec: Some(Codec::Compact),
        carry: Box::new(move || clock.advance(BETWEEN_TICKS)),
        part: Box::new(move || parting.stop_listening(listener).unwrap()),
        inject: None,
        here,
        there,
    }
}

fn over_sockets(options: &Options, carrier: Carrier) -> Pair {
    pair(options, [carrier.clone(), carrier], "127.0.0.1:0")
}

fn udp(options: Options) -> Pair {
    over_sockets(&options, Carrier::Udp)
}

fn laminar(options: Options) -> Pair {
    over_sockets(&options, Carrier::Laminar)
}

fn tcp(options: Options) -> Pair {
    over_sockets(&options, Carrier::Tcp)
}

/// A line of 1 ms one way that loses nothing.
fn memory(options: Options) -> Pair {
    over_simulation(&options, |port| port)
}

/// The same with byte streams, which split and join.
fn simulated_tcp(options: Options) -> Pair {
    over_simulation(&options, SimPort::by_streams)
}

fn over_simulation(options: &Options, port: fn(SimPort) -> SimPort) -> Pair {
    let network = SimNetwork::new(1);
    network.set_conditions(Conditions::new().latency(Duration::from_millis(1)));
    let at = "10.0.0.1:4000";
    let carriers = ["10.0.0.2:4000", at]
        .map(|address| Carrier::Memory(port(network.port(address.parse().unwrap()))));
    pair(options, carriers, at)
}

transport_contract!(udp, crate::udp);
transport_contract!(laminar, crate::laminar);
transport_contract!(memory, crate::memory);
transport_contract!(tcp, crate::tcp);
transport_contract!(simulated_tcp, crate::simulated_tcp);
