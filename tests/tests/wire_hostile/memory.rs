//! How much memory decoding takes at most, measured by an allocator that counts.
//!
//! A vector that grows has, for a moment, room for its items and for twice as many.

use std::collections::{BTreeMap, HashMap};

use pysage_core::Message;
use pysage_core::transport::{Encoding, pipe};
use pysage_core::wire::{Codec, DecodeReason, MessageTable, WireLimits};
use pysage_core::{ActorManager, ManagerConfig};

use crate::invalid::length;
use crate::{ALL_CODECS, CODECS, SLACK_BYTES, measured};

type Hole = Option<[u64; 32]>;

macro_rules! messages {
    ($($name:ident $number:literal $inside:ty;)*) => {
        $(
            #[derive(Debug, Message)]
            #[message(packet_type = $number)]
            #[allow(dead_code)]
            struct $name($inside);
        )*
    };
}

messages! {
    Units 110 Vec<()>;
    Bytes 111 Vec<u8>;
    Words 112 Vec<u64>;
    Holes 113 Vec<Hole>;
    Texts 114 Vec<String>;
    Nested 115 Vec<Vec<Vec<Vec<u64>>>>;
    Text 116 String;
    Sorted 117 BTreeMap<u32, u64>;
    Hashed 118 HashMap<u32, u64>;
    Boxes 119 Vec<Box<[u64; 4]>>;
}

/// Decodes bytes that claim a sequence of many items and have few, and gives the memory it took.
fn taken<M: pysage_core::WireMessage>(codec: Codec, bytes: &[u8]) -> u64 {
    measured::<M>(codec, bytes, &WireLimits::default()).1
}

#[test]
fn a_claimed_length_takes_memory_for_the_bytes_that_are_there() {
    for claim in [100, 1000, 65_536, 65_537, 1 << 31, 1 << 32, 1 << 62, 1 << 63, u64::MAX] {
        for codec in CODECS {
            let bytes = [length(codec, claim), vec![0; 40]].concat();
            let there = bytes.len() as u64;
            let limits = [
                (taken::<Units>(codec, &bytes), 0),
                (taken::<Bytes>(codec, &bytes), there),
                (taken::<Words>(codec, &bytes), there * 8),
                (taken::<Texts>(codec, &bytes), there * 24),
                (taken::<Nested>(codec, &bytes), there * 24),
                (taken::<Text>(codec, &bytes), 0),
                (taken::<Sorted>(codec, &bytes), there * 16),
                (taken::<Hashed>(codec, &bytes), there * 32),
                (taken::<Holes>(codec, &bytes), there * size_of::<Hole>() as u64),
                (taken::<Boxes>(codec, &bytes), there * 40),
            ];
            for (index, (taken, most)) in limits.into_iter().enumerate() {
                assert!(taken <= most + SLACK_BYTES, "{index}: {taken} bytes, {claim} claimed");
            }
        }
        let claim = i32::try_from(claim).unwrap_or(i32::MAX).to_be_bytes();
        let bytes = [&claim[..], &[0; 40]].concat();
        let there = bytes.len() as u64;
        assert!(taken::<Words>(Codec::Pysage, &bytes) <= there * 8 + SLACK_BYTES);
        assert!(taken::<Text>(Codec::Pysage, &bytes) <= SLACK_BYTES);
    }
}

/// All that fits into the limit, in the fewest bytes for the most memory.
#[test]
fn the_largest_messages_take_what_the_limits_say() {
    let limit = WireLimits::DEFAULT_MESSAGE_BYTES as u64;
    let most = |size: usize| 3 * limit * size as u64 + SLACK_BYTES;
    for codec in CODECS {
        let full = |item_bytes: u64| {
            let items = (limit - 9) / item_bytes;
            let mut bytes = length(codec, items);
            bytes.resize(bytes.len() + (items * item_bytes) as usize, 0);
            bytes
        };
        let length_bytes = if codec == Codec::Compact { 1 } else { 8 };
        let number_bytes = if codec == Codec::Compact { 1 } else { 8 };
        let limits = WireLimits::default();

        let (holes, taken) = measured::<Holes>(codec, &full(1), &limits);
        assert!(taken <= most(size_of::<Hole>()), "{taken} bytes");
        assert_eq!(holes.unwrap().0.len() as u64, limit - 9);

        let (texts, taken) = measured::<Texts>(codec, &full(length_bytes), &limits);
        assert!(texts.is_ok() && taken <= most(24), "{taken} bytes");
        let (nested, taken) = measured::<Nested>(codec, &full(length_bytes), &limits);
        assert!(nested.is_ok() && taken <= most(24), "{taken} bytes");
        let (words, taken) = measured::<Words>(codec, &full(number_bytes), &limits);
        assert!(words.is_ok() && taken <= most(8), "{taken} bytes");
        let boxes = &full(4 * number_bytes);
        let (boxes, taken) = measured::<Boxes>(codec, boxes, &limits);
        assert!(boxes.is_ok() && taken <= most(40), "{taken} bytes");
        let (bytes, taken) = measured::<Bytes>(codec, &full(1), &limits);
        assert!(bytes.is_ok() && taken <= most(1), "{taken} bytes");
        let (text, taken) = measured::<Text>(codec, &full(1), &limits);
        assert!(text.is_ok() && taken <= limit + SLACK_BYTES, "{taken} bytes");
        let (units, taken) = measured::<Units>(codec, &length(codec, limit), &limits);
        assert!(units.is_ok() && taken <= SLACK_BYTES, "{taken} bytes");
    }
}

#[test]
fn two_thousand_million_items_of_no_size_are_refused_at_once() {
    for (codec, items) in
        CODECS.iter().flat_map(|codec| [65_537, 2 << 30, 1 << 63].map(|n| (*codec, n)))
    {
        let (decoded, taken) =
            measured::<Units>(codec, &length(codec, items), &WireLimits::default());
        assert_eq!(decoded.unwrap_err().reason, DecodeReason::TooManyItems { limit: 65_536 });
        assert!(taken <= SLACK_BYTES);
    }
}

/// Each of the vectors in the vector claims all items that there may be.
#[test]
fn claims_within_claims_take_no_more_together_than_one() {
    let limit = WireLimits::DEFAULT_MESSAGE_BYTES as u64;
    for codec in CODECS {
        for claim in [100_u64, 1000, 60_000] {
            let inner = [length(codec, claim), vec![0; claim as usize]].concat();
            let outer = limit / inner.len() as u64;
            let mut bytes = length(codec, outer);
            bytes.extend(inner.repeat(outer as usize));
            bytes.truncate(limit as usize);
            let taken = taken::<Nested>(codec, &bytes);
            assert!(taken <= 3 * limit * 24 + SLACK_BYTES, "{taken} bytes");
        }
    }
}

#[test]
fn encoding_takes_no_more_than_a_buffer_for_the_limit() {
    let text = Text("x".repeat(1 << 20));
    let words = Words(vec![u64::MAX; 60_000]);
    for codec in ALL_CODECS {
        let limits = WireLimits::default();
        let info = allocation_counter::measure(|| {
            let mut out = Vec::new();
            codec.encode(&text, &limits, &mut out).unwrap_err();
            codec.encode(&words, &limits, &mut out).unwrap_err();
        });
        let most = 3 * WireLimits::DEFAULT_MESSAGE_BYTES as u64 + SLACK_BYTES;
        assert!(info.bytes_max <= most, "{} bytes with {codec:?}", info.bytes_max);
    }
}

#[test]
fn a_table_takes_twelve_times_its_bytes_at_most() {
    let entry = |packet_type: u16, properties: u16| {
        let mut bytes = [packet_type.to_le_bytes(), [1, 0], [0, 0], [0, 0]].concat();
        bytes.extend(properties.to_le_bytes());
        bytes.resize(bytes.len() + 4 * usize::from(properties), 0);
        bytes
    };
    for (entries, properties) in [(5000, 0), (2000, 1), (1, 65_535), (2, 32_769)] {
        let mut bytes = u16::to_le_bytes(entries).to_vec();
        (0..entries).for_each(|index| bytes.extend(entry(index, properties)));
        assert!(bytes.len() <= MessageTable::MOST_BYTES);
        let cut = &bytes[..bytes.len() - 1];
        for bytes in [&bytes[..], cut] {
            let info = allocation_counter::measure(|| drop(MessageTable::decode(bytes)));
            let most = 12 * bytes.len() as u64 + SLACK_BYTES;
            assert!(info.bytes_max <= most, "{} bytes of {}", info.bytes_max, bytes.len());
        }
        assert_eq!(MessageTable::decode(&bytes).unwrap().len(), usize::from(entries));
        assert!(MessageTable::decode(cut).is_err());
    }
}

/// A peer that floods a manager which does not get round to handle anything.
#[test]
fn what_waits_in_a_manager_is_bounded() {
    let config = ManagerConfig::default().queue_capacity(1000);
    let manager = ActorManager::with_config(config);
    let encoding = Encoding { codec: Codec::Compact, limits: WireLimits::default() };
    let (near, far) = pipe(encoding, 1 << 20);
    manager.register_message::<Units>().unwrap();
    let frame = [&[0, 110, 0][..], &length(Codec::Compact, 200)].concat();
    let framed = [&(frame.len() as u32).to_le_bytes()[..], &frame].concat();
    near.inject(&framed.repeat(50_000));
    manager.attach(near).unwrap();
    let info = allocation_counter::measure(|| {
        for _ in 0..10 {
            manager.tick().unwrap();
        }
    });
    assert!(info.bytes_max < 300_000, "{} bytes", info.bytes_max);
    drop(far);
}
