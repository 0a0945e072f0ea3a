//! What the original did with handlers that are generators, which are tasks here, and where it is
//! done otherwise on purpose. The original has no tests of them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[path = "../support/worker.rs"]
#[allow(dead_code)]
mod worker;

use local::{Log, on};
use pysage_core::{Actor, ActorManager, Budget, Flow, Me, Message, Subscriptions, Triggered};
use worker::{Start, Worker, worker};

#[derive(Message)]
struct Test(u32);

/// Notes the number of each step, as `yield` would have divided them.
fn generator(log: &Log) -> Worker {
    let log = log.clone();
    worker(move |me, n| {
        let log = log.clone();
        async move {
            for step in 1..=3 {
                log.note(format!("{n}:{step}"));
                me.next_tick().await;
            }
        }
    })
}

/// A manager whose actor began a task with each of two messages in its first tick.
fn two_begun() -> (ActorManager, Log) {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(generator(&log));
    manager.queue(Start(1));
    manager.queue(Start(2));
    manager.tick().unwrap();
    (manager, log)
}

#[test]
fn the_first_step_is_at_delivery_and_one_is_in_each_later_tick() {
    let (manager, log) = two_begun();
    assert_eq!(log.take(), "1:1 2:1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:2 2:2", "the older first");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:3 2:3");
    manager.tick().unwrap();
    assert_eq!(log.take(), "");
}

#[test]
fn steps_are_done_before_the_messages_of_a_tick() {
    let (manager, log) = two_begun();
    let said = log.clone();
    manager.register(on(move |test: &Test, _| said.note(format!("message{}", test.0))));
    manager.queue(Test(1));
    log.take();
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:2 2:2 message1");
}

#[test]
fn all_tasks_do_a_step_however_little_time_there_is() {
    let (manager, log) = two_begun();
    manager.queue(Test(1));
    manager.queue(Test(2));
    log.take();
    let report = manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(log.take(), "1:2 2:2");
    assert_eq!(report.waiting, 1);
}

#[test]
fn a_task_never_consumes_its_message_and_two_handlers_both_run() {
    struct Consuming(Log);
    impl Actor for Consuming {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.task(|me: Me<Self>, start: Start| async move {
                me.with(|me, _| me.0.note(format!("consuming{}", start.0)));
                Flow::Stop
            });
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(Consuming(log.clone()));
    manager.register(generator(&log));
    manager.register(generator(&log));
    manager.queue(Start(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "consuming1 1:1 1:1");
}

/// The original took the generator for a result that is true, and never ran it.
#[test]
fn differs_a_trigger_begins_a_task() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(generator(&log));
    assert_eq!(manager.trigger(Start(1)), Triggered::Continued);
    assert_eq!(manager.trigger_to(actor, Start(2)), Triggered::Continued);
    assert_eq!(log.take(), "1:1 2:1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:2 2:2");
}

/// The original went on with the tasks of actors that had left.
#[test]
fn differs_unregistering_an_actor_ends_its_tasks() {
    let (manager, log) = two_begun();
    let second = manager.register(generator(&log));
    manager.trigger_to(second, Start(3));
    log.take();
    assert!(manager.unregister(second));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:2 2:2");
}

/// The original kept them (its bug 21), and even took them along into other processes (bug 12).
#[test]
fn differs_a_reset_ends_all_tasks() {
    let (manager, log) = two_begun();
    log.take();
    manager.reset();
    manager.tick().unwrap();
    assert_eq!(log.take(), "");
}

/// In the original the error went up out of the tick, and the messages of the batch were lost
/// (its bug 6).
#[test]
fn differs_a_task_that_fails_costs_no_message() {
    let (manager, log) = two_begun();
    let clumsy = manager.register(worker(|me, _| async move {
        me.next_tick().await;
        panic!("oh");
    }));
    manager.trigger_to(clumsy, Start(3));
    let said = log.clone();
    manager.register(on(move |test: &Test, _| said.note(format!("message{}", test.0))));
    manager.queue(Test(1));
    log.take();
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "1:2 2:2 message1");
    assert_eq!((report.panics, report.handled), (1, 1));
}
