//! Bugs of the original's network that are not inherited, by their numbers. Bug 5 stands in
//! `limits.rs`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use pysage_core::{ManagerConfig, ManualClock};
use pysage_net::{ActorManager, LegacyConfig, LegacyNetwork, SendError};
use rustix::net::sockopt;

use super::net::{Seen, Tell, Witness, until, witness};
use super::{framed, frames, listening, tcp_client, told, udp_client, until_seen};

/// Only the first frame of a read was delivered, and the last ones never.
#[test]
fn bug_1_all_frames_of_one_read_are_delivered() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let mut client = tcp_client(listener.local_addr());
    let whole = frames(0..200);
    // Cut within a frame, so that a read ends there, too.
    let (first, rest) = whole.split_at(whole.len() - 5);
    client.write_all(first).unwrap();
    until(&[&manager], "the first ones", || seen.has("198"));
    client.write_all(rest).unwrap();
    until(&[&manager], "the last one", || seen.has("199"));
    assert_eq!(seen.count(), 201);
}

/// A frame of no bytes blocked its connection for good.
#[test]
fn bug_2_a_frame_without_bytes_is_counted_and_the_next_ones_come() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let mut client = tcp_client(listener.local_addr());
    client.write_all(&[framed(b""), frames([1])].concat()).unwrap();
    until_seen(&manager, &seen, "connected 1");
    assert_eq!(manager.legacy_counters().malformed, 1);
}

/// There was no longest frame.
#[test]
fn bug_2_a_frame_that_is_too_long_ends_its_connection_before_it_comes() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let mut client = tcp_client(listener.local_addr());
    client.write_all(&[frames([1]), vec![0xff; 4]].concat()).unwrap();
    until(&[&manager], "the end", || seen.count() == 3);
    assert!(seen.all().starts_with("connected 1 Malformed("), "{}", seen.all());
    assert_eq!(client.read(&mut [0; 8]).unwrap_or(0), 0);
}

/// A peer that does not read blocked the tick, and a stream was cut in the middle of a message.
#[test]
fn bug_3_a_peer_that_does_not_read_holds_up_nobody_and_gets_whole_messages() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp().send_queue_bytes(64 << 10), true);
    let mut slow = tcp_client(listener.local_addr());
    slow.write_all(&frames([0])).unwrap();
    until_seen(&manager, &seen, "connected 0");
    let to_slow = manager.legacy_peers()[0];
    let mut sent = 0;
    loop {
        match manager.send(to_slow, Tell(sent)) {
            Ok(()) => sent += 1,
            Err(SendError::Full { .. }) => {
                // Once the system takes no more either, a tick makes no room.
                manager.tick().unwrap();
                if manager.send(to_slow, Tell(sent)).is_err() {
                    break;
                }
                sent += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let mut quick = tcp_client(listener.local_addr());
    quick.write_all(&frames([7])).unwrap();
    until(&[&manager], "the quick one", || seen.has("7"));
    manager.tick().unwrap();
    let mut reply = [0; 9];
    quick.read_exact(&mut reply).unwrap();
    assert_eq!(reply[..], frames([8]));
    // The reply to 0 comes first.
    let mut expected = frames([1].into_iter().chain(0..sent)).into_iter();
    let mut buffer = vec![0; 64 << 10];
    while expected.len() > 0 {
        manager.tick().unwrap();
        let read = slow.read(&mut buffer).unwrap();
        assert!(read > 0 && buffer[..read].iter().all(|byte| expected.next() == Some(*byte)));
    }
}

/// One peer's reset made every later tick raise.
#[test]
fn bug_4_a_peer_that_resets_its_connection_is_gone_and_the_others_stay() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let [mut rude, mut polite] = [(); 2].map(|()| tcp_client(listener.local_addr()));
    rude.write_all(&frames([1])).unwrap();
    until(&[&manager], "the first", || seen.has("1"));
    sockopt::set_socket_linger(&rude, Some(Duration::ZERO)).unwrap();
    drop(rude);
    until(&[&manager], "the reset", || seen.has("ClosedByPeer"));
    polite.write_all(&frames([2])).unwrap();
    until(&[&manager], "the other", || seen.has("2"));
    assert_eq!(manager.legacy_peers().len(), 1);
}

/// What was sent after the server had closed vanished, and nobody was told.
#[test]
fn bug_7_the_end_of_the_server_is_told_and_sending_to_it_is_an_error() {
    let (server, _, listener) = listening(LegacyConfig::tcp(), false);
    let (client, seen) = witness(false);
    let peer = client.connect_legacy(listener.local_addr(), LegacyConfig::tcp()).unwrap();
    until(&[&server, &client], "the connection", || seen.has("connected"));
    drop(server);
    until(&[&client], "the end", || seen.has("ClosedByPeer"));
    assert!(matches!(client.send(peer, Tell(1)), Err(SendError::NoSuchLink)));
    assert_eq!(client.broadcast_to_legacy_peers(Tell(1)).sent, 0);
    let refused = client.connect_legacy(listener.local_addr(), LegacyConfig::tcp()).unwrap();
    client.send(refused, Tell(1)).unwrap();
    until(&[&client], "the refusal", || seen.has("NobodyListens"));
}

/// ECONNREFUSED came out of the tick.
#[test]
fn bug_8_a_udp_server_that_is_not_there_is_told_and_is_no_error_of_the_tick() {
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (client, seen) = witness(false);
    let peer = client.connect_legacy(nobody, LegacyConfig::udp()).unwrap();
    client.send(peer, Tell(1)).unwrap();
    until(&[&client], "the refusal", || seen.has("NobodyListens"));
    assert_eq!(seen.all(), "connected NobodyListens");
    assert!(matches!(client.send(peer, Tell(1)), Err(SendError::NoSuchLink)));
}

/// Peers stayed for ever, and with them the addresses that got each broadcast.
#[test]
fn bug_8_a_peer_that_is_silent_expires_and_gets_no_broadcast_any_more() {
    let idle = Duration::from_secs(10);
    for config in [LegacyConfig::udp(), LegacyConfig::tcp()] {
        let clock = ManualClock::new();
        let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
        let seen = Seen::default();
        manager.register(Witness { seen: seen.clone(), replies: false });
        let listener = manager.listen_legacy("127.0.0.1:0", config.clone().idle_timeout(idle));
        let (client, _) = witness(false);
        let peer = client.connect_legacy(listener.unwrap().local_addr(), config).unwrap();
        client.send(peer, Tell(1)).unwrap();
        until(&[&client, &manager], "the peer", || seen.has("1"));
        let latest = manager.clock().now() + idle;
        assert!(manager.wake_at().is_some_and(|wake_at| wake_at <= latest));
        assert_eq!(manager.broadcast_to_legacy_peers(Tell(2)).sent, 1);
        clock.advance(idle);
        until(&[&manager], "its end", || seen.has("TimedOut"));
        assert_eq!(manager.broadcast_to_legacy_peers(Tell(2)).sent, 0);
    }
}

/// A broadcast stopped at the first peer that failed.
#[test]
fn bug_9_a_broadcast_reaches_all_but_the_peer_that_failed() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let mut clients: Vec<_> = (0..3).map(|_| tcp_client(listener.local_addr())).collect();
    until(&[&manager], "the clients", || seen.count() == 3);
    let first = clients.remove(0);
    sockopt::set_socket_linger(&first, Some(Duration::ZERO)).unwrap();
    drop(first);
    manager.broadcast_to_legacy_peers(Tell(5));
    manager.tick().unwrap();
    for client in &mut clients {
        let mut frame = [0; 9];
        client.read_exact(&mut frame).unwrap();
        assert_eq!(frame[..], frames([5]));
    }
    // Over UDP, to an address that the system takes nothing for.
    let (manager, seen, listener) = listening(LegacyConfig::udp(), false);
    let nowhere = SocketAddr::from(([240, 0, 0, 1], 9));
    manager.add_legacy_peer(listener, nowhere).unwrap();
    let client = udp_client(listener.local_addr());
    client.send(&told(1)).unwrap();
    until(&[&manager], "the client", || seen.has("1"));
    assert_eq!(manager.broadcast_to_legacy_peers(Tell(5)).sent, 2);
    manager.tick().unwrap();
    let mut packet = [0; 100];
    let length = client.recv(&mut packet).unwrap();
    assert_eq!(packet[..length], told(5));
}

/// `select` has 1,024 descriptors at most, and `ValueError` came out of the tick.
#[test]
fn bug_9_more_than_1024_descriptors_are_waited_for() {
    let needed = 2_400;
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if most.current.is_some_and(|most| most < needed) {
        println!("skipped: this process may have {most:?} descriptors, and {needed} are needed");
        return;
    }
    let config = LegacyConfig::tcp().most_peers(2_000).most_peers_per_host(2_000);
    let (manager, seen, listener) = listening(config, true);
    let mut clients = Vec::new();
    for _ in 0..1_100 {
        clients.push(tcp_client(listener.local_addr()));
        manager.tick().unwrap();
    }
    until(&[&manager], "all", || seen.count() == 1_100);
    let last = clients.last_mut().unwrap();
    last.write_all(&frames([1])).unwrap();
    until(&[&manager], "the last", || seen.has("1"));
    manager.tick().unwrap();
    let mut reply = [0; 9];
    last.read_exact(&mut reply).unwrap();
    assert_eq!(reply[..], frames([2]));
}

/// The address of a listener was taken for a minute after its end, and its peers stayed connected.
#[test]
fn bug_9_an_address_is_free_at_once_and_its_peers_are_let_go() {
    let (manager, seen, listener) = listening(LegacyConfig::tcp(), false);
    let mut client = tcp_client(listener.local_addr());
    client.write_all(&frames([1])).unwrap();
    until_seen(&manager, &seen, "connected 1");
    client.set_nonblocking(true).unwrap();
    manager.stop_listening_legacy(listener).unwrap();
    until(&[&manager], "the end of the stream", || matches!((&client).read(&mut [0; 8]), Ok(0)));
    let (again, _) = witness(false);
    again.listen_legacy(listener.local_addr(), LegacyConfig::tcp()).unwrap();
    // The original's would be refused here, as this is without the option.
    assert!(TcpListener::bind(listener.local_addr()).is_err());
}
