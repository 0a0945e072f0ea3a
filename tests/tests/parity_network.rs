//! The counterparts of those tests of the original's `tests/test_network.py` that are about
//! packets, in its order.

#![allow(clippy::unwrap_used, missing_docs)]

use pysage_core::transport::{Encoding, pipe};
use pysage_core::wire::{
    Codec, EncodeReason, RegisterMessageError, Registry, ShortText, WireLimits, WireMessage,
    original_types,
};
use pysage_core::{ActorManager, AnyMessage, Message};
use serde::{Deserialize, Serialize};

/// The packet of a message as the original writes it, and the message read from it again.
fn there_and_back<M: WireMessage + AnyMessage>(message: &M) -> (Vec<u8>, Box<dyn AnyMessage>) {
    let mut registry = Registry::new();
    registry.register::<M>().unwrap();
    let (mut packet, limits) = (Vec::new(), WireLimits::default());
    registry.encode(message, Codec::Pysage, &limits, &mut packet).unwrap();
    let read = registry.decode(Codec::Pysage, &limits, &packet).unwrap();
    (packet, read)
}

#[derive(Message)]
#[message(packet_type = 103)]
struct Amount {
    amount: i32,
}

/// Original 30: test_packet_creation
#[test]
fn a_message_with_a_packet_type_can_be_made() {
    assert_eq!(Amount { amount: 1 }.amount, 1);
    assert_eq!(Amount::PACKET_TYPE.map(|number| number.get()), Some(103));
    assert_eq!(original_types::<Amount>().unwrap(), ["i"]);
}

/// Original 31: test_packing
#[test]
fn a_packet_is_the_packet_type_and_the_properties_in_big_endian() {
    let (packet, read) = there_and_back(&Amount { amount: 1 });
    assert_eq!(packet, b"g\0\0\0\x01");
    assert_eq!(read.name(), "Amount");
    assert_eq!(read.property::<i32>("amount"), Ok(&1));
}

/// Original 34: test_packing_tuple
#[test]
fn a_tuple_is_its_items_without_a_prefix() {
    #[derive(Message)]
    #[message(packet_type = 106)]
    struct Sized {
        size: (i32, i32),
    }
    let (packet, read) = there_and_back(&Sized { size: (1, 1) });
    assert_eq!(packet, b"j\0\0\0\x01\0\0\0\x01");
    assert_eq!(read.property::<(i32, i32)>("size"), Ok(&(1, 1)));
    assert_eq!(original_types::<Sized>().unwrap(), ["(i, i)"]);
}

/// Original 35: test_long_list
#[test]
fn a_long_list_takes_its_items_and_four_bytes_for_their_count() {
    #[derive(Message)]
    #[message(packet_type = 107)]
    struct Listed {
        numbers: Vec<i32>,
    }
    let (packet, read) = there_and_back(&Listed { numbers: vec![1; 10_000] });
    assert_eq!(packet.len(), 1 + 4 + 40_000);
    assert_eq!(read.property::<Vec<i32>>("numbers"), Ok(&vec![1; 10_000]));
    assert_eq!(original_types::<Listed>().unwrap(), ["ai"]);
}

/// Original 36: test_long_pascal_string
#[test]
fn a_short_text_has_at_most_255_bytes() {
    #[derive(Message)]
    #[message(packet_type = 108)]
    struct Named {
        name: ShortText,
    }
    let name = ShortText::try_from("a".repeat(255)).unwrap();
    let (packet, read) = there_and_back(&Named { name: name.clone() });
    assert_eq!(packet.len(), 257);
    assert_eq!(read.property("name"), Ok(&name));
    assert_eq!(original_types::<Named>().unwrap(), ["p"]);

    let refused = ShortText::try_from("a".repeat(256)).unwrap_err();
    assert_eq!(refused.length_bytes, 256);
}

/// Original 37: test_pack_complex_message
#[test]
fn a_field_of_ones_own_type_says_what_it_is_on_the_wire() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(from = "(i32, i32)", into = "(i32, i32)")]
    struct Coordinates {
        x: i32,
        y: i32,
    }
    impl From<(i32, i32)> for Coordinates {
        fn from((x, y): (i32, i32)) -> Coordinates {
            Coordinates { x, y }
        }
    }
    impl From<Coordinates> for (i32, i32) {
        fn from(Coordinates { x, y }: Coordinates) -> (i32, i32) {
            (x, y)
        }
    }
    #[derive(Message)]
    #[message(packet_type = 175)]
    struct Moved {
        to: Coordinates,
        speed: f64,
    }
    let to = Coordinates { x: 1, y: 2 };
    let (packet, read) = there_and_back(&Moved { to: to.clone(), speed: 10.0 });
    assert_eq!(packet, b"\xaf\0\0\0\x01\0\0\0\x02\x40\x24\0\0\0\0\0\0");
    assert_eq!(read.property("to"), Ok(&to));
    assert_eq!(read.property("speed"), Ok(&10.0));
    assert_eq!(original_types::<Moved>().unwrap(), ["(i, i)", "d"]);
}

/// Original 38: test_bad_message
#[test]
fn a_message_with_a_property_that_has_no_type_there_is_refused_when_it_is_registered() {
    #[derive(Message)]
    #[message(packet_type = 109)]
    struct Untyped {
        amount: i32,
        names: Vec<String>,
    }
    let manager = ActorManager::new();
    let encoding = Encoding { codec: Codec::Pysage, ..Encoding::default() };
    manager.attach(pipe(encoding, 1 << 16).0).unwrap();
    manager.register_message::<Amount>().unwrap();
    let refused = manager.register_message::<Untyped>().unwrap_err();
    let RegisterMessageError::NotCarried { message, .. } = refused else { panic!("{refused}") };
    assert_eq!(message, "Untyped");

    let message = Untyped { amount: 1, names: vec!["bob".to_owned()] };
    let mut packet = Vec::new();
    let limits = WireLimits::default();
    let refused = Registry::new().encode(&message, Codec::Pysage, &limits, &mut packet);
    assert!(matches!(refused.unwrap_err().reason, EncodeReason::Unsupported(_)));
    assert!(packet.is_empty());
}

/// Original 39: test_long_string_message
#[test]
fn a_long_text_takes_its_bytes_and_four_for_their_number() {
    #[derive(Message)]
    #[message(packet_type = 110)]
    struct Told {
        text: String,
    }
    let (packet, read) = there_and_back(&Told { text: "a".repeat(10_000) });
    assert_eq!(packet.len(), 1 + 4 + 10_000);
    assert_eq!(read.property::<String>("text"), Ok(&"a".repeat(10_000)));
    assert_eq!(original_types::<Told>().unwrap(), ["S"]);
}
