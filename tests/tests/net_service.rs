//! Who serves a network between ticks, and how a loop is woken.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/net.rs"]
mod net;

use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use net::{DEADLINE, Tell, open, until, witness};
use pysage_net::{
    ActorManager, Flow, ManagerConfig, ManualClock, NetConfig, Network, SendError, Service,
    TickRate, Waiting,
};

/// Far longer than a test takes.
const NEVER: Duration = Duration::from_secs(3_600);

/// A server in a thread of its own that replies, and ticks when it is woken only.
fn sleepy_server(prepare: fn(&ActorManager), config: fn() -> NetConfig) -> (SocketAddr, Server) {
    let (said, heard) = channel();
    let thread = thread::spawn(move || {
        let (manager, _) = witness(true);
        prepare(&manager);
        let listener = manager.listen("127.0.0.1:0", config()).unwrap();
        said.send((listener.local_addr(), manager.handle())).unwrap();
        manager.run(TickRate::every(NEVER).or_when_woken(), |_| Flow::Continue).unwrap();
    });
    let (address, handle) = heard.recv_timeout(DEADLINE).unwrap();
    (address, Server { handle, thread: Some(thread) })
}

struct Server {
    handle: pysage_net::Handle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn end(mut self) {
        self.handle.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Says something to a server that sleeps, and waits for each reply in turn.
fn talk(address: SocketAddr, config: NetConfig) {
    let (client, seen) = witness(false);
    let peer = client.connect(address, config).unwrap();
    for number in 0..20 {
        client.send(peer, Tell(number * 10)).unwrap();
        let reply = (number * 10 + 1).to_string();
        until(&[&client], "a reply", || seen.has(&reply));
    }
}

/// A way to wait that knows nothing of sockets, as one that waits for something else.
#[derive(Clone, Default)]
struct ForOthers(Arc<(Mutex<bool>, Condvar)>);

impl Waiting for ForOthers {
    fn wait_until(&self, time: Instant) {
        let (woken, waking) = &*self.0;
        let left = time.saturating_duration_since(Instant::now());
        let waited = waking.wait_timeout_while(woken.lock().unwrap(), left, |woken| !*woken);
        *waited.unwrap().0 = false;
    }

    fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let shared = self.0.clone();
        Arc::new(move || {
            *shared.0.lock().unwrap() = true;
            shared.1.notify_all();
        })
    }
}

#[test]
fn a_loop_that_waits_is_woken_by_what_arrives() {
    let (address, server) = sleepy_server(|_| {}, open);
    talk(address, open());
    server.end();
}

#[test]
fn a_loop_that_waits_by_something_else_is_woken_too() {
    let (address, server) = sleepy_server(|manager| manager.wait_by(ForOthers::default()), open);
    talk(address, open());
    server.end();
}

#[test]
fn a_loop_without_a_thread_is_woken_by_the_socket() {
    let in_tick = || open().service(Service::InTick);
    let (address, server) = sleepy_server(|_| {}, in_tick);
    talk(address, in_tick());
    server.end();
}

#[test]
fn between_ticks_peers_are_greeted_and_their_messages_acknowledged() {
    // It listens and does not tick.
    let (server, at_server) = witness(false);
    let listener = server.listen("127.0.0.1:0", open()).unwrap();
    let (client, seen) = witness(false);
    let peer = client.connect(listener.local_addr(), open()).unwrap();
    for number in 0..100 {
        client.send(peer, Tell(number)).unwrap();
    }
    until(&[&client], "the connection", || seen.has("connected"));
    client.disconnect(peer).unwrap();
    until(&[&client], "the end", || seen.has("Closed"));
    assert_eq!(at_server.all(), "");
    until(&[&server], "what came meanwhile", || at_server.has("ClosedByPeer"));
    let numbers: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(at_server.all(), format!("connected {} ClosedByPeer", numbers.join(" ")));
}

#[test]
fn without_a_thread_nothing_happens_but_in_ticks() {
    let clock = ManualClock::new();
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    let seen = net::Seen::default();
    manager.register(net::Witness { seen: seen.clone(), replies: false });
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let wait = Duration::from_secs(5);
    let config = open().connect_timeout(wait);
    let peer = manager.connect(silent.local_addr().unwrap(), config).unwrap();
    let step = Duration::from_millis(100);
    for _ in 0..49 {
        manager.tick().unwrap();
        clock.advance(step);
    }
    manager.tick().unwrap();
    assert_eq!((seen.all().as_str(), manager.send(peer, Tell(1))), ("", Ok(())));
    clock.advance(step);
    manager.tick().unwrap();
    manager.tick().unwrap();
    assert_eq!(seen.all(), "NoAnswer");
    assert_eq!(manager.send(peer, Tell(1)), Err(SendError::NoSuchLink));
}

#[test]
fn the_end_of_a_manager_is_not_held_up_by_peers_that_are_gone() {
    let (manager, _) = witness(false);
    // They take everything and say nothing.
    let silent = [(); 5].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    for socket in &silent {
        let peer = manager.connect(socket.local_addr().unwrap(), open()).unwrap();
        manager.send(peer, Tell(1)).unwrap();
    }
    // One that was there, and stops being served.
    let (server, _) = witness(false);
    let in_tick = open().service(Service::InTick);
    let listener = server.listen("127.0.0.1:0", in_tick).unwrap();
    let peer = manager.connect(listener.local_addr(), open()).unwrap();
    until(&[&manager, &server], "the connection", || manager.peer_addr(peer).is_some());
    manager.send(peer, Tell(1)).unwrap();
    let begun = Instant::now();
    drop(manager);
    // 200 ms for all of them; the rest is for a machine that is busy.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn what_was_sent_before_the_end_of_a_manager_arrives() {
    let (said, heard): (_, Receiver<SocketAddr>) = channel();
    let server = thread::spawn(move || {
        let (server, seen) = witness(false);
        said.send(server.listen("127.0.0.1:0", open()).unwrap().local_addr()).unwrap();
        until(&[&server], "the end", || seen.has("ClosedByPeer"));
        seen.all()
    });
    let (client, seen) = witness(false);
    let peer = client.connect(heard.recv_timeout(DEADLINE).unwrap(), open()).unwrap();
    until(&[&client], "the connection", || seen.has("connected"));
    client.send(peer, Tell(7)).unwrap();
    client.flush().unwrap();
    drop(client);
    assert_eq!(server.join().unwrap(), "connected 7 ClosedByPeer");
}
