//! laminar's framing around each datagram. No other file names laminar.
//!
//! What laminar does here: its `VirtualConnection` writes the head of an unreliable packet in front
//! of each datagram that leaves, and parses each that comes. That is all. Its reliable modes lose,
//! repeat and corrupt messages, as `tests/tests/laminar_facts.rs` shows; it resends without a clock,
//! believes anyone's acknowledgements, and keeps 1.6 MB for each peer. So the guarantees are those of
//! the endpoint above, and only what has the head of an unreliable packet gets as far as laminar.
//!
//! Unreliable packets use neither the address nor the state of a connection, so one serves all the
//! peers of a socket, by whatever clock.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use laminar::{Config, Connection, ConnectionMessenger, Packet, SocketEvent, VirtualConnection};

use super::{Arrived, Batch, DatagramCarrier, Departing, MOST_SEGMENTS, Waits};

/// How many bytes laminar writes in front of an unreliable packet: a checksum of its version, the
/// kind of packet and the two guarantees that are none.
const HEAD_BYTES: usize = 5;

/// Carries each datagram of another carrier as an unreliable packet of laminar.
pub(crate) struct LaminarCarrier<C> {
    carrier: C,
    framing: Framing,
    head: [u8; HEAD_BYTES],
    dropped: u64,
}

impl<C: DatagramCarrier> LaminarCarrier<C> {
    /// laminar over this carrier.
    pub(crate) fn new(now: Instant, carrier: C) -> LaminarCarrier<C> {
        let mut framing = Framing::new(now);
        // It may change with laminar's version, so laminar is asked.
        framing.frame(now, &[]);
        let head = framing
            .framed
            .as_slice()
            .try_into()
            .expect("an unreliable packet without content is a head of 5 bytes");
        LaminarCarrier { carrier, framing, head, dropped: 0 }
    }
}

impl<C: DatagramCarrier> DatagramCarrier for LaminarCarrier<C> {
    fn local_addr(&self) -> SocketAddr {
        self.carrier.local_addr()
    }

    fn datagram_bytes(&self) -> usize {
        self.carrier.datagram_bytes() - HEAD_BYTES
    }

    fn prefers_one_size(&self) -> bool {
        self.carrier.prefers_one_size()
    }

    fn marks_congestion(&self) -> bool {
        self.carrier.marks_congestion()
    }

    fn receive(&mut self, now: Instant, each: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch> {
        let LaminarCarrier { carrier, framing, head, dropped } = self;
        carrier.receive(now, &mut |arrived| match arrived {
            Arrived::Datagram { from, is_marked, bytes } => {
                // Any other head would have laminar acknowledge, order, put together and keep.
                if !bytes.starts_with(head) || bytes.len() == HEAD_BYTES {
                    *dropped += 1;
                    return;
                }
                // It allocates for the content, and copies it.
                match framing.connection.process_incoming(bytes, now) {
                    Ok(packets) => {
                        for (packet, _) in packets {
                            each(Arrived::Datagram { from, is_marked, bytes: packet.payload() });
                        }
                    }
                    Err(_) => *dropped += 1,
                }
            }
            other => each(other),
        })
    }

    fn send(&mut self, now: Instant, run: Departing<'_>) -> io::Result<usize> {
        let segment_bytes = run.segment_bytes.max(1);
        let run_bytes = run.bytes.len().min(segment_bytes * MOST_SEGMENTS);
        let segments = run.bytes[..run_bytes].chunks(segment_bytes);
        let framed_bytes = run_bytes + HEAD_BYTES * segments.len();
        self.framing.framed.clear();
        for segment in segments {
            self.framing.frame(now, segment);
        }
        // It says nothing of a packet that it refuses, for being too long.
        if self.framing.framed.len() != framed_bytes {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let framed_segment_bytes = segment_bytes + HEAD_BYTES;
        let framed =
            Departing { bytes: &self.framing.framed, segment_bytes: framed_segment_bytes, ..run };
        let taken_bytes = self.carrier.send(now, framed)?;
        Ok(if taken_bytes == framed_bytes {
            run_bytes
        } else {
            taken_bytes / framed_segment_bytes * segment_bytes
        })
    }

    fn arrives_at(&self) -> Option<Instant> {
        self.carrier.arrives_at()
    }

    fn dropped(&self) -> u64 {
        self.dropped + self.carrier.dropped()
    }

    fn waits(&self) -> Waits {
        self.carrier.waits()
    }
}

/// One connection of laminar, and what it writes.
struct Framing {
    connection: VirtualConnection,
    config: Config,
    framed: Vec<u8>,
}

/// Where laminar looks for a peer, and is told the same each time.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

impl Framing {
    fn new(now: Instant) -> Framing {
        let config = Config::default();
        Framing {
            connection: VirtualConnection::new(ADDRESS, &config, now),
            config,
            framed: Vec::new(),
        }
    }

    /// Writes a datagram with its head behind those that are there. laminar allocates for the content,
    /// the head, and the two behind one another.
    fn frame(&mut self, now: Instant, content: &[u8]) {
        let packet = Packet::unreliable(ADDRESS, content.to_vec());
        let mut written = Written { config: &self.config, framed: &mut self.framed };
        self.connection.process_event(&mut written, packet, now);
    }
}

/// Takes what laminar writes.
struct Written<'a> {
    config: &'a Config,
    framed: &'a mut Vec<u8>,
}

impl ConnectionMessenger<SocketEvent> for Written<'_> {
    fn config(&self) -> &Config {
        self.config
    }

    /// laminar's idea of when a peer has come is not ours.
    fn send_event(&mut self, _address: &SocketAddr, _event: SocketEvent) {}

    fn send_packet(&mut self, _address: &SocketAddr, packet: &[u8]) {
        self.framed.extend_from_slice(packet);
    }
}

#[cfg(test)]
mod tests;
