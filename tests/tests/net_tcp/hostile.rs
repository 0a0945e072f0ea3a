//! Strangers at a listener of a manager.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

#[test]
fn strangers_of_all_kinds_keep_nobody_from_talking() {
    let (server, at_server, listener, client, at_client, peer) = pair();
    until(&[&server, &client], "the connection", || at_client.has("connected"));
    let mut strangers = Vec::new();
    for number in 0..300_u32 {
        let mut stranger = TcpStream::connect(listener.local_addr()).unwrap();
        let says: &[u8] = match number % 5 {
            0 => b"",
            1 => b"GET / HTTP/1.1\r\n\r\n",
            // Half a frame, a whole one of nobody, and one that is no hello.
            2 => &[200, 0, 1, 2, 3],
            3 => &[7, 0, 0x40, 1, 2, 3, 4, 5, 6],
            _ => &[3, 0, 0x80, 1, 2],
        };
        stranger.write_all(says).unwrap();
        strangers.push(stranger);
        if number % 30 == 0 {
            client.send(peer, Tell(number)).unwrap();
            let reply = (number + 1).to_string();
            until(&[&server, &client], "a reply among strangers", || at_client.has(&reply));
        }
    }
    assert!(!at_server.has("ConnectionLost"));
    assert_eq!((server.peers().len(), at_client.count()), (1, 11));
    assert!(server.net_counters().datagrams_dropped > 100);
    // Who is a peer comes in all the same.
    let (late, at_late) = witness(false);
    let peer = late.connect(listener.local_addr(), tcp()).unwrap();
    late.send(peer, Tell(1_000)).unwrap();
    until(&[&server, &late], "a reply", || at_late.has("1001"));
}

#[test]
fn a_stranger_who_says_nothing_is_sent_away_in_time() {
    let (server, _) = witness(false);
    let listener = server.listen("127.0.0.1:0", tcp()).unwrap();
    let mut stranger = TcpStream::connect(listener.local_addr()).unwrap();
    stranger.set_nonblocking(true).unwrap();
    let begun = Instant::now();
    let mut buffer = [0; 8];
    let is_over = |stranger: &mut TcpStream, buffer: &mut [u8]| match stranger.read(buffer) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    };
    while !is_over(&mut stranger, &mut buffer) {
        assert!(begun.elapsed() < DEADLINE, "he is still there");
        // The thread of the listener sends him away.
        server.wait_until(Instant::now() + Duration::from_millis(20));
    }
    assert!(begun.elapsed() > Duration::from_secs(3), "he had no time");
}
