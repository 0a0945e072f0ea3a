//! Reaching a manager from other threads.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use local::{Log, on};
use pysage_core::{
    ActorManager, DropReason, Handle, ManagerConfig, Message, Producer, RefusedReason,
};

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

/// Counts how often the manager would have been woken.
fn count_wakes(manager: &ActorManager) -> Arc<AtomicUsize> {
    let wakes = Arc::new(AtomicUsize::new(0));
    let count = wakes.clone();
    manager.on_wake(move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    wakes
}

#[test]
fn messages_of_one_handle_keep_their_order_over_all_types() {
    let (manager, log) = noting();
    let handle = manager.handle();
    let sending = thread::spawn(move || {
        for number in 0..6 {
            if number % 3 == 0 {
                handle.queue(Other(number)).unwrap();
            } else {
                handle.queue(Tell(number)).unwrap();
            }
        }
    });
    sending.join().unwrap();
    assert_eq!(manager.queue_length(), 0, "not before the tick");
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.handled), (6, 6));
    assert_eq!(log.take(), "o0 1 2 o3 4 5");
}

#[test]
fn messages_of_many_threads_arrive_once_and_in_the_order_of_each() {
    let (manager, log) = noting();
    let first = manager.handle();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let handle = first.clone();
            thread::spawn(move || {
                for number in 0..1_000 {
                    handle.queue(Tell(thread * 1_000 + number)).unwrap();
                }
            })
        })
        .collect();
    while threads.iter().any(|thread| !thread.is_finished()) {
        manager.tick().unwrap();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    manager.tick().unwrap();
    let seen = log.take();
    let seen: Vec<u32> = seen.split(' ').map(|number| number.parse().unwrap()).collect();
    assert_eq!(seen.len(), 4_000);
    for thread in 0..4 {
        let of_thread: Vec<_> = seen.iter().filter(|number| *number / 1_000 == thread).collect();
        assert!(of_thread.is_sorted() && of_thread.len() == 1_000);
    }
}

#[test]
fn what_handles_queued_stands_behind_what_was_queued_here() {
    let (manager, log) = noting();
    let (one, two) = (manager.handle(), manager.handle());
    two.queue(Tell(3)).unwrap();
    one.queue(Tell(2)).unwrap();
    manager.queue(Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1 2 3", "handles in the order in which they were made");
}

#[test]
fn a_handle_can_queue_for_one_actor() {
    let (manager, log) = noting();
    let (seen, gone) = (log.clone(), manager.register(on(|_: &Tell, _| ())));
    let actor = manager.register(on(move |tell: &Tell, _| seen.note(format!("x{}", tell.0))));
    manager.unregister(gone);
    let handle = manager.handle();
    let mut producer = handle.producer();
    thread::spawn(move || {
        handle.queue_to(actor, Tell(1)).unwrap();
        handle.queue_to(gone, Tell(2)).unwrap();
        producer.queue_to(actor, Tell(3)).unwrap();
    })
    .join()
    .unwrap();
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.handled, report.dropped), (3, 2, 1));
    assert_eq!(log.take(), "x1 x3");
    assert_eq!(manager.counters().dropped(DropReason::NoSuchActor), 1);
}

#[test]
fn a_full_handle_gives_the_message_back() {
    let manager = ActorManager::with_config(ManagerConfig::default().handle_capacity(2));
    let (handle, other) = (manager.handle(), manager.handle());
    handle.queue(Tell(1)).unwrap();
    handle.queue(Tell(2)).unwrap();
    let refused = handle.queue(Tell(3)).unwrap_err();
    assert_eq!((refused.message.0, refused.reason), (3, RefusedReason::Full));
    assert_eq!(
        refused.to_string(),
        "the message was not taken: the handle's queue is full until the next tick"
    );
    other.queue(Tell(4)).unwrap();
    assert_eq!(manager.tick().unwrap().received, 3, "each handle has a queue of its own");
    handle.queue(Tell(5)).unwrap();
    assert_eq!(ManagerConfig::DEFAULT_HANDLE_CAPACITY, 65_536);
}

#[test]
fn a_handle_of_a_manager_that_is_gone_gives_the_message_back() {
    let manager = ActorManager::new();
    let handle = manager.handle();
    let mut producer = handle.producer();
    handle.queue(Tell(1)).unwrap();
    producer.queue(Tell(2)).unwrap();
    drop(manager);
    let refused = handle.queue(Tell(3)).unwrap_err();
    assert_eq!((refused.message.0, refused.reason), (3, RefusedReason::Closed));
    assert_eq!(handle.clone().queue(Tell(4)).unwrap_err().reason, RefusedReason::Closed);
    assert_eq!(producer.flush(), Err(RefusedReason::Closed));
    handle.stop();
    handle.wake();
}

#[test]
fn messages_that_wait_in_a_handle_are_dropped_with_the_manager() {
    #[derive(Message)]
    struct Heavy(Arc<()>);
    let manager = ActorManager::new();
    let (handle, weight) = (manager.handle(), Arc::new(()));
    handle.queue(Heavy(weight.clone())).unwrap();
    manager.queue(Heavy(weight.clone()));
    assert_eq!(Arc::strong_count(&weight), 3);
    drop(manager);
    assert_eq!(Arc::strong_count(&weight), 1);
}

#[test]
fn what_was_queued_before_its_handle_was_dropped_arrives() {
    let (manager, log) = noting();
    for number in 1..=3 {
        let handle = manager.handle();
        thread::spawn(move || handle.queue(Tell(number))).join().unwrap().unwrap();
    }
    assert_eq!(manager.tick().unwrap().received, 3);
    assert_eq!(log.take(), "1 2 3");
}

#[test]
fn a_manager_is_woken_by_the_first_message_since_its_tick() {
    let (manager, _) = noting();
    let wakes = count_wakes(&manager);
    let handle = manager.handle();
    manager.queue(Tell(0));
    assert_eq!(wakes.load(Ordering::SeqCst), 0, "what is queued here wakes nobody");
    (0..3).for_each(|number| handle.queue(Tell(number)).unwrap());
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    manager.tick().unwrap();
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    handle.queue(Tell(4)).unwrap();
    assert_eq!(wakes.load(Ordering::SeqCst), 2);
}

#[test]
fn a_manager_is_woken_whenever_a_handle_says_so() {
    let manager = ActorManager::new();
    let wakes = count_wakes(&manager);
    let handle = manager.handle();
    handle.wake();
    thread::spawn(move || handle.wake()).join().unwrap();
    assert_eq!(wakes.load(Ordering::SeqCst), 2);
}

#[test]
fn a_handler_may_use_a_handle_of_its_own_manager() {
    let (manager, log) = noting();
    let handle = manager.handle();
    manager.register(on(move |tell: &Tell, _| {
        if tell.0 < 3 {
            handle.queue(Tell(tell.0 + 1)).unwrap();
        }
    }));
    manager.queue(Tell(1));
    for received in [0, 1, 1, 0] {
        assert_eq!(manager.tick().unwrap().received, received);
    }
    assert_eq!(log.take(), "1 2 3");
}

#[test]
fn handles_can_be_shared_and_producers_sent() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send + 'static>() {}
    shared::<Handle>();
    sent::<Producer>();
}

#[test]
fn a_manager_is_woken_by_a_batch_and_not_by_what_a_producer_keeps() {
    let (manager, _) = noting();
    let wakes = count_wakes(&manager);
    let mut producer = manager.handle().producer();
    producer.queue(Tell(1)).unwrap();
    assert_eq!(wakes.load(Ordering::SeqCst), 0);
    producer.flush().unwrap();
    producer.flush().unwrap();
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
}
