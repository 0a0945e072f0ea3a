//! Where the ends of streams meet: one listening socket for each process.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::ticket::{Hello, Purpose, Side, Ticket, Token};
use super::{End, accept, socket_pair};

/// How long whoever connects may take to show a token.
const HELLO_TIMEOUT: Duration = Duration::from_secs(2);

/// How many may be connected that have shown none. More are dropped, so that they take no more.
const VISITORS_MAX: usize = 64;

/// How many pairs of ends may wait to be connected.
const PAIRS_MAX: usize = 1 << 16;

/// How long to wait when the system has no more sockets for who connects.
const NAP: Duration = Duration::from_millis(10);

/// This process's door, which is opened when it is first asked for.
///
/// # Errors
///
/// The process or the system has as many sockets open, or threads running, as it may.
pub(super) fn door() -> io::Result<&'static Door> {
    static DOOR: OnceLock<Door> = OnceLock::new();
    static OPENING: Mutex<()> = Mutex::new(());
    if let Some(door) = DOOR.get() {
        return Ok(door);
    }
    let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(door) = DOOR.get() {
        return Ok(door);
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let thread = thread::Builder::new().name("pysage-door".to_owned());
    thread.spawn(move || DOOR.wait().serve(&listener))?;
    Ok(DOOR.get_or_init(|| Door {
        port,
        meetings: Mutex::default(),
        visitors: AtomicUsize::new(0),
    }))
}

/// Where those connect who have a ticket.
pub(super) struct Door {
    pub(super) port: u16,
    meetings: Mutex<Meetings>,
    visitors: AtomicUsize,
}

/// Whom tokens let in.
#[derive(Default)]
struct Meetings {
    /// The two ends of each pair that was made here.
    pairs: HashMap<Token, [Seat; 2]>,
    /// The other end of each one that is here, and that is to come here.
    ends: HashMap<(Token, Side), Weak<End>>,
}

/// Who has called for an end.
#[derive(Default)]
pub(super) enum Seat {
    #[default]
    Free,
    /// An end of this process.
    Here(Weak<End>),
    /// Another process, which has a door, too.
    Away { caller: TcpStream, port: u16 },
    /// Nobody will.
    Revoked,
}

/// What who called is told, with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This connection is the one.
    Connected = 1,
    /// The other end will connect to the caller's door.
    Wait = 2,
    /// The other end waits at this port.
    Connect = 3,
}

impl Answer {
    pub(super) const BYTES: usize = 3;

    fn tell(self, mut caller: &TcpStream, port: u16) -> io::Result<()> {
        let [low, high] = port.to_le_bytes();
        caller.write_all(&[self as u8, low, high])
    }

    pub(super) fn from_bytes([answer, low, high]: [u8; Answer::BYTES]) -> Option<(Answer, u16)> {
        let answers = [Answer::Connected, Answer::Wait, Answer::Connect];
        let answer = answers.into_iter().find(|known| *known as u8 == answer)?;
        Some((answer, u16::from_le_bytes([low, high])))
    }
}

impl Door {
    /// Makes the tickets of two ends that are to meet here.
    pub(super) fn invite(&self) -> io::Result<[Ticket; 2]> {
        let token = Token::random()?;
        let mut meetings = self.meetings();
        if meetings.pairs.len() >= PAIRS_MAX {
            let text = "too many streams wait to be connected";
            return Err(io::Error::new(ErrorKind::QuotaExceeded, text));
        }
        meetings.pairs.insert(token, Default::default());
        Ok(Side::BOTH.map(|side| Ticket { port: self.port, token, side }))
    }

    /// Whether a pair that was made here waits to be connected.
    pub(super) fn is_waited_for(&self, token: Token) -> bool {
        self.meetings().pairs.contains_key(&token)
    }

    /// Lets the other end of one that is here in.
    pub(super) fn expect(&self, token: Token, side: Side, end: Weak<End>) {
        self.meetings().ends.insert((token, side), end);
    }

    pub(super) fn expect_no_more(&self, token: Token, side: Side) {
        self.meetings().ends.remove(&(token, side));
    }

    /// Somebody calls for an end. If the other one was called for, they are connected.
    pub(super) fn seat(&self, token: Token, side: Side, guest: Seat) {
        let mut meetings = self.meetings();
        let Some(seats) = meetings.pairs.get_mut(&token) else {
            drop(meetings);
            return guest.turn_away();
        };
        let [seat, opposite] = [side, side.opposite()].map(|side| side as usize);
        match (&seats[seat], &seats[opposite]) {
            (Seat::Free, Seat::Free) => seats[seat] = guest,
            (Seat::Free, Seat::Revoked) => {
                meetings.pairs.remove(&token);
                drop(meetings);
                guest.turn_away();
            }
            (Seat::Free, _) => {
                let other = std::mem::take(&mut seats[opposite]);
                meetings.pairs.remove(&token);
                drop(meetings);
                match side {
                    Side::One => introduce(guest, other),
                    Side::Other => introduce(other, guest),
                }
            }
            // A ticket is good for one call.
            _ => {
                drop(meetings);
                guest.turn_away();
            }
        }
    }

    /// Nobody will call for an end, or whoever did is gone.
    pub(super) fn revoke(&self, token: Token, side: Side) {
        let mut meetings = self.meetings();
        let Some(seats) = meetings.pairs.get_mut(&token) else { return };
        let opposite = side.opposite() as usize;
        match std::mem::take(&mut seats[opposite]) {
            Seat::Free => seats[side as usize] = Seat::Revoked,
            waits => {
                meetings.pairs.remove(&token);
                drop(meetings);
                waits.turn_away();
            }
        }
    }

    fn meetings(&self) -> MutexGuard<'_, Meetings> {
        self.meetings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&'static self, listener: &TcpListener) {
        loop {
            let Ok((visitor, _)) = accept(listener) else {
                thread::sleep(NAP);
                continue;
            };
            if self.visitors.fetch_add(1, Ordering::Relaxed) >= VISITORS_MAX {
                self.visitors.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            // Each in a thread of its own, so that one who says nothing holds nobody up.
            let receive = move || {
                // Who is not invited learns nothing.
                drop(self.receive(visitor));
                self.visitors.fetch_sub(1, Ordering::Relaxed);
            };
            let thread = thread::Builder::new().name("pysage-visitor".to_owned());
            if thread.spawn(receive).is_err() {
                self.visitors.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn receive(&self, caller: TcpStream) -> io::Result<()> {
        caller.set_nodelay(true)?;
        let deadline = Instant::now() + HELLO_TIMEOUT;
        let hello = read(&caller, |_| Instant::now() < deadline)?;
        let Some(Hello { purpose, token, port }) = Hello::from_bytes(&hello) else { return Ok(()) };
        match purpose {
            Purpose::Call(side) => self.seat(token, side, Seat::Away { caller, port }),
            Purpose::Revoke(side) => self.revoke(token, side),
            Purpose::Meet(side) => {
                let end = self.meetings().ends.remove(&(token, side));
                if let Some(end) = end {
                    connect(&end, caller);
                }
            }
        }
        Ok(())
    }
}

impl Seat {
    /// There will be no other end.
    fn turn_away(self) {
        if let Seat::Here(end) = self
            && let Some(end) = end.upgrade()
        {
            end.settle(None);
        }
    }
}

/// Connects the two ends of a pair.
fn introduce(one: Seat, other: Seat) {
    match (one, other) {
        (Seat::Here(one), Seat::Here(other)) => {
            let (socket, other_socket) = socket_pair().ok().unzip();
            for (end, socket) in [(one, socket), (other, other_socket)] {
                if let Some(end) = end.upgrade() {
                    end.settle(socket);
                }
            }
        }
        (Seat::Here(end), Seat::Away { caller, .. })
        | (Seat::Away { caller, .. }, Seat::Here(end)) => connect(&end, caller),
        (Seat::Away { caller: one, port }, Seat::Away { caller: other, .. }) => {
            // Who is gone does not come to the meeting, which the other one notices.
            drop(Answer::Wait.tell(&one, 0));
            drop(Answer::Connect.tell(&other, port));
        }
        (one, other) => {
            one.turn_away();
            other.turn_away();
        }
    }
}

/// Makes the connection of a caller the one of an end.
fn connect(end: &Weak<End>, caller: TcpStream) {
    // Whose end is gone drops the caller, who sees that.
    if let Some(end) = end.upgrade() {
        end.settle(Answer::Connected.tell(&caller, 0).is_ok().then_some(caller));
    }
}

/// How often a blocking read looks whether it is to go on.
const LOOK: Duration = Duration::from_millis(200);

/// Reads so many bytes, as long as it is to.
pub(super) fn read<const N: usize>(
    mut socket: &TcpStream,
    mut goes_on: impl FnMut(&TcpStream) -> bool,
) -> io::Result<[u8; N]> {
    socket.set_read_timeout(Some(LOOK))?;
    let (mut bytes, mut filled) = ([0; N], 0);
    while filled < N {
        match socket.read(&mut bytes[filled..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        if filled < N && !goes_on(socket) {
            return Err(ErrorKind::TimedOut.into());
        }
    }
    Ok(bytes)
}
