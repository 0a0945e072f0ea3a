//! Peers that really run the original, in both roles over both transports. Where there is no Python
//! 2.7, or the package cannot be had, each test says that it is skipped.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/everything.rs"]
mod everything;
#[allow(dead_code)]
#[path = "../support/net.rs"]
mod net;
#[path = "../support/original.rs"]
mod original;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use pysage_net::{
    Actor, ActorManager, Context, Destination, LegacyConfig, LegacyNetwork, Message, Subscriptions,
};

use everything::{Everything, everything};
use net::{DEADLINE, Tell, until};
use original::Python;

/// Has the original broadcast.
#[derive(Message, Clone)]
#[message(packet_type = 102)]
struct Nothing;

#[derive(Clone, Default)]
struct Heard {
    numbers: Rc<RefCell<Vec<u32>>>,
    everything: Rc<RefCell<Vec<Everything>>>,
    sender: Rc<Cell<Option<Destination>>>,
}

impl Actor for Heard {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, cx: &Context| {
            me.numbers.borrow_mut().push(tell.0);
            me.sender.set(cx.sender());
        })
        .message(|me: &mut Self, all: &Everything, _: &Context| {
            me.everything.borrow_mut().push(all.clone());
        });
    }
}

fn listener() -> (ActorManager, Heard) {
    let (manager, heard) = (ActorManager::new(), Heard::default());
    manager.register(heard.clone());
    (manager, heard)
}

#[track_caller]
fn until_heard(manager: &ActorManager, python: &mut Python, what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !so() {
        assert!(python.is_alive(), "the original has failed; see above");
        assert!(Instant::now() < deadline, "{what} did not come about");
        manager.tick().unwrap();
        manager.wait_until(Instant::now() + std::time::Duration::from_millis(10));
    }
}

/// What both roles do once there is a peer.
fn exchange(manager: &ActorManager, heard: &Heard, mut python: Python, peer: Destination) {
    let known = heard.numbers.borrow().len();
    // One at a time: over TCP the original takes one message of a read.
    for number in 0..20 {
        manager.send(peer, Tell(number)).unwrap();
        until_heard(manager, &mut python, "the reply", || {
            heard.numbers.borrow().last() == Some(&(number + 1))
        });
    }
    assert_eq!(heard.numbers.borrow()[known..], (1..=20).collect::<Vec<_>>());
    manager.send(peer, everything()).unwrap();
    until_heard(manager, &mut python, "everything", || !heard.everything.borrow().is_empty());
    assert_eq!(heard.everything.borrow()[..], [everything()]);
    manager.send(peer, Nothing).unwrap();
    until_heard(manager, &mut python, "the broadcast", || {
        heard.numbers.borrow().last() == Some(&1_000)
    });
    assert_eq!(manager.legacy_counters().malformed, 0);
    python.finish();
}

/// The original listens, and this end connects.
fn original_serves(protocol: &str, config: LegacyConfig) {
    let Some(mut python) = Python::start("echo.py", &["server", protocol]) else { return };
    let port: u16 = python.line().parse().expect("it prints its port");
    let (manager, heard) = listener();
    let peer = manager.connect_legacy(("127.0.0.1", port), config).unwrap();
    exchange(&manager, &heard, python, peer);
}

/// The original connects to this end, and speaks first.
fn original_calls(protocol: &str, config: LegacyConfig) {
    let (manager, heard) = listener();
    let listener = manager.listen_legacy("127.0.0.1:0", config).unwrap();
    let port = listener.local_addr().port().to_string();
    let Some(mut python) = Python::start("echo.py", &["client", protocol, &port]) else { return };
    until_heard(&manager, &mut python, "its first word", || !heard.numbers.borrow().is_empty());
    assert_eq!(heard.numbers.borrow()[..], [500]);
    assert_eq!(manager.broadcast_to_legacy_peers(Tell(600)).sent, 1);
    until_heard(&manager, &mut python, "the reply to a broadcast", || {
        heard.numbers.borrow().last() == Some(&601)
    });
    let peer = heard.sender.get().unwrap();
    exchange(&manager, &heard, python, peer);
    if protocol == "tcp" {
        until(&[&manager], "its end", || manager.legacy_peers().is_empty());
    }
}

#[test]
fn the_original_serves_over_udp() {
    original_serves("udp", LegacyConfig::udp());
}

#[test]
fn the_original_serves_over_tcp() {
    original_serves("tcp", LegacyConfig::tcp());
}

#[test]
fn the_original_calls_over_udp() {
    original_calls("udp", LegacyConfig::udp());
}

#[test]
fn the_original_calls_over_tcp() {
    original_calls("tcp", LegacyConfig::tcp());
}

/// The worker that the README shows, and the messages of the example `cluster`.
#[test]
fn the_worker_in_the_readme_adds_up() {
    #[derive(Message, Clone)]
    #[message(packet_type = 101)]
    struct Register {
        name: String,
    }

    #[derive(Message, Clone)]
    #[message(packet_type = 102)]
    struct Work {
        numbers: Vec<i32>,
    }

    #[derive(Message, Clone)]
    #[message(packet_type = 103)]
    struct Sum {
        total: i64,
    }

    struct Server(Rc<RefCell<Vec<String>>>);

    impl Actor for Server {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, register: &Register, cx: &Context| {
                me.0.borrow_mut().push(register.name.clone());
                cx.send(cx.sender().unwrap(), Work { numbers: (1..=1_000).collect() }).unwrap();
            })
            .message(|me: &mut Self, sum: &Sum, _: &Context| {
                me.0.borrow_mut().push(sum.total.to_string());
            });
        }
    }

    let readme = include_str!("../../README.md");
    let (_, program) = readme.split_once("```python\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    let (manager, seen) = (ActorManager::new(), Rc::default());
    manager.register(Server(Rc::clone(&seen)));
    let listener = manager.listen_legacy("127.0.0.1:0", LegacyConfig::tcp()).unwrap();
    let port = listener.local_addr().port().to_string();
    let Some(python) = Python::run(program, &[&port]) else { return };
    until(&[&manager], "the sum", || seen.borrow().len() == 2);
    assert_eq!(seen.borrow()[..], ["a worker in Python", "500500"]);
    until(&[&manager], "its end", || manager.legacy_peers().is_empty());
    python.finish();
}
