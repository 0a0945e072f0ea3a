//! The original's tests of properties, by its names (`tests/test_messaging.py`).

use std::fmt::Debug;

use pysage_core::{Message, PropertyError};

#[derive(Default, Message)]
struct TestMessage {
    weight: Option<i32>,
    size: Option<i32>,
}

fn error<T: Debug>(result: Result<T, PropertyError>) -> String {
    result.expect_err("the property cannot be had").to_string()
}

#[test]
fn property_retrieve_early() {
    let message = TestMessage::default();
    let unset = "property `size` of message `TestMessage` is not set";
    assert_eq!(error(message.property::<i32>("size")), unset);
    assert_eq!(message.property::<Option<i32>>("size"), Ok(&None));
}

#[test]
fn property_default() {
    let unset = TestMessage::default();
    assert_eq!(unset.property_or("size", &7), Ok(&7));
    let set = TestMessage { size: Some(1), weight: None };
    assert_eq!(set.property_or("size", &7), Ok(&1));
}

// In the original a message can be made with properties that it does not have, and
// `late_error_checking` expects just that. Here the compiler refuses it.
#[test]
fn unknown_property() {
    let mut message = TestMessage::default();
    let unknown = "message `TestMessage` has no property `colour`; it has `weight`, `size`";
    assert_eq!(error(message.property::<i32>("colour")), unknown);
    assert_eq!(error(message.property_or("colour", &1)), unknown);
    assert_eq!(error(message.set_property("colour", 1)), unknown);
}

#[test]
fn property_get_set() {
    let mut message = TestMessage::default();
    assert_eq!(message.set_property("size", 5), Ok(()));
    assert_eq!(message.property("size"), Ok(&5));
    assert_eq!(message.property("size"), Ok(&Some(5)));
    assert_eq!(message.weight, None);
}

#[test]
fn zero_message_property() {
    let mut message = TestMessage::default();
    assert_eq!(message.set_property("size", 0), Ok(()));
    assert_eq!(message.property_or("size", &7), Ok(&0));
}

#[test]
fn set_none_property_default() {
    let mut message = TestMessage { size: Some(1), weight: None };
    assert_eq!(message.set_property("size", None::<i32>), Ok(()));
    assert_eq!(message.property_or("size", &7), Ok(&7));
}

#[test]
fn a_property_keeps_its_type() {
    let mut message = TestMessage { size: Some(1), weight: None };
    let wrong = "property `size` of message `TestMessage` is of type `Option<i32>`, not `u64`";
    assert_eq!(error(message.property::<u64>("size")), wrong);
    assert_eq!(error(message.set_property("size", 2_u64)), wrong);
    assert_eq!(message.size, Some(1));
}
