//! Buffers that no link needs now.

/// Frames, one behind the other, and their lengths.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) frames: Vec<u8>,
    pub(super) lengths: Vec<u32>,
}

/// Buffers of links for which nothing waits, to be used again.
#[derive(Default)]
pub(super) struct Spare {
    small: Vec<Buffers>,
    /// How many bytes those have.
    small_bytes: usize,
    /// One that is larger, and for how long it was not needed.
    large: Option<Buffers>,
    unneeded: u32,
}

/// So many bytes of small buffers are kept, and none of more is small.
pub(super) const KEPT_BYTES: usize = 256 << 10;

/// A large buffer is kept while bulk goes on, and given back when it was not needed so often, or for
/// so many transmissions: to have the system find memory for it each time costs more than to fill it.
const UNNEEDED: u32 = 64;

impl Buffers {
    /// How many bytes they take up.
    fn bytes(&self) -> usize {
        self.frames.capacity() + size_of::<u32>() * self.lengths.capacity()
    }

    fn clear(&mut self) {
        self.frames.clear();
        self.lengths.clear();
    }
}

impl Spare {
    /// Buffers for a link that waits next.
    pub(super) fn take(&mut self) -> Buffers {
        if let Some(large) = self.large.take() {
            return large;
        }
        let small = self.small.pop().unwrap_or_default();
        self.small_bytes -= small.bytes();
        small
    }

    /// Takes the buffers of a link for which nothing waits any more.
    pub(super) fn keep(&mut self, mut buffers: Buffers) {
        let bytes = buffers.bytes();
        if bytes > KEPT_BYTES {
            let is_needed = buffers.frames.len() > buffers.frames.capacity() / 2;
            self.unneeded = if is_needed { 0 } else { self.unneeded + 1 };
            buffers.clear();
            self.large = Some(buffers).filter(|_| self.unneeded < UNNEEDED);
        } else if bytes > 0 && self.small_bytes + bytes <= KEPT_BYTES {
            buffers.clear();
            self.small_bytes += bytes;
            self.small.push(buffers);
        }
    }

    /// Takes note that a transmission is over.
    pub(super) fn transmitted(&mut self) {
        if self.large.is_some() {
            self.unneeded += 1;
            self.large = self.large.take().filter(|_| self.unneeded < UNNEEDED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(capacity: usize, bytes: usize) -> Buffers {
        let mut frames = Vec::with_capacity(capacity);
        frames.resize(bytes, 0);
        Buffers { frames, lengths: Vec::new() }
    }

    #[test]
    fn small_buffers_are_kept_up_to_a_sum() {
        let mut spare = Spare::default();
        (0..1_000).for_each(|_| spare.keep(of(1_000, 10)));
        assert_eq!(spare.small.len(), KEPT_BYTES / 1_000);
        while !spare.small.is_empty() {
            let taken = spare.take();
            assert_eq!((taken.bytes(), taken.frames.len()), (1_000, 0));
        }
        assert_eq!((spare.small_bytes, spare.take().bytes()), (0, 0));
    }

    #[test]
    fn a_large_buffer_is_kept_while_bulk_goes_on() {
        let mut spare = Spare::default();
        for _ in 0..2 * UNNEEDED {
            spare.keep(of(2 * KEPT_BYTES, 2 * KEPT_BYTES));
            spare.transmitted();
            assert_eq!(spare.take().bytes(), 2 * KEPT_BYTES);
        }
        spare.keep(of(2 * KEPT_BYTES, 2 * KEPT_BYTES));
        (0..UNNEEDED).for_each(|_| spare.transmitted());
        assert!(spare.large.is_none(), "nothing was sent for long");
        let mut buffers = of(2 * KEPT_BYTES, 2 * KEPT_BYTES);
        for sent in 1.. {
            spare.keep(buffers);
            if spare.large.is_none() {
                assert_eq!(sent, 1 + UNNEEDED, "small messages do not need it");
                break;
            }
            buffers = spare.take();
            buffers.frames.extend_from_slice(&[0; 100]);
        }
    }
}
