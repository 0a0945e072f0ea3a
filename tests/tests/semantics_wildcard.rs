//! Handlers of every message.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, on};
use pysage_core::{
    Actor, ActorManager, AnyMessage, Context, DropReason, Flow, Message, Subscriptions, Triggered,
};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Unheard;

/// Handles every message, and would use each up if it could.
struct Spy {
    name: &'static str,
    log: Log,
}

impl Actor for Spy {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.every_message(Self::see);
    }
}

impl Spy {
    fn see(&mut self, message: &dyn AnyMessage, _: &Context) -> Flow {
        let number = message.downcast_ref::<Tell>().map_or(0, |tell| tell.0);
        self.log.note(format!("{}:{}{number}", self.name, message.name()));
        Flow::Stop
    }
}

/// Handles every message and those of one type.
struct Both {
    log: Log,
}

impl Actor for Both {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| {
            me.log.note(format!("typed{}", tell.0))
        })
        .every_message(|me, message, _| me.log.note(format!("any:{}", message.name())));
    }
}

fn spy(name: &'static str, log: &Log) -> Spy {
    Spy { name, log: log.clone() }
}

#[test]
fn handlers_of_every_message_come_first_and_cannot_use_one_up() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| {
        seen.note(format!("a{}", tell.0));
        Flow::Stop
    }));
    manager.register(spy("s", &log));
    manager.register(on(|_: &Tell, _| -> Flow { unreachable!("the message is used up") }));
    manager.register(spy("t", &log));
    manager.queue_all([Tell(1), Tell(2)]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "s:Tell1 t:Tell1 a1 s:Tell2 t:Tell2 a2");
    assert_eq!((report.handled, report.panics), (2, 0));
}

#[test]
fn handlers_of_every_message_see_those_for_one_actor() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(spy("s", &log));
    let seen = log.clone();
    let actor = manager.register(on(move |tell: &Tell, _| seen.note(format!("a{}", tell.0))));
    manager.queue_to(actor, Tell(1));
    manager.queue_to(actor, Tell(2));
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(log.take(), "s:Tell1 a1 s:Tell2 a2");
    assert_eq!(manager.trigger_to(actor, Tell(3)), Triggered::Continued);
    assert_eq!(log.take(), "s:Tell3 a3");
}

#[test]
fn a_message_that_only_a_handler_of_every_message_sees_is_not_lost() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(spy("s", &log));
    manager.queue(Unheard);
    manager.queue_named("ad hoc").unwrap();
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "s:Unheard0 s:ad hoc0");
    assert_eq!((report.handled, report.dropped), (2, 0));
}

#[test]
fn a_message_for_an_actor_that_is_gone_is_seen_and_a_dead_letter_all_the_same() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(spy("s", &log));
    let gone = manager.register(on(|_: &Tell, _| ()));
    manager.unregister(gone);
    manager.queue_to(gone, Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "s:Tell1");
    assert_eq!((report.handled, report.dropped), (0, 1));
    assert_eq!(manager.counters().dropped(DropReason::NoSuchActor), 1);
}

#[test]
fn an_actor_that_handles_every_message_and_the_type_gets_it_twice() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let both = manager.register(Both { log: log.clone() });
    manager.queue(Tell(1));
    manager.queue_to(both, Tell(2));
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(log.take(), "any:Tell typed1 any:Tell typed2");
    manager.trigger(Tell(3));
    manager.trigger_to(both, Tell(4));
    assert_eq!(log.take(), "any:Tell typed3 any:Tell typed4");
}

#[test]
fn unsubscribing_from_a_type_leaves_the_handler_of_every_message() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let both = manager.register(Both { log: log.clone() });
    assert!(manager.unsubscribe::<Tell>(both));
    manager.queue(Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "any:Tell");
    let spy = manager.register(spy("s", &log));
    assert!(!manager.unsubscribe::<Tell>(spy));
    manager.queue(Tell(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "any:Tell s:Tell2");
}

#[test]
fn a_handler_of_every_message_sees_types_that_were_known_before_it_and_after() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.trigger(Unheard);
    let spy_id = manager.register(spy("s", &log));
    manager.queue(Unheard);
    manager.queue(Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "s:Unheard0 s:Tell1");
    manager.unregister(spy_id);
    manager.queue(Tell(2));
    assert_eq!(manager.tick().unwrap().handled, 0);
    assert_eq!(log.take(), "");
}

#[test]
fn a_handler_of_every_message_does_not_see_the_update() {
    struct Updated {
        log: Log,
    }
    impl Actor for Updated {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.update(|me, _| me.log.note("update"));
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(spy("s", &log));
    manager.register(Updated { log: log.clone() });
    manager.tick().unwrap();
    assert_eq!(log.take(), "update");
}

#[test]
fn a_handler_of_every_message_sees_what_it_triggers_right_after() {
    struct Echo {
        log: Log,
    }
    impl Actor for Echo {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.every_message(|me, message, cx| {
                me.log.note(format!("echo:{}", message.name()));
                if message.is::<Tell>() {
                    me.log.note(format!("{:?}", cx.trigger(Unheard)));
                }
            });
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(Echo { log: log.clone() });
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(format!("a{}", tell.0))));
    manager.queue(Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "echo:Tell Deferred echo:Unheard a1");
    assert_eq!((report.handled, report.dropped), (1, 0));
}
