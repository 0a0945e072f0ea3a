//! Messages that are handled at once.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, On, on};
use pysage_core::{
    Actor, ActorId, ActorManager, Context, DropReason, Flow, ManagerConfig, Message, Subscriptions,
    Triggered,
};

#[derive(Message)]
struct Tell(u32);
#[derive(Message)]
struct Call(u32);

fn returning(flow: Flow, name: &'static str, log: &Log) -> On<Tell, Flow> {
    let log = log.clone();
    on(move |tell: &Tell, _| {
        log.note(format!("{name}{}", tell.0));
        flow
    })
}

/// Calls a number down to 0: each [`Call`] of `n` triggers one of `n - 1`.
struct Caller {
    name: &'static str,
    log: Log,
}

impl Actor for Caller {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, call: &Call, cx: &Context| {
            me.log.note(format!("{}{}(", me.name, call.0));
            if call.0 > 0 {
                me.log.note(format!("{:?}", cx.trigger(Call(call.0 - 1))));
            }
            me.log.note(")");
        });
    }
    fn stopped(&mut self, _: &Context) {
        self.log.note("stopped");
    }
}

fn caller(name: &'static str, log: &Log) -> Caller {
    Caller { name, log: log.clone() }
}

#[test]
fn a_triggered_message_reaches_all_whatever_they_return() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(returning(Flow::Continue, "a", &log));
    manager.register(returning(Flow::Stop, "b", &log));
    manager.register(returning(Flow::Continue, "c", &log));
    assert_eq!(manager.trigger(Tell(1)), Triggered::Stopped);
    assert_eq!(log.take(), "a1 b1 c1");
}

#[test]
fn a_message_triggered_to_an_actor_needs_no_subscription_of_that_actor() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(returning(Flow::Stop, "a", &log));
    manager.register(returning(Flow::Continue, "b", &log));
    assert!(manager.unsubscribe::<Tell>(actor));
    assert_eq!(manager.trigger_to(actor, Tell(1)), Triggered::Stopped);
    assert_eq!(log.take(), "a1");
    assert_eq!(manager.trigger(Tell(2)), Triggered::Continued);
    assert_eq!(log.take(), "b2");
}

#[test]
fn a_trigger_in_a_handler_is_done_when_it_returns() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |call: &Call, cx| {
        seen.note("before");
        seen.note(format!("{:?}", cx.trigger(Tell(call.0))));
    }));
    manager.register(returning(Flow::Stop, "a", &log));
    manager.queue(Call(7));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "before a7 Stopped");
    assert_eq!(report.handled, 1, "what is triggered was not queued");
    assert_eq!(manager.counters().triggered, 1);
}

#[test]
fn a_trigger_reaches_others_of_the_same_class_and_the_busy_actor_right_after_its_handler() {
    let (manager, log) = (ActorManager::new(), Log::default());
    manager.register(caller("a", &log));
    manager.register(caller("b", &log));
    manager.queue(Call(1));
    manager.tick().unwrap();
    assert_eq!(
        log.take(),
        "a1( b0( ) Deferred ) a0( ) b1( a0( ) Deferred ) b0( )",
        "the deferred message comes before the next receiver of the first one"
    );
    assert_eq!(manager.counters().triggered, 2);
}

#[test]
fn a_message_triggered_to_a_busy_actor_is_deferred() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let actor = manager.register(on(move |call: &Call, cx| {
        seen.note(format!("{}(", call.0));
        if call.0 > 0 {
            seen.note(format!("{:?}", cx.trigger_to(cx.actor(), Call(call.0 - 1))));
        }
        seen.note(")");
    }));
    manager.queue_to(actor, Call(2));
    manager.queue_to(actor, Call(0));
    manager.tick().unwrap();
    assert_eq!(log.take(), "2( Deferred ) 1( Deferred ) 0( ) 0( )");
}

#[test]
fn a_deferred_message_waits_for_its_own_receiver_and_for_nobody_else() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let echo = manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("echo{}(", tell.0));
        seen.note(format!("{:?}", cx.trigger(Call(tell.0 + 1))));
        seen.note(")");
    }));
    let seen = log.clone();
    manager.register(on(move |call: &Call, cx| {
        seen.note(format!("call{}(", call.0));
        if call.0 == 0 {
            cx.trigger_to(echo, Tell(0));
        }
        seen.note(")");
    }));
    assert_eq!(manager.trigger(Call(0)), Triggered::Continued);
    assert_eq!(log.take(), "call0( echo0( Deferred ) ) call1( )");
}

#[test]
fn deferred_messages_are_delivered_in_the_order_triggered() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        if tell.0 == 0 {
            for number in 1..=3 {
                cx.trigger(Tell(number));
            }
        }
    }));
    manager.trigger(Tell(0));
    assert_eq!(log.take(), "0 1 2 3");
}

#[test]
fn a_message_deferred_for_an_actor_that_left_is_a_dead_letter() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        seen.note(format!("{}:{}", letter.reason, letter.receiver.is_some()));
    });
    let seen = log.clone();
    let leaver = manager.register(on(move |_: &Tell, cx| {
        seen.note(format!("{:?}", cx.trigger_to(cx.actor(), Tell(1))));
        cx.unregister(cx.actor());
    }));
    manager.queue_to(leaver, Tell(0));
    manager.tick().unwrap();
    let gone = "the receiver is not an actor of this manager, or not any more";
    assert_eq!(log.take(), format!("Deferred {gone}:true"));
    assert_eq!(manager.counters().dropped(DropReason::NoSuchActor), 1);
}

#[test]
fn a_message_triggered_while_its_receiver_is_looked_at_reaches_it_when_the_look_is_over() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let actor = manager.register(caller("a", &log));
    let outcome = manager.with(actor, |caller: &mut Caller| {
        let outcome = manager.trigger(Call(0));
        caller.log.note("looking");
        outcome
    });
    assert_eq!(outcome, Ok(Triggered::Deferred));
    assert_eq!(log.take(), "looking a0( )");
}

#[test]
fn an_actor_that_leaves_under_a_trigger_of_its_own_is_stopped_after_its_handler() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let leaver = manager.register(caller("a", &log));
    let seen = log.clone();
    manager.register(on(move |call: &Call, cx| {
        seen.note(format!("killer{}", call.0));
        seen.note(cx.unregister(leaver));
    }));
    manager.queue(Call(1));
    let report = manager.tick().unwrap();
    assert_eq!(log.take(), "a1( killer0 true Deferred ) stopped killer1 false");
    assert_eq!((report.handled, report.dropped, report.panics), (1, 1, 0));
    assert_eq!(manager.actor_count(), 1);
}

#[test]
fn an_actor_can_hand_a_message_on_by_trigger() {
    #[derive(Message)]
    struct Pass {
        to: Vec<ActorId>,
    }
    let (manager, log) = (ActorManager::new(), Log::default());
    let ids = ["a", "b", "c"].map(|name| {
        let log = log.clone();
        manager.register(on(move |pass: &Pass, cx| {
            log.note(name);
            if let Some((first, rest)) = pass.to.split_first() {
                log.note(format!("{:?}", cx.trigger_to(*first, Pass { to: rest.to_vec() })));
            }
        }))
    });
    manager.trigger_to(ids[0], Pass { to: vec![ids[1], ids[2], ids[0]] });
    assert_eq!(log.take(), "a b c Deferred Continued Continued a");
}

#[test]
fn a_message_that_one_receiver_stopped_and_another_has_to_wait_for_counts_as_stopped() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let busy = manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        if tell.0 == 1 {
            seen.note(format!("{:?}", cx.trigger(Tell(2))));
        }
    }));
    manager.register(returning(Flow::Stop, "a", &log));
    manager.trigger_to(busy, Tell(1));
    assert_eq!(log.take(), "1 a2 Stopped 2");
}

#[test]
fn so_many_messages_wait_for_a_busy_actor_as_the_queue_takes() {
    let config = ManagerConfig::default().queue_capacity(3);
    let (manager, log) = (ActorManager::with_config(config), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| seen.note(format!("{}!", letter.reason)));
    let actor = manager.register(returning(Flow::Continue, "a", &log));
    let look = |_: &mut On<Tell, Flow>| [1, 2, 3, 4].map(|n| manager.trigger(Tell(n)));
    assert_eq!(manager.with(actor, look).unwrap(), [Triggered::Deferred; 4]);
    assert_eq!(log.take(), "the queue is full! a1 a2 a3");
    assert_eq!(manager.counters().dropped(DropReason::QueueFull), 1);
}
