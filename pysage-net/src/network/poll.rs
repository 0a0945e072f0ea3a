//! Waiting for sockets, and for other threads.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::carrier::Wait;

/// Ends the wait of one thread from any other.
///
/// It is a datagram to itself: the one thing that can be waited for beside sockets on every
/// platform, without a word of `unsafe`.
pub(super) struct Waker {
    /// Connected to itself, so that the system drops what others send to it.
    socket: UdpSocket,
    /// Whether a datagram is under way, or whoever waits is about to return.
    woken: AtomicBool,
}

impl Waker {
    pub(super) fn new() -> io::Result<Waker> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Waker { socket, woken: AtomicBool::new(false) })
    }

    /// Ends the wait in progress, or else the next one as soon as it begins.
    pub(super) fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            // It has room for one byte, and that it is woken is known even if it had not.
            drop(self.socket.send(&[0]));
        }
    }

    /// Waits until this time, or for good; until there is something for one of these, or until
    /// [woken](Self::wake). Returns whether it was the latter.
    pub(super) fn wait<'a>(
        &self,
        until: Option<Instant>,
        waits: impl IntoIterator<Item = &'a Wait>,
    ) -> bool {
        if !self.woken.load(Ordering::Acquire) {
            let mut all = vec![PollFd::new(&self.socket, PollFlags::IN)];
            for wait in waits {
                all.push(wait.poll_fd());
            }
            poll(&mut all, until);
            if all[0].revents().is_empty() && !self.woken.load(Ordering::Acquire) {
                return false;
            }
        }
        // Emptied first. A wake from here on finds the flag set and sends nothing; what it is about
        // is there already, and whoever waited looks now.
        while self.socket.recv(&mut [0; 8]).is_ok() {}
        self.woken.swap(false, Ordering::AcqRel)
    }
}

/// Waits for any of these. It may come back early; whoever waits looks again then.
fn poll(all: &mut [PollFd<'_>], until: Option<Instant>) {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec {
            // Some systems count milliseconds in an i32.
            tv_sec: left.as_secs().min(1 << 20) as i64,
            // An i32 or an i64.
            tv_nsec: left.subsec_nanos() as _,
        });
        match rustix::event::poll(all, timeout.as_ref()) {
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wake_ends_the_next_wait_and_no_other() {
        let waker = Waker::new().unwrap();
        waker.wake();
        waker.wake();
        assert!(waker.wait(None, []));
        assert!(!waker.wait(Some(Instant::now()), []));
    }

    #[test]
    fn a_wake_from_another_thread_ends_the_wait_in_progress() {
        let waker = Waker::new().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| waker.wake());
            assert!(waker.wait(Some(Instant::now() + Duration::from_secs(60)), []));
        });
    }

    #[test]
    fn a_socket_with_a_datagram_ends_the_wait_without_a_wake() {
        let waker = Waker::new().unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.send_to(b"datagram", socket.local_addr().unwrap()).unwrap();
        let socket = std::sync::Arc::new(socket2::Socket::from(socket));
        assert!(!waker.wait(None, &*crate::carrier::wait_for(&socket)));
        assert_eq!(std::io::Read::read(&mut &*socket, &mut [0; 100]).unwrap(), 8);
    }
}
