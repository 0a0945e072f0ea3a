//! Messages by name: ad hoc ones, and those of a type with that name.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, on};
use pysage_core::{
    Actor, ActorManager, Context, DropReason, Flow, Message, NameTaken, Queued, Subscriptions,
    Triggered,
};

#[derive(Message)]
struct Bomb {
    damage: i32,
}
#[derive(Message)]
#[message(name = "Bomb")]
struct OtherBomb {
    damage: i32,
}

#[derive(Message)]
struct Whistle;

/// Handles `Bomb` and `Horn` by name; uses `Horn` up.
struct Ear {
    name: &'static str,
    log: Log,
}

impl Actor for Ear {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.named("Bomb", |me, message, _: &Context| {
            let damage = message.property::<i32>("damage").ok();
            me.log.note(format!("{}:{}:{damage:?}", me.name, message.name()));
        })
        .named("Horn".to_owned(), |me, message, _| {
            me.log.note(format!("{}:{}", me.name, message.name()));
            Flow::Stop
        });
    }
}

fn ear(name: &'static str, log: &Log) -> Ear {
    Ear { name, log: log.clone() }
}

#[test]
fn a_named_subscription_gets_messages_of_each_type_with_the_name() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.queue(Bomb { damage: 1 });
    let actor = manager.register(ear("a", &log));
    manager.queue(OtherBomb { damage: 2 });
    manager.queue_to(actor, Bomb { damage: 3 });
    assert_eq!(manager.tick().unwrap().handled, 3);
    assert_eq!(log.take(), "a:Bomb:Some(1) a:Bomb:Some(2) a:Bomb:Some(3)");
    assert_eq!(manager.trigger_to(actor, OtherBomb { damage: 4 }), Triggered::Continued);
    assert_eq!(log.take(), "a:Bomb:Some(4)");
}

#[test]
fn a_named_subscription_gets_ad_hoc_messages_of_the_name() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(ear("a", &log));
    assert_eq!(manager.queue_named("Bomb"), Ok(Queued::Accepted));
    assert_eq!(manager.queue_named(String::from("Horn")), Ok(Queued::Accepted));
    assert_eq!(manager.queue_named("Silence"), Ok(Queued::Accepted));
    assert_eq!(manager.queue_length(), 3);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a:Bomb:None a:Horn");
    assert_eq!((report.handled, report.dropped), (2, 1));
    assert_eq!(manager.counters().dropped(DropReason::NoSubscriber), 1);
}

#[test]
fn typed_and_named_subscribers_stand_in_one_order_of_registration() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(ear("a", &log));
    let seen = log.clone();
    manager.register(on(move |bomb: &Bomb, _| seen.note(format!("typed:{}", bomb.damage))));
    manager.register(ear("b", &log));
    manager.queue(Bomb { damage: 1 });
    manager.tick().unwrap();
    assert_eq!(log.take(), "a:Bomb:Some(1) typed:1 b:Bomb:Some(1)");
}

#[test]
fn an_ad_hoc_message_can_be_used_up() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(ear("a", &log));
    manager.register(ear("b", &log));
    manager.queue_named("Horn").unwrap();
    manager.queue_named("Bomb").unwrap();
    manager.tick().unwrap();
    assert_eq!(log.take(), "a:Horn a:Bomb:None b:Bomb:None");
    assert_eq!(manager.trigger_named("Horn"), Ok(Triggered::Stopped));
    assert_eq!(log.take(), "a:Horn b:Horn");
    assert_eq!(manager.trigger_named("Bomb"), Ok(Triggered::Continued));
    assert_eq!(log.take(), "a:Bomb:None b:Bomb:None");
    assert_eq!(manager.trigger_named("Silence"), Ok(Triggered::Unhandled));
}

#[test]
fn an_ad_hoc_message_can_be_for_one_actor() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(ear("a", &log));
    let b = manager.register(ear("b", &log));
    let deaf = manager.register(on(|_: &Whistle, _| ()));
    manager.queue_named_to(b, "Horn").unwrap();
    manager.queue_named_to(b, "Silence").unwrap();
    manager.queue_named_to(deaf, "Horn").unwrap();
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "b:Horn");
    assert_eq!((report.handled, report.dropped), (1, 2));
    assert_eq!(manager.counters().dropped(DropReason::NotSubscribed), 2);
    assert_eq!(manager.trigger_named_to(b, "Horn"), Ok(Triggered::Stopped));
    assert_eq!(log.take(), "b:Horn");
    assert_eq!(manager.trigger_named_to(deaf, "Horn"), Ok(Triggered::Unhandled));
}

#[test]
fn the_name_of_a_known_message_type_is_refused() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(ear("a", &log));
    assert!(manager.queue_named("Bomb").is_ok(), "no type of the name is known yet");
    manager.trigger(OtherBomb { damage: 1 });
    log.take();
    let taken = NameTaken { name: "Bomb".to_owned() };
    assert_eq!(manager.queue_named("Bomb"), Err(taken.clone()));
    assert_eq!(manager.queue_named_to(actor, "Bomb"), Err(taken.clone()));
    assert_eq!(manager.trigger_named("Bomb"), Err(taken.clone()));
    assert_eq!(manager.trigger_named_to(actor, "Bomb"), Err(taken));
    assert_eq!((log.take().as_str(), manager.queue_length()), ("", 1));
}

#[test]
fn a_dead_letter_without_a_type_shows_its_name() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        let properties = letter.message.properties().len();
        seen.note(format!("{}:{properties}:{:?}", letter.message.name(), letter.reason));
    });
    manager.register(ear("a", &log));
    manager.queue_named("Silence").unwrap();
    manager.tick().unwrap();
    assert_eq!(log.take(), "Silence:0:NoSubscriber");
}

#[test]
fn an_actor_can_be_unsubscribed_from_a_type_that_it_handles_by_name() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let a = manager.register(ear("a", &log));
    manager.register(ear("b", &log));
    assert!(manager.unsubscribe::<Bomb>(a));
    manager.queue(Bomb { damage: 1 });
    manager.queue_to(a, Bomb { damage: 2 });
    manager.queue(OtherBomb { damage: 3 });
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (2, 1));
    assert_eq!(log.take(), "b:Bomb:Some(1) a:Bomb:Some(3) b:Bomb:Some(3)");
}
