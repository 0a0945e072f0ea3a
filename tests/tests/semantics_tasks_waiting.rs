//! What tasks wait for: ticks, times, answers, and several of them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;
#[path = "../support/worker.rs"]
#[allow(dead_code)]
mod worker;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use local::Log;
use pysage_core::{
    Actor, ActorId, ActorManager, AskError, Context, ManagerConfig, ManualClock, Me, Message,
    Subscriptions,
};
use worker::{Start, worker};

const MS: Duration = Duration::from_millis(1);

#[derive(Message)]
#[message(reply = u32)]
struct Question;

fn timed() -> (ManagerConfig, ManualClock, Log) {
    let clock = ManualClock::new();
    (ManagerConfig::default().clock(clock.clone()), clock, Log::default())
}

/// The first of two to be ready, as it may be written by hand.
async fn either<A: Future, B: Future>(one: A, two: B) -> Result<A::Output, B::Output> {
    let (mut one, mut two) = (pin!(one), pin!(two));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Ready(first) => Poll::Ready(Ok(first)),
        Poll::Pending => two.as_mut().poll(cx).map(Err),
    })
    .await
}

/// Polls both until both are ready.
async fn both(one: impl Future<Output = ()>, two: impl Future<Output = ()>) {
    let (mut one, mut two) = (pin!(one), pin!(two));
    let mut ready = (false, false);
    poll_fn(|cx| {
        ready.0 = ready.0 || one.as_mut().poll(cx).is_ready();
        ready.1 = ready.1 || two.as_mut().poll(cx).is_ready();
        if ready == (true, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Counts how often it is polled.
async fn counted<F: Future>(future: F, polls: Rc<Cell<u32>>) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        polls.set(polls.get() + 1);
        future.as_mut().poll(cx)
    })
    .await
}

#[test]
fn a_sleep_is_over_in_the_first_tick_at_or_after_its_time() {
    let (config, clock, log) = timed();
    let manager = ActorManager::with_config(config);
    let (said, polls) = (log.clone(), Rc::new(Cell::new(0)));
    let counter = polls.clone();
    manager.register(worker(move |me, n| {
        let (log, polls) = (said.clone(), counter.clone());
        async move {
            counted(me.sleep(n * MS), polls).await;
            log.note(n);
        }
    }));
    for n in [20, 10, 9, 30] {
        manager.trigger(Start(n));
    }
    let ticked = |to_ms: u32| {
        clock.advance(to_ms * MS);
        manager.tick().unwrap();
        log.take()
    };
    assert_eq!(ticked(9), "9");
    assert_eq!(ticked(1), "10", "exactly at its time");
    assert_eq!(ticked(9), "");
    assert_eq!(ticked(30), "20 30", "the oldest first");
    assert_eq!(polls.get(), 8, "nobody is polled before its time");
}

#[test]
fn a_sleep_of_no_time_lasts_until_the_next_tick_and_one_of_all_time_for_ever() {
    let (config, clock, log) = timed();
    let manager = ActorManager::with_config(config);
    let said = log.clone();
    manager.register(worker(move |me, n| {
        let log = said.clone();
        async move {
            me.sleep(if n == 0 { Duration::ZERO } else { Duration::MAX }).await;
            log.note(n);
        }
    }));
    manager.queue(Start(0));
    manager.queue(Start(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "");
    manager.tick().unwrap();
    assert_eq!(log.take(), "0");
    clock.advance(Duration::from_secs(1 << 32));
    manager.tick().unwrap();
    assert_eq!(log.take(), "");
}

#[test]
fn a_task_sleeps_for_ticks() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let (said, polls) = (log.clone(), Rc::new(Cell::new(0)));
    let counter = polls.clone();
    manager.register(worker(move |me, n| {
        let (log, polls) = (said.clone(), counter.clone());
        async move {
            counted(me.sleep_ticks(n.into()), polls).await;
            log.note(n);
        }
    }));
    for n in [5, 0, 1, 3] {
        manager.trigger(Start(n));
    }
    for expected in ["0 1", "", "3", "", "5", ""] {
        manager.tick().unwrap();
        assert_eq!(log.take(), expected);
    }
    assert_eq!(polls.get(), 8);
}

#[test]
fn a_pause_counts_from_when_it_is_made() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let said = log.clone();
    manager.register(worker(move |me, _| {
        let log = said.clone();
        async move {
            let two = me.sleep_ticks(2);
            me.next_tick().await;
            log.note("one");
            two.await;
            log.note("two");
        }
    }));
    manager.trigger(Start(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "one");
    manager.tick().unwrap();
    assert_eq!(log.take(), "two");
}

#[test]
fn of_several_the_earliest_wins() {
    let (config, clock, log) = timed();
    let manager = ActorManager::with_config(config);
    let said = log.clone();
    manager.register(worker(move |me, n| {
        let log = said.clone();
        async move {
            let long = me.sleep(1_000 * MS);
            let won = match n {
                0 => either(me.sleep(5 * MS), long).await.is_ok(),
                1 => either(long, me.sleep(5 * MS)).await.is_err(),
                2 => either(me.sleep_ticks(3), long).await.is_ok(),
                3 => either(me.sleep_ticks(9), me.sleep_ticks(3)).await.is_err(),
                _ => either(long, me.next_tick()).await.is_err(),
            };
            log.note(format!("{n}:{won}"));
            both(me.sleep_ticks(4), me.sleep(4 * MS)).await;
            log.note(format!("both{n}"));
        }
    }));
    (0..5).for_each(|n| assert_eq!(manager.queue(Start(n)).accepted(), Ok(())));
    let expected = [
        "",
        "4:true",
        "",
        "2:true 3:true",
        "",
        "0:true 1:true both4",
        "",
        "both2 both3",
        "",
        "both0 both1",
    ];
    for expected in expected {
        manager.tick().unwrap();
        assert_eq!(log.take(), expected);
        clock.advance(MS);
    }
}

/// Answers, unless it is busy.
struct Sphinx {
    answers: u32,
    worker: Option<ActorId>,
}

impl Actor for Sphinx {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.ask(|me: &mut Self, _: &Question, _: &Context| {
            me.answers += 1;
            me.answers
        })
        // While it is busy here, the worker begins a task that asks it.
        .message(|me: &mut Self, start: &Riddle, cx: &Context| {
            cx.trigger_to(me.worker.unwrap(), Start(start.0));
        });
    }
}

#[derive(Message)]
struct Riddle(u32);

/// A sphinx, and a worker that asks it, notes the answer, and notes the next tick.
fn sphinx(manager: &ActorManager, log: &Log) -> ActorId {
    let sphinx = manager.register(Sphinx { answers: 0, worker: None });
    let said = log.clone();
    let worker = manager.register(worker(move |me, n| {
        let log = said.clone();
        async move {
            log.note(format!("asks{n}"));
            let answer = me.ask(sphinx, Question).await;
            log.note(format!("{n}:{answer:?}"));
            me.next_tick().await;
            log.note(format!("end{n}"));
        }
    }));
    manager.with(sphinx, |sphinx: &mut Sphinx| sphinx.worker = Some(worker)).unwrap();
    sphinx
}

#[test]
fn an_answer_that_is_there_at_once_does_not_hold_the_task_up() {
    let (manager, log) = (ActorManager::new(), Log::default());
    sphinx(&manager, &log);
    manager.trigger(Start(1));
    assert_eq!(log.take(), "asks1 1:Ok(1)");
}

#[test]
fn an_answer_that_comes_during_the_dispatch_is_seen_in_the_same_tick() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let sphinx = sphinx(&manager, &log);
    manager.queue_to(sphinx, Riddle(1));
    manager.queue_to(sphinx, Riddle(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "asks1 asks2 1:Ok(1) 2:Ok(2)");
    manager.tick().unwrap();
    assert_eq!(log.take(), "end1 end2");
}

#[test]
fn an_answer_that_comes_between_ticks_is_seen_in_the_next() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let sphinx = sphinx(&manager, &log);
    manager.trigger_to(sphinx, Riddle(1));
    assert_eq!(log.take(), "asks1");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:Ok(1)");
    manager.tick().unwrap();
    assert_eq!(log.take(), "end1");
}

#[test]
fn a_task_may_ask_its_own_actor() {
    struct Thinker;
    impl Actor for Thinker {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.ask(|_: &mut Self, _: &Question, _: &Context| 42).task(
                |me: Me<Self>, _: Start| async move {
                    assert_eq!(me.ask(me.actor(), Question).await, Ok(42));
                    let waits = me.with(|_, cx| cx.ask(cx.actor(), Question)).unwrap();
                    assert!(waits.is_ready(), "answered when `with` was over");
                    assert_eq!(waits.await, Ok(42));
                    let mut taken = me.ask(me.actor(), Question);
                    assert_eq!(taken.take(), Some(Ok(42)));
                    assert_eq!(taken.await, Err(AskError::Taken));
                },
            );
        }
    }
    let manager = ActorManager::new();
    manager.register(Thinker);
    manager.queue(Start(1));
    let report = manager.tick().unwrap();
    assert_eq!(report.panics, 0);
}
