//! What is done with any bytes: the fuzz targets in `fuzz/` run these functions at length, and
//! `tests/fuzz_short.rs` for a second each. They panic where a promise is broken.

#[path = "fuzzing/messages.rs"]
mod messages;
#[path = "fuzzing/stream.rs"]
mod stream;
#[path = "wire_shapes.rs"]
mod wire_shapes;

use std::fmt::Debug;

use pysage_core::Message;
use pysage_core::wire::{Codec, FrameHead, MessageTable, Receiver, WireLimits, WireMessage};

use messages::{Dense, ForeignAsWritten, Original, Simple};
pub(crate) use pysage_net::fuzzing::door as net_door;
pub(crate) use pysage_net::fuzzing::endpoint as net_endpoint;
pub(crate) use pysage_net::fuzzing::frames as net_frames;
pub(crate) use pysage_net::fuzzing::handshake as net_handshake;
pub(crate) use pysage_net::fuzzing::hosts as net_hosts;
pub(crate) use pysage_net::fuzzing::legacy as net_legacy;
pub(crate) use pysage_net::fuzzing::sealed as net_sealed;
pub(crate) use pysage_net::fuzzing::stream as net_stream;
pub(crate) use stream::pipe_stream;
use wire_shapes::{Choice, Empty, Foreign, Maps, Numbers, Parts, Recursive, Sequences, Texts};

/// What a target does with its bytes.
type Play = fn(&[u8]);

/// All targets by name.
pub(crate) const TARGETS: [(&str, Play); 15] = [
    ("frame_head", frame_head),
    ("decode_compact", decode_compact),
    ("decode_fixed", decode_fixed),
    ("decode_pysage", decode_pysage),
    ("message_table", message_table),
    ("pipe_stream", pipe_stream),
    ("round_trip", round_trip),
    ("net_frames", net_frames),
    ("net_handshake", net_handshake),
    ("net_endpoint", net_endpoint),
    ("net_hosts", net_hosts),
    ("net_stream", net_stream),
    ("net_legacy", net_legacy),
    ("net_sealed", net_sealed),
    ("net_door", net_door),
];

/// Small enough for messages to be over it.
fn limits() -> WireLimits {
    WireLimits::default().message_bytes(1024)
}

/// A head that is read is written as it was; one that is not has a place for the mistake.
pub(crate) fn frame_head(bytes: &[u8]) {
    for codec in [Codec::Compact, Codec::Fixed, Codec::Pysage] {
        match FrameHead::read(codec, bytes) {
            Ok((head, fields)) => {
                if let Receiver::Named(name) = head.receiver {
                    assert!(name.len() <= FrameHead::NAME_BYTES);
                }
                let mut written = Vec::new();
                head.write(codec, &mut written);
                written.extend_from_slice(fields);
                assert_eq!(written, bytes);
            }
            Err(error) => {
                assert!(error.at.is_some_and(|at| at <= bytes.len()), "{error}");
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// A table that is read is written as it was, and is like itself.
pub(crate) fn message_table(bytes: &[u8]) {
    let Ok(table) = MessageTable::decode(bytes) else { return };
    let mut written = Vec::new();
    table.encode(&mut written);
    assert_eq!(written, bytes);
    assert_eq!(table.compare(&table), Ok(()));
    assert_eq!(table.compare(&MessageTable::default()), Ok(()));
    assert_eq!(
        MessageTable::decode(&written).map(|table| table.fingerprint()),
        Ok(table.fingerprint())
    );
}

/// Decodes as each shape.
pub(crate) fn decode_compact(bytes: &[u8]) {
    decode_shapes(Codec::Compact, bytes);
}

/// Decodes as each shape.
pub(crate) fn decode_fixed(bytes: &[u8]) {
    decode_shapes(Codec::Fixed, bytes);
}

/// Decodes as each shape that the original has a form for, and as each that it has none for.
pub(crate) fn decode_pysage(bytes: &[u8]) {
    try_bytes::<Original>(Codec::Pysage, bytes);
    try_bytes::<Simple>(Codec::Pysage, bytes);
    try_bytes::<Dense>(Codec::Pysage, bytes);
    decode_shapes(Codec::Pysage, bytes);
}

/// Decodes as the shape that the first byte says, with the codec that it says.
pub(crate) fn round_trip(bytes: &[u8]) {
    is_message(bytes);
}

/// Does the same, and says whether the bytes are a message.
pub(crate) fn is_message(bytes: &[u8]) -> bool {
    let Some((which, bytes)) = bytes.split_first() else { return false };
    let codec = [Codec::Compact, Codec::Fixed, Codec::Pysage][usize::from(which / 16) % 3];
    match which % 16 {
        0 => try_message::<Numbers>(codec, bytes),
        1 => try_message::<Texts>(codec, bytes),
        2 => try_message::<Sequences>(codec, bytes),
        3 => try_message::<Maps>(codec, bytes),
        4 => try_message::<Choice>(codec, bytes),
        5 => try_message::<Parts>(codec, bytes),
        6 => try_message::<Recursive>(codec, bytes),
        7 => try_foreign(codec, bytes),
        8 => try_bytes::<Original>(codec, bytes),
        9 => try_bytes::<Simple>(codec, bytes),
        10 => try_bytes::<Dense>(codec, bytes),
        _ => try_message::<Empty>(codec, bytes),
    }
}

fn decode_shapes(codec: Codec, bytes: &[u8]) {
    try_message::<Empty>(codec, bytes);
    try_message::<Numbers>(codec, bytes);
    try_message::<Texts>(codec, bytes);
    try_message::<Sequences>(codec, bytes);
    try_message::<Maps>(codec, bytes);
    try_message::<Choice>(codec, bytes);
    try_message::<Parts>(codec, bytes);
    try_message::<Recursive>(codec, bytes);
    try_foreign(codec, bytes);
}

/// What decodes encodes under the same limits, in no more bytes, and decodes to the same value.
fn try_message<M: WireMessage + PartialEq + Debug>(codec: Codec, bytes: &[u8]) -> bool {
    let Some((message, written)) = reread::<M>(codec, bytes) else { return false };
    assert_eq!(codec.decode::<M>(&written, &limits()), Ok(message));
    true
}

/// As [`try_message`], for the shape that has a `Duration`: reading one carries nanoseconds beyond a
/// second over, which may make it longer than it came. So it is held against a message that has the
/// two numbers as they are, and must be written as that one is when they are carried over by hand.
fn try_foreign(codec: Codec, bytes: &[u8]) -> bool {
    let as_written = reread::<ForeignAsWritten>(codec, bytes).map(|(message, _)| message);
    let expected = as_written.and_then(ForeignAsWritten::carried);
    let decoded = codec.decode::<Foreign>(bytes, &limits());
    assert_eq!(decoded.is_ok(), expected.is_some(), "{decoded:?}");
    if let Err(error) = &decoded {
        assert_eq!(error.message, Some(Foreign::NAME));
        assert!(error.at.is_none_or(|at| at <= bytes.len()), "{error}");
    }
    let (Ok(message), Some(expected)) = (decoded, expected) else { return false };
    let (mut written, mut wanted) = (Vec::new(), Vec::new());
    let encoded = codec.encode(&message, &limits(), &mut written);
    let wants = codec.encode(&expected, &limits(), &mut wanted);
    assert_eq!(encoded.map_err(|error| error.reason), wants.map_err(|error| error.reason));
    assert_eq!(written, wanted);
    if !written.is_empty() {
        assert_eq!(codec.decode::<Foreign>(&written, &limits()), Ok(message));
    }
    true
}

/// The same for messages that may not equal themselves, since they have numbers that are none.
fn try_bytes<M: WireMessage>(codec: Codec, bytes: &[u8]) -> bool {
    let Some((_, written)) = reread::<M>(codec, bytes) else { return false };
    let (_, again) = reread::<M>(codec, &written).expect("what encodes decodes");
    assert_eq!(written, again, "of {}", M::NAME);
    true
}

fn reread<M: WireMessage>(codec: Codec, bytes: &[u8]) -> Option<(M, Vec<u8>)> {
    match codec.decode::<M>(bytes, &limits()) {
        Ok(message) => {
            let mut written = Vec::new();
            let encoded = codec.encode(&message, &limits(), &mut written);
            assert_eq!(encoded, Ok(()), "what decodes encodes");
            assert!(written.len() <= bytes.len(), "there are no shorter forms than ours");
            Some((message, written))
        }
        Err(error) => {
            assert_eq!(error.message, Some(M::NAME));
            assert!(error.at.is_none_or(|at| at <= bytes.len()), "{error}");
            None
        }
    }
}
