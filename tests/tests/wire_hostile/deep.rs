//! Bytes that would be values nested in each other without end. These tests run on threads of
//! 2 MiB, as all tests do.

use std::collections::BTreeMap;

use pysage_core::Message;
use pysage_core::wire::{Codec, DecodeReason, WireLimits};
use serde::{Deserialize, Serialize};

use crate::wire_shapes::{Chain, List, Tree};
use crate::{CODECS, measured};

/// All that can hold its like, in a value that is large, so that each level takes much stack.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Knot {
    One(Box<Knot>),
    Option(Option<Box<Knot>>),
    Tuple(Box<(Knot, [u64; 32])>),
    Sequence(Vec<Knot>),
    Map(BTreeMap<u8, Knot>),
    Struct { inside: Box<Wide> },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Wide {
    before: [[u64; 16]; 4],
    knot: Knot,
}

macro_rules! messages {
    ($($name:ident $number:literal $inside:ty;)*) => {
        $(
            #[derive(Debug, Message, PartialEq)]
            #[message(packet_type = $number)]
            struct $name($inside);
        )*
    };
}

messages! {
    Chained 110 Chain;
    Grown 111 Tree;
    Listed 112 Option<Box<List>>;
    Knotted 113 Knot;
}

#[track_caller]
fn assert_too_deep<M: Message + pysage_core::WireMessage>(codec: Codec, bytes: &[u8]) {
    let limits = WireLimits::default().message_bytes(WireLimits::MOST_MESSAGE_BYTES);
    let (decoded, taken) = measured::<M>(codec, bytes, &limits);
    let reason = decoded.err().map(|error| error.reason);
    assert_eq!(reason, Some(DecodeReason::TooDeep { limit: WireLimits::DEPTH }));
    assert!(taken < 200_000, "{taken} bytes were taken");
}

#[test]
fn a_million_levels_are_an_error() {
    for codec in CODECS {
        let (tree, link) = match codec {
            Codec::Compact => (vec![0, 1], vec![1]),
            _ => (vec![0, 0, 1, 0, 0, 0, 0, 0, 0, 0], vec![1, 0, 0, 0]),
        };
        assert_too_deep::<Grown>(codec, &tree.repeat(1 << 20));
        assert_too_deep::<Chained>(codec, &link.repeat(1 << 20));
        assert_too_deep::<Listed>(codec, &vec![1; 1 << 20]);
    }
}

#[test]
fn each_way_to_nest_ends_at_the_limit() {
    for codec in CODECS {
        let number = |variant: u8| match codec {
            Codec::Compact => vec![variant],
            _ => vec![variant, 0, 0, 0],
        };
        let one = if codec == Codec::Compact { vec![1] } else { vec![1, 0, 0, 0, 0, 0, 0, 0] };
        let zeros = |count: usize| vec![0; if codec == Codec::Compact { count } else { 8 * count }];
        let ways = [
            number(0),
            [number(1), vec![1]].concat(),
            number(2),
            [number(3), one.clone()].concat(),
            [number(4), one, vec![0]].concat(),
            [number(5), zeros(64)].concat(),
        ];
        for way in &ways {
            assert_too_deep::<Knotted>(codec, &way.repeat(100));
        }
        assert_too_deep::<Knotted>(codec, &ways.concat().repeat(20));
    }
}

#[test]
fn the_deepest_value_there_may_be_fits_the_stack() {
    let widest = |knot| Knot::Struct { inside: Box::new(Wide { before: [[7; 16]; 4], knot }) };
    let mut knot = Knot::Option(None);
    for _ in 0..(WireLimits::DEPTH - 3) / 2 {
        knot = widest(knot);
    }
    let message = Knotted(knot);
    for codec in CODECS {
        let (limits, mut bytes) = (WireLimits::default(), Vec::new());
        codec.encode(&message, &limits, &mut bytes).unwrap();
        assert_eq!(codec.decode::<Knotted>(&bytes, &limits).as_ref(), Ok(&message));
    }
}
