//! The counterparts of the original's `tests/test_messaging.py`, in its order.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::time::Duration;

use local::{Log, on};
use pysage_core::{
    ActorManager, AnyMessage, DropReason, ManagerConfig, ManualClock, Message, PropertyError,
    Queued, Triggered,
};

#[derive(Message)]
struct Test {
    number: i32,
}

#[derive(Message)]
struct Other;

#[derive(Message)]
struct Optional {
    amount: Option<i32>,
}

fn optional(amount: Option<i32>) -> Optional {
    Optional { amount }
}

/// Original 1: test_messageRepr
#[test]
fn a_message_of_any_type_can_be_shown_by_its_name_and_properties() {
    fn show(message: &dyn AnyMessage) -> String {
        let numbers = message.properties().iter().map(|property| property.name);
        let numbers = numbers.map(|name| message.property::<i32>(name).unwrap().to_string());
        format!("Message {} {}", message.name(), numbers.collect::<Vec<_>>().join(" "))
    }
    assert_eq!(show(&Test { number: 1 }), "Message Test 1");
}

/// Original 2: test_createMessage
#[test]
fn the_name_of_a_message_is_that_of_its_type() {
    assert_eq!(Test::NAME, "Test");
    let message: &dyn AnyMessage = &Test { number: 1 };
    assert_eq!(message.name(), "Test");
}

/// Original 3: test_createReceiver
#[test]
fn a_registered_receiver_is_known_to_the_type_it_subscribes_to() {
    let manager = ActorManager::new();
    assert_eq!(manager.trigger(Test { number: 1 }), Triggered::Unhandled);
    let receiver = manager.register(on(|_: &Test, _| ()));
    assert!(manager.is_registered(receiver));
    assert_eq!(manager.actor_count(), 1);
    assert_eq!(manager.trigger(Test { number: 1 }), Triggered::Continued);
    assert_eq!(manager.trigger(Other), Triggered::Unhandled);
}

/// Original 4: test_triggerMessage
#[test]
fn a_trigger_tells_that_nobody_consumed_the_message() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |test: &Test, _| seen.note(test.number)));
    assert_eq!(manager.trigger(Test { number: 7 }), Triggered::Continued);
    assert_eq!(log.take(), "7", "it was handled before `trigger` returned");
}

/// Original 5: test_queue_message
#[test]
fn a_queued_message_is_counted_until_a_tick_handles_it() {
    let manager = ActorManager::new();
    manager.register(on(|_: &Test, _| ()));
    assert_eq!(manager.queue(Test { number: 1 }), Queued::Accepted);
    assert_eq!(manager.queue_length(), 1);
    let report = manager.tick().unwrap();
    assert!(report.drained);
    assert_eq!((report.handled, report.waiting), (1, 0));
    assert_eq!(manager.queue_length(), 0);
}

/// Original 6: test_abort_message
#[test]
fn an_aborted_message_leaves_the_queue() {
    let manager = ActorManager::new();
    manager.queue(Test { number: 1 });
    assert_eq!(manager.queue_length(), 1);
    assert_eq!(manager.abort_all::<Test>(), 1);
    assert_eq!(manager.queue_length(), 0);
    assert_eq!(manager.abort_all::<Test>(), 0);
}

/// Original 7: test_twoMessages
#[test]
fn a_message_that_nobody_subscribes_to_is_queued_and_dropped_by_the_tick() {
    let manager = ActorManager::new();
    manager.register(on(|_: &Test, _| ()));
    manager.queue(Test { number: 1 });
    assert_eq!(manager.queue(Other), Queued::Accepted);
    assert_eq!(manager.queue_length(), 2);
    let report = manager.tick().unwrap();
    assert!(report.drained);
    assert_eq!((report.handled, report.dropped), (1, 1));
    assert_eq!(manager.counters().dropped(DropReason::NoSubscriber), 1);
    assert_eq!(manager.queue_length(), 0);
}

/// Original 8: test_slowReceiver
#[test]
fn a_slow_receiver_handles_one_message_in_each_tick() {
    let clock = ManualClock::new();
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    manager.register(on(move |_: &Test, _| clock.advance(Duration::from_millis(100))));
    manager.queue(Test { number: 1 });
    manager.queue(Test { number: 2 });
    let report = manager.tick_for(Duration::from_millis(1)).unwrap();
    assert_eq!((report.handled, report.waiting, report.drained), (1, 1, false));
    assert_eq!(manager.queue_length(), 1);
    let report = manager.tick_for(Duration::from_millis(1)).unwrap();
    assert_eq!((report.handled, report.waiting, report.drained), (1, 0, true));
    assert_eq!(manager.queue_length(), 0);
}

/// Original 9: test_manyMessages
#[test]
fn a_tick_without_a_budget_handles_all_messages() {
    let manager = ActorManager::new();
    manager.register(on(|_: &Test, _| ()));
    for number in 0..5_000 {
        manager.queue(Test { number });
    }
    assert_eq!(manager.queue_length(), 5_000);
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.waiting, report.drained), (5_000, 0, true));
}

/// Original 10: test_receiverProducesMsg
#[test]
fn messages_queued_in_a_handler_wait_for_the_next_tick() {
    let manager = ActorManager::new();
    manager.register(on(|test: &Test, cx| {
        cx.queue(Test { number: test.number + 1 });
        cx.queue(Test { number: test.number + 1 });
    }));
    manager.queue(Test { number: 0 });
    for waiting in [2, 4, 8] {
        let report = manager.tick().unwrap();
        assert!(report.drained, "what the handlers queued is of the next tick");
        assert_eq!((report.handled, report.waiting), (waiting as u64 / 2, waiting));
    }
}

/// Original 11: test_unregisteredReceiver
#[test]
fn a_receiver_that_left_after_the_message_was_queued_does_not_get_it() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    let receiver = manager.register(on(move |_: &Test, _| seen.note("handled")));
    manager.queue(Test { number: 1 });
    assert!(manager.unregister(receiver));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (0, 1));
    assert_eq!(log.take(), "");
}

/// Original 12: test_propertyRetrieveEarly
#[test]
fn a_property_that_was_not_set_reads_as_unset() {
    let unset = PropertyError::Unset { message: "Optional", property: "amount" };
    assert_eq!(optional(None).property::<i32>("amount"), Err(unset));
    assert_eq!(optional(None).property::<Option<i32>>("amount"), Ok(&None));
}

/// Original 13: test_propertyDefault
#[test]
fn a_property_that_was_not_set_reads_as_the_default() {
    assert_eq!(optional(None).property_or("amount", &42), Ok(&42));
    assert_eq!(optional(Some(7)).property_or("amount", &42), Ok(&7));
}

/// Original 14: test_lateErrorChecking. That a constructor takes no unknown property is checked
/// by the compiler; what is left to be checked late is a property that is set by name.
#[test]
fn an_unknown_property_that_is_set_leaves_the_message_as_it_was() {
    let mut message = Test { number: 1 };
    let error = message.set_property("nmuber", 2).unwrap_err();
    assert_eq!(error.to_string(), "message `Test` has no property `nmuber`; it has `number`");
    assert_eq!(message.number, 1);
}

/// Original 15: test_unknownProperty. A message with an unknown property cannot be made; one with
/// an invalid property can, and is refused where the original refused the unknown one.
#[test]
fn a_message_with_an_invalid_property_cannot_be_queued() {
    #[derive(Message)]
    struct Percent {
        #[message(range = 0..=100)]
        value: u32,
    }
    let manager = ActorManager::new();
    assert_eq!(manager.queue(Percent { value: 101 }), Queued::Refused(DropReason::Invalid));
    assert_eq!(manager.queue_length(), 0);
    assert_eq!(manager.queue(Percent { value: 100 }), Queued::Accepted);
}

/// Original 16: test_propertyGetSet
#[test]
fn a_property_that_was_set_reads_as_set() {
    let mut message = optional(None);
    message.set_property("amount", 5).unwrap();
    assert_eq!(message.property::<i32>("amount"), Ok(&5));
    let mut message = Test { number: 1 };
    message.set_property("number", 2).unwrap();
    assert_eq!(message.property::<i32>("number"), Ok(&2));
}

/// Original 17: test_zeroMessageProperty
#[test]
fn zero_is_a_value_and_not_unset() {
    let mut message = optional(None);
    message.set_property("amount", 0).unwrap();
    assert_eq!(message.property::<i32>("amount"), Ok(&0));
    assert_eq!(message.property_or("amount", &42), Ok(&0));
}

/// Original 18: test_setNonePropertyDefault
#[test]
fn a_property_that_was_set_to_none_reads_as_the_default() {
    let mut message = optional(Some(5));
    message.set_property("amount", None::<i32>).unwrap();
    assert_eq!(message.property_or("amount", &42), Ok(&42));
}
