//! A message with a field of each type that the original has.

use pysage_net::Message;
use pysage_net::wire::{ShortBytes, ShortText};

/// One field of each type that the original has.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 255)]
pub(crate) struct Everything {
    pub(crate) small: (i8, u8, i16, u16),
    pub(crate) large: (i32, u32, i64, u64),
    pub(crate) real: (f32, f64),
    pub(crate) truth: bool,
    pub(crate) letter: [u8; 1],
    pub(crate) fixed: [u8; 4],
    pub(crate) short: ShortText,
    pub(crate) raw: ShortBytes,
    pub(crate) text: String,
    pub(crate) numbers: Vec<i32>,
    pub(crate) reals: Vec<f64>,
}

/// The value that `original/echo.py` has, too.
pub(crate) fn everything() -> Everything {
    Everything {
        small: (-128, 255, -32_768, 65_535),
        large: (i32::MIN, u32::MAX, i64::MIN, u64::MAX),
        real: (-2.5, f64::MIN_POSITIVE),
        truth: true,
        letter: *b"x",
        fixed: *b"ab\0\0",
        short: ShortText::try_from("nick").unwrap(),
        raw: ShortBytes::try_from((0..255).collect::<Vec<u8>>()).unwrap(),
        text: "grüße".repeat(2_000),
        numbers: (-500..500).collect(),
        reals: vec![f64::INFINITY, -0.0],
    }
}
