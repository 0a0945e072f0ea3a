//! Registering messages: alone, as sets, and by subscribing.

#![allow(clippy::unwrap_used, missing_docs)]

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pysage_core::wire::{Codec, DecodeReason, Registry, WireLimits, WireMessage};
use pysage_core::{
    Actor, ActorManager, Context, Message, RegisterMessageError, Subscriptions, protocol,
};

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 101)]
struct Bomb {
    damage: i32,
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 102)]
struct Heal(u8);

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 101, name = "Mine")]
struct Landmine {
    armed: bool,
}

protocol! {
    /// What players say.
    #[derive(PartialEq)]
    pub(crate) Game: Bomb, Heal,
}

protocol! { Alone: Landmine }

/// Takes messages of one type.
struct Taker<M>(PhantomData<M>);

impl<M: Message> Actor for Taker<M> {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Self, _: &M, _: &Context| {});
    }
}

const CLASH: [&str; 2] = ["`Bomb` (wire_registry::Bomb)", "`Mine` (wire_registry::Landmine)"];

#[track_caller]
fn assert_taken(registered: Result<(), RegisterMessageError>, message: &str, holder: &str) {
    let error = registered.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "packet type 101 of message {message} is taken by {holder}; give one of them another \
             number"
        )
    );
    assert!(matches!(error, RegisterMessageError::PacketTypeTaken { packet_type, .. }
        if packet_type.get() == 101));
}

fn names(registry: &Registry) -> Vec<&str> {
    registry.messages().map(|message| message.name).collect()
}

#[test]
fn registering_again_changes_nothing() {
    let (mut registry, manager) = (Registry::new(), ActorManager::new());
    for _ in 0..3 {
        registry.register::<Heal>().unwrap();
        registry.register::<Bomb>().unwrap();
        registry.register_protocol::<Game>().unwrap();
        manager.register_message::<Heal>().unwrap();
        manager.register_protocol::<Game>().unwrap();
    }
    assert_eq!(names(&registry), ["Heal", "Bomb"], "in the order of registration");
    assert_eq!(manager.message_table(), registry.table());
}

#[test]
fn a_packet_type_that_is_taken_is_refused_naming_both() {
    let (mut registry, manager) = (Registry::new(), ActorManager::new());
    registry.register::<Bomb>().unwrap();
    manager.register_message::<Landmine>().unwrap();
    let [bomb, mine] = CLASH;
    for _ in 0..2 {
        assert_taken(registry.register::<Landmine>(), mine, bomb);
        assert_taken(registry.register_protocol::<Alone>(), mine, bomb);
        assert_taken(manager.register_message::<Bomb>(), bomb, mine);
        assert_taken(manager.register_protocol::<Game>(), bomb, mine);
    }
    assert_eq!(names(&registry), ["Bomb"]);
    assert_eq!(manager.message_table().len(), 1);
}

#[test]
fn what_stands_before_a_refused_message_of_a_set_is_registered() {
    protocol! { Turned: Heal, Bomb }

    let mut registry = Registry::new();
    registry.register::<Landmine>().unwrap();
    registry.register_protocol::<Turned>().unwrap_err();
    assert_eq!(names(&registry), ["Mine", "Heal"]);
}

/// A message that writes its wire form itself, and does not tell of it in `Message`.
#[derive(Debug, PartialEq)]
struct ByHand(u8);

impl pysage_core::MessageTrait for ByHand {
    const NAME: &'static str = "ByHand";
    const PACKET_TYPE: Option<pysage_core::PacketType> = pysage_core::PacketType::new(150);
}

impl WireMessage for ByHand {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(deserializer).map(ByHand)
    }
}

#[test]
fn a_wire_form_written_by_hand_is_registered_as_a_derived_one() {
    protocol! { Manual: ByHand }

    let (mut registry, mut other) = (Registry::new(), Registry::new());
    registry.register::<ByHand>().unwrap();
    other.register_protocol::<Manual>().unwrap();
    assert_eq!(names(&registry), ["ByHand"]);
    assert_eq!(registry.table(), other.table());
}

#[test]
fn a_manager_that_subscribes_to_two_types_of_one_packet_type_panics_naming_both() {
    let manager = ActorManager::new();
    manager.register(Taker::<Bomb>(PhantomData));
    let clash = || manager.register(Taker::<Landmine>(PhantomData));
    let panic = catch_unwind(AssertUnwindSafe(clash)).unwrap_err();
    let text = panic.downcast_ref::<String>().expect("the panic has a text");
    for name in CLASH {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn what_is_subscribed_to_or_sent_can_arrive() {
    let manager = ActorManager::new();
    manager.register(Taker::<Bomb>(PhantomData));
    let mut registry = Registry::new();
    registry.register::<Bomb>().unwrap();
    assert_eq!(manager.message_table(), registry.table());
}

#[test]
fn frames_of_unknown_types_are_refused_with_their_number() {
    let (mut registry, limits) = (Registry::new(), WireLimits::default());
    registry.register::<Heal>().unwrap();
    for codec in [Codec::Compact, Codec::Fixed] {
        let mut frame = Vec::new();
        registry.encode(&Bomb { damage: 1 }, codec, &limits, &mut frame).unwrap();
        let Err(error) = registry.decode(codec, &limits, &frame) else { panic!("it is decoded") };
        assert_eq!(error.reason, DecodeReason::UnknownPacketType(101));
        assert_eq!(
            error.to_string(),
            "the bytes of a message are malformed at byte 0: no message type with packet type 101 \
             is registered"
        );
    }
}

#[test]
fn an_error_of_encoding_leaves_no_head_behind() {
    #[derive(Message)]
    #[message(packet_type = 103)]
    struct Long(String);

    let (registry, mut out) = (Registry::new(), b"before".to_vec());
    let limits = WireLimits::default().message_bytes(10);
    for codec in [Codec::Compact, Codec::Fixed, Codec::Pysage] {
        let long = Long("x".repeat(100));
        let error = registry.encode(&long, codec, &limits, &mut out).unwrap_err();
        assert_eq!(
            error.to_string(),
            "message `Long` cannot be encoded: it is longer than the limit of 10 bytes"
        );
        assert_eq!(out, b"before");
    }
}

#[test]
fn a_packet_type_that_the_original_has_no_room_for_is_not_cut_short() {
    #[derive(Message)]
    #[message(packet_type = 357)]
    struct Beyond(u8);

    let (registry, limits, mut out) = (Registry::new(), WireLimits::default(), b"before".to_vec());
    let error = registry.encode(&Beyond(1), Codec::Pysage, &limits, &mut out).unwrap_err();
    assert_eq!(
        error.to_string(),
        "message `Beyond` cannot be encoded: the codec has no place for packet types above 255"
    );
    assert_eq!(out, b"before");
    registry.encode(&Beyond(1), Codec::Compact, &limits, &mut out).unwrap();
}

#[test]
fn each_frame_becomes_a_message_of_its_type() {
    let (mut registry, limits) = (Registry::new(), WireLimits::default());
    registry.register_protocol::<Game>().unwrap();
    for codec in [Codec::Compact, Codec::Fixed, Codec::Pysage] {
        let (mut bomb, mut heal) = (Vec::new(), Vec::new());
        registry.encode(&Bomb { damage: -1 }, codec, &limits, &mut bomb).unwrap();
        registry.encode(&Heal(9), codec, &limits, &mut heal).unwrap();
        let bomb = registry.decode(codec, &limits, &bomb).unwrap();
        let heal = registry.decode(codec, &limits, &heal).unwrap();
        assert_eq!(bomb.downcast_ref(), Some(&Bomb { damage: -1 }));
        assert_eq!(heal.downcast_ref(), Some(&Heal(9)));
    }
    let _ = (Game, Alone, Landmine { armed: true }.armed);
}
