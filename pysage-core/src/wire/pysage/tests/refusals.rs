//! What has no form, and bytes that are malformed.

use std::collections::BTreeMap;

use super::*;

fn malformed<T: DeserializeOwned>(bytes: &[u8]) -> Malformed {
    decode::<T>(bytes).map(|_| ()).unwrap_err()
}

fn at(at: usize, reason: DecodeReason) -> Malformed {
    Malformed { at: Some(at), reason }
}

/// Refused by the schema, when encoded, and when decoded.
fn check_no_form<T: Serialize + DeserializeOwned>(value: T) {
    let reason = schema::<(u8, T)>().unwrap_err();
    let mut out = vec![1, 2];
    let refused = encode(&(7_u8, &value), &mut out, LIMIT_BYTES);
    assert!(matches!(refused, Err(EncodeReason::Unsupported(_))), "{reason}: {refused:?}");
    assert_eq!(out, [1, 2]);
    // A count of two is there for sequences.
    let malformed = malformed::<(u8, T)>(&[7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert!(matches!(malformed.reason, DecodeReason::Unsupported(_)), "{reason}: {malformed:?}");
    assert!(malformed.at.is_some());
}

#[test]
fn what_the_original_cannot_express_is_refused() {
    #[derive(Serialize, Deserialize)]
    enum Either {
        This,
        That(i32),
        Both { this: i32, that: i32 },
        Pair(i32, i32),
    }
    check_no_form(Some(1_i32));
    check_no_form(None::<i32>);
    check_no_form(Either::This);
    check_no_form(Either::That(1));
    check_no_form(Either::Both { this: 1, that: 2 });
    check_no_form(Either::Pair(1, 2));
    check_no_form(BTreeMap::from([(1, 2)]));
    check_no_form('x');
    check_no_form(1_i128);
    check_no_form(1_u128);
}

#[test]
fn sequences_of_more_than_a_letter_are_refused() {
    check_no_form(vec!["text".to_owned()]);
    check_no_form(vec![ShortText::default()]);
    check_no_form(vec![ShortBytes::default()]);
    check_no_form(vec![vec![1_i32]]);
    check_no_form(vec![(1_i32, 2_i32)]);
    check_no_form(vec![[1_u8; 4]]);
    check_no_form(vec![()]);
    check_no_form(vec![Mark]);
    check_no_form(vec![Inner::default()]);
    check_no_form(vec![Nested::default()]);
    check_no_form(vec![Some(1_i32)]);
    check_no_form(vec!['x']);
}

#[test]
fn what_has_no_form_is_found_in_the_midst_of_other_types() {
    #[derive(Deserialize)]
    #[expect(dead_code)]
    struct Deep {
        number: i32,
        within: (u8, (Wrapped, Option<u8>)),
    }
    let reason = schema::<Deep>().unwrap_err();
    assert_eq!(reason, "the original pysage has no form for an Option");
}

#[test]
fn a_type_that_holds_itself_is_refused() {
    #[derive(Deserialize)]
    #[expect(dead_code)]
    struct Endless {
        number: i32,
        next: Box<Endless>,
    }
    #[derive(Deserialize)]
    #[expect(dead_code)]
    struct Newtype(Box<Newtype>);
    for reason in [schema::<Endless>().unwrap_err(), schema::<Newtype>().unwrap_err()] {
        assert!(reason.contains("holds itself"), "{reason}");
    }
}

#[test]
fn a_sequence_has_to_be_what_it_says_it_is() {
    struct Lie(Option<usize>, &'static [Number]);
    #[derive(Clone, Copy)]
    enum Number {
        Small(u8),
        Large(u16),
    }
    impl Serialize for Lie {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut items = serializer.serialize_seq(self.0)?;
            for item in self.1 {
                match item {
                    Number::Small(number) => items.serialize_element(number)?,
                    Number::Large(number) => items.serialize_element(number)?,
                }
            }
            items.end()
        }
    }
    let check = |lie: Lie| {
        let mut out = Vec::new();
        let refused = encode(&lie, &mut out, LIMIT_BYTES);
        assert!(matches!(refused, Err(EncodeReason::Unsupported(_))), "{refused:?}");
        assert!(out.is_empty());
    };
    check(Lie(None, &[Number::Small(1)]));
    check(Lie(Some(2), &[Number::Small(1)]));
    check(Lie(Some(2), &[]));
    check(Lie(Some(1), &[Number::Small(1), Number::Small(2)]));
    check(Lie(Some(0), &[Number::Small(1)]));
    check(Lie(Some(3), &[Number::Small(1), Number::Large(2), Number::Small(3)]));
    assert_eq!(encoded(&Lie(Some(1), &[Number::Large(2)])), [0, 0, 0, 1, 0, 2]);
}

#[test]
fn only_a_field_that_is_always_there_has_a_form() {
    #[derive(Serialize)]
    struct Sometimes {
        #[serde(skip_serializing_if = "str::is_empty")]
        text: &'static str,
    }
    let refused = encode(&Sometimes { text: "" }, &mut Vec::new(), LIMIT_BYTES);
    assert!(matches!(refused, Err(EncodeReason::Unsupported(_))), "{refused:?}");
    assert_eq!(encoded(&Sometimes { text: "x" }).len(), 5);
}

#[test]
fn an_error_of_a_fields_own_is_passed_on() {
    #[derive(Serialize)]
    struct Unwilling(#[serde(serialize_with = "unwilling")] i32);
    fn unwilling<S: serde::Serializer>(_: &i32, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not today"))
    }
    let refused = encode(&(1_i32, Unwilling(1)), &mut Vec::new(), LIMIT_BYTES);
    assert_eq!(refused, Err(EncodeReason::Other("not today".to_owned())));

    let malformed = malformed::<(u8, std::num::NonZeroU8, u8)>(&[1, 0, 1]);
    assert!(matches!(malformed.reason, DecodeReason::Other(_)), "{malformed:?}");
    assert_eq!(malformed.at, Some(2), "behind what was refused");
}

#[test]
fn bytes_that_end_early_are_refused_where_the_value_begins_that_is_cut() {
    use DecodeReason::UnexpectedEnd;
    assert_eq!(malformed::<u8>(&[]), at(0, UnexpectedEnd));
    assert_eq!(malformed::<(u8, i32)>(&[1, 0, 0, 0]), at(1, UnexpectedEnd));
    assert_eq!(malformed::<(u8, String)>(&[1, 0, 0, 0]), at(1, UnexpectedEnd));
    assert_eq!(malformed::<(u8, String)>(&[1, 0, 0, 0, 2, b'a']), at(1, UnexpectedEnd));
    assert_eq!(malformed::<(u8, ShortText)>(&[1]), at(1, UnexpectedEnd));
    assert_eq!(malformed::<(u8, ShortText)>(&[1, 2, b'a']), at(1, UnexpectedEnd));
    assert_eq!(malformed::<(u8, ShortBytes)>(&[1, 2, b'a']), at(1, UnexpectedEnd));
    assert_eq!(malformed::<(u8, Vec<i8>)>(&[1, 0, 0, 0, 2, 9]), at(1, UnexpectedEnd));
    let second_is_cut = [1, 0, 0, 0, 2, 0, 9, 0];
    assert_eq!(malformed::<(u8, Vec<i16>)>(&second_is_cut), at(7, UnexpectedEnd));
    assert_eq!(malformed::<[u8; 4]>(&[1, 2, 3]), at(3, UnexpectedEnd));
}

#[test]
fn a_length_below_zero_is_refused() {
    let minus_four = [1, 0xff, 0xff, 0xff, 0xfc, 0, 0, 0, 0];
    let expected = at(1, DecodeReason::NegativeLength(-4));
    assert_eq!(malformed::<(u8, String)>(&minus_four), expected);
    assert_eq!(malformed::<(u8, Vec<i8>)>(&minus_four), expected);
    assert_eq!(malformed::<(u8, Vec<u64>, i32)>(&minus_four), expected);
}

#[test]
fn a_count_that_is_a_lie_reserves_nothing() {
    let two_billion = [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    let expected = at(0, DecodeReason::UnexpectedEnd);
    assert_eq!(malformed::<Vec<u64>>(&two_billion), expected);
    assert_eq!(malformed::<Vec<()>>(&two_billion), expected);
    assert_eq!(malformed::<String>(&two_billion), expected);
}

#[test]
fn bytes_that_are_left_over_are_refused() {
    assert_eq!(malformed::<()>(&[1]), at(0, DecodeReason::TrailingBytes(1)));
    assert_eq!(malformed::<(u8, bool)>(&[1, 1, 5, 5]), at(2, DecodeReason::TrailingBytes(2)));
    assert_eq!(malformed::<Vec<u8>>(&[0, 0, 0, 1, 7, 7]), at(5, DecodeReason::TrailingBytes(1)));
}

#[test]
fn text_that_is_not_utf8_is_refused_where_it_is_not() {
    let text = b"\x01\x00\x00\x00\x03a\xffb\x07";
    assert_eq!(malformed::<(u8, String, u8)>(text), at(6, DecodeReason::NotUtf8));
    assert_eq!(decode(text), Ok((1_u8, b"a\xffb".to_vec(), 7_u8)));
    let short = b"\x01\x03a\xffb\x07";
    assert_eq!(malformed::<(u8, ShortText, u8)>(short), at(3, DecodeReason::NotUtf8));
    let bytes = ShortBytes::try_from(&b"a\xffb"[..]).unwrap();
    assert_eq!(decode(short), Ok((1_u8, bytes, 7_u8)));
}

#[test]
fn a_sequence_longer_than_its_type_takes_is_refused() {
    #[derive(Debug)]
    struct One;
    impl<'de> Deserialize<'de> for One {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<One, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = One;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("one item")
                }
                fn visit_seq<A: serde::de::SeqAccess<'de>>(
                    self,
                    mut items: A,
                ) -> Result<One, A::Error> {
                    items.next_element::<u8>().map(|_| One)
                }
            }
            deserializer.deserialize_seq(Visitor)
        }
    }
    assert!(decode::<One>(&[0, 0, 0, 1, 7]).is_ok());
    let malformed = malformed::<One>(&[0, 0, 0, 2, 7, 7]);
    assert!(matches!(malformed.reason, DecodeReason::Other(_)), "{malformed:?}");
    assert_eq!(malformed.at, Some(5));
}
