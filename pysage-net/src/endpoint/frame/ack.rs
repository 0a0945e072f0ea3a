//! Acknowledgements.

use super::super::bytes::{Malformed, Reader, put, size};
use super::ACK;

/// Which datagrams arrived.
///
/// The largest number, for how many microseconds this was kept back, up to how many bytes of
/// reliable messages the peer may send in all, how many datagrams came marked, how many ranges
/// there are beside the first, how many numbers before the largest the first has; and of each
/// further one the gap before it, less one, and how many numbers it has, less one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ack<'a> {
    pub(crate) largest: u64,
    pub(crate) delay_us: u64,
    pub(crate) limit_bytes: u64,
    pub(crate) marked: u64,
    first: u64,
    more: Reader<'a>,
    ranges: usize,
}

/// How many ranges an ack tells at most: the newest.
pub(crate) const MOST_RANGES: usize = 64;

impl<'a> Ack<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Ack<'a>, Malformed> {
        let largest = reader.number()?;
        let (delay_us, limit_bytes, marked) =
            (reader.number()?, reader.number()?, reader.number()?);
        let (ranges, first) = (reader.length()?, reader.number()?);
        if ranges >= MOST_RANGES || first > largest {
            return Err(Malformed("an ack has too many ranges, or numbers below 0"));
        }
        let more = *reader;
        let mut low = largest - first;
        for _ in 0..ranges {
            low = Ack::below(low, reader)?.0;
        }
        Ok(Ack { largest, delay_us, limit_bytes, marked, first, more, ranges })
    }

    /// The next range below one that begins at `low`.
    fn below(low: u64, reader: &mut Reader<'a>) -> Result<(u64, u64), Malformed> {
        let (gap, more) = (reader.number()?, reader.number()?);
        let last = low.checked_sub(gap + 2);
        let first = last.and_then(|last| last.checked_sub(more));
        first.zip(last).ok_or(Malformed("an ack has numbers below 0"))
    }

    /// The ranges that arrived, first and last, from the highest.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + 'a {
        let mut reader = self.more;
        let mut low = self.largest - self.first;
        let more = (0..self.ranges).map(move |_| {
            let range = Ack::below(low, &mut reader).expect("the ranges were read before");
            low = range.0;
            range
        });
        std::iter::once((self.largest - self.first, self.largest)).chain(more)
    }
}

/// Writes which datagrams arrived, as much of it as there is room for.
pub(crate) fn put_ack(
    out: &mut Vec<u8>,
    ranges: impl Iterator<Item = (u64, u64)>,
    [delay_us, limit_bytes, marked]: [u64; 3],
    room_bytes: usize,
) {
    let mut ranges = ranges.take(MOST_RANGES);
    let Some((first, largest)) = ranges.next() else { return };
    let (mut more, mut count, mut low) = (Vec::new(), 0, first);
    let heads = 1 + 5 * 8 + 2;
    for (first, last) in ranges {
        let numbers = [low - last - 2, last - first];
        if heads + more.len() + numbers.map(size).iter().sum::<usize>() > room_bytes {
            break;
        }
        numbers.iter().for_each(|number| put(&mut more, *number));
        (count, low) = (count + 1, first);
    }
    out.push(ACK);
    for number in [largest, delay_us, limit_bytes, marked, count, largest - first] {
        put(out, number);
    }
    out.extend_from_slice(&more);
}
