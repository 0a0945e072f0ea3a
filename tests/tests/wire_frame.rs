//! The heads of frames: what is written is read, and nothing else is.

#![allow(clippy::unwrap_used, missing_docs)]

use proptest::option;
use proptest::prelude::*;
use pysage_core::wire::{Codec, DecodeError, DecodeReason, FrameHead, Purpose, Receiver};
use pysage_core::{Actor, ActorId, ActorManager, PacketType, Subscriptions};

const CODECS: [Codec; 2] = [Codec::Compact, Codec::Fixed];

struct Nobody;

impl Actor for Nobody {
    fn subscriptions(_: &mut Subscriptions<Self>) {}
}

/// Ids of which no two are alike.
fn ids() -> Vec<ActorId> {
    let manager = ActorManager::new();
    (0..300).map(|_| manager.register(Nobody)).collect()
}

/// A head whose receiver's name belongs to itself.
#[derive(Clone, Debug)]
struct Written {
    packet_type: PacketType,
    to: To,
    sender: Option<ActorId>,
    purpose: Purpose,
}

#[derive(Clone, Debug)]
enum To {
    Subscribers,
    Actor(ActorId),
    Named(String),
}

impl Written {
    fn head(&self) -> FrameHead<'_> {
        let Written { packet_type, ref to, sender, purpose } = *self;
        let receiver = match to {
            To::Subscribers => Receiver::Subscribers,
            To::Actor(actor) => Receiver::Actor(*actor),
            To::Named(name) => Receiver::Named(name),
        };
        FrameHead { packet_type, receiver, sender, purpose }
    }
}

fn actors() -> impl Strategy<Value = ActorId> {
    proptest::sample::select(ids())
}

/// Names of up to 255 bytes.
fn names() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 0..=255).prop_map(|letters| {
        let fits = |bytes: &mut usize, letter: char| {
            *bytes += letter.len_utf8();
            (*bytes <= FrameHead::NAME_BYTES).then_some(letter)
        };
        letters.into_iter().scan(0, fits).collect()
    })
}

fn heads() -> impl Strategy<Value = Written> {
    let to = prop_oneof![
        Just(To::Subscribers),
        actors().prop_map(To::Actor),
        names().prop_map(To::Named),
    ];
    let purpose = prop_oneof![
        Just(Purpose::Message),
        any::<u64>().prop_map(Purpose::Request),
        any::<u64>().prop_map(Purpose::Answer),
        any::<u64>().prop_map(Purpose::Refusal),
    ];
    let packet_type = (101..=u16::MAX).prop_map(|number| PacketType::new(number).unwrap());
    (packet_type, to, option::of(actors()), purpose)
        .prop_map(|(packet_type, to, sender, purpose)| Written { packet_type, to, sender, purpose })
}

fn written(head: &FrameHead<'_>, codec: Codec) -> Vec<u8> {
    let mut frame = b"before".to_vec();
    head.write(codec, &mut frame);
    frame.split_off(b"before".len())
}

#[track_caller]
fn refused(frame: &[u8]) -> (usize, DecodeReason) {
    let error = FrameHead::read(Codec::Compact, frame).unwrap_err();
    assert_eq!(Err(error.clone()), FrameHead::read(Codec::Fixed, frame), "heads have one form");
    let DecodeError { message: None, at: Some(at), reason, .. } = error else {
        panic!("{error} names a message, or no place");
    };
    (at, reason)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn heads_make_the_round_trip(head in heads(), fields in any::<Vec<u8>>()) {
        for codec in CODECS {
            let mut frame = written(&head.head(), codec);
            frame.extend_from_slice(&fields);
            prop_assert_eq!(FrameHead::read(codec, &frame), Ok((head.head(), &fields[..])));
        }
    }

    #[test]
    fn a_head_that_ends_early_is_told_where(head in heads()) {
        let frame = written(&head.head(), Codec::Compact);
        for end in 0..frame.len() {
            prop_assert_eq!(refused(&frame[..end]), (end, DecodeReason::UnexpectedEnd));
        }
    }

    #[test]
    fn any_bytes_are_a_head_or_an_error(bytes in any::<Vec<u8>>()) {
        match FrameHead::read(Codec::Compact, &bytes) {
            // There is one way to write each head.
            Ok((head, fields)) => {
                let head = written(&head, Codec::Compact);
                prop_assert_eq!(&[&head, fields].concat(), &bytes);
            }
            Err(error) => prop_assert!(error.at.unwrap() <= bytes.len()),
        }
        match FrameHead::read(Codec::Pysage, &bytes) {
            Ok((head, fields)) => prop_assert_eq!([&written(&head, Codec::Pysage), fields].concat(), bytes),
            Err(error) => prop_assert_eq!(error.at, Some(0)),
        }
    }
}

#[test]
fn unknown_flags_are_refused_at_their_byte() {
    let whole = [&[0, 101, 0][..], &[1; 40]].concat();
    for flags in 0..=u8::MAX {
        let frame = [&[flags], &whole[1..]].concat();
        let known = flags & 0b1110_0000 == 0 && flags & 0b11 != 3;
        match FrameHead::read(Codec::Compact, &frame) {
            Ok(_) => assert!(known, "{flags:#b}"),
            Err(_) => {
                assert!(!known, "{flags:#b}");
                let (at, reason) = refused(&frame);
                assert!(matches!(reason, DecodeReason::Other(_)));
                assert_eq!(at, 0, "{flags:#b}");
            }
        }
    }
}

#[test]
fn reserved_packet_types_are_refused_at_their_bytes() {
    for number in 0_u16..=100 {
        let [low, high] = number.to_le_bytes();
        assert_eq!(refused(&[0, low, high]), (1, DecodeReason::UnknownPacketType(number)));
        let error = FrameHead::read(Codec::Pysage, &[low, 1, 2]).unwrap_err();
        assert_eq!((error.at, error.reason), (Some(0), DecodeReason::UnknownPacketType(number)));
    }
    for number in [101_u16, 102, 255, 256, u16::MAX] {
        let [low, high] = number.to_le_bytes();
        let frame = [0, low, high];
        let (head, fields) = FrameHead::read(Codec::Compact, &frame).unwrap();
        assert_eq!((head.packet_type.get(), fields), (number, &[][..]));
    }
}

#[test]
fn the_packet_types_of_the_original_take_a_byte() {
    for number in 101..=255 {
        let head = FrameHead {
            packet_type: PacketType::new(number).unwrap(),
            receiver: Receiver::Subscribers,
            sender: None,
            purpose: Purpose::Message,
        };
        let frame = written(&head, Codec::Pysage);
        assert_eq!(frame, [number as u8]);
        assert_eq!(FrameHead::read(Codec::Pysage, &frame), Ok((head, &[][..])));
    }
    let beyond = FrameHead {
        packet_type: PacketType::new(357).unwrap(),
        receiver: Receiver::Subscribers,
        sender: None,
        purpose: Purpose::Message,
    };
    let cut_short = std::panic::catch_unwind(|| written(&beyond, Codec::Pysage));
    assert!(cut_short.is_err(), "that would be another packet type");
    let error = FrameHead::read(Codec::Pysage, &[]).unwrap_err();
    assert_eq!((error.at, error.reason), (Some(0), DecodeReason::UnexpectedEnd));
}

#[test]
fn an_id_that_no_actor_can_have_is_told_where() {
    let birth_of_nobody = [0, 0, 1, 1, 1, 1, 1, 1];
    let to_nobody = [&[1, 101, 0][..], &birth_of_nobody].concat();
    assert_eq!(refused(&to_nobody).0, 3);
    let from_nobody = [&[4, 101, 0][..], &birth_of_nobody].concat();
    assert_eq!(refused(&from_nobody).0, 3);
    let named_from_nobody = [&[6, 101, 0, 2, b'm', b'e'][..], &birth_of_nobody].concat();
    assert_eq!(refused(&named_from_nobody).0, 6);
}

#[test]
fn a_name_that_is_not_utf8_is_told_where() {
    let frame = [2, 101, 0, 4, b'm', b'e', 0xff, b'x'];
    assert_eq!(refused(&frame), (6, DecodeReason::NotUtf8));
}

#[test]
fn a_name_of_nothing_and_one_of_255_bytes_fit() {
    for name in [String::new(), "n".repeat(255)] {
        let receiver = Receiver::Named(&name);
        let (packet_type, purpose) = (PacketType::FIRST, Purpose::Message);
        let head = FrameHead { packet_type, receiver, sender: None, purpose };
        let frame = written(&head, Codec::Compact);
        assert_eq!(frame.len(), 4 + name.len());
        assert_eq!(FrameHead::read(Codec::Compact, &frame), Ok((head, &[][..])));
    }
}
