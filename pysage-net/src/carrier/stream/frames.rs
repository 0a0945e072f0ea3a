//! Datagrams in a byte stream: of each its length in two bytes, little-endian, and its bytes.
//!
//! No socket here: bytes in, frames out, however the stream cuts and joins them.

/// The most bytes of a frame. With more, what is urgent would wait longer behind bulk: this is 130 ms
/// at 1 Mbit/s, and costs 64 KiB a call of the system no more.
pub(crate) const FRAME_BYTES: usize = 16 << 10;

/// The bytes that say how long a frame is.
pub(crate) const LENGTH_BYTES: usize = size_of::<u16>();

/// A buffer for more than this is given back once it is empty.
const KEPT_BYTES: usize = 256;

/// What came is no frame: nothing behind it can be made out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoFrame;

/// Writes a frame, of one byte at least, behind what is there.
#[inline]
pub(crate) fn put_frame(out: &mut Vec<u8>, frame: &[u8]) {
    debug_assert!((1..=FRAME_BYTES).contains(&frame.len()));
    out.extend_from_slice(&(frame.len() as u16).to_le_bytes());
    out.extend_from_slice(frame);
}

/// Makes frames of what a stream brings. It keeps one frame at most, as far as that has come.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The frame of which a part has come, with its length.
    begun: Vec<u8>,
}

impl Frames {
    /// Takes what came, and hands over each frame that is whole by it.
    ///
    /// # Errors
    /// [`NoFrame`] behind those that were frames. Nothing more may be taken then.
    pub(crate) fn take(
        &mut self,
        mut bytes: &[u8],
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), NoFrame> {
        while !bytes.is_empty() {
            if self.begun.is_empty()
                && let Some((frame, rest)) = split(bytes)?
            {
                each(frame);
                bytes = rest;
                continue;
            }
            let missing = wanted(&self.begun)? - self.begun.len();
            let (more, rest) = bytes.split_at(missing.min(bytes.len()));
            self.begun.extend_from_slice(more);
            bytes = rest;
            if let Some((frame, _)) = split(&self.begun)? {
                each(frame);
                self.begun.clear();
            }
        }
        if self.begun.is_empty() && self.begun.capacity() > KEPT_BYTES {
            self.begun = Vec::new();
        }
        Ok(())
    }

    /// Whether a part of a frame has come, and not the rest.
    pub(crate) fn is_amid(&self) -> bool {
        !self.begun.is_empty()
    }

    /// How many bytes it keeps.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn kept_bytes(&self) -> usize {
        self.begun.len()
    }
}

/// A frame, and what follows it.
type Split<'a> = (&'a [u8], &'a [u8]);

/// The first frame, and what follows; `None` if it is not whole.
#[inline]
fn split(bytes: &[u8]) -> Result<Option<Split<'_>>, NoFrame> {
    let whole = wanted(bytes)?;
    let is_whole = bytes.len() >= whole && whole > LENGTH_BYTES;
    Ok(is_whole.then(|| (&bytes[LENGTH_BYTES..whole], &bytes[whole..])))
}

/// How many bytes there have to be for the frame that begins so, or for its length.
#[inline]
fn wanted(begun: &[u8]) -> Result<usize, NoFrame> {
    let Some(length) = begun.first_chunk() else { return Ok(LENGTH_BYTES) };
    match usize::from(u16::from_le_bytes(*length)) {
        length @ 1..=FRAME_BYTES => Ok(LENGTH_BYTES + length),
        _ => Err(NoFrame),
    }
}

/// What a stream did not take yet.
#[derive(Debug, Default)]
pub(crate) struct Unwritten {
    bytes: Vec<u8>,
    start: usize,
}

impl Unwritten {
    /// Puts bytes behind.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What is to be written next.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Takes note that so many bytes were written.
    pub(crate) fn written(&mut self, bytes: usize) {
        self.start += bytes;
        if self.start >= self.bytes.len() {
            *self = Unwritten::default();
        }
    }
}

#[cfg(test)]
mod tests;
