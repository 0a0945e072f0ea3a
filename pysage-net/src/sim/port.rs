//! An address on a simulated network.

use std::fmt;
#[cfg(feature = "tcp")]
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::SimNetwork;
#[cfg(feature = "tcp")]
use super::pipes::HeldEnd;
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
    #[cfg(feature = "tcp")]
    by_streams: bool,
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
            #[cfg(feature = "tcp")]
            by_streams: false,
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
        #[cfg(feature = "tcp")]
        if self.by_streams {
            return self.network.pipes().next_arrival_at(self.address);
        }
        self.network.traffic().next_arrival_at(self.port)
    }

    /// Has datagrams go over byte streams, as [`Carrier::Tcp`](crate::Carrier::Tcp) does over TCP.
    /// Both ends have to say so.
    ///
    /// A stream splits and joins what is written, and gives it on in its order, behind
    /// [latency](super::Conditions::latency), jitter and
    /// [bottleneck](super::Conditions::through), whose full queue has whoever writes wait.
    /// [Loss](super::Conditions::loss) delays: a piece that is lost is sent again, and all behind it
    /// waits for 200 ms, or a round trip. A blackout delays until its end. Nothing comes twice or
    /// out of its order. What is sent while an end is cut off does not come any more.
    #[cfg(feature = "tcp")]
    #[must_use]
    pub fn by_streams(mut self) -> Self {
        self.by_streams = true;
        self
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

    /// Whether an address is that of this port, or any.
    pub(crate) fn is_at(&self, at: SocketAddr) -> bool {
        let here = self.address;
        at == here || at.ip().is_unspecified() && [0, here.port()].contains(&at.port())
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

#[cfg(feature = "tcp")]
impl SimPort {
    pub(crate) fn is_by_streams(&self) -> bool {
        self.by_streams
    }

    /// Has byte streams come in; whether none did.
    pub(crate) fn listen(&self) -> bool {
        self.network.pipes().listen(self.address)
    }

    pub(crate) fn stop_listening(&self) {
        self.network.pipes().stop_listening(self.address);
    }

    pub(crate) fn let_in(&self, now: Instant) -> io::Result<(HeldEnd, SocketAddr)> {
        let (end, from) = self.network.pipes().let_in(now, self.address)?;
        let network = self.network.clone();
        Ok((HeldEnd { network, end, addresses: [from, self.address] }, from))
    }

    pub(crate) fn connect(&self, now: Instant, to: SocketAddr) -> HeldEnd {
        let network = self.network.clone();
        let addresses = [self.address, to];
        let conditions = [addresses, [to, self.address]]
            .map(|[from, to]| network.traffic().conditions_of(from, to));
        let end = network.pipes().connect(now, addresses, conditions);
        HeldEnd { network, end, addresses }
    }

    pub(crate) fn next_to_come(&self) -> Option<Instant> {
        self.network.pipes().next_to_come(self.address)
    }
}

impl fmt::Debug for SimPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimPort({})", self.address)
    }
}
