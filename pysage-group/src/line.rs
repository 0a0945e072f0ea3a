//! The line between a group and its parent: control messages, and the ends of links.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pysage_core::transport::Envelope;

use crate::control::{Control, ControlError};
use crate::socket::{self, Interest, Stream, Waker};
use crate::values::{self, ValueReceiver, ValueSender};

/// One end of a link between two groups, before it is in use.
pub(crate) enum LinkEnd {
    /// To another process; or within one, where messages have to be kept as bytes.
    Stream(Stream),
    /// Within a process.
    Values(ValueEnd),
}

/// One end of a link within a process.
pub(crate) struct ValueEnd {
    /// Dropped first: that the sender is gone tells the other end that it can count what is lost.
    pub(crate) receiver: ValueReceiver<Envelope>,
    pub(crate) sender: ValueSender<Envelope>,
}

impl LinkEnd {
    /// The two ends of a link.
    pub(crate) fn pair(by_value: bool) -> io::Result<(LinkEnd, LinkEnd)> {
        if !by_value {
            let (one, other) = Stream::pair()?;
            return Ok((LinkEnd::Stream(one), LinkEnd::Stream(other)));
        }
        let (to_other, from_one) = values::queue();
        let (to_one, from_other) = values::queue();
        let one = ValueEnd { sender: to_other, receiver: from_other };
        let other = ValueEnd { sender: to_one, receiver: from_one };
        Ok((LinkEnd::Values(one), LinkEnd::Values(other)))
    }
}

/// One end of the line between a group and its parent.
pub(crate) enum Line {
    /// To another process.
    Process(socket::Control),
    /// To another thread.
    Thread(ThreadLine),
}

/// Why a line is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error(transparent)]
    Socket(#[from] socket::ControlError),
    #[error("a control message could not be written: {0}")]
    Encode(#[from] pysage_core::wire::EncodeError),
}

impl Line {
    /// Tells the other end something; it leaves at once if it can, and else with a
    /// [`flush`](Self::flush).
    pub(crate) fn tell(&mut self, control: Control) -> Result<(), LineError> {
        self.tell_with(control, None)
    }

    pub(crate) fn tell_with(
        &mut self,
        control: Control,
        link: Option<LinkEnd>,
    ) -> Result<(), LineError> {
        match self {
            Line::Thread(line) => line.tell(control, link),
            Line::Process(socket) => {
                let mut body = Vec::new();
                control.encode(&mut body)?;
                let stream = link.map(|link| match link {
                    LinkEnd::Stream(stream) => stream,
                    LinkEnd::Values(_) => unreachable!("values stay in their process"),
                });
                socket.queue(&body, stream)?;
                self.flush()?;
            }
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), LineError> {
        match self {
            Line::Thread(_) => Ok(()),
            // That the other end is gone is seen when it is listened to.
            Line::Process(socket) => Ok(socket.flush().map(drop)?),
        }
    }

    /// The next thing that the other end tells.
    pub(crate) fn receive(&mut self) -> Result<Option<(Control, Option<LinkEnd>)>, LineError> {
        match self {
            Line::Thread(line) => Ok(line.receive()),
            Line::Process(socket) => match socket.receive()? {
                None => Ok(None),
                Some(socket::Received { body, handover }) => {
                    Ok(Some((Control::decode(&body)?, handover.map(LinkEnd::Stream))))
                }
            },
        }
    }

    /// Whether the other end is gone, and all that it told was received.
    pub(crate) fn is_ended(&self) -> bool {
        match self {
            Line::Process(socket) => socket.is_ended(),
            Line::Thread(line) => line.is_ended(),
        }
    }

    /// Whether something waits to be written.
    pub(crate) fn has_pending(&self) -> bool {
        match self {
            Line::Process(socket) => !socket.is_flushed(),
            Line::Thread(_) => false,
        }
    }

    /// What to wait for.
    pub(crate) fn interest(&self) -> Option<Interest<'_>> {
        match self {
            Line::Process(socket) => (!socket.is_ended()).then(|| socket.interest()),
            Line::Thread(_) => None,
        }
    }
}

/// One end of the line to another thread.
pub(crate) struct ThreadLine {
    shared: Arc<[Mutex<Lane>; 2]>,
    /// 0 or 1.
    end: usize,
    /// Wakes the other end.
    waker: Waker,
}

/// What is on its way to one end.
struct Lane {
    told: VecDeque<(Control, Option<LinkEnd>)>,
    /// The end that it comes from is there.
    open: bool,
}

impl ThreadLine {
    /// Makes the parent's end, and what the thread makes its own of.
    pub(crate) fn pair(wakers: [Waker; 2]) -> (ThreadLine, ThreadLine) {
        let lane = || Mutex::new(Lane { told: VecDeque::new(), open: true });
        let shared = Arc::new([lane(), lane()]);
        let [of_parent, of_thread] = wakers;
        let parent = ThreadLine { shared: shared.clone(), end: 0, waker: of_thread };
        (parent, ThreadLine { shared, end: 1, waker: of_parent })
    }

    fn lane(&self, end: usize) -> MutexGuard<'_, Lane> {
        self.shared[end].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, control: Control, link: Option<LinkEnd>) {
        self.lane(1 - self.end).told.push_back((control, link));
        self.waker.wake();
    }

    fn receive(&self) -> Option<(Control, Option<LinkEnd>)> {
        self.lane(self.end).told.pop_front()
    }

    fn is_ended(&self) -> bool {
        let lane = self.lane(self.end);
        lane.told.is_empty() && !lane.open
    }
}

impl Drop for ThreadLine {
    fn drop(&mut self) {
        self.lane(1 - self.end).open = false;
        self.waker.wake();
    }
}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> LineError {
        LineError::Socket(error.into())
    }
}
