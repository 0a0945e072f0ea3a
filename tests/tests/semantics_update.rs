//! The update phase.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, on};
use pysage_core::{
    Actor, ActorManager, Context, FailureCause, Flow, Message, Subscriptions, Triggered,
};

#[derive(Message)]
struct Tell(u32);

/// Several classes with a priority each.
struct Class<const NAME: char, const PRIORITY: i32> {
    number: u32,
    log: Log,
}

impl<const NAME: char, const PRIORITY: i32> Actor for Class<NAME, PRIORITY> {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.update(|me, _| me.log.note(format!("{NAME}{}", me.number))).priority(PRIORITY);
    }
}

fn class<const NAME: char, const PRIORITY: i32>(number: u32, log: &Log) -> Class<NAME, PRIORITY> {
    Class { number, log: log.clone() }
}

type Step = fn(&mut Stepper, &Context) -> Result<Flow, String>;

/// Does a step in each update.
struct Stepper {
    number: u32,
    log: Log,
    step: Step,
}

impl Actor for Stepper {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.update(|me, cx| {
            me.log.note(format!("step{}", me.number));
            (me.step)(me, cx)
        });
    }
}

fn stepper(number: u32, log: &Log, step: Step) -> Stepper {
    Stepper { number, log: log.clone(), step }
}

#[test]
fn updates_run_by_priority_and_then_in_the_order_of_registration() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(class::<'l', -5>(1, &log));
    manager.register(class::<'a', 0>(2, &log));
    manager.register(class::<'h', 10>(3, &log));
    manager.register(class::<'b', 0>(4, &log));
    let gone = manager.register(class::<'a', 0>(5, &log));
    manager.register(class::<'h', 10>(6, &log));
    manager.register(class::<'a', 0>(7, &log));
    manager.register(class::<'m', { i32::MAX }>(8, &log));
    manager.register(class::<'n', { i32::MIN }>(9, &log));
    manager.tick().unwrap();
    assert_eq!(log.take(), "m8 h3 h6 a2 b4 a5 a7 l1 n9");
    manager.unregister(gone);
    manager.register(class::<'a', 0>(10, &log));
    manager.tick().unwrap();
    assert_eq!(log.take(), "m8 h3 h6 a2 b4 a7 a10 l1 n9");
}

#[test]
fn updates_run_after_the_messages_of_the_tick() {
    struct Both {
        log: Log,
    }
    impl Actor for Both {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.update(|me, _| me.log.note("update"))
                .message(|me: &mut Self, tell: &Tell, _: &Context| me.log.note(tell.0));
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(Both { log: log.clone() });
    manager.queue_all([Tell(1), Tell(2)]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "1 2 update");
    manager.tick().unwrap();
    assert_eq!(log.take(), "update");
}

#[test]
fn a_class_without_an_update_is_not_called() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "");
    assert_eq!((report.handled, report.dropped), (0, 0));
}

#[test]
fn an_update_cannot_be_used_up() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(stepper(1, &log, |_, _| Ok(Flow::Stop)));
    manager.register(stepper(2, &log, |_, _| Ok(Flow::Stop)));
    manager.tick().unwrap();
    assert_eq!(log.take(), "step1 step2");
}

#[test]
fn an_update_that_errs_costs_the_others_nothing() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_failure(move |failure| match failure.cause {
        FailureCause::Error(error) => seen.note(format!("[{}: {error}]", failure.message)),
        _ => seen.note("[other]"),
    });
    manager.register(stepper(1, &log, |_, _| Err("tired".to_owned())));
    manager.register(stepper(2, &log, |_, _| Ok(Flow::Continue)));
    for _ in 0..2 {
        assert_eq!(manager.tick().unwrap().errors, 1);
        assert_eq!(log.take(), "step1 [update: tired] step2");
    }
}

#[test]
fn what_an_update_queues_is_handled_in_the_next_tick() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(format!("tell{}", tell.0))));
    manager.register(stepper(1, &log, |me, cx| {
        cx.queue(Tell(me.number));
        me.number += 1;
        Ok(Flow::Continue)
    }));
    assert_eq!(manager.tick().unwrap().waiting, 1);
    assert_eq!(log.take(), "step1");
    assert_eq!(manager.tick().unwrap().handled, 1);
    assert_eq!(log.take(), "tell1 step2");
}

#[test]
fn what_an_update_triggers_is_handled_at_once() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(format!("tell{}", tell.0))));
    manager.register(stepper(1, &log, |me, cx| {
        me.log.note(cx.trigger(Tell(1)) == Triggered::Continued);
        Ok(Flow::Continue)
    }));
    manager.tick().unwrap();
    assert_eq!(log.take(), "step1 tell1 true");
}

#[test]
fn an_actor_registered_in_an_update_is_updated_from_the_next_tick_on() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(stepper(1, &log, |me, cx| {
        if me.number == 1 {
            cx.register(stepper(5, &me.log, |_, _| Ok(Flow::Continue)));
        }
        me.number += 1;
        Ok(Flow::Continue)
    }));
    manager.tick().unwrap();
    assert_eq!(log.take(), "step1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "step2 step5");
}

#[test]
fn an_actor_unregistered_in_an_update_is_not_updated_any_more() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(stepper(1, &log, |_, cx| {
        cx.find("victim").map(|victim| cx.unregister(victim));
        Ok(Flow::Continue)
    }));
    let victim = stepper(2, &log, |_, _| Ok(Flow::Continue));
    manager.register_named("victim", victim).unwrap();
    manager.register(stepper(3, &log, |_, cx| {
        cx.unregister(cx.actor());
        Ok(Flow::Continue)
    }));
    manager.register(stepper(4, &log, |_, _| Ok(Flow::Continue)));
    manager.tick().unwrap();
    assert_eq!(log.take(), "step1 step3 step4");
    manager.tick().unwrap();
    assert_eq!(log.take(), "step1 step4");
    assert_eq!(manager.counters().panics, 0);
}
