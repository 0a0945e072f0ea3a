//! Requests, and the answers that they bring, within one manager.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use local::{Log, on};
use pysage_core::{
    Actor, ActorId, ActorManager, Answer, AnyMessage, AskError, Context, Message, Request,
    Subscriptions, Triggered,
};

#[derive(Message)]
#[message(reply = i32)]
struct HitPoints;

#[derive(Message)]
#[message(reply = String)]
struct Greet {
    #[message(range = 1..=3)]
    times: u8,
}

/// A request of a generic type has no static of its own.
#[derive(Message)]
#[message(reply = T)]
struct Echo<T: Clone>(T);

#[derive(Message)]
struct Plain;

struct Player {
    hit_points: i32,
    asked: u32,
}

impl Actor for Player {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.ask(Self::hit_points)
            .ask(|_: &mut Self, greet: &Greet, _: &Context| "hi ".repeat(greet.times.into()))
            .ask(|_: &mut Self, echo: &Echo<i64>, _: &Context| echo.0);
    }
}

impl Player {
    fn hit_points(&mut self, _: &HitPoints, _: &Context) -> i32 {
        self.asked += 1;
        self.hit_points
    }
}

fn player(manager: &ActorManager) -> ActorId {
    manager.register(Player { hit_points: 100, asked: 0 })
}

/// Answers with what a closure says.
struct Oracle(Box<dyn FnMut(&Context) -> i32>);

impl Actor for Oracle {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.ask(|me: &mut Self, _: &HitPoints, cx: &Context| (me.0)(cx));
    }
}

fn oracle(manager: &ActorManager, says: impl FnMut(&Context) -> i32 + 'static) -> ActorId {
    manager.register(Oracle(Box::new(says)))
}

#[test]
fn an_actor_that_is_free_answers_at_once() {
    let manager = ActorManager::new();
    let player = player(&manager);
    let mut answer = manager.ask(player, HitPoints);
    assert!(answer.is_ready());
    assert_eq!(answer.take(), Some(Ok(100)));
    assert!(!answer.is_ready());
    assert_eq!(answer.take(), None, "it was taken");
    assert_eq!(manager.ask(player, Greet { times: 2 }).take(), Some(Ok("hi hi ".to_owned())));
    assert_eq!(manager.ask(player, Echo(7_i64)).take(), Some(Ok(7)));
    assert_eq!(manager.counters().triggered, 3);
    assert_eq!(manager.counters().dropped_in_all(), 0);
}

#[test]
fn a_request_that_is_queued_or_triggered_is_a_message() {
    let manager = ActorManager::new();
    let player = player(&manager);
    manager.queue(HitPoints);
    manager.queue_to(player, HitPoints);
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(manager.trigger(HitPoints), Triggered::Continued);
    assert_eq!(manager.trigger_to(player, HitPoints), Triggered::Continued);
    assert_eq!(manager.with(player, |player: &mut Player| player.asked), Ok(4));
}

#[test]
fn a_request_that_nobody_answers_says_why_and_is_a_dead_letter() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let letters = log.clone();
    manager.on_dead_letter(move |letter| {
        letters.note(format!("{}:{:?}", letter.message.name(), letter.reason));
    });
    let mute = manager.register(on(|_: &Plain, _| ()));
    let gone = player(&manager);
    assert!(manager.unregister(gone));
    let elsewhere = player(&ActorManager::new());
    let player = player(&manager);
    for (actor, error) in [
        (mute, AskError::NotAnswered),
        (gone, AskError::NoSuchActor),
        (elsewhere, AskError::NoSuchActor),
    ] {
        assert_eq!(manager.ask(actor, HitPoints).take(), Some(Err(error)));
    }
    assert_eq!(manager.ask(player, Greet { times: 9 }).take(), Some(Err(AskError::Invalid)));
    assert_eq!(
        log.take(),
        "HitPoints:NotSubscribed HitPoints:NoSuchActor HitPoints:NoSuchActor Greet:Invalid"
    );
}

#[test]
fn a_handler_of_every_message_sees_the_request_itself_before_it_is_answered() {
    struct Watch(Log);
    impl Actor for Watch {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.every_message(|me: &mut Self, message: &dyn AnyMessage, _: &Context| {
                let greet = message.downcast_ref::<Greet>();
                let times = message.property::<u8>("times");
                me.0.note(format!(
                    "{}:{}:{:?}:{:?}",
                    message.name(),
                    message.is::<HitPoints>(),
                    greet.map(|greet| greet.times),
                    times.ok(),
                ));
            });
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    let oracle = oracle(&manager, move |_| {
        said.note("answered");
        1
    });
    manager.register(Watch(log.clone()));
    assert_eq!(manager.ask(oracle, HitPoints).take(), Some(Ok(1)));
    assert_eq!(log.take(), "HitPoints:true:None:None answered");
    let player = player(&manager);
    assert!(manager.ask(player, Greet { times: 2 }).take().unwrap().is_ok());
    assert_eq!(log.take(), "Greet:false:Some(2):Some(2)");
}

#[test]
fn a_handler_of_the_name_alone_takes_the_request_and_answers_nothing() {
    struct Named(u32);
    impl Actor for Named {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.named("HitPoints", |me, _, _| me.0 += 1);
        }
    }
    let manager = ActorManager::new();
    let named = manager.register(Named(0));
    assert_eq!(manager.ask(named, HitPoints).take(), Some(Err(AskError::NotAnswered)));
    assert_eq!(manager.with(named, |named: &mut Named| named.0), Ok(1));
}

#[test]
fn a_panic_in_the_handler_fails_the_answer_and_takes_the_actor_out() {
    let manager = ActorManager::new();
    let clumsy = oracle(&manager, |_| panic!("oh"));
    assert_eq!(manager.ask(clumsy, HitPoints).take(), Some(Err(AskError::Failed)));
    assert!(!manager.is_registered(clumsy));
    assert_eq!(manager.counters().panics, 1);
    assert_eq!(manager.queue_length(), 1, "the failure is announced");
    assert_eq!(manager.ask(clumsy, HitPoints).take(), Some(Err(AskError::NoSuchActor)));
}

#[test]
fn an_answer_that_is_there_is_not_changed_by_its_deadline() {
    let manager = ActorManager::new();
    let player = player(&manager);
    let mut answer = manager.ask(player, HitPoints).within(Duration::ZERO);
    manager.tick().unwrap();
    assert_eq!(answer.take(), Some(Ok(100)));
}

#[test]
fn an_answer_outlives_its_manager() {
    let manager = ActorManager::new();
    let kept: Rc<RefCell<Option<Answer<i32>>>> = Rc::default();
    let player = player(&manager);
    *kept.borrow_mut() = Some(manager.ask(player, HitPoints));
    drop(manager);
    assert_eq!(kept.take().unwrap().take(), Some(Ok(100)));
}

#[test]
fn who_unregisters_while_it_answers_has_answered() {
    let manager = ActorManager::new();
    let oracle = oracle(&manager, |cx| {
        assert!(cx.unregister(cx.actor()));
        3
    });
    assert_eq!(manager.ask(oracle, HitPoints).take(), Some(Ok(3)));
    assert!(!manager.is_registered(oracle));
}

#[test]
fn an_unsubscribed_actor_answers_as_it_would_be_triggered() {
    let manager = ActorManager::new();
    let player = player(&manager);
    assert!(manager.unsubscribe::<HitPoints>(player));
    assert_eq!(manager.ask(player, HitPoints).take(), Some(Ok(100)));
}

#[test]
#[should_panic(expected = "subscribes to `HitPoints` twice")]
fn a_class_answers_and_handles_a_request_in_one_place_only() {
    struct Twice;
    impl Actor for Twice {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|_: &mut Self, _: &HitPoints, _: &Context| ())
                .ask(|_: &mut Self, _: &HitPoints, _: &Context| 1);
        }
    }
    ActorManager::new().register(Twice);
}

#[test]
fn a_request_written_by_hand_is_one() {
    struct Half(i32);
    impl pysage_core::MessageTrait for Half {
        const NAME: &'static str = "Half";
    }
    impl Request for Half {
        type Reply = i32;
    }
    struct Calculator;
    impl Actor for Calculator {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.ask(|_: &mut Self, half: &Half, _: &Context| half.0 / 2);
        }
    }
    let manager = ActorManager::new();
    let calculator = manager.register(Calculator);
    assert_eq!(manager.ask(calculator, Half(10)).take(), Some(Ok(5)));
}
