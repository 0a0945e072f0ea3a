//! What comes in.

use super::{CLOSING, FRAME, FRAME_AGAIN, HANDLED, HEAD_BYTES, Malformed, read_head};

/// One direction of a link, at the side that receives.
///
/// It holds what was read and not handed over: as much as its bound, or one frame if that is
/// longer.
pub(crate) struct Receiving {
    frame_limit: usize,
    bound_bytes: usize,
    /// What was read is from `start` to `end`; behind it is room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    closed: bool,
}

/// A record that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    Frame {
        bytes: &'a [u8],
        /// Another instance of this group may have handled it.
        again: bool,
    },
    /// So many frames that went out are handled.
    Handled(u64),
    /// No frame comes behind it.
    Closing,
}

impl Receiving {
    /// What waits to be handed over, unless more is asked for: 1 MiB, four times what is read at a
    /// time.
    const DEFAULT_BOUND_BYTES: usize = 1 << 20;

    pub(crate) fn new(frame_limit: usize) -> Receiving {
        Receiving {
            frame_limit,
            bound_bytes: Receiving::DEFAULT_BOUND_BYTES,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            closed: false,
        }
    }

    /// A buffer of more is given back once it is empty: frames of 1 MiB have no new one each.
    const KEPT_BYTES: usize = 2 << 20;

    /// Sets how many bytes may wait to be handed over.
    pub(crate) fn set_bound(&mut self, bytes: usize) {
        self.bound_bytes = bytes.max(Receiving::DEFAULT_BOUND_BYTES);
    }

    /// Whether there is room for more; there always is while no record is whole.
    pub(crate) fn wants_more(&self) -> bool {
        self.end - self.start < self.bound_bytes || matches!(self.next(), Ok(None))
    }

    /// Room to read into, for `at_most` bytes.
    pub(crate) fn space(&mut self, at_most: usize) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.buffer.len() - self.end < at_most && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let least = self.end + at_most.min(Receiving::LEAST_SPACE_BYTES);
        if self.buffer.len() < least {
            let wanted = self.end + at_most;
            self.buffer.reserve_exact(wanted - self.buffer.len());
            self.buffer.resize(wanted, 0);
        }
        let end = self.buffer.len().min(self.end + at_most);
        &mut self.buffer[self.end..end]
    }

    /// A read into less is not worth its call.
    const LEAST_SPACE_BYTES: usize = 64 << 10;

    /// Takes note that so many bytes were read into the space.
    pub(crate) fn filled(&mut self, bytes: usize) {
        self.end += bytes;
    }

    /// The next record, if it is there to its end; it stays until [`advance`](Self::advance).
    #[inline]
    pub(crate) fn next(&self) -> Result<Option<Record<'_>>, Malformed> {
        let waiting = &self.buffer[self.start..self.end];
        let Some((head, rest)) = waiting.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let (kind, length) = read_head(*head);
        self.check(kind, length)?;
        let Some(body) = rest.get(..length) else { return Ok(None) };
        Ok(Some(match kind {
            FRAME | FRAME_AGAIN => Record::Frame { bytes: body, again: kind == FRAME_AGAIN },
            HANDLED => {
                let total = body.first_chunk().expect("its length is checked");
                Record::Handled(u64::from_le_bytes(*total))
            }
            _ => Record::Closing,
        }))
    }

    #[inline]
    fn check(&self, kind: u8, bytes: usize) -> Result<(), Malformed> {
        let limit = self.frame_limit;
        match kind {
            FRAME | FRAME_AGAIN if self.closed => Err(Malformed::BehindEnd),
            FRAME | FRAME_AGAIN if bytes > limit => Err(Malformed::TooLong { bytes, limit }),
            FRAME | FRAME_AGAIN => Ok(()),
            HANDLED if bytes == size_of::<u64>() => Ok(()),
            CLOSING if bytes == 0 => Ok(()),
            HANDLED | CLOSING => Err(Malformed::Length { kind, bytes }),
            kind => Err(Malformed::Kind(kind)),
        }
    }

    /// Goes beyond the record that [`next`](Self::next) has shown.
    #[inline]
    pub(crate) fn advance(&mut self) {
        let head = self.buffer[self.start..self.end].first_chunk();
        let (kind, length) = read_head(*head.expect("there is a record"));
        self.closed |= kind == CLOSING;
        self.start += HEAD_BYTES + length;
        if self.start == self.end && self.buffer.len() > Receiving::KEPT_BYTES {
            (self.buffer, self.start, self.end) = (Vec::new(), 0, 0);
        }
    }

    #[cfg(test)]
    pub(super) fn memory_bytes(&self) -> usize {
        self.buffer.capacity()
    }
}
