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
use pysage_net::{
    AllowList, Carrier, Identity, NetConfig, Network, PeerConnected, PeerDisconnected,
    PresharedKey, Security,
};

use local::on;
use transport_contract::{Options, Pair};

/// A moment between two ticks: enough for what is sent at a measured pace.
const BETWEEN_TICKS: Duration = Duration::from_millis(5);

/// Two managers on one machine, served by their ticks alone, since their clock is moved by hand.
fn pair(
    options: &Options,
    [of_here, of_there]: [Carrier; 2],
    [security_here, security_there]: [Security; 2],
    at: &str,
) -> Pair {
    let config = |carrier, security| {
        NetConfig::new(security)
            .carrier(carrier)
            // The contract lets a minute pass without a tick.
            .idle_timeout(Duration::from_secs(300))
            .send_queue_bytes(options.room_bytes)
            .message_bytes(options.message_bytes)
    };
    let [here, there] = [(); 2].map(|()| ActorManager::with_config(options.config.clone()));
    let listener = there.listen(at, config(of_there, security_there)).unwrap();
    let to_there = here.connect(listener.local_addr(), config(of_here, security_here)).unwrap();
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

fn over_sockets(options: &Options, carrier: Carrier, securities: [Security; 2]) -> Pair {
    pair(options, [carrier.clone(), carrier], securities, "127.0.0.1:0")
}

/// A line of 1 ms one way that loses nothing.
fn over_memory(options: &Options, port: fn(SimPort) -> SimPort, securities: [Security; 2]) -> Pair {
    let network = SimNetwork::new(1);
    network.set_conditions(Conditions::new().latency(Duration::from_millis(1)));
    let at = "10.0.0.1:4000";
    let carriers = ["10.0.0.2:4000", at]
        .map(|address| Carrier::Memory(port(network.port(address.parse().unwrap()))));
    pair(options, carriers, securities, at)
}

fn open() -> [Security; 2] {
    [Security::open(), Security::open()]
}

/// Each end has its key, and names that of the other.
fn keys() -> [Security; 2] {
    let [here, there] = [(); 2].map(|()| Identity::generate());
    let names = |identity: &Identity| AllowList::only(identity.public_key());
    let (of_here, of_there) = (names(&here), names(&there));
    [Security::keys(here, of_there), Security::keys(there, of_here)]
}

fn psk() -> [Security; 2] {
    let key = PresharedKey::generate();
    [Security::psk(key.clone()), Security::psk(key)]
}

fn udp(options: Options) -> Pair {
    over_sockets(&options, Carrier::Udp, open())
}

fn laminar(options: Options) -> Pair {
    over_sockets(&options, Carrier::Laminar, open())
}

fn memory(options: Options) -> Pair {
    over_memory(&options, |port| port, open())
}

fn udp_with_keys(options: Options) -> Pair {
    over_sockets(&options, Carrier::Udp, keys())
}

fn laminar_with_keys(options: Options) -> Pair {
    over_sockets(&options, Carrier::Laminar, keys())
}

fn memory_with_keys(options: Options) -> Pair {
    over_memory(&options, |port| port, keys())
}

fn memory_with_psk(options: Options) -> Pair {
    over_memory(&options, |port| port, psk())
}

fn tcp(options: Options) -> Pair {
    over_sockets(&options, Carrier::Tcp, open())
}

fn tcp_with_keys(options: Options) -> Pair {
    over_sockets(&options, Carrier::Tcp, keys())
}

/// Byte streams, which split and join.
fn simulated_tcp(options: Options) -> Pair {
    over_memory(&options, SimPort::by_streams, open())
}

transport_contract!(udp, crate::udp);
transport_contract!(laminar, crate::laminar);
transport_contract!(memory, crate::memory);
transport_contract!(tcp, crate::tcp);
transport_contract!(simulated_tcp, crate::simulated_tcp);
transport_contract!(tcp_with_keys, crate::tcp_with_keys);
transport_contract!(udp_with_keys, crate::udp_with_keys);
transport_contract!(laminar_with_keys, crate::laminar_with_keys);
transport_contract!(memory_with_keys, crate::memory_with_keys);
transport_contract!(memory_with_psk, crate::memory_with_psk);
