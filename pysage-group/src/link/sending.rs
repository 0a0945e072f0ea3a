//! What goes out.

use std::io::IoSlice;

use super::{CLOSING, FRAME, FRAME_AGAIN, HANDLED, HEAD_BYTES, Malformed, head, read_head};

/// One direction of a link, at the side that sends.
///
/// It holds frames of as many bytes as its bound, and [`SLACK_BYTES`](Self::SLACK_BYTES) beside
/// at most for those that are handled and not forgotten yet.
pub(crate) struct Sending {
    bound_bytes: usize,
    /// Records of frames, one behind the other; those before `kept` are handled.
    records: Vec<u8>,
    kept: usize,
    /// Where the first byte is that is not written.
    unwritten: usize,
    /// A place where a record begins. Once it is looked for, the first such place that is not
    /// before `unwritten`.
    boundary: usize,
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

/// No more is offered for writing at a time; more gains nothing.
const WRITE_BYTES: usize = 256 << 10;

impl Sending {
    /// As much as a write, twice: handled frames go from the front once they are more.
    pub(crate) const SLACK_BYTES: usize = 512 << 10;

    pub(crate) fn new(bound_bytes: usize) -> Sending {
        Sending {
            bound_bytes,
            records: Vec::new(),
            kept: 0,
            unwritten: 0,
            boundary: 0,
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
        self.bound_bytes.saturating_sub(self.records.len() - self.kept)
    }

    /// Takes a frame, whose sender has seen to it that there is room.
    pub(crate) fn push(&mut self, frame: &[u8], again: bool) {
        self.reserve(HEAD_BYTES + frame.len());
        self.records.extend_from_slice(&head(if again { FRAME_AGAIN } else { FRAME }, frame.len()));
        self.records.extend_from_slice(frame);
    }

    /// Ends it behind the frames that were taken.
    pub(crate) fn close(&mut self) {
        if !self.closing {
            self.closing = true;
            self.reserve(HEAD_BYTES);
            self.records.extend_from_slice(&head(CLOSING, 0));
        }
    }

    /// Makes room, without growing far beyond the bound as doubling would.
    fn reserve(&mut self, bytes: usize) {
        if self.records.capacity() - self.records.len() >= bytes {
            return;
        }
        self.forget();
        let needed = self.records.len() + bytes;
        if needed > self.records.capacity() {
            let most = self.bound_bytes + Sending::SLACK_BYTES;
            let wanted = needed.max((2 * needed).min(most)).max(4 << 10);
            self.records.reserve_exact(wanted - self.records.len());
        }
    }

    /// Drops what is handled from the front.
    fn forget(&mut self) {
        self.find_boundary();
        self.records.drain(..self.kept);
        self.unwritten -= self.kept;
        self.boundary -= self.kept;
        self.kept = 0;
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
        self.records.len() - self.unwritten + report
    }

    /// What to write next, in this order. A report goes before all frames that were not begun.
    pub(crate) fn offer(&mut self) -> [IoSlice<'_>; 3] {
        self.report.begin();
        let report = self.report.left;
        let begun = if report == 0 { 0 } else { self.find_boundary() - self.unwritten };
        self.offered = [begun, report];
        let rest = &self.records[self.unwritten..];
        let rest = &rest[..rest.len().min(WRITE_BYTES.max(begun))];
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
        self.offered = [0; 2];
    }

    /// Where the first record begins that is not written in part.
    fn find_boundary(&mut self) -> usize {
        while self.boundary < self.unwritten {
            self.boundary = self.end_of_record(self.boundary);
        }
        self.boundary
    }

    /// Takes note of what the other side tells: that so many frames are handled.
    pub(crate) fn acknowledged(&mut self, total: u64) -> Result<(), Malformed> {
        let wrong = |most| Malformed::Handled { told: total, least: self.handled, most };
        let mut left = total.checked_sub(self.handled).ok_or_else(|| wrong(self.handled))?;
        let mut kept = self.kept;
        while left > 0 {
            let is_frame = kept < self.unwritten && self.kind_at(kept) != CLOSING;
            let end = if is_frame { self.end_of_record(kept) } else { usize::MAX };
            if end > self.unwritten {
                return Err(wrong(total - left));
            }
            kept = end;
            left -= 1;
        }
        (self.kept, self.handled) = (kept, total);
        if self.kept == self.records.len() {
            self.start_anew();
        } else if self.kept >= Sending::SLACK_BYTES && self.kept >= self.records.len() / 2 {
            self.forget();
        }
        Ok(())
    }

    /// Nothing is kept: what was taken for much is given back.
    fn start_anew(&mut self) {
        (self.kept, self.unwritten, self.boundary) = (0, 0, 0);
        self.records.clear();
        if self.records.capacity() > Sending::SLACK_BYTES {
            self.records = Vec::new();
        }
    }

    /// What became of the frames that are kept, in their order, once the other side is gone. If
    /// its last word about handled frames was `final_word`, what it did not name was not handled.
    pub(crate) fn into_fates(self, final_word: bool) -> impl Iterator<Item = Fate> {
        let mut at = self.kept;
        std::iter::from_fn(move || {
            if at == self.records.len() || self.kind_at(at) == CLOSING {
                return None;
            }
            let end = self.end_of_record(at);
            let frame = self.records[at + HEAD_BYTES..end].to_vec();
            // What an instance before may have handled stays unknown, whatever became of it here.
            let was_unknown = self.kind_at(at) == FRAME_AGAIN;
            at = end;
            let was_sent = end <= self.unwritten;
            Some(if was_unknown || was_sent && !final_word {
                Fate::Unknown(frame)
            } else {
                Fate::NotHandled(frame)
            })
        })
    }

    fn kind_at(&self, record: usize) -> u8 {
        self.head_at(record).0
    }

    fn end_of_record(&self, record: usize) -> usize {
        record + HEAD_BYTES + self.head_at(record).1
    }

    fn head_at(&self, record: usize) -> (u8, usize) {
        let head = self.records[record..].first_chunk();
        read_head(*head.expect("records are whole"))
    }

    #[cfg(test)]
    pub(super) fn memory_bytes(&self) -> usize {
        self.records.capacity()
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
