//! Taking waiting messages back.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, On, on};
use pysage_core::{ActorManager, Budget, ManagerConfig, Message, Overflow, Queued};

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

fn manager_with_both(log: &Log) -> ActorManager {
    let manager = ActorManager::new();
    manager.register(noting(log));
    manager.register(noting_others(log));
    manager
}

#[test]
fn the_oldest_message_of_a_type_is_given_back() {
    let log = Log::default();
    let manager = manager_with_both(&log);
    manager.queue(Other(1));
    manager.queue(Tell(2));
    manager.queue(Other(3));
    manager.queue(Tell(4));
    assert_eq!(manager.abort_next::<Tell>().map(|tell| tell.0), Some(2));
    assert_eq!(manager.queue_length(), 3);
    assert_eq!(manager.tick().unwrap().handled, 3);
    assert_eq!(log.take(), "other1 other3 tell4");
    assert!(manager.abort_next::<Tell>().is_none());
    assert_eq!(manager.counters().aborted, 1);
}

#[test]
fn all_messages_of_a_type_are_removed_whoever_they_are_for() {
    let log = Log::default();
    let manager = manager_with_both(&log);
    let actor = manager.register(noting(&log));
    manager.queue_all([Tell(1), Tell(2)]);
    manager.queue(Other(3));
    manager.queue_to(actor, Tell(4));
    assert_eq!(manager.abort_all::<Tell>(), 3);
    assert_eq!(manager.abort_all::<Tell>(), 0);
    assert_eq!(manager.queue_length(), 1);
    manager.queue(Tell(5));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.drained), (2, 0, true));
    assert_eq!(log.take(), "other3 tell5 tell5");
    assert_eq!(manager.counters().aborted, 3);
}

#[test]
fn a_type_that_nobody_ever_used_has_nothing_to_abort() {
    #[derive(Message)]
    struct Unknown;
    let manager = ActorManager::new();
    assert!(manager.abort_next::<Unknown>().is_none());
    assert_eq!(manager.abort_all::<Unknown>(), 0);
    assert_eq!(manager.counters().aborted, 0);
}

#[test]
fn what_a_budget_left_over_can_be_aborted() {
    let log = Log::default();
    let manager = manager_with_both(&log);
    manager.queue_all([Tell(1), Tell(2), Tell(3)]);
    manager.queue(Other(4));
    assert_eq!(manager.tick_for(Budget::ONE_MESSAGE).unwrap().waiting, 3);
    manager.queue(Tell(5));
    assert_eq!(manager.abort_next::<Tell>().map(|tell| tell.0), Some(2), "left over ones first");
    assert_eq!(manager.queue_length(), 3);
    assert_eq!(manager.abort_all::<Tell>(), 2);
    assert_eq!(manager.queue_length(), 1);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "tell1 other4");
    assert_eq!((report.handled, report.waiting, report.drained), (1, 0, true));
    assert_eq!(manager.queue_length(), 0);
}

#[test]
fn when_all_that_was_left_over_is_aborted_nothing_waits() {
    let log = Log::default();
    let manager = manager_with_both(&log);
    manager.queue_all((1..=3).map(Tell));
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(manager.abort_all::<Tell>(), 2);
    assert_eq!(manager.queue_length(), 0);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.waiting, report.drained), (0, 0, true));
    manager.queue(Tell(4));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.waiting, report.drained), (1, 0, true));
    assert_eq!(log.take(), "tell1 tell4");
}

#[test]
fn the_batch_in_dispatch_is_out_of_reach() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("tell{}", tell.0));
        if tell.0 == 1 {
            cx.queue_all([Tell(10), Tell(11), Tell(12)]);
            seen.note(cx.abort_next::<Tell>().map_or(0, |tell| tell.0));
            seen.note(cx.abort_all::<Tell>());
            seen.note(cx.queue_length());
        }
    }));
    manager.queue_all([Tell(1), Tell(2)]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "tell1 10 2 0 tell2");
    assert_eq!((report.handled, report.waiting), (2, 0));
}

#[test]
fn an_aborted_message_makes_room_in_the_queue() {
    let config = ManagerConfig::default().queue_capacity(2).overflow(Overflow::Refuse);
    let (manager, log) = (ActorManager::with_config(config), Log::default());
    manager.register(noting(&log));
    manager.queue_all([Tell(1), Tell(2)]);
    assert!(!manager.queue(Tell(3)).is_accepted());
    manager.abort_next::<Tell>().unwrap();
    assert_eq!(manager.queue(Tell(4)), Queued::Accepted);
    assert!(!manager.queue(Tell(5)).is_accepted());
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(manager.queue(Tell(6)), Queued::Accepted);
    assert_eq!(manager.abort_all::<Tell>(), 2, "one left over, one new");
    assert_eq!(manager.queue_all([Tell(7), Tell(8), Tell(9)]), 2);
    manager.tick().unwrap();
    assert_eq!(log.take(), "tell2 tell7 tell8");
}

#[test]
fn an_aborted_message_is_dropped_where_it_is_aborted() {
    #[derive(Message)]
    struct Heavy(std::sync::Arc<()>);
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(noting(&log));
    let weight = std::sync::Arc::new(());
    manager.queue_all((0..5).map(|_| Heavy(weight.clone())));
    assert_eq!(std::sync::Arc::strong_count(&weight), 6);
    drop(manager.abort_next::<Heavy>());
    assert_eq!(std::sync::Arc::strong_count(&weight), 5);
    manager.abort_all::<Heavy>();
    assert_eq!(std::sync::Arc::strong_count(&weight), 1);
    assert_eq!(log.take(), "");
}
