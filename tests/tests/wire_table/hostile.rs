//! Bytes that are no table.

use proptest::prelude::*;
use pysage_core::wire::{DecodeReason, MessageTable};

use crate::{bytes_of, table_of};

/// An entry as it is written, by its texts.
fn entry(packet_type: u16, texts: [&[u8]; 2], properties: &[[&[u8]; 2]]) -> Vec<u8> {
    let text = |text: &[u8]| [&(text.len() as u16).to_le_bytes(), text].concat();
    let mut bytes = [packet_type.to_le_bytes(), 1_u16.to_le_bytes()].concat();
    bytes.extend(texts.map(text).concat());
    bytes.extend((properties.len() as u16).to_le_bytes());
    bytes.extend(properties.iter().flat_map(|property| property.map(text).concat()));
    bytes
}

fn table(entries: &[Vec<u8>]) -> Vec<u8> {
    [&(entries.len() as u16).to_le_bytes()[..], &entries.concat()].concat()
}

fn reason(bytes: &[u8]) -> DecodeReason {
    let error = MessageTable::decode(bytes).unwrap_err();
    assert!(error.at.is_some_and(|at| at <= bytes.len()), "{error} has a place in the bytes");
    error.reason
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_are_a_table_or_an_error(bytes in any::<Vec<u8>>()) {
        if let Ok(table) = MessageTable::decode(&bytes) {
            prop_assert_eq!(bytes_of(&table), bytes);
        }
    }

    #[test]
    fn a_table_with_a_changed_byte_is_another_table_or_an_error(at in any::<usize>(), flip in 1_u8..) {
        let table = table_of(&[0, 1, 2, 3]);
        let mut bytes = bytes_of(&table);
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(other) = MessageTable::decode(&bytes) {
            prop_assert_ne!(&other, &table);
            prop_assert_ne!(other.fingerprint(), table.fingerprint());
            prop_assert_eq!(bytes_of(&other), bytes);
            let _ = table.compare(&other).map_err(|mismatch| mismatch.to_string());
        }
    }
}

#[test]
fn a_table_that_ends_early_or_late_is_an_error() {
    let mut bytes = bytes_of(&table_of(&[0, 1, 2, 3]));
    for end in 0..bytes.len() {
        assert_eq!(reason(&bytes[..end]), DecodeReason::UnexpectedEnd);
    }
    bytes.push(0);
    assert_eq!(reason(&bytes), DecodeReason::TrailingBytes(1));
}

#[test]
fn entries_are_in_order_and_none_is_twice() {
    let [low, high] = [101, 102].map(|number| entry(number, [b"A", b""], &[]));
    assert_eq!(MessageTable::decode(&table(&[low.clone(), high.clone()])).unwrap().len(), 2);
    for entries in [[high.clone(), low.clone()], [low.clone(), low]] {
        let DecodeReason::Other(text) = reason(&table(&entries)) else { panic!("another reason") };
        assert_eq!(text, "the packet types of the table are not in order");
    }
}

#[test]
fn texts_of_a_table_are_utf8() {
    for (name, reply, property) in
        [(&b"\xff"[..], &b""[..], &b"x"[..]), (b"", b"\xff", b"x"), (b"", b"", b"\xff")]
    {
        let bytes = table(&[entry(101, [name, reply], &[[property, b"u8"]])]);
        assert_eq!(reason(&bytes), DecodeReason::NotUtf8);
    }
}

#[test]
fn what_a_table_claims_to_have_is_not_believed() {
    assert_eq!(reason(&[0xff, 0xff]), DecodeReason::UnexpectedEnd);
    let mut bytes = table(&[entry(101, [b"A", b""], &[])]);
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(reason(&bytes), DecodeReason::UnexpectedEnd);
}

#[test]
fn a_table_of_more_than_4_mib_is_refused_unread() {
    let bytes = vec![0; MessageTable::MOST_BYTES + 1];
    assert_eq!(reason(&bytes), DecodeReason::TooLong { limit_bytes: 4 << 20 });
    assert_eq!(reason(&bytes[1..]), DecodeReason::TrailingBytes((4 << 20) - 2));
}
