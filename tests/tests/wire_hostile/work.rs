//! How much work decoding takes at most: no time is measured, items are counted.

use std::cell::Cell;

use pysage_core::Message;
use pysage_core::wire::{DecodeReason, WireLimits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::invalid::length;
use crate::{CODECS, reason};

/// Of no size, and counted when it is read.
#[derive(Debug)]
struct Counted;

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Counted, D::Error> {
        READ.set(READ.get() + 1);
        <()>::deserialize(deserializer).map(|()| Counted)
    }
}

#[derive(Debug, Message)]
#[message(packet_type = 110)]
struct Items(Vec<Counted>);

#[derive(Debug, Message)]
#[message(packet_type = 111)]
struct Nested(Vec<Vec<Counted>>);

#[test]
fn no_more_items_are_read_than_the_limit() {
    for codec in CODECS {
        for claim in [65_537, 1 << 31, 1 << 63, u64::MAX] {
            READ.set(0);
            let reason = reason::<Items>(codec, &length(codec, claim));
            assert_eq!(reason, DecodeReason::TooManyItems { limit: 65_536 });
            assert_eq!(READ.get(), 0, "the claim alone is too much");
        }
        READ.set(0);
        let items = codec.decode::<Items>(&length(codec, 65_536), &WireLimits::default());
        assert_eq!((items.unwrap().0.len(), READ.get()), (65_536, 65_536));
    }
}

#[test]
fn items_of_all_sequences_count_together() {
    for codec in CODECS {
        let inner = length(codec, 10_000);
        let bytes = [length(codec, 100), inner.repeat(100)].concat();
        READ.set(0);
        let reason = reason::<Nested>(codec, &bytes);
        assert_eq!(reason, DecodeReason::TooManyItems { limit: 65_536 });
        assert_eq!(READ.get(), 60_000);
    }
}
