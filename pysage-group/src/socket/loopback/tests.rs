//! Streams, both ends in one process, and calls at its door.

#![allow(clippy::unwrap_used)]

use std::thread;
use std::time::{Duration, Instant};

use super::super::Waiter;
use super::call;
use super::door::read as read_exactly;
use super::ticket::{Hello, Purpose, Side, Token};
use super::*;

fn far() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn write(stream: &Stream, bytes: &[u8]) -> Progress {
    stream.write_vectored(&[IoSlice::new(bytes)]).unwrap()
}

/// Reads once there is something, or the end.
fn read(stream: &Stream) -> (Progress, Vec<u8>) {
    let (waiter, far) = (Waiter::new().unwrap(), far());
    let mut buffer = vec![0; 4096];
    loop {
        let progress = stream.read(&mut buffer).unwrap();
        if progress != Progress::Later {
            buffer.truncate(if let Progress::Bytes(bytes) = progress { bytes } else { 0 });
            return (progress, buffer);
        }
        assert!(Instant::now() < far, "nothing came");
        waiter.wait(&[stream.interest(true, false)], Some(far), Duration::ZERO).unwrap();
    }
}

/// Writes all, once there is room.
fn write_all(stream: &Stream, bytes: &[u8]) {
    let (waiter, far) = (Waiter::new().unwrap(), far());
    while write(stream, bytes) != Progress::Bytes(bytes.len()) {
        assert!(Instant::now() < far, "it is not connected");
        waiter.wait(&[stream.interest(false, true)], Some(far), Duration::ZERO).unwrap();
    }
}

/// A connection to this process's door on which something was said.
fn caller(hello: &[u8]) -> TcpStream {
    let mut caller = TcpStream::connect((Ipv4Addr::LOCALHOST, door().unwrap().port)).unwrap();
    caller.write_all(hello).unwrap();
    caller
}

fn is_dropped(mut caller: TcpStream) -> bool {
    caller.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    match caller.read(&mut [0; 8]) {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

fn call_for(ticket: Ticket) -> Hello {
    Hello { purpose: Purpose::Call(ticket.side), token: ticket.token, port: ticket.port }
}

#[test]
fn an_end_is_connected_when_both_are_used() {
    let (one, other) = Stream::pair().unwrap();
    assert_eq!(write(&one, b"too early"), Progress::Later);
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
    assert_eq!(other.read(&mut [0; 8]).unwrap(), Progress::Later);
    assert_eq!(write(&one, b"to you"), Progress::Bytes(6));
    assert_eq!(write(&other, b"and back"), Progress::Bytes(8));
    assert_eq!(read(&other).1, b"to you");
    assert_eq!(read(&one).1, b"and back");
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
}

#[test]
fn a_wait_ends_when_an_end_is_connected() {
    let (one, other) = Stream::pair().unwrap();
    let (waiter, soon) = (Waiter::new().unwrap(), Instant::now() + Duration::from_millis(5));
    waiter.wait(&[one.interest(true, true)], Some(soon), Duration::ZERO).unwrap();
    assert!(Instant::now() >= soon, "the other end is not in use");
    thread::scope(|scope| {
        scope.spawn(|| write_all(&other, b"x"));
        assert_eq!(read(&one).1, b"x");
    });
}

#[test]
fn a_full_stream_says_later_and_goes_on_when_it_was_read() {
    let (one, other) = Stream::pair().unwrap();
    write_all(&one, b"");
    assert_eq!(other.read(&mut [0; 8]).unwrap(), Progress::Later);
    let chunk = [7; 4096];
    let mut written = 0;
    write_all(&one, &chunk);
    while let Progress::Bytes(bytes) = write(&one, &chunk) {
        written += bytes;
        assert!(written < 1 << 28, "it never says that it is full");
    }
    let mut bytes_read = 0;
    while bytes_read < written + chunk.len() {
        bytes_read += read(&other).1.len();
    }
    assert_eq!(bytes_read, written + chunk.len());
    write_all(&one, b"more");
    assert_eq!(read(&other).1, b"more");
}

#[test]
fn the_other_ends_end_is_no_error_and_comes_behind_its_bytes() {
    let (one, other) = Stream::pair().unwrap();
    assert_eq!(write(&one, b""), Progress::Bytes(0));
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
    write_all(&other, b"last words");
    // Unread there, so that a plain close would reset the connection.
    write_all(&one, b"unheard");
    drop(other);
    assert_eq!(read(&one).1, b"last words");
    assert_eq!(read(&one).0, Progress::Ended);
    assert_eq!(read(&one).0, Progress::Ended);
    let far = far();
    while write(&one, b"anyone?") != Progress::Ended {
        assert!(Instant::now() < far, "the end is not noticed");
        part(Instant::now());
    }
}

#[test]
fn an_end_whose_other_is_dropped_unused_ends() {
    let (one, other) = Stream::pair().unwrap();
    drop(other);
    assert_eq!(read(&one).0, Progress::Ended);
    assert_eq!(write(&one, b"x"), Progress::Ended);
    // Also when it was used before, and when it was given away.
    let (one, other) = Stream::pair().unwrap();
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
    let ticket = other.into_ticket().unwrap();
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
    call::revoke(ticket);
    assert_eq!(read(&one).0, Progress::Ended);
    assert!(!door().unwrap().is_waited_for(ticket.token));
}

#[test]
fn an_end_in_use_cannot_be_given_away() {
    let (one, _other) = Stream::pair().unwrap();
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
    one.into_ticket().unwrap_err();
    let (one, _other) = Stream::connected_pair().unwrap();
    one.into_ticket().unwrap_err();
}

#[test]
fn whoever_calls_with_a_ticket_is_connected_once() {
    let (one, other) = Stream::pair().unwrap();
    let ticket = other.into_ticket().unwrap();
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
    let mut caller = caller(&call_for(ticket).to_bytes());
    let answer: [u8; 3] = read_exactly(&caller, |_| true).unwrap();
    assert_eq!(answer, [1, 0, 0]);
    caller.write_all(b"hello").unwrap();
    assert_eq!(read(&one).1, b"hello");
    let again = super::tests::caller(&call_for(ticket).to_bytes());
    assert!(is_dropped(again), "a ticket is good for one call");
}

#[test]
fn two_callers_are_told_of_each_other() {
    let (one, other) = Stream::pair().unwrap();
    let tickets = [one, other].map(|end| end.into_ticket().unwrap());
    let callers = tickets.map(|ticket| {
        let hello = Hello { port: 1000 + ticket.side as u16, ..call_for(ticket) };
        caller(&hello.to_bytes())
    });
    let answers = callers.each_ref().map(|caller| read_exactly::<3>(caller, |_| true).unwrap());
    let [low, high] = 1000_u16.to_le_bytes();
    assert_eq!(answers, [[2, 0, 0], [3, low, high]]);
}

#[test]
fn nobody_gets_in_without_a_token() {
    let (one, other) = Stream::pair().unwrap();
    let ticket = other.into_ticket().unwrap();
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
    let guess = Token::random().unwrap();
    for purpose in [Purpose::Call(Side::Other), Purpose::Meet(Side::One)] {
        let hello = Hello { purpose, token: guess, port: ticket.port };
        assert!(is_dropped(caller(&hello.to_bytes())));
    }
    // The right token for what it is not for, which is to meet.
    let hello = Hello { purpose: Purpose::Meet(Side::One), ..call_for(ticket) };
    assert!(is_dropped(caller(&hello.to_bytes())));
    assert!(is_dropped(caller(&[0xff; Hello::BYTES])));
    // Who says nothing, or too little, holds nobody up, and is dropped in the end.
    let (silent, slow) = (caller(b""), caller(&[0; Hello::BYTES - 1]));
    let guest = caller(&call_for(ticket).to_bytes());
    let answer: [u8; 3] = read_exactly(&guest, |_| true).unwrap();
    assert_eq!(answer, [1, 0, 0]);
    assert!(is_dropped(silent) && is_dropped(slow));
    assert_eq!(one.read(&mut [0; 8]).unwrap(), Progress::Later);
}
