//! Packets for peers that run the original, by way of messages and a registry.

#![allow(clippy::unwrap_used, missing_docs)]

use pysage_core::wire::{
    Codec, DecodeError, DecodeReason, EncodeReason, Registry, ShortBytes, ShortText, WireLimits,
    original_types,
};
use pysage_core::{AnyMessage, Message};
use serde_json::Value;

#[derive(Message)]
#[message(packet_type = 101)]
struct Empty;

#[derive(Message)]
#[message(packet_type = 103)]
struct Amount(i32);

#[derive(Message)]
#[message(packet_type = 147)]
struct AllBytes {
    bytes: ShortBytes,
}

#[derive(Message)]
#[message(packet_type = 151)]
struct Told {
    text: String,
}

#[derive(Message)]
#[message(packet_type = 155)]
struct Listed {
    numbers: Vec<i32>,
}

#[derive(Message)]
#[message(packet_type = 173)]
struct Said {
    nick: ShortText,
    text: ShortText,
}

#[derive(Message)]
#[message(packet_type = 200)]
struct Unlucky {
    numbers: Vec<i8>,
    number: i32,
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.register::<Empty>().unwrap();
    registry.register::<Amount>().unwrap();
    registry.register::<AllBytes>().unwrap();
    registry.register::<Told>().unwrap();
    registry.register::<Listed>().unwrap();
    registry.register::<Said>().unwrap();
    registry.register::<Unlucky>().unwrap();
    registry
}

fn packet_of(message: &dyn AnyMessage) -> Vec<u8> {
    let (registry, limits, mut out) = (registry(), WireLimits::default(), Vec::new());
    macro_rules! encode_as {
        ($($type:ty)*) => {
            $(if let Some(message) = message.downcast_ref::<$type>() {
                registry.encode(message, Codec::Pysage, &limits, &mut out).unwrap();
            })*
        };
    }
    encode_as!(Empty Amount AllBytes Told Listed Said Unlucky);
    out
}

fn read(packet: &[u8]) -> Result<Box<dyn AnyMessage>, DecodeError> {
    registry().decode(Codec::Pysage, &WireLimits::default(), packet)
}

fn golden_packets() -> impl Iterator<Item = Vec<u8>> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../pysage-core/tests/vectors/original.json"))
            .unwrap();
    let from_hex = |vector: &Value| {
        let digits = vector["hex"].as_str().unwrap().as_bytes().chunks_exact(2);
        let digits = digits.map(|digits| str::from_utf8(digits).unwrap());
        digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
    };
    vectors["vectors"].as_array().unwrap().iter().map(from_hex).collect::<Vec<_>>().into_iter()
}

#[test]
fn packets_of_the_original_are_read_as_messages_and_written_alike() {
    let registry = registry();
    let types = registry.messages().map(|message| message.packet_type.get()).collect::<Vec<_>>();
    let mut seen = Vec::new();
    for packet in golden_packets().filter(|packet| types.contains(&packet[0].into())) {
        let message = read(&packet).unwrap();
        assert_eq!(packet_of(&*message), packet, "{}", message.name());
        seen.push(message.name().to_owned());
    }
    assert_eq!(seen, ["Empty", "Amount", "AllBytes", "Told", "Listed", "Said"]);
}

#[test]
fn a_message_has_the_values_that_python_gave_it() {
    let packet = golden_packets().find(|packet| packet[0] == 173).unwrap();
    let message = read(&packet).unwrap();
    let said = message.downcast_ref::<Said>().unwrap();
    assert_eq!((&*said.nick, &*said.text), ("bob", "hi there"));
}

#[test]
fn a_packet_of_no_registered_type_is_refused() {
    for packet in [&[0][..], &[100, 1], &[102], &[255, 0, 0]] {
        let refused = read(packet).map(|_| ()).unwrap_err();
        assert_eq!(refused.reason, DecodeReason::UnknownPacketType(packet[0].into()));
    }
    assert_eq!(read(&[]).map(|_| ()).unwrap_err().reason, DecodeReason::UnexpectedEnd);
}

#[test]
fn a_malformed_packet_is_refused_with_the_message_and_the_place() {
    let cases: [(&[u8], DecodeReason); 5] = [
        (&[101, 1], DecodeReason::TrailingBytes(1)),
        (&[103, 0, 0, 0], DecodeReason::UnexpectedEnd),
        (&[151, 0, 0, 0, 5, b'a', b'b'], DecodeReason::UnexpectedEnd),
        (&[151, 0, 0, 0, 1, 0xff], DecodeReason::NotUtf8),
        // The original takes this for a packet, since its position runs back by the -4.
        (&[200, 0xff, 0xff, 0xff, 0xfc], DecodeReason::NegativeLength(-4)),
    ];
    for (packet, reason) in cases {
        let refused = read(packet).map(|_| ()).unwrap_err();
        assert_eq!(refused.reason, reason);
        assert!(refused.message.is_some() && refused.at.is_some(), "{refused}");
    }
}

#[test]
fn a_message_may_be_as_long_as_the_limit_both_ways() {
    let mut out = Vec::new();
    let told = Told { text: "a".repeat(100) };
    let limits = WireLimits::default().message_bytes(104);
    Codec::Pysage.encode(&told, &limits, &mut out).unwrap();
    assert_eq!(Codec::Pysage.decode::<Told>(&out, &limits).unwrap().text, told.text);

    let limits = WireLimits::default().message_bytes(103);
    let too_long = EncodeReason::TooLong { limit_bytes: 103 };
    let refused = Codec::Pysage.encode(&told, &limits, &mut Vec::new());
    assert_eq!(refused.unwrap_err().reason, too_long);
    let refused = Codec::Pysage.decode::<Told>(&out, &limits).map(|_| ());
    assert_eq!(refused.unwrap_err().reason, DecodeReason::TooLong { limit_bytes: 103 });
}

#[test]
fn what_the_original_has_no_form_for_is_told_without_a_value() {
    #[derive(Message)]
    #[message(packet_type = 104)]
    #[allow(dead_code)]
    enum Choice {
        This,
        That,
    }
    #[derive(Message)]
    #[message(packet_type = 105)]
    #[allow(dead_code)]
    struct Perhaps {
        amount: Option<i32>,
    }
    #[derive(Message)]
    #[message(packet_type = 256)]
    struct TooHigh;

    let shown = |error: pysage_core::wire::EncodeError| error.to_string();
    assert_eq!(
        original_types::<Choice>().map_err(shown).unwrap_err(),
        "message `Choice` cannot be encoded: the original pysage has no form for an enum"
    );
    assert_eq!(
        original_types::<Perhaps>().map_err(shown).unwrap_err(),
        "message `Perhaps` cannot be encoded: the original pysage has no form for an Option"
    );
    assert!(original_types::<TooHigh>().map_err(shown).unwrap_err().contains("more than 255"));
}

#[test]
fn the_types_of_messages_of_any_shape_are_told() {
    assert_eq!(original_types::<Empty>().unwrap(), [""; 0]);
    assert_eq!(original_types::<Amount>().unwrap(), ["i"]);
    assert_eq!(original_types::<Said>().unwrap(), ["p", "p"]);
    assert_eq!(original_types::<Unlucky>().unwrap(), ["ab", "i"]);
}
