//! Types that hold themselves without end: nobody can make a value of one, but bytes can claim to.

#![allow(clippy::unwrap_used, missing_docs)]

use pysage_core::Message;
use pysage_core::wire::{Codec, DecodeReason, Registry, WireLimits};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Endless(u8, Box<Endless>);

#[derive(Serialize, Deserialize)]
struct Bottomless(Box<Bottomless>);

#[derive(Message)]
#[message(packet_type = 201)]
struct WithEndless(Endless);

#[derive(Message)]
#[message(packet_type = 202)]
struct WithBottomless(Bottomless);

#[test]
fn a_type_without_end_is_an_error_in_every_codec() {
    let mut registry = Registry::new();
    registry.register::<WithEndless>().unwrap();
    registry.register::<WithBottomless>().unwrap();
    let limits = WireLimits::default().message_bytes(16 << 20);
    for codec in [Codec::Compact, Codec::Fixed, Codec::Pysage] {
        for packet_type in [201_u8, 202] {
            let mut frame = match codec {
                Codec::Pysage => vec![packet_type],
                _ => vec![0, packet_type, 0],
            };
            frame.resize(16 << 20, 0);
            let Err(error) = registry.decode(codec, &limits, &frame) else { panic!("a value") };
            assert!(matches!(error.reason, DecodeReason::TooDeep { .. }), "{codec:?}: {error}");
        }
    }
}
