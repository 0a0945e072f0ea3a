//! Queueing from an iterator, which is somebody else's code.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use local::{Log, on};
use pysage_core::{ActorManager, Message};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Other(u32);

fn noting() -> (ActorManager, Log) {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let seen = log.clone();
    manager.register(on(move |other: &Other, _| seen.note(format!("other{}", other.0))));
    (manager, log)
}

/// What of this kind was seen, in order.
fn only(seen: &str, kind: impl Fn(u32) -> bool) -> Vec<u32> {
    seen.split(' ').filter_map(|word| word.parse().ok()).filter(|number| kind(*number)).collect()
}

/// Fails a test that does not end.
fn in_time(test: impl FnOnce() + Send + 'static) {
    let (ended, end) = mpsc::channel::<()>();
    let running = thread::spawn(move || {
        let _ended = ended;
        test();
    });
    let waited = end.recv_timeout(Duration::from_secs(30));
    assert_ne!(waited, Err(mpsc::RecvTimeoutError::Timeout), "the test does not end");
    running.join().unwrap();
}

#[test]
fn messages_of_an_iterator_stand_behind_those_queued_before() {
    let (manager, log) = noting();
    manager.queue(Tell(1));
    assert_eq!(manager.queue_all((2..=4).map(Tell)), 3);
    assert_eq!(manager.queue_all(iter::empty::<Tell>()), 0);
    manager.queue(Tell(5));
    assert_eq!(manager.queue_length(), 5);
    manager.tick().unwrap();
    assert_eq!(log.take(), "1 2 3 4 5");
}

#[test]
fn an_iterator_need_not_know_its_length() {
    let (manager, log) = noting();
    let mut next = 0;
    let unknown = iter::from_fn(|| {
        next += 1;
        (next <= 5).then_some(Tell(next))
    });
    assert_eq!(manager.queue_all(unknown), 5);
    assert_eq!(manager.queue_all((6..=9).filter(|number| number % 2 == 0).map(Tell)), 2);
    manager.tick().unwrap();
    assert_eq!(log.take(), "1 2 3 4 5 6 8");
}

#[test]
fn an_iterator_may_queue_messages_itself() {
    let (manager, log) = noting();
    manager.queue(Tell(1));
    let queueing = (2..=4).map(|number| {
        manager.queue(Tell(number * 10));
        manager.queue(Other(number));
        Tell(number)
    });
    assert_eq!(manager.queue_all(queueing), 3);
    manager.queue(Tell(5));
    assert_eq!(manager.queue_length(), 11);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.drained), (11, 0, true));
    let seen = log.take();
    assert!(seen.starts_with("1 ") && seen.ends_with(" 5"), "{seen}");
    assert_eq!(only(&seen, |number| number < 10), [1, 2, 3, 4, 5]);
    assert_eq!(only(&seen, |number| number >= 10), [20, 30, 40]);
    assert_eq!(seen.matches("other").count(), 3);
}

#[test]
fn what_an_iterator_gave_before_it_panicked_is_queued() {
    let (manager, log) = noting();
    manager.queue(Tell(1));
    let panicking = (2..=9).map(|number| {
        assert!(number < 4, "no more");
        Tell(number)
    });
    assert!(catch_unwind(AssertUnwindSafe(|| manager.queue_all(panicking))).is_err());
    assert_eq!(manager.queue_length(), 3);
    manager.queue(Tell(5));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.panics, report.drained), (4, 0, true));
    assert_eq!(log.take(), "1 2 3 5");
}

#[test]
fn an_iterator_that_panics_in_a_handler_costs_the_handler() {
    let (manager, log) = noting();
    let actor = manager.register(on(|_: &Other, cx| {
        cx.queue_all((7..=9).map(|number| {
            assert!(number < 9, "no more");
            Tell(number)
        }));
    }));
    manager.queue_to(actor, Other(1));
    assert_eq!(manager.tick().unwrap().panics, 1);
    assert!(!manager.is_registered(actor));
    manager.tick().unwrap();
    assert_eq!(log.take(), "7 8");
}

#[test]
fn an_iterator_that_ticks_loses_and_doubles_nothing() {
    in_time(|| {
        let (manager, log) = noting();
        manager.queue(Tell(1));
        let ticking = (2..=4).map(|number| {
            let _ = manager.tick();
            Tell(number)
        });
        assert_eq!(manager.queue_all(ticking), 3);
        manager.queue(Tell(5));
        assert!(manager.tick().unwrap().drained);
        assert_eq!(log.take(), "1 2 3 4 5");
        assert_eq!((manager.queue_length(), manager.counters().handled), (0, 5));
    });
}

#[test]
fn an_iterator_that_aborts_takes_back_the_oldest() {
    let (manager, log) = noting();
    manager.queue_all([Tell(1), Tell(2)]);
    let mut aborted = Vec::new();
    let aborting = (3..=4).map(|number| {
        aborted.extend(manager.abort_next::<Tell>().map(|tell| tell.0));
        Tell(number)
    });
    assert_eq!(manager.queue_all(aborting), 2);
    assert_eq!(aborted, [1, 2]);
    assert_eq!(manager.queue_length(), 2);
    assert_eq!(manager.tick().unwrap().handled, 2);
    assert_eq!(log.take(), "3 4");
}

#[test]
fn an_iterator_that_resets_leaves_a_manager_that_works() {
    in_time(|| {
        let (manager, log) = noting();
        manager.queue_all([Tell(1), Tell(2)]);
        manager.queue_all((3..=4).map(|number| {
            if number == 3 {
                manager.reset();
            }
            Tell(number)
        }));
        let seen = log.clone();
        manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
        manager.queue(Tell(5));
        let waiting = manager.queue_length();
        let report = manager.tick().unwrap();
        assert_eq!((report.handled as usize, report.drained), (waiting, true));
        let seen = log.take();
        assert!(seen == "3 4 5" || seen == "4 5" || seen == "5", "{seen}");
    });
}

#[test]
fn a_handler_may_queue_many_while_messages_of_the_same_type_are_handled() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        if tell.0 < 10 {
            cx.queue_all((1..=2).map(|more| Tell(tell.0 * 10 + more)));
        }
    }));
    manager.queue_all([Tell(1), Tell(2)]);
    assert_eq!(manager.tick().unwrap().waiting, 4);
    assert_eq!(log.take(), "1 2");
    manager.tick().unwrap();
    assert_eq!(log.take(), "11 12 21 22");
}
