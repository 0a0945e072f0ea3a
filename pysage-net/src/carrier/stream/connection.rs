//! One stream, and the frames on it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;

use super::frames::{Frames, Unwritten};
use super::{Batch, FRAME_BYTES, GATHERED_BYTES, Stream, Wait};
use crate::carrier::Arrived;
use crate::rate::Share;

/// A stream to a peer, or to somebody who may become one.
pub(super) struct Connection<S> {
    stream: S,
    state: State,
    frames: Frames,
    unwritten: Unwritten,
    /// It was asked for room and had none.
    owes_word: bool,
    /// When it ends by itself.
    ends_at: Option<Instant>,
    /// When it was served last.
    served_at: Instant,
    /// What may come in a second, if that is limited.
    share: Option<Box<Share>>,
    /// More than that came: nothing more is read until then.
    paused_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has not come about.
    Begun,
    /// Nobody in a session.
    Stranger,
    Peer,
    /// What was to be sent was: what comes is of no use any more.
    Finishing,
    /// So it is, and the end was written.
    Finished,
}

/// What became of serving a connection.
pub(super) enum Served {
    Some(Batch),
    Ended(ErrorKind),
}

/// What came over a connection.
pub(super) enum Came<'a> {
    Datagram(&'a [u8]),
    Ready,
    Paused(Instant),
}

/// So much is read at a time where it is limited: what came beyond the limit is owed, and there is to be
/// little of that.
const LIMITED_READ_BYTES: usize = FRAME_BYTES;

/// More does not wait: whoever sends it does not ask for room, such as answers to handshakes.
const MOST_UNWRITTEN_BYTES: usize = 2 * GATHERED_BYTES;

impl<'a> Came<'a> {
    pub(super) fn of(self, address: SocketAddr) -> Arrived<'a> {
        match self {
            Came::Datagram(bytes) => Arrived::Datagram { from: address, is_marked: false, bytes },
            Came::Ready => Arrived::Ready { address },
            Came::Paused(until) => Arrived::Paused { address, until },
        }
    }
}

impl<S: Stream> Connection<S> {
    /// A stranger's, who has until then.
    pub(super) fn stranger(now: Instant, stream: S, ends_at: Instant) -> Connection<S> {
        Connection { ends_at: Some(ends_at), ..Connection::new(now, stream, State::Stranger) }
    }

    /// One that was begun here, to a peer.
    pub(super) fn begun(now: Instant, stream: S) -> Connection<S> {
        Connection::new(now, stream, State::Begun)
    }

    fn new(now: Instant, stream: S, state: State) -> Connection<S> {
        Connection {
            stream,
            state,
            frames: Frames::default(),
            unwritten: Unwritten::default(),
            owes_word: false,
            ends_at: None,
            served_at: now,
            share: None,
            paused_until: None,
        }
    }

    /// Has it stay as long as it lasts, and no more be read of it than this share; whether it was a
    /// stranger's.
    pub(super) fn keep(&mut self, share: Option<Box<Share>>) -> bool {
        // A new session over the same stream begins with what is owed.
        if self.share.is_none() && !self.is_finishing() {
            self.share = share;
        }
        let was_stranger = self.is_stranger();
        if was_stranger {
            (self.state, self.ends_at) = (State::Peer, None);
        }
        was_stranger
    }

    /// Whether it is not that of a peer, so far.
    pub(super) fn is_stranger(&self) -> bool {
        self.state == State::Stranger
    }

    pub(super) fn is_finishing(&self) -> bool {
        matches!(self.state, State::Finishing | State::Finished)
    }

    pub(super) fn ends_at(&self) -> Option<Instant> {
        self.ends_at
    }

    pub(super) fn is_amid(&self) -> bool {
        self.frames.is_amid()
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        self.stream.local_addr()
    }

    /// Whether something waits for the stream to take it.
    pub(super) fn waits_to_write(&self) -> bool {
        self.state == State::Begun || !self.unwritten.bytes().is_empty()
    }

    #[cfg(test)]
    pub(super) fn forget_share(&mut self) {
        (self.share, self.paused_until) = (None, None);
    }

    #[cfg(test)]
    pub(super) fn unwritten_bytes(&self) -> usize {
        self.unwritten.bytes().len()
    }

    pub(super) fn wait(&self) -> Option<Wait> {
        let (reads, writes) = self.waits_for();
        self.stream.wait(reads, writes)
    }

    /// Whether it waits until something comes, and until the stream takes more.
    pub(super) fn waits_for(&self) -> (bool, bool) {
        (self.paused_until.is_none(), self.waits_to_write())
    }

    /// Until when nothing is read of it, if so.
    pub(super) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Has it be read on if it is time.
    pub(super) fn resume(&mut self, now: Instant) {
        self.paused_until = self.paused_until.filter(|until| now < *until);
    }

    pub(super) fn comes_at(&self) -> Option<Instant> {
        if self.paused_until.is_some() {
            return self.paused_until;
        }
        self.stream.comes_at(self.waits_to_write())
    }

    /// Whether more is written at once; if not, it is told when.
    pub(super) fn has_room(&mut self) -> bool {
        self.owes_word = self.waits_to_write();
        !self.owes_word && !self.is_finishing()
    }

    /// Writes frames, and keeps what the stream does not take; whether they will leave.
    pub(super) fn write(&mut self, now: Instant, bytes: &[u8]) -> bool {
        if self.state == State::Finished {
            return false;
        }
        let written = if self.waits_to_write() { 0 } else { self.try_to_write(now, bytes) };
        let rest = &bytes[written..];
        let has_room = self.unwritten.bytes().len() + rest.len() <= MOST_UNWRITTEN_BYTES;
        if has_room {
            self.unwritten.push(rest);
        }
        has_room
    }

    /// How many bytes it took. If it fails, reading tells that it has ended, behind what came.
    fn try_to_write(&mut self, now: Instant, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.stream.write(now, &bytes[written..]) {
                Ok(0) => break,
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return bytes.len(),
            }
        }
        written
    }

    /// Ends it, once what waits is written, and until then at the latest.
    pub(super) fn finish(&mut self, now: Instant, until: Instant) {
        if !self.is_finishing() {
            // One that did not come about has nothing to say.
            let until = if self.state == State::Begun { now } else { until };
            (self.state, self.ends_at) = (State::Finishing, Some(until));
            // What comes now is passed over.
            (self.share, self.paused_until) = (None, None);
            self.end_if_written(now);
        }
    }

    fn end_if_written(&mut self, now: Instant) {
        if self.state == State::Finishing && self.unwritten.bytes().is_empty() {
            self.state = State::Finished;
            self.stream.end(now);
        }
    }

    /// Writes what waits, and reads what has come, a buffer at most.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        buffer: &mut [u8],
        mut each: impl FnMut(Came<'_>),
    ) -> Served {
        self.served_at = now;
        if self.state == State::Begun {
            match self.stream.is_there(now) {
                Ok(true) => self.state = State::Peer,
                Ok(false) => return Served::Some(Batch::All),
                Err(error) => return Served::Ended(error.kind()),
            }
        }
        self.write_on(now, &mut each);
        if self.paused_until.is_some() {
            return Served::Some(Batch::All);
        }
        let most = if self.share.is_some() { LIMITED_READ_BYTES } else { buffer.len() };
        let buffer = &mut buffer[..most];
        match self.stream.read(now, buffer) {
            Ok(0) => Served::Ended(ErrorKind::UnexpectedEof),
            Ok(count) => self.take(now, &buffer[..count], count == most, &mut each),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Served::Some(Batch::All),
                kind => Served::Ended(kind),
            },
        }
    }

    /// Takes what was read, of which there may be more.
    fn take(
        &mut self,
        now: Instant,
        read: &[u8],
        is_full: bool,
        each: &mut impl FnMut(Came<'_>),
    ) -> Served {
        let mut frames = 0;
        let taken = self.frames.take(read, &mut |frame| {
            frames += 1;
            each(Came::Datagram(frame));
        });
        if taken.is_err() && !self.is_finishing() {
            return Served::Ended(ErrorKind::InvalidData);
        }
        let share = self.share.as_mut();
        self.paused_until = share.and_then(|share| share.owes(now, read.len(), frames));
        if let Some(until) = self.paused_until {
            each(Came::Paused(until));
            return Served::Some(Batch::All);
        }
        Served::Some(if is_full { Batch::More } else { Batch::All })
    }

    fn write_on(&mut self, now: Instant, each: &mut impl FnMut(Came<'_>)) {
        if !self.unwritten.bytes().is_empty() {
            let unwritten = std::mem::take(&mut self.unwritten);
            let written = self.try_to_write(now, unwritten.bytes());
            self.unwritten = unwritten;
            self.unwritten.written(written);
            self.end_if_written(now);
        }
        if !self.waits_to_write() && std::mem::take(&mut self.owes_word) && !self.is_finishing() {
            each(Came::Ready);
        }
    }

    /// Reads what is there, for nobody, and ends what is written.
    pub(super) fn drain(&mut self, buffer: &mut [u8]) {
        let now = self.served_at;
        if self.state == State::Begun {
            return;
        }
        // More than this comes only of one who does not stop.
        for _ in 0..64 {
            if !matches!(self.stream.read(now, buffer), Ok(1..)) {
                break;
            }
        }
        if self.state != State::Finished {
            self.stream.end(now);
        }
    }
}
