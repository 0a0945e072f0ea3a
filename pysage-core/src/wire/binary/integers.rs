//! How integers are written.

use super::super::error::DecodeReason;
use super::super::fault::{Fault, Refusal};
use super::super::writer::Writer;

/// How the integers of more than one byte are written: signed ones as unsigned ones.
pub(in super::super) trait Integers {
    /// Whether an integer takes the bytes of its type, whatever its value.
    const OF_ONE_WIDTH: bool;

    fn put_u16(number: u16, writer: &mut Writer<'_>) -> Result<(), Refusal>;
    fn put_u32(number: u32, writer: &mut Writer<'_>) -> Result<(), Refusal>;
    fn put_u64(number: u64, writer: &mut Writer<'_>) -> Result<(), Refusal>;
    fn put_u128(number: u128, writer: &mut Writer<'_>) -> Result<(), Refusal>;
    /// Puts bytes behind their length.
    fn put_bytes(bytes: &[u8], writer: &mut Writer<'_>) -> Result<(), Refusal>;

    fn take_u16(rest: &mut &[u8]) -> Result<u16, Fault>;
    fn take_u32(rest: &mut &[u8]) -> Result<u32, Fault>;
    fn take_u64(rest: &mut &[u8]) -> Result<u64, Fault>;
    fn take_u128(rest: &mut &[u8]) -> Result<u128, Fault>;

    fn unsigned_16(number: i16) -> u16;
    fn unsigned_32(number: i32) -> u32;
    fn unsigned_64(number: i64) -> u64;
    fn unsigned_128(number: i128) -> u128;

    fn signed_16(number: u16) -> i16;
    fn signed_32(number: u32) -> i32;
    fn signed_64(number: u64) -> i64;
    fn signed_128(number: u128) -> i128;
}

#[inline(always)]
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Fault> {
    match rest.split_first_chunk() {
        Some((bytes, behind)) => {
            *rest = behind;
            Ok(*bytes)
        }
        None => Err(ends_early()),
    }
}

/// The place of such a mistake is where the bytes end.
#[cold]
#[inline(never)]
pub(super) fn ends_early() -> Fault {
    Fault::before(0, DecodeReason::UnexpectedEnd)
}

/// In as many bytes as the type has, little-endian.
pub(in super::super) struct Fixed;

macro_rules! fixed {
    ($($put:ident $take:ident $unsigned:ident $signed:ident $number:ident $negative:ident,)*) => {
        $(
            #[inline(always)]
            fn $put(number: $number, writer: &mut Writer<'_>) -> Result<(), Refusal> {
                writer.put(number.to_le_bytes())
            }

            #[inline(always)]
            fn $take(rest: &mut &[u8]) -> Result<$number, Fault> {
                take(rest).map($number::from_le_bytes)
            }

            #[inline(always)]
            fn $unsigned(number: $negative) -> $number {
                number.cast_unsigned()
            }

            #[inline(always)]
            fn $signed(number: $number) -> $negative {
                number.cast_signed()
            }
        )*
    };
}

impl Integers for Fixed {
    const OF_ONE_WIDTH: bool = true;

    fixed! {
        put_u16 take_u16 unsigned_16 signed_16 u16 i16,
        put_u32 take_u32 unsigned_32 signed_32 u32 i32,
        put_u64 take_u64 unsigned_64 signed_64 u64 i64,
        put_u128 take_u128 unsigned_128 signed_128 u128 i128,
    }

    #[inline(always)]
    fn put_bytes(bytes: &[u8], writer: &mut Writer<'_>) -> Result<(), Refusal> {
        writer.put_after((bytes.len() as u64).to_le_bytes(), bytes)
    }
}

/// In one byte up to this value, and else behind a byte that tells the width.
const ONE_BYTE_MOST: u8 = 250;
const TWO_BYTES: u8 = 251;
const FOUR_BYTES: u8 = 252;
const EIGHT_BYTES: u8 = 253;
const SIXTEEN_BYTES: u8 = 254;

/// In one byte and up, by the value. Small negative numbers become small unsigned ones.
pub(in super::super) struct Variable;

macro_rules! zigzag {
    ($($unsigned:ident $signed:ident $number:ident $negative:ident,)*) => {
        $(
            #[inline(always)]
            fn $unsigned(number: $negative) -> $number {
                ((number << 1) ^ (number >> ($negative::BITS - 1))).cast_unsigned()
            }

            #[inline(always)]
            fn $signed(number: $number) -> $negative {
                (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
            }
        )*
    };
}

macro_rules! variable {
    ($($put:ident $take:ident $number:ident
        [$($mark:ident $width:ident $bytes:literal),*] $own_mark:ident $own_bytes:literal,)*) => {
        $(
            #[inline(always)]
            fn $put(number: $number, writer: &mut Writer<'_>) -> Result<(), Refusal> {
                let (bytes, length) = if number <= $number::from(ONE_BYTE_MOST) {
                    (marked(number as u8, [0; $own_bytes]), 1)
                } $(else if let Ok(number) = $width::try_from(number) {
                    (marked($mark, $number::from(number).to_le_bytes()), 1 + $bytes)
                })* else {
                    (marked($own_mark, number.to_le_bytes()), 1 + $own_bytes)
                };
                writer.put_first::<{ 1 + $own_bytes }>(bytes, length)
            }

            #[inline(always)]
            fn $take(rest: &mut &[u8]) -> Result<$number, Fault> {
                let Some((first, behind)) = rest.split_first() else { return Err(ends_early()) };
                let from = std::mem::replace(rest, behind);
                match *first {
                    small @ ..=ONE_BYTE_MOST => Ok(small.into()),
                    $($mark => take(rest).map(|bytes| $width::from_le_bytes(bytes).into()),)*
                    $own_mark => take(rest).map($number::from_le_bytes),
                    mark => Err(too_wide(from, mark, stringify!($number))),
                }
            }
        )*
    };
}

impl Integers for Variable {
    const OF_ONE_WIDTH: bool = false;

    zigzag! {
        unsigned_16 signed_16 u16 i16,
        unsigned_32 signed_32 u32 i32,
        unsigned_64 signed_64 u64 i64,
        unsigned_128 signed_128 u128 i128,
    }

    variable! {
        put_u16 take_u16 u16 [] TWO_BYTES 2,
        put_u32 take_u32 u32 [TWO_BYTES u16 2] FOUR_BYTES 4,
        put_u64 take_u64 u64 [TWO_BYTES u16 2, FOUR_BYTES u32 4] EIGHT_BYTES 8,
        put_u128 take_u128 u128
            [TWO_BYTES u16 2, FOUR_BYTES u32 4, EIGHT_BYTES u64 8] SIXTEEN_BYTES 16,
    }

    #[inline(always)]
    fn put_bytes(bytes: &[u8], writer: &mut Writer<'_>) -> Result<(), Refusal> {
        match u8::try_from(bytes.len()) {
            Ok(length @ ..=ONE_BYTE_MOST) => writer.put_after([length], bytes),
            _ => {
                Variable::put_u64(bytes.len() as u64, writer)?;
                writer.put_after([], bytes)
            }
        }
    }
}

/// A number behind the mark of its width.
#[inline(always)]
fn marked<const BYTES: usize, const WITH_MARK: usize>(
    mark: u8,
    number: [u8; BYTES],
) -> [u8; WITH_MARK] {
    let mut bytes = [mark; WITH_MARK];
    bytes[1..].copy_from_slice(&number);
    bytes
}

#[cold]
#[inline(never)]
fn too_wide(from: &[u8], mark: u8, number: &str) -> Fault {
    let reason = format!("the mark {mark} tells of no width that a {number} has");
    Fault::new(from, DecodeReason::Other(reason))
}
