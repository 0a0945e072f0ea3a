//! Strangers, and peers that do not keep to it.

use socket2::SockRef;

use super::*;

/// A peer that is in a session, and stays whatever others do.
fn peer(server: &mut End) -> (TcpStream, SocketAddr) {
    let (peer, address) = caller(server);
    server.carrier.keep(address, None);
    (peer, address)
}

#[track_caller]
fn is_heard(server: &mut End, peer: &mut TcpStream, address: SocketAddr) {
    server.came.clear();
    peer.write_all(&frame(b"here")).unwrap();
    server.until("the peer", |end| end.came.contains(&(address, b"here".to_vec())));
    assert!(server.ended.iter().all(|(ended, _)| *ended != address));
}

#[test]
fn a_flood_of_connections_grows_no_further_and_shuts_no_peer_out() {
    let mut server = End::listening();
    let (mut one, address) = peer(&mut server);
    let mut call = |_| {
        // Of two that came at the same time either may be the older one.
        server.now += Duration::from_millis(1);
        caller(&mut server)
    };
    let flood: Vec<_> = (0..200).map(&mut call).collect();
    assert_eq!(server.strangers(), MOST.of_one_address);
    assert_eq!(server.carrier.waits().len(), 1 + 1 + MOST.of_one_address);
    assert_eq!(server.carrier.passing, MOST.of_one_address);
    let gone = 200 - MOST.of_one_address;
    assert_eq!((server.carrier.dropped, server.ended.len()), (gone as u64, gone));
    // The oldest went.
    let oldest: Vec<_> = flood[..gone].iter().map(|(_, address)| *address).collect();
    assert!(server.ended.iter().map(|(address, _)| *address).eq(oldest));
    is_heard(&mut server, &mut one, address);
    let (mut late, address) = peer(&mut server);
    is_heard(&mut server, &mut late, address);
}

/// As over the loopback interface, where each of 127.0.0.0/8 is an address.
#[cfg(target_os = "linux")]
#[test]
fn strangers_of_many_addresses_are_bounded_in_all() {
    let mut server = End::listening();
    let to = server.address();
    let mut flood = Vec::new();
    for number in 0..MOST.in_all + 20 {
        let socket = socket2::Socket::new(
            socket2::Domain::IPV4,
            socket2::Type::STREAM,
            Some(socket2::Protocol::TCP),
        )
        .unwrap();
        let from = SocketAddr::from(([127, 0, 1, (number % 200 + 1) as u8], 0));
        socket.bind(&from.into()).unwrap();
        socket.connect(&to.into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        flood.push(socket);
        server.until("it is let in", |end| end.carrier.connections.contains_key(&address));
    }
    assert_eq!((server.strangers(), server.ended.len()), (MOST.in_all, 20));
}

#[test]
fn who_says_nothing_or_a_byte_now_and_then_goes_in_time() {
    let mut server = End::listening();
    let (mut one, address) = peer(&mut server);
    let (silent, of_silent) = caller(&mut server);
    let (mut slow, of_slow) = caller(&mut server);
    slow.set_nodelay(true).unwrap();
    for byte in &frame(b"hello")[..6] {
        slow.write_all(&[*byte]).unwrap();
        server.look();
        server.now += Duration::from_millis(500);
    }
    assert!(server.ended.is_empty());
    assert!(server.carrier.arrives_at().is_some_and(|at| at > server.now));
    server.now += STRANGER_TIME;
    server.look();
    let mut gone = [of_silent, of_slow].map(|address| (address, ErrorKind::TimedOut));
    gone.sort_by_key(|(address, _)| *address);
    assert_eq!(server.ended, gone);
    assert_eq!((server.carrier.passing, server.carrier.arrives_at()), (0, None));
    is_heard(&mut server, &mut one, address);
    drop(silent);
}

#[test]
fn what_is_no_frame_ends_its_connection_alone_and_is_counted() {
    let mut server = End::listening();
    let (mut one, address) = peer(&mut server);
    for garbage in [&b"GET / HTTP/1.1\r\n"[..], &[0, 0], &[0xff; 40_000]] {
        let (mut caller, of_caller) = peer(&mut server);
        let before = server.carrier.dropped;
        // It is ended while it writes.
        drop(caller.write_all(&[&frame(b"well")[..], garbage].concat()));
        server.until("the end", |end| end.ended.last().is_some_and(|it| it.0 == of_caller));
        assert_eq!(server.ended.last(), Some(&(of_caller, ErrorKind::InvalidData)));
        assert!(server.came.contains(&(of_caller, b"well".to_vec())));
        assert!(server.carrier.dropped > before);
    }
    is_heard(&mut server, &mut one, address);
}

#[test]
fn a_reset_in_mid_frame_is_told_behind_what_was_whole() {
    let mut server = End::listening();
    let (mut caller, address) = peer(&mut server);
    caller.write_all(&[frame(b"whole"), vec![9, 0, 1, 2]].concat()).unwrap();
    server.until("the frame", |end| end.came == [(address, b"whole".to_vec())]);
    SockRef::from(&caller).set_linger(Some(Duration::ZERO)).unwrap();
    drop(caller);
    server.until("the end", |end| !end.ended.is_empty());
    assert_eq!(server.ended, [(address, ErrorKind::ConnectionReset)]);
    assert_eq!((server.came.len(), server.carrier.dropped), (1, 1));
    assert!(!server.carrier.has_room(address));
    server.send(address, b"to nobody");
    server.carrier.flush(server.now);
}

#[test]
fn one_that_sends_without_end_does_not_starve_others() {
    let mut server = End::listening();
    let (mut loud, of_loud) = peer(&mut server);
    let (mut quiet, of_quiet) = peer(&mut server);
    loud.set_nonblocking(true).unwrap();
    let flood = frame(&[1; 10_000]).repeat(100);
    drop(loud.write(&flood));
    quiet.write_all(&frame(b"here")).unwrap();
    server.until("both", |end| {
        [of_loud, of_quiet].iter().all(|of| end.came.iter().any(|(from, _)| from == of))
    });
    let before = server.came.iter().position(|(from, _)| *from == of_quiet).unwrap();
    assert!(before <= 2 * (READ_BYTES / 10_000 + 1), "behind {before} of the other");
}
