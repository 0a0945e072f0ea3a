//! A panic that ends the work of its tick, in the other phases than the dispatch.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;
#[allow(dead_code)]
#[path = "../support/worker.rs"]
mod worker;

use local::{Log, On, on};
use pysage_core::{
    Actor, ActorManager, AskError, Context, Flow, ManagerConfig, Message, Subscriptions, Triggered,
};
use scripted::{Script, end};
use worker::{Start, worker};

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);
#[derive(Message)]
struct Boom;
#[derive(Message)]
#[message(packet_type = 103, reply = u32)]
struct Ask;

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
fn tasks_that_are_behind_a_panic_go_on_in_the_next_tick() {
    let (manager, log) = (halting(), Log::default());
    let task = |name: &'static str, panics: u32| {
        let log = log.clone();
        worker(move |me, _| {
            let log = log.clone();
            async move {
                for step in 0..3 {
                    log.note(format!("{name}{step}"));
                    assert_ne!(step, panics, "a step too far");
                    me.next_tick().await;
                }
            }
        })
    };
    for worker in [task("a", 9), task("b", 1), task("c", 9)] {
        manager.register(worker);
    }
    manager.register(fragile(&log, "tell"));
    manager.register(updating(&log, "update", |_| ()));
    manager.queue(Start(0));
    manager.tick().unwrap();
    assert_eq!(log.take(), "a0 b0 c0 update");
    manager.queue(Tell(1));
    let report = manager.tick().unwrap();
    assert_eq!((log.take().as_str(), report.handled, report.panics), ("a1 b1", 0, 1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "a2 c1 tell1 update");
    manager.tick().unwrap();
    assert_eq!(log.take(), "c2 update");
}

#[test]
fn a_task_that_triggers_what_panics_holds_up_those_behind_it() {
    let (manager, log) = (halting(), Log::default());
    for name in ["a", "b"] {
        let log = log.clone();
        manager.register(worker(move |me, _| {
            let log = log.clone();
            async move {
                me.next_tick().await;
                me.with(|_, cx| cx.trigger(Boom));
                log.note(name);
            }
        }));
    }
    manager.register(bomb());
    manager.queue(Start(0));
    manager.tick().unwrap();
    manager.tick().unwrap();
    assert_eq!(log.take(), "a");
    manager.tick().unwrap();
    assert_eq!(log.take(), "b");
}

#[test]
fn a_task_whose_answer_came_before_a_panic_goes_on_in_the_next_tick() {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    let key = script.attach(&manager);
    let seen = log.clone();
    manager.register(worker(move |me, _| {
        let (log, asked) = (seen.clone(), me.ask(end(key, 0), Ask));
        async move { log.note(asked.await.unwrap_err()) }
    }));
    manager.register(on(move |tell: &Tell, cx| {
        assert_eq!(tell.0, 1, "not this one");
        cx.detach(key).unwrap();
    }));
    manager.queue(Start(0));
    manager.tick().unwrap();
    manager.queue_all([Tell(1), Tell(2)]);
    assert_eq!(manager.tick().unwrap().panics, 1);
    assert_eq!(log.take(), "", "it had failed when the link went");
    manager.tick().unwrap();
    assert_eq!(log.take(), AskError::Unreachable.to_string());
}

#[test]
fn updates_behind_a_panic_are_left_out() {
    struct Last(Log);
    impl Actor for Last {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.update(|me: &mut Self, _: &Context| me.0.note("last")).priority(-1);
        }
    }
    let (manager, log) = (halting(), Log::default());
    manager.register(Last(log.clone()));
    manager.register(updating(&log, "a", |_| ()));
    manager.register(updating(&log, "b", |cx| assert!(cx.trigger(Boom) == Triggered::Unhandled)));
    manager.register(updating(&log, "c", |_| ()));
    manager.tick().unwrap();
    assert_eq!(log.take(), "a b c last");
    let bomb = manager.register(bomb());
    manager.tick().unwrap();
    assert_eq!(log.take(), "a b", "it and what it triggered panicked");
    assert!(!manager.is_registered(bomb));
    manager.tick().unwrap();
    assert_eq!(log.take(), "a c last");
    manager.register(updating(&log, "d", |cx| _ = cx.trigger(Boom)));
    manager.register(updating(&log, "e", |_| ()));
    manager.register(self::bomb());
    manager.tick().unwrap();
    assert_eq!(log.take(), "a c d", "only what it triggered panicked");
}

#[test]
fn hooks_end_the_work_of_a_tick_as_well() {
    struct Hooked {
        starts: bool,
    }
    impl Actor for Hooked {
        fn subscriptions(_: &mut Subscriptions<Self>) {}
        fn started(&mut self, _: &Context) {
            assert!(self.starts, "cannot start");
        }
        fn stopped(&mut self, _: &Context) {
            panic!("cannot stop");
        }
    }
    let (manager, log) = (halting(), Log::default());
    let seen = log.clone();
    let hooked = manager.register(Hooked { starts: true });
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        match tell.0 {
            1 => drop(cx.register(Hooked { starts: false })),
            2 => drop(cx.unregister(hooked)),
            _ => {}
        }
    }));
    manager.queue_all((1..=4).map(Tell));
    for (seen, hook) in [("1", "started"), ("2", "stopped")] {
        manager.tick().unwrap();
        assert_eq!(log.take(), seen);
        assert_eq!(manager.take_panic().unwrap().message, hook);
    }
    manager.tick().unwrap();
    assert_eq!(log.take(), "3 4");
}

#[test]
fn a_panic_while_messages_arrive_leaves_them_all_for_the_next_tick() {
    let (manager, script, log) = (halting(), Script::new(), Log::default());
    script.attach(&manager);
    let world = manager.clone();
    manager.on_dead_letter(move |_| _ = world.trigger(Boom));
    manager.register(bomb());
    manager.register(fragile(&log, ""));
    manager.register(updating(&log, "update", |_| ()));
    let seen = log.clone();
    manager.register(worker(move |me, _| {
        let log = seen.clone();
        async move {
            me.next_tick().await;
            log.note("task");
        }
    }));
    manager.queue(Start(0));
    manager.tick().unwrap();
    assert_eq!(log.take(), "update");
    script.arrives(0, &Tell(1));
    script.arrives_raw(0, &[0xff; 9]);
    script.arrives(0, &Tell(2));
    let report = manager.tick().unwrap();
    assert_eq!((log.take().as_str(), report.handled, report.panics), ("", 0, 1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "task 1 2 update");
}

#[test]
fn the_first_panic_since_it_was_asked_is_told() {
    for manager in [halting(), ActorManager::new()] {
        let log = Log::default();
        let first = manager.register(fragile(&log, "a"));
        let second = manager.register(fragile(&log, "b"));
        assert_eq!(manager.take_panic(), None);
        manager.queue_to(first, Tell(13));
        manager.queue_to(second, Tell(13));
        manager.tick().unwrap();
        manager.tick().unwrap();
        let panic = manager.take_panic().unwrap();
        assert_eq!((panic.actor, panic.message.as_str()), (first, "Tell"));
        assert_eq!(panic.to_string(), format!("{} at Tell: a had enough", panic.class));
        assert_eq!(manager.take_panic(), None);
        manager.register(bomb());
        manager.trigger(Boom);
        assert_eq!(manager.take_panic().unwrap().reason, "boom", "outside of a tick as well");
    }
}
