//! What a tick reports, and what a manager counts.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, on};
use pysage_core::{ActorManager, Budget, DropReason, Message};

#[derive(Message)]
struct Tell(#[message(range = 0..=99)] u32);
#[derive(Message)]
struct Unheard;

/// A manager with an actor that errs at 1, panics at 2, and one that does neither.
fn eventful() -> (ActorManager, Log) {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(on(|tell: &Tell, _| -> Result<(), &str> {
        assert_ne!(tell.0, 2);
        if tell.0 == 1 { Err("one") } else { Ok(()) }
    }));
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    (manager, log)
}

#[test]
fn a_tick_reports_what_happened_since_the_one_before() {
    let (manager, log) = eventful();
    manager.queue_all([0, 1, 2, 3, 100].map(Tell));
    manager.queue(Unheard);
    let report = manager.tick().unwrap();
    assert_eq!((report.tick, report.drained, report.received), (1, true, 0));
    assert_eq!((report.handled, report.dropped), (4, 2));
    assert_eq!((report.errors, report.panics), (1, 1));
    assert_eq!(report.waiting, 1, "the announcement of the failed actor");
    assert_eq!((report.skipped, report.late_by.as_nanos()), (0, 0));
    let report = manager.tick().unwrap();
    assert_eq!((report.tick, report.handled, report.dropped), (2, 0, 1));
    assert_eq!((report.errors, report.panics, report.waiting), (0, 0, 0));
    assert_eq!(log.take(), "0 1 2 3");
}

#[test]
fn a_message_that_reaches_many_is_handled_once() {
    let (manager, log) = (ActorManager::new(), Log::default());
    for _ in 0..5 {
        let seen = log.clone();
        manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    }
    manager.queue_all([Tell(1), Tell(2)]);
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(log.take().split(' ').count(), 10);
}

#[test]
fn what_happens_between_two_ticks_is_in_the_report_of_the_later_one() {
    let (manager, _) = eventful();
    manager.tick().unwrap();
    manager.trigger(Tell(1));
    manager.trigger(Unheard);
    manager.trigger(Tell(2));
    let report = manager.tick().unwrap();
    assert_eq!((report.errors, report.panics), (1, 1));
    assert_eq!(report.dropped, 2, "and nobody wants to know who failed");
    assert_eq!(report.handled, 0, "what is triggered was not queued");
}

#[test]
fn counters_are_totals() {
    let (manager, _) = eventful();
    manager.queue_all([0, 1, 2, 3, 100].map(Tell));
    manager.queue(Unheard);
    manager.tick().unwrap();
    manager.queue_all([Tell(4), Tell(5)]);
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    manager.abort_all::<Tell>();
    manager.trigger(Tell(6));
    manager.trigger(Unheard);
    let counters = manager.counters();
    assert_eq!((counters.ticks, counters.handled, counters.triggered), (2, 4, 2));
    assert_eq!((counters.aborted, counters.errors, counters.panics), (2, 1, 1));
    assert_eq!(counters.dropped(DropReason::NoSubscriber), 3, "two unheard, one announcement");
    assert_eq!(counters.dropped(DropReason::Invalid), 1);
    assert_eq!(counters.dropped_in_all(), 4);
    assert_eq!(manager.clone().counters(), counters, "a clone is the same manager");
    assert_eq!(ActorManager::new().counters(), pysage_core::Counters::default());
}
