//! From the bytes and descriptors of the control channel to bodies with their streams.

use std::collections::VecDeque;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::retry_on_intr;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, ReturnFlags, recvmsg};

use super::super::super::Progress;
use super::super::{Stream, descriptor, progress};
use super::{BODY_BYTES_MAX, ControlError, HANDOVER, HEAD_BYTES, RECEIPT, RECEIPT_ASKED, Received};

/// How much is read at once: many heads, and few reads for the longest body.
const READ_BYTES: usize = 16 * 1024;

/// How many descriptors one read has room for.
///
/// Two, to tell one from more: the system closes what has no room. Apple's leaves that open and
/// unknown to us, so there is room for all that it lets one send.
const READ_DESCRIPTORS: usize = if cfg!(target_vendor = "apple") { 512 } else { 2 };

/// What came and was not taken yet: at most one body in part, and what one read brought.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    /// What is read into.
    read: Vec<u8>,
    /// Where in `bytes` that begins which was not taken.
    start: usize,
    /// Streams whose heads were not taken, in the order in which they came.
    ///
    /// A descriptor comes with the first byte of a head, and a read ends behind what it came with
    /// (so does Linux, see `unix_stream_read_generic`). So there is one at most, and it belongs to
    /// the next head that speaks of one. How the bytes are cut makes no difference.
    streams: VecDeque<Stream>,
    /// The head of the body that is coming.
    head: Option<Head>,
}

/// A head whose stream, if it speaks of one, has been found.
#[derive(Debug)]
struct Head {
    flags: u8,
    length: usize,
    handover: Option<Stream>,
}

/// What was between two heads.
#[derive(Debug)]
pub(super) enum Frame {
    /// A body, and whether its sender waits for word that the stream came.
    Body { received: Received, receipt_asked: bool },
    /// Word that a stream came.
    Receipt,
}

impl Incoming {
    /// The next frame, if it is there as a whole.
    pub(super) fn take(&mut self) -> Result<Option<Frame>, ControlError> {
        if self.head.is_none() {
            let Some(head) = self.bytes[self.start..].first_chunk::<HEAD_BYTES>() else {
                self.check_announced()?;
                return Ok(None);
            };
            self.head = Some(read_head(*head, &mut self.streams)?);
            self.start += HEAD_BYTES;
        }
        let rest = &self.bytes[self.start..];
        let Some(head) = self.head.take_if(|head| head.length <= rest.len()) else {
            self.check_announced()?;
            return Ok(None);
        };
        self.start += head.length;
        if head.flags == RECEIPT {
            return Ok(Some(Frame::Receipt));
        }
        let received = Received { body: rest[..head.length].to_vec(), handover: head.handover };
        Ok(Some(Frame::Body { received, receipt_asked: head.flags & RECEIPT_ASKED != 0 }))
    }

    /// Whether all that came was taken: where an end may come.
    pub(super) fn is_between_frames(&self) -> bool {
        self.head.is_none() && self.start == self.bytes.len()
    }

    /// Reads once. On an error all descriptors that came are closed.
    pub(super) fn fill(&mut self, socket: BorrowedFd<'_>) -> Result<Progress, ControlError> {
        // Only the part of one frame is moved, and nothing in most cases.
        self.bytes.drain(..self.start);
        self.start = 0;

        // Not on the stack: to clear it would take longer than the look for what mostly is not there.
        self.read.resize(READ_BYTES, 0);
        let bytes = &mut self.read;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(READ_DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let making = descriptor::making();
        let message = retry_on_intr(|| {
            let buffers = &mut [IoSliceMut::new(bytes)];
            recvmsg(socket, buffers, &mut ancillary, descriptor::RECEIVE_FLAGS)
        });
        let message = match message {
            Ok(message) if message.bytes == 0 => return Ok(Progress::Ended),
            Ok(message) => message,
            Err(error) => return Ok(progress(Err(error))?),
        };
        let descriptors = owned_descriptors(ancillary);
        if message.flags.contains(ReturnFlags::CTRUNC) {
            return Err(ControlError::DescriptorsLost);
        }
        self.accept(descriptors)?;
        drop(making);
        self.bytes.extend_from_slice(&self.read[..message.bytes]);
        Ok(Progress::Bytes(message.bytes))
    }

    fn accept(&mut self, mut descriptors: Vec<OwnedFd>) -> Result<(), ControlError> {
        if descriptors.len() > 1 {
            return Err(ControlError::TooManyDescriptors { count: descriptors.len() });
        }
        let Some(descriptor) = descriptors.pop() else { return Ok(()) };
        if !descriptor::is_unix_stream(descriptor.as_fd()) {
            return Err(ControlError::NotAStream);
        }
        descriptor::set_up(&descriptor)?;
        self.streams.push_back(Stream(descriptor));
        Ok(())
    }

    /// Refuses a stream that belongs to no head. To be called when no whole frame is left: then
    /// only a head that is there in part can be that of a stream.
    fn check_announced(&self) -> Result<(), ControlError> {
        let next = if self.head.is_none() { self.bytes.get(self.start) } else { None };
        let announced = usize::from(next.is_some_and(|flags| flags & HANDOVER != 0));
        if self.streams.len() > announced {
            return Err(ControlError::HandoverUnannounced);
        }
        Ok(())
    }
}

fn read_head(
    [flags, length @ ..]: [u8; HEAD_BYTES],
    streams: &mut VecDeque<Stream>,
) -> Result<Head, ControlError> {
    let length = u32::from_le_bytes(length) as usize;
    if length > BODY_BYTES_MAX {
        return Err(ControlError::TooLong { length });
    }
    let handover = match flags {
        0 => None,
        RECEIPT if length == 0 => None,
        HANDOVER | RECEIPT_ASKED_HANDOVER => {
            Some(streams.pop_front().ok_or(ControlError::HandoverMissing)?)
        }
        _ => return Err(ControlError::Garbage { flags }),
    };
    Ok(Head { flags, length, handover })
}

const RECEIPT_ASKED_HANDOVER: u8 = HANDOVER | RECEIPT_ASKED;

/// All descriptors of a message, so that dropping the list closes them.
fn owned_descriptors(mut ancillary: RecvAncillaryBuffer<'_>) -> Vec<OwnedFd> {
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    descriptors
}
