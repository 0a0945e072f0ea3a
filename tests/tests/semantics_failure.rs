//! A handler's error or panic costs only that message for that actor.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, On, on};
use pysage_core::{
    Actor, ActorManager, AnyMessage, Budget, Context, Flow, Message, Subscriptions, Triggered,
};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Text(String);

/// Notes what it gets and panics at number 2.
fn fragile(log: &Log, name: &'static str) -> On<Tell, ()> {
    let log = log.clone();
    on(move |tell: &Tell, _| {
        log.note(format!("{name}{}", tell.0));
        assert_ne!(tell.0, 2, "{name} had enough");
    })
}

fn solid(log: &Log, name: &'static str) -> On<Tell, Flow> {
    let log = log.clone();
    on(move |tell: &Tell, _| {
        log.note(format!("{name}{}", tell.0));
        Flow::Continue
    })
}

#[test]
fn a_panic_costs_the_others_nothing() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(solid(&log, "a"));
    manager.register(fragile(&log, "b"));
    manager.register(fragile(&log, "c"));
    manager.register(solid(&log, "d"));
    manager.queue_all((1..=3).map(Tell));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 c1 d1 a2 b2 c2 d2 a3 d3");
    assert_eq!((report.handled, report.panics, report.drained), (3, 2, true));
    assert_eq!(manager.actor_count(), 2);
}

#[test]
fn a_panic_in_a_row_of_messages_to_one_actor_leaves_the_rest_to_dead_letters() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let one = manager.register(fragile(&log, "x"));
    let other = manager.register(fragile(&log, "y"));
    manager.queue_all_to(one, (0..5).map(Tell));
    manager.queue_to(other, Tell(9));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "x0 x1 x2 y9");
    assert_eq!((report.handled, report.dropped, report.panics), (4, 2, 1));
}

#[test]
fn a_panic_among_messages_to_many_actors_costs_the_others_nothing() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let ids = ["a", "b", "c", "d"].map(|name| manager.register(fragile(&log, name)));
    for round in 1..=3 {
        for id in ids {
            manager.queue_to(id, Tell(if id == ids[1] { round } else { round + 10 }));
        }
    }
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a11 b1 c11 d11 a12 b2 c12 d12 a13 c13 d13");
    assert_eq!((report.handled, report.dropped, report.panics), (11, 1, 1));
}

#[test]
fn messages_with_something_to_drop_survive_a_panic_as_well() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let text = |text: &str| Text(text.to_owned());
    for name in ["x", "y"] {
        let log = log.clone();
        manager.register(on(move |text: &Text, _| {
            log.note(format!("{name}:{}", text.0));
            assert!(text.0 != "b" || name != "x");
        }));
    }
    manager.queue_all([text("a"), text("b"), text("c")]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "x:a y:a x:b y:b y:c");
    assert_eq!((report.handled, report.panics), (3, 1));
}

#[test]
fn whoever_came_during_a_message_that_panicked_does_not_get_it() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("a{}", tell.0));
        cx.register(solid(&seen, "new"));
        assert!(tell.0 > 1, "and then it panics");
    }));
    manager.register(solid(&log, "b"));
    manager.queue_all([Tell(1), Tell(2)]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 b2 new2");
}

#[test]
fn a_panic_under_a_trigger_costs_the_others_nothing() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |text: &Text, cx| {
        let outcome = cx.trigger(Tell(text.0.parse().unwrap()));
        seen.note(format!("{outcome:?}"));
    }));
    manager.register(fragile(&log, "a"));
    let direct = manager.register(fragile(&log, "b"));
    manager.register(solid(&log, "c"));
    manager.queue(Text("1".to_owned()));
    manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 c1 Continued");
    assert_eq!(manager.trigger_to(direct, Tell(2)), Triggered::Continued);
    assert!(!manager.is_registered(direct));
    manager.queue(Text("2".to_owned()));
    manager.tick().unwrap();
    assert_eq!(log.take(), "b2 a2 c2 Continued");
    assert_eq!(manager.counters().panics, 2, "the triggering actor had no part in it");
}

#[test]
fn a_panic_in_a_handler_of_every_message_or_of_a_name_is_contained() {
    struct Spy {
        log: Log,
    }
    impl Actor for Spy {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.every_message(|me: &mut Self, message: &dyn AnyMessage, _: &Context| {
                me.log.note(format!("spy:{}", message.name()));
                assert_ne!(message.name(), "Tell");
            })
            .named("Boo", |_, _, _| -> Flow { panic!("boo") });
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    let one = manager.register(Spy { log: log.clone() });
    manager.register(Spy { log: log.clone() });
    let direct = manager.register(solid(&log, "a"));
    manager.register(solid(&log, "b"));
    manager.trigger_named_to(one, "Boo").unwrap();
    assert_eq!(log.take(), "spy:Boo spy:Boo");
    assert!(!manager.is_registered(one));
    manager.queue_to(direct, Tell(1));
    manager.queue(Tell(2));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "spy:ActorFailed spy:Tell a1 a2 b2");
    assert_eq!((report.handled, report.panics), (3, 2));
}

#[test]
fn a_panic_at_the_end_of_a_budget_leaves_nothing_half_delivered() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(fragile(&log, "a"));
    manager.register(solid(&log, "b"));
    manager.queue_all([Tell(2), Tell(3)]);
    let report = manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(log.take(), "a2 b2");
    assert_eq!((report.handled, report.waiting), (1, 2), "number 3 and the announcement");
    manager.tick().unwrap();
    assert_eq!(log.take(), "b3");
}

#[test]
fn what_an_actor_triggered_to_itself_before_it_panicked_is_a_dead_letter() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| seen.note(format!("{:?}", letter.reason)));
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("{:?}", cx.trigger_to(cx.actor(), Tell(9))));
        assert_eq!(tell.0, 9, "the message that was deferred never comes");
    }));
    manager.queue(Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "Deferred NoSuchActor");
    assert_eq!((report.handled, report.dropped, report.panics), (1, 1, 1));
}

#[test]
fn a_panic_at_a_deferred_message_is_contained() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let actor = manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        assert!(tell.0 > 0, "nothing is not enough");
        cx.trigger(Tell(tell.0 - 1));
    }));
    manager.register(solid(&log, "b"));
    manager.queue_all([Tell(1), Tell(2)]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "1 b0 0 b1 b2");
    assert_eq!((report.handled, report.panics, report.waiting), (2, 1, 1));
    assert!(!manager.is_registered(actor));
}

#[test]
fn an_actor_that_panics_after_it_unregistered_itself_is_gone_without_its_stop_hook() {
    struct Leaver {
        log: Log,
    }
    impl Actor for Leaver {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, tell: &Tell, cx: &Context| {
                me.log.note(cx.unregister(cx.actor()));
                assert_eq!(tell.0, 0, "gone already");
            });
        }
        fn stopped(&mut self, _: &Context) {
            self.log.note("stopped");
        }
    }
    impl Drop for Leaver {
        fn drop(&mut self) {
            self.log.note("dropped");
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(Leaver { log: log.clone() });
    manager.register(solid(&log, "b"));
    manager.queue(Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "true dropped b1");
    assert_eq!((report.handled, report.panics, manager.actor_count()), (1, 1, 1));
}
