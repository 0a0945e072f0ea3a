//! Calls at doors: to get an end connected, or to say that nobody will.

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::End;
use super::door::{Answer, Seat, door, read};
use super::ticket::{Hello, Purpose, Ticket};

/// How long the other end may take to connect once it was told to.
const MEET_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two looks whether it has.
const NAP: Duration = Duration::from_millis(1);

/// Gets an end connected, which is not waited for.
pub(super) fn call(ticket: Ticket, end: &Arc<End>) {
    let weak = Arc::downgrade(end);
    match door() {
        Ok(door) if door.port == ticket.port => {
            door.seat(ticket.token, ticket.side, Seat::Here(weak));
        }
        Ok(_) => {
            let called = in_thread(move || {
                // Otherwise the other end has called here, or the end is gone.
                if let Some(socket) = meet(ticket, &weak).transpose()
                    && let Some(end) = weak.upgrade()
                {
                    end.settle(socket.ok());
                }
            });
            if called.is_err() {
                end.settle(None);
            }
        }
        Err(_) => end.settle(None),
    }
}

/// Says that nobody will call for an end. If it is connected, that does nothing.
pub(super) fn revoke(ticket: Ticket) {
    match door() {
        Ok(door) if door.port == ticket.port => door.revoke(ticket.token, ticket.side),
        Ok(_) => {
            // Without a thread the other end waits until the process that made it ends.
            let _ = in_thread(move || drop(dial(ticket, Purpose::Revoke(ticket.side), 0)));
        }
        Err(_) => {}
    }
}

/// Connecting to a process that is gone takes seconds on some systems.
fn in_thread(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("pysage-call".to_owned()).spawn(work).map(drop)
}

/// Calls at the door of the process that made the pair. The socket, or none if the other end will
/// connect to this process's door, or has.
fn meet(ticket: Ticket, end: &Weak<End>) -> io::Result<Option<TcpStream>> {
    let door = door()?;
    door.expect(ticket.token, ticket.side, end.clone());
    let met = try_to_meet(ticket, end, door.port);
    door.expect_no_more(ticket.token, ticket.side);
    met
}

fn try_to_meet(ticket: Ticket, end: &Weak<End>, port: u16) -> io::Result<Option<TcpStream>> {
    let is_wanted = |_: &TcpStream| end.strong_count() > 0;
    let caller = dial(ticket, Purpose::Call(ticket.side), port)?;
    match answer_on(&caller, is_wanted)? {
        (Answer::Connected, _) => Ok(Some(caller)),
        (Answer::Wait, _) => {
            let deadline = Instant::now() + MEET_TIMEOUT;
            while let Some(end) = end.upgrade() {
                if end.is_settled() {
                    break;
                }
                if Instant::now() >= deadline {
                    return Err(ErrorKind::TimedOut.into());
                }
                drop(end);
                thread::sleep(NAP);
            }
            Ok(None)
        }
        (Answer::Connect, port) => {
            let purpose = Purpose::Meet(ticket.side.opposite());
            let there = dial(Ticket { port, ..ticket }, purpose, 0)?;
            match answer_on(&there, is_wanted)? {
                (Answer::Connected, _) => Ok(Some(there)),
                _ => Err(ErrorKind::InvalidData.into()),
            }
        }
    }
}

fn answer_on(
    caller: &TcpStream,
    goes_on: impl FnMut(&TcpStream) -> bool,
) -> io::Result<(Answer, u16)> {
    let answer = Answer::from_bytes(read(caller, goes_on)?);
    answer.ok_or_else(|| ErrorKind::InvalidData.into())
}

/// Connects to a door, and says what for.
fn dial(ticket: Ticket, purpose: Purpose, port: u16) -> io::Result<TcpStream> {
    let mut caller = TcpStream::connect((Ipv4Addr::LOCALHOST, ticket.port))?;
    caller.set_nodelay(true)?;
    caller.write_all(&Hello { purpose, token: ticket.token, port }.to_bytes())?;
    Ok(caller)
}
