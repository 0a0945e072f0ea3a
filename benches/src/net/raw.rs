//! What the others are compared with: `send_to` of the standard library, one message a datagram.

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{RecvFlags, recv},
};

use super::{
    case::Case,
    message::{Handled, MAX_BYTES, Message},
    peer::{End, Failure, Invitation, Job, Peer},
    socket::{bind, datagrams_that_fit},
    window::Window,
};

pub const PEER: Peer = Peer::new::<Raw>(
    "raw",
    "send_to of the standard library, one message a datagram. Runs always in these cases",
    None,
    |job| matches!(job.case, Case::Burst | Case::Mixed | Case::RoundTrip),
);

/// Sent until the other end has sent it as well.
const HELLO: [u8; 1] = [1];

/// So many datagrams are taken before messages are sent again.
const MOST_AT_A_TIME: usize = 1_024;

/// Without a library nothing is resent. On the loopback interface nothing is lost either, as long
/// as the receiver's buffer does not overflow, which the window keeps it from.
pub struct Raw {
    socket: UdpSocket,
    other: Option<SocketAddr>,
    is_connected: bool,
    window: Window,
    /// Arrived while waiting.
    waiting: usize,
    timeout: Duration,
    buffer: Vec<u8>,
    encoded: Vec<u8>,
    handled: Handled,
}

impl Raw {
    fn open(job: &Job, other: Option<SocketAddr>) -> Result<Self, Failure> {
        let socket = bind()?;
        socket.set_nonblocking(true)?;
        let limit = datagrams_that_fit(&socket, job.load.bytes.unwrap_or(1_000))?;
        Ok(Self {
            socket,
            other,
            is_connected: false,
            window: Window::new(limit),
            waiting: 0,
            timeout: Duration::ZERO,
            buffer: vec![0; MAX_BYTES],
            encoded: Vec::new(),
            handled: Handled::default(),
        })
    }

    /// Each end says hello until it has heard the other one.
    fn greet(&mut self) -> Result<(), Failure> {
        if let Ok((_, from)) = self.socket.recv_from(&mut self.buffer) {
            self.other = Some(from);
            self.socket.connect(from)?;
            self.socket.set_nonblocking(false)?;
            self.is_connected = true;
        }
        if let Some(other) = self.other {
            self.socket.send_to(&HELLO, other)?;
        }
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<(), Failure> {
        let bytes = &self.buffer[..length];
        if bytes == HELLO || self.window.take(bytes) {
            return Ok(());
        }
        self.handled.decode(bytes)?;
        if let (Some(word), Some(other)) = (self.window.report(self.handled.count), self.other) {
            self.socket.send_to(&word, other)?;
        }
        Ok(())
    }
}

impl End for Raw {
    fn listen(job: &Job) -> Result<(Self, Invitation), Failure> {
        let end = Self::open(job, None)?;
        let address = end.socket.local_addr()?;
        Ok((end, Invitation { address, certificate: Vec::new() }))
    }

    fn connect(job: &Job, to: &Invitation) -> Result<Self, Failure> {
        Self::open(job, Some(to.address))
    }

    fn connected(&self) -> usize {
        usize::from(self.is_connected)
    }

    fn send(&mut self, _: usize, message: &Message) -> Result<bool, Failure> {
        let Some(other) = self.other.filter(|_| !self.window.is_full()) else {
            return Ok(false);
        };
        self.encoded.clear();
        message.encode(&mut self.encoded);
        self.socket.send_to(&self.encoded, other)?;
        self.window.count_sent();
        Ok(true)
    }

    fn receive(&mut self) -> Result<(), Failure> {
        if !self.is_connected {
            return self.greet();
        }
        let mut length = std::mem::take(&mut self.waiting);
        for _ in 0..MOST_AT_A_TIME {
            if length > 0 {
                self.take(length)?;
            }
            match recv(&self.socket, &mut self.buffer[..], RecvFlags::DONTWAIT) {
                Ok((_, received)) => length = received,
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        self.waiting = length;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Blocks in the call that receives, as who writes only this would do it.
    fn wait(&mut self, at_most: Duration) -> Result<(), Failure> {
        if !self.is_connected {
            std::thread::sleep(at_most);
            return Ok(());
        }
        if self.waiting > 0 || at_most.is_zero() {
            return Ok(());
        }
        if self.timeout != at_most {
            self.socket.set_read_timeout(Some(at_most))?;
            self.timeout = at_most;
        }
        if let Ok(length) = self.socket.recv(&mut self.buffer) {
            self.waiting = length;
        }
        Ok(())
    }

    fn handled(&self) -> Handled {
        self.handled
    }
}
