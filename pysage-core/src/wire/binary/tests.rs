#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;

use bincode::config;
use bincode::serde::encode_to_vec;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Fault, Fixed, Variable};
use crate::wire::{DecodeReason, EncodeReason, WireLimits};

/// What encodes with so many bytes at most, in both forms: compact, fixed.
fn encoded<T: Serialize>(value: &T, limit_bytes: usize) -> [Result<Vec<u8>, EncodeReason>; 2] {
    let limits = WireLimits::default().message_bytes(limit_bytes);
    let (mut compact, mut fixed) = (b"before".to_vec(), b"before".to_vec());
    let written = [
        super::encode::<Variable>(value, &limits, &mut compact),
        super::encode::<Fixed>(value, &limits, &mut fixed),
    ];
    let mut buffers = [compact, fixed].into_iter();
    written.map(|written| {
        let bytes = buffers.next().unwrap();
        let bytes = bytes.strip_prefix(b"before").unwrap().to_vec();
        assert!(written.is_ok() || bytes.is_empty());
        written.map(|()| bytes).map_err(|reason| *reason)
    })
}

fn decoded<T: DeserializeOwned>(
    [compact, fixed]: [&[u8]; 2],
) -> [Result<T, (usize, DecodeReason)>; 2] {
    let limits = WireLimits::default();
    let told = |fault: Fault, bytes: &[u8]| {
        let malformed = fault.into_malformed(bytes.len());
        (malformed.at.unwrap(), malformed.reason)
    };
    [
        super::decode::<Variable, T>(compact, &limits).map_err(|fault| told(fault, compact)),
        super::decode::<Fixed, T>(fixed, &limits).map_err(|fault| told(fault, fixed)),
    ]
}

#[track_caller]
fn assert_as_bincode<T: Serialize>(value: &T) {
    let of_bincode = [
        Ok(encode_to_vec(value, config::standard()).unwrap()),
        Ok(encode_to_vec(value, config::standard().with_fixed_int_encoding()).unwrap()),
    ];
    assert_eq!(encoded(value, 1 << 20), of_bincode);
}

/// The numbers about which forms change, and their neighbours.
fn numbers() -> impl Iterator<Item = u128> {
    let corners = [0, 125, 250, 255, 32_767, 65_535].into_iter();
    let corners = corners.chain((0..128).map(|bit| 1 << bit)).chain([u128::MAX]);
    corners.flat_map(|corner| (0..5).map(move |by| u128::wrapping_add(corner, by).wrapping_sub(2)))
}

#[test]
fn numbers_are_written_as_bincode_does() {
    for number in numbers() {
        let unsigned = (number as u8, number as u16, number as u32, number as u64, number);
        let signed =
            (number as i8, number as i16, number as i32, number as i64, number.cast_signed());
        assert_as_bincode(&(unsigned, signed));
        let [compact, fixed] = encoded(&(unsigned, signed), 1 << 10).map(Result::unwrap);
        let read = decoded([&compact, &fixed]);
        assert_eq!(read, [Ok((unsigned, signed)), Ok((unsigned, signed))]);
        assert_as_bincode(&(f32::from_bits(number as u32), f64::from_bits(number as u64)));
    }
}

#[test]
fn sequences_of_numbers_are_written_as_bincode_does() {
    let words: Vec<u128> = numbers().collect();
    for count in [0, 1, 2, 63, 64, 65, words.len()] {
        let words = &words[..count];
        macro_rules! as_each {
            ($($number:ty)*) => {
                $(assert_as_bincode(&words.iter().map(|it| *it as $number).collect::<Vec<_>>());)*
            };
        }
        as_each!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);
        assert_as_bincode(&words.iter().map(|it| it % 2 == 0).collect::<VecDeque<_>>());
        assert_as_bincode(&words.iter().map(|it| (*it as u32, *it as u8)).collect::<Vec<_>>());
    }
}

/// A value that is of another type each time.
struct Sometimes(u32);

impl Serialize for Sometimes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 5 {
            0 => serializer.serialize_u64(self.0.into()),
            1 => serializer.serialize_str("one"),
            2 => serializer.serialize_f64(2.0),
            3 => vec![self.0; 3].serialize(serializer),
            _ => (self.0, 7_u8).serialize(serializer),
        }
    }
}

#[test]
fn items_that_are_unlike_the_first_one_are_written_as_bincode_does() {
    for first in 0..5 {
        for others in [vec![], vec![first; 9], vec![first, first, 0, 1, 2, 3, 4], vec![4, 3, 2]] {
            let items: Vec<_> = std::iter::once(first).chain(others).map(Sometimes).collect();
            assert_as_bincode(&items);
            assert_as_bincode(&(&items, "behind"));
        }
    }
}

#[test]
fn a_message_may_have_as_many_bytes_as_the_limit_and_no_more() {
    let words: Vec<u64> = numbers().map(|number| number as u64).take(40).collect();
    let parts = ("a text", words.clone(), "ß", 300_u16, vec!["b"]);
    let value = (parts, (words[3], words[20], words[30]));
    let whole = encoded(&value, 1 << 20).map(Result::unwrap);
    for limit in 46..whole[1].len() + 3 {
        for (encoded, whole) in encoded(&value, limit).into_iter().zip(&whole) {
            if whole.len() <= limit {
                assert_eq!(encoded.as_ref(), Ok(whole));
            } else {
                assert_eq!(encoded, Err(EncodeReason::TooLong { limit_bytes: limit }));
            }
        }
    }
    assert_eq!(
        encoded(&words, 39).map(Result::unwrap_err),
        [EncodeReason::TooManyItems { limit: 39 }, EncodeReason::TooManyItems { limit: 39 },]
    );
}

/// Refuses to be read, in words of its own.
#[derive(Debug, PartialEq)]
struct Unwilling;

impl<'de> Deserialize<'de> for Unwilling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unwilling, D::Error> {
        // What is wrong with these bytes is of no interest, and does not stay.
        let _ = u8::deserialize(deserializer)?;
        let _ = decoded::<bool>([&[9], &[9]]);
        Err(serde::de::Error::custom("not today"))
    }
}

#[test]
fn a_mistake_has_a_place() {
    let other = |reason: &str| DecodeReason::Other(reason.to_owned());
    let read = decoded::<(u8, Unwilling)>([&[1, 2, 3], &[1, 2, 3]]);
    assert_eq!(read, [Err((2, other("not today"))), Err((2, other("not today")))]);
    let read = decoded::<(u8, bool)>([&[1, 2], &[1, 2]]);
    assert_eq!(read, [Err((1, other("2 is no bool"))), Err((1, other("2 is no bool")))]);
    let read = decoded::<(u16, u8)>([&[251, 0], &[1, 0]]);
    assert_eq!(
        read,
        [Err((2, DecodeReason::UnexpectedEnd)), Err((2, DecodeReason::UnexpectedEnd)),]
    );
    let read = decoded::<u8>([&[1, 2, 3], &[1]]);
    assert_eq!(read, [Err((1, DecodeReason::TrailingBytes(2))), Ok(1)]);
    let text = [&[2, b'a', 0xff][..], &[2, 0, 0, 0, 0, 0, 0, 0, 0xff, b'a']];
    assert_eq!(
        decoded::<String>(text),
        [Err((2, DecodeReason::NotUtf8)), Err((8, DecodeReason::NotUtf8)),]
    );
    let [Err((0, DecodeReason::Other(_))), Ok(_)] = decoded::<u16>([&[252, 1, 0, 0, 0], &[1, 0]])
    else {
        panic!("a width of four bytes is none of a u16")
    };
}
