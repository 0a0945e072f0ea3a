//! Who is told of errors and panics, and what they are told.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::panic::panic_any;

use local::{Log, On, on};
use pysage_core::{
    ActorFailed, ActorManager, DropReason, Failure, FailureCause, Flow, Message, Triggered,
};

#[derive(Message)]
struct Tell(u32);

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

/// Has every failure noted as text.
fn note_failures(manager: &ActorManager, log: &Log) {
    let log = log.clone();
    manager.on_failure(move |failure: &Failure<'_>| match failure.cause {
        FailureCause::Error(error) => log.note(format!("[{}: {error}]", failure.message)),
        FailureCause::Panic(text) => log.note(format!("[{}! {}]", failure.message, text)),
        _ => log.note("[other]"),
    });
}

/// Notes who is announced as failed.
fn note_announced(manager: &ActorManager, log: &Log) {
    let log = log.clone();
    manager.register(on(move |failed: &ActorFailed, _| {
        log.note(format!("{}@{}:{}", failed.actor, failed.message, failed.reason));
    }));
}

#[test]
fn an_actor_that_panicked_is_taken_out_and_announced() {
    let (manager, log) = (ActorManager::new(), Log::default());
    note_failures(&manager, &log);
    note_announced(&manager, &log);
    let actor = manager.register_named("fragile", fragile(&log, "x")).unwrap();
    manager.queue(Tell(2));
    let report = manager.tick().unwrap();
    let reason = "assertion `left != right` failed: x had enough\n  left: 2\n right: 2";
    assert_eq!(log.take(), format!("x2 [Tell! {reason}]"));
    assert_eq!((report.panics, report.waiting), (1, 1), "the announcement waits");
    assert!(!manager.is_registered(actor));
    assert_eq!(manager.find("fragile"), None);
    manager.queue_to(actor, Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (1, 1));
    assert_eq!(log.take(), format!("{actor}@Tell:{reason}"));
    assert_eq!(manager.counters().dropped(DropReason::NoSuchActor), 1);
    assert_eq!(manager.counters().panics, 1);
}

#[test]
fn an_error_costs_only_this_message_for_this_actor() {
    let (manager, log) = (ActorManager::new(), Log::default());
    note_failures(&manager, &log);
    note_announced(&manager, &log);
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| -> Result<Flow, String> {
        seen.note(format!("a{}", tell.0));
        if tell.0 == 2 { Err("two is odd".to_owned()) } else { Ok(Flow::Continue) }
    }));
    manager.register(solid(&log, "b"));
    manager.queue_all((1..=3).map(Tell));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 a2 [Tell: two is odd] b2 a3 b3");
    assert_eq!((report.handled, report.errors, report.panics, report.waiting), (3, 1, 0, 0));
    assert_eq!(manager.counters().errors, 1);
}

#[test]
fn a_result_can_use_a_message_up() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(on(|_: &Tell, _| -> Result<Flow, String> { Ok(Flow::Stop) }));
    manager.register(solid(&log, "behind"));
    manager.queue(Tell(1));
    assert_eq!(manager.tick().unwrap().handled, 1);
    assert_eq!(log.take(), "");
    assert_eq!(manager.trigger(Tell(2)), Triggered::Stopped);
}

#[test]
fn what_was_thrown_need_not_be_a_text() {
    let (manager, log) = (ActorManager::new(), Log::default());
    note_failures(&manager, &log);
    manager.register(on(|_: &Tell, _| -> Flow { panic_any(5) }));
    manager.register(on(|_: &Tell, _| -> Flow { panic!("a {}", "text") }));
    manager.queue(Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "[Tell! not a text] [Tell! a text]");
}

#[test]
fn a_failure_handler_may_use_the_manager() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let (handler_log, inside) = (log.clone(), manager.clone());
    manager.on_failure(move |failure| {
        handler_log.note(failure.class.contains("On<"));
        inside.register(fragile(&handler_log, "respawned"));
    });
    manager.register(fragile(&log, "x"));
    manager.queue_all([Tell(2), Tell(3)]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "x2 true respawned3");
    manager.on_failure(|_| ());
}

#[test]
fn a_failure_handler_that_panics_is_not_asked_again() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_failure(move |_| {
        seen.note("asked");
        panic!("no");
    });
    manager.register(fragile(&log, "a"));
    manager.register(fragile(&log, "b"));
    manager.register(solid(&log, "c"));
    manager.queue_all([Tell(2), Tell(3)]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a2 asked b2 c2 c3");
    assert_eq!((report.handled, report.panics), (2, 3));
}
