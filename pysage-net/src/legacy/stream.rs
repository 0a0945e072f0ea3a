//! One connection's bytes: frames in and out, however a stream cuts and joins them.
//!
//! There is no socket here. A frame has its length before it, as a big-endian `u32`.

use std::ops::Range;

/// The bytes of one connection, in both directions.
///
/// What arrives is kept up to one frame of the longest there may be, and what was read with it. A
/// length that is only claimed takes no memory.
pub(crate) struct Stream {
    longest_bytes: usize,
    incoming: Vec<u8>,
    /// Up to here `incoming` is done.
    taken: usize,
    outgoing: Vec<u8>,
    /// The first frame in `outgoing` that was not passed on to its end.
    first: usize,
    /// Up to here `outgoing` was passed on.
    passed_on: usize,
}

/// What is next in a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    Frame(&'a [u8]),
    /// The rest of it has not arrived.
    Part,
    /// A frame that is longer than any may be; what follows is not looked for.
    TooLong,
}

const LENGTH_BYTES: usize = 4;

/// Empty buffers larger than this are given back.
const KEPT_BYTES: usize = 16 << 10;

impl Stream {
    /// A stream whose frames have at most so many bytes.
    pub(crate) fn new(longest_bytes: usize) -> Stream {
        Stream {
            longest_bytes,
            incoming: Vec::new(),
            taken: 0,
            outgoing: Vec::new(),
            first: 0,
            passed_on: 0,
        }
    }

    /// Takes what has arrived.
    pub(crate) fn arrived(&mut self, bytes: &[u8]) {
        // Frames that are done are forgotten here, so a long frame is moved once and not with each
        // of its parts.
        self.incoming.drain(..self.taken);
        self.taken = 0;
        self.incoming.extend_from_slice(bytes);
    }

    /// The next frame that has arrived, until it is [taken](Self::take).
    pub(crate) fn next(&self) -> Next<'_> {
        let rest = &self.incoming[self.taken..];
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else {
            return Next::Part;
        };
        let length = u32::from_be_bytes(*length) as usize;
        match rest.get(..length) {
            _ if length > self.longest_bytes => Next::TooLong,
            Some(frame) => Next::Frame(frame),
            None => Next::Part,
        }
    }

    /// Takes the next frame away.
    pub(crate) fn take(&mut self) {
        if let Next::Frame(frame) = self.next() {
            self.taken += LENGTH_BYTES + frame.len();
        }
        if self.taken == self.incoming.len() {
            empty(&mut self.incoming);
            self.taken = 0;
        }
    }

    /// Forgets what has arrived.
    pub(crate) fn ignore_arrived(&mut self) {
        (self.incoming, self.taken) = (Vec::new(), 0);
    }

    /// How many bytes have arrived and were not taken.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn arrived_bytes(&self) -> usize {
        self.incoming.len() - self.taken
    }

    /// Puts a frame behind those that are to be passed on.
    pub(crate) fn send(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).expect("a frame is within its limit");
        self.outgoing.extend_from_slice(&length.to_be_bytes());
        self.outgoing.extend_from_slice(frame);
    }

    /// What is to be passed on next.
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.outgoing[self.passed_on..]
    }

    /// Takes note that so many bytes of [`unsent`](Self::unsent) were passed on.
    pub(crate) fn pass_on(&mut self, bytes: usize) {
        self.passed_on += bytes;
        if self.passed_on == self.outgoing.len() {
            empty(&mut self.outgoing);
            (self.first, self.passed_on) = (0, 0);
            return;
        }
        while let Some(frame) = self.frame_out(self.first)
            && frame.end <= self.passed_on
        {
            self.first = frame.end;
        }
        if self.first > KEPT_BYTES && self.first * 2 > self.outgoing.len() {
            self.outgoing.drain(..self.first);
            self.passed_on -= self.first;
            self.first = 0;
        }
    }

    /// How many bytes are kept to be passed on.
    pub(crate) fn unsent_bytes(&self) -> usize {
        self.outgoing.len() - self.first
    }

    /// Gives up what was not passed on to its end, frame by frame.
    pub(crate) fn give_up(&mut self, mut each: impl FnMut(&[u8])) {
        while let Some(frame) = self.frame_out(self.first) {
            each(&self.outgoing[frame.clone()]);
            self.first = frame.end;
        }
        *self = Stream::new(self.longest_bytes);
    }

    /// Where the frame is in `outgoing` that begins there with its length.
    fn frame_out(&self, start: usize) -> Option<Range<usize>> {
        let length = self.outgoing.get(start..)?.first_chunk::<LENGTH_BYTES>()?;
        let begin = start + LENGTH_BYTES;
        Some(begin..begin + u32::from_be_bytes(*length) as usize)
    }
}

fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(KEPT_BYTES);
}

#[cfg(test)]
mod tests;
