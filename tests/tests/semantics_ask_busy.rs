//! Requests to an actor that is on the call stack, whose answers come later.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use local::Log;
use pysage_core::{
    Actor, ActorId, ActorManager, Answer, AskError, Context, DropReason, ManagerConfig,
    ManualClock, Message, Subscriptions, TickError,
};

#[derive(Message)]
#[message(reply = i32)]
struct HitPoints;

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

/// Has each of two ask the other, so often.
#[derive(Message)]
#[message(reply = String)]
struct Relay(u32);

struct Relayer {
    other: Option<ActorId>,
    waiting: Rc<RefCell<Vec<Answer<String>>>>,
}

impl Actor for Relayer {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.ask(|me: &mut Self, relay: &Relay, cx: &Context| {
            if relay.0 == 0 {
                return "end".to_owned();
            }
            let mut answer = cx.ask(me.other.unwrap(), Relay(relay.0 - 1));
            match answer.take() {
                Some(told) => format!("{} {}", relay.0, told.unwrap()),
                None => {
                    me.waiting.borrow_mut().push(answer);
                    format!("{} waits", relay.0)
                }
            }
        });
    }
}

#[test]
fn an_actor_that_is_on_the_call_stack_answers_right_after_its_handler() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let kept: Rc<RefCell<Option<Answer<i32>>>> = Rc::default();
    let (keep, said) = (kept.clone(), log.clone());
    let mut times = 0;
    let oracle = oracle(&manager, move |cx| {
        times += 1;
        if times == 1 {
            let answer = cx.ask(cx.actor(), HitPoints);
            assert!(!answer.is_ready());
            *keep.borrow_mut() = Some(answer);
        }
        said.note(times);
        times
    });
    assert_eq!(manager.ask(oracle, HitPoints).take(), Some(Ok(1)));
    assert_eq!(log.take(), "1 2");
    let mut answer = kept.take().unwrap();
    assert!(answer.is_ready());
    assert_eq!(answer.take(), Some(Ok(2)));
    assert_eq!(answer.take(), None);
}

#[test]
fn two_that_ask_each_other_in_turn_end_at_the_one_who_is_busy() {
    let manager = ActorManager::new();
    let waiting = Rc::default();
    let relayer = || Relayer { other: None, waiting: Rc::clone(&waiting) };
    let (one, two) = (manager.register(relayer()), manager.register(relayer()));
    manager.with(one, |relayer: &mut Relayer| relayer.other = Some(two)).unwrap();
    manager.with(two, |relayer: &mut Relayer| relayer.other = Some(one)).unwrap();
    let told = manager.ask(one, Relay(5)).take().unwrap().unwrap();
    assert_eq!(told, "5 4 waits");
    // One was free again then, and its own question reached the other, which was free too.
    let told: Vec<_> = waiting.borrow_mut().iter_mut().map(|answer| answer.take()).collect();
    assert_eq!(told, [Some(Ok("3 2 waits".to_owned())), Some(Ok("1 end".to_owned()))]);
}

#[test]
fn an_answer_that_is_waited_for_fails_at_once_where_it_is_known_that_it_does_not_come() {
    let manager = ActorManager::new();
    let kept: Rc<RefCell<Vec<Answer<i32>>>> = Rc::default();
    let ask_self = |then: fn(&Context)| {
        let keep = kept.clone();
        move |cx: &Context| {
            keep.borrow_mut().push(cx.ask(cx.actor(), HitPoints));
            then(cx);
            1
        }
    };
    let leaving = oracle(&manager, ask_self(|cx| assert!(cx.unregister(cx.actor()))));
    assert_eq!(manager.ask(leaving, HitPoints).take(), Some(Ok(1)));
    let clumsy = oracle(&manager, ask_self(|_| panic!("oh")));
    assert_eq!(manager.ask(clumsy, HitPoints).take(), Some(Err(AskError::Failed)));
    let resetting = oracle(&manager, ask_self(|cx| cx.reset()));
    assert_eq!(manager.ask(resetting, HitPoints).take(), Some(Ok(1)));
    let mut twice = 0;
    let second = oracle(&manager, {
        let keep = kept.clone();
        move |cx| {
            twice += 1;
            if twice == 2 {
                panic!("oh");
            }
            keep.borrow_mut().push(cx.ask(cx.actor(), HitPoints));
            1
        }
    });
    assert_eq!(manager.ask(second, HitPoints).take(), Some(Ok(1)));
    let told: Vec<_> = kept.borrow_mut().iter_mut().map(Answer::take).collect();
    let errors =
        [AskError::NoSuchActor, AskError::NoSuchActor, AskError::Dropped, AskError::Failed];
    assert_eq!(told, errors.map(|error| Some(Err(error))));
}

#[test]
fn there_are_limits_to_what_waits_for_one_who_is_busy() {
    let asked_thrice = |config: ManagerConfig| {
        let manager = ActorManager::with_config(config);
        let told: Rc<RefCell<Vec<Answer<i32>>>> = Rc::default();
        let keep = told.clone();
        let mut first = true;
        let oracle = oracle(&manager, move |cx| {
            if std::mem::take(&mut first) {
                let ask = |_| cx.ask(cx.actor(), HitPoints);
                *keep.borrow_mut() = (0..3).map(ask).collect();
            }
            1
        });
        assert_eq!(manager.ask(oracle, HitPoints).take(), Some(Ok(1)));
        let told: Vec<_> = told.borrow_mut().iter_mut().filter_map(Answer::take).collect();
        assert_eq!(told, [Ok(1), Ok(1), Err(AskError::Full)]);
        assert_eq!(manager.counters().dropped(DropReason::QueueFull), 1);
    };
    asked_thrice(ManagerConfig::default().ask_capacity(2));
    asked_thrice(ManagerConfig::default().queue_capacity(2));
}

/// A manager with a hand-moved clock, and a question that its own handler waits for, which does
/// not end: only the clock is moved in it.
fn while_an_answer_waits(
    config: ManagerConfig,
    look: impl FnOnce(&ManualClock, &ActorManager, Answer<i32>) + 'static,
) {
    let clock = ManualClock::new();
    let manager = ActorManager::with_config(config.clock(clock.clone()));
    let mut look = Some(look);
    let oracle = oracle(&manager, move |cx| {
        if let Some(look) = look.take() {
            look(&clock, cx, cx.ask(cx.actor(), HitPoints));
        }
        1
    });
    assert_eq!(manager.ask(oracle, HitPoints).take(), Some(Ok(1)));
}

#[test]
fn an_answer_that_is_dropped_is_given_up() {
    while_an_answer_waits(ManagerConfig::default().ask_capacity(1), |_, manager, answer| {
        let oracle = oracle(manager, |_| 5);
        assert_eq!(manager.ask(oracle, HitPoints).take(), Some(Ok(5)), "it does not wait");
        drop(answer);
    });
}

#[test]
fn a_tick_cannot_run_inside_an_answer() {
    while_an_answer_waits(ManagerConfig::default(), |clock, manager, answer| {
        clock.advance(Duration::from_secs(60));
        assert!(matches!(manager.tick(), Err(TickError::InsideHandler)));
        assert!(!answer.within(Duration::ZERO).is_ready(), "time is that of ticks");
    });
}
