//! An address on a simulated network.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use super::SimNetwork;
use super::traffic::{Datagram, KnownWay};
use crate::carrier::Departing;

/// An address on a [`SimNetwork`], for [`Carrier::Memory`](crate::Carrier::Memory). Clones are the
/// same address; one listener or connection at a time has it.
#[derive(Clone)]
pub struct SimPort {
    network: SimNetwork,
    port: u32,
    address: SocketAddr,
    #[cfg(feature = "laminar")]
    by_laminar: bool,
}

impl SimPort {
    pub(super) fn new(network: SimNetwork, address: SocketAddr) -> SimPort {
        let port = network.traffic().port(address);
        SimPort {
            network,
            port,
            address,
            #[cfg(feature = "laminar")]
            by_laminar: false,
        }
    }

    /// Its address: where to listen, and where others connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// When the next datagram arrives here, if one is on its way and somebody listens.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.network.traffic().next_arrival_at(self.port)
    }

    /// Has each datagram framed by laminar, as [`Carrier::Laminar`](crate::Carrier::Laminar) does
    /// over UDP. Both ends have to say so.
    #[cfg(feature = "laminar")]
    #[must_use]
    pub fn framed_by_laminar(mut self) -> Self {
        self.by_laminar = true;
        self
    }

    #[cfg(feature = "laminar")]
    pub(crate) fn is_framed_by_laminar(&self) -> bool {
        self.by_laminar
    }

    /// Opens it; whether it was closed.
    pub(crate) fn open(&self, now: Instant) -> bool {
        self.network.traffic().open(now, self.port)
    }

    pub(crate) fn close(&self) {
        self.network.traffic().close(self.port);
    }

    pub(crate) fn send(
        &self,
        now: Instant,
        departing: &Departing<'_>,
        known: &mut Option<KnownWay>,
    ) {
        self.network.ear().hear(self.address, departing);
        self.network.traffic().send(now, self.port, departing, known);
    }

    /// Takes what has arrived in place of the datagrams that are there, and says how many it was.
    pub(crate) fn take(&self, now: Instant, into: &mut [Datagram]) -> usize {
        let mut traffic = self.network.traffic();
        let is_last = |datagram: &mut Datagram| !traffic.take(now, self.port, datagram);
        let count = into.len();
        into.iter_mut().position(is_last).unwrap_or(count)
    }
}

impl fmt::Debug for SimPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimPort({})", self.address)
    }
}
