//! Whatever bytes arrive, decoding them gives a value or an error, and takes no more memory and
//! work than the limits allow.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "wire_hostile/deep.rs"]
mod deep;
#[path = "wire_hostile/invalid.rs"]
mod invalid;
#[path = "wire_hostile/memory.rs"]
mod memory;
#[path = "../support/wire_bincode.rs"]
mod wire_bincode;
#[path = "../support/wire_shapes.rs"]
mod wire_shapes;
#[path = "wire_hostile/work.rs"]
mod work;

use std::fmt::Debug;
use std::hint::black_box;

use proptest::prelude::*;
use pysage_core::wire::{Codec, DecodeError, DecodeReason, WireLimits, WireMessage};
use wire_shapes::{Choice, Empty, Foreign, Maps, Numbers, Parts, Recursive, Sequences, Texts};

const CODECS: [Codec; 2] = [Codec::Compact, Codec::Fixed];
const ALL_CODECS: [Codec; 3] = [Codec::Compact, Codec::Fixed, Codec::Pysage];

/// Beside what a value takes: errors, and what the tests themselves allocate.
const SLACK_BYTES: u64 = 4096;

/// Decodes, and gives the most memory that was taken at a time.
fn measured<M: WireMessage>(
    codec: Codec,
    bytes: &[u8],
    limits: &WireLimits,
) -> (Result<M, DecodeError>, u64) {
    let mut decoded = None;
    let info = allocation_counter::measure(|| {
        decoded = Some(black_box(codec.decode::<M>(black_box(bytes), limits)));
    });
    (decoded.expect("it was measured"), info.bytes_max)
}

fn reason<M: WireMessage>(codec: Codec, bytes: &[u8]) -> DecodeReason {
    let error = codec.decode::<M>(bytes, &WireLimits::default());
    let Err(DecodeError { message, reason, .. }) = error else { panic!("it is a message") };
    assert_eq!(message, Some(M::NAME));
    reason
}

/// Decodes as a shape, under a limit; what decodes encodes.
fn try_shape<M: WireMessage + PartialEq + Debug>(bytes: &[u8], limit: usize) {
    let limits = WireLimits::default().message_bytes(limit);
    for codec in ALL_CODECS {
        let (decoded, taken) = measured::<M>(codec, bytes, &limits);
        // The largest item is of 56 bytes, and the nodes of maps have some beside.
        let most = bytes.len() as u64 + 3 * limit as u64 * 100 + SLACK_BYTES;
        assert!(taken <= most, "{taken} bytes for {} {bytes:?}", M::NAME);
        if CODECS.contains(&codec) {
            compare_with_bincode(codec, bytes, &decoded);
        }
        let Ok(message) = decoded else { continue };
        let mut again = Vec::new();
        codec.encode(&message, &limits, &mut again).unwrap();
        if CODECS.contains(&codec) {
            assert_eq!(again, wire_bincode::written(codec, &message));
        }
        assert!(again.len() <= bytes.len(), "there are no shorter forms than ours");
        assert_eq!(codec.decode::<M>(&again, &limits), Ok(message));
    }
}

/// What is a value is the same one to bincode, and what is wrong is wrong to it as well. It has no
/// limits: bytes that break ours, or claim what is not there, are nothing to try it with.
fn compare_with_bincode<M: WireMessage + PartialEq + Debug>(
    codec: Codec,
    bytes: &[u8],
    decoded: &Result<M, DecodeError>,
) {
    match decoded {
        Ok(message) => assert_eq!(wire_bincode::read(codec, bytes).as_ref(), Some(message)),
        Err(error) => {
            let DecodeError { at, reason, .. } = error;
            assert!(at.is_none_or(|at| at <= bytes.len()), "{error} has a place");
            if matches!(reason, DecodeReason::Other(_) | DecodeReason::NotUtf8) {
                assert_eq!(wire_bincode::read::<M>(codec, bytes), None, "{error}");
            }
        }
    }
}

fn try_all_shapes(bytes: &[u8], limit: usize) {
    macro_rules! try_each {
        ($($shape:ident),*) => {
            $(try_shape::<$shape>(bytes, limit);)*
        };
    }
    try_each!(Empty, Numbers, Texts, Sequences, Maps, Choice, Parts, Recursive, Foreign);
}

/// Bytes of which many are such that codecs do something with them: small, or marks of integers.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => 0_u8..4, 1 => 4_u8..128, 1 => 250_u8..=255, 1 => any::<u8>()];
    proptest::collection::vec(byte, 0..200)
}

/// Each case is played with each shape and each codec.
fn few() -> ProptestConfig {
    let most = ProptestConfig::default();
    ProptestConfig { failure_persistence: None, cases: most.cases.div_ceil(4), ..most }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in any::<Vec<u8>>(), limit in 0_usize..300) {
        try_all_shapes(&bytes, limit);
    }

    #[test]
    fn likely_bytes_are_a_value_or_an_error(bytes in likely(), limit in 100_usize..300) {
        try_all_shapes(&bytes, limit);
    }

    #[test]
    fn changed_bytes_of_a_message_are_a_value_or_an_error(
        flips in proptest::collection::vec((any::<usize>(), 1_u8..), 1..4),
        claim in proptest::option::of((any::<usize>(), any::<u64>())),
    ) {
        for codec in CODECS {
            let mut bytes = invalid::example(codec);
            for (at, flip) in &flips {
                let at = at % bytes.len();
                bytes[at] ^= flip;
            }
            if let Some((at, claim)) = claim {
                let at = at % bytes.len();
                let claim = claim.to_le_bytes();
                let room = claim.len().min(bytes.len() - at);
                bytes[at..at + room].copy_from_slice(&claim[..room]);
            }
            try_shape::<Sequences>(&bytes, 4096);
        }
    }
}
