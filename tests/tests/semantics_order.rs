//! In which order messages are handled, and in which order actors get them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::time::Duration;

use local::{Log, on};
use pysage_core::{
    Actor, ActorManager, Budget, Context, Flow, ManagerConfig, ManualClock, Message, Subscriptions,
};

#[derive(Message)]
struct A(u32);
#[derive(Message)]
struct B(u32);
#[derive(Message)]
struct C(String);

/// One of several classes that all note what they get.
struct Class<const CLASS: char> {
    name: u32,
    log: Log,
}

impl<const CLASS: char> Actor for Class<CLASS> {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, a: &A, _: &Context| {
            me.log.note(format!("{CLASS}{}:a{}", me.name, a.0));
        })
        .message(|me: &mut Self, b: &B, _: &Context| {
            me.log.note(format!("{CLASS}{}:b{}", me.name, b.0));
        })
        .message(|me: &mut Self, c: &C, _: &Context| {
            me.log.note(format!("{CLASS}{}:{}", me.name, c.0));
        });
    }
}

fn class<const CLASS: char>(name: u32, log: &Log) -> Class<CLASS> {
    Class { name, log: log.clone() }
}

#[test]
fn messages_of_all_types_are_handled_in_the_order_queued() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let one = manager.register(class::<'x'>(1, &log));
    manager.queue(A(1));
    manager.queue(B(2));
    manager.queue_to(one, A(3));
    manager.queue(A(4));
    manager.queue_all([B(5), B(6)]);
    manager.queue(C("c7".to_owned()));
    manager.queue_all_to(one, [A(8), A(9)]);
    manager.queue(B(10));
    assert_eq!(manager.tick().unwrap().handled, 10);
    assert_eq!(log.take(), "x1:a1 x1:b2 x1:a3 x1:a4 x1:b5 x1:b6 x1:c7 x1:a8 x1:a9 x1:b10");
}

#[test]
fn actors_of_all_classes_get_a_message_in_the_order_of_registration() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(class::<'x'>(1, &log));
    manager.register(class::<'y'>(2, &log));
    manager.register(class::<'x'>(3, &log));
    manager.register(class::<'x'>(4, &log));
    manager.register(class::<'y'>(5, &log));
    manager.queue(A(1));
    manager.queue(B(2));
    manager.tick().unwrap();
    assert_eq!(
        log.take(),
        "x1:a1 y2:a1 x3:a1 x4:a1 y5:a1 x1:b2 y2:b2 x3:b2 x4:b2 y5:b2",
        "each message reaches all before the next one reaches anybody"
    );
    manager.trigger(A(3));
    assert_eq!(log.take(), "x1:a3 y2:a3 x3:a3 x4:a3 y5:a3");
}

#[test]
fn an_actor_in_the_place_of_one_that_left_comes_last_all_the_same() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let first = manager.register(class::<'x'>(1, &log));
    manager.register(class::<'y'>(2, &log));
    manager.register(class::<'x'>(3, &log));
    manager.unregister(first);
    manager.register(class::<'x'>(4, &log));
    manager.queue(A(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "y2:a1 x3:a1 x4:a1");
}

#[test]
fn messages_to_many_actors_keep_the_order_queued() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let ids: Vec<_> = (0..100).map(|name| manager.register(class::<'x'>(name, &log))).collect();
    let mut expected = Vec::new();
    for number in 0..300 {
        let name = number * 37 % 100;
        manager.queue_to(ids[name as usize], A(number));
        expected.push(format!("x{name}:a{number}"));
    }
    assert_eq!(manager.tick().unwrap().handled, 300);
    assert_eq!(log.take(), expected.join(" "));
}

#[test]
fn what_a_handler_queues_is_handled_in_the_next_tick() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |a: &A, cx| {
        seen.note(format!("a{}", a.0));
        if a.0 < 3 {
            cx.queue(A(a.0 + 1));
            seen.note(format!("waiting:{}", cx.queue_length()));
        }
    }));
    manager.queue(A(1));
    assert_eq!(manager.tick().unwrap().waiting, 1);
    assert_eq!(log.take(), "a1 waiting:1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "a2 waiting:1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "a3");
}

#[test]
fn what_a_budget_left_over_comes_before_what_handlers_queued() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |a: &A, cx| {
        seen.note(format!("a{}", a.0));
        cx.queue(B(a.0));
    }));
    manager.register(class::<'x'>(0, &log));
    manager.queue(A(1));
    manager.queue(C("c2".to_owned()));
    manager.queue(A(3));
    let report = manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!((report.handled, report.waiting, report.drained), (1, 3, false));
    assert_eq!(log.take(), "a1 x0:a1");
    manager.queue(A(4));
    assert_eq!(manager.queue_length(), 4);
    assert!(manager.tick().unwrap().drained);
    assert_eq!(log.take(), "x0:c2 a3 x0:a3 x0:b1 a4 x0:a4");
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(log.take(), "x0:b3 x0:b4");
}

#[test]
fn what_is_left_over_tick_after_tick_keeps_its_order() {
    let clock = ManualClock::new();
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    let log = Log::default();
    let seen = log.clone();
    manager.register(on(move |a: &A, _| {
        clock.advance(Duration::from_millis(1));
        seen.note(a.0);
    }));
    let mut next = 0;
    for _ in 0..5 {
        for _ in 0..4 {
            manager.queue(A(next));
            next += 1;
        }
        manager.tick_for(Duration::from_millis(3)).unwrap();
    }
    assert_eq!(manager.queue_length(), 5);
    assert_eq!(manager.tick().unwrap().handled, 5);
    let expected: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(log.take(), expected.join(" "));
}

#[test]
fn a_message_that_was_used_up_goes_to_nobody_behind() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(class::<'x'>(1, &log));
    let seen = log.clone();
    manager.register(on(move |a: &A, _| {
        seen.note("stop?");
        if a.0 == 1 { Flow::Stop } else { Flow::Continue }
    }));
    manager.register(class::<'x'>(2, &log));
    manager.queue_all([A(1), A(2)]);
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(log.take(), "x1:a1 stop? x1:a2 stop? x2:a2");
}

#[test]
fn an_actor_can_use_a_message_up_before_another_of_its_class() {
    let (manager, log) = (ActorManager::new(), Log::default());
    for name in ["first", "second"] {
        let log = log.clone();
        manager.register(on(move |_: &A, _| {
            log.note(name);
            Flow::Stop
        }));
    }
    manager.queue(A(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "first");
}

#[test]
fn messages_of_one_generic_type_are_told_apart_and_keep_their_order() {
    #[derive(Message)]
    struct Of<T: Send + 'static>(T);
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |of: &Of<u8>, _| seen.note(format!("u8:{}", of.0))));
    let seen = log.clone();
    manager.register(on(move |of: &Of<String>, _| seen.note(format!("String:{}", of.0))));
    manager.queue(Of(1_u8));
    manager.queue(Of("2".to_owned()));
    manager.queue(Of(3_u8));
    manager.queue(Of(4_u16));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "u8:1 String:2 u8:3");
    assert_eq!((report.handled, report.dropped), (3, 1));
}

#[test]
fn messages_without_contents_are_counted_one_by_one() {
    #[derive(Message)]
    struct Nothing;
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let actor = manager.register(on(move |_: &Nothing, _| seen.note("x")));
    manager.queue_all((0..100).map(|_| Nothing));
    manager.queue_all_to(actor, (0..100).map(|_| Nothing));
    assert_eq!(manager.queue_length(), 200);
    assert_eq!(manager.tick().unwrap().handled, 200);
    assert_eq!(log.take().split(' ').count(), 200);
}
