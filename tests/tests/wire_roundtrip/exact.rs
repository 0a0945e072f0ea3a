//! Messages that fill a limit to the last byte, and those that have one byte more.

use pysage_core::Message;
use pysage_core::wire::{Codec, DecodeReason, EncodeReason, WireLimits};

use crate::shape::Shape;
use crate::wire_shapes::Empty;
use crate::{CODECS, check_at, decode, encode};

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 120)]
struct Text(String);

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 121)]
struct Bytes(Vec<u8>);

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 122)]
struct Words(Vec<u64>);

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 123)]
struct Units(Vec<()>);

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 124)]
struct Holes(Vec<Option<[u8; 32]>>);

macro_rules! shapes {
    ($($type:ident: $message:ident => $items:expr;)*) => {
        $(impl Shape for $type {
            fn items(&self) -> usize {
                let $message = self;
                $items
            }
        })*
    };
}

impl Shape for Text {}

shapes! {
    Bytes: bytes => bytes.0.len();
    Words: words => words.0.len();
    Units: units => units.0.len();
    Holes: holes => holes.0.len();
}

/// How many bytes the length of a sequence takes.
fn length_bytes(codec: Codec, length: usize) -> usize {
    match (codec, length) {
        (Codec::Fixed, _) => 8,
        (_, ..=250) => 1,
        (_, ..=0xffff) => 3,
        (_, _) => 5,
    }
}

/// The most units of a size that fit, with their length, into so many bytes.
fn most(codec: Codec, bytes: usize, size: usize) -> Option<usize> {
    let fits = |units: &usize| length_bytes(codec, *units) + units * size <= bytes;
    let about = bytes / size;
    (about.saturating_sub(10)..=about).rev().find(fits)
}

#[test]
fn a_message_may_fill_the_limit_to_the_last_byte() {
    let limits = [1, 2, 8, 9, 250, 251, 252, 253, 254, 255, 256, 300, 4096, 65_535, 65_536, 65_540];
    for (codec, limit) in CODECS.iter().flat_map(|codec| limits.map(|limit| (*codec, limit))) {
        for (size, over) in [(1, 0), (1, 1), (8, 0), (8, 1)] {
            let Some(units) = most(codec, limit, size).map(|units| units + over) else { continue };
            if size == 1 {
                check_sizes(codec, &Text("x".repeat(units)), limit);
                check_sizes(codec, &Bytes(vec![7; units]), limit);
            } else if codec == Codec::Fixed {
                check_sizes(codec, &Words(vec![u64::MAX; units]), limit);
            }
        }
    }
}

fn check_sizes<M: Shape>(codec: Codec, message: &M, limit: usize) {
    let bytes = encode(codec, message, 1 << 20).unwrap();
    check_at(codec, message, &bytes, limit);
    check_at(codec, message, &bytes, bytes.len());
    check_at(codec, message, &bytes, bytes.len() - 1);
}

#[test]
fn items_of_no_size_count_as_bytes_do() {
    for (codec, limit) in [(Codec::Compact, 5), (Codec::Fixed, 8), (Codec::Compact, 65_536)] {
        for units in [limit - 1, limit, limit + 1] {
            let message = Units(vec![(); units]);
            let bytes = encode(codec, &message, 1 << 20).unwrap();
            check_at(codec, &message, &bytes, limit);
        }
    }
}

#[test]
fn many_large_items_of_few_bytes_decode_if_they_encode() {
    for codec in CODECS {
        let limit = WireLimits::DEFAULT_MESSAGE_BYTES;
        let message = Holes(vec![None; most(codec, limit, 1).unwrap()]);
        check_sizes(codec, &message, limit);
    }
}

#[test]
fn the_highest_limit_can_be_filled_and_not_exceeded() {
    let limit = WireLimits::MOST_MESSAGE_BYTES;
    for codec in CODECS {
        let most = most(codec, limit, 1).unwrap();
        for asked in [limit, limit + 1, usize::MAX] {
            let limits = WireLimits::default().message_bytes(asked);
            let mut out = Vec::new();
            let text = Text("x".repeat(most));
            codec.encode(&text, &limits, &mut out).unwrap();
            assert_eq!(out.len(), limit);
            assert_eq!(codec.decode::<Text>(&out, &limits), Ok(text));
            out.push(0);
            let error = codec.decode::<Text>(&out, &limits).unwrap_err();
            assert_eq!(error.reason, DecodeReason::TooLong { limit_bytes: limit });
            out.clear();
            let error = codec.encode(&Text("x".repeat(most + 1)), &limits, &mut out).unwrap_err();
            assert_eq!(error.reason, EncodeReason::TooLong { limit_bytes: limit });
        }
    }
}

#[test]
fn a_limit_of_nothing_leaves_room_for_messages_without_fields() {
    for codec in CODECS {
        assert_eq!(encode(codec, &Empty, 0), Ok(vec![]));
        assert_eq!(decode::<Empty>(codec, &[], 0), Ok(Empty));
        assert!(decode::<Empty>(codec, &[0], 0).is_err());
        assert!(encode(codec, &Units(vec![]), 0).is_err(), "its length takes a byte");
    }
}
