//! Where codecs write.

use super::error::EncodeReason;
use super::fault::Refusal;

/// Writes behind what is in a buffer, so many bytes at most. It makes room for several fields at a
/// time, so that each costs one comparison.
pub(super) struct Writer<'o> {
    /// What was written, and room behind it.
    out: &'o mut Vec<u8>,
    start: usize,
    /// Where the next byte goes.
    at: usize,
    /// Where the last byte may end.
    end: usize,
}

impl<'o> Writer<'o> {
    /// As many bytes as most messages have.
    const ROOM_BYTES: usize = 64;

    #[inline(always)]
    pub(super) fn new(out: &'o mut Vec<u8>, limit_bytes: usize) -> Writer<'o> {
        let start = out.len();
        if limit_bytes >= Writer::ROOM_BYTES {
            out.extend_from_slice(&[0; Writer::ROOM_BYTES]);
        }
        Writer { out, start, at: start, end: start.saturating_add(limit_bytes) }
    }

    /// Leaves in the buffer what was written, or nothing after a refusal.
    #[inline(always)]
    pub(super) fn finish(self, written: Result<(), Refusal>) -> Result<(), Box<EncodeReason>> {
        match written {
            Ok(()) => {
                self.out.truncate(self.at);
                Ok(())
            }
            Err(refusal) => {
                self.out.truncate(self.start);
                Err(refusal.into_reason())
            }
        }
    }

    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Refusal> {
        if self.out.len() - self.at < N {
            grow(self.out, self.start..self.end, self.at, N)?;
        }
        self.out[self.at..self.at + N].copy_from_slice(&bytes);
        self.at += N;
        Ok(())
    }

    /// Puts the first ones of some bytes. All are written where there is room, and the others then
    /// written over: how many there are to be is seldom known in advance.
    #[inline(always)]
    pub(super) fn put_first<const N: usize>(
        &mut self,
        bytes: [u8; N],
        length: usize,
    ) -> Result<(), Refusal> {
        if self.out.len() - self.at < N {
            grow(self.out, self.start..self.end, self.at, length)?;
        }
        let room = &mut self.out[self.at..];
        match room.first_chunk_mut() {
            Some(place) => *place = bytes,
            None => room[..length].copy_from_slice(&bytes[..length]),
        }
        self.at += length;
        Ok(())
    }

    /// Puts a head, and bytes behind it.
    #[inline(always)]
    pub(super) fn put_after<const N: usize>(
        &mut self,
        head: [u8; N],
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        if self.out.len() - self.at < N + bytes.len() {
            grow(self.out, self.start..self.end, self.at, N + bytes.len())?;
        }
        let behind = self.at + N;
        self.out[self.at..behind].copy_from_slice(&head);
        self.out[behind..behind + bytes.len()].copy_from_slice(bytes);
        self.at = behind + bytes.len();
        Ok(())
    }

    /// Room for so many bytes, for the caller to fill as far as it likes.
    #[inline(always)]
    pub(super) fn room(&mut self, bytes: usize) -> Result<&mut [u8], Refusal> {
        if self.out.len() - self.at < bytes {
            grow(self.out, self.start..self.end, self.at, bytes)?;
        }
        Ok(&mut self.out[self.at..self.at + bytes])
    }

    /// Room for so many bytes, which the caller fills.
    #[cfg(feature = "codec-pysage")]
    #[inline(always)]
    pub(super) fn fill(&mut self, bytes: usize) -> Result<&mut [u8], Refusal> {
        self.room(bytes)?;
        self.at += bytes;
        Ok(&mut self.out[self.at - bytes..self.at])
    }

    /// Takes note that the caller has filled so many bytes of the room.
    #[inline(always)]
    pub(super) fn filled(&mut self, bytes: usize) {
        self.at += bytes;
    }
}

/// Makes room for so many bytes from `at` on, and for some more.
#[cold]
#[inline(never)]
fn grow(
    out: &mut Vec<u8>,
    within: std::ops::Range<usize>,
    at: usize,
    bytes: usize,
) -> Result<(), Refusal> {
    if bytes > within.end - at {
        let limit_bytes = within.end - within.start;
        return Err(Refusal::new(EncodeReason::TooLong { limit_bytes }));
    }
    let written = at - within.start;
    let more = bytes.saturating_add(written.max(Writer::ROOM_BYTES));
    out.resize(at.saturating_add(more).min(within.end), 0);
    Ok(())
}
