//! Actors come and go, also while messages are delivered.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[path = "../support/tell.rs"]
mod tell;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use local::{Log, on};
use pysage_core::{Actor, ActorId, ActorManager, Context, DropReason, Subscriptions};
use tell::{Other, Tell, noting};

#[test]
fn an_actor_registered_in_a_handler_gets_the_next_message_and_not_this_one() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("first{}", tell.0));
        if tell.0 == 1 {
            cx.register(noting(&seen, "same"));
            cx.register(Other { log: seen.clone() });
        }
    }));
    manager.register(noting(&log, "second"));
    manager.queue_all([Tell(1), Tell(2)]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "first1 second1 first2 second2 same2 other2");
}

#[test]
fn an_actor_registered_in_a_triggered_handler_gets_the_next_message_and_not_this_one() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("first{}", tell.0));
        cx.register(Other { log: seen.clone() });
    }));
    manager.trigger(Tell(1));
    assert_eq!(log.take(), "first1");
    manager.trigger(Tell(2));
    assert_eq!(log.take(), "first2 other2");
}

#[test]
fn an_actor_unregistered_in_a_handler_does_not_get_this_message_any_more() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let doomed = Rc::new(Cell::new(None::<[ActorId; 2]>));
    let (seen, victims) = (log.clone(), doomed.clone());
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("first{}", tell.0));
        for victim in victims.take().into_iter().flatten() {
            assert!(cx.unregister(victim));
        }
    }));
    let same_class = manager.register(noting(&log, "same"));
    let other_class = manager.register(Other { log: log.clone() });
    manager.register(noting(&log, "last"));
    doomed.set(Some([same_class, other_class]));
    manager.queue_all([Tell(1), Tell(2)]);
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(log.take(), "first1 stopped:false last1 first2 last2");
    assert_eq!(manager.actor_count(), 2);
}

#[test]
fn an_actor_that_unregisters_itself_is_stopped_right_after_its_handler() {
    struct Leaver {
        log: Log,
    }
    impl Actor for Leaver {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, tell: &Tell, cx: &Context| {
                me.log.note(format!("leaving{}", tell.0));
                assert!(cx.unregister(cx.actor()));
                assert!(!cx.unregister(cx.actor()));
                assert!(!cx.is_registered(cx.actor()));
                me.log.note("left");
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
    let leaver = manager.register(Leaver { log: log.clone() });
    manager.register(noting(&log, "next"));
    manager.queue_all([Tell(1), Tell(2)]);
    manager.queue_to(leaver, Tell(3));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "leaving1 left stopped dropped next1 next2");
    assert_eq!((report.handled, report.dropped, report.panics), (2, 1, 0));
    assert_eq!(manager.counters().dropped(DropReason::NoSuchActor), 1);
}

#[test]
fn the_first_handler_can_unregister_itself_while_messages_to_it_wait() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let leaver = manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        if tell.0 == 2 {
            cx.unregister(cx.actor());
        }
    }));
    manager.queue_all_to(leaver, (1..=4).map(Tell));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (2, 2));
    assert_eq!(log.take(), "1 2");
}

#[test]
fn unregistering_twice_says_so_and_does_no_harm() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(Other { log: log.clone() });
    assert!(manager.unregister(actor));
    assert!(!manager.unregister(actor));
    assert_eq!(log.take(), "stopped:false", "the stop hook is called once");
    assert_eq!(manager.actor_count(), 0);
}

#[test]
fn many_actors_can_leave_while_a_message_is_delivered() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let ids = Rc::new(RefCell::new(Vec::new()));
    for number in 0..200 {
        let (log, all) = (log.clone(), ids.clone());
        let actor = on(move |tell: &Tell, cx: &Context| {
            log.note(number);
            if number == 50 && tell.0 == 1 {
                let odd = all.borrow().iter().skip(1).step_by(2).copied().collect::<Vec<_>>();
                log.note(odd.into_iter().filter(|id| cx.unregister(*id)).count());
            }
        });
        ids.borrow_mut().push(manager.register(actor));
    }
    manager.queue_all([Tell(1), Tell(2)]);
    assert_eq!(manager.tick().unwrap().handled, 2);
    let numbers = |numbers: &mut dyn Iterator<Item = u32>| {
        numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
    };
    let first = numbers(&mut (0..=50).chain([100]).chain((52..200).step_by(2)));
    let second = numbers(&mut (0..200).step_by(2));
    assert_eq!(log.take(), format!("{first} {second}"));
    assert_eq!(manager.actor_count(), 100);
}

#[test]
fn a_class_states_its_subscriptions_once_for_each_manager() {
    thread_local! {
        static STATED: Cell<u32> = const { Cell::new(0) };
    }
    struct Stating;
    impl Actor for Stating {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            STATED.set(STATED.get() + 1);
            on.message(|_: &mut Self, _: &Tell, _: &Context| ());
        }
    }
    let (one, two) = (ActorManager::new(), ActorManager::new());
    for _ in 0..3 {
        let actor = one.register(Stating);
        one.unregister(actor);
    }
    assert_eq!(STATED.get(), 1);
    two.register(Stating);
    assert_eq!(STATED.get(), 2);
}

#[test]
#[should_panic(expected = "subscribes to `Tell` twice")]
fn a_class_with_two_handlers_of_one_type_is_refused() {
    struct Twice;
    impl Actor for Twice {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|_: &mut Self, _: &Tell, _: &Context| ());
            on.message(|_: &mut Self, _: &Tell, _: &Context| ());
        }
    }
    ActorManager::new().register(Twice);
}
