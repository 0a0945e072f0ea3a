//! Peers over TCP.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "net_tcp/hostile.rs"]
mod hostile;
#[path = "net_tcp/limits.rs"]
mod limits;
#[path = "../support/net.rs"]
mod net;
#[path = "net_tcp/proxy.rs"]
mod proxy;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use net::{DEADLINE, Next, Seen, Tell, open, until, witness};
use proxy::Proxy;
use pysage_net::{
    ActorManager, Carrier, Delivery, Destination, Flow, Listener, NetConfig, Network, SendError,
    Service, TickRate,
};

fn tcp() -> NetConfig {
    open().carrier(Carrier::Tcp)
}

/// A server that replies, and a client that is connecting to it.
fn pair() -> (ActorManager, Seen, Listener, ActorManager, Seen, Destination) {
    let (server, at_server) = witness(true);
    let (client, at_client) = witness(false);
    let listener = server.listen("127.0.0.1:0", tcp()).unwrap();
    let peer = client.connect(listener.local_addr(), tcp()).unwrap();
    (server, at_server, listener, client, at_client, peer)
}

#[test]
fn messages_of_each_delivery_arrive_once_and_in_order() {
    let (server, at_server, listener, client, at_client, peer) = pair();
    until(&[&server, &client], "the connection", || at_client.has("connected"));
    let deliveries = [
        Delivery::Unreliable,
        Delivery::Sequenced,
        Delivery::ReliableUnordered,
        Delivery::ReliableOrdered,
    ];
    for (number, delivery) in (0..).zip(deliveries) {
        for at in 0..100 {
            client.send_with(peer, Tell(number * 1_000 + 2 * at), delivery).unwrap();
        }
    }
    until(&[&server, &client], "all replies", || at_client.count() == 401);
    let numbers: Vec<u32> =
        at_server.all().split(' ').skip(1).map(|number| number.parse().unwrap()).collect();
    for number in 0..4 {
        let of_it = numbers.iter().filter(|it| **it / 1_000 == number);
        assert!(of_it.eq(&(0..100).map(|at| number * 1_000 + 2 * at).collect::<Vec<_>>()));
    }
    assert_eq!(client.peer_addr(peer), Some(listener.local_addr()));
    let of_client = server.peer_addr(server.peers()[0]).unwrap();
    assert_eq!(client.local_addr(peer), Some(of_client));
    assert_eq!(client.net_counters().resent + server.net_counters().resent, 0);
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
fn bulk_waits_for_whoever_handles_it_and_all_of_it_arrives() {
    let (server, at_server) = witness(false);
    let (client, at_client) = witness(false);
    let listener = server.listen("127.0.0.1:0", tcp()).unwrap();
    let config = tcp().send_queue_bytes(100_000);
    let peer = client.connect(listener.local_addr(), config).unwrap();
    until(&[&server, &client], "the connection", || at_client.has("connected"));
    let (mut sent, mut full) = (0, 0);
    while sent < 300_000 {
        match client.send(peer, Tell(sent)) {
            Ok(()) => sent += 1,
            Err(SendError::Full { .. }) => {
                full += 1;
                client.tick().unwrap();
                // It ticks seldom, so the windows fill up.
                if full % 50 == 0 {
                    server.tick().unwrap();
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
    until(&[&server, &client], "all", || at_server.count() == 300_001);
    assert!(full > 0, "it was full at no time");
    let all = at_server.all();
    assert!(all.split(' ').skip(1).map(|it| it.parse::<u32>().unwrap()).eq(0..300_000));
}

#[test]
fn who_does_not_read_holds_up_nobody_else() {
    let (server, at_server) = witness(false);
    let listener = server.listen("127.0.0.1:0", tcp().send_queue_bytes(100_000)).unwrap();
    let (reader, at_reader) = witness(false);
    // Nobody serves its socket but its tick.
    let (sleeper, at_sleeper) = witness(false);
    reader.connect(listener.local_addr(), tcp()).unwrap();
    sleeper.connect(listener.local_addr(), tcp().service(Service::InTick)).unwrap();
    until(&[&server, &reader, &sleeper], "both", || at_server.all() == "connected connected");
    until(&[&reader, &sleeper], "both", || at_reader.count() + at_sleeper.count() == 2);
    let mut full = 0;
    // More than the window and the queue hold.
    for number in 0..200_000 {
        let broadcast = server.broadcast_to_peers(Tell(number));
        full += broadcast.refused;
        if number % 1_000 == 0 {
            let wanted = (number + 1) as usize;
            until(&[&server, &reader], "the reader", || at_reader.count() > wanted);
        }
    }
    until(&[&server, &reader], "all", || at_reader.count() == 200_001);
    assert!(full > 0 && at_sleeper.count() == 1);
    assert_eq!(at_server.all(), "connected connected");
}

#[test]
fn ipv6_and_names_are_reached() {
    let (server, at_server) = witness(false);
    let (client, _) = witness(false);
    let by_name = server.listen("localhost:0", tcp()).unwrap().local_addr().port();
    let mut addresses = vec![format!("localhost:{by_name}")];
    match server.listen("[::1]:0", tcp()) {
        Ok(listener) => addresses.push(listener.local_addr().to_string()),
        Err(error) => eprintln!("without IPv6: {error}"),
    }
    for (number, address) in (0..).zip(&addresses) {
        let peer = client.connect(address.as_str(), tcp()).unwrap();
        client.send(peer, Tell(number)).unwrap();
        until(&[&server, &client], "the message", || at_server.has(&number.to_string()));
    }
}

#[test]
fn nobody_at_an_address_is_told_at_once_and_what_was_sent_is_accounted_for() {
    let (client, seen) = witness(false);
    let letters: Rc<Cell<u32>> = Rc::default();
    let noted = letters.clone();
    client.on_dead_letter(move |_| noted.set(noted.get() + 1));
    // Nobody listens where a connection begins, nor can anybody begin to meanwhile.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let nobody = stream.local_addr().unwrap();
    let begun = Instant::now();
    let peer = client.connect(nobody, tcp().connect_timeout(DEADLINE)).unwrap();
    client.send(peer, Tell(1)).unwrap();
    until(&[&client], "the refusal", || seen.has("NobodyListens"));
    assert!(begun.elapsed() < DEADLINE / 2, "it was not told at once");
    assert_eq!((letters.get(), seen.all()), (1, "NobodyListens".to_owned()));
    let peer = client.connect("nobody.invalid:5000", tcp()).unwrap();
    until(&[&client], "the end", || seen.all().contains("NameNotFound"));
    assert_eq!(client.send(peer, Tell(1)), Err(SendError::NoSuchLink));
}

#[test]
fn a_disconnect_delivers_what_was_sent_and_the_address_is_free_again() {
    let (server, at_server, listener, client, at_client, peer) = pair();
    until(&[&server, &client], "the connection", || at_client.has("connected"));
    for number in 0..5_000 {
        client.send(peer, Tell(2 * number)).unwrap();
    }
    client.disconnect(peer).unwrap();
    until(&[&server, &client], "the end", || at_server.has("ClosedByPeer"));
    until(&[&server, &client], "the end", || at_client.has("Closed"));
    assert!(at_server.has("9998"));
    server.stop_listening(listener).unwrap();
    until(&[&server, &client], "a free address", || {
        server.listen(listener.local_addr(), tcp()).is_ok()
    });
    let peer = client.connect(listener.local_addr(), tcp()).unwrap();
    client.send(peer, Tell(10_000)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("10001"));
}

#[test]
fn a_server_that_ends_says_so() {
    let (server, at_server, _, client, at_client, peer) = pair();
    client.send(peer, Tell(2)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("3"));
    drop((server, at_server));
    until(&[&client], "the end", || at_client.has("ClosedByPeer"));
}

#[test]
fn one_peer_too_many_is_refused() {
    let (server, at_server) = witness(true);
    let listener = server.listen("127.0.0.1:0", tcp().most_peers(1)).unwrap();
    let clients = [0, 1].map(|_| witness(false));
    for (client, seen) in &clients {
        client.connect(listener.local_addr(), tcp()).unwrap();
        let all = [&server, &clients[0].0, &clients[1].0];
        until(&all, "an answer", || seen.count() > 0);
    }
    assert_eq!([&clients[0].1, &clients[1].1].map(Seen::all), ["connected", "TooManyPeers"]);
    assert_eq!(at_server.all(), "connected");
}

#[test]
fn a_connection_that_breaks_off_is_told_with_what_may_not_have_arrived() {
    let (server, at_server) = witness(false);
    let (client, at_client) = witness(false);
    let letters: Rc<Cell<u64>> = Rc::default();
    let noted = letters.clone();
    client.on_dead_letter(move |_| noted.set(noted.get() + 1));
    let listener = server.listen("127.0.0.1:0", tcp()).unwrap();
    let proxy = Proxy::to(listener.local_addr());
    let peer = client.connect(proxy.address, tcp()).unwrap();
    client.send(peer, Tell(0)).unwrap();
    until(&[&server, &client], "the first", || at_server.has("0"));
    proxy.hold();
    for number in 1..=50 {
        client.send(peer, Tell(number)).unwrap();
    }
    client.send_with(peer, Tell(99), Delivery::Unreliable).unwrap();
    client.flush().unwrap();
    proxy.cut();
    until(&[&server, &client], "the end", || {
        [&at_client, &at_server].iter().all(|seen| seen.has("ConnectionLost"))
    });
    assert_eq!(at_server.all(), "connected 0 ConnectionLost");
    // Of the first one it may not have been told any more that it arrived.
    assert!((50..=51).contains(&letters.get()), "{} dead letters", letters.get());
    assert_eq!(client.send(peer, Tell(7)), Err(SendError::NoSuchLink));
}

#[test]
fn a_loop_that_waits_is_woken_by_who_connects_and_by_each_message() {
    let (said, heard) = channel();
    let server = thread::spawn(move || {
        let (manager, _) = witness(true);
        let listener = manager.listen("127.0.0.1:0", tcp()).unwrap();
        said.send((listener.local_addr(), manager.handle())).unwrap();
        let never = TickRate::every(Duration::from_secs(3_600));
        manager.run(never.or_when_woken(), |_| Flow::Continue).unwrap();
    });
    let (address, handle) = heard.recv_timeout(DEADLINE).unwrap();
    for _ in 0..3 {
        let (client, seen) = witness(false);
        let peer = client.connect(address, tcp()).unwrap();
        for number in 0..20 {
            client.send(peer, Tell(number * 10)).unwrap();
            let reply = (number * 10 + 1).to_string();
            until(&[&client], "a reply", || seen.has(&reply));
        }
    }
    handle.stop();
    server.join().unwrap();
}
