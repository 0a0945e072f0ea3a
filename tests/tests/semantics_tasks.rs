//! Tasks: handlers that go on over several ticks.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[path = "../support/worker.rs"]
mod worker;

use std::time::Duration;

use local::{Log, on};
use pysage_core::{
    Actor, ActorManager, Budget, Context, DropReason, Flow, ManagerConfig, ManualClock, Me,
    Message, Subscriptions, TickError, Triggered,
};
use worker::{Start, Worker, worker};

#[derive(Message)]
struct Tell(u32);

/// Has a worker note `n` and the number of each of its steps.
fn counting(log: &Log) -> Worker {
    let log = log.clone();
    worker(move |me, n| {
        let log = log.clone();
        async move {
            for step in 0..3 {
                log.note(format!("{n}.{step}"));
                me.next_tick().await;
            }
            log.note(format!("{n}.end"));
        }
    })
}

#[test]
fn a_step_is_done_at_delivery_and_one_in_each_later_tick() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(counting(&log));
    manager.queue(Start(1));
    assert_eq!(log.take(), "");
    for expected in ["1.0", "1.1", "1.2", "1.end", ""] {
        manager.tick().unwrap();
        assert_eq!(log.take(), expected);
    }
}

#[test]
fn tasks_do_their_steps_before_messages_the_oldest_first() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    manager.register(on(move |tell: &Tell, _| said.note(format!("tell{}", tell.0))));
    manager.register(counting(&log));
    manager.queue(Start(1));
    manager.queue(Start(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1.0 2.0");
    manager.queue(Tell(1));
    manager.queue(Start(3));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1.1 2.1 tell1 3.0");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1.2 2.2 3.1");
}

#[test]
fn a_task_that_another_task_begins_goes_on_in_the_next_tick_as_the_youngest() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let counting = manager.register(counting(&log));
    let said = log.clone();
    let beginning = manager.register(worker(move |me, n| {
        let log = said.clone();
        async move {
            for step in 0..3 {
                log.note(format!("{n}.{step}"));
                if step == 1 {
                    me.with(|_, cx| cx.trigger_to(counting, Start(3)));
                    log.note("begun");
                }
                me.next_tick().await;
            }
        }
    }));
    manager.trigger_to(beginning, Start(1));
    manager.trigger_to(counting, Start(2));
    for expected in ["1.0 2.0", "1.1 3.0 begun 2.1", "1.2 2.2 3.1", "2.end 3.2"] {
        assert_eq!(log.take(), expected);
        manager.tick().unwrap();
    }
}

#[test]
fn the_budget_does_not_concern_tasks() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(counting(&log));
    manager.trigger(Start(1));
    manager.trigger(Start(2));
    for n in 1..=3 {
        manager.queue(Tell(n));
    }
    log.take();
    let report = manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!((log.take().as_str(), report.waiting), ("1.1 2.1", 2));
}

#[test]
fn a_triggered_task_does_its_first_step_before_the_trigger_returns() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let worker = manager.register(counting(&log));
    assert_eq!(manager.trigger(Start(1)), Triggered::Continued);
    assert_eq!(manager.trigger_to(worker, Start(2)), Triggered::Continued);
    assert_eq!(log.take(), "1.0 2.0");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1.1 2.1");
}

#[test]
fn a_task_never_uses_its_message_up_and_all_who_subscribe_begin_one() {
    struct Stopping(Log);
    impl Actor for Stopping {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.task(|me: Me<Self>, _: Start| async move {
                me.with(|stopping, _| stopping.0.note("stop"));
                Flow::Stop
            });
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(Stopping(log.clone()));
    manager.register(counting(&log));
    manager.register(Stopping(log.clone()));
    manager.queue(Start(1));
    assert_eq!(manager.tick().unwrap().handled, 1);
    assert_eq!(log.take(), "stop 1.0 stop");
}

#[test]
fn a_message_for_one_actor_begins_its_task_alone() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(counting(&log));
    let second = manager.register(counting(&log));
    manager.queue_to(second, Start(1));
    manager.queue_to(second, Start(2));
    manager.queue(Tell(0));
    manager.queue_to(second, Start(3));
    assert_eq!(manager.tick().unwrap().handled, 3);
    assert_eq!(log.take(), "1.0 2.0 3.0");
    assert!(manager.unregister(second));
    manager.queue_to(second, Start(4));
    assert_eq!(manager.tick().unwrap().dropped, 1);
    assert_eq!(log.take(), "");
}

#[test]
fn an_error_at_the_end_of_a_task_is_reported_with_its_message() {
    struct Failing;
    impl Actor for Failing {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.task(|me: Me<Self>, start: Start| async move {
                for _ in 0..start.0 {
                    me.next_tick().await;
                }
                Err::<(), _>("no")
            });
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    manager.on_failure(move |failure| {
        said.note(format!("{}:{}:{:?}", failure.actor, failure.message, failure.cause));
    });
    let failing = manager.register(Failing);
    manager.queue(Start(0));
    manager.queue(Start(2));
    for errors in [1, 0, 1, 0] {
        assert_eq!(manager.tick().unwrap().errors, errors);
    }
    let told = format!("{failing}:Start:Error(\"no\")");
    assert_eq!(log.take(), format!("{told} {told}"));
    assert!(manager.is_registered(failing));
}

#[test]
fn the_actor_is_free_while_its_task_runs_and_busy_within_with() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    let me = manager.register(worker(move |me, n| {
        let log = said.clone();
        async move {
            let id = me.actor();
            log.note(format!("begin{n}"));
            if n == 1 {
                me.with(|worker, cx| {
                    assert_eq!(cx.actor(), id);
                    assert_eq!(cx.trigger_to(id, Start(2)), Triggered::Deferred);
                    assert_eq!(cx.trigger_to(id, Start(3)), Triggered::Deferred);
                    worker.count += 1;
                    log.note("with");
                });
            }
            log.note(format!("end{n}"));
        }
    }));
    manager.trigger(Start(1));
    assert_eq!(log.take(), "begin1 with begin2 end2 begin3 end3 end1");
    assert_eq!(manager.with(me, |worker: &mut Worker| worker.count), Ok(1));
}

#[test]
fn a_task_for_an_actor_on_the_call_stack_begins_right_after_its_handler() {
    struct Both(Log);
    impl Actor for Both {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, _: &Tell, cx: &Context| {
                assert_eq!(cx.trigger(Start(1)), Triggered::Deferred);
                me.0.note("handled");
            })
            .task(|me: Me<Self>, _: Start| async move {
                me.with(|both, _| both.0.note("begun"));
            });
        }
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(Both(log.clone()));
    manager.queue(Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "handled begun");
}

#[test]
fn a_tick_cannot_run_inside_a_step() {
    let manager = ActorManager::new();
    manager.register(worker(|me, _| async move {
        for _ in 0..2 {
            let ticked = me.with(|_, cx| matches!(cx.tick(), Err(TickError::InsideHandler)));
            assert_eq!(ticked, Some(true));
            me.next_tick().await;
        }
    }));
    manager.trigger(Start(1));
    assert_eq!(manager.tick().unwrap().panics, 0);
}

#[test]
fn what_a_task_queues_waits_for_the_next_tick() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    manager.register(on(move |tell: &Tell, _| said.note(tell.0)));
    manager.register(worker(|me, n| async move {
        me.next_tick().await;
        me.with(|_, cx| cx.queue(Tell(n)));
    }));
    manager.trigger(Start(7));
    assert_eq!(manager.tick().unwrap().waiting, 1);
    assert_eq!(log.take(), "");
    manager.tick().unwrap();
    assert_eq!(log.take(), "7");
}

#[test]
fn there_are_so_many_tasks_and_no_more() {
    let (manager, log) =
        (ActorManager::with_config(ManagerConfig::default().task_capacity(2)), Log::default());
    let letters = log.clone();
    manager.on_dead_letter(move |letter| {
        letters.note(format!("{}:{:?}:{}", letter.message.name(), letter.receiver, letter.reason));
    });
    let worker = manager.register(counting(&log));
    for n in 1..=3 {
        manager.queue(Start(n));
    }
    assert_eq!(manager.tick().unwrap().dropped, 1);
    assert_eq!(log.take(), format!("1.0 2.0 Start:{:?}:there are too many tasks", Some(worker)));
    assert_eq!(manager.counters().dropped(DropReason::TooManyTasks), 1);
    manager.tick().unwrap();
    manager.tick().unwrap();
    manager.tick().unwrap();
    log.take();
    assert_eq!(manager.trigger(Start(4)), Triggered::Continued, "those before have ended");
    assert_eq!(log.take(), "4.0");
}

#[test]
fn tasks_that_end_at_once_need_little_room() {
    let manager = ActorManager::with_config(ManagerConfig::default().task_capacity(1));
    let worker = manager.register(worker(|me, n| async move {
        me.with(|worker, _| worker.count += n);
    }));
    manager.queue_all((0..1_000).map(|_| Start(1)));
    assert_eq!(manager.tick().unwrap().dropped, 0);
    assert_eq!(manager.with(worker, |worker: &mut Worker| worker.count), Ok(1_000));
}

#[test]
fn a_task_knows_the_time_of_its_tick() {
    let (clock, log) = (ManualClock::new(), Log::default());
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    let (start, said) = (clock.now(), log.clone());
    manager.register(worker(move |me, _| {
        let log = said.clone();
        async move {
            for _ in 0..2 {
                log.note((me.now() - start).as_millis());
                me.next_tick().await;
            }
        }
    }));
    manager.queue(Start(1));
    for _ in 0..2 {
        clock.advance(Duration::from_millis(10));
        manager.tick().unwrap();
    }
    assert_eq!(log.take(), "10 20");
}

#[test]
#[should_panic(expected = "subscribes to `Start` twice")]
fn a_class_has_one_handler_or_task_for_a_message_type() {
    struct Twice;
    impl Actor for Twice {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|_: &mut Self, _: &Start, _: &Context| ())
                .task(|_: Me<Self>, _: Start| async {});
        }
    }
    ActorManager::new().register(Twice);
}
