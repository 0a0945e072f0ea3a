//! Queues have bounds, and what does not fit is counted.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, On, on};
use pysage_core::{ActorManager, Budget, DropReason, ManagerConfig, Message, Overflow, Queued};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Other(u32);

fn noting(log: &Log) -> On<Tell, ()> {
    let log = log.clone();
    on(move |tell: &Tell, _| log.note(format!("tell{}", tell.0)))
}

fn noting_others(log: &Log) -> On<Other, ()> {
    let log = log.clone();
    on(move |other: &Other, _| log.note(format!("other{}", other.0)))
}

/// A manager of a small queue whose dead letters are noted.
fn bounded(capacity: usize, overflow: Overflow) -> (ActorManager, Log) {
    let config = ManagerConfig::default().queue_capacity(capacity).overflow(overflow);
    let (manager, log) = (ActorManager::with_config(config), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        let number = letter.message.property::<u32>("0").unwrap();
        seen.note(format!("[{}{number}:{:?}]", letter.message.name(), letter.reason));
    });
    manager.register(noting(&log));
    manager.register(noting_others(&log));
    (manager, log)
}

#[test]
fn a_full_queue_refuses_the_new_message() {
    let (manager, log) = bounded(2, Overflow::Refuse);
    assert_eq!(manager.queue(Tell(1)), Queued::Accepted);
    assert_eq!(manager.queue(Other(2)), Queued::Accepted);
    assert_eq!(manager.queue(Tell(3)), Queued::Refused(DropReason::QueueFull));
    assert_eq!(manager.queue_all([Other(4), Other(5)]), 0);
    assert_eq!(log.take(), "[Tell3:QueueFull] [Other4:QueueFull] [Other5:QueueFull]");
    assert_eq!(manager.queue_length(), 2);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (2, 3));
    assert_eq!(log.take(), "tell1 other2");
    assert_eq!(manager.counters().dropped(DropReason::QueueFull), 3);
    assert_eq!(manager.queue(Tell(6)), Queued::Accepted, "a tick makes room");
}

#[test]
fn a_full_queue_drops_the_new_message() {
    let (manager, log) = bounded(2, Overflow::DropNewest);
    assert_eq!(manager.queue(Tell(1)), Queued::Accepted);
    assert_eq!(manager.queue(Other(2)), Queued::Accepted);
    assert_eq!(manager.queue(Tell(3)), Queued::Accepted, "the caller is not told");
    assert_eq!(log.take(), "[Tell3:QueueFull]");
    assert_eq!(manager.queue_length(), 2);
    manager.tick().unwrap();
    assert_eq!(log.take(), "tell1 other2");
    assert_eq!(manager.counters().dropped(DropReason::QueueFull), 1);
}

#[test]
fn a_full_queue_drops_the_message_that_waits_longest() {
    let (manager, log) = bounded(3, Overflow::DropOldest);
    manager.queue(Tell(1));
    manager.queue(Other(2));
    manager.queue(Tell(3));
    assert_eq!(manager.queue(Other(4)), Queued::Accepted);
    assert_eq!(log.take(), "[Tell1:QueueFull]");
    assert_eq!(manager.queue_all([Tell(5), Tell(6)]), 2);
    assert_eq!(log.take(), "[Other2:QueueFull] [Tell3:QueueFull]");
    assert_eq!(manager.queue_length(), 3);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.drained), (3, 3, true));
    assert_eq!(log.take(), "other4 tell5 tell6");
    assert_eq!(manager.counters().dropped(DropReason::QueueFull), 3);
}

#[test]
fn what_is_left_over_fills_the_queue_and_waits_longest() {
    let (manager, log) = bounded(3, Overflow::DropOldest);
    manager.queue_all((1..=3).map(Tell));
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    manager.queue(Tell(4));
    assert_eq!(log.take(), "tell1");
    manager.queue(Tell(5));
    manager.queue(Other(6));
    assert_eq!(log.take(), "[Tell2:QueueFull] [Tell3:QueueFull]");
    assert_eq!(manager.queue_length(), 3);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "tell4 tell5 other6");
    assert_eq!((report.handled, report.waiting, report.drained), (3, 0, true));
    assert_eq!(manager.queue_length(), 0);
}

#[test]
fn what_is_left_over_counts_to_the_bound() {
    let (manager, log) = bounded(3, Overflow::Refuse);
    manager.queue_all((1..=3).map(Tell));
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(manager.queue(Tell(4)), Queued::Accepted);
    assert_eq!(manager.queue(Tell(5)), Queued::Refused(DropReason::QueueFull));
    assert_eq!(log.take(), "tell1 [Tell5:QueueFull]");
    manager.tick().unwrap();
    assert_eq!(log.take(), "tell2 tell3 tell4");
}

#[test]
fn the_batch_in_dispatch_does_not_count_to_the_bound() {
    let config = ManagerConfig::default().queue_capacity(2);
    let (manager, log) = (ActorManager::with_config(config), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(cx.queue(Tell(tell.0 + 10)).is_accepted());
        seen.note(cx.queue(Tell(tell.0 + 20)).is_accepted());
    }));
    manager.queue_all([Tell(1), Tell(2)]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "true true false false");
    assert_eq!((report.handled, report.dropped, report.waiting), (2, 2, 2));
}

#[test]
fn a_queue_has_room_for_one_message_at_least() {
    let (manager, log) = bounded(0, Overflow::Refuse);
    assert_eq!(manager.queue(Tell(1)), Queued::Accepted);
    assert_eq!(manager.queue(Tell(2)), Queued::Refused(DropReason::QueueFull));
    log.take();
    manager.tick().unwrap();
    assert_eq!(log.take(), "tell1");
}

#[test]
fn the_default_bound_is_the_stated_one() {
    assert_eq!(ManagerConfig::DEFAULT_QUEUE_CAPACITY, 1_048_576);
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(noting(&log));
    let many = u32::try_from(ManagerConfig::DEFAULT_QUEUE_CAPACITY).unwrap() + 2;
    assert_eq!(manager.queue_all((0..many).map(Other)), ManagerConfig::DEFAULT_QUEUE_CAPACITY);
    assert_eq!(manager.counters().dropped(DropReason::QueueFull), 2);
    assert_eq!(manager.queue(Tell(1)), Queued::Refused(DropReason::QueueFull));
    assert_eq!(manager.abort_all::<Other>(), ManagerConfig::DEFAULT_QUEUE_CAPACITY);
    assert_eq!(log.take(), "");
}

#[test]
fn a_triggered_message_needs_no_room() {
    let (manager, log) = bounded(1, Overflow::Refuse);
    manager.queue(Tell(1));
    manager.trigger(Other(2));
    assert_eq!(log.take(), "other2");
}

#[test]
fn messages_of_other_threads_wait_in_their_handle_while_the_queue_is_full() {
    let (manager, log) = bounded(2, Overflow::Refuse);
    let (one, two) = (manager.handle(), manager.handle());
    manager.queue_all([Tell(1), Tell(2)]);
    one.queue(Tell(3)).unwrap();
    two.queue(Tell(4)).unwrap();
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.handled), (0, 2));
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.handled, report.dropped), (2, 2, 0));
    assert_eq!(log.take(), "tell1 tell2 tell3 tell4");
}
