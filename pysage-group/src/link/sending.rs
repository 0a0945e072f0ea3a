//! What goes out.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::io::IoSlice;

use super::chunk::{CHUNK_BYTES, Chunk};
use super::{CLOSING, FRAME, FRAME_AGAIN, HANDLED, HEAD_BYTES, Malformed, head};

/// One direction of a link, at the side that sends.
///
/// It holds frames of as many bytes as its bound, and 512 KiB beside at most: what is handled of the
/// first chunk, and what is not filled of the last one.
pub(crate) struct Sending {
    bound_bytes: usize,
    /// Records, one behind the other, none of them in two chunks. There is one chunk at least.
    chunks: VecDeque<Chunk>,
    /// Emptied ones, to be filled again while they are in the processor's cache: with the bytes that
    /// are held they are within the bound.
    spare: Vec<Chunk>,
    spare_bytes: usize,
    /// Records in the first chunk before here are handled, so many frames.
    kept: usize,
    kept_frames: u64,
    /// The bytes of records that are not handled.
    held_bytes: usize,
    /// The first chunk that is not written to its end, or the last one.
    writing: usize,
    /// Where the first byte in it is that is not written.
    unwritten: usize,
    /// A place in it where a record begins. Once it is looked for, the first such place that is
    /// not before `unwritten`.
    boundary: usize,
    unwritten_bytes: usize,
    handled: u64,
    report: Report,
    closing: bool,
    /// How many bytes of the records, and of the report, were offered before the rest.
    offered: [usize; 2],
}

/// What the other side is told: how many of its frames are handled.
#[derive(Default)]
struct Report {
    total: u64,
    told: u64,
    record: [u8; Report::BYTES],
    /// How much of the record is not written.
    left: usize,
}

/// What became of a frame that was not told to be handled, when the other side was gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    NotHandled(Vec<u8>),
    /// It may have been handled.
    Unknown(Vec<u8>),
}

impl Sending {
    /// A chunk each: what is handled in the first one, and what is not filled in the last one, which
    /// may have doubled.
    #[cfg(test)]
    pub(super) const SLACK_BYTES: usize = 512 << 10;

    pub(crate) fn new(bound_bytes: usize) -> Sending {
        Sending {
            bound_bytes,
            chunks: VecDeque::from([Chunk::default()]),
            spare: Vec::new(),
            spare_bytes: 0,
            kept: 0,
            kept_frames: 0,
            held_bytes: 0,
            writing: 0,
            unwritten: 0,
            boundary: 0,
            unwritten_bytes: 0,
            handled: 0,
            report: Report::default(),
            closing: false,
            offered: [0; 2],
        }
    }

    /// How many bytes it takes now.
    pub(crate) fn room_bytes(&self) -> usize {
        if self.closing {
            return 0;
        }
        self.bound_bytes.saturating_sub(self.held_bytes)
    }

    /// Takes a frame, whose sender has seen to it that there is room.
    pub(crate) fn push(&mut self, frame: &[u8], again: bool) {
        let kind = if again { FRAME_AGAIN } else { FRAME };
        let chunk = self.chunk_with_room();
        chunk.begin();
        chunk.bytes.extend_from_slice(frame);
        let bytes = chunk.finish(kind);
        self.took(bytes);
    }

    /// Takes a frame that `write` puts behind what is in a buffer, if `check` has nothing against
    /// its length.
    pub(crate) fn push_with<E>(
        &mut self,
        write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), E>,
        check: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let chunk = self.chunk_with_room();
        chunk.begin();
        write(&mut chunk.bytes)?;
        check(chunk.bytes.len() - chunk.end - HEAD_BYTES)?;
        let bytes = chunk.finish(FRAME);
        self.took(bytes);
        Ok(())
    }

    /// Ends it behind the frames that were taken.
    pub(crate) fn close(&mut self) {
        if !self.closing {
            self.closing = true;
            let chunk = self.chunk_with_room();
            chunk.begin();
            let bytes = chunk.finish(CLOSING);
            self.took(bytes);
        }
    }

    /// The chunk in which the next record begins.
    fn chunk_with_room(&mut self) -> &mut Chunk {
        if self.chunks.back().is_none_or(|last| last.end >= CHUNK_BYTES) {
            let chunk = self.take_spare().unwrap_or_else(Chunk::of_its_size);
            self.chunks.push_back(chunk);
            let beside = self.bound_bytes.saturating_sub(self.held_bytes);
            self.limit_spare(beside);
        }
        self.chunks.back_mut().expect("there is one chunk at least")
    }

    fn took(&mut self, bytes: usize) {
        self.held_bytes += bytes;
        self.unwritten_bytes += bytes;
    }

    /// Has the other side told how many of its frames are handled.
    pub(crate) fn handled(&mut self, total: u64) {
        self.report.total = self.report.total.max(total);
    }

    /// How many bytes wait to be written.
    pub(crate) fn pending(&self) -> usize {
        let report = match self.report.left {
            0 if self.report.told < self.report.total => Report::BYTES,
            left => left,
        };
        self.unwritten_bytes + report
    }

    /// What to write next, in this order. A report goes before all frames that were not begun.
    pub(crate) fn offer(&mut self) -> [IoSlice<'_>; 3] {
        self.leave_written();
        self.report.begin();
        let report = self.report.left;
        let begun = if report == 0 { 0 } else { self.find_boundary() - self.unwritten };
        self.offered = [begun, report];
        let rest = &self.chunks[self.writing].records()[self.unwritten..];
        let (begun, fresh) = rest.split_at(begun);
        [begun, self.report.unwritten(), fresh].map(IoSlice::new)
    }

    /// Takes note that so many bytes were written of what was offered last.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        let [begun, report] = self.offered;
        let of_begun = bytes.min(begun);
        let of_report = (bytes - of_begun).min(report);
        self.report.left -= of_report;
        self.unwritten += bytes - of_report;
        self.unwritten_bytes -= bytes - of_report;
        self.offered = [0; 2];
        self.leave_written();
    }

    /// Goes on to the next chunk, if there is one, behind one that is written to its end.
    fn leave_written(&mut self) {
        while self.unwritten == self.chunks[self.writing].end
            && self.writing + 1 < self.chunks.len()
        {
            self.writing += 1;
            (self.unwritten, self.boundary) = (0, 0);
        }
    }

    /// Where the first record begins that is not written in part.
    fn find_boundary(&mut self) -> usize {
        let chunk = &self.chunks[self.writing];
        while self.boundary < self.unwritten {
            self.boundary = chunk.end_of_record(self.boundary);
        }
        self.boundary
    }

    /// How much of a chunk is written.
    fn written(&self, chunk: usize) -> usize {
        match chunk.cmp(&self.writing) {
            Ordering::Less => self.chunks[chunk].end,
            Ordering::Equal => self.unwritten,
            Ordering::Greater => 0,
        }
    }

    /// Takes note of what the other side tells: that so many frames are handled.
    pub(crate) fn acknowledged(&mut self, total: u64) -> Result<(), Malformed> {
        let wrong = |most| Malformed::Handled { told: total, least: self.handled, most };
        let mut left = total.checked_sub(self.handled).ok_or_else(|| wrong(self.handled))?;
        let (mut chunk, mut kept, mut bytes) = (0, self.kept, 0);
        let mut kept_frames = self.kept_frames;
        while left > 0 {
            let records = &self.chunks[chunk];
            let frames = records.frames - kept_frames;
            if chunk < self.writing && frames <= left {
                bytes += records.end - kept;
                left -= frames;
                (chunk, kept, kept_frames) = (chunk + 1, 0, 0);
                continue;
            }
            let written = self.written(chunk);
            let is_frame = kept < written && records.kind_at(kept) != CLOSING;
            let end = if is_frame { records.end_of_record(kept) } else { usize::MAX };
            if end > written {
                return Err(wrong(total - left));
            }
            bytes += end - kept;
            kept = end;
            kept_frames += 1;
            left -= 1;
        }
        (self.kept, self.kept_frames, self.handled) = (kept, kept_frames, total);
        self.held_bytes -= bytes;
        (0..chunk).for_each(|_| self.forget_first());
        self.leave_written();
        if self.kept == self.chunks[0].end && self.writing > 0 {
            self.forget_first();
            (self.kept, self.kept_frames) = (0, 0);
        }
        if self.held_bytes == 0 {
            self.start_anew();
        }
        Ok(())
    }

    /// Drops the first chunk, whose records are handled.
    fn forget_first(&mut self) {
        let chunk = self.chunks.pop_front().expect("the chunk in which is written is behind it");
        self.writing -= 1;
        self.keep(chunk);
    }

    fn keep(&mut self, mut chunk: Chunk) {
        let bytes = chunk.bytes.capacity();
        if self.held_bytes + self.spare_bytes + bytes <= self.bound_bytes {
            chunk.clear();
            self.spare.push(chunk);
            self.spare_bytes += bytes;
        }
    }

    fn take_spare(&mut self) -> Option<Chunk> {
        let chunk = self.spare.pop()?;
        self.spare_bytes -= chunk.bytes.capacity();
        Some(chunk)
    }

    fn limit_spare(&mut self, bytes: usize) {
        while self.spare_bytes > bytes {
            self.take_spare();
        }
    }

    /// Nothing is kept: what was taken for much is given back.
    fn start_anew(&mut self) {
        self.limit_spare(self.bound_bytes / 4);
        (self.kept, self.kept_frames, self.unwritten, self.boundary) = (0, 0, 0, 0);
        let only = &mut self.chunks[0];
        only.clear();
        if only.bytes.capacity() > 2 * CHUNK_BYTES {
            *only = Chunk::default();
        }
    }

    /// What became of the frames that are kept, in their order, once the other side is gone. If
    /// its last word about handled frames was `final_word`, what it did not name was not handled.
    pub(crate) fn into_fates(self, final_word: bool) -> impl Iterator<Item = Fate> {
        let (mut chunk, mut at) = (0, self.kept);
        std::iter::from_fn(move || {
            while at == self.chunks.get(chunk)?.end {
                (chunk, at) = (chunk + 1, 0);
            }
            let records = &self.chunks[chunk];
            if records.kind_at(at) == CLOSING {
                return None;
            }
            let end = records.end_of_record(at);
            let frame = records.bytes[at + HEAD_BYTES..end].to_vec();
            // What an instance before may have handled stays unknown, whatever became of it here.
            let was_unknown = records.kind_at(at) == FRAME_AGAIN;
            let was_sent = end <= self.written(chunk);
            at = end;
            Some(if was_unknown || was_sent && !final_word {
                Fate::Unknown(frame)
            } else {
                Fate::NotHandled(frame)
            })
        })
    }

    #[cfg(test)]
    pub(super) fn memory_bytes(&self) -> usize {
        self.chunks.iter().chain(&self.spare).map(|chunk| chunk.bytes.capacity()).sum()
    }
}

impl Report {
    const BYTES: usize = HEAD_BYTES + size_of::<u64>();

    /// Begins a record about the newest total, if there is something new.
    fn begin(&mut self) {
        if self.left > 0 || self.told == self.total {
            return;
        }
        (self.told, self.left) = (self.total, Report::BYTES);
        let (start, body) = self.record.split_at_mut(HEAD_BYTES);
        start.copy_from_slice(&head(HANDLED, size_of::<u64>()));
        body.copy_from_slice(&self.total.to_le_bytes());
    }

    fn unwritten(&self) -> &[u8] {
        &self.record[Report::BYTES - self.left..]
    }
}

impl Fate {
    pub(crate) fn frame(&self) -> &[u8] {
        match self {
            Fate::NotHandled(frame) | Fate::Unknown(frame) => frame,
        }
    }
}
