//! The counterparts of those tests of the original that are about peers: the end of its
//! `tests/test_network.py`, and `tests/test_transport.py`, in their order.
//!
//! Where the original started a child process and talked to it over pipes, there are two managers
//! here; where it had bare transports, there are the sockets of the standard library, which are as
//! bare.

#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
#[path = "../support/net.rs"]
mod net;

use std::net::UdpSocket;

use pysage_net::{
    Actor, ActorManager, Context, Destination, LegacyConfig, LegacyListener, LegacyNetwork,
    Message, Subscriptions,
};

use net::{DEADLINE, Seen, until};

/// A client says it is there.
#[derive(Message, Clone)]
#[message(packet_type = 101)]
struct Syn(i32);

/// The server says that it has heard.
#[derive(Message, Clone)]
#[message(packet_type = 102)]
struct SynAck(i32);

/// The client has heard that.
#[derive(Message, Clone)]
#[message(packet_type = 103)]
struct Ack(i32);

struct Server {
    seen: Seen,
    /// Answers all peers instead of the one that has sent.
    broadcasts: bool,
}

impl Actor for Server {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, syn: &Syn, cx: &Context| {
            me.seen.note(format!("syn{}", syn.0));
            if me.broadcasts {
                cx.broadcast_to_legacy_peers(SynAck(syn.0 + 1));
            } else {
                cx.send(cx.sender().unwrap(), SynAck(syn.0 + 1)).unwrap();
            }
        })
        .message(|me: &mut Self, ack: &Ack, _: &Context| me.seen.note(format!("ack{}", ack.0)));
    }
}

struct Client {
    seen: Seen,
    server: Destination,
}

impl Actor for Client {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, heard: &SynAck, cx: &Context| {
            me.seen.note(format!("synack{}", heard.0));
            cx.send(me.server, Ack(heard.0 + 1)).unwrap();
        });
    }
}

fn server(config: LegacyConfig, broadcasts: bool) -> (ActorManager, Seen, LegacyListener) {
    let (manager, seen) = (ActorManager::new(), Seen::default());
    manager.register(Server { seen: seen.clone(), broadcasts });
    let listener = manager.listen_legacy("127.0.0.1:0", config).unwrap();
    assert_ne!(listener.local_addr().port(), 0);
    (manager, seen, listener)
}

fn client(config: LegacyConfig, to: LegacyListener) -> (ActorManager, Seen, Destination) {
    let (manager, seen) = (ActorManager::new(), Seen::default());
    let server = manager.connect_legacy(to.local_addr(), config).unwrap();
    manager.register(Client { seen: seen.clone(), server });
    manager.register_message::<Syn>().unwrap();
    manager.send(server, Syn(1)).unwrap();
    (manager, seen, server)
}

/// Original 40: test_send_network_message
#[test]
fn a_client_and_a_server_talk_over_udp() {
    let (server, seen, listener) = server(LegacyConfig::udp(), false);
    let (client, heard, _) = client(LegacyConfig::udp(), listener);
    until(&[&client, &server], "the end of the talk", || seen.has("ack3"));
    assert_eq!((seen.all(), heard.all()), ("syn1 ack3".into(), "synack2".into()));
}

/// Original 41: test_send_network_message_tcp
#[test]
fn a_client_and_a_server_talk_over_tcp_until_the_client_disconnects() {
    let (server, seen, listener) = server(LegacyConfig::tcp(), false);
    let (client, heard, to_server) = client(LegacyConfig::tcp(), listener);
    until(&[&client, &server], "the end of the talk", || seen.has("ack3"));
    assert_eq!((seen.all(), heard.all()), ("syn1 ack3".into(), "synack2".into()));
    client.disconnect_legacy(to_server).unwrap();
    until(&[&client, &server], "the end", || server.legacy_peers().is_empty());
}

/// Original 42: test_send_network_message_broadcast_tcp
#[test]
fn a_broadcast_reaches_all_tcp_peers() {
    broadcast_reaches_all(LegacyConfig::tcp());
}

/// Original 43: test_send_network_message_broadcast
#[test]
fn a_broadcast_reaches_every_udp_address_that_was_heard_from() {
    broadcast_reaches_all(LegacyConfig::udp());
}

fn broadcast_reaches_all(config: LegacyConfig) {
    let (server, seen, listener) = server(config.clone(), true);
    let (first, heard_by_first, _) = client(config.clone(), listener);
    until(&[&first, &server], "the first", || seen.has("ack3"));
    let (second, heard_by_second, _) = client(config, listener);
    until(&[&first, &second, &server], "both", || {
        heard_by_first.count() == 2 && heard_by_second.count() == 1
    });
}

/// Original 44: test_server_listen_single_client
#[test]
fn a_packet_is_handed_over_and_its_address_is_a_peer() {
    let (manager, seen, listener) = server(LegacyConfig::udp(), false);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.send_to(b"e\0\0\0\x07", listener.local_addr()).unwrap();
    until(&[&manager], "the packet", || seen.has("syn7"));
    let peers = manager.legacy_peers();
    assert_eq!(peers.len(), 1);
    assert_eq!(manager.legacy_peer_addr(peers[0]), client.local_addr().ok());
}

/// Original 46: test_server_listen_multiple_client
#[test]
fn packets_of_two_clients_are_handed_over_in_the_order_of_their_arrival() {
    let (manager, seen, listener) = server(LegacyConfig::udp(), false);
    let clients = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    for (number, client) in (1..).zip(&clients) {
        client.send_to(&[b'e', 0, 0, 0, number], listener.local_addr()).unwrap();
    }
    until(&[&manager], "both", || seen.count() == 2);
    assert_eq!(seen.all(), "syn1 syn2");
    let peers = manager.legacy_peers();
    let addresses: Vec<_> = peers.iter().map(|peer| manager.legacy_peer_addr(*peer)).collect();
    assert_eq!(addresses, clients.map(|client| client.local_addr().ok()));
}

/// Original 47: test_server_broadcast
#[test]
fn a_broadcast_reaches_two_bare_udp_sockets() {
    let (manager, seen, listener) = server(LegacyConfig::udp(), false);
    let clients = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    for client in &clients {
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        // It is answered, which is read first.
        client.send_to(b"e\0\0\0\x01", listener.local_addr()).unwrap();
    }
    until(&[&manager], "both", || seen.count() == 2);
    assert_eq!(manager.broadcast_to_legacy_peers(Ack(9)).sent, 2);
    manager.tick().unwrap();
    for client in &clients {
        let mut packet = [0; 100];
        for expected in [b"f\0\0\0\x02", b"g\0\0\0\x09"] {
            let (length, from) = client.recv_from(&mut packet).unwrap();
            assert_eq!((&packet[..length], from), (&expected[..], listener.local_addr()));
        }
    }
}
