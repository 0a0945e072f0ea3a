//! How tasks end: with their actor, by a panic, with their manager.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[path = "../support/worker.rs"]
mod worker;

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use local::{Log, on};
use pysage_core::{
    Actor, ActorFailed, ActorId, ActorManager, Context, Me, Message, Subscriptions, Triggered,
};
use worker::{Start, Worker, worker};

#[derive(Message)]
struct Tell(u32);

/// Says so when it is dropped, and looks at the actor once more.
struct Guard {
    log: Log,
    me: Me<Worker>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let seen = self.me.with(|worker, cx| (worker.count, cx.actor_count()));
        let pause = self.me.sleep(Duration::ZERO);
        self.log.note(format!("dropped:{seen:?}"));
        drop((pause, self.me.now(), self.me.actor()));
    }
}

/// Has a task that notes its steps for ever, and its end.
fn endless(log: &Log) -> Worker {
    let log = log.clone();
    worker(move |me, n| {
        let log = log.clone();
        async move {
            let _guard = Guard { log: log.clone(), me: me.clone() };
            loop {
                log.note(n);
                me.next_tick().await;
            }
        }
    })
}

fn failures(manager: &ActorManager, log: &Log) {
    let log = log.clone();
    manager.register(on(move |failed: &ActorFailed, _| {
        log.note(format!("failed:{}:{}:{}", failed.actor, failed.message, failed.reason));
    }));
}

#[test]
fn a_task_ends_when_its_actor_is_unregistered() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let worker = manager.register(endless(&log));
    manager.queue(Start(1));
    manager.tick().unwrap();
    assert!(manager.unregister(worker));
    assert_eq!(log.take(), "1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "dropped:None");
    // Another actor at the same place has nothing to do with it.
    manager.register(endless(&log));
    manager.tick().unwrap();
    assert_eq!(log.take(), "");
}

#[test]
fn a_task_that_waits_long_ends_with_its_actor_too() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    let worker = manager.register(worker(move |me, _| {
        let guard = Guard { log: said.clone(), me: me.clone() };
        async move {
            me.sleep(Duration::from_secs(3_600)).await;
            drop(guard);
        }
    }));
    manager.trigger(Start(1));
    assert!(manager.unregister(worker));
    manager.tick().unwrap();
    assert_eq!(log.take(), "dropped:None");
}

#[test]
fn an_actor_can_unregister_within_its_task_which_then_sees_nobody() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    manager.register(worker(move |me, _| {
        let log = said.clone();
        async move {
            let _guard = Guard { log: log.clone(), me: me.clone() };
            me.next_tick().await;
            let unregistered = me.with(|worker, cx| {
                let unregistered = cx.unregister(cx.actor());
                worker.count += 1;
                assert_eq!(cx.trigger_to(cx.actor(), Start(2)), Triggered::Unhandled);
                unregistered
            });
            assert_eq!(unregistered, Some(true));
            assert_eq!(me.with(|_, _| ()), None);
            log.note("alone");
            me.next_tick().await;
            log.note("never");
        }
    }));
    manager.trigger(Start(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "alone");
    assert_eq!(manager.actor_count(), 0);
    manager.tick().unwrap();
    assert_eq!(log.take(), "dropped:None");
}

#[test]
fn an_actor_taken_out_in_the_same_phase_does_no_further_step() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let victim: Rc<Cell<Option<ActorId>>> = Rc::default();
    let id = victim.clone();
    manager.register(worker(move |me, _| {
        let id = id.clone();
        async move {
            me.next_tick().await;
            me.with(|_, cx| cx.unregister(id.get().unwrap()));
        }
    }));
    victim.set(Some(manager.register(endless(&log))));
    manager.trigger(Start(1));
    assert_eq!(log.take(), "1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "dropped:None", "before its step");
}

#[test]
fn a_panic_takes_the_actor_out_and_the_others_go_on() {
    let (manager, log) = (ActorManager::new(), Log::default());
    failures(&manager, &log);
    let said = log.clone();
    let said_by_with = log.clone();
    let first = manager.register(worker(move |me, _| {
        let guard = Guard { log: said.clone(), me: me.clone() };
        async move {
            me.next_tick().await;
            drop(guard);
            panic!("oh");
        }
    }));
    let second = manager.register(worker(move |me, _| {
        let log = said_by_with.clone();
        async move {
            me.next_tick().await;
            me.with(|_, cx| {
                assert_eq!(cx.trigger_to(cx.actor(), Start(2)), Triggered::Deferred);
                log.note("with");
                panic!("ah");
            });
        }
    }));
    manager.register(endless(&log));
    let said = log.clone();
    manager.register(on(move |tell: &Tell, _| said.note(format!("tell{}", tell.0))));
    manager.queue(Start(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1");
    manager.queue(Tell(5));
    let report = manager.tick().unwrap();
    assert_eq!((report.panics, report.dropped), (2, 1), "what waited for the second is a letter");
    assert_eq!(log.take(), "dropped:Some((0, 5)) with 1 tell5");
    manager.tick().unwrap();
    assert_eq!(
        log.take(),
        format!("1 failed:{first}:Start:oh failed:{second}:Start:ah"),
        "announced in the tick after"
    );
}

#[test]
fn a_panic_in_the_first_step_is_that_of_a_handler() {
    let (manager, log) = (ActorManager::new(), Log::default());
    failures(&manager, &log);
    let clumsy = manager.register(worker(|_, _| async { panic!("oh") }));
    manager.register(endless(&log));
    manager.queue(Start(1));
    let report = manager.tick().unwrap();
    assert_eq!((report.panics, report.handled), (1, 1));
    assert_eq!(log.take(), "1", "the message goes on");
    manager.tick().unwrap();
    assert_eq!(log.take(), format!("1 failed:{clumsy}:Start:oh"));
    let late = manager.register(worker(|_, n| async move { assert!(n < 2, "ah") }));
    assert_eq!(manager.trigger_to(late, Start(2)), Triggered::Continued);
    assert!(!manager.is_registered(late));
}

#[test]
fn with_inside_with_panics_with_a_clear_text() {
    let (manager, log) = (ActorManager::new(), Log::default());
    failures(&manager, &log);
    let nested = manager.register(worker(|me, _| async move {
        me.with(|_, _| me.with(|_, _| unreachable!()));
    }));
    manager.queue(Start(1));
    manager.tick().unwrap();
    assert!(!manager.is_registered(nested));
    manager.tick().unwrap();
    let told = log.take();
    assert!(told.contains("is being looked at already: a task cannot call `Me::with` inside"));
    assert!(told.contains("Worker"), "{told}");
}

#[test]
fn a_panic_of_with_that_the_task_catches_changes_nothing_else() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    let worker = manager.register(worker(move |me, n| {
        let log = said.clone();
        async move {
            log.note(n);
            if n == 1 {
                let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    me.with(|_, cx| {
                        cx.trigger_to(cx.actor(), Start(2));
                        panic!("oh");
                    });
                }));
                log.note(caught.is_err());
            }
        }
    }));
    manager.trigger(Start(1));
    assert_eq!(log.take(), "1 true 2", "what waited for the actor was done");
    assert!(manager.is_registered(worker));
    assert_eq!(manager.counters().panics, 0);
}

#[test]
fn a_me_that_left_its_task_works_and_panics_where_it_is() {
    let manager = ActorManager::new();
    let kept: Rc<RefCell<Option<Me<Worker>>>> = Rc::default();
    let keep = kept.clone();
    let worker = manager.register(worker(move |me, _| {
        *keep.borrow_mut() = Some(me);
        async {}
    }));
    manager.trigger(Start(1));
    let me = kept.take().unwrap();
    assert_eq!(me.with(|worker, _| worker.count), Some(0));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        me.with(|_, _| panic!("oh"));
    }));
    assert!(caught.is_err());
    assert!(manager.is_registered(worker), "the panic was the caller's");
    drop(manager);
    assert_eq!(me.with(|_, _| ()), None);
    let _ = me.now();
}

#[test]
fn a_reset_ends_all_tasks_at_once_also_within_a_step() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(endless(&log));
    let said = log.clone();
    manager.register(worker(move |me, n| {
        let log = said.clone();
        async move {
            let _guard = Guard { log: log.clone(), me: me.clone() };
            me.next_tick().await;
            if n == 2 {
                me.with(|_, cx| cx.reset());
                log.note("reset");
                me.next_tick().await;
            }
            log.note("never");
        }
    }));
    manager.trigger(Start(2));
    manager.queue(Tell(1));
    log.take();
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (0, 1), "the batch goes too");
    assert_eq!(log.take(), "2 dropped:None reset dropped:None");
    manager.tick().unwrap();
    assert_eq!(log.take(), "");
    manager.register(endless(&log));
    manager.trigger(Start(3));
    manager.tick().unwrap();
    manager.reset();
    assert_eq!(log.take(), "3 3 dropped:None");
}

#[test]
fn a_destructor_that_panics_is_contained() {
    struct Bang;
    impl Drop for Bang {
        fn drop(&mut self) {
            panic!("bang");
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    failures(&manager, &log);
    let script = |_, n| {
        let bang = Bang;
        async move {
            if n == 1 {
                pending::<()>().await;
            }
            drop(bang);
        }
    };
    let (one, two) = (manager.register(worker(script)), manager.register(worker(script)));
    manager.trigger(Start(1));
    assert!(manager.unregister(one));
    let report = manager.tick().unwrap();
    assert_eq!(report.panics, 1, "nobody's fault");
    manager.trigger_to(two, Start(2));
    assert_eq!(manager.counters().panics, 2);
    assert!(!manager.is_registered(two), "it was its own step");
    let three = manager.register(worker(script));
    manager.trigger(Start(1));
    manager.reset();
    assert_eq!(manager.counters().panics, 4, "that of the second actor, and of the third");
    assert!(!manager.is_registered(three));
}

#[test]
fn a_manager_that_is_dropped_drops_its_tasks() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(endless(&log));
    manager.trigger(Start(1));
    drop(manager);
    assert_eq!(log.take(), "1 dropped:None");
}

#[test]
fn actors_and_tasks_can_be_made_within_a_step() {
    struct Parent(u32);
    impl Actor for Parent {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.task(|me: Me<Self>, _: Start| async move {
                me.next_tick().await;
                me.with(|parent, cx: &Context| {
                    if parent.0 > 0 {
                        let child = cx.register(Parent(parent.0 - 1));
                        cx.trigger_to(child, Start(1));
                    }
                    cx.unregister(cx.actor());
                });
            });
        }
    }
    let manager = ActorManager::new();
    manager.register(Parent(100));
    manager.trigger(Start(1));
    for _ in 0..100 {
        assert_eq!(manager.actor_count(), 1);
        assert_eq!(manager.tick().unwrap().panics, 0, "one generation in each tick");
    }
    manager.tick().unwrap();
    assert_eq!(manager.actor_count(), 0);
}
