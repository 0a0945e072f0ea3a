//! Records, one behind the other, as they are kept until they are handled.

use super::{CLOSING, HEAD_BYTES, head, read_head};

/// A part of the records.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    /// Where its records end. Behind it may be a part of a frame whose writer failed.
    pub(super) end: usize,
    pub(super) frames: u64,
}

/// No record begins behind so many bytes of a chunk. As much is written at a time: more gains
/// nothing.
pub(super) const CHUNK_BYTES: usize = 128 << 10;

impl Chunk {
    /// One that has not to grow, unless the last record in it is long.
    pub(super) fn of_its_size() -> Chunk {
        Chunk { bytes: Vec::with_capacity(CHUNK_BYTES), ..Chunk::default() }
    }

    /// Begins a record, whose kind and length are not known yet.
    pub(super) fn begin(&mut self) {
        self.bytes.truncate(self.end);
        self.bytes.extend_from_slice(&[0; HEAD_BYTES]);
    }

    /// Ends the record that was begun; returns how many bytes it has.
    pub(super) fn finish(&mut self, kind: u8) -> usize {
        let bytes = self.bytes.len() - self.end;
        let record = &mut self.bytes[self.end..];
        record[..HEAD_BYTES].copy_from_slice(&head(kind, bytes - HEAD_BYTES));
        self.end = self.bytes.len();
        self.frames += u64::from(kind != CLOSING);
        // A long frame may have made it double, and nothing comes behind that.
        if self.end >= CHUNK_BYTES && self.bytes.capacity() - self.end > CHUNK_BYTES {
            self.bytes.shrink_to_fit();
        }
        bytes
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.end, self.frames) = (0, 0);
    }

    pub(super) fn records(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    pub(super) fn kind_at(&self, record: usize) -> u8 {
        self.head_at(record).0
    }

    pub(super) fn end_of_record(&self, record: usize) -> usize {
        record + HEAD_BYTES + self.head_at(record).1
    }

    fn head_at(&self, record: usize) -> (u8, usize) {
        let head = self.records()[record..].first_chunk();
        read_head(*head.expect("records are whole"))
    }
}
