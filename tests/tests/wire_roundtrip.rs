//! What encodes decodes, to an equal value, under the same limits; what is over a limit is an error
//! that leaves the buffer alone.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "wire_roundtrip/depth.rs"]
mod depth;
#[path = "wire_roundtrip/exact.rs"]
mod exact;
#[path = "wire_roundtrip/shape.rs"]
mod shape;
#[path = "wire_roundtrip/values.rs"]
mod values;
#[path = "../support/wire_bincode.rs"]
mod wire_bincode;
#[path = "../support/wire_shapes.rs"]
mod wire_shapes;

use proptest::prelude::*;
use pysage_core::wire::{Codec, DecodeReason, EncodeReason, WireLimits};
use shape::Shape;

const CODECS: [Codec; 2] = [Codec::Compact, Codec::Fixed];
/// What is in the buffer before the message.
const BEFORE: &[u8] = b"before";

/// Encodes into a buffer that has room for the limit and no more, and sees that it was enough.
#[track_caller]
fn encode<M: Shape>(codec: Codec, message: &M, limit: usize) -> Result<Vec<u8>, EncodeReason> {
    let mut out = Vec::with_capacity(BEFORE.len() + limit);
    out.extend_from_slice(BEFORE);
    let (room, place) = (out.capacity(), out.as_ptr());
    let limits = WireLimits::default().message_bytes(limit);
    let encoded = codec.encode(message, &limits, &mut out);
    assert_eq!((out.capacity(), out.as_ptr()), (room, place), "more was written than the limit");
    let fields = out.strip_prefix(BEFORE).expect("what was there before stays").to_vec();
    match encoded {
        Ok(()) => Ok(fields),
        Err(error) => {
            assert_eq!(error.message, M::NAME);
            assert_eq!(fields, [], "an error leaves nothing in the buffer");
            Err(error.reason)
        }
    }
}

#[track_caller]
fn decode<M: Shape>(codec: Codec, bytes: &[u8], limit: usize) -> Result<M, DecodeReason> {
    let limits = WireLimits::default().message_bytes(limit);
    codec.decode::<M>(bytes, &limits).map_err(|error| {
        assert_eq!(error.message, Some(M::NAME));
        error.reason
    })
}

/// Encodes and decodes a message under a limit; it has to do as the sizes of the message say.
#[track_caller]
fn check_at<M: Shape>(codec: Codec, message: &M, bytes: &[u8], limit: usize) {
    let (too_long, too_many) = (bytes.len() > limit, message.items() > limit);
    let encoded = encode(codec, message, limit);
    let decoded = decode::<M>(codec, bytes, limit);
    match (too_long, too_many) {
        (false, false) => {
            assert_eq!(decoded.as_ref(), Ok(message), "{codec:?} under {limit}");
            // The order of a hash map is not that of its copy.
            assert_eq!(encoded.unwrap().len(), bytes.len());
        }
        (true, false) => {
            assert_eq!(encoded, Err(EncodeReason::TooLong { limit_bytes: limit }));
            assert_eq!(decoded, Err(DecodeReason::TooLong { limit_bytes: limit }));
        }
        (false, true) => {
            assert_eq!(encoded, Err(EncodeReason::TooManyItems { limit }));
            assert_eq!(decoded, Err(DecodeReason::TooManyItems { limit }));
        }
        (true, true) => {
            let reason = encoded.unwrap_err();
            assert!(matches!(
                reason,
                EncodeReason::TooLong { limit_bytes } | EncodeReason::TooManyItems { limit: limit_bytes }
                if limit_bytes == limit
            ));
            assert_eq!(decoded, Err(DecodeReason::TooLong { limit_bytes: limit }));
        }
    }
}

/// Plays a message through both codecs, under limits about its sizes.
#[track_caller]
fn check<M: Shape>(message: &M, other_limit: usize) {
    for codec in CODECS {
        let bytes = encode(codec, message, 1 << 20).unwrap();
        assert_eq!(bytes, wire_bincode::written(codec, message), "{codec:?}");
        assert_eq!(wire_bincode::read(codec, &bytes).as_ref(), Some(message), "{codec:?}");
        let mut limits = vec![0, other_limit, 1 << 20];
        for size in [bytes.len(), message.items()] {
            limits.extend([size.saturating_sub(1), size, size + 1]);
        }
        for limit in limits {
            check_at(codec, message, &bytes, limit);
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(
            decode::<M>(codec, &longer, 1 << 20),
            Err(DecodeReason::TrailingBytes(1)),
            "{codec:?}"
        );
        for end in 0..bytes.len() {
            let cut = decode::<M>(codec, &bytes[..end], 1 << 20);
            assert!(cut.is_err(), "{end} of {} bytes are a message", bytes.len());
        }
    }
}

macro_rules! properties {
    ($($name:ident: $values:path;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
            $(
                #[test]
                fn $name(message in $values(), limit in 0_usize..600) {
                    check(&message, limit);
                }
            )*
        }
    };
}

properties! {
    an_empty_message_makes_the_round_trip: values::empty;
    numbers_make_the_round_trip: values::numbers;
    texts_make_the_round_trip: values::texts;
    sequences_make_the_round_trip: values::sequences;
    maps_make_the_round_trip: values::maps;
    variants_make_the_round_trip: values::choice;
    tuples_arrays_and_newtypes_make_the_round_trip: values::parts;
    recursive_values_make_the_round_trip: values::recursive;
    types_of_the_standard_library_make_the_round_trip: values::foreign;
}
