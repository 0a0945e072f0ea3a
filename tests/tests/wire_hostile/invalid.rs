//! Values that are none of their type.

use pysage_core::Message;
use pysage_core::wire::{Codec, DecodeReason, WireLimits};

use crate::wire_shapes::{Choice, Sequences};
use crate::{CODECS, reason};

#[derive(Debug, Message)]
#[message(packet_type = 110)]
struct Flag(bool);

#[derive(Debug, Message)]
#[message(packet_type = 111)]
struct Letter(char);

#[derive(Debug, Message)]
#[message(packet_type = 112)]
struct Said(String);

#[derive(Debug, Message)]
#[message(packet_type = 113)]
struct Maybe(Option<u8>);

#[derive(Debug, Message)]
#[message(packet_type = 114)]
struct Small(u16);

/// A message with something in each of its sequences.
pub(crate) fn example(codec: Codec) -> Vec<u8> {
    let message = Sequences {
        units: vec![(); 300],
        bytes: vec![1, 2, 3],
        numbers: [-1, 1 << 40].into(),
        texts: vec![String::new(), "text".to_owned()],
        keys: vec![None, Some([9; 32]), None],
        nested: vec![vec![], vec![1, 70_000_u32 as u16]],
        pairs: [(true, 'ä'), (false, 'b')].into(),
    };
    let mut bytes = Vec::new();
    codec.encode(&message, &WireLimits::default(), &mut bytes).unwrap();
    bytes
}

/// The length of a sequence or a text.
pub(crate) fn length(codec: Codec, length: u64) -> Vec<u8> {
    match (codec, length) {
        (Codec::Compact, 0..=250) => vec![length as u8],
        (Codec::Compact, _) => [&[253][..], &length.to_le_bytes()].concat(),
        (_, _) => length.to_le_bytes().to_vec(),
    }
}

/// That a value is none of its type is told in words.
#[track_caller]
fn assert_told(reason: DecodeReason) {
    assert!(matches!(&reason, DecodeReason::Other(text) if !text.is_empty()), "{reason:?}");
}

#[test]
fn bools_and_options_are_0_or_1() {
    for (codec, byte) in CODECS.iter().flat_map(|codec| (2..=255).map(|byte| (*codec, byte))) {
        assert_told(reason::<Flag>(codec, &[byte]));
        assert_told(reason::<Maybe>(codec, &[byte, 0]));
    }
    // The original took any byte but 0 for true.
    assert!(Codec::Pysage.decode::<Flag>(&[7], &WireLimits::default()).unwrap().0);
}

#[test]
fn letters_are_utf8() {
    let wrong: [&[u8]; 5] =
        [&[0x80], &[0xff], &[0xc0, 0x80], &[0xed, 0xa0, 0x80], &[0xf4, 0x90, 0x80, 0x80]];
    for (codec, bytes) in CODECS.iter().flat_map(|codec| wrong.map(|bytes| (*codec, bytes))) {
        assert_told(reason::<Letter>(codec, bytes));
        let text = [length(codec, bytes.len() as u64), bytes.to_vec()].concat();
        assert_eq!(reason::<Said>(codec, &text), DecodeReason::NotUtf8);
    }
    for codec in CODECS {
        assert_eq!(reason::<Letter>(codec, &[0xc3]), DecodeReason::UnexpectedEnd);
    }
}

#[test]
fn variants_that_are_not_there_are_told() {
    for number in [6_u32, 7, 250, u32::MAX] {
        assert_told(reason::<Choice>(Codec::Fixed, &number.to_le_bytes()));
        let compact = [&[252][..], &number.to_le_bytes()].concat();
        assert_told(reason::<Choice>(Codec::Compact, &compact));
    }
}

#[test]
fn numbers_are_of_the_size_of_their_type() {
    // Longer forms than needed are numbers all the same.
    let limits = WireLimits::default();
    assert_eq!(Codec::Compact.decode::<Small>(&[251, 7, 0], &limits).unwrap().0, 7);
    for wrong in [&[252, 7, 0, 0, 0][..], &[253, 7, 0, 0, 0, 0, 0, 0, 0], &[254; 17], &[255]] {
        assert_told(reason::<Small>(Codec::Compact, wrong));
    }
}

#[test]
fn claimed_lengths_are_not_believed() {
    let lengths = [5, 251, 65_535, 1 << 31, (1 << 31) + 1, 1 << 32, 1 << 63, u64::MAX];
    for (codec, claim) in CODECS.iter().flat_map(|codec| lengths.map(|claim| (*codec, claim))) {
        let bytes = [length(codec, claim), vec![b'x'; 4]].concat();
        assert_eq!(reason::<Said>(codec, &bytes), DecodeReason::UnexpectedEnd, "{claim}");
    }
    for claim in [5, i32::MAX] {
        let bytes = [&claim.to_be_bytes()[..], b"four"].concat();
        assert_eq!(reason::<Said>(Codec::Pysage, &bytes), DecodeReason::UnexpectedEnd);
    }
    for claim in [-1, i32::MIN] {
        let bytes = [&claim.to_be_bytes()[..], b"four"].concat();
        let reason = reason::<Said>(Codec::Pysage, &bytes);
        assert_eq!(reason, DecodeReason::NegativeLength(claim.into()));
    }
}
