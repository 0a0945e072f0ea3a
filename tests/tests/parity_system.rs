//! The counterparts of the local tests in the original's `tests/test_system.py`, in its order,
//! and of the two in `tests/test_network.py` that are about ids.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::collections::HashSet;

use local::{Log, On, on};
use pysage_core::{
    Actor, ActorManager, Context, DropReason, Flow, Message, Queued, Subscriptions, Triggered,
};

#[derive(Message)]
struct Bomb {
    damage: i32,
}

/// Handles the ad hoc message `BombMessage`.
struct Shelter {
    log: Log,
}

impl Actor for Shelter {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.named("BombMessage", |shelter, message, _: &Context| {
            shelter.log.note(message.name());
            Flow::Stop
        });
    }
}

fn hit(log: &Log, name: &'static str) -> On<Bomb, Flow> {
    let log = log.clone();
    on(move |bomb: &Bomb, _| {
        log.note(format!("{name}:{}", bomb.damage));
        Flow::Stop
    })
}

/// Original 21: test_adhoc_message
#[test]
fn a_name_is_enough_to_trigger_a_message_to_an_actor() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let shelter = manager.register(Shelter { log: log.clone() });
    assert_eq!(manager.trigger_named_to(shelter, "BombMessage"), Ok(Triggered::Stopped));
    assert_eq!(log.take(), "BombMessage");
    assert_eq!(manager.trigger_named_to(shelter, "Nonsense"), Ok(Triggered::Unhandled));
    assert_eq!(log.take(), "");
}

/// Original 22: test_adhoc_message_with_concrete
#[test]
fn the_name_of_a_message_type_is_refused_as_an_ad_hoc_message() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let player = manager.register(hit(&log, "player"));
    let refused = manager.trigger_named_to(player, "Bomb").unwrap_err();
    assert_eq!(refused.name, "Bomb");
    assert_eq!(manager.queue_named("Bomb"), Err(refused));
    assert_eq!(manager.queue_length(), 0);
    assert_eq!(log.take(), "");
}

/// Original 23: test_createGameObject
#[test]
fn each_actor_has_an_id_of_its_own_that_can_be_shown() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let first = manager.register(hit(&log, "first"));
    let second = manager.register(hit(&log, "second"));
    let shelter = manager.register(Shelter { log: log.clone() });
    assert!([first, second, shelter].iter().all(|id| manager.is_registered(*id)));
    let shown: HashSet<_> = [first, second, shelter].iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 3);
    assert_eq!(format!("{first:?}"), format!("ActorId({first})"));
    manager.trigger(Bomb { damage: 1 });
    assert_eq!(log.take(), "first:1 second:1");
}

/// Original 24: test_registerObj
#[test]
fn a_registered_actor_can_be_looked_at_by_its_id() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let shelter = manager.register(Shelter { log: log.clone() });
    let looked = manager.with(shelter, |shelter: &mut Shelter| {
        shelter.log.note("looked");
        7
    });
    assert_eq!(looked, Ok(7));
    assert_eq!(log.take(), "looked");
}

/// Original 25: test_unregisterObj
#[test]
fn an_unregistered_actor_is_gone() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let shelter = manager.register(Shelter { log });
    assert!(manager.unregister(shelter));
    assert!(!manager.is_registered(shelter));
    let looked = manager.with(shelter, |_: &mut Shelter| ());
    assert_eq!(looked, Err(pysage_core::AccessError::NoSuchActor { actor: shelter }));
    assert_eq!(manager.actor_count(), 0);
}

/// Original 26: test_trigger_to_object
#[test]
fn a_trigger_to_an_actor_is_done_when_it_returns_and_tells_what_the_handler_returned() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let stops = manager.register(hit(&log, "stops"));
    let seen = log.clone();
    let goes_on = manager.register(on(move |_: &Bomb, _| seen.note("goes on")));
    assert_eq!(manager.trigger_to(stops, Bomb { damage: 10 }), Triggered::Stopped);
    assert_eq!(log.take(), "stops:10");
    assert_eq!(manager.trigger_to(goes_on, Bomb { damage: 10 }), Triggered::Continued);
    assert_eq!(log.take(), "goes on");
}

/// Original 27: test_queueToObject
#[test]
fn a_message_queued_to_an_actor_reaches_it_alone_and_in_the_tick() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(hit(&log, "first"));
    let second = manager.register(hit(&log, "second"));
    assert_eq!(manager.queue_to(second, Bomb { damage: 3 }), Queued::Accepted);
    assert_eq!(log.take(), "", "not before the tick");
    assert_eq!(manager.tick().unwrap().handled, 1);
    assert_eq!(log.take(), "second:3");
}

/// Original 28: test_queue_message
#[test]
fn a_queued_message_is_handled_by_the_tick_and_not_before() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(hit(&log, "player"));
    manager.queue(Bomb { damage: 1 });
    assert_eq!(log.take(), "");
    assert!(manager.tick().unwrap().drained);
    assert_eq!(log.take(), "player:1");
}

/// Original 29: test_register_actorWithName
#[test]
fn an_actor_is_found_by_its_name() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let player = manager.register_named("player1", hit(&log, "player")).unwrap();
    assert_eq!(manager.find("player1"), Some(player));
    assert_eq!(manager.find("player2"), None);
}

/// Original 32: test_manager_gid. Every manager of the original has the number 0; here no two
/// managers of a process have the same, so that an id cannot be taken for another manager's.
#[test]
fn two_managers_do_not_take_each_others_ids() {
    let (one, two, log) = (ActorManager::new(), ActorManager::new(), Log::default());
    let there = two.register(hit(&log, "there"));
    let here = one.register(hit(&log, "here"));
    assert_ne!(here, there);
    assert!(!one.is_registered(there));
    assert!(!one.unregister(there));
    assert_eq!(one.trigger_to(there, Bomb { damage: 1 }), Triggered::Unhandled);
    one.queue_to(there, Bomb { damage: 2 });
    assert_eq!(one.counters().dropped(DropReason::NoSuchActor), 1);
    assert_eq!(one.tick().unwrap().handled, 0);
    assert_eq!(one.counters().dropped(DropReason::NoSuchActor), 2);
    assert_eq!(log.take(), "");
    assert!(two.is_registered(there));
}

/// Original 33: test_receiver_gid
#[test]
fn a_handler_knows_the_id_of_its_actor() {
    struct Knows {
        log: Log,
    }
    impl Actor for Knows {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|knows: &mut Self, _: &Bomb, cx: &Context| knows.log.note(cx.actor()));
        }
        fn started(&mut self, cx: &Context) {
            self.log.note(cx.actor());
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    let first = manager.register(Knows { log: log.clone() });
    let second = manager.register(Knows { log: log.clone() });
    assert_eq!(log.take(), format!("{first} {second}"));
    manager.queue(Bomb { damage: 1 });
    manager.queue_to(first, Bomb { damage: 1 });
    manager.tick().unwrap();
    assert_eq!(log.take(), format!("{first} {second} {first}"));
}
