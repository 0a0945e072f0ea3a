//! A panic that ends the work of its tick, where the manager is set up that way.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use local::{Log, On, on};
use pysage_core::wire::{Purpose, Receiver};
use pysage_core::{
    Actor, ActorId, ActorManager, Budget, Context, Flow, ManagerConfig, Message, Subscriptions,
};
use scripted::Script;

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);
#[derive(Message)]
#[message(packet_type = 102)]
struct Text(String);
#[derive(Message)]
#[message(packet_type = 103, reply = u32)]
struct Ask;
#[derive(Message)]
struct Boom;

fn halting() -> ActorManager {
    ActorManager::with_config(ManagerConfig::default().halt_at_panic(true))
}

/// Notes what it gets and panics at number 13.
fn fragile(log: &Log, name: &'static str) -> On<Tell, Flow> {
    let log = log.clone();
    on(move |tell: &Tell, _| {
        log.note(format!("{name}{}", tell.0));
        assert!(tell.0 != 13, "{name} had enough");
        Flow::Continue
    })
}

/// Panics at each [`Boom`].
fn bomb() -> On<Boom, ()> {
    on(|_: &Boom, _| panic!("boom"))
}

struct Updating {
    log: Log,
    name: &'static str,
    act: Box<dyn Fn(&Context)>,
}

impl Actor for Updating {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.update(|me: &mut Self, cx: &Context| {
            me.log.note(me.name);
            (me.act)(cx);
        });
    }
}

fn updating(log: &Log, name: &'static str, act: impl Fn(&Context) + 'static) -> Updating {
    Updating { log: log.clone(), name, act: Box::new(act) }
}

#[test]
fn what_is_behind_a_panic_waits_for_the_next_tick() {
    let (manager, log) = (halting(), Log::default());
    manager.register(fragile(&log, "a"));
    manager.register(fragile(&log, "b"));
    manager.register(updating(&log, "update", |_| ()));
    manager.queue_all([Tell(1), Tell(13), Tell(2)]);
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 a13", "it goes to nobody else, and there is no update");
    assert_eq!((report.handled, report.panics, report.drained), (2, 1, false));
    assert_eq!(report.waiting, 2, "the last one and the announcement");
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "b2 update");
    assert_eq!((report.panics, report.drained, report.waiting), (0, true, 0));
}

#[test]
fn without_it_a_panic_holds_nothing_up() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(fragile(&log, "a"));
    manager.register(fragile(&log, "b"));
    manager.register(updating(&log, "update", |_| ()));
    manager.queue_all([Tell(1), Tell(13), Tell(2)]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "a1 b1 a13 b13 update", "the second one fails as well");
}

/// Lets messages arrive whose third panics, and tells how many are done after each of two ticks.
fn done_at_a_panic(
    prepare: impl FnOnce(&ActorManager, &Log) -> Vec<ActorId>,
    panics_at: &dyn Fn(&Script, u32, Option<ActorId>),
) -> (String, [u64; 3], [u64; 3]) {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    script.attach(&manager);
    let receivers = prepare(&manager, &log);
    let mut receivers = receivers.iter().copied().cycle();
    for number in [1, 2, 13, 4, 5] {
        panics_at(&script, number, receivers.next());
    }
    script.arrives(1, &Tell(6));
    manager.tick().unwrap();
    let first = script.edit(|lines| lines.done);
    manager.tick().unwrap();
    (log.take(), first, script.edit(|lines| lines.done))
}

fn arrives(script: &Script, message: u32, receiver: Option<ActorId>) {
    script.arrives_with(0, &Tell(message), |head| {
        if let Some(actor) = receiver {
            head.receiver = Receiver::Actor(actor);
        }
    });
}

#[test]
fn exactly_what_was_handled_is_told_as_done() {
    let solid = |log: &Log| {
        let log = log.clone();
        on(move |tell: &Tell, _| {
            log.note(tell.0);
            assert_ne!(tell.0, 13);
        })
    };
    let alone = |manager: &ActorManager, log: &Log| {
        manager.register(solid(log));
        Vec::new()
    };
    let one = |manager: &ActorManager, log: &Log| vec![manager.register(solid(log))];
    let many = |manager: &ActorManager, log: &Log| {
        (0..5).map(|_| manager.register(solid(log))).collect::<Vec<_>>()
    };
    let (log, first, second) = done_at_a_panic(alone, &arrives);
    assert_eq!((log.as_str(), first, second), ("1 2 13", [2, 0, 0], [4, 1, 0]));
    let (log, first, second) = done_at_a_panic(one, &arrives);
    assert_eq!((log.as_str(), first, second), ("1 2 13", [2, 0, 0], [4, 1, 0]));
    let (log, first, second) = done_at_a_panic(many, &arrives);
    assert_eq!(&log[..6], "1 2 13");
    assert!(log[6..].starts_with(" 4 5 6"), "the others are there still: {log}");
    assert_eq!((first, second), ([2, 0, 0], [4, 1, 0]));
}

#[test]
fn messages_with_something_to_drop_are_told_exactly_as_well() {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    script.attach(&manager);
    let seen = log.clone();
    manager.register(on(move |text: &Text, _| {
        seen.note(&text.0);
        assert_ne!(text.0, "x");
    }));
    let texts = |texts: &[&str]| {
        texts.iter().for_each(|text| script.arrives(2, &Text((*text).to_owned())));
    };
    texts(&["a", "b", "x"]);
    manager.tick().unwrap();
    assert_eq!((log.take().as_str(), script.edit(|lines| lines.done)), ("a b x", [0, 0, 2]));
    texts(&["c"]);
    manager.tick().unwrap();
    assert_eq!(script.edit(|lines| lines.done), [0, 0, 3], "the one that panicked never is");
}

#[test]
fn what_a_budget_leaves_over_is_told_exactly_as_well() {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    script.attach(&manager);
    manager.register(fragile(&log, ""));
    manager.register(fragile(&log, "b"));
    for number in [1, 2, 13, 3, 4] {
        script.arrives(0, &Tell(number));
    }
    let mut done = Vec::new();
    for _ in 0..5 {
        manager.tick_for(Budget::ONE_MESSAGE).unwrap();
        done.push(script.edit(|lines| lines.done[0]));
    }
    assert_eq!(done, [1, 2, 2, 3, 4]);
    assert_eq!(log.take(), "1 b1 2 b2 13 b3 b4");
}

#[test]
fn the_bytes_of_a_message_that_panicked_make_room_again() {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    script.edit(|lines| lines.inbox_bytes = 1);
    script.attach(&manager);
    manager.register(fragile(&log, "a"));
    manager.register(fragile(&log, "b"));
    script.arrives(0, &Tell(13));
    script.arrives(0, &Tell(1));
    manager.tick().unwrap();
    assert_eq!((log.take().as_str(), script.edit(|lines| lines.full)), ("a13", 1));
    manager.tick().unwrap();
    manager.tick().unwrap();
    assert_eq!((log.take().as_str(), script.edit(|lines| lines.done)), ("b1", [1, 0, 0]));
}

#[test]
fn a_message_that_triggers_what_panics_is_handled_to_its_end() {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    script.attach(&manager);
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        let outcome = cx.trigger(Boom);
        seen.note(format!("{}:{outcome:?}", tell.0));
    }));
    manager.register(fragile(&log, "b"));
    manager.register(bomb());
    let seen = log.clone();
    manager.register(on(move |_: &Boom, _| seen.note("late")));
    script.arrives(0, &Tell(1));
    script.arrives(0, &Tell(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:Continued b1", "what panicked goes to nobody else");
    assert_eq!(script.edit(|lines| lines.done), [1, 0, 0]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "late 2:Continued b2");
    assert_eq!(script.edit(|lines| lines.done), [2, 0, 0]);
}

#[test]
fn a_request_that_panics_is_refused_and_not_done() {
    struct Oracle;
    impl Actor for Oracle {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.ask(|_: &mut Self, _: &Ask, _: &Context| -> u32 { panic!("no answer") });
        }
    }
    let (manager, script) = (halting(), Script::new());
    script.attach(&manager);
    manager.register(Oracle);
    script.arrives_with(0, &Ask, |head| head.purpose = Purpose::Request(7));
    manager.tick().unwrap();
    manager.tick().unwrap();
    assert_eq!(script.edit(|lines| (lines.sent.len(), lines.done[0])), (1, 0));
}

#[test]
fn a_drop_that_panics_is_nobodys_fault_and_holds_nothing_up() {
    #[derive(Message)]
    struct Brittle(u32);
    impl Drop for Brittle {
        fn drop(&mut self) {
            assert_ne!(self.0, 13, "it breaks when it is dropped");
        }
    }
    let (manager, log) = (halting(), Log::default());
    let seen = log.clone();
    manager.register(on(move |brittle: &Brittle, _| {
        seen.note(brittle.0);
    }));
    manager.queue_all([1, 13, 2, 3].map(Brittle));
    let report = manager.tick().unwrap();
    assert_eq!((log.take().as_str(), report.panics, report.drained), ("1 13 2 3", 1, true));
    assert_eq!(manager.take_panic(), None);
}

#[test]
fn a_reset_before_the_panic_drops_what_is_behind_it() {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    script.attach(&manager);
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        cx.reset();
        assert_eq!(tell.0, 0, "after the reset");
    }));
    for number in 1..=3 {
        script.arrives(0, &Tell(number));
    }
    let report = manager.tick().unwrap();
    assert_eq!((log.take().as_str(), report.dropped), ("1", 2));
    manager.tick().unwrap();
    assert_eq!(script.edit(|lines| lines.done), [2, 0, 0], "those dropped are done");
}
