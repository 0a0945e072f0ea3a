//! Messages for one actor, and what becomes of messages that reach nobody.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, On, on};
use pysage_core::{ActorManager, DropReason, Flow, Message, Queued, Triggered};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Unheard(u32);

fn noting(name: &'static str, log: &Log) -> On<Tell, Flow> {
    let log = log.clone();
    on(move |tell: &Tell, _| {
        log.note(format!("{name}{}", tell.0));
        Flow::Stop
    })
}

/// Has all dead letters noted: message, receiver, reason.
fn note_dead_letters(manager: &ActorManager, log: &Log) {
    let log = log.clone();
    manager.on_dead_letter(move |letter| {
        let number = letter.message.property::<u32>("0").unwrap();
        let receiver = letter.receiver.map_or("all".to_owned(), |receiver| receiver.to_string());
        log.note(format!("{}{number}->{receiver}:{:?}", letter.message.name(), letter.reason));
    });
}

#[test]
fn a_message_for_one_actor_reaches_no_other() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let ids = ["a", "b", "c"].map(|name| manager.register(noting(name, &log)));
    for number in [2, 0, 1, 1, 0] {
        assert_eq!(manager.queue_to(ids[number], Tell(number as u32)), Queued::Accepted);
    }
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (5, 0));
    assert_eq!(log.take(), "c2 a0 b1 b1 a0");
}

#[test]
fn a_message_for_an_actor_that_does_not_subscribe_is_a_dead_letter() {
    let (manager, log) = (ActorManager::new(), Log::default());
    note_dead_letters(&manager, &log);
    let actor = manager.register(noting("a", &log));
    manager.register(on(|_: &Unheard, _| ()));
    manager.queue_to(actor, Unheard(1));
    manager.queue_to(actor, Tell(2));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (1, 1));
    assert_eq!(log.take(), format!("Unheard1->{actor}:NotSubscribed a2"));
    assert_eq!(manager.counters().dropped(DropReason::NotSubscribed), 1);
}

#[test]
fn a_message_for_an_actor_that_is_gone_is_a_dead_letter() {
    let (manager, log) = (ActorManager::new(), Log::default());
    note_dead_letters(&manager, &log);
    let actor = manager.register(noting("a", &log));
    manager.queue_to(actor, Tell(1));
    manager.queue_all_to(actor, [Tell(2), Tell(3)]);
    manager.unregister(actor);
    assert_eq!(manager.queue_to(actor, Tell(4)), Queued::Accepted);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.drained), (0, 4, true));
    let letter = |number| format!("Tell{number}->{actor}:NoSuchActor");
    assert_eq!(log.take(), [1, 2, 3, 4].map(letter).join(" "));
    assert_eq!(manager.counters().dropped(DropReason::NoSuchActor), 4);
}

#[test]
fn a_message_that_nobody_subscribes_to_is_a_dead_letter() {
    let (manager, log) = (ActorManager::new(), Log::default());
    note_dead_letters(&manager, &log);
    manager.register(noting("a", &log));
    manager.queue(Unheard(1));
    manager.queue(Tell(2));
    manager.queue_all([Unheard(3), Unheard(4)]);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (1, 3));
    assert_eq!(
        log.take(),
        "Unheard1->all:NoSubscriber a2 Unheard3->all:NoSubscriber Unheard4->all:NoSubscriber"
    );
    assert_eq!(manager.counters().dropped(DropReason::NoSubscriber), 3);
    assert_eq!(manager.counters().dropped_in_all(), 3);
}

#[test]
fn a_dead_letter_handler_may_queue_for_the_next_tick() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(noting("a", &log));
    let inside = manager.clone();
    manager.on_dead_letter(move |letter| {
        inside.queue(Tell(*letter.message.property("0").unwrap()));
    });
    manager.queue(Unheard(7));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.waiting), (0, 1, 1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "a7");
}

#[test]
fn a_letter_that_dies_while_the_dead_letter_handler_runs_is_counted_only() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let (inside, seen) = (manager.clone(), log.clone());
    manager.on_dead_letter(move |letter| {
        seen.note(letter.message.name());
        inside.trigger(Unheard(8));
        inside.trigger(Tell(9));
    });
    manager.trigger(Unheard(7));
    assert_eq!(log.take(), "Unheard");
    assert_eq!(manager.counters().dropped(DropReason::NoSubscriber), 3);
}

#[test]
fn a_dead_letter_handler_takes_the_place_of_the_one_before_also_while_that_runs() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let (inside, seen) = (manager.clone(), log.clone());
    manager.on_dead_letter(move |_| {
        seen.note("first");
        let seen = seen.clone();
        inside.on_dead_letter(move |_| seen.note("second"));
    });
    manager.queue_all((1..=3).map(Unheard));
    assert_eq!(manager.tick().unwrap().dropped, 3);
    assert_eq!(log.take(), "first second second");
}

#[test]
fn a_triggered_message_for_nobody_is_a_dead_letter() {
    let (manager, log) = (ActorManager::new(), Log::default());
    note_dead_letters(&manager, &log);
    let actor = manager.register(on(|_: &Unheard, _| ()));
    assert_eq!(manager.trigger(Tell(1)), Triggered::Unhandled);
    assert_eq!(manager.trigger_to(actor, Tell(2)), Triggered::Unhandled);
    manager.unregister(actor);
    assert_eq!(manager.trigger_to(actor, Unheard(3)), Triggered::Unhandled);
    assert_eq!(
        log.take(),
        format!(
            "Tell1->all:NoSubscriber Tell2->{actor}:NotSubscribed Unheard3->{actor}:NoSuchActor"
        )
    );
    let counters = manager.counters();
    assert_eq!((counters.triggered, counters.handled, counters.dropped_in_all()), (3, 0, 3));
}
