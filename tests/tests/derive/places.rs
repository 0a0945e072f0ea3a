//! Messages in functions and macros, and where the crate has another path.

use pysage_core::{Delivery, Message, MessageSlot};

use super::{constants, defaults, properties, refusal};

#[test]
fn types_of_one_name_in_one_function_are_two_messages() {
    fn first() -> MessageSlot {
        #[derive(Message)]
        #[message(packet_type = 110)]
        struct Bomb;
        assert_eq!(constants::<Bomb>().1, Some(110));
        Bomb::slot()
    }
    let second = {
        #[derive(Message)]
        struct Bomb;
        assert_eq!(constants::<Bomb>(), defaults("Bomb"));
        Bomb::slot()
    };
    assert_ne!(first(), second);
    assert_eq!(first(), first());
}

macro_rules! message {
    ($name:ident: $packet_type:literal, $low:literal to $high:expr, $ty:ty) => {
        #[derive(Message)]
        #[message(packet_type = $packet_type, version = $packet_type, name = "from macro")]
        struct $name {
            #[message(range = $low..=$high)]
            value: $ty,
        }
    };
    ($name:ident as $packet_type:expr, by $check:path) => {
        #[derive(Message)]
        #[message(packet_type = $packet_type, validate = $check)]
        struct $name(#[message(validate = $check)] Option<Vec<u8>>);
    };
    (every $($name:ident)*) => {
        $(#[derive(Message)] struct $name { field: u8 })*
    };
}

fn fine<T>(_: &T) -> Result<(), String> {
    Ok(())
}

#[test]
fn macros_may_write_messages() {
    const BASE: u16 = 120;
    message!(Literal: 120, -5 to i32::from(BASE) - 100, Option<i32>);
    message!(Number as 121, by fine);
    message!(Computed as BASE + 2, by self::fine);
    message!(every A B);

    assert_eq!(constants::<Literal>().1, Some(120));
    assert_eq!(constants::<Literal>().2, 120);
    assert_eq!(properties::<Literal>(), [("value", "Option<i32>")]);
    assert_eq!(Literal { value: None }.validate(), Ok(()));
    assert_eq!(Literal { value: Some(-5) }.validate(), Ok(()));
    assert_eq!(
        refusal(&Literal { value: Some(21) }),
        "property `value` of message `from macro` is invalid: \
         must be within -5..=i32::from(BASE) - 100"
    );
    assert_eq!(constants::<Number>().1, Some(121));
    assert_eq!(constants::<Computed>().1, Some(122));
    assert_eq!(Computed(Some(Vec::new())).validate(), Ok(()));
    assert_eq!(A { field: 1 }.property::<u8>("field"), Ok(&1));
    assert_eq!(properties::<B>(), [("field", "u8")]);
}

mod engine {
    pub(super) use pysage_core as messages;
}

macro_rules! message_of_the_engine {
    ($name:ident, $root:path) => {
        #[derive(Message)]
        #[message(crate = $crate::places::engine::messages, packet_type = 130)]
        struct $name(#[message(range = 0..5)] u8);

        #[derive(Message)]
        #[message(crate = $root)]
        struct Another;
    };
}

#[test]
fn the_crate_may_have_another_path() {
    #[derive(Message)]
    #[message(crate = engine::messages, packet_type = 131, delivery = unreliable)]
    struct Relative {
        #[message(range = 0..=1)]
        x: u8,
    }
    #[derive(Message)]
    #[message(crate = crate::places::engine::messages)]
    struct Absolute;
    message_of_the_engine!(Macro, ::pysage_core);

    assert_eq!(constants::<Relative>().3, Delivery::Unreliable);
    assert!(Relative { x: 2 }.validate().is_err());
    assert_eq!(constants::<Absolute>(), defaults("Absolute"));
    assert_eq!(constants::<Macro>().1, Some(130));
    assert!(Macro(5).validate().is_err());
    assert_eq!(constants::<Another>(), defaults("Another"));
}

#[test]
fn group_and_net_bring_a_derive_of_their_own() {
    #[derive(pysage_group::Message)]
    #[message(packet_type = 132, delivery = sequenced)]
    struct Group {
        #[message(range = 0..5)]
        field: u8,
    }
    #[derive(pysage_net::Message)]
    #[message(packet_type = 133, delivery = sequenced)]
    struct Net {
        #[message(range = 0..5)]
        field: u8,
    }

    assert_eq!(constants::<Group>().1, Some(132));
    assert_eq!(constants::<Net>().1, Some(133));
    assert_eq!(Group { field: 4 }.validate(), Ok(()));
    assert!(Net { field: 5 }.validate().is_err());
}
