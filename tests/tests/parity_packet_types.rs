//! Counterparts of the original's tests 19 and 20: what its metaclass did when a class was defined,
//! registering a message does here.

#![allow(clippy::unwrap_used)]

use pysage_core::{ActorManager, Message, RegisterMessageError};

#[derive(Debug, PartialEq, Message)]
#[message(packet_type = 103)]
struct First {
    value: i32,
}

#[derive(Message)]
#[message(packet_type = 103)]
struct Second {
    value: i32,
}

mod elsewhere {
    use pysage_core::Message;

    #[derive(Message)]
    #[message(packet_type = 103)]
    pub(crate) struct First {
        pub(crate) value: i32,
    }
}

#[test]
fn a_packet_type_that_another_message_has_is_refused_naming_both() {
    let manager = ActorManager::new();
    manager.register_message::<First>().unwrap();
    let error = manager.register_message::<Second>().unwrap_err();
    assert!(
        matches!(
            error,
            RegisterMessageError::PacketTypeTaken { message: "Second", holder: "First", .. }
        ),
        "{error:?}"
    );
    let text = error.to_string();
    for part in ["103", "`Second`", "`First`", "parity_packet_types::Second"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(Second { value: 1 }.value, 1);
}

#[test]
fn a_message_registered_twice_is_registered_once() {
    let manager = ActorManager::new();
    manager.register_message::<First>().unwrap();
    manager.register_message::<First>().unwrap();
    assert_eq!(manager.message_table().len(), 1);
}

#[test]
fn a_second_message_of_the_same_name_and_packet_type_is_refused_and_the_first_stays() {
    let manager = ActorManager::new();
    manager.register_message::<First>().unwrap();
    let before = manager.message_table();
    let error = manager.register_message::<elsewhere::First>().unwrap_err().to_string();
    assert!(error.contains("elsewhere::First"), "the paths tell them apart: {error}");
    assert_eq!(manager.message_table(), before);
    assert_eq!(elsewhere::First { value: 1 }.value, First { value: 1 }.value);
}
