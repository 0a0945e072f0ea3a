//! The end of a connection of which the other end has not seen all.
//!
//! A socket that is closed with unread bytes in it resets its connection, and some systems then
//! drop what the other end has not read yet: perhaps the last words of a group. So a socket is
//! closed in two steps: nothing is written any more, and what still comes is read and dropped until
//! the other end has closed its own.

use std::io::{ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Stream;

/// So many sockets are kept for that, and no more.
const PARTING_MAX: usize = 64;

/// Between two looks.
const NAP: Duration = Duration::from_micros(200);

/// How long the parent may take to read what was written to it last.
const PARENT_TIMEOUT: Duration = Duration::from_millis(10);

/// What is kept open, which the process ends.
struct Parting {
    sockets: Vec<TcpStream>,
    /// The channel to the parent, which sees the end of the process by its end.
    parent: Option<Stream>,
}

static PARTING: Mutex<Parting> = Mutex::new(Parting { sockets: Vec::new(), parent: None });

/// Closes a socket, at once if the other end has.
pub(super) fn take_leave(socket: TcpStream, other_has: bool) {
    if other_has || socket.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let mut parting = parting();
    parting.sockets.push(socket);
    parting.sockets.retain(is_open);
    if parting.sockets.len() > PARTING_MAX {
        parting.sockets.remove(0);
    }
}

/// Keeps the channel to the parent open until this process [parts](part).
pub(super) fn keep_for_last(parent: Stream) {
    parting().parent = Some(parent);
}

/// Ends what this process has of streams and channels, before the process ends: waits until the
/// other ends have read what was written, or for that time.
pub(crate) fn part(deadline: Instant) {
    part_with_all(deadline);
    // The channel to the parent is last, since a parent that has seen its end waits for that of the
    // process, and reads nothing meanwhile. Dropped, it is one of the sockets.
    let parent = parting().parent.take();
    drop(parent);
    part_with_all(Instant::now() + PARENT_TIMEOUT);
}

fn part_with_all(deadline: Instant) {
    loop {
        let mut parting = parting();
        parting.sockets.retain(is_open);
        if parting.sockets.is_empty() || Instant::now() >= deadline {
            parting.sockets.clear();
            return;
        }
        drop(parting);
        thread::sleep(NAP);
    }
}

fn parting() -> MutexGuard<'static, Parting> {
    PARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads and drops what is there; whether more can come.
fn is_open(mut socket: &TcpStream) -> bool {
    let mut dropped = [0; 16 * 1024];
    loop {
        match socket.read(&mut dropped) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}
