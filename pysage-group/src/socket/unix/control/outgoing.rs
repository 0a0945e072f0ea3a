//! What waits to be sent on the control channel, and the streams that are on their way.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::retry_on_intr;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, sendmsg};

use super::super::super::{Flushed, Progress};
use super::super::{Stream, descriptor, progress};
use super::{
    BACKLOG_BYTES_MAX, BACKLOG_HANDOVERS_MAX, BODY_BYTES_MAX, ControlError, HANDOVER, HEAD_BYTES,
    RECEIPT, RECEIPT_ASKED,
};

/// Bodies without a stream go together into writes of about this size, beyond which a write is
/// not cheaper per byte.
const SEGMENT_BYTES: usize = 64 * 1024;

/// The queue of one end: at most [`BACKLOG_BYTES_MAX`] and [`BACKLOG_HANDOVERS_MAX`].
#[derive(Debug)]
pub(super) struct Outgoing {
    segments: VecDeque<Segment>,
    /// In all segments, without what was written.
    waiting_bytes: usize,
    /// In all segments.
    waiting_handovers: usize,
    /// Streams that were sent and not yet confirmed, in the order of sending.
    in_transit: VecDeque<Stream>,
    /// Whether a stream is kept open here until the other process has it. Apple's kernel may close
    /// a descriptor that is open nowhere but on its way (Chromium's issue 298276).
    keeps_until_receipt: bool,
    /// The other end is gone: nothing is queued any more.
    closed: bool,
}

/// Bytes, and the stream whose descriptor goes with the first of them.
#[derive(Debug)]
struct Segment {
    bytes: Vec<u8>,
    written: usize,
    handover: Option<Stream>,
}

impl Outgoing {
    pub(super) fn new() -> Outgoing {
        Outgoing {
            segments: VecDeque::new(),
            waiting_bytes: 0,
            waiting_handovers: 0,
            in_transit: VecDeque::new(),
            keeps_until_receipt: cfg!(target_vendor = "apple"),
            closed: false,
        }
    }

    /// Queues a body.
    pub(super) fn body(
        &mut self,
        body: &[u8],
        handover: Option<Stream>,
    ) -> Result<(), ControlError> {
        let flags = match handover {
            None => 0,
            Some(_) if self.keeps_until_receipt => HANDOVER | RECEIPT_ASKED,
            Some(_) => HANDOVER,
        };
        self.frame(flags, body, handover)
    }

    /// Queues word that a stream came.
    pub(super) fn receipt(&mut self) -> Result<(), ControlError> {
        self.frame(RECEIPT, &[], None)
    }

    /// Closes the stream that the other process now has.
    pub(super) fn handover_arrived(&mut self) -> Result<(), ControlError> {
        self.in_transit.pop_front().map(drop).ok_or(ControlError::ReceiptUnasked)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Drops all that waits, and from now on what comes.
    pub(super) fn close(&mut self) {
        *self = Outgoing { closed: true, ..Outgoing::new() };
    }

    /// Writes what is taken now.
    pub(super) fn flush(&mut self, socket: BorrowedFd<'_>) -> io::Result<Flushed> {
        while let Some(segment) = self.segments.front_mut() {
            let written = match segment.write(socket)? {
                Progress::Bytes(written) => written,
                Progress::Later => return Ok(Flushed::Later),
                Progress::Ended => {
                    self.close();
                    break;
                }
            };
            segment.written += written;
            self.waiting_bytes -= written;
            let is_done = segment.written == segment.bytes.len();
            if let Some(stream) = segment.handover.take() {
                self.waiting_handovers -= 1;
                if self.keeps_until_receipt {
                    self.in_transit.push_back(stream);
                }
            }
            if is_done {
                self.segments.pop_front();
            }
        }
        Ok(if self.closed { Flushed::Ended } else { Flushed::All })
    }

    fn frame(
        &mut self,
        flags: u8,
        body: &[u8],
        handover: Option<Stream>,
    ) -> Result<(), ControlError> {
        if self.closed {
            return Ok(());
        }
        let length = body.len();
        if length > BODY_BYTES_MAX {
            return Err(ControlError::TooLong { length });
        }
        let length = u32::try_from(length).expect("the longest body has a length of 32 bits");
        let bytes = HEAD_BYTES + body.len();
        let handovers = self.waiting_handovers + self.in_transit.len();
        if self.waiting_bytes + bytes > BACKLOG_BYTES_MAX
            || handover.is_some() && handovers >= BACKLOG_HANDOVERS_MAX
        {
            return Err(ControlError::Backlog);
        }
        self.waiting_bytes += bytes;
        self.waiting_handovers += usize::from(handover.is_some());
        let segment = self.segment_for(bytes, handover);
        segment.push(flags);
        segment.extend_from_slice(&length.to_le_bytes());
        segment.extend_from_slice(body);
        Ok(())
    }

    /// Where the next frame goes: behind the last one, or into a new segment if that one is long
    /// or this one begins with a descriptor.
    fn segment_for(&mut self, bytes: usize, handover: Option<Stream>) -> &mut Vec<u8> {
        let is_new = handover.is_some()
            || self.segments.back().is_none_or(|last| last.bytes.len() + bytes > SEGMENT_BYTES);
        if is_new {
            let bytes = Vec::with_capacity(bytes);
            self.segments.push_back(Segment { bytes, written: 0, handover });
        }
        &mut self.segments.back_mut().expect("a segment was there or was pushed").bytes
    }
}

impl Segment {
    fn write(&self, socket: BorrowedFd<'_>) -> io::Result<Progress> {
        let bytes = [IoSlice::new(&self.bytes[self.written..])];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptor = self.handover.as_ref().map(AsFd::as_fd);
        if descriptor.is_some() {
            let fits = ancillary.push(SendAncillaryMessage::ScmRights(descriptor.as_slice()));
            debug_assert!(fits, "there is room for one descriptor");
        }
        progress(retry_on_intr(|| sendmsg(socket, &bytes, &mut ancillary, descriptor::SEND_FLAGS)))
    }
}

#[cfg(test)]
impl Outgoing {
    /// Does on every system what is needed on Apple's.
    pub(super) fn keep_until_receipt(&mut self) {
        self.keeps_until_receipt = true;
    }

    /// How many streams were sent and not confirmed.
    pub(super) fn in_transit(&self) -> usize {
        self.in_transit.len()
    }
}
