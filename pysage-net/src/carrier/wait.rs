//! What a thread waits for.

use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use socket2::Socket;

/// A socket that is waited for. The system keeps it as long as somebody waits.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    pub(crate) socket: Arc<Socket>,
    /// Whether until something comes.
    pub(crate) reads: bool,
    /// Whether until it takes more.
    pub(crate) writes: bool,
}

/// All that a carrier waits for; nothing if it has no sockets.
pub(crate) type Waits = Arc<[Wait]>;

impl Wait {
    /// It as the system is asked for it.
    pub(crate) fn poll_fd(&self) -> PollFd<'_> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.reads);
        flags.set(PollFlags::OUT, self.writes);
        PollFd::new(&*self.socket, flags)
    }
}
