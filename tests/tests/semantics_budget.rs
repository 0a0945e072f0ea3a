//! How long the messages of a tick may take.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::time::Duration;

use local::{Log, On, on};
use pysage_core::{
    Actor, ActorManager, Budget, Context, ManagerConfig, ManualClock, Message, Subscriptions,
};

const MS: Duration = Duration::from_millis(1);

#[derive(Message)]
struct Work {
    takes: Duration,
}

fn work(takes: Duration) -> Work {
    Work { takes }
}

/// A manager whose clock moves only when a message is handled.
fn clocked() -> (ActorManager, ManualClock) {
    let clock = ManualClock::new();
    (ActorManager::with_config(ManagerConfig::default().clock(clock.clone())), clock)
}

fn worker(clock: &ManualClock) -> On<Work, ()> {
    let clock = clock.clone();
    on(move |work: &Work, _| clock.advance(work.takes))
}

#[test]
fn one_message_at_least_is_handled_in_each_tick() {
    let (manager, clock) = clocked();
    manager.register(worker(&clock));
    manager.queue_all([work(MS * 100), work(MS * 100), work(MS * 100)]);
    for waiting in [2, 1, 0] {
        let report = manager.tick_for(MS).unwrap();
        assert_eq!((report.handled, report.waiting), (1, waiting));
    }
}

#[test]
fn a_tick_ends_with_the_message_that_uses_its_budget_up() {
    let (manager, clock) = clocked();
    manager.register(worker(&clock));
    manager.queue_all((0..10).map(|_| work(MS)));
    let report = manager.tick_for(MS * 4).unwrap();
    assert_eq!((report.handled, report.waiting), (4, 6));
    let report = manager.tick_for(MS * 7).unwrap();
    assert_eq!((report.handled, report.waiting), (6, 0));
}

#[test]
fn a_budget_of_one_message_is_used_up_by_a_message_that_takes_no_time() {
    let (manager, clock) = clocked();
    manager.register(worker(&clock));
    manager.queue_all((0..3).map(|_| work(Duration::ZERO)));
    assert_eq!(manager.tick_for(Budget::ONE_MESSAGE).unwrap().handled, 1);
    assert_eq!(manager.tick_for(Duration::ZERO).unwrap().handled, 1);
    assert_eq!(manager.queue_length(), 1);
    assert_eq!(Budget::default(), Budget::UNLIMITED);
}

#[test]
fn an_unlimited_tick_handles_all_however_long_it_takes() {
    let (manager, clock) = clocked();
    manager.register(worker(&clock));
    manager.queue_all((0..1_000).map(|_| work(Duration::from_secs(3_600))));
    assert_eq!(manager.tick_for(Budget::UNLIMITED).unwrap().handled, 1_000);
    manager.queue_all((0..1_000).map(|_| work(Duration::from_secs(3_600))));
    assert_eq!(manager.tick_for(Duration::MAX).unwrap().handled, 1_000);
}

#[test]
fn a_message_for_nobody_counts_as_a_message_of_the_budget() {
    #[derive(Message)]
    struct Unheard;
    let (manager, clock) = clocked();
    manager.register(worker(&clock));
    manager.queue(Unheard);
    manager.queue(work(MS));
    let report = manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!((report.handled, report.dropped, report.waiting), (0, 1, 1));
    assert_eq!(manager.tick_for(Budget::ONE_MESSAGE).unwrap().handled, 1);
}

#[test]
fn a_slow_message_behind_quick_ones_is_the_last_but_63_at_most() {
    let (manager, clock) = clocked();
    manager.register(worker(&clock));
    let quick = (0..1_100).map(|_| work(Duration::from_nanos(1)));
    manager.queue_all(quick.chain((0..1_000).map(|_| work(MS))));
    let report = manager.tick_for(MS / 2).unwrap();
    assert!((1_101..=1_164).contains(&report.handled), "{}", report.handled);
}

#[test]
fn a_budget_holds_for_messages_to_actors_and_for_those_to_all() {
    let (manager, clock) = clocked();
    let ids = [(); 3].map(|()| manager.register(worker(&clock)));
    for number in 0..30 {
        manager.queue_to(ids[number % 3], work(MS));
    }
    assert_eq!(manager.tick_for(MS * 5).unwrap().handled, 5);
    manager.queue_all([work(MS), work(MS)]);
    assert_eq!(manager.tick_for(MS * 26).unwrap().handled, 26, "each of the last takes 3 ms");
    assert_eq!(manager.queue_length(), 1);
}

#[test]
fn updates_run_even_when_the_time_ran_out() {
    struct Clockwork {
        clock: ManualClock,
        log: Log,
    }
    impl Actor for Clockwork {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, work: &Work, _: &Context| {
                me.clock.advance(work.takes);
                me.log.note("work");
            })
            .update(|me, _| me.log.note("update"));
        }
    }
    let (manager, clock) = clocked();
    let log = Log::default();
    manager.register(Clockwork { clock, log: log.clone() });
    manager.queue_all([work(MS * 10), work(MS * 10)]);
    assert!(!manager.tick_for(MS).unwrap().drained);
    assert_eq!(log.take(), "work update");
    assert!(manager.tick_for(MS).unwrap().drained);
    assert_eq!(log.take(), "work update");
}

#[test]
fn a_tick_is_drained_when_what_waited_at_its_start_is_done() {
    let (manager, clock) = clocked();
    assert!(manager.tick_for(Budget::ONE_MESSAGE).unwrap().drained, "nothing waited");
    manager.register(on(move |work: &Work, cx| {
        clock.advance(work.takes);
        cx.queue(Work { takes: work.takes });
    }));
    manager.queue(work(MS));
    let report = manager.tick_for(MS).unwrap();
    assert_eq!((report.drained, report.waiting), (true, 1));
}
