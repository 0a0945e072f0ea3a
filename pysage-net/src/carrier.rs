//! What carries datagrams, and promises nothing else.
//!
//! A carrier is the only place where datagrams meet the operating system, or a simulated network.
//! It may lose, repeat, reorder and delay them. What becomes of a message is the business of the
//! endpoint above it.

#[cfg(feature = "laminar")]
mod laminar;
#[cfg(feature = "sim")]
mod memory;
#[cfg(feature = "tcp")]
pub(crate) mod stream;
mod udp;
mod wait;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use socket2::Socket;

#[cfg(feature = "laminar")]
use laminar::LaminarCarrier;
#[cfg(feature = "sim")]
use memory::MemoryCarrier;
#[cfg(feature = "tcp")]
use stream::StreamCarrier;
pub(crate) use udp::{UdpCarrier, UdpOptions};
pub(crate) use wait::{Wait, Waits};

use crate::rate::Share;
#[cfg(feature = "sim")]
use crate::sim::SimPort;

/// What carries the datagrams of a listener or a connection. Both ends have to name the same.
///
/// What a message's [`Delivery`](crate::Delivery) promises holds over each of them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Carrier {
    /// UDP, with laminar's framing of five bytes around each datagram: the one unless set.
    #[cfg(feature = "laminar")]
    #[cfg_attr(feature = "laminar", default)]
    Laminar,
    /// UDP, with nothing around a datagram: the one unless set, where the feature `laminar` is off.
    #[cfg_attr(not(feature = "laminar"), default)]
    Udp,
    /// TCP, for networks that let nothing else through, or for bulk. All deliveries are taken, and
    /// what each means there is this:
    ///
    /// * All messages arrive in the order in which they were sent within their lane, once, as long
    ///   as the connection lasts; also those that are [`Unreliable`](crate::Delivery::Unreliable) or
    ///   [`Sequenced`](crate::Delivery::Sequenced), unless the other end does not handle them as
    ///   quickly as they come. Nothing overtakes what was lost on the way: the system sends that
    ///   again, and all that was sent behind it, of all streams, waits.
    /// * A connection that breaks off is told at once by
    ///   [`PeerDisconnected`](crate::PeerDisconnected), with the reason
    ///   [`ConnectionLost`](crate::DisconnectReason::ConnectionLost). What arrived before is handed
    ///   over. What is reliable and was not acknowledged is counted as undelivered and shown to the
    ///   dead-letter handler; what is not reliable is gone.
    /// * That nobody listens at an address is told at once; over UDP it is tried again until the
    ///   [`connect_timeout`](crate::NetConfig::connect_timeout).
    ///
    /// UDP is the better way for a game: there what is newer does not wait for what was lost.
    #[cfg(feature = "tcp")]
    Tcp,
    /// A [simulated network](crate::sim), with this address on it.
    #[cfg(feature = "sim")]
    Memory(SimPort),
}

impl Carrier {
    /// Opens a carrier at an address, for whoever sends there.
    pub(crate) fn listen(
        &self,
        now: Instant,
        at: SocketAddr,
        options: UdpOptions,
    ) -> io::Result<Box<dyn DatagramCarrier>> {
        #[cfg(feature = "tcp")]
        if let Carrier::Tcp = self {
            return Ok(Box::new(StreamCarrier::listen(at)?));
        }
        #[cfg(feature = "sim")]
        if let Carrier::Memory(port) = self {
            #[cfg(feature = "tcp")]
            if port.is_by_streams() {
                return Ok(Box::new(StreamCarrier::listen_simulated(at, port)?));
            }
            return Ok(self.framed(now, MemoryCarrier::listen(now, at, port)?));
        }
        Ok(self.framed(now, UdpCarrier::listen(at, options)?))
    }

    /// Opens a carrier for one peer whose address is not known yet, or to which there is no way.
    pub(crate) fn idle(
        &self,
        now: Instant,
        options: UdpOptions,
    ) -> io::Result<Box<dyn DatagramCarrier>> {
        #[cfg(feature = "tcp")]
        if let Carrier::Tcp = self {
            return Ok(Box::new(StreamCarrier::idle()));
        }
        self.listen(now, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), options)
    }

    /// Opens a carrier for one peer, whose address it is. It tells if nobody listens there.
    pub(crate) fn connect(
        &self,
        now: Instant,
        to: SocketAddr,
        options: UdpOptions,
    ) -> io::Result<Box<dyn DatagramCarrier>> {
        #[cfg(feature = "tcp")]
        if let Carrier::Tcp = self {
            return Ok(Box::new(StreamCarrier::connect(now, to)?));
        }
        #[cfg(feature = "sim")]
        if let Carrier::Memory(port) = self {
            #[cfg(feature = "tcp")]
            if port.is_by_streams() {
                return Ok(Box::new(StreamCarrier::connect_simulated(now, to, port)));
            }
            return Ok(self.framed(now, MemoryCarrier::open(now, port)?));
        }
        Ok(self.framed(now, UdpCarrier::connect(to, options)?))
    }

    /// Whether nothing goes over a network of the system.
    pub(crate) fn is_simulated(&self) -> bool {
        #[cfg(feature = "sim")]
        if let Carrier::Memory(_) = self {
            return true;
        }
        false
    }

    /// A carrier, within laminar's framing if this says so.
    #[cfg_attr(not(feature = "laminar"), expect(unused_variables))]
    fn framed(
        &self,
        now: Instant,
        carrier: impl DatagramCarrier + 'static,
    ) -> Box<dyn DatagramCarrier> {
        match self {
            #[cfg(feature = "laminar")]
            Carrier::Laminar => Box::new(LaminarCarrier::new(now, carrier)),
            #[cfg(all(feature = "laminar", feature = "sim"))]
            Carrier::Memory(port) if port.is_framed_by_laminar() => {
                Box::new(LaminarCarrier::new(now, carrier))
            }
            _ => Box::new(carrier),
        }
    }
}

/// Carries datagrams, without blocking.
pub(crate) trait DatagramCarrier: Send {
    /// The address that others reach it at.
    fn local_addr(&self) -> SocketAddr;

    /// The most bytes of one datagram that it takes: 1,200 less its own framing, or more over streams.
    fn datagram_bytes(&self) -> usize;

    /// Whether datagrams of one size leave more cheaply together: worth filling up those that are
    /// almost full.
    fn prefers_one_size(&self) -> bool {
        false
    }

    /// Whether what it sends can be marked for explicit congestion notification, and what it
    /// receives tells.
    fn marks_congestion(&self) -> bool;

    /// Hands over what has arrived, a batch of datagrams at most. Nothing that anyone sends makes
    /// it fail: what is no datagram of its kind is counted by [`dropped`](Self::dropped).
    ///
    /// # Errors
    /// An error of the socket itself.
    fn receive(&mut self, now: Instant, each: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch>;

    /// Sends datagrams to one address. Returns how many of their bytes were taken: all, or those of
    /// the first segments, or 0 if it takes no more now.
    ///
    /// # Errors
    /// An error that concerns this address, such as that there is no way to it. The datagrams are
    /// gone, as if they had been lost.
    fn send(&mut self, now: Instant, datagrams: Departing<'_>) -> io::Result<usize>;

    /// When it is to be received from next although no socket wakes: when the next datagram arrives,
    /// if it can know.
    fn arrives_at(&self) -> Option<Instant> {
        None
    }

    /// How many datagrams it received that are not of its kind.
    fn dropped(&self) -> u64;

    /// What a thread waits for; nothing if there are no sockets.
    fn waits(&self) -> Waits {
        Waits::default()
    }

    /// Counts how often [`waits`](Self::waits) changed.
    fn waits_changed(&self) -> u64 {
        0
    }

    /// What is more to it if the datagrams go over streams.
    fn streams(&mut self) -> Option<&mut dyn OverStreams> {
        None
    }
}

/// A carrier whose datagrams go over byte streams, one for each peer. It loses, repeats and reorders
/// none while a stream lasts, and tells of its end.
pub(crate) trait OverStreams {
    /// Whether a datagram for a peer can leave now. If not, [`Arrived::Ready`] tells when it can.
    fn has_room(&mut self, peer: SocketAddr) -> bool;

    /// Has the stream of a peer stay although others come: there is a session. No more is read of it
    /// than this share, if there is one: beyond that it is left to the stream until it is due, which
    /// [`Arrived::Paused`] tells, so that the peer can write no more.
    fn keep(&mut self, peer: SocketAddr, share: Option<Box<Share>>);

    /// Has the stream of a peer end, behind what was sent.
    fn finish(&mut self, now: Instant, peer: SocketAddr);

    /// Has all that was sent leave.
    fn flush(&mut self, now: Instant);

    /// Whether no stream is about to end.
    fn is_quiet(&self) -> bool;
}

/// What waits for one socket that stays the same.
pub(crate) fn wait_for(socket: &Arc<Socket>) -> Waits {
    Arc::new([Wait { socket: socket.clone(), reads: true, writes: false }])
}

/// Whether there may be more to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// There may be more.
    More,
    /// That was all.
    All,
}

/// What came.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arrived<'a> {
    /// A datagram.
    Datagram {
        from: SocketAddr,
        /// It was marked on its way: there is congestion.
        is_marked: bool,
        bytes: &'a [u8],
    },
    /// What was sent to this address did not reach it: nobody listens there, or there is no way.
    Unreachable { address: Option<SocketAddr>, kind: io::ErrorKind },
    /// The stream of a peer takes datagrams again.
    #[cfg_attr(not(any(test, feature = "tcp")), expect(dead_code))]
    Ready { address: SocketAddr },
    /// More came over the stream of a peer than its share: nothing more is read until then.
    #[cfg_attr(not(any(test, feature = "tcp")), expect(dead_code))]
    Paused { address: SocketAddr, until: Instant },
    /// The stream of a peer has ended, or did not come about.
    #[cfg_attr(not(any(test, feature = "tcp")), expect(dead_code))]
    Ended { address: SocketAddr, kind: io::ErrorKind },
}

/// Datagrams of one size for one address, one behind the other; the last may be shorter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departing<'a> {
    pub(crate) to: SocketAddr,
    /// To be marked if there is congestion, instead of dropped.
    pub(crate) markable: bool,
    pub(crate) bytes: &'a [u8],
    /// How many bytes each datagram has but the last.
    pub(crate) segment_bytes: usize,
}

/// How many bytes a datagram has at most, with all framing. Each path takes as much: RFC 9000, section
/// 14, asks for 1,200 of every path.
pub(crate) const DATAGRAM_BYTES: usize = 1_200;

/// How many datagrams go out in one call at most.
pub(crate) const MOST_SEGMENTS: usize = 32;
