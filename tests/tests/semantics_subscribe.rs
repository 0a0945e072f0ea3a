//! Subscribing and unsubscribing one actor at run time.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, on};
use pysage_core::{
    Actor, ActorId, ActorManager, Context, DropReason, Flow, Message, SubscribeError,
    Subscriptions, Triggered,
};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Order(fn(&ActorManager, ActorId));

/// Subscribes to [`Tell`], and does what an [`Order`] says.
struct Listener {
    name: &'static str,
    log: Log,
}

impl Actor for Listener {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::hear).message(|_: &mut Self, order: &Order, cx: &Context| {
            order.0(cx, cx.actor());
        });
    }
}

impl Listener {
    fn hear(&mut self, tell: &Tell, _: &Context) {
        self.log.note(format!("{}{}", self.name, tell.0));
    }
}

/// Subscribes to nothing.
struct Idle {
    name: &'static str,
    log: Log,
}

impl Actor for Idle {
    fn subscriptions(_: &mut Subscriptions<Self>) {}
}

impl Idle {
    fn hear(&mut self, tell: &Tell, _: &Context) -> Flow {
        self.log.note(format!("{}{}", self.name, tell.0));
        Flow::Stop
    }
}

fn listener(name: &'static str, log: &Log) -> Listener {
    Listener { name, log: log.clone() }
}

fn idle(name: &'static str, log: &Log) -> Idle {
    Idle { name, log: log.clone() }
}

#[test]
fn an_actor_subscribed_at_run_time_receives_and_its_siblings_do_not() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let before = manager.register(idle("before", &log));
    let subscribed = manager.register(idle("x", &log));
    manager.subscribe(subscribed, Idle::hear).unwrap();
    let after = manager.register(idle("after", &log));
    manager.queue(Tell(1));
    for sibling in [before, after] {
        manager.queue_to(sibling, Tell(2));
    }
    manager.queue_to(subscribed, Tell(3));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (2, 2));
    assert_eq!(log.take(), "x1 x3");
    assert_eq!(manager.counters().dropped(DropReason::NotSubscribed), 2);
}

#[test]
fn an_actor_subscribed_at_run_time_stands_behind_those_that_are_there() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let late = manager.register(idle("late", &log));
    manager.register(listener("a", &log));
    manager.subscribe(late, Idle::hear).unwrap();
    manager.register(listener("b", &log));
    manager.queue(Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "a1 late1", "and it can use a message up");
    manager.trigger(Tell(2));
    assert_eq!(log.take(), "a2 late2 b2");
}

#[test]
fn an_actor_unsubscribed_at_run_time_does_not_receive_and_its_siblings_do() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(listener("a", &log));
    let silent = manager.register(listener("b", &log));
    manager.register(listener("c", &log));
    assert!(manager.unsubscribe::<Tell>(silent));
    assert!(!manager.unsubscribe::<Tell>(silent));
    manager.queue(Tell(1));
    manager.queue_to(silent, Tell(2));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (1, 1));
    assert_eq!(log.take(), "a1 c1");
    assert_eq!(manager.counters().dropped(DropReason::NotSubscribed), 1);
    manager.register(listener("d", &log));
    manager.trigger(Tell(3));
    assert_eq!(log.take(), "a3 c3 d3");
}

#[test]
fn an_unsubscribed_actor_can_be_subscribed_again_with_another_handler() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(listener("a", &log));
    manager.register(listener("b", &log));
    manager.unsubscribe::<Tell>(actor);
    manager
        .subscribe(actor, |me: &mut Listener, tell: &Tell, _: &Context| {
            me.log.note(format!("again{}", tell.0));
        })
        .unwrap();
    manager.queue(Tell(1));
    manager.queue_to(actor, Tell(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "b1 again1 again2");
    assert_eq!(manager.trigger_to(actor, Tell(3)), Triggered::Continued);
    assert_eq!(log.take(), "again3", "its own handler, not that of its class");
}

#[test]
fn a_message_can_be_triggered_to_an_actor_that_was_subscribed_at_run_time() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(idle("x", &log));
    assert_eq!(manager.trigger_to(actor, Tell(1)), Triggered::Unhandled);
    manager.subscribe(actor, Idle::hear).unwrap();
    assert_eq!(manager.trigger_to(actor, Tell(2)), Triggered::Stopped);
    assert_eq!(log.take(), "x2");
}

#[test]
fn a_second_subscription_to_the_same_type_is_refused() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(listener("a", &log));
    let refused = SubscribeError::AlreadySubscribed { actor, message: "Tell" };
    assert_eq!(manager.subscribe(actor, Listener::hear), Err(refused));
    let idle = manager.register(idle("x", &log));
    manager.subscribe(idle, Idle::hear).unwrap();
    let refused = SubscribeError::AlreadySubscribed { actor: idle, message: "Tell" };
    assert_eq!(manager.subscribe(idle, Idle::hear), Err(refused));
    manager.trigger(Tell(1));
    assert_eq!(log.take(), "a1 x1");
}

#[test]
fn a_subscription_of_nobody_or_of_another_class_is_refused() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(idle("x", &log));
    let refused = manager.subscribe(actor, Listener::hear).unwrap_err();
    assert!(matches!(refused, SubscribeError::OtherClass { is, asked, .. }
        if is.ends_with("Idle") && asked.ends_with("Listener")));
    manager.unregister(actor);
    let refused = Err(SubscribeError::NoSuchActor { actor });
    assert_eq!(manager.subscribe(actor, Idle::hear), refused);
    assert!(!manager.unsubscribe::<Tell>(actor));
}

#[test]
fn what_an_actor_subscribed_at_run_time_is_not_taken_over_with_its_place() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let old = manager.register(idle("old", &log));
    manager.subscribe(old, Idle::hear).unwrap();
    let silent = manager.register(listener("silent", &log));
    manager.unsubscribe::<Tell>(silent);
    manager.unregister(old);
    manager.unregister(silent);
    let new = manager.register(idle("new", &log));
    let loud = manager.register(listener("loud", &log));
    manager.queue(Tell(1));
    manager.queue_to(new, Tell(2));
    manager.queue_to(loud, Tell(3));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (2, 1));
    assert_eq!(log.take(), "loud1 loud3");
}

#[test]
fn an_actor_subscribed_in_a_handler_gets_the_next_message_and_not_this_one() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(idle("x", &log));
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        let subscribed = cx.subscribe(actor, Idle::hear).is_ok();
        assert_eq!(subscribed, tell.0 == 1);
    }));
    manager.queue_all([Tell(1), Tell(2)]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "1 2 x2");
}

#[test]
fn an_actor_unsubscribed_in_a_handler_does_not_get_the_next_message() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let first = manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        if tell.0 == 2 {
            assert!(cx.unsubscribe::<Tell>(cx.actor()));
        }
    }));
    manager.register(listener("a", &log));
    manager.queue_all((1..=3).map(Tell));
    manager.queue_to(first, Tell(4));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.panics), (3, 1, 0));
    assert_eq!(log.take(), "1 a1 2 a2 a3");
    assert_eq!(manager.counters().dropped(DropReason::NotSubscribed), 1);
}

#[test]
fn an_actor_can_subscribe_and_unsubscribe_itself() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let a = manager.register(listener("a", &log));
    let b = manager.register(listener("b", &log));
    manager.queue_to(a, Order(|cx, me| assert!(cx.unsubscribe::<Tell>(me))));
    manager.queue(Tell(1));
    manager.queue_to(b, Order(|cx, me| assert!(cx.unsubscribe::<Tell>(me))));
    manager.queue_to(a, Order(|cx, me| cx.subscribe(me, Listener::hear).unwrap()));
    manager.queue(Tell(2));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.panics), (5, 0, 0));
    assert_eq!(log.take(), "b1 a2");
}
