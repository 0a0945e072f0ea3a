//! Emptying a manager.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, on};
use pysage_core::{
    Actor, ActorManager, Budget, Context, DropReason, Flow, ManagerConfig, Message, Subscriptions,
};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Reset;

struct Mortal {
    name: &'static str,
    log: Log,
}

impl Actor for Mortal {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| {
            me.log.note(format!("{}{}", me.name, tell.0));
        })
        .message(|me: &mut Self, _: &Reset, cx: &Context| {
            cx.reset();
            me.log.note(format!("{}:reset:{}", me.name, cx.actor_count()));
            cx.queue(Tell(9));
        })
        .update(|me, _| me.log.note(format!("{}:update", me.name)));
    }
    fn stopped(&mut self, _: &Context) {
        self.log.note(format!("{}:stopped", self.name));
    }
}

fn mortal(name: &'static str, log: &Log) -> Mortal {
    Mortal { name, log: log.clone() }
}

#[test]
fn a_reset_unregisters_all_actors_with_their_names() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let a = manager.register_named("a", mortal("a", &log)).unwrap();
    let b = manager.register(mortal("b", &log));
    manager.reset();
    assert_eq!(log.take(), "a:stopped b:stopped");
    assert!(!manager.is_registered(a) && !manager.is_registered(b));
    assert_eq!((manager.actor_count(), manager.find("a")), (0, None));
    assert_eq!(manager.tick().unwrap().handled, 0);
    assert_eq!(log.take(), "");
}

#[test]
fn a_reset_drops_all_messages_and_counts_them() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| seen.note(letter.reason));
    let actor = manager.register(mortal("a", &log));
    manager.queue_all((1..=3).map(Tell));
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(log.take(), "a1 a:update");
    manager.queue(Tell(4));
    manager.queue_to(actor, Reset);
    manager.reset();
    assert_eq!(log.take(), "a:stopped", "no dead letters");
    assert_eq!(manager.queue_length(), 0);
    assert_eq!(manager.counters().dropped(DropReason::Reset), 4);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.waiting), (0, 4, 0));
    assert!(report.drained);
}

#[test]
fn a_manager_can_be_used_again_after_a_reset() {
    let config = ManagerConfig::default().queue_capacity(3);
    let (manager, log) = (ActorManager::with_config(config), Log::default());
    manager.register(mortal("old", &log));
    manager.queue_all((1..=3).map(Tell));
    manager.reset();
    log.take();
    manager.register_named("new", mortal("new", &log)).unwrap();
    assert_eq!(manager.queue_all((4..=7).map(Tell)), 3, "the queue has all its room again");
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.drained), (3, true));
    assert_eq!(log.take(), "new4 new5 new6 new:update");
}

#[test]
fn a_reset_in_a_handler_drops_the_rest_of_the_batch() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let a = manager.register(mortal("a", &log));
    manager.register(mortal("b", &log));
    manager.queue(Tell(1));
    manager.queue(Reset);
    manager.queue_all([Tell(2), Tell(3)]);
    manager.queue_to(a, Tell(4));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 b:stopped a:reset:0 a:stopped");
    assert_eq!((report.handled, report.panics, report.waiting), (2, 0, 1));
    assert_eq!(manager.counters().dropped(DropReason::Reset), 3);
    manager.register(mortal("c", &log));
    assert_eq!(manager.tick().unwrap().handled, 1, "what was queued after the reset");
    assert_eq!(log.take(), "c9 c:update");
}

#[test]
fn a_reset_in_a_triggered_handler_drops_what_waits() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(mortal("a", &log));
    manager.register(mortal("b", &log));
    manager.queue_all([Tell(1), Tell(2)]);
    manager.trigger(Reset);
    assert_eq!(log.take(), "b:stopped a:reset:0 a:stopped");
    assert_eq!((manager.actor_count(), manager.queue_length()), (0, 1));
    assert_eq!(manager.counters().dropped(DropReason::Reset), 2);
}

#[test]
fn a_reset_in_a_handler_of_several_messages_in_a_row_ends_the_row() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let actor = manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        if tell.0 == 2 {
            cx.reset();
        }
    }));
    manager.queue_all_to(actor, (1..=5).map(Tell));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "1 2");
    assert_eq!((report.handled, report.dropped, report.drained), (2, 3, true));
}

#[test]
fn a_reset_leaves_handles_and_their_manager_connected() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let handle = manager.handle();
    handle.queue(Tell(1)).unwrap();
    handle.queue(Tell(2)).unwrap();
    manager.reset();
    manager.register(mortal("a", &log));
    handle.queue(Tell(3)).unwrap();
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.handled), (1, 1));
    assert_eq!(log.take(), "a3 a:update");
    assert_eq!(manager.counters().dropped(DropReason::Reset), 2, "those of handles are counted");
}

#[test]
fn a_reset_leaves_the_handlers_of_failures_and_dead_letters() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_failure(move |failure| seen.note(failure.message));
    let seen = log.clone();
    manager.on_dead_letter(move |letter| seen.note(letter.message.name()));
    manager.reset();
    manager.register(on(|_: &Tell, _| -> Result<Flow, &str> { Err("no") }));
    manager.trigger(Tell(1));
    manager.trigger(Reset);
    assert_eq!(log.take(), "Tell Reset");
    assert_eq!(manager.counters().errors, 1);
}

#[test]
fn what_is_queued_while_a_reset_stops_actors_stays() {
    struct Heir {
        log: Log,
    }
    impl Actor for Heir {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, tell: &Tell, _: &Context| me.log.note(tell.0));
        }
        fn stopped(&mut self, cx: &Context) {
            let next = cx.register_named("heir", Heir { log: self.log.clone() }).unwrap();
            cx.queue_to(next, Tell(7));
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register_named("heir", Heir { log: log.clone() }).unwrap();
    manager.reset();
    assert_eq!((manager.actor_count(), manager.queue_length()), (1, 1));
    assert!(manager.find("heir").is_some());
    manager.tick().unwrap();
    assert_eq!(log.take(), "7");
}

#[test]
fn a_message_that_waits_for_a_busy_actor_is_dropped_by_a_reset_and_counted() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| seen.note(letter.reason));
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("{}:{:?}", tell.0, cx.trigger_to(cx.actor(), Tell(2))));
        cx.reset();
    }));
    manager.queue(Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:Deferred", "no dead letter");
    assert_eq!(manager.counters().dropped(DropReason::Reset), 1);
}
