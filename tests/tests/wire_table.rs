//! Tables of messages: what two ends compare before they talk.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "wire_table/hostile.rs"]
mod hostile;

use proptest::prelude::*;
use pysage_core::wire::{MessageTable, Registry};
use pysage_core::{ActorManager, Message};

/// Messages that another version of the program knows as well.
mod now {
    use pysage_core::Message;

    #[derive(Message)]
    #[message(packet_type = 101)]
    pub(crate) struct Bomb {
        pub(crate) damage: i32,
    }
    #[derive(Message)]
    #[message(packet_type = 102, version = 3)]
    pub(crate) struct Heal(pub(crate) Option<u8>);
    #[derive(Message)]
    #[message(packet_type = 103, reply = Result<u32, String>)]
    pub(crate) struct Price {
        pub(crate) item: String,
    }
    #[derive(Message)]
    #[message(packet_type = 40_000)]
    pub(crate) enum Door {
        Open,
        Shut { hard: bool },
    }
}

fn table_of(order: &[usize]) -> MessageTable {
    let mut registry = Registry::new();
    for kind in order {
        match kind {
            0 => registry.register::<now::Bomb>(),
            1 => registry.register::<now::Heal>(),
            2 => registry.register::<now::Price>(),
            _ => registry.register::<now::Door>(),
        }
        .unwrap();
    }
    registry.table()
}

fn bytes_of(table: &MessageTable) -> Vec<u8> {
    let mut bytes = b"before".to_vec();
    table.encode(&mut bytes);
    bytes.split_off(b"before".len())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn tables_are_alike_whatever_the_order_of_registration(
        one in proptest::collection::vec(0_usize..4, 0..8),
        other in proptest::collection::vec(0_usize..4, 0..8),
    ) {
        let sorted = |order: &[usize]| {
            let mut kinds = order.to_vec();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        };
        let same = sorted(&one) == sorted(&other);
        let (one, other) = (table_of(&one), table_of(&other));
        prop_assert_eq!(one == other, same);
        prop_assert_eq!(one.fingerprint() == other.fingerprint(), same);
        // What only one end knows is no mismatch.
        prop_assert_eq!(one.compare(&other), Ok(()));
        let bytes = bytes_of(&one);
        prop_assert_eq!(MessageTable::decode(&bytes), Ok(one));
    }
}

#[test]
fn a_manager_has_the_table_of_its_messages() {
    let manager = ActorManager::new();
    assert!(manager.message_table().is_empty());
    manager.register_message::<now::Price>().unwrap();
    manager.register_message::<now::Bomb>().unwrap();
    assert_eq!(manager.message_table(), table_of(&[0, 2]));
    assert_eq!(manager.message_table().len(), 2);
}

/// The same packet types in another version of the program, each changed in one thing.
macro_rules! changed {
    ($($name:ident $test:ident: $item:item => $text:literal;)*) => {
        $(
            #[test]
            fn $test() {
                #[derive(Message)]
                $item

                let mut registry = Registry::new();
                registry.register::<$name>().unwrap();
                let (there, here) = (registry.table(), table_of(&[0, 1, 2, 3]));
                assert_ne!(here.fingerprint(), there.fingerprint());
                let mismatch = here.compare(&there).unwrap_err();
                assert_eq!(mismatch.to_string(), $text);
                let back = there.compare(&here).unwrap_err();
                assert_eq!((back.packet_type, &back.message), (mismatch.packet_type, &$name::NAME.to_owned()));
                assert_eq!((back.here, back.there), (mismatch.there, mismatch.here));
            }
        )*
    };
}

changed! {
    Bomb another_type_of_a_field_is_a_mismatch:
        #[message(packet_type = 101)]
        struct Bomb { damage: u32 }
        => "the two ends differ in message `Bomb`: here packet type 101 is `Bomb` version 1 \
            { damage: i32 }, there it is `Bomb` version 1 { damage: u32 }; run the same version on \
            both";
    Bomb another_name_of_a_field_is_a_mismatch:
        #[message(packet_type = 101)]
        struct Bomb { strength: i32 }
        => "the two ends differ in message `Bomb`: here packet type 101 is `Bomb` version 1 \
            { damage: i32 }, there it is `Bomb` version 1 { strength: i32 }; run the same version \
            on both";
    Blast another_name_is_a_mismatch:
        #[message(packet_type = 101)]
        struct Blast { damage: i32 }
        => "the two ends differ in message `Bomb`: here packet type 101 is `Bomb` version 1 \
            { damage: i32 }, there it is `Blast` version 1 { damage: i32 }; run the same version on \
            both";
    Heal another_version_is_a_mismatch:
        #[message(packet_type = 102, version = 4)]
        struct Heal(Option<u8>);
        => "the two ends differ in message `Heal`: here packet type 102 is `Heal` version 3 \
            { 0: Option<u8> }, there it is `Heal` version 4 { 0: Option<u8> }; run the same version \
            on both";
    Price another_reply_is_a_mismatch:
        #[message(packet_type = 103, reply = u32)]
        struct Price { item: String }
        => "the two ends differ in message `Price`: here packet type 103 is `Price` version 1 \
            { item: String } -> Result<u32, String>, there it is `Price` version 1 { item: String } \
            -> u32; run the same version on both";
    Price no_reply_is_a_mismatch:
        #[message(packet_type = 103)]
        struct Price { item: String }
        => "the two ends differ in message `Price`: here packet type 103 is `Price` version 1 \
            { item: String } -> Result<u32, String>, there it is `Price` version 1 { item: String }; \
            run the same version on both";
    Bomb one_more_field_is_a_mismatch:
        #[message(packet_type = 101)]
        struct Bomb { damage: i32, by: Option<String> }
        => "the two ends differ in message `Bomb`: here packet type 101 is `Bomb` version 1 \
            { damage: i32 }, there it is `Bomb` version 1 { damage: i32, by: Option<String> }; run \
            the same version on both";
}

#[test]
fn how_a_message_is_delivered_is_not_part_of_its_wire_form() {
    #[derive(Message)]
    #[message(packet_type = 101, delivery = unreliable)]
    struct Bomb {
        #[message(range = 0..=10)]
        damage: i32,
    }

    let mut registry = Registry::new();
    registry.register::<Bomb>().unwrap();
    assert_eq!(registry.table(), table_of(&[0]));
    let _ = (Bomb { damage: 1 }.damage, now::Bomb { damage: 1 }.damage);
    let _ = (now::Heal(None).0, now::Price { item: String::new() }.item, now::Door::Open);
    let now::Door::Shut { hard: true } = (now::Door::Shut { hard: true }) else { return };
}
