//! A tick runs only outside of handlers, and has one time.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::time::{Duration, Instant};

use local::{Log, on};
use pysage_core::{
    Actor, ActorManager, Context, Flow, ManagerConfig, ManualClock, Message, Subscriptions,
    TickError, TickRate,
};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Silent;

/// Ticks wherever it can, and notes what comes of it.
struct Impatient {
    log: Log,
}

impl Impatient {
    fn tick(&self, place: &str, manager: &ActorManager) {
        self.log.note(match manager.tick() {
            Err(TickError::InsideHandler) => place.to_owned(),
            other => format!("{place}:{other:?}"),
        });
    }
}

impl Actor for Impatient {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, cx: &Context| {
            me.tick(&format!("handled{}", tell.0), cx);
        })
        .named("Ad hoc", |me, _, cx| me.tick("named", cx))
        .update(|me, cx| me.tick("update", cx));
    }
    fn started(&mut self, cx: &Context) {
        self.tick("started", cx);
    }
    fn stopped(&mut self, cx: &Context) {
        self.tick("stopped", cx);
    }
}

#[test]
fn a_tick_inside_a_handler_is_an_error_and_harms_nothing() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(Impatient { log: log.clone() });
    log.take();
    manager.queue_all([Tell(1), Tell(2)]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "handled1 handled2 update");
    assert_eq!((report.tick, report.handled, report.drained), (1, 2, true));
    assert_eq!(manager.tick().unwrap().tick, 2);
}

#[test]
fn a_tick_inside_a_triggered_handler_is_an_error() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(Impatient { log: log.clone() });
    log.take();
    manager.queue(Tell(9));
    manager.trigger(Tell(1));
    manager.trigger_to(actor, Tell(2));
    manager.trigger_named("Ad hoc").unwrap();
    assert_eq!(log.take(), "handled1 handled2 named");
    assert_eq!(manager.queue_length(), 1);
}

#[test]
fn a_tick_inside_a_start_or_stop_hook_is_an_error() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.queue(Silent);
    let actor = manager.register(Impatient { log: log.clone() });
    assert_eq!(log.take(), "started");
    manager.unregister(actor);
    assert_eq!(log.take(), "stopped");
    assert_eq!((manager.queue_length(), manager.counters().ticks), (1, 0));
}

#[test]
fn a_tick_while_an_actor_is_looked_at_is_an_error() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(Impatient { log: log.clone() });
    log.take();
    manager.queue_to(actor, Tell(1));
    manager.with(actor, |me: &mut Impatient| me.tick("looked at", &manager)).unwrap();
    assert_eq!(log.take(), "looked at");
    assert_eq!(manager.tick().unwrap().handled, 1);
    assert_eq!(log.take(), "handled1 update");
}

#[test]
fn a_tick_is_possible_again_after_a_look_that_panicked() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(Impatient { log: log.clone() });
    log.take();
    let look = || manager.with(actor, |_: &mut Impatient| panic!("in the look"));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(look));
    assert!(caught.is_err(), "a look is the caller's own code: its panic is not contained");
    assert!(manager.is_registered(actor));
    manager.queue(Tell(1));
    assert_eq!(manager.tick().unwrap().handled, 1);
    assert_eq!(log.take(), "handled1 update");
}

#[test]
fn a_tick_inside_a_handler_of_dead_letters_or_failures_of_a_tick_is_an_error() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let (seen, inside) = (log.clone(), manager.clone());
    manager.on_dead_letter(move |_| seen.note(format!("{:?}", inside.tick().is_err())));
    let (seen, inside) = (log.clone(), manager.clone());
    manager.on_failure(move |_| seen.note(format!("{:?}", inside.tick().is_err())));
    manager.register(on(|_: &Tell, _| -> Result<(), &str> { Err("no") }));
    manager.queue(Silent);
    manager.queue(Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "true true");
    assert_eq!((report.handled, report.dropped, report.errors), (1, 1, 1));
    manager.on_dead_letter(|_| ());
    manager.on_failure(|_| ());
}

#[test]
fn a_loop_inside_a_handler_is_an_error() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |_: &Tell, cx| {
        let run = cx.run(TickRate::hz(1_000), |_| Flow::Stop);
        seen.note(run.unwrap_err());
    }));
    manager.queue(Tell(1));
    manager.tick().unwrap();
    let text = "a tick cannot run inside a handler: queue what should happen next, or trigger it";
    assert_eq!(log.take(), text);
}

#[test]
fn a_tick_of_another_manager_can_run_inside_a_handler() {
    let (outer, inner, log) = (ActorManager::new(), ActorManager::new(), Log::default());
    let seen = log.clone();
    inner.register(on(move |tell: &Tell, _| seen.note(format!("inner{}", tell.0))));
    let (seen, other) = (log.clone(), inner.clone());
    outer.register(on(move |tell: &Tell, _| {
        other.queue(Tell(tell.0));
        seen.note(other.tick().unwrap().handled);
    }));
    outer.queue(Tell(1));
    outer.tick().unwrap();
    assert_eq!(log.take(), "inner1 1");
}

#[test]
fn all_handlers_of_a_tick_see_the_same_time() {
    struct Timed {
        clock: ManualClock,
        start: Instant,
        log: Log,
    }
    impl Actor for Timed {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, _: &Tell, cx: &Context| me.look(cx)).update(Self::look);
        }
    }
    impl Timed {
        fn look(&mut self, cx: &Context) {
            self.log.note((cx.now() - self.start).as_millis());
            self.clock.advance(Duration::from_millis(7));
        }
    }
    let (clock, log) = (ManualClock::new(), Log::default());
    let start = clock.now();
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    manager.register(Timed { clock: clock.clone(), start, log: log.clone() });
    manager.queue_all([Tell(1), Tell(2)]);
    clock.advance(Duration::from_millis(100));
    manager.tick().unwrap();
    assert_eq!(log.take(), "100 100 100");
    manager.trigger(Tell(3));
    assert_eq!(log.take(), "100", "between ticks it is still that of the last one");
    manager.tick().unwrap();
    assert_eq!(log.take(), "128");
}

#[test]
fn a_tick_can_be_told_its_time() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let start = Instant::now();
    let seen = log.clone();
    manager.register(on(move |_: &Tell, cx| seen.note((cx.now() - start).as_secs())));
    for seconds in [5, 3] {
        manager.queue(Tell(1));
        let report = manager.tick_at(start + Duration::from_secs(seconds), Duration::MAX).unwrap();
        assert_eq!(report.handled, 1);
    }
    assert_eq!(log.take(), "5 3");
}
