//! A network in memory, as bad as its weather, and laminar's sockets on it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use laminar::DatagramSocket;

use crate::scenario::{Draw, Weather};

/// Everything on its way.
pub(crate) struct Air {
    weather: Weather,
    draw: Draw,
    pub(crate) now: Duration,
    near: SocketAddr,
    /// By the time of arrival, and then in the order of sending.
    flying: BTreeMap<(Duration, u64), Datagram>,
    sent: u64,
}

struct Datagram {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl Air {
    pub(crate) fn new(weather: Weather, near: SocketAddr) -> Rc<RefCell<Air>> {
        Rc::new(RefCell::new(Air {
            weather,
            draw: Draw::new(weather.seed),
            now: Duration::ZERO,
            near,
            flying: BTreeMap::new(),
            sent: 0,
        }))
    }

    pub(crate) fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let is_black = |(begin, end)| from == self.near && begin <= self.now && self.now < end;
        if self.weather.blackout.is_some_and(is_black)
            || self.draw.happens(self.weather.loss_per_mille)
        {
            return;
        }
        let copies = 1 + u64::from(self.draw.happens(self.weather.duplicate_per_mille));
        for _ in 0..copies {
            self.sent += 1;
            let arrives = self.now + self.weather.latency + self.draw.below(self.weather.jitter);
            let datagram = Datagram { from, to, bytes: bytes.to_vec() };
            self.flying.insert((arrives, self.sent), datagram);
        }
    }

    fn arrived(&mut self, at: SocketAddr) -> Option<Datagram> {
        let due = ..=(self.now, u64::MAX);
        let key = *self.flying.range(due).find(|(_, datagram)| datagram.to == at)?.0;
        self.flying.remove(&key)
    }
}

/// One of laminar's sockets.
pub(crate) struct AirSocket {
    pub(crate) at: SocketAddr,
    pub(crate) air: Rc<RefCell<Air>>,
}

impl fmt::Debug for AirSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the socket at {}", self.at)
    }
}

impl DatagramSocket for AirSocket {
    fn send_packet(&mut self, to: &SocketAddr, bytes: &[u8]) -> io::Result<usize> {
        self.air.borrow_mut().send(self.at, *to, bytes);
        Ok(bytes.len())
    }

    /// Cuts off what the buffer does not hold, as sockets do.
    fn receive_packet<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<(&'a [u8], SocketAddr)> {
        let arrived = self.air.borrow_mut().arrived(self.at);
        let datagram = arrived.ok_or(io::ErrorKind::WouldBlock)?;
        let length = datagram.bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&datagram.bytes[..length]);
        Ok((&buffer[..length], datagram.from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.at)
    }

    fn is_blocking_mode(&self) -> bool {
        false
    }
}
