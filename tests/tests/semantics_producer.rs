//! Handing batches of messages over from other threads.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::thread;

use local::{Log, on};
use pysage_core::{ActorManager, ManagerConfig, Message, RefusedReason};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Other(u32);

fn noting() -> (ActorManager, Log) {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let seen = log.clone();
    manager.register(on(move |other: &Other, _| seen.note(format!("o{}", other.0))));
    (manager, log)
}

#[test]
fn a_producer_hands_over_when_a_batch_of_256_is_full() {
    let (manager, _) = noting();
    let mut producer = manager.handle().producer();
    (0..255).for_each(|number| producer.queue(Tell(number)).unwrap());
    assert_eq!(manager.tick().unwrap().received, 0);
    producer.queue(Tell(255)).unwrap();
    assert_eq!(manager.tick().unwrap().received, 256);
    producer.queue(Tell(256)).unwrap();
    assert_eq!(manager.tick().unwrap().received, 0);
    drop(producer);
    assert_eq!(manager.tick().unwrap().received, 1);
}

#[test]
fn a_producer_hands_over_when_it_is_flushed_or_dropped() {
    let (manager, log) = noting();
    let mut producer = manager.handle().producer();
    producer.flush().unwrap();
    producer.queue(Tell(1)).unwrap();
    producer.queue(Other(2)).unwrap();
    producer.queue(Tell(3)).unwrap();
    assert_eq!(manager.tick().unwrap().received, 0);
    producer.flush().unwrap();
    assert_eq!(manager.tick().unwrap().received, 3);
    assert_eq!(log.take(), "1 o2 3");
    producer.queue(Tell(4)).unwrap();
    drop(producer);
    assert_eq!(manager.tick().unwrap().received, 1);
    assert_eq!(log.take(), "4");
}

#[test]
fn a_producer_keeps_its_order_over_several_batches() {
    let (manager, log) = noting();
    let mut producer = manager.handle().producer();
    thread::spawn(move || {
        for number in 0..1_000 {
            if number % 2 == 0 {
                producer.queue(Tell(number)).unwrap();
            } else {
                producer.queue(Other(number)).unwrap();
            }
        }
    })
    .join()
    .unwrap();
    assert_eq!(manager.tick().unwrap().received, 1_000);
    let name = |number: u32| {
        if number.is_multiple_of(2) { number.to_string() } else { format!("o{number}") }
    };
    let expected: Vec<_> = (0..1_000).map(name).collect();
    assert_eq!(log.take(), expected.join(" "));
}

#[test]
fn a_producer_of_a_full_handle_keeps_its_batch() {
    let config = ManagerConfig::default().handle_capacity(1);
    let (manager, log) = (ActorManager::with_config(config), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let mut producer = manager.handle().producer();
    producer.queue(Tell(1)).unwrap();
    producer.flush().unwrap();
    producer.queue(Tell(2)).unwrap();
    assert_eq!(producer.flush(), Err(RefusedReason::Full));
    producer.queue(Tell(3)).unwrap();
    assert_eq!(manager.tick().unwrap().received, 1);
    producer.flush().unwrap();
    assert_eq!(manager.tick().unwrap().received, 2);
    assert_eq!(log.take(), "1 2 3");
    (0..256).for_each(|number| producer.queue(Tell(number)).unwrap());
    let mut refused = 0;
    for number in 256..1_000 {
        refused += u32::from(producer.queue(Tell(number)).is_err());
    }
    drop(producer);
    let received = manager.tick().unwrap().received;
    assert_eq!(received + u64::from(refused), 1_000, "each is taken or given back");
}
