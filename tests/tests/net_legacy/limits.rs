//! What anyone may do, and no more.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::time::Duration;

use pysage_core::{ManagerConfig, ManualClock};
use pysage_net::{ActorManager, DropReason, LegacyConfig, LegacyNetwork, NetError, SendError};

use super::net::{Seen, Tell, Witness, until, witness};
use super::{framed, frames, listening, tcp_client, told, udp_client, until_seen};

/// A manager with a witness whose time is moved by hand, and which listens.
fn by_hand(config: LegacyConfig) -> (ActorManager, Seen, ManualClock, std::net::SocketAddr) {
    let clock = ManualClock::new();
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    let seen = Seen::default();
    manager.register(Witness { seen: seen.clone(), replies: false });
    let listener = manager.listen_legacy("127.0.0.1:0", config).unwrap();
    (manager, seen, clock, listener.local_addr())
}

#[test]
fn a_udp_peer_that_says_too_much_is_not_listened_to_until_the_next_second() {
    let (manager, seen, clock, address) = by_hand(LegacyConfig::udp().messages_per_second(3));
    let client = udp_client(address);
    for number in 0..10 {
        client.send(&told(number)).unwrap();
    }
    // Who has just come is counted from the next message on.
    until(&[&manager], "the datagrams", || manager.legacy_counters().over_rate == 6);
    assert_eq!(seen.all(), "connected 0 1 2 3");
    clock.advance(Duration::from_secs(1));
    client.send(&told(10)).unwrap();
    until_seen(&manager, &seen, "connected 0 1 2 3 10");
}

#[test]
fn a_tcp_peer_that_says_too_much_is_read_later_and_loses_nothing() {
    let (manager, seen, clock, address) = by_hand(LegacyConfig::tcp().messages_per_second(3));
    let mut client = tcp_client(address);
    client.write_all(&frames(0..7)).unwrap();
    until_seen(&manager, &seen, "connected 0 1 2");
    assert!(manager.tick().unwrap().received == 0 && manager.wake_at().is_some());
    clock.advance(Duration::from_secs(1));
    until_seen(&manager, &seen, "connected 0 1 2 3 4 5");
    clock.advance(Duration::from_secs(1));
    until_seen(&manager, &seen, "connected 0 1 2 3 4 5 6");
}

#[test]
fn there_are_so_many_peers_at_most() {
    let (manager, seen, listener) = listening(LegacyConfig::udp().most_peers(2), false);
    let clients: Vec<_> = (0..3).map(|_| udp_client(listener.local_addr())).collect();
    for (number, client) in (0..).zip(&clients) {
        client.send(&told(number)).unwrap();
        until(&[&manager], "the datagram", || {
            seen.has(&number.to_string()) || manager.legacy_counters().refused == 1
        });
    }
    assert_eq!(seen.all(), "connected 0 connected 1");
    let config = LegacyConfig::tcp().most_peers_per_host(1);
    let (manager, seen, listener) = listening(config, false);
    let mut first = tcp_client(listener.local_addr());
    first.write_all(&frames([1])).unwrap();
    until_seen(&manager, &seen, "connected 1");
    let mut second = tcp_client(listener.local_addr());
    until(&[&manager], "the refusal", || manager.legacy_counters().refused == 1);
    assert_eq!(second.read(&mut [0; 8]).unwrap(), 0, "it is closed");
    drop(first);
    until_seen(&manager, &seen, "connected 1 ClosedByPeer");
    tcp_client(listener.local_addr()).write_all(&frames([3])).unwrap();
    until_seen(&manager, &seen, "connected 1 ClosedByPeer connected 3 ClosedByPeer");
}

#[test]
fn a_full_queue_has_the_rest_wait_and_nothing_is_lost_over_tcp() {
    let config = LegacyConfig::tcp().inbox_bytes(100).messages_per_second(u64::MAX);
    let (manager, seen, listener) = listening(config, false);
    let mut client = tcp_client(listener.local_addr());
    client.write_all(&frames(0..500)).unwrap();
    drop(client);
    until(&[&manager], "all", || seen.has("ClosedByPeer"));
    let numbers: Vec<_> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(seen.all(), format!("connected {} ClosedByPeer", numbers.join(" ")));
    assert!(manager.counters().ticks > 20, "it was no more than 100 bytes a tick");
}

#[test]
fn datagrams_that_were_read_and_do_not_fit_wait() {
    let (manager, seen, listener) = listening(LegacyConfig::udp().inbox_bytes(20), false);
    let client = udp_client(listener.local_addr());
    for number in 0..50 {
        client.send(&told(number)).unwrap();
    }
    until(&[&manager], "all", || seen.count() == 51);
    let numbers: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!(seen.all(), format!("connected {}", numbers.join(" ")));
}

#[test]
fn a_message_over_the_limit_is_refused_at_the_call_and_one_within_it_arrives() {
    for config in [LegacyConfig::udp(), LegacyConfig::tcp()] {
        let config = config.message_bytes(4);
        let (server, seen, listener) = listening(config.clone(), false);
        let (client, _) = witness(false);
        let peer = client.connect_legacy(listener.local_addr(), config).unwrap();
        let refused = client.send(peer, super::everything::everything());
        assert!(matches!(refused, Err(SendError::Encode(_))), "{refused:?}");
        client.send(peer, Tell(1)).unwrap();
        until(&[&client, &server], "it", || seen.count() == 2);
        assert_eq!(seen.all(), "connected 1");
    }
}

#[test]
fn the_longest_datagram_there_is_goes_there_and_back() {
    #[derive(pysage_net::Message, Clone)]
    #[message(packet_type = 120)]
    struct Long(String);

    let (server, _, listener) = listening(LegacyConfig::udp(), false);
    let got = std::rc::Rc::new(std::cell::Cell::new(0));
    struct Measure(std::rc::Rc<std::cell::Cell<usize>>);
    impl pysage_net::Actor for Measure {
        fn subscriptions(on: &mut pysage_net::Subscriptions<Self>) {
            on.message(|me: &mut Self, long: &Long, _: &pysage_net::Context| {
                me.0.set(long.0.len());
            });
        }
    }
    server.register(Measure(got.clone()));
    let (client, _) = witness(false);
    let peer = client.connect_legacy(listener.local_addr(), LegacyConfig::udp()).unwrap();
    let most = 65_507 - 1 - 4;
    assert!(client.send(peer, Long("x".repeat(most + 1))).is_err());
    client.send(peer, Long("x".repeat(most))).unwrap();
    until(&[&client, &server], "it", || got.get() == most);
}

#[test]
fn configurations_that_contradict_themselves_are_refused() {
    let manager = ActorManager::new();
    for config in [
        LegacyConfig::udp().most_peers(0),
        LegacyConfig::tcp().most_peers_per_host(0),
        LegacyConfig::udp().messages_per_second(0),
    ] {
        let refused = manager.listen_legacy("127.0.0.1:0", config);
        assert!(matches!(refused, Err(NetError::Config { .. })), "{refused:?}");
    }
    let config = LegacyConfig::tcp().connect_timeout(Duration::ZERO);
    let refused = manager.connect_legacy("127.0.0.1:1", config);
    assert!(matches!(refused, Err(NetError::Config { .. })), "{refused:?}");
}

/// A packet that is no message is counted and shown, whoever sent it, and the good ones next to it
/// are handled: bug 5 of the original, with the packets that made it fail.
#[test]
fn bug_5_malformed_packets_are_counted_and_cost_nobody_anything() {
    let bad: Vec<Vec<u8>> = [
        &b""[..],
        b"\x00",
        b"\x64",
        b"\xfe\x01\x02",
        b"\x65\x00\x00",
        b"\x65\x00\x00\x00\x01\x00",
        b"\xff",
        b"\xff\xff\xff\xff\xff\xff\xff",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let mut client = tcp_client(listener.local_addr());
    let mut stream = Vec::new();
    for (number, packet) in (0..).zip(&bad) {
        stream.extend(framed(packet));
        stream.extend(framed(&told(number)));
    }
    client.write_all(&stream).unwrap();
    until_seen(&manager, &seen, "connected 0 1 2 3 4 5 6 7");
    assert_eq!(manager.legacy_counters().malformed, bad.len() as u64);
    let dropped = [DropReason::Malformed, DropReason::UnknownPacketType]
        .map(|reason| manager.counters().dropped(reason));
    assert_eq!(dropped, [3, 5]);

    let (manager, seen, listener) = listening(LegacyConfig::udp(), false);
    let noise = UdpSocket::bind("127.0.0.1:0").unwrap();
    for packet in &bad {
        noise.send_to(packet, listener.local_addr()).unwrap();
    }
    udp_client(listener.local_addr()).send(&told(1)).unwrap();
    until_seen(&manager, &seen, "connected 1");
    let counted = manager.legacy_counters();
    assert_eq!((counted.malformed, counted.dropped), (bad.len() as u64 - 1, 1));
    assert_eq!(manager.legacy_peers().len(), 1, "who only makes noise is no peer");
}
