//! One connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pysage_core::transport::{Inbox, LinkId, Outbox, Outgoing};

use super::socket;
use crate::event::DisconnectReason;
use crate::legacy::desk::{Desk, Taken};
use crate::legacy::stream::{Next, Stream};
use crate::legacy::watch::Interest;

/// One connection.
pub(super) struct Connection {
    pub(super) link: LinkId,
    socket: Arc<TcpStream>,
    stream: Stream,
    state: State,
    /// The socket may have something to read.
    pub(super) is_ready: bool,
    /// Nothing can be written any more. What has arrived before is still read, and then the end.
    is_cut: bool,
    /// The peer has said too much in this second; nothing is taken of it until then.
    paused_until: Option<Instant>,
}

enum State {
    Connecting {
        until: Option<Instant>,
        /// Whom to try next.
        others: Vec<SocketAddr>,
        to: SocketAddr,
    },
    Open,
    /// Disconnected by this end, behind what was sent.
    Closing {
        until: Instant,
        is_shut_down: bool,
    },
    /// Nothing more is read or written; what has arrived is still handed over.
    Ended(DisconnectReason),
}

/// How long what was sent may take to arrive after a disconnect.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How much is read of a connection in a tick, so that it leaves time to the others.
const MOST_READ_BYTES: usize = 1 << 20;

impl Connection {
    /// Begins to connect to the first of these addresses to which there is a way.
    pub(super) fn connect(
        addresses: Vec<SocketAddr>,
        link: LinkId,
        until: Option<Instant>,
        packet_bytes: usize,
    ) -> Result<Connection, DisconnectReason> {
        let mut others = addresses;
        let mut reason = DisconnectReason::Unreachable;
        while !others.is_empty() {
            let to = others.remove(0);
            match socket::connect(to) {
                Ok(socket) => {
                    let state = State::Connecting { until, others, to };
                    return Ok(Connection::new(socket, link, packet_bytes, state));
                }
                Err(error) => reason = reason_of(&error),
            }
        }
        Err(reason)
    }

    /// A connection that was accepted.
    pub(super) fn accepted(
        socket: TcpStream,
        link: LinkId,
        packet_bytes: usize,
    ) -> io::Result<Connection> {
        Ok(Connection::new(socket::prepare(socket)?, link, packet_bytes, State::Open))
    }

    fn new(socket: TcpStream, link: LinkId, packet_bytes: usize, state: State) -> Connection {
        let (socket, stream) = (Arc::new(socket), Stream::new(packet_bytes));
        let (is_ready, is_cut, paused_until) = (false, false, None);
        Connection { link, socket, stream, state, is_ready, is_cut, paused_until }
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.socket.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    pub(super) fn room_bytes(&self, queue_bytes: usize) -> Option<usize> {
        match self.state {
            State::Connecting { .. } | State::Open => {
                Some(queue_bytes.saturating_sub(self.stream.unsent_bytes()))
            }
            State::Closing { .. } | State::Ended(_) => None,
        }
    }

    /// Closes it behind what was sent. `false` if it is closing, or over.
    pub(super) fn close(&mut self, now: Instant) -> bool {
        match self.state {
            State::Connecting { .. } => self.state = State::Ended(DisconnectReason::Closed),
            State::Open => {
                self.stream.ignore_arrived();
                self.state = State::Closing { until: now + CLOSE_TIMEOUT, is_shut_down: false };
            }
            State::Closing { .. } | State::Ended(_) => return false,
        }
        true
    }

    /// Ends it, whatever it does.
    pub(super) fn end(&mut self, reason: DisconnectReason) {
        if !matches!(self.state, State::Ended(_)) {
            self.state = State::Ended(reason);
        }
    }

    /// Reads, writes, and hands over what has arrived, as far as the inbox takes it.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        desk: &mut Desk,
        inbox: &mut Inbox<'_>,
        buffer: &mut [u8],
    ) {
        self.paused_until.take_if(|until| *until <= now);
        if let State::Connecting { .. } = self.state {
            self.look(now, desk);
        }
        self.write();
        match self.state {
            State::Open | State::Ended(_) => self.read(now, desk, inbox, buffer),
            State::Closing { .. } => self.drain(buffer),
            State::Connecting { .. } => {}
        }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        match self.state {
            State::Ended(_) => self.stream.next() == Next::Part,
            State::Closing { until, .. } => until <= now,
            _ => false,
        }
    }

    /// Looks whether it is connected by now.
    fn look(&mut self, now: Instant, desk: &mut Desk) {
        let State::Connecting { until, others, to } = &mut self.state else { return };
        let failure = match self.socket.take_error() {
            Ok(None) => match self.socket.peer_addr() {
                Ok(_) => {
                    desk.connected(self.link, *to);
                    self.state = State::Open;
                    return;
                }
                Err(error) if error.kind() == ErrorKind::NotConnected => None,
                Err(error) => Some(error),
            },
            Ok(Some(error)) | Err(error) => Some(error),
        };
        let is_late = until.is_some_and(|until| until <= now);
        let next = match failure {
            Some(error) if others.is_empty() => Err(reason_of(&error)),
            _ if is_late => Err(DisconnectReason::NoAnswer),
            Some(_) => {
                let (others, until) = (std::mem::take(others), *until);
                Connection::connect(others, self.link, until, desk.packet_bytes)
            }
            None => return,
        };
        match next {
            Ok(next) => (self.socket, self.state) = (next.socket, next.state),
            Err(reason) => self.state = State::Ended(reason),
        }
    }

    fn read(&mut self, now: Instant, desk: &mut Desk, inbox: &mut Inbox<'_>, buffer: &mut [u8]) {
        let mut left_bytes = MOST_READ_BYTES;
        while self.hand_over(now, desk, inbox) {
            if !self.is_ready || left_bytes == 0 || !matches!(self.state, State::Open) {
                return;
            }
            match (&*self.socket).read(buffer) {
                Ok(0) => self.end(DisconnectReason::ClosedByPeer),
                Ok(read) => {
                    self.stream.arrived(&buffer[..read]);
                    self.is_ready = read == buffer.len();
                    left_bytes = left_bytes.saturating_sub(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && !self.is_cut => {
                    self.is_ready = false;
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    self.end(DisconnectReason::TimedOut);
                }
                Err(_) => self.end(DisconnectReason::ClosedByPeer),
            }
        }
    }

    /// Hands over the frames that are there. `false` if some are left, for which there is no room, or
    /// which came too quickly.
    fn hand_over(&mut self, now: Instant, desk: &mut Desk, inbox: &mut Inbox<'_>) -> bool {
        loop {
            match self.stream.next() {
                Next::Part => return true,
                Next::TooLong => {
                    self.stream = Stream::new(desk.packet_bytes);
                    self.state = State::Ended(DisconnectReason::Malformed(
                        "it sent a packet that is longer than `message_bytes` allows",
                    ));
                    return true;
                }
                Next::Frame(packet) => {
                    if !Desk::fits(inbox, packet) || self.paused_until.is_some() {
                        return false;
                    }
                    if let Err(again_at) = desk.peers.may_speak(now, self.link) {
                        self.paused_until = Some(again_at);
                        return false;
                    }
                    if desk.packet(now, inbox, self.link, packet) == Taken::Later {
                        return false;
                    }
                }
            }
            self.stream.take();
        }
    }

    /// Reads what this end does not want any more, until the other end has closed, too: closing
    /// before would have it lose what it has not read.
    fn drain(&mut self, buffer: &mut [u8]) {
        for _ in 0..MOST_READ_BYTES / buffer.len().max(1) {
            match (&*self.socket).read(buffer) {
                Ok(0) => return self.end(DisconnectReason::Closed),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.end(DisconnectReason::Closed),
            }
        }
    }

    /// Takes packets out of the outbox, as far as the queue has room.
    pub(super) fn fill(&mut self, outbox: &mut Outbox, desk: &mut Desk) {
        if self.room_bytes(desk.queue_bytes).is_none() {
            return;
        }
        // The bound is about messages; the four bytes before each come on top.
        while let Some(bytes) = outbox.next_bytes(self.link)
            && self.room_bytes(desk.queue_bytes).is_some_and(|room_bytes| bytes <= room_bytes)
        {
            if let Some(Outgoing::Frame { bytes, .. }) = outbox.take(self.link) {
                self.stream.send(bytes);
                desk.counters.messages_sent += 1;
            }
        }
        if outbox.next_bytes(self.link).is_none() {
            // Asked once more, so that the outbox forgets the link.
            drop(outbox.take(self.link));
        }
    }

    /// Writes as much as the system takes.
    pub(super) fn write(&mut self) {
        if self.is_cut || matches!(self.state, State::Connecting { .. } | State::Ended(_)) {
            return;
        }
        while !self.stream.unsent().is_empty() {
            match (&*self.socket).write(self.stream.unsent()) {
                Ok(0) => return,
                Ok(written) => self.stream.pass_on(written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) if matches!(self.state, State::Closing { .. }) => {
                    return self.end(DisconnectReason::ClosedByPeer);
                }
                Err(_) => {
                    (self.is_cut, self.is_ready) = (true, true);
                    return;
                }
            }
        }
        if let State::Closing { is_shut_down, .. } = &mut self.state
            && !*is_shut_down
        {
            *is_shut_down = true;
            drop(self.socket.shutdown(Shutdown::Write));
        }
    }

    /// Why it is over, and what was not passed on.
    pub(super) fn give_up(&mut self) -> (DisconnectReason, Vec<Vec<u8>>) {
        let mut undelivered = Vec::new();
        self.stream.give_up(|packet| undelivered.push(packet.to_vec()));
        let reason = match &self.state {
            State::Ended(reason) => reason.clone(),
            State::Closing { .. } if undelivered.is_empty() => DisconnectReason::Closed,
            _ => DisconnectReason::TimedOut,
        };
        (reason, undelivered)
    }

    /// Writes and reads once more, without waiting: a socket that is closed with something unread
    /// takes back what it has sent.
    pub(super) fn say_farewell(&mut self, buffer: &mut [u8]) {
        if let State::Open | State::Closing { .. } = self.state {
            while !self.stream.unsent().is_empty()
                && let Ok(written @ 1..) = (&*self.socket).write(self.stream.unsent())
            {
                self.stream.pass_on(written);
            }
            drop(self.socket.shutdown(Shutdown::Write));
            self.drain(buffer);
        }
    }

    /// Whether something has arrived that only needs room.
    pub(super) fn is_held_up(&self) -> bool {
        self.paused_until.is_none() && self.stream.next() != Next::Part
    }

    pub(super) fn wake_at(&self) -> Option<Instant> {
        let until = match self.state {
            State::Connecting { until, .. } => until,
            State::Closing { until, .. } => Some(until),
            _ => None,
        };
        [until, self.paused_until].into_iter().flatten().min()
    }

    /// What to wait for at its socket, if there is something.
    pub(super) fn interest(&self) -> Option<Interest> {
        let (reads, writes) = match self.state {
            State::Connecting { .. } => (false, true),
            State::Open => {
                let takes_more = self.paused_until.is_none() && self.stream.next() == Next::Part;
                (takes_more, !self.stream.unsent().is_empty() && !self.is_cut)
            }
            State::Closing { .. } => (true, !self.stream.unsent().is_empty()),
            State::Ended(_) => (false, false),
        };
        (reads || writes).then(|| Interest::stream(&self.socket, reads, writes))
    }

    /// Whether it is connected.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// The socket, to ask whether it has something to read.
    pub(super) fn reading(&self) -> Interest {
        Interest::stream(&self.socket, true, false)
    }
}

fn reason_of(error: &io::Error) -> DisconnectReason {
    match error.kind() {
        ErrorKind::ConnectionRefused => DisconnectReason::NobodyListens,
        ErrorKind::TimedOut => DisconnectReason::NoAnswer,
        _ => DisconnectReason::Unreachable,
    }
}
