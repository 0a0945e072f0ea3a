//! What two hosts agree on before there are messages, and what guards each datagram after that.
//!
//! With keys datagrams are sealed. Without encryption it is a checksum under a key that both ends
//! chose, over the full number of the datagram. It tells datagrams of this session from late and foreign
//! ones, and is no protection against who can read them.

mod cookie;
mod hello;
mod letter;
#[cfg(feature = "secure")]
mod noise;
#[cfg(not(feature = "secure"))]
#[path = "session/unsealed.rs"]
mod noise;
mod random;
#[cfg(feature = "secure")]
mod sealed;

use std::time::{Duration, Instant};

use crate::endpoint::Malformed;

#[cfg(feature = "secure")]
pub(crate) use crate::security::{PublicKey, Rights};
pub(crate) use cookie::{Cookie, Cookies};
pub(crate) use hello::{Answer, Hello, Refusal, Said, SealedHello, Shake, Terms, Welcome};
pub(crate) use letter::Letter;
pub(crate) use noise::{Call, Heard, Secrets};
#[cfg(not(feature = "secure"))]
pub(crate) use noise::{PublicKey, Rights};
pub(crate) use random::Random;
#[cfg(feature = "secure")]
use sealed::Sealing;

/// The header of a datagram: its kind, the session at the receiver, the last bytes of its number.
///
/// | bytes | what |
/// |---|---|
/// | 1 | bits 6 and 7: 1; bits 4 and 5: how many bytes of the number follow, less one; bits 0 and 1: the phase of the key; the rest 0 |
/// | 4 | the number of the session at the receiver, little-endian |
/// | 2 to 4 | the last bytes of the datagram's number, little-endian |
///
/// The frames follow, and a checksum of 4 bytes; or the frames, sealed, and a tag of 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) session: u32,
    /// The last bytes of the number, and how many.
    truncated: u32,
    bytes: u8,
    /// Of the key that it is sealed by, modulo 4; 0 if it is not.
    phase: u8,
}

/// The kinds of datagrams, in their two highest bits.
const KIND: u8 = 0b1100_0000;
const MESSAGES: u8 = 0b0100_0000;
const SHAKE: u8 = 0b1000_0000;

/// What an opened datagram is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Datagram<'a> {
    /// Of a session, with all that is behind its header.
    Sealed(Header, &'a [u8]),
    /// Of a handshake.
    Shake(&'a [u8]),
}

/// What guards the datagrams of a session.
#[derive(Clone)]
pub(crate) struct Session {
    guard: Guard,
    /// The number of the session at the other end.
    there: u32,
}

#[derive(Clone)]
enum Guard {
    /// What the checksum starts from.
    Checksum(u32),
    #[cfg(feature = "secure")]
    Sealing(Box<Sealing>),
}

/// Whether a new key is used from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepping {
    No,
    #[cfg(feature = "secure")]
    Stepped,
    /// It is time for one, but the other end has to be asked first whether it has followed.
    #[cfg(feature = "secure")]
    Asks,
}

impl Session {
    /// The largest header.
    pub(crate) const HEADER_BYTES: usize = 1 + 4 + 4;

    pub(crate) const CHECKSUM_BYTES: usize = 4;

    /// What sealing adds behind the frames.
    pub(crate) const TAG_BYTES: usize = 16;

    /// The open session of two ends with these keys, whose number at the other end is `there`.
    pub(crate) fn new(client_key: u64, server_key: u64, there: u32) -> Session {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&client_key.to_le_bytes());
        hasher.update(&server_key.to_le_bytes());
        Session { guard: Guard::Checksum(hasher.finalize()), there }
    }

    /// The sealed session of two ends that have these secrets.
    #[cfg_attr(not(feature = "secure"), expect(unused_variables))]
    pub(crate) fn sealed(secrets: &Secrets, there: u32) -> Session {
        #[cfg(feature = "secure")]
        return Session { guard: Guard::Sealing(Box::new(Sealing::new(secrets))), there };
        #[cfg(not(feature = "secure"))]
        secrets.session()
    }

    /// Whether what is opened in it can only be the peer's.
    pub(crate) fn is_sealed(&self) -> bool {
        !matches!(self.guard, Guard::Checksum(_))
    }

    /// How many bytes stand behind the frames.
    pub(crate) fn tag_bytes(&self) -> usize {
        match self.guard {
            Guard::Checksum(_) => Session::CHECKSUM_BYTES,
            #[cfg(feature = "secure")]
            Guard::Sealing(_) => Session::TAG_BYTES,
        }
    }

    /// Uses a new key from this number on if it is time. `known` is the largest number
    /// that arrived there, `longest` how many datagrams and how long a key is used.
    #[cfg_attr(not(feature = "secure"), expect(unused_variables))]
    pub(crate) fn step(
        &mut self,
        now: Instant,
        number: u64,
        known: Option<u64>,
        longest: (u64, Duration),
    ) -> Stepping {
        match &mut self.guard {
            Guard::Checksum(_) => Stepping::No,
            #[cfg(feature = "secure")]
            Guard::Sealing(sealing) => sealing.step(now, number, known, longest),
        }
    }

    /// Begins a datagram of this number, of which the other end knows an earlier one.
    pub(crate) fn begin(&self, number: u64, known: Option<u64>, out: &mut Vec<u8>) {
        let ahead = number - known.map_or(0, |known| known.min(number));
        let bytes = match ahead {
            0..0x4000 => 2,
            0x4000..0x40_0000 => 3,
            _ => 4,
        };
        let phase = match &self.guard {
            Guard::Checksum(_) => 0,
            #[cfg(feature = "secure")]
            Guard::Sealing(sealing) => sealing.phase(),
        };
        out.push(MESSAGES | (bytes as u8 - 1) << 4 | phase);
        out.extend_from_slice(&self.there.to_le_bytes());
        out.extend_from_slice(&number.to_le_bytes()[..bytes]);
    }

    /// Ends a datagram that begins at `start`.
    pub(crate) fn seal(&self, number: u64, start: usize, out: &mut Vec<u8>) {
        match &self.guard {
            Guard::Checksum(from) => {
                let checksum = checksum_of(*from, number, &out[start..]);
                out.extend_from_slice(&checksum.to_le_bytes());
            }
            #[cfg(feature = "secure")]
            Guard::Sealing(sealing) => {
                let datagram = &mut out[start..];
                let (header, frames) = datagram.split_at_mut(Header::size_of(datagram[0]));
                let tag = sealing.seal(number, header, frames);
                out.extend_from_slice(tag.as_ref());
            }
        }
    }

    /// The frames of a datagram that came, and its number, if it is one of this session; `largest`
    /// is the largest number that came before. What is sealed is opened in `room`.
    #[cfg_attr(not(feature = "secure"), expect(unused_variables))]
    pub(crate) fn open<'a>(
        &mut self,
        now: Instant,
        header: Header,
        largest: Option<u64>,
        datagram: &'a [u8],
        room: &'a mut Vec<u8>,
    ) -> Option<(u64, &'a [u8])> {
        let number = header.number(largest.map_or(0, |largest| largest + 1))?;
        match &mut self.guard {
            Guard::Checksum(from) => {
                let (guarded, checksum) =
                    datagram.split_last_chunk::<{ Session::CHECKSUM_BYTES }>()?;
                let is_right = u32::from_le_bytes(*checksum) == checksum_of(*from, number, guarded);
                Some((number, guarded.get(header.size()..).filter(|_| is_right)?))
            }
            #[cfg(feature = "secure")]
            Guard::Sealing(sealing) => {
                let (head, sealed) = datagram.split_at_checked(header.size())?;
                room.clear();
                room.extend_from_slice(sealed);
                let length = sealing.open(now, (number, header.phase), head, room)?;
                Some((number, &room[..length]))
            }
        }
    }
}

fn checksum_of(from: u32, number: u64, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(from);
    hasher.update(&number.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

impl<'a> Datagram<'a> {
    /// Tells what a datagram is by its first bytes.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Datagram<'a>, Malformed> {
        const SHORT: Malformed = Malformed("a datagram ends within its header");
        let first = *bytes.first().ok_or(SHORT)?;
        match first & KIND {
            MESSAGES => Header::read(first, bytes).map(|it| Datagram::Sealed(it, bytes)),
            SHAKE => Ok(Datagram::Shake(bytes)),
            _ => Err(Malformed("a datagram is of no kind that is known")),
        }
    }
}

impl Header {
    fn read(first: u8, bytes: &[u8]) -> Result<Header, Malformed> {
        let short = || Malformed("a datagram ends within its header");
        let count = (first >> 4 & 3) + 1;
        if first & 0x0c != 0 || count < 2 {
            return Err(Malformed("a datagram has a header that is not known"));
        }
        let (session, rest) = bytes[1..].split_first_chunk().ok_or_else(short)?;
        let number = rest.get(..usize::from(count)).ok_or_else(short)?;
        let truncated = number.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
        let (session, phase) = (u32::from_le_bytes(*session), first & 3);
        Ok(Header { session, truncated, bytes: count, phase })
    }

    fn size(self) -> usize {
        1 + 4 + usize::from(self.bytes)
    }

    /// The size of a header that begins so.
    #[cfg(feature = "secure")]
    fn size_of(first: u8) -> usize {
        1 + 4 + usize::from((first >> 4 & 3) + 1)
    }

    /// The full number, the one nearest to the expected: RFC 9000 section A.3.
    fn number(self, expected: u64) -> Option<u64> {
        let window = 1_u64 << (8 * self.bytes);
        let near = expected & !(window - 1) | u64::from(self.truncated);
        let (below, above) = (near.checked_sub(window), near.checked_add(window));
        let all = [below, Some(near), above].into_iter().flatten();
        all.min_by_key(|number| number.abs_diff(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::assert_golden;

    #[test]
    fn a_datagram_is_written_as_it_always_was() {
        let (client_key, server_key) = (0x1122_3344_5566_7788, 0x99aa_bbcc_ddee_ff00);
        let written = |there, number, frames: &[u8]| {
            let (session, mut out) = (Session::new(client_key, server_key, there), Vec::new());
            session.begin(number, None, &mut out);
            out.extend_from_slice(frames);
            session.seal(number, 0, &mut out);
            out
        };
        assert_golden("datagram", &written(0x0020_0003, 5, &[1]));
        let larger = written(0x0010_0007, 70_000, &[3, 0]);
        assert_golden("datagram of a larger number", &larger);
    }

    fn opened(
        session: &mut Session,
        largest: Option<u64>,
        datagram: &[u8],
    ) -> Option<(u64, Vec<u8>)> {
        let Ok(Datagram::Sealed(header, bytes)) = Datagram::read(datagram) else { return None };
        let (now, mut room) = (Instant::now(), Vec::new());
        let opened = session.open(now, header, largest, bytes, &mut room);
        opened.map(|(number, frames)| (number, frames.to_vec()))
    }

    /// What one of these writes the other opens, with its number, and neither opens anything else.
    fn check_opened([sender, receiver, stranger]: &mut [Session; 3]) {
        for number in [0, 1, 0x3fff, 0x4000, 0x12_3456, 0xffff_ffff, 1 << 40] {
            let known = (number > 0).then(|| number - 1);
            let mut datagram = b"before".to_vec();
            let start = datagram.len();
            sender.begin(number, known, &mut datagram);
            datagram.extend_from_slice(b"frames");
            sender.seal(number, start, &mut datagram);
            let datagram = &datagram[start..];
            let Ok(Datagram::Sealed(header, _)) = Datagram::read(datagram) else { panic!() };
            assert_eq!(header.session, 77);
            assert_eq!(opened(receiver, known, datagram), Some((number, b"frames".to_vec())));
            assert_eq!(opened(stranger, known, datagram), None);
            // A datagram that is so late that its number is taken for another one.
            assert_eq!(opened(receiver, Some(number + (1 << 33)), datagram), None);
            for at in 0..datagram.len() {
                let mut changed = datagram.to_vec();
                changed[at] ^= 1;
                assert_eq!(opened(receiver, known, &changed), None, "{number} at {at}");
                changed.truncate(at);
                assert_eq!(opened(receiver, known, &changed), None, "{number} cut at {at}");
            }
        }
    }

    #[test]
    fn a_datagram_is_opened_only_with_its_number_and_in_its_session() {
        check_opened(&mut [2, 2, 3].map(|key| Session::new(1, key, 77)));
    }

    #[test]
    #[cfg(feature = "secure")]
    fn so_is_one_that_is_sealed() {
        let secrets = |[sending, receiving]: [u8; 2]| Secrets {
            sending: [sending; 32].into(),
            receiving: [receiving; 32].into(),
        };
        let ends = [[1, 2], [2, 1], [1, 2]].map(secrets);
        check_opened(&mut ends.map(|secrets| Session::sealed(&secrets, 77)));
    }

    #[test]
    fn numbers_are_found_from_their_last_bytes() {
        for expected in [0_u64, 5, 40_000, 70_000, 1 << 34] {
            for off in [0_i64, 1, -1, 100, -100, 8_000, -8_000] {
                let Some(number) = expected.checked_add_signed(off) else { continue };
                let header =
                    Header { session: 0, truncated: (number & 0xffff) as u32, bytes: 2, phase: 0 };
                assert_eq!(header.number(expected), Some(number), "{expected} {off}");
            }
        }
    }
}
