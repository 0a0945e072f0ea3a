#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::config::HostLimits;

mod hostile;

const MOST: MostStrangers = MostStrangers { in_all: 100, of_one_address: 40 };

/// A carrier, and what it handed over.
struct End<D: Door = TcpDoor> {
    carrier: StreamCarrier<D>,
    now: Instant,
    came: Vec<(SocketAddr, Vec<u8>)>,
    ready: Vec<SocketAddr>,
    ended: Vec<(SocketAddr, ErrorKind)>,
    /// Until when nothing more was to be read, of each time.
    paused: Vec<Instant>,
}

impl End {
    fn listening() -> End {
        let mut end = End::over(StreamCarrier::listen("127.0.0.1:0".parse().unwrap()).unwrap());
        // Fewer than programs have, for the test needs as many sockets again.
        end.carrier.most_strangers = MOST;
        end
    }

    fn connected(to: SocketAddr) -> End {
        End::over(StreamCarrier::connect(Instant::now(), to).unwrap())
    }

    fn over(carrier: StreamCarrier<TcpDoor>) -> End {
        let (came, ready, ended, paused) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        End { carrier, now: Instant::now(), came, ready, ended, paused }
    }

    fn address(&self) -> SocketAddr {
        self.carrier.local_addr()
    }

    fn look(&mut self) -> Batch {
        let End { carrier, now, came, ready, ended, paused } = self;
        let batch = carrier.receive(*now, &mut |arrived| match arrived {
            Arrived::Datagram { from, bytes, .. } => came.push((from, bytes.to_vec())),
            Arrived::Ready { address } => ready.push(address),
            Arrived::Paused { until, .. } => paused.push(until),
            Arrived::Ended { address, kind } => ended.push((address, kind)),
            Arrived::Unreachable { .. } => panic!("streams end instead"),
        });
        batch.unwrap()
    }

    /// Looks until something is so.
    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn(&End) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < Duration::from_secs(20), "{what}: {:?}", self.ended);
            if self.look() == Batch::All {
                std::thread::yield_now();
            }
        }
    }

    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        let run = Departing { to, markable: false, bytes, segment_bytes: bytes.len() };
        assert_eq!(self.carrier.send(self.now, run).unwrap(), bytes.len());
    }

    fn strangers(&self) -> usize {
        self.carrier.connections.values().filter(|it| it.is_stranger()).count()
    }
}

/// Somebody who speaks without a carrier, and is let in.
fn caller(end: &mut End) -> (TcpStream, SocketAddr) {
    let caller = TcpStream::connect(end.address()).unwrap();
    let address = caller.local_addr().unwrap();
    end.until("he is let in", |end| end.carrier.connections.contains_key(&address));
    (caller, address)
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    put_frame(&mut frame, bytes);
    frame
}

#[test]
fn datagrams_go_both_ways_and_are_told_apart() {
    let mut server = End::listening();
    let to = server.address();
    let mut clients = [End::connected(to), End::connected(to)];
    for (number, client) in (0..).zip(&mut clients) {
        client.send(to, &[number; 3]);
        client.send(to, &[number + 10; FRAME_BYTES]);
        client.carrier.flush(client.now);
        client.until("it is there", |end| !end.carrier.connections[&to].waits_to_write());
    }
    server.until("all", |end| end.came.len() == 4);
    for (number, client) in (0..).zip(&mut clients) {
        let from = client.address();
        let of_it: Vec<_> = server.came.iter().filter(|(of, _)| *of == from).collect();
        let bytes = [vec![number; 3], vec![number + 10; FRAME_BYTES]];
        assert!(of_it.iter().map(|(_, bytes)| bytes).eq(&bytes));
        server.send(from, b"back");
        server.carrier.flush(server.now);
        client.until("an answer", |end| end.came == [(to, b"back".to_vec())]);
    }
    assert!(server.ended.is_empty() && server.carrier.dropped == 0);
}

#[test]
fn a_frame_comes_whole_however_slowly_it_is_written() {
    let mut server = End::listening();
    let (mut caller, address) = caller(&mut server);
    caller.set_nodelay(true).unwrap();
    let stream = [frame(b"one"), frame(b"two"), frame(&[7; 300])].concat();
    for byte in &stream {
        caller.write_all(&[*byte]).unwrap();
        server.look();
    }
    server.until("all", |end| end.came.len() == 3);
    let all = [b"one".to_vec(), b"two".to_vec(), vec![7; 300]];
    assert_eq!(server.came, all.map(|bytes| (address, bytes)));
}

#[test]
fn what_the_other_end_does_not_read_waits_within_a_bound_and_room_is_told() {
    let mut server = End::listening();
    let (mut caller, address) = caller(&mut server);
    server.carrier.keep(address, None);
    let (mut sent, datagram) = (0, [5; 10_000]);
    while server.carrier.has_room(address) {
        server.send(address, &datagram);
        sent += 1;
        assert!(sent < 100_000, "the system takes no end");
    }
    let unwritten = |end: &End| end.carrier.connections[&address].unwritten_bytes();
    assert!((1..=GATHERED_BYTES + FRAME_BYTES).contains(&unwritten(&server)));
    assert!(server.carrier.waits().iter().any(|wait| wait.writes));
    // Answers do not ask for room, and are dropped beyond a bound.
    for _ in 0..100 {
        server.send(address, &datagram);
        server.carrier.flush(server.now);
    }
    assert!(unwritten(&server) <= 2 * GATHERED_BYTES);
    assert!(server.carrier.dropped > 0 && server.ready.is_empty());
    let reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        caller.read_to_end(&mut all).unwrap();
        all
    });
    server.until("room", |end| end.ready == [address]);
    assert!(server.carrier.has_room(address));
    assert!(!server.carrier.waits().iter().any(|wait| wait.writes));
    server.carrier.finish(server.now, address);
    server.until("the end", |end| end.carrier.connections.is_empty());
    let (mut frames, mut count) = (Frames::default(), 0);
    frames
        .take(&reader.join().unwrap(), &mut |frame| {
            assert_eq!(frame, datagram);
            count += 1;
        })
        .unwrap();
    assert!(count >= sent && !frames.is_amid());
}

#[test]
fn no_more_is_read_than_the_share_of_a_peer_and_nothing_is_lost() {
    let mut server = End::listening();
    let (mut caller, address) = caller(&mut server);
    let limits = HostLimits { peer_bytes_per_second: Some(10_000), ..HostLimits::default() };
    server.carrier.keep(address, Share::new(server.now, &limits));
    let start = server.now;
    // More than the system keeps, so that who writes is held up, too.
    let frames = 10_000;
    let writer = std::thread::spawn(move || {
        for number in 0..frames as u32 {
            caller.write_all(&frame(&number.to_le_bytes().repeat(500))).unwrap();
        }
        caller
    });
    let taken = |end: &End| end.came.len() * (2 + 2_000);
    for round in 1..=40 {
        server.until("it is paused", |end| end.paused.len() == round);
        let until = *server.paused.last().unwrap();
        assert!(server.now < until && until < server.now + Duration::from_secs(2));
        assert_eq!(server.carrier.arrives_at(), Some(until), "it is looked at again then");
        assert_eq!(server.carrier.waits().len(), 1, "only who comes in wakes whoever waits");
        let so_far = server.came.len();
        server.now = until - Duration::from_micros(1);
        assert_eq!(server.look(), Batch::All, "nobody looks again and again");
        assert_eq!(server.came.len(), so_far);
        let earned = 10_000.0 * (1.0 + (until - start).as_secs_f64());
        assert!((taken(&server) as f64) <= earned + 2.0, "{earned}");
        assert!(taken(&server) as f64 >= earned - 16_384.0 - 2_002.0, "{earned}");
        // What is to be written is, meanwhile.
        server.send(address, b"still here");
        server.carrier.flush(server.now);
        server.now = until;
    }
    assert!(!writer.is_finished(), "it is held up");
    let written = server.came.len();
    server.carrier.connections.get_mut(&address).unwrap().forget_share();
    server.until("all", |end| end.came.len() == frames);
    assert!(written < frames);
    let all = (0..frames as u32).map(|number| (address, number.to_le_bytes().repeat(500)));
    assert!(server.came.iter().cloned().eq(all));
    let mut said = vec![0; 40 * frame(b"still here").len()];
    writer.join().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(said, frame(b"still here").repeat(40));
}

#[test]
fn one_that_breaks_off_while_it_is_paused_wakes_nobody_and_is_told_then() {
    let mut server = End::listening();
    let (mut caller, address) = caller(&mut server);
    let limits = HostLimits { peer_datagrams_per_second: Some(1), ..HostLimits::default() };
    server.carrier.keep(address, Share::new(server.now, &limits));
    caller.write_all(&[frame(b"one"), frame(b"two"), frame(b"three")].concat()).unwrap();
    server.until("it is paused", |end| !end.paused.is_empty());
    drop(caller);
    let until = *server.paused.last().unwrap();
    server.look();
    assert!(server.carrier.waits().len() == 1 && server.ended.is_empty());
    server.now = until;
    server.until("the end", |end| !end.ended.is_empty());
    assert!(server.carrier.connections.is_empty() && server.carrier.arrives_at().is_none());
}

#[test]
fn an_end_is_told_behind_what_came_and_one_that_was_wanted_is_not() {
    let mut server = End::listening();
    let to = server.address();
    let mut client = End::connected(to);
    client.send(to, b"last");
    client.carrier.flush(client.now);
    client.until("it is there", |end| !end.carrier.connections[&to].waits_to_write());
    let from = client.address();
    client.carrier.finish(client.now, to);
    assert!(!client.carrier.is_quiet());
    server.until("the end", |end| !end.ended.is_empty());
    assert_eq!(server.came, [(from, b"last".to_vec())]);
    assert_eq!(server.ended, [(from, ErrorKind::UnexpectedEof)]);
    client.until("the end", |end| end.carrier.is_quiet());
    assert!(client.ended.is_empty());
}

#[test]
fn one_that_does_not_end_its_side_is_given_up() {
    let mut server = End::listening();
    let (_caller, address) = caller(&mut server);
    server.carrier.finish(server.now, address);
    server.look();
    assert!(!server.carrier.is_quiet());
    assert_eq!(server.carrier.arrives_at(), Some(server.now + FINISH_TIME));
    server.now += FINISH_TIME;
    server.look();
    assert!(server.carrier.is_quiet() && server.carrier.connections.is_empty());
}

#[test]
fn nobody_at_an_address_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut client = End::connected(free);
    client.send(free, b"hello");
    client.until("the end", |end| !end.ended.is_empty());
    assert_eq!(client.ended, [(free, ErrorKind::ConnectionRefused)]);
    assert_eq!(client.carrier.waits().len(), 0);
}

#[test]
fn an_address_may_be_had_anew_at_once() {
    let mut server = End::listening();
    let address = server.address();
    let (caller, of_caller) = caller(&mut server);
    server.carrier.finish(server.now, of_caller);
    drop(server);
    StreamCarrier::listen(address).unwrap();
    drop(caller);
}

#[test]
fn on_any_address_of_ipv6_it_takes_ipv4_too() {
    let Ok(carrier) = StreamCarrier::listen("[::]:0".parse().unwrap()) else {
        eprintln!("skipped: there is no IPv6 here");
        return;
    };
    let mut server = End::over(carrier);
    let port = server.address().port();
    for host in ["127.0.0.1", "::1"] {
        let mut caller = TcpStream::connect((host, port)).unwrap();
        caller.write_all(&frame(b"here")).unwrap();
        let address = caller.local_addr().unwrap();
        server.until("a datagram", |end| end.came.last().is_some_and(|(from, _)| *from == address));
    }
}
