//! A network that is simulated: it loses, doubles, delays and reorders as it is told, and the same
//! seed gives the same run.
//!
//! It is for tests of programs that play over networks, and of this crate. Whoever listens or
//! connects by [`Carrier::Memory`](crate::Carrier::Memory) is on it, at an address of their choice;
//! no socket is opened, and no name looked up. All that happens follows from the seed and the times
//! that managers pass on: under a [`ManualClock`](crate::ManualClock) a run of hours takes seconds,
//! and can be had again.
//!
//! ```
//! use std::time::Duration;
//! use pysage_net::sim::{Bottleneck, Conditions, SimNetwork};
//! use pysage_net::{Actor, ActorManager, Carrier, ManagerConfig, ManualClock, Message, NetConfig};
//! use pysage_net::{Network, Security, Service, Subscriptions};
//!
//! #[derive(Message)]
//! #[message(packet_type = 101)]
//! struct Shot { number: u32 }
//!
//! #[derive(Default)]
//! struct Target { hits: Vec<u32> }
//!
//! impl Actor for Target {
//!     fn subscriptions(on: &mut Subscriptions<Self>) {
//!         on.message(|me: &mut Target, shot: &Shot, _| me.hits.push(shot.number));
//!     }
//! }
//!
//! // A bad line: a fifth is lost, and what is left goes through 1 Mbit/s.
//! let network = SimNetwork::new(7);
//! let bottleneck = Bottleneck::new(1_000_000).queue_bytes(12_500);
//! let line = Conditions::new().loss(0.2).latency(Duration::from_millis(30)).through(&bottleneck);
//! network.set_conditions(line);
//!
//! let clock = ManualClock::new();
//! let on_network = |address: &str| {
//!     let port = network.port(address.parse().expect("an address"));
//!     let carrier = Carrier::Memory(port);
//!     NetConfig::new(Security::open()).carrier(carrier).service(Service::InTick).seed(7)
//! };
//! let manager = || ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
//! let (server, client) = (manager(), manager());
//! let target = server.register(Target::default());
//! server.listen("10.0.0.1:4000", on_network("10.0.0.1:4000"))?;
//! client.register_message::<Shot>()?;
//! let peer = client.connect("10.0.0.1:4000", on_network("10.0.0.2:4000"))?;
//!
//! for number in 0..100 {
//!     client.send(peer, Shot { number })?;
//! }
//! // Ten seconds of ticks, at 100 Hz.
//! for _ in 0..1_000 {
//!     client.tick()?;
//!     server.tick()?;
//!     clock.advance(Duration::from_millis(10));
//! }
//! server.with(target, |target: &mut Target| assert!(target.hits.iter().copied().eq(0..100)))?;
//! assert!(network.counters().lost > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bottleneck;
mod chance;
mod conditions;
mod counters;
mod delays;
mod overheard;
#[cfg(feature = "tcp")]
mod pipes;
mod port;
mod traffic;

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};

pub use bottleneck::{Bottleneck, BottleneckCounters};
pub use conditions::Conditions;
pub use counters::SimCounters;
use overheard::Ear;
pub use overheard::Overheard;
#[cfg(feature = "tcp")]
pub(crate) use pipes::HeldEnd;
pub use port::SimPort;
use traffic::Traffic;
pub(crate) use traffic::{Datagram, KnownWay};

/// A simulated network. Clones are the same network.
///
/// It never reads a clock: time is what the managers on it pass on, and does not go back.
#[derive(Clone)]
pub struct SimNetwork(Arc<Shared>);

struct Shared {
    traffic: Mutex<Traffic>,
    #[cfg(feature = "tcp")]
    pipes: Mutex<pipes::Pipes>,
    ear: Ear,
}

impl SimNetwork {
    /// A network without faults yet, all of whose chances follow from a seed. What happens on one
    /// way does not depend on what is sent on others, unless they share a bottleneck.
    #[must_use]
    pub fn new(seed: u64) -> SimNetwork {
        SimNetwork(Arc::new(Shared {
            traffic: Mutex::new(Traffic::new(seed)),
            #[cfg(feature = "tcp")]
            pipes: Mutex::new(pipes::Pipes::new(seed)),
            ear: Ear::default(),
        }))
    }

    /// The port of an address, for a listener or a connection. Any address will do.
    #[must_use]
    pub fn port(&self, address: SocketAddr) -> SimPort {
        SimPort::new(self.clone(), address)
    }

    /// Sets the conditions of all ways, also of those that had their own. They hold for what is sent
    /// from now on.
    pub fn set_conditions(&self, conditions: Conditions) {
        self.traffic().set_conditions(conditions);
    }

    /// Sets the conditions of the ways between two addresses, both ways.
    pub fn set_between(&self, one: SocketAddr, other: SocketAddr, conditions: Conditions) {
        self.set_way(one, other, conditions.clone());
        self.set_way(other, one, conditions);
    }

    /// Sets the conditions of the way from one address to another.
    pub fn set_way(&self, from: SocketAddr, to: SocketAddr, conditions: Conditions) {
        self.traffic().set_way(from, to, conditions);
    }

    /// Has all be lost that anybody sends from a time on and before another. What was sent before
    /// still arrives. It may be called for any number of times.
    pub fn black_out(&self, time: Range<Instant>) {
        self.traffic().black_out(time);
    }

    /// Has all be lost that is sent from or to an address from now on, as if its cable was pulled.
    /// What was sent before still arrives.
    pub fn cut_off(&self, address: SocketAddr) {
        self.traffic().set_cut_off(address, true);
    }

    /// Has an address be reached again that was [cut off](Self::cut_off).
    pub fn rejoin(&self, address: SocketAddr) {
        self.traffic().set_cut_off(address, false);
    }

    /// Breaks all byte streams off, as when a network between forgets them: both ends are told at
    /// once, and what is on its way is lost. Those that are opened later are not concerned.
    #[cfg(feature = "tcp")]
    pub fn break_off(&self, now: Instant) {
        self.pipes().break_off(now);
    }

    /// Has any bytes arrive at an address at once, as if another had sent them: what an attacker, or
    /// a stranger, might send. They meet no conditions and are not counted.
    pub fn inject(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.traffic().inject(from, to, bytes);
    }

    /// Has somebody on the way hear all datagrams that are sent from now on, or no more; what goes over
    /// byte streams is not heard. Who listens has to [take](Self::overheard) it now and then: all of it
    /// is kept until then.
    pub fn overhear(&self, listens: bool) {
        self.0.ear.listen(listens);
    }

    /// What was heard since this was asked last.
    #[must_use]
    pub fn overheard(&self) -> Vec<Overheard> {
        self.0.ear.take()
    }

    /// When the next datagram arrives anywhere, if one is on its way. A loop of managers that jumps
    /// from event to event asks [`ActorManager::wake_at`](crate::ActorManager::wake_at) besides.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        let of_datagrams = self.traffic().next_arrival();
        #[cfg(feature = "tcp")]
        let of_datagrams = of_datagrams.into_iter().chain(self.pipes().next_arrival()).min();
        of_datagrams
    }

    /// A hash of each datagram that was sent until now: its ends, its bytes, its time, and what
    /// became of it. Two runs that have the same were the same.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let hash = self.traffic().state_hash();
        #[cfg(feature = "tcp")]
        let hash = self.pipes().added_to_hash(hash);
        hash
    }

    /// What was counted in all; what a byte stream has as a packet counts as a datagram.
    #[must_use]
    pub fn counters(&self) -> SimCounters {
        let counters = self.traffic().counters();
        #[cfg(feature = "tcp")]
        let counters = self.pipes().added_to(counters);
        counters
    }

    /// What was counted on the way from one address to another.
    #[must_use]
    pub fn counters_of_way(&self, from: SocketAddr, to: SocketAddr) -> SimCounters {
        self.traffic().counters_of_way(from, to)
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.0.traffic.lock()
    }

    #[cfg(feature = "tcp")]
    fn pipes(&self) -> MutexGuard<'_, pipes::Pipes> {
        self.0.pipes.lock()
    }

    fn ear(&self) -> &Ear {
        &self.0.ear
    }
}

impl fmt::Debug for SimNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimNetwork({:016x})", self.state_hash())
    }
}

#[cfg(test)]
mod tests;
