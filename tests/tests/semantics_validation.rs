//! Messages are checked wherever they are queued or triggered.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use local::{Log, On, on};
use pysage_core::{ActorManager, DropReason, Message, Queued, RefusedReason, Triggered};

#[derive(Message)]
#[message(validate = Percent::is_lucky)]
struct Percent {
    #[message(range = 0..=100)]
    value: u32,
}

impl Percent {
    fn is_lucky(&self) -> Result<(), String> {
        if self.value == 13 { Err("unlucky".to_owned()) } else { Ok(()) }
    }
}

fn percent(value: u32) -> Percent {
    Percent { value }
}

fn noting(log: &Log) -> On<Percent, ()> {
    let log = log.clone();
    on(move |percent: &Percent, _| log.note(percent.value))
}

/// A manager whose dead letters are noted.
fn noting_dead_letters() -> (ActorManager, Log) {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        let value = letter.message.property::<u32>("value").unwrap();
        seen.note(format!("[{value}:{:?}:{}]", letter.reason, letter.receiver.is_some()));
    });
    (manager, log)
}

#[test]
fn an_invalid_message_is_not_queued() {
    let (manager, log) = noting_dead_letters();
    let actor = manager.register(noting(&log));
    assert_eq!(manager.queue(percent(101)), Queued::Refused(DropReason::Invalid));
    assert_eq!(manager.queue(percent(13)).accepted(), Err(DropReason::Invalid));
    assert_eq!(manager.queue_to(actor, percent(102)), Queued::Refused(DropReason::Invalid));
    assert_eq!(log.take(), "[101:Invalid:false] [13:Invalid:false] [102:Invalid:true]");
    assert_eq!(manager.queue_length(), 0);
    assert_eq!(manager.queue(percent(100)).accepted(), Ok(()));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped), (1, 3));
    assert_eq!(log.take(), "100");
    assert_eq!(manager.counters().dropped(DropReason::Invalid), 3);
}

#[test]
fn of_many_messages_the_valid_ones_are_queued() {
    let (manager, log) = noting_dead_letters();
    let actor = manager.register(noting(&log));
    assert_eq!(manager.queue_all([1, 101, 2, 13, 3].map(percent)), 3);
    assert_eq!(manager.queue_all_to(actor, [4, 104].map(percent)), 1);
    assert_eq!(log.take(), "[101:Invalid:false] [13:Invalid:false] [104:Invalid:true]");
    assert_eq!(manager.tick().unwrap().handled, 4);
    assert_eq!(log.take(), "1 2 3 4");
}

#[test]
fn an_invalid_message_is_not_triggered() {
    let (manager, log) = noting_dead_letters();
    let actor = manager.register(noting(&log));
    assert_eq!(manager.trigger(percent(101)), Triggered::Unhandled);
    assert_eq!(manager.trigger_to(actor, percent(13)), Triggered::Unhandled);
    assert_eq!(log.take(), "[101:Invalid:false] [13:Invalid:true]");
    assert_eq!(manager.trigger(percent(100)), Triggered::Continued);
    assert_eq!(log.take(), "100");
    assert_eq!(manager.counters().dropped(DropReason::Invalid), 2);
}

#[test]
fn an_invalid_message_is_given_back_by_a_handle() {
    let (manager, log) = noting_dead_letters();
    let actor = manager.register(noting(&log));
    let handle = manager.handle();
    let mut producer = handle.producer();
    let refused = handle.queue(percent(101)).unwrap_err();
    assert_eq!((refused.message.value, refused.reason), (101, RefusedReason::Invalid));
    assert_eq!(handle.queue_to(actor, percent(13)).unwrap_err().reason, RefusedReason::Invalid);
    assert_eq!(producer.queue(percent(102)).unwrap_err().message.value, 102);
    assert_eq!(producer.queue_to(actor, percent(102)).unwrap_err().reason, RefusedReason::Invalid);
    producer.queue(percent(1)).unwrap();
    producer.flush().unwrap();
    handle.queue(percent(2)).unwrap();
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.handled, report.dropped), (2, 2, 0));
}

#[test]
fn a_message_is_checked_when_it_is_queued_and_not_when_it_is_made() {
    let mut message = percent(5);
    message.set_property("value", 500_u32).unwrap();
    let (manager, log) = noting_dead_letters();
    manager.register(noting(&log));
    assert_eq!(manager.queue(message), Queued::Refused(DropReason::Invalid));
    assert_eq!(
        percent(500).validate().unwrap_err().to_string(),
        "property `value` of message `Percent` is invalid: must be within 0..=100"
    );
    assert_eq!(log.take(), "[500:Invalid:false]");
}
