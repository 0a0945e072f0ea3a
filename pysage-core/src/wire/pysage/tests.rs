#![allow(clippy::unwrap_used)]

mod refusals;
mod vectors;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ShortBytes, ShortText, schema};
use crate::wire::error::Malformed;
use crate::wire::{DecodeReason, EncodeReason, WireLimits};

/// More than any test needs.
const LIMIT_BYTES: usize = 1 << 20;

fn encode<T: Serialize>(
    value: &T,
    out: &mut Vec<u8>,
    limit_bytes: usize,
) -> Result<(), EncodeReason> {
    let limits = WireLimits::default().message_bytes(limit_bytes);
    super::encode(value, &limits, out).map_err(|reason| *reason)
}

fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Malformed> {
    super::decode(bytes).map_err(|fault| fault.into_malformed(bytes.len()))
}

fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes, LIMIT_BYTES).unwrap();
    bytes
}

#[derive(Serialize, Deserialize, Debug, Default, PartialEq)]
struct Nested {
    id: u16,
    of: Inner,
    wrapped: Wrapped,
    nothing: (),
    mark: Mark,
}

#[derive(Serialize, Deserialize, Debug, Default, PartialEq)]
struct Inner(i8, String);

#[derive(Serialize, Deserialize, Debug, Default, PartialEq)]
struct Wrapped(u32);

#[derive(Serialize, Deserialize, Debug, Default, PartialEq)]
struct Mark;

#[test]
fn structs_within_are_their_fields_in_order() {
    let value =
        Nested { id: 1, of: Inner(-1, "ab".to_owned()), wrapped: Wrapped(7), ..<_>::default() };
    let bytes = encoded(&value);
    assert_eq!(bytes, b"\x00\x01\xff\x00\x00\x00\x02ab\x00\x00\x00\x07");
    assert_eq!(decode(&bytes), Ok(value));
    assert_eq!(schema::<Nested>().unwrap(), ["H", "(b, S)", "I", "()", "()"]);
}

#[test]
fn the_letters_of_each_type_are_those_of_the_original() {
    type Numbers = (i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, bool);
    let letters = ["b", "B", "h", "H", "i", "I", "q", "Q", "f", "d", "?"];
    assert_eq!(schema::<Numbers>().unwrap(), letters);
    type Texts = (String, Box<str>, ShortText, ShortBytes, Vec<u8>);
    assert_eq!(schema::<Texts>().unwrap(), ["S", "S", "p", "p", "aB"]);
    type Sequences = (Vec<Wrapped>, Vec<bool>, [u8; 1], [u8; 4], [u8; 0], [i32; 2]);
    assert_eq!(schema::<Sequences>().unwrap(), ["aI", "a?", "c", "4s", "()", "(i, i)"]);
    assert_eq!(schema::<((i32, (f64, u8)),)>().unwrap(), ["(i, (d, B))"]);
    assert_eq!(schema::<()>().unwrap(), [""; 0]);
    assert_eq!(schema::<Mark>().unwrap(), [""; 0]);
    assert_eq!(schema::<Wrapped>().unwrap(), ["I"]);
}

#[test]
fn a_struct_around_one_tuple_has_one_property() {
    #[derive(Deserialize)]
    struct Place(#[expect(dead_code)] (i32, i32));
    assert_eq!(schema::<Place>().unwrap(), ["(i, i)"]);
}

#[test]
fn a_type_that_takes_only_some_values_is_known_by_those() {
    use std::num::{NonZeroI8, NonZeroU64};
    type Mixed = (NonZeroI8, OnlyFalse, Vec<NonZeroU64>, NumberInText, ShortText);
    assert_eq!(schema::<Mixed>().unwrap(), ["b", "?", "aQ", "S", "p"]);
}

#[test]
fn a_type_that_takes_no_made_up_value_is_known_up_to_there() {
    assert_eq!(schema::<(i32, Impossible, i8)>().unwrap(), ["i", "H"]);
}

#[derive(Deserialize)]
#[serde(try_from = "bool")]
struct OnlyFalse;

impl TryFrom<bool> for OnlyFalse {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<OnlyFalse, &'static str> {
        if value { Err("true") } else { Ok(OnlyFalse) }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct NumberInText;

impl TryFrom<String> for NumberInText {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<NumberInText, std::num::ParseIntError> {
        text.parse::<i32>().map(|_| NumberInText)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "u16")]
struct Impossible;

impl TryFrom<u16> for Impossible {
    type Error = u16;

    fn try_from(number: u16) -> Result<Impossible, u16> {
        Err(number)
    }
}

#[test]
fn byte_strings_are_written_alike_whatever_type_holds_them() {
    let text = encoded(&"ab");
    assert_eq!(text, b"\x00\x00\x00\x02ab");
    assert_eq!(encoded(&b"ab".to_vec()), text);
    assert_eq!(encoded(&serde_bytes("ab")), text);
    assert_eq!(decode(&text), Ok("ab"));
    assert_eq!(decode(&text), Ok(&b"ab"[..]));
    assert_eq!(decode(&text), Ok(b"ab".to_vec()));
}

fn serde_bytes(text: &'static str) -> impl Serialize {
    struct Bytes(&'static str);
    impl Serialize for Bytes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0.as_bytes())
        }
    }
    Bytes(text)
}

#[test]
fn any_byte_but_zero_is_true() {
    assert_eq!(encoded(&(false, true)), [0, 1]);
    assert_eq!(decode(&[0, 1, 255]), Ok((false, true, true)));
}

#[test]
fn short_texts_are_plain_texts_in_other_formats() {
    let text = ShortText::try_from("bob").unwrap();
    let bytes = ShortBytes::try_from(&[1, 255][..]).unwrap();
    assert_eq!(serde_json::to_string(&(&text, &bytes)).unwrap(), r#"["bob",[1,255]]"#);
    assert_eq!(serde_json::from_str::<(_, _)>(r#"["bob",[1,255]]"#).unwrap(), (text, bytes));
    let long = serde_json::to_string(&"b".repeat(256)).unwrap();
    assert!(serde_json::from_str::<ShortText>(&long).is_err());
    let long = serde_json::to_string(&vec![7; 256]).unwrap();
    assert!(serde_json::from_str::<ShortBytes>(&long).is_err());
}

#[test]
fn short_texts_are_plain_texts_in_bincode() {
    let (text, bytes) = ("bob".to_owned(), b"ab".to_vec());
    let short = (ShortText::try_from(&*text).unwrap(), ShortBytes::try_from(&*bytes).unwrap());
    let config = bincode::config::standard();
    let written = bincode::serde::encode_to_vec(&short, config).unwrap();
    assert_eq!(written, bincode::serde::encode_to_vec((&text, &bytes), config).unwrap());
    let (read, _) = bincode::serde::decode_from_slice::<(_, _), _>(&written, config).unwrap();
    assert_eq!(short, read);
    let long = bincode::serde::encode_to_vec("b".repeat(256), config).unwrap();
    assert!(bincode::serde::decode_from_slice::<ShortText, _>(&long, config).is_err());
}

#[test]
fn a_long_list_goes_both_ways() {
    let list: Vec<i32> = (0..10_000).collect();
    let bytes = encoded(&list);
    assert_eq!(bytes.len(), 4 + 40_000);
    assert_eq!(decode(&bytes), Ok(list));
}

#[test]
fn what_is_in_the_buffer_stays() {
    let mut out = vec![1, 2];
    encode(&3_u8, &mut out, 1).unwrap();
    assert_eq!(out, [1, 2, 3]);
}

#[test]
fn a_value_may_be_as_long_as_the_limit_and_no_longer() {
    fn check<T: Serialize>(value: &T) {
        let length = encoded(value).len();
        let mut out = vec![9];
        assert_eq!(encode(value, &mut out, length), Ok(()));
        assert_eq!(out.len(), 1 + length);
        for limit_bytes in 0..length {
            let mut out = vec![9];
            let too_long = EncodeReason::TooLong { limit_bytes };
            assert_eq!(encode(value, &mut out, limit_bytes), Err(too_long));
            assert_eq!(out, [9]);
        }
    }
    check(&(1_u8, 2_u64));
    check(&(1_u8, "text"));
    check(&(1_u8, ShortText::try_from("text").unwrap()));
    check(&(1_u8, vec![1_i32, 2], 3_u8));
}

#[test]
fn nothing_is_reserved_for_what_is_over_the_limit() {
    let mut out = Vec::new();
    assert!(encode(&vec![7_u64; 10_000], &mut out, 1_000).is_err());
    assert!(encode(&"x".repeat(10_000), &mut out, 1_000).is_err());
    assert!(out.capacity() < 1_000);
}
