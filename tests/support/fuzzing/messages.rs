//! Messages that the original pysage has a form for.

use std::net::IpAddr;

use pysage_core::Message;
use pysage_core::wire::{ShortBytes, ShortText};
use serde::{Deserialize, Serialize};

/// One of each of the original's types.
#[derive(Message)]
#[message(packet_type = 120)]
pub(super) struct Original {
    numbers: (i8, u8, i16, u16, i32, u32, i64, u64),
    floats: (f32, f64),
    yes: bool,
    text: String,
    nick: ShortText,
    key: ShortBytes,
    bytes: Vec<u8>,
    listed: Vec<i32>,
    fixed: [u8; 3],
    inside: Inside,
}

#[derive(Deserialize, Serialize)]
struct Inside {
    pair: (i16, Wrapped),
    floats: Vec<f64>,
    nothing: (),
}

#[derive(Deserialize, Serialize)]
struct Wrapped(u8);

/// Easily hit by any bytes.
#[derive(Message)]
#[message(packet_type = 121)]
pub(super) struct Simple {
    number: i16,
    text: String,
}

/// Sequences of every type of number.
#[allow(clippy::type_complexity, reason = "a sequence of each letter")]
#[derive(Message)]
#[message(packet_type = 122)]
pub(super) struct Dense {
    small: (Vec<i8>, Vec<u8>, Vec<bool>),
    words: (Vec<i16>, Vec<u16>, Vec<i32>, Vec<u32>, Vec<i64>, Vec<u64>),
    floats: (Vec<f32>, Vec<f64>),
}

/// `Foreign` with its time as the two numbers that it is on the wire.
#[derive(Debug, Message)]
#[message(packet_type = 109)]
pub(crate) struct ForeignAsWritten {
    seconds: u64,
    nanoseconds: u32,
    address: IpAddr,
    outcome: Result<u8, String>,
    range: std::ops::Range<u16>,
}

impl ForeignAsWritten {
    /// The same time with less than a second in nanoseconds; `None` if it is too long to be told.
    pub(crate) fn carried(mut self) -> Option<ForeignAsWritten> {
        const A_SECOND: u32 = 1_000_000_000;
        self.seconds = self.seconds.checked_add(u64::from(self.nanoseconds / A_SECOND))?;
        self.nanoseconds %= A_SECOND;
        Some(self)
    }
}
