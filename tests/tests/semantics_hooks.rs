//! Start and stop hooks, and panics outside of message handlers.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, on};
use pysage_core::{
    Actor, ActorFailed, ActorManager, Budget, Context, DropReason, Message, Subscriptions,
};

#[derive(Message)]
struct Tell(u32);

/// Where a [`Fragile`] actor panics.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Nowhere,
    Started,
    Stopped,
    Update,
    Drop,
    HandlerAndDrop,
}

struct Fragile {
    at: At,
    log: Log,
}

impl Fragile {
    fn pass(&self, place: At, name: &str) {
        self.log.note(name);
        assert!(self.at != place, "{name} panicked");
    }
}

impl Actor for Fragile {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, _: &Tell, _: &Context| {
            me.log.note("handled");
            assert!(me.at != At::HandlerAndDrop, "handler panicked");
        })
        .update(|me, _| me.pass(At::Update, "update"));
    }
    fn started(&mut self, cx: &Context) {
        assert!(cx.is_registered(cx.actor()));
        self.pass(At::Started, "started");
    }
    fn stopped(&mut self, cx: &Context) {
        assert!(!cx.is_registered(cx.actor()));
        self.pass(At::Stopped, "stopped");
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        self.log.note("dropped");
        assert!(!matches!(self.at, At::Drop | At::HandlerAndDrop), "dropped panicked");
    }
}

fn fragile(at: At, log: &Log) -> Fragile {
    Fragile { at, log: log.clone() }
}

/// A manager that has the announcements of failed actors noted.
fn noting_failures() -> (ActorManager, Log) {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |failed: &ActorFailed, _| {
        seen.note(format!("[{}! {}]", failed.message, failed.reason));
    }));
    (manager, log)
}

#[test]
fn hooks_are_called_once_around_an_actors_life() {
    let (manager, log) = noting_failures();
    let actor = manager.register(fragile(At::Nowhere, &log));
    assert_eq!(log.take(), "started");
    manager.unregister(actor);
    assert_eq!(log.take(), "stopped dropped");
    manager.register(fragile(At::Nowhere, &log));
    assert_eq!(log.take(), "started");
    drop(manager);
    assert_eq!(log.take(), "dropped", "a manager's end is told by `Drop` alone");
}

#[test]
fn a_start_hook_may_do_what_a_handler_may() {
    struct Starter {
        log: Log,
    }
    impl Actor for Starter {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|me: &mut Self, tell: &Tell, _: &Context| me.log.note(tell.0));
        }
        fn started(&mut self, cx: &Context) {
            cx.queue_to(cx.actor(), Tell(1));
            self.log.note(format!("{:?}", cx.trigger(Tell(2))));
            cx.register(fragile(At::Nowhere, &self.log));
            self.log.note(cx.find("starter") == Some(cx.actor()));
        }
    }
    let (manager, log) = noting_failures();
    manager.register_named("starter", Starter { log: log.clone() }).unwrap();
    assert_eq!(log.take(), "Deferred started true 2");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1 update");
}

#[test]
fn an_actor_that_unregisters_itself_at_the_start_is_stopped_at_once() {
    struct Shy {
        log: Log,
    }
    impl Actor for Shy {
        fn subscriptions(_: &mut Subscriptions<Self>) {}
        fn started(&mut self, cx: &Context) {
            self.log.note(cx.unregister(cx.actor()));
        }
        fn stopped(&mut self, _: &Context) {
            self.log.note("stopped");
        }
    }
    let (manager, log) = noting_failures();
    let shy = manager.register_named("shy", Shy { log: log.clone() }).unwrap();
    assert_eq!(log.take(), "true stopped");
    assert!(!manager.is_registered(shy));
    assert_eq!(manager.find("shy"), None);
}

#[test]
fn a_panic_in_the_start_hook_takes_the_actor_out() {
    let (manager, log) = noting_failures();
    let actor = manager.register_named("x", fragile(At::Started, &log)).unwrap();
    assert_eq!(log.take(), "started dropped", "its stop hook is not called");
    assert!(!manager.is_registered(actor));
    assert_eq!(manager.find("x"), None);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.panics), (1, 1));
    assert_eq!(log.take(), "[started! started panicked]");
}

#[test]
fn a_panic_in_the_stop_hook_is_announced_and_the_actor_gone() {
    let (manager, log) = noting_failures();
    let actor = manager.register(fragile(At::Stopped, &log));
    let other = manager.register(fragile(At::Nowhere, &log));
    assert!(manager.unregister(actor));
    assert_eq!(log.take(), "started started stopped dropped");
    assert!(!manager.is_registered(actor) && manager.is_registered(other));
    assert_eq!(manager.tick().unwrap().panics, 1);
    assert_eq!(log.take(), "[stopped! stopped panicked] update");
}

#[test]
fn a_panic_in_an_update_costs_the_other_updates_nothing() {
    let (manager, log) = noting_failures();
    manager.register(fragile(At::Nowhere, &log));
    let actor = manager.register(fragile(At::Update, &log));
    manager.register(fragile(At::Nowhere, &log));
    log.take();
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "update update dropped update");
    assert_eq!((report.panics, report.waiting), (1, 1));
    assert!(!manager.is_registered(actor));
    manager.tick().unwrap();
    assert_eq!(log.take(), "[update! update panicked] update update");
}

#[test]
fn a_panic_while_an_actor_is_dropped_is_contained() {
    let (manager, log) = noting_failures();
    let actor = manager.register(fragile(At::Drop, &log));
    assert!(manager.unregister(actor));
    assert_eq!(log.take(), "started stopped dropped");
    assert_eq!(manager.counters().panics, 1);
    let again = manager.register(fragile(At::Nowhere, &log));
    assert_ne!(again, actor);
    assert_eq!(manager.tick().unwrap().panics, 1);
    assert_eq!(log.take(), "started [stopped! dropped panicked] update");
}

#[test]
fn a_panic_while_an_actor_that_panicked_is_dropped_is_contained() {
    let (manager, log) = noting_failures();
    manager.register(fragile(At::HandlerAndDrop, &log));
    manager.register(fragile(At::Nowhere, &log));
    log.take();
    manager.queue(Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "handled dropped handled update");
    assert_eq!((report.handled, report.panics), (1, 2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "[Tell! handler panicked] update");
}

#[test]
fn a_panic_while_a_message_is_dropped_is_nobodys_fault() {
    #[derive(Message)]
    struct Bad(u32);
    impl Drop for Bad {
        fn drop(&mut self) {
            assert_ne!(self.0, 2, "a bad message");
        }
    }
    let (manager, log) = noting_failures();
    let ids = ["a", "b"].map(|name| {
        let log = log.clone();
        manager.register(on(move |bad: &Bad, _| log.note(format!("{name}{}", bad.0))))
    });
    manager.queue_all((1..=3).map(Bad));
    manager.queue_all_to(ids[0], (1..=3).map(Bad));
    for number in 1..=3 {
        manager.queue_to(ids[0], Bad(number));
        manager.queue_to(ids[1], Bad(number));
    }
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 a2 b2 a3 b3 a1 a2 a3 a1 b1 a2 b2 a3 b3");
    assert_eq!((report.handled, report.panics, report.drained), (12, 4, true));
    assert_eq!(manager.actor_count(), 3);
    assert_eq!(manager.queue_length(), 0, "no actor is announced as failed");
}

#[test]
fn a_panic_in_the_dead_letter_handler_is_contained_and_it_is_not_asked_again() {
    let (manager, log) = noting_failures();
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        seen.note(letter.reason);
        panic!("no");
    });
    manager.queue_all((1..=3).map(Tell));
    let report = manager.tick_for(Budget::UNLIMITED).unwrap();
    assert_eq!(log.take(), "nobody subscribes to the message");
    assert_eq!((report.handled, report.dropped, report.panics), (0, 3, 1));
    assert_eq!(manager.counters().dropped(DropReason::NoSubscriber), 3);
    assert_eq!(manager.queue_length(), 0);
}
