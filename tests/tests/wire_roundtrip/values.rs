//! Any values of the shapes.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::time::Duration;

use proptest::collection::{btree_map, btree_set, hash_map, vec, vec_deque};
use proptest::option;
use proptest::prelude::*;

use crate::wire_shapes::{
    ByteString, Chain, Choice, Empty, Foreign, Kind, List, Maps, Marker, Numbers, Parts, Recursive,
    Sequences, Texts, Tree, Wrapped,
};

pub(crate) fn empty() -> impl Strategy<Value = Empty> {
    Just(Empty)
}

/// All bit patterns, and of the small numbers more than their share.
pub(crate) fn numbers() -> impl Strategy<Value = Numbers> {
    let signed = any::<(i8, i16, i32, i64, i128, isize)>();
    let unsigned = any::<(u8, u16, u32, u64, u128, usize)>();
    (signed, unsigned, any::<(u32, u64, bool, char)>(), 0_u32..128).prop_map(
        |(signed, unsigned, (single, double, yes, letter), shift)| {
            let (a, b, c, d, e, f) = signed;
            let signed = (a, b, c, d >> (shift / 2), e >> shift, f);
            let (a, b, c, d, e, f) = unsigned;
            let unsigned = (a, b, c, d >> (shift / 2), e >> shift, f);
            let floats = (f32::from_bits(single), f64::from_bits(double));
            Numbers { signed, unsigned, floats, yes, letter }
        },
    )
}

fn text(most: usize) -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..=most).prop_map(String::from_iter)
}

pub(crate) fn texts() -> impl Strategy<Value = Texts> {
    let bytes = vec(any::<u8>(), 0..300);
    (text(300), text(20), option::of(text(5)), bytes).prop_map(|(text, boxed, maybe, bytes)| {
        Texts { text, boxed: boxed.into(), maybe, bytes: ByteString(bytes) }
    })
}

pub(crate) fn sequences() -> impl Strategy<Value = Sequences> {
    (
        0_usize..600,
        vec(any::<u8>(), 0..300),
        vec_deque(any::<i64>(), 0..20),
        vec(text(5), 0..20),
        vec(option::of(any::<[u8; 32]>()), 0..8),
        vec(vec(any::<u16>(), 0..6), 0..8),
        vec(any::<(bool, char)>(), 0..8),
    )
        .prop_map(|(units, bytes, numbers, texts, keys, nested, pairs)| Sequences {
            units: vec![(); units],
            bytes,
            numbers,
            texts,
            keys,
            nested,
            pairs: pairs.into(),
        })
}

pub(crate) fn maps() -> impl Strategy<Value = Maps> {
    (
        btree_map(text(4), option::of(any::<i32>()), 0..8),
        hash_map(any::<u16>(), vec(any::<u8>(), 0..5), 0..8),
        btree_set(any::<u32>(), 0..30),
        btree_map(any::<u8>(), btree_map(any::<i16>(), Just(()), 0..4), 0..6),
    )
        .prop_map(|(sorted, hashed, set, nested)| Maps { sorted, hashed, set, nested })
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Nothing),
        any::<u64>().prop_map(Kind::One),
        any::<(i8, bool)>().prop_map(|(number, yes)| Kind::Several(number, yes)),
        any::<char>().prop_map(|letter| Kind::Named { letter }),
    ]
}

pub(crate) fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Nothing),
        Just(Choice::Parentheses()),
        Just(Choice::Braces {}),
        any::<i32>().prop_map(Choice::One),
        (any::<u8>(), text(10)).prop_map(|(number, text)| Choice::Several(number, text)),
        (option::of(kind()), vec(kind(), 0..20))
            .prop_map(|(inside, all)| Choice::Named { inside, all }),
    ]
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    let kinds = [option::of(kind()), option::of(kind())];
    let maybe = option::of(option::of(any::<bool>()));
    (any::<(u8, (i16, [u32; 3]))>(), kinds, any::<u16>(), maybe).prop_map(
        |(tuple, kinds, number, maybe)| {
            Parts(tuple, kinds, Wrapped(Wrapped(number)), PhantomData, Marker, maybe)
        },
    )
}

pub(crate) fn recursive() -> impl Strategy<Value = Recursive> {
    let leaf = any::<i16>().prop_map(|value| Tree { value, branches: Vec::new() });
    let tree = leaf.prop_recursive(8, 64, 4, |branch| {
        (any::<i16>(), vec(branch, 0..4)).prop_map(|(value, branches)| Tree { value, branches })
    });
    (tree, 0_usize..60, 0_usize..30).prop_map(|(tree, links, lists)| Recursive {
        tree,
        chain: Chain::of(links),
        list: List::of(lists),
    })
}

pub(crate) fn foreign() -> impl Strategy<Value = Foreign> {
    let time = (any::<u64>(), 0_u32..1_000_000_000).prop_map(|(s, ns)| Duration::new(s, ns));
    let outcome = prop_oneof![any::<u8>().prop_map(Ok), text(5).prop_map(Err)];
    (time, any::<IpAddr>(), outcome, any::<(u16, u16)>()).prop_map(
        |(time, address, outcome, (start, end))| Foreign {
            time,
            address,
            outcome,
            range: start..end,
        },
    )
}
