//! Byte streams of a simulated network.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::{Door, Stream, Wait};
use crate::sim::{HeldEnd, SimPort};

/// A port at which others connect.
pub(crate) struct SimDoor {
    port: SimPort,
}

/// An end of a pipe.
pub(crate) struct SimStream {
    end: HeldEnd,
}

impl SimDoor {
    /// Listens `at` the address of a port, or at any.
    pub(super) fn open(at: SocketAddr, port: &SimPort) -> io::Result<SimDoor> {
        if !port.is_at(at) {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        if !port.listen() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        Ok(SimDoor { port: port.clone() })
    }
}

impl Door for SimDoor {
    type Stream = SimStream;

    const IS_SIMULATED: bool = true;

    fn local_addr(&self) -> SocketAddr {
        self.port.address()
    }

    fn let_in(&mut self, now: Instant) -> io::Result<(SimStream, SocketAddr)> {
        let (end, from) = self.port.let_in(now)?;
        Ok((SimStream { end }, from))
    }

    fn wait(&self) -> Option<Wait> {
        None
    }

    fn comes_at(&self) -> Option<Instant> {
        self.port.next_to_come()
    }
}

impl Drop for SimDoor {
    fn drop(&mut self) {
        self.port.stop_listening();
    }
}

impl SimStream {
    pub(super) fn connect(now: Instant, to: SocketAddr, port: &SimPort) -> SimStream {
        SimStream { end: port.connect(now, to) }
    }
}

impl Stream for SimStream {
    fn local_addr(&self) -> Option<SocketAddr> {
        Some(self.end.address())
    }

    fn is_there(&mut self, now: Instant) -> io::Result<bool> {
        self.end.is_there(now)
    }

    fn read(&mut self, now: Instant, into: &mut [u8]) -> io::Result<usize> {
        self.end.read(now, into)
    }

    fn write(&mut self, now: Instant, bytes: &[u8]) -> io::Result<usize> {
        self.end.write(now, bytes)
    }

    fn end(&mut self, now: Instant) {
        self.end.end(now);
    }

    fn wait(&self, _: bool, _: bool) -> Option<Wait> {
        None
    }

    fn comes_at(&self, _: bool) -> Option<Instant> {
        self.end.comes_at()
    }
}
