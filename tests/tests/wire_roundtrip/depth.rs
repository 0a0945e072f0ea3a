//! How deep values may be nested: the same in both directions, whatever they are nested in.
//!
//! The bytes of values that are too deep to be encoded are written by hand, as codecs write them.

use pysage_core::Message;
use pysage_core::wire::{Codec, DecodeReason, EncodeReason, WireLimits};

use crate::shape::Shape;
use crate::wire_shapes::{Chain, List, Tree};
use crate::{CODECS, decode, encode};

const DEPTH: usize = WireLimits::DEPTH;

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 125)]
struct Chained(Chain);

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 126)]
struct Grown {
    tree: Tree,
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 127)]
struct Listed {
    list: Option<Box<List>>,
}

/// A level more than [`Listed`], so that each of its levels is the last one that fits once.
#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 129)]
struct Deeper {
    list: (Option<Box<List>>,),
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 128)]
struct Stacked(Vec<Vec<Vec<Vec<()>>>>);

impl Shape for Chained {}
impl Shape for Deeper {}
impl Shape for Grown {}
impl Shape for Listed {}
impl Shape for Stacked {}

/// A value that has so many levels encodes and decodes if there may be so many, and neither if not.
#[track_caller]
fn check<M: Shape>(codec: Codec, levels: usize, message: &M, bytes: &[u8]) {
    let (encoded, decoded) = (encode(codec, message, 4096), decode::<M>(codec, bytes, 4096));
    if levels <= DEPTH {
        assert_eq!(encoded.as_deref(), Ok(bytes), "{levels} levels");
        assert_eq!(decoded.as_ref(), Ok(message), "{levels} levels");
    } else {
        assert_eq!(encoded, Err(EncodeReason::TooDeep { limit: DEPTH }), "{levels} levels");
        assert_eq!(decoded, Err(DecodeReason::TooDeep { limit: DEPTH }), "{levels} levels");
    }
}

/// The number of a variant, or the length of a sequence.
fn number(codec: Codec, number: u8, fixed_bytes: usize) -> Vec<u8> {
    let mut bytes = vec![number];
    if codec == Codec::Fixed {
        bytes.resize(fixed_bytes, 0);
    }
    bytes
}

#[test]
fn enums_may_be_nested_as_deep_in_both_directions() {
    for (codec, links) in CODECS.iter().flat_map(|codec| (50..80).map(|n| (*codec, n))) {
        let mut bytes = number(codec, 1, 4).repeat(links);
        bytes.extend(number(codec, 0, 4));
        // The message, each link, and the end.
        check(codec, 1 + links + 1, &Chained(Chain::of(links)), &bytes);
    }
}

#[test]
fn options_may_be_nested_as_deep_in_both_directions() {
    for (codec, lists) in CODECS.iter().flat_map(|codec| (20..45).map(|n| (*codec, n))) {
        let mut bytes = vec![1; lists];
        bytes.push(0);
        // The message, each option and what is in it, and the option with nothing in it.
        let levels = 1 + 2 * lists + 1;
        check(codec, levels, &Listed { list: List::of(lists) }, &bytes);
        check(codec, levels + 1, &Deeper { list: (List::of(lists),) }, &bytes);
    }
}

#[test]
fn sequences_may_be_nested_as_deep_in_both_directions() {
    for (codec, trees) in CODECS.iter().flat_map(|codec| (20..45).map(|n| (*codec, n))) {
        let value = number(codec, 0, 2);
        let mut bytes = [value.clone(), number(codec, 1, 8)].concat().repeat(trees - 1);
        bytes.extend([value, number(codec, 0, 8)].concat());
        // The message, and each tree with its sequence.
        check(codec, 1 + 2 * trees, &Grown { tree: Tree::stem(trees) }, &bytes);
    }
}

#[test]
fn values_beside_each_other_are_not_nested() {
    for codec in CODECS {
        let message = Stacked(vec![vec![vec![vec![(); 3]; 3]; 3]; 100]);
        let bytes = encode(codec, &message, 1 << 20).unwrap();
        assert_eq!(decode::<Stacked>(codec, &bytes, 1 << 20), Ok(message));
    }
}
