//! What ids and names mean, and looking at the actors behind them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[path = "../support/tell.rs"]
mod tell;

use std::panic::{AssertUnwindSafe, catch_unwind};

use local::{Log, On, on};
use pysage_core::{AccessError, ActorManager, RegisterError, Triggered};
use tell::{Other, Tell, noting};

#[test]
fn all_names_of_an_actor_go_with_it() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register_named("one", noting(&log, "x")).unwrap();
    manager.add_name(actor, "two").unwrap();
    let other = manager.register_named("three", noting(&log, "y")).unwrap();
    assert_eq!(
        ["one", "two", "three"].map(|name| manager.find(name)),
        [Some(actor), Some(actor), Some(other)]
    );
    manager.unregister(actor);
    assert_eq!(["one", "two", "three"].map(|name| manager.find(name)), [None, None, Some(other)]);
    let again = manager.register_named("two", noting(&log, "z")).unwrap();
    assert_eq!(manager.find("two"), Some(again));
}

#[test]
fn a_taken_name_is_refused_with_its_holder() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let holder = manager.register_named("player1", noting(&log, "x")).unwrap();
    let taken = RegisterError::NameTaken { name: "player1".to_owned(), holder };
    assert_eq!(manager.register_named("player1", noting(&log, "y")), Err(taken.clone()));
    assert_eq!(manager.actor_count(), 1);
    let other = manager.register(noting(&log, "z"));
    assert_eq!(manager.add_name(other, "player1"), Err(taken));
    manager.unregister(other);
    let gone = RegisterError::NoSuchActor { actor: other };
    assert_eq!(manager.add_name(other, "player2"), Err(gone));
    assert_eq!(manager.find("player2"), None);
}

#[test]
fn an_id_that_was_freed_never_means_another_actor() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let mut freed = Vec::new();
    for _ in 0..100 {
        let actor = manager.register(noting(&log, "old"));
        manager.unregister(actor);
        freed.push(actor);
    }
    let living = manager.register(noting(&log, "new"));
    for old in freed {
        assert_ne!(old, living);
        assert!(!manager.is_registered(old));
        assert!(!manager.unregister(old));
        assert_eq!(manager.trigger_to(old, Tell(0)), Triggered::Unhandled);
        let looked = manager.with(old, |_: &mut On<Tell, ()>| ());
        assert_eq!(looked, Err(AccessError::NoSuchActor { actor: old }));
        manager.queue_to(old, Tell(1));
    }
    manager.queue_to(living, Tell(2));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (1, 200));
    assert_eq!(log.take(), "new2");
}

#[test]
fn an_id_never_means_another_actor_however_often_its_place_is_used_again() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let first = manager.register(noting(&log, "first"));
    manager.unregister(first);
    for _ in 0..70_000 {
        let actor = manager.register(noting(&log, "later"));
        assert_ne!(actor, first);
        assert!(!manager.is_registered(first));
        manager.unregister(actor);
    }
    assert_eq!(manager.actor_count(), 0);
}

#[test]
fn an_actor_that_is_looked_at_can_be_told_apart_from_others() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(Other { log: log.clone() });
    let error = manager.with(actor, |_: &mut On<Tell, ()>| ()).unwrap_err();
    assert!(matches!(error, AccessError::OtherClass { actor: told, is, asked }
        if told == actor && is.ends_with("Other") && asked.contains("On<")));
    let nested = manager.with(actor, |_: &mut Other| manager.with(actor, |_: &mut Other| ()));
    assert_eq!(nested, Ok(Err(AccessError::Busy { actor })));
}

#[test]
fn an_actor_unregistered_while_it_is_looked_at_is_stopped_when_the_look_is_over() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(Other { log: log.clone() });
    manager
        .with(actor, |other: &mut Other| {
            assert!(manager.unregister(actor));
            other.log.note("still here");
        })
        .unwrap();
    assert_eq!(log.take(), "still here stopped:false");
    assert!(!manager.is_registered(actor));
}

#[test]
fn a_handler_can_look_at_other_actors_and_not_at_its_own() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let other = manager.register(Other { log: log.clone() });
    let seen = log.clone();
    let actor = manager.register(on(move |_: &Tell, cx| {
        let looked = cx.with(other, |other: &mut Other| other.log.note("looked"));
        seen.note(looked.is_ok());
        let own = cx.with(cx.actor(), |_: &mut On<Tell, ()>| ());
        seen.note(own == Err(AccessError::Busy { actor: cx.actor() }));
    }));
    manager.queue_to(actor, Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "looked true true");
}

#[test]
fn what_waited_for_a_look_to_end_is_done_also_when_the_look_panics() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let staying = manager.register(Other { log: log.clone() });
    let leaving = manager.register(Other { log: log.clone() });
    let look = || {
        manager.with(staying, |_: &mut Other| {
            assert_eq!(manager.trigger(Tell(1)), Triggered::Deferred);
            panic!("in the look");
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(look)).is_err());
    assert_eq!(log.take(), "other1 other1");
    let look = || {
        manager.with(leaving, |_: &mut Other| {
            assert!(manager.unregister(leaving));
            panic!("in the look");
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(look)).is_err());
    assert_eq!(log.take(), "stopped:false");
    assert!(manager.tick().is_ok(), "nobody is being looked at any more");
}

#[test]
fn managers_that_live_at_the_same_time_do_not_take_each_others_ids() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(noting(&log, "x"));
    // More than there are numbers for managers.
    for _ in 0..10_000 {
        let later = ActorManager::new();
        assert_ne!(later.register(noting(&log, "later")), actor);
        assert!(!later.is_registered(actor));
    }
    assert!(manager.is_registered(actor));
}
