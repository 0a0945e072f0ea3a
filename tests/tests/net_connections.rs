//! Peers that connect, talk, and go.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/net.rs"]
mod net;

use std::cell::Cell;
use std::rc::Rc;

use net::{Next, Seen, Tell, Witness, open, until, witness};
use pysage_net::{
    ActorManager, AskError, Destination, DropReason, Listener, NetError, Network, SendError,
};

/// A server that replies, and a client that is connecting to it.
fn pair() -> (ActorManager, Seen, Listener, ActorManager, Seen, Destination) {
    let (server, at_server) = witness(true);
    let (client, at_client) = witness(false);
    let listener = server.listen("127.0.0.1:0", open()).unwrap();
    let peer = client.connect(listener.local_addr(), open()).unwrap();
    (server, at_server, listener, client, at_client, peer)
}

#[test]
fn messages_go_both_ways_and_are_announced() {
    let (server, at_server, listener, client, at_client, peer) = pair();
    for number in [1, 3, 5] {
        client.send(peer, Tell(number)).unwrap();
    }
    until(&[&server, &client], "the third reply", || at_client.has("6"));
    assert_eq!(at_server.all(), "connected 1 3 5");
    assert_eq!(at_client.all(), "connected 2 4 6");
    assert_eq!(client.peers(), [peer]);
    assert_eq!(client.peer_addr(peer), Some(listener.local_addr()));
    let [of_client] = server.peers()[..] else { panic!("the server has one peer") };
    let port = server.peer_addr(of_client).unwrap().port();
    assert_eq!(client.local_addr(peer).unwrap().port(), port);
    assert_eq!(server.peers_of(listener), [of_client]);
}

#[test]
fn requests_are_answered_both_ways() {
    let (server, at_server, _, client, _, peer) = pair();
    let mut answer = client.ask(peer, Next(41));
    until(&[&server, &client], "the answer", || answer.is_ready());
    assert_eq!(answer.take(), Some(Ok(42)));
    assert!(at_server.has("connected"));
    let mut answer = server.ask(server.peers()[0], Next(1));
    until(&[&server, &client], "the answer", || answer.is_ready());
    assert_eq!(answer.take(), Some(Ok(2)));
}

#[test]
fn an_actor_is_reached_by_its_name() {
    let (server, _, _, client, _, peer) = pair();
    let other = Seen::default();
    server.register_named("other", Witness { seen: other.clone(), replies: false }).unwrap();
    client.send_to_actor(peer, "other", Tell(7)).unwrap();
    until(&[&server, &client], "the message", || other.has("7"));
}

#[test]
fn a_disconnect_delivers_what_was_sent_and_is_told_at_both_ends() {
    let (server, at_server, _, client, at_client, peer) = pair();
    until(&[&server, &client], "the connection", || at_client.has("connected"));
    client.send(peer, Tell(1)).unwrap();
    client.disconnect(peer).unwrap();
    assert_eq!(client.send(peer, Tell(2)), Err(SendError::NoSuchLink));
    until(&[&server, &client], "the end", || at_server.count() == 3 && at_client.count() >= 2);
    assert_eq!(at_server.all(), "connected 1 ClosedByPeer");
    assert!(at_client.has("Closed"), "{}", at_client.all());
    assert!(matches!(client.disconnect(peer), Err(NetError::UnknownPeer)));
    assert!(client.peers().is_empty() && server.peers().is_empty());
    assert_eq!(client.peer_addr(peer), None);
}

#[test]
fn what_is_sent_to_nobody_is_told_and_accounted_for() {
    let (client, seen) = witness(false);
    let letters: Rc<Cell<u32>> = Rc::default();
    let noted = letters.clone();
    client.on_dead_letter(move |letter| {
        assert_eq!(letter.reason, DropReason::LinkGone);
        noted.set(noted.get() + 1);
    });
    // A port that was free just now.
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // It is tried until then, since a server may just be starting.
    let soon = std::time::Duration::from_millis(300);
    let peer = client.connect(free, open().connect_timeout(soon)).unwrap();
    client.send(peer, Tell(1)).unwrap();
    let mut answer = client.ask(peer, Next(1));
    until(&[&client], "the refusal", || seen.has("NobodyListens"));
    assert_eq!(answer.take(), Some(Err(AskError::Unreachable)));
    assert_eq!(letters.get(), 2);
    assert_eq!(seen.all(), "NobodyListens");
}

#[test]
fn a_name_is_looked_up_while_messages_wait() {
    let (server, at_server) = witness(false);
    let (client, _) = witness(false);
    let listener = server.listen("localhost:0", open()).unwrap();
    let peer = client.connect(("localhost", listener.local_addr().port()), open()).unwrap();
    client.send(peer, Tell(1)).unwrap();
    until(&[&server, &client], "the message", || at_server.has("1"));
}

#[test]
fn a_name_that_nobody_has_is_told() {
    let (client, seen) = witness(false);
    let peer = client.connect("nobody.invalid:5000", open()).unwrap();
    client.send(peer, Tell(1)).unwrap();
    until(&[&client], "the end", || seen.all().starts_with("NameNotFound"));
    assert_eq!(client.send(peer, Tell(1)), Err(SendError::NoSuchLink));
    let error = client.listen("nobody.invalid:5000", open()).unwrap_err();
    assert!(matches!(error, NetError::NameNotFound { .. }), "{error}");
}

#[test]
fn a_manager_listens_and_connects_several_times_at_once() {
    let (hub, at_hub) = witness(true);
    let listeners = [(); 2].map(|()| hub.listen("127.0.0.1:0", open()).unwrap());
    let (far, at_far) = witness(true);
    let far_listener = far.listen("127.0.0.1:0", open()).unwrap();
    let outwards = hub.connect(far_listener.local_addr(), open()).unwrap();
    let guests = [0, 1, 1].map(|which: usize| {
        let (guest, seen) = witness(false);
        let peer = guest.connect(listeners[which].local_addr(), open()).unwrap();
        guest.send(peer, Tell(10)).unwrap();
        (guest, seen)
    });
    hub.send(outwards, Tell(20)).unwrap();
    let all = [&hub, &far, &guests[0].0, &guests[1].0, &guests[2].0];
    until(&all, "all replies", || {
        at_hub.has("21") && guests.iter().all(|(_, seen)| seen.has("11"))
    });
    assert!(at_far.has("20"));
    assert_eq!(listeners.map(|listener| hub.peers_of(listener).len()), [1, 2]);
    assert_eq!(hub.peers().len(), 4);
    let broadcast = hub.broadcast_to_peers(Tell(90));
    assert_eq!((broadcast.sent, broadcast.refused), (4, 0));
    until(&all, "the broadcast", || {
        at_far.has("90") && guests.iter().all(|(_, seen)| seen.has("90"))
    });
}

#[test]
fn a_listener_that_is_closed_disconnects_its_peers_and_frees_its_address() {
    let (server, at_server, listener, client, at_client, peer) = pair();
    client.send(peer, Tell(1)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("2"));
    server.stop_listening(listener).unwrap();
    assert!(matches!(server.stop_listening(listener), Err(NetError::UnknownListener)));
    until(&[&server, &client], "the end", || at_client.has("ClosedByPeer"));
    until(&[&server, &client], "the end", || at_server.has("Closed"));
    let again = std::cell::RefCell::new(None);
    until(&[&server, &client], "a free address", || {
        *again.borrow_mut() = server.listen(listener.local_addr(), open()).ok();
        again.borrow().is_some()
    });
    let again = again.take().unwrap();
    assert!(matches!(server.stop_listening(listener), Err(NetError::UnknownListener)));
    let peer = client.connect(again.local_addr(), open()).unwrap();
    client.send(peer, Tell(5)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("6"));
}

#[test]
fn a_client_connects_anew_as_often_as_it_likes() {
    let (server, at_server) = witness(true);
    let (client, at_client) = witness(false);
    let listener = server.listen("127.0.0.1:0", open()).unwrap();
    let mut peers: Vec<Destination> = Vec::new();
    for number in 0..10 {
        let peer = client.connect(listener.local_addr(), open()).unwrap();
        assert!(!peers.contains(&peer), "a peer that is gone is not meant by another");
        client.send(peer, Tell(number * 10)).unwrap();
        let reply = (number * 10 + 1).to_string();
        until(&[&server, &client], "the reply", || at_client.has(&reply));
        for gone in &peers {
            assert_eq!(client.send(*gone, Tell(0)), Err(SendError::NoSuchLink));
        }
        client.disconnect(peer).unwrap();
        let gone = number as usize + 1;
        until(&[&server, &client], "the end", || {
            client.peers().is_empty() && at_server.all().matches("ClosedByPeer").count() == gone
        });
        peers.push(peer);
    }
}

#[test]
fn a_server_that_ends_says_so_and_one_that_takes_its_place_is_reached() {
    let (server, at_server, listener, client, at_client, peer) = pair();
    client.send(peer, Tell(1)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("2"));
    drop((server, at_server));
    until(&[&client], "the end", || at_client.has("ClosedByPeer"));
    let (server, _) = witness(true);
    server.listen(listener.local_addr(), open()).unwrap();
    let peer = client.connect(listener.local_addr(), open()).unwrap();
    client.send(peer, Tell(10)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("11"));
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let (server, _) = witness(false);
    let text = |error: NetError| error.to_string();
    let error = text(server.listen("here", open()).unwrap_err());
    assert!(error.contains("`here`") && error.contains("127.0.0.1:5000"), "{error}");
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let error = text(server.listen(taken.local_addr().unwrap(), open()).unwrap_err());
    assert!(error.contains("another program has port"), "{error}");
    let error = text(server.listen("192.0.2.1:0", open()).unwrap_err());
    assert!(error.contains("not an address of this machine"), "{error}");
    let second = std::time::Duration::from_secs(1);
    let config = open().keep_alive(second).idle_timeout(second);
    let error = text(server.connect("127.0.0.1:1", config).unwrap_err());
    assert!(error.contains("`keep_alive`"), "{error}");
    assert!(server.peers().is_empty());
}

#[test]
fn a_dead_letter_handler_is_told_that_the_network_is_busy() {
    let (server, at_server, listener, client, _, peer) = pair();
    let world = server.clone();
    let noted = at_server.clone();
    server.on_dead_letter(move |_| {
        let listened = world.listen("127.0.0.1:0", open());
        let stopped = world.stop_listening(listener);
        assert!(matches!(stopped, Err(NetError::Busy)));
        noted.note(if matches!(listened, Err(NetError::Busy)) { "busy" } else { "listens" });
    });
    client.send_to_actor(peer, "nobody", Tell(1)).unwrap();
    until(&[&server, &client], "the dead letter", || at_server.has("busy"));
}
