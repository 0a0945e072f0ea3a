//! Peers that speak as the original pysage does, byte by byte: plain sockets, and managers at both
//! ends. Tests that name a bug are those that would have caught it in the original.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/everything.rs"]
mod everything;
#[path = "../support/net.rs"]
mod net;

#[path = "net_legacy/bugs.rs"]
mod bugs;
#[path = "net_legacy/limits.rs"]
mod limits;
#[path = "net_legacy/wire.rs"]
mod wire;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Instant;

use pysage_net::{ActorManager, LegacyConfig, LegacyListener, LegacyNetwork, Message};

use net::{DEADLINE, Seen, Tell, until, witness};

/// A packet of `Tell`.
fn told(number: u32) -> Vec<u8> {
    [&[101], &number.to_be_bytes()[..]].concat()
}

/// A packet with its length before it, as it is over TCP.
fn framed(packet: &[u8]) -> Vec<u8> {
    [&(packet.len() as u32).to_be_bytes(), packet].concat()
}

fn frames(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| framed(&told(number))).collect()
}

/// A manager with a witness that listens.
fn listening(config: LegacyConfig, replies: bool) -> (ActorManager, Seen, LegacyListener) {
    let (manager, seen) = witness(replies);
    let listener = manager.listen_legacy("127.0.0.1:0", config).unwrap();
    (manager, seen, listener)
}

fn udp_client(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(to).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn tcp_client(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Until the witness has seen all of this, in this order.
#[track_caller]
fn until_seen(manager: &ActorManager, seen: &Seen, all: &str) {
    until(&[manager], all, || seen.count() >= all.split(' ').count());
    assert_eq!(seen.all(), all);
}

#[test]
fn a_reply_goes_to_the_address_of_the_datagram() {
    let (manager, seen, listener) = listening(LegacyConfig::udp(), true);
    let [one, other] = [(); 2].map(|()| udp_client(listener.local_addr()));
    one.send(&told(1)).unwrap();
    until_seen(&manager, &seen, "connected 1");
    other.send(&told(10)).unwrap();
    until_seen(&manager, &seen, "connected 1 connected 10");
    for (client, reply) in [(&one, 2), (&other, 11)] {
        let mut packet = [0; 100];
        let length = client.recv(&mut packet).unwrap();
        assert_eq!(packet[..length], told(reply));
    }
    let addresses: Vec<_> =
        manager.legacy_peers().iter().map(|peer| manager.legacy_peer_addr(*peer)).collect();
    assert_eq!(addresses, [one.local_addr().ok(), other.local_addr().ok()]);
}

#[test]
fn a_reply_goes_over_the_connection_of_the_packet() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), true);
    let mut client = tcp_client(listener.local_addr());
    client.write_all(&frames([1, 5])).unwrap();
    until_seen(&manager, &seen, "connected 1 5");
    let mut bytes = [0; 18];
    client.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes[..], frames([2, 6]));
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let mut client = tcp_client(listener.local_addr());
    client.set_nodelay(true).unwrap();
    for byte in frames(1..=3) {
        client.write_all(&[byte]).unwrap();
        manager.tick().unwrap();
    }
    until_seen(&manager, &seen, "connected 1 2 3");
}

#[test]
fn an_address_that_said_nothing_can_be_sent_to() {
    let (manager, _, listener) = listening(LegacyConfig::udp(), false);
    let there = udp_client(listener.local_addr());
    let peer = manager.add_legacy_peer(listener, there.local_addr().unwrap()).unwrap();
    manager.send(peer, Tell(7)).unwrap();
    manager.tick().unwrap();
    let mut packet = [0; 100];
    let length = there.recv(&mut packet).unwrap();
    assert_eq!(packet[..length], told(7));
    let (manager, _, listener) = listening(LegacyConfig::tcp(), false);
    assert_eq!(manager.add_legacy_peer(listener, there.local_addr().unwrap()), None);
}

#[test]
fn a_peer_is_found_by_its_name_and_what_was_sent_before_arrives() {
    for config in [LegacyConfig::udp(), LegacyConfig::tcp()] {
        let (server, seen, listener) = listening(config.clone(), true);
        let (client, heard) = witness(false);
        let port = listener.local_addr().port();
        let peer = client.connect_legacy(("localhost", port), config).unwrap();
        client.send(peer, Tell(1)).unwrap();
        until(&[&server, &client], "the reply", || heard.count() == 2);
        assert_eq!((seen.all(), heard.all()), ("connected 1".into(), "connected 2".into()));
        assert_eq!(client.legacy_peer_addr(peer), Some(listener.local_addr()));
        assert!(client.legacy_local_addr(peer).is_some());
    }
}

#[test]
fn what_was_sent_before_a_disconnect_arrives_and_the_end_is_told_to_both() {
    let (server, seen, listener) = listening(LegacyConfig::tcp(), false);
    let (client, heard) = witness(false);
    let peer = client.connect_legacy(listener.local_addr(), LegacyConfig::tcp()).unwrap();
    until(&[&server, &client], "the connection", || heard.has("connected"));
    for number in 0..1_000 {
        client.send(peer, Tell(number)).unwrap();
    }
    client.disconnect_legacy(peer).unwrap();
    assert!(client.disconnect_legacy(peer).is_err() && client.send(peer, Tell(0)).is_err());
    until(&[&server, &client], "the end", || heard.has("Closed") && seen.has("ClosedByPeer"));
    let numbers: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
    assert_eq!(seen.all(), format!("connected {} ClosedByPeer", numbers.join(" ")));
    // The place is taken again, and the old name means nobody.
    let again = client.connect_legacy(listener.local_addr(), LegacyConfig::tcp()).unwrap();
    client.send(again, Tell(1)).unwrap();
    assert!(again != peer && client.send(peer, Tell(0)).is_err());
    until(&[&server, &client], "the second", || seen.count() == 1_004);
}

/// Only there does the system keep what has arrived before a reset.
#[cfg(target_os = "linux")]
#[test]
fn what_a_peer_said_before_it_left_is_handed_over_although_nothing_can_be_written_to_it() {
    let (manager, seen, listener) =
        listening(LegacyConfig::tcp().send_queue_bytes(64 << 10), false);
    let mut client = tcp_client(listener.local_addr());
    client.write_all(&frames([0])).unwrap();
    until_seen(&manager, &seen, "connected 0");
    let peer = manager.legacy_peers()[0];
    // Until neither the queue nor the system takes more.
    while manager.send(peer, Tell(1)).is_ok() || {
        manager.tick().unwrap();
        manager.send(peer, Tell(1)).is_ok()
    } {}
    client.write_all(&frames([7])).unwrap();
    // With something unread: the connection is reset.
    drop(client);
    until(&[&manager], "the end", || seen.all().contains("ClosedByPeer"));
    assert!(seen.has("7"), "{}", seen.all());
}

#[test]
fn what_arrives_ends_the_wait_of_a_loop() {
    for config in [LegacyConfig::udp(), LegacyConfig::tcp()] {
        let (manager, seen, listener) = listening(config.clone(), false);
        manager.tick().unwrap();
        let (client, _) = witness(false);
        let peer = client.connect_legacy(listener.local_addr(), config).unwrap();
        client.send(peer, Tell(1)).unwrap();
        until(&[&client], "the way", || !client.legacy_peers().is_empty());
        client.tick().unwrap();
        let start = Instant::now();
        while !seen.has("1") {
            manager.wait_until(start + 2 * DEADLINE);
            manager.tick().unwrap();
        }
        assert!(start.elapsed() < DEADLINE, "nothing has woken it");
    }
}

#[test]
fn a_closed_listener_lets_go_of_all_and_of_its_address() {
    for config in [LegacyConfig::udp(), LegacyConfig::tcp()] {
        let (manager, seen, listener) = listening(config.clone(), false);
        let (client, heard) = witness(false);
        let peer = client.connect_legacy(listener.local_addr(), config.clone()).unwrap();
        client.send(peer, Tell(1)).unwrap();
        until(&[&manager, &client], "the peer", || seen.has("1"));
        manager.stop_listening_legacy(listener).unwrap();
        assert!(manager.stop_listening_legacy(listener).is_err());
        until(&[&manager, &client], "the end", || seen.has("Closed"));
        until(&[&manager, &client], "its address is free", || {
            manager.listen_legacy(listener.local_addr(), config.clone()).is_ok()
        });
        assert!(manager.stop_listening_legacy(listener).is_err(), "it means another one");
        drop(heard);
    }
}

#[test]
fn nothing_can_be_asked_of_such_a_peer_and_long_packet_types_cannot_be_sent() {
    #[derive(Message, Clone)]
    #[message(packet_type = 256)]
    struct TooHigh;

    let (server, _, listener) = listening(LegacyConfig::udp(), false);
    let (client, _) = witness(false);
    let peer = client.connect_legacy(listener.local_addr(), LegacyConfig::udp()).unwrap();
    client.tick().unwrap();
    assert!(client.send(peer, TooHigh).is_err());
    assert!(client.send_to_named(peer, "witness", Tell(1)).is_err());
    let mut answer = client.ask(peer, net::Next(1));
    client.tick().unwrap();
    assert!(matches!(answer.take(), Some(Err(_))));
    drop(server);
}
