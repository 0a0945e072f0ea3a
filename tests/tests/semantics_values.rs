//! Messages that go as values: several of one type go together, and count one by one.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;

use local::{Log, on};
use pysage_core::transport::{Form, memory};
use pysage_core::{ActorManager, ManagerConfig, Message};

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);

#[test]
fn values_that_came_together_wait_one_by_one_where_the_queue_is_full() {
    let (sender, log) = (ActorManager::new(), Log::default());
    let manager = ActorManager::with_config(ManagerConfig::default().queue_capacity(4));
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let (one, other) = memory(Form::Value, 64 << 10);
    let link = one.link_id();
    let to = sender.attach(one).unwrap().destination(link);
    manager.attach(other).unwrap();
    (0..10).for_each(|number| sender.send(to, Tell(number)).unwrap());
    sender.tick().unwrap();
    let received: Vec<_> = (0..4).map(|_| manager.tick().unwrap().received).collect();
    assert_eq!(received, [4, 4, 2, 0]);
    assert_eq!(log.take(), "0 1 2 3 4 5 6 7 8 9");
    assert_eq!(manager.counters().dropped_in_all(), 0);
}

#[test]
fn values_that_came_together_are_dead_letters_one_by_one() {
    let (sender, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    sender.on_dead_letter(move |letter| {
        seen.note(letter.message.downcast_ref::<Tell>().unwrap().0);
    });
    let (one, other) = memory(Form::Value, 64 << 10);
    let link = one.link_id();
    let to = sender.attach(one).unwrap().destination(link);
    (0..5).for_each(|number| sender.send(to, Tell(number)).unwrap());
    sender.flush().unwrap();
    drop(other);
    let report = sender.tick().unwrap();
    assert_eq!((log.take().as_str(), report.dropped), ("0 1 2 3 4", 5));
}
