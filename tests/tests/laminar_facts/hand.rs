//! One of laminar's connections, with each of its datagrams in hand.

use std::net::SocketAddr;
use std::time::Instant;

use laminar::{Config, Connection, ConnectionMessenger, Packet, SocketEvent, VirtualConnection};

use crate::ends::address;
use crate::scenario::End;

/// A connection, and what it wrote and told.
pub(crate) struct Hand {
    pub(crate) connection: VirtualConnection,
    now: Instant,
    told: Told,
}

struct Told {
    config: Config,
    written: Vec<Vec<u8>>,
    events: Vec<SocketEvent>,
}

impl Hand {
    /// The connection of the near end to the far one, or the other way about.
    pub(crate) fn new() -> Hand {
        let config = Config::default();
        let now = Instant::now();
        Hand {
            connection: VirtualConnection::new(address(End::Far), &config, now),
            now,
            told: Told { config, written: Vec::new(), events: Vec::new() },
        }
    }

    /// Sends a message. Returns the datagrams that it wrote.
    pub(crate) fn send(&mut self, packet: Packet) -> Vec<Vec<u8>> {
        self.connection.process_event(&mut self.told, packet, self.now);
        std::mem::take(&mut self.told.written)
    }

    /// Takes a datagram. Returns the bodies of the messages that it handed over.
    pub(crate) fn take(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        self.connection.process_packet(&mut self.told, datagram, self.now);
        let bodies = self.told.events.drain(..).filter_map(|event| match event {
            SocketEvent::Packet(packet) => Some(packet.payload().to_vec()),
            _ => None,
        });
        bodies.collect()
    }

    /// Sends again what it takes for lost.
    pub(crate) fn resend(&mut self) -> Vec<Vec<u8>> {
        self.connection.update(&mut self.told, self.now);
        std::mem::take(&mut self.told.written)
    }
}

impl ConnectionMessenger<SocketEvent> for Told {
    fn config(&self) -> &Config {
        &self.config
    }

    fn send_event(&mut self, _address: &SocketAddr, event: SocketEvent) {
        self.events.push(event);
    }

    fn send_packet(&mut self, _address: &SocketAddr, datagram: &[u8]) {
        self.written.push(datagram.to_vec());
    }
}
