//! The room over the loopback interface, of what every system has.
//!
//! No system call hands a socket to another process on all systems. So the two ends of a [`Stream`]
//! are not connected when they are made: each is a [`Ticket`] for a meeting at the [`door`] of the
//! process that made them. A ticket can be given to another process, and on from there. Whoever
//! uses its end first calls there, and once both have called, they are connected directly:
//!
//! * both in the process that made them: by a pair of sockets;
//! * one of them there: by the connection with which the other called;
//! * none: the one is told to connect to the door of the other.
//!
//! Whoever connects to a door shows the ticket's token first, 128 random bits. A child process gets
//! the first one over its standard input, and all others over its [`Control`], so nobody else has
//! one. Connections that show none in time are dropped.

mod call;
mod control;
mod door;
mod inherit;
#[cfg(windows)]
mod job;
mod parting;
mod start;
mod ticket;

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::fd::{AsFd, BorrowedFd};
use socket2::SockRef;

use self::door::door;
use self::ticket::Ticket;
use super::{Interest, Progress};

pub(crate) use control::{Control, ControlError, Received};
pub(crate) use inherit::{inherited, watch_parent};
#[cfg(windows)]
pub(crate) use job::Job;
pub(crate) use parting::part;
pub(crate) use start::spawn;

/// One end of a connection between two groups: bytes both ways, in order, never blocking.
///
/// To another process it is given by [`Control::queue`], before it is used.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Arc<End>);

/// One end, for as long as somebody has it.
#[derive(Debug)]
struct End {
    socket: OnceLock<TcpStream>,
    /// It will not be connected: the other end is gone.
    is_lost: AtomicBool,
    /// The end of the other one was seen.
    has_ended: AtomicBool,
    /// What it needs until it is connected; nothing if it always was.
    meeting: Option<Meeting>,
}

/// How an end comes to its socket.
#[derive(Debug)]
struct Meeting {
    ticket: Ticket,
    phase: Mutex<Phase>,
    /// Can be read once it is known whether the end is connected, and is polled until then.
    news: TcpStream,
    /// Dropped for that.
    silence: Mutex<Option<TcpStream>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody has called with its ticket.
    Unused,
    /// This process has.
    Called,
    /// It is another process's.
    HandedOver,
}

impl Stream {
    /// Two ends that belong together.
    ///
    /// # Errors
    ///
    /// The process or the system has as many sockets open as it may.
    pub(crate) fn pair() -> io::Result<(Stream, Stream)> {
        let [one, other] = door()?.invite()?.map(Stream::with_ticket);
        Ok((one?, other?))
    }

    /// Two ends that are used by this process alone, and for little.
    pub(super) fn connected_pair() -> io::Result<(Stream, Stream)> {
        let (one, other) = socket_pair()?;
        let end = |socket: TcpStream| End {
            socket: OnceLock::from(socket),
            is_lost: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            meeting: None,
        };
        Ok((Stream(Arc::new(end(one))), Stream(Arc::new(end(other)))))
    }

    /// The end that a ticket stands for.
    fn with_ticket(ticket: Ticket) -> io::Result<Stream> {
        let (news, silence) = socket_pair().inspect_err(|_| call::revoke(ticket))?;
        let silence = Mutex::new(Some(silence));
        let meeting = Meeting { ticket, phase: Mutex::new(Phase::Unused), news, silence };
        Ok(Stream(Arc::new(End {
            socket: OnceLock::new(),
            is_lost: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            meeting: Some(meeting),
        })))
    }

    /// What another process needs to have this end.
    ///
    /// # Errors
    ///
    /// It is in use here.
    fn into_ticket(self) -> io::Result<Ticket> {
        let in_use =
            || io::Error::new(ErrorKind::InvalidInput, "a stream in use is not given away");
        let meeting = self.0.meeting.as_ref().ok_or_else(in_use)?;
        let mut phase = meeting.phase();
        if *phase != Phase::Unused {
            return Err(in_use());
        }
        *phase = Phase::HandedOver;
        Ok(meeting.ticket)
    }

    /// Reads what is there, as much as fits.
    ///
    /// # Errors
    ///
    /// What the system says, but for the ordinary endings, which are [`Progress::Ended`].
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<Progress> {
        if buffer.is_empty() {
            return Ok(Progress::Bytes(0));
        }
        let Some(mut socket) = self.0.socket() else { return Ok(self.0.without_socket()) };
        match progress(|| socket.read(buffer))? {
            Progress::Bytes(0) | Progress::Ended => {
                // Who has ended reads nothing any more, and may wait to hear that all was read.
                if !self.0.has_ended.swap(true, Ordering::Relaxed) {
                    drop(socket.shutdown(Shutdown::Write));
                }
                Ok(Progress::Ended)
            }
            progress => Ok(progress),
        }
    }

    /// Writes the slices one behind the other, as much as is taken now.
    ///
    /// # Errors
    ///
    /// What the system says, but for the ordinary endings, which are [`Progress::Ended`].
    pub(crate) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<Progress> {
        if slices.iter().all(|slice| slice.is_empty()) {
            return Ok(Progress::Bytes(0));
        }
        // This end has closed its side, too, then.
        if self.0.has_ended.load(Ordering::Relaxed) {
            return Ok(Progress::Ended);
        }
        match self.0.socket() {
            Some(mut socket) => progress(|| socket.write_vectored(slices)),
            None => Ok(self.0.without_socket()),
        }
    }

    /// What to wait for on it. Until it is connected, that is waited for.
    pub(crate) fn interest(&self, readable: bool, writable: bool) -> Interest<'_> {
        let waits = readable || writable;
        match (self.0.socket(), &self.0.meeting) {
            (None, Some(meeting)) => {
                Interest { descriptor: meeting.news.as_fd(), readable: waits, writable: false }
            }
            _ => Interest { descriptor: self.descriptor(), readable, writable },
        }
    }

    /// What is polled once it is connected.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.socket.get().expect("it is connected").as_fd()
    }
}

impl End {
    /// Its socket, once it is connected; calls for that if nobody has.
    fn socket(self: &Arc<End>) -> Option<&TcpStream> {
        if self.socket.get().is_none() && !self.is_lost.load(Ordering::Acquire) {
            self.call();
        }
        self.socket.get()
    }

    fn call(self: &Arc<End>) {
        let Some(meeting) = &self.meeting else { return };
        let is_first = {
            let mut phase = meeting.phase();
            std::mem::replace(&mut *phase, Phase::Called) == Phase::Unused
        };
        if is_first {
            call::call(meeting.ticket, self);
        }
    }

    fn without_socket(&self) -> Progress {
        if self.is_lost.load(Ordering::Acquire) { Progress::Ended } else { Progress::Later }
    }

    /// Takes note of its socket, or that it gets none.
    fn settle(&self, socket: Option<TcpStream>) {
        let socket = socket.filter(|socket| {
            socket.set_read_timeout(None).and_then(|()| socket.set_nonblocking(true)).is_ok()
        });
        match socket {
            Some(socket) => drop(self.socket.set(socket)),
            None => self.is_lost.store(true, Ordering::Release),
        }
        if let Some(meeting) = &self.meeting {
            *meeting.silence.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    fn is_settled(&self) -> bool {
        self.socket.get().is_some() || self.is_lost.load(Ordering::Acquire)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            return parting::take_leave(socket, self.has_ended.load(Ordering::Relaxed));
        }
        if let Some(meeting) = &self.meeting
            && *meeting.phase() != Phase::HandedOver
        {
            call::revoke(meeting.ticket);
        }
    }
}

impl Meeting {
    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the ordinary outcomes of a non-blocking call from errors.
fn progress(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<Progress> {
    loop {
        return match call() {
            Ok(bytes) => Ok(Progress::Bytes(bytes)),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::WouldBlock => Ok(Progress::Later),
                ErrorKind::BrokenPipe
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::NotConnected => Ok(Progress::Ended),
                _ => Err(error),
            },
        };
    }
}

/// Two sockets of this process that are connected to each other, non-blocking.
fn socket_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let one = TcpStream::connect(listener.local_addr()?)?;
    let name = one.local_addr()?;
    let other = loop {
        // Somebody else may connect, too.
        let (other, from) = accept(&listener)?;
        if from == Some(name) {
            break other;
        }
    };
    for socket in [&one, &other] {
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
    }
    Ok((one, other))
}

/// The next one who connects, and its address.
///
/// Not by std's: on Windows child processes would inherit the socket, and hold its connection open.
fn accept(listener: &TcpListener) -> io::Result<(TcpStream, Option<SocketAddr>)> {
    let (socket, from) = SockRef::from(listener).accept()?;
    Ok((socket.into(), from.as_socket()))
}

#[cfg(test)]
mod tests;
