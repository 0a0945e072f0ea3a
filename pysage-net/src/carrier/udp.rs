//! Datagrams over UDP: the socket of the system, in batches.

mod receiving;
mod sending;
mod socket;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

use quinn_udp::{EcnCodepoint, Transmit, UdpSocketState};
use socket2::Socket;

use super::{
    Arrived, Batch, DATAGRAM_BYTES, DatagramCarrier, Departing, MOST_SEGMENTS, Waits, wait_for,
};
use receiving::{Received, Receiver};
use sending::Sender;

/// Datagrams over UDP.
pub(crate) struct UdpCarrier {
    socket: UdpSocket,
    /// The same, for those that wait.
    waited_for: Arc<Socket>,
    state: UdpSocketState,
    local_address: SocketAddr,
    /// The one peer, if it has but one.
    peer: Option<SocketAddr>,
    /// Whether the socket is connected to it.
    is_connected: bool,
    is_dual_stack: bool,
    sender: Sender,
    receiver: Receiver,
    /// An earlier datagram did not reach the one peer; it has still to be told.
    refusal: Option<io::ErrorKind>,
    dropped: u64,
}

/// How a UDP carrier runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UdpOptions {
    /// Whether the system is asked to cut many datagrams out of one piece.
    pub(crate) segment_offload: bool,
}

impl UdpCarrier {
    /// A carrier at an address, for whoever sends there. On `[::]` it takes IPv4, too.
    ///
    /// # Errors
    /// The address is taken, or not one of this machine.
    pub(crate) fn listen(at: SocketAddr, options: UdpOptions) -> io::Result<UdpCarrier> {
        let (socket, is_dual_stack) = socket::bind(at)?;
        UdpCarrier::over(socket, is_dual_stack, None, options)
    }

    /// A carrier for one peer, whose address it is. It tells if nobody listens there.
    ///
    /// # Errors
    /// There is no way to this address.
    pub(crate) fn connect(to: SocketAddr, options: UdpOptions) -> io::Result<UdpCarrier> {
        let (socket, _) = socket::bind(socket::any_port(&to))?;
        // Most systems tell a socket that nobody listens there only if it is connected. Windows tells
        // every socket, and it is not documented there what a connected one does with the address
        // that quinn-udp puts into each message.
        if socket::TELLS_ONLY_CONNECTED {
            socket.connect(to)?;
        }
        UdpCarrier::over(socket, false, Some(to), options)
    }

    fn over(
        socket: UdpSocket,
        is_dual_stack: bool,
        peer: Option<SocketAddr>,
        options: UdpOptions,
    ) -> io::Result<UdpCarrier> {
        let state = UdpSocketState::new((&socket).into())?;
        let most_segments =
            if options.segment_offload { state.max_gso_segments().min(MOST_SEGMENTS) } else { 1 };
        Ok(UdpCarrier {
            local_address: socket.local_addr()?,
            is_connected: peer.is_some() && socket::TELLS_ONLY_CONNECTED,
            is_dual_stack,
            peer,
            sender: Sender::new(most_segments),
            receiver: Receiver::new(state.gro_segments()),
            refusal: None,
            dropped: 0,
            waited_for: Arc::new(Socket::from(socket.try_clone()?)),
            socket,
            state,
        })
    }

    /// The same for datagrams of up to so many bytes, which the system cuts into fragments where they
    /// are too long for their way, as far as it can be asked to: on Linux.
    #[cfg(feature = "legacy")]
    pub(crate) fn with_datagrams_of(mut self, longest_bytes: usize) -> io::Result<UdpCarrier> {
        socket::allow_fragments(&self.socket, &self.local_address)?;
        self.receiver = Receiver::new(self.state.gro_segments()).longest(longest_bytes);
        Ok(self)
    }

    /// The socket, to wait for it.
    #[cfg(feature = "legacy")]
    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// One call of the system, for one datagram or a run of them.
    fn send_piece(&self, run: &Departing<'_>, piece: &[u8]) -> io::Result<()> {
        if self.is_connected && !socket::CONNECTED_TAKE_ADDRESSES {
            return self.socket.send(piece).map(drop);
        }
        let is_run = piece.len() > run.segment_bytes;
        // It needs nothing of what quinn-udp adds, and costs a sixth less without.
        if !is_run && !run.markable {
            return self.socket.send_to(piece, run.to).map(drop);
        }
        let transmit = Transmit {
            destination: run.to,
            ecn: run.markable.then_some(EcnCodepoint::Ect0),
            contents: piece,
            segment_size: is_run.then_some(run.segment_bytes),
            src_ip: None,
        };
        self.state.try_send((&self.socket).into(), &transmit)
    }
}

impl DatagramCarrier for UdpCarrier {
    fn local_addr(&self) -> SocketAddr {
        self.local_address
    }

    fn datagram_bytes(&self) -> usize {
        DATAGRAM_BYTES
    }

    fn prefers_one_size(&self) -> bool {
        self.sender.most_segments() > 1
    }

    fn marks_congestion(&self) -> bool {
        socket::marks_congestion(self.is_dual_stack, self.is_connected)
    }

    fn receive(&mut self, _now: Instant, each: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch> {
        let address = self.peer;
        if let Some(kind) = self.refusal.take() {
            each(Arrived::Unreachable { address, kind });
        }
        let UdpCarrier { socket, state, receiver, dropped, .. } = self;
        receiver.receive(
            |buffers, metas| state.recv((&*socket).into(), buffers, metas),
            &mut |received| match received {
                Received::Datagram { from, is_marked, bytes } => {
                    each(Arrived::Datagram { from, is_marked, bytes });
                }
                Received::Unreachable(kind) => each(Arrived::Unreachable { address, kind }),
                Received::Unfit => *dropped += 1,
            },
        )
    }

    fn send(&mut self, _now: Instant, run: Departing<'_>) -> io::Result<usize> {
        // The system says EINVAL, upon which quinn-udp would not mark anything any more.
        if run.to.port() == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut sender = self.sender;
        let mut refusal = None;
        let sent = sender.send(&run, |piece| match self.send_piece(&run, piece) {
            // That is about an earlier datagram. It is told once, and this one goes out behind it.
            Err(error) if self.peer.is_some() && sending::is_refusal(&error) => {
                refusal = Some(io::ErrorKind::ConnectionRefused);
                self.send_piece(&run, piece)
            }
            sent => sent,
        });
        self.sender = sender;
        self.refusal = self.refusal.or(refusal);
        sent
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }

    fn waits(&self) -> Waits {
        wait_for(&self.waited_for)
    }
}

#[cfg(test)]
mod tests;
