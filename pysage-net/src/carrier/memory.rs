//! Datagrams over a simulated network.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::{Arrived, Batch, DATAGRAM_BYTES, DatagramCarrier, Departing};
use crate::sim::{Datagram, KnownWay, SimPort};

/// Carries datagrams over a simulated network, as long as it has the port open.
pub(crate) struct MemoryCarrier {
    port: SimPort,
    way: Option<KnownWay>,
    /// Buffers, used again.
    arrived: Vec<Datagram>,
}

/// So many datagrams are received in a batch.
const BATCH: usize = 32;

impl MemoryCarrier {
    /// Opens a port to be reached `at` its address, or at any.
    ///
    /// # Errors
    /// That it is another address, or open already.
    pub(crate) fn listen(
        now: Instant,
        at: SocketAddr,
        port: &SimPort,
    ) -> io::Result<MemoryCarrier> {
        if port.is_at(at) {
            MemoryCarrier::open(now, port)
        } else {
            Err(io::ErrorKind::AddrNotAvailable.into())
        }
    }

    /// Opens a port.
    ///
    /// # Errors
    /// That it is open already.
    pub(crate) fn open(now: Instant, port: &SimPort) -> io::Result<MemoryCarrier> {
        if !port.open(now) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        Ok(MemoryCarrier { port: port.clone(), way: None, arrived: Vec::new() })
    }
}

impl DatagramCarrier for MemoryCarrier {
    fn local_addr(&self) -> SocketAddr {
        self.port.address()
    }

    fn datagram_bytes(&self) -> usize {
        DATAGRAM_BYTES
    }

    /// Whether a bottleneck marks is its own affair.
    fn marks_congestion(&self) -> bool {
        true
    }

    fn receive(&mut self, now: Instant, each: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch> {
        // An idle peer does without.
        if self.arrived.is_empty() {
            if self.port.next_arrival().is_none_or(|at| at > now) {
                return Ok(Batch::All);
            }
            self.arrived.resize_with(BATCH, Datagram::default);
        }
        let count = self.port.take(now, &mut self.arrived);
        for Datagram { from, is_marked, bytes } in &self.arrived[..count] {
            each(Arrived::Datagram { from: *from, is_marked: *is_marked, bytes });
        }
        Ok(if count == BATCH { Batch::More } else { Batch::All })
    }

    fn send(&mut self, now: Instant, departing: Departing<'_>) -> io::Result<usize> {
        self.port.send(now, &departing, &mut self.way);
        Ok(departing.bytes.len())
    }

    fn arrives_at(&self) -> Option<Instant> {
        self.port.next_arrival()
    }

    fn dropped(&self) -> u64 {
        0
    }
}

impl Drop for MemoryCarrier {
    fn drop(&mut self) {
        self.port.close();
    }
}

#[cfg(test)]
mod tests;
