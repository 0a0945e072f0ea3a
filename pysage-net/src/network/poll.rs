//! Waiting for sockets, and for other threads.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::carrier::Wait;

/// Ends the wait of one thread from any other.
///
/// It is a datagram to itself: the one thing that can be waited for beside sockets on every
/// platform, without a word of `unsafe`. None is sent to a thread that looks before it sleeps.
pub(super) struct Waker {
    /// Connected to itself, so that the system drops what others send to it.
    socket: UdpSocket,
    state: AtomicU8,
}

/// Whoever waits is at work, or polls.
const AWAKE: u8 = 0;
/// It may be blocked, so that it takes a datagram to end its wait.
const ASLEEP: u8 = 1;
/// It was woken, and has not returned since.
const WOKEN: u8 = 2;

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Another thread, whatever else there is.
    Woken,
    /// Something for one of the sockets.
    Met,
    /// Its time; or nothing at all.
    Time,
}

impl Waker {
    pub(super) fn new() -> io::Result<Waker> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Waker { socket, state: AtomicU8::new(AWAKE) })
    }

    /// Ends the wait in progress, or else the next one as soon as it begins.
    pub(super) fn wake(&self) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == ASLEEP {
            // It has room for one byte, and that it is woken is known even if it had not.
            drop(self.socket.send(&[0]));
        }
    }

    /// Waits until this time, or for good; until there is something for one of these, or until
    /// [woken](Self::wake). It polls for as long as it is `busy` before it blocks.
    pub(super) fn wait<'a>(
        &self,
        until: Option<Instant>,
        busy: Duration,
        waits: impl IntoIterator<Item = &'a Wait>,
    ) -> Ended {
        let mut is_met = false;
        if !self.is_woken() {
            let mut all = vec![PollFd::new(&self.socket, PollFlags::IN)];
            for wait in waits {
                all.push(wait.poll_fd());
            }
            let polled = !busy.is_zero() && self.poll_busily(&mut all, until, busy);
            if !polled && self.falls_asleep() {
                poll(&mut all, until);
            }
            is_met = all[1..].iter().any(|fd| !fd.revents().is_empty());
            if !all[0].revents().is_empty() {
                // Before the state is changed: a wake from then on sends anew.
                while self.socket.recv(&mut [0; 8]).is_ok() {}
            }
        }
        // What a wake from here on is about is there already, and whoever waited looks now. A
        // datagram that comes late ends one wait for nothing.
        match self.state.swap(AWAKE, Ordering::AcqRel) {
            WOKEN => Ended::Woken,
            _ if is_met => Ended::Met,
            _ => Ended::Time,
        }
    }

    fn is_woken(&self) -> bool {
        self.state.load(Ordering::Acquire) == WOKEN
    }

    /// Has wakers send from now on; not if one was used.
    fn falls_asleep(&self) -> bool {
        let (state, acquires) = (&self.state, Ordering::Acquire);
        state.compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, acquires) != Err(WOKEN)
    }

    /// Polls for so long, but not beyond that time; whether that is to be all.
    fn poll_busily(&self, all: &mut [PollFd<'_>], until: Option<Instant>, busy: Duration) -> bool {
        let give_up = Instant::now() + busy;
        let end = until.map_or(give_up, |until| until.min(give_up));
        loop {
            if self.is_woken() || poll_once(all, Some(Duration::ZERO)) == Ok(true) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            // Who is to send something may have no other processor.
            thread::yield_now();
        }
    }
}

/// Waits for any of these. It may come back early; whoever waits looks again then.
fn poll(all: &mut [PollFd<'_>], until: Option<Instant>) {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if poll_once(all, left) != Err(Errno::INTR) {
            return;
        }
    }
}

/// Whether there is something for one of these within a time.
fn poll_once(all: &mut [PollFd<'_>], at_most: Option<Duration>) -> Result<bool, Errno> {
    let timeout = at_most.map(|left| Timespec {
        // Some systems count milliseconds in an i32.
        tv_sec: left.as_secs().min(1 << 20) as i64,
        // An i32 or an i64.
        tv_nsec: left.subsec_nanos() as _,
    });
    Ok(rustix::event::poll(all, timeout.as_ref())? > 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NEVER: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_wake_ends_the_next_wait_and_no_other() {
        for busy in [NEVER, LONG] {
            let waker = Waker::new().unwrap();
            waker.wake();
            waker.wake();
            assert_eq!(waker.wait(None, busy, []), Ended::Woken);
            assert_eq!(waker.wait(Some(Instant::now()), busy, []), Ended::Time);
        }
    }

    #[test]
    fn a_wake_from_another_thread_ends_the_wait_in_progress() {
        for busy in [NEVER, LONG] {
            let waker = Waker::new().unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| waker.wake());
                let until = Instant::now() + LONG;
                assert_eq!(waker.wait(Some(until), busy, []), Ended::Woken);
            });
        }
    }

    #[test]
    fn no_wake_is_lost_however_it_is_waited() {
        let waker = Waker::new().unwrap();
        let (wakes, seen) = (AtomicU8::new(0), AtomicU8::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for wake in 1..=250 {
                    // The order comes from the waker alone.
                    wakes.store(wake, Ordering::Relaxed);
                    waker.wake();
                    while seen.load(Ordering::Relaxed) < wake {
                        std::thread::yield_now();
                    }
                }
            });
            let until = Instant::now() + LONG;
            for busy_us in (0..60).cycle() {
                waker.wait(Some(until), Duration::from_micros(busy_us), []);
                assert!(Instant::now() < until, "a wake was lost, or all is slow");
                seen.store(wakes.load(Ordering::Relaxed), Ordering::Relaxed);
                if seen.load(Ordering::Relaxed) == 250 {
                    return;
                }
            }
        });
    }

    #[test]
    fn a_socket_with_a_datagram_ends_the_wait_without_a_wake() {
        let waker = Waker::new().unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.send_to(b"datagram", socket.local_addr().unwrap()).unwrap();
        let socket = std::sync::Arc::new(socket2::Socket::from(socket));
        for busy in [NEVER, LONG] {
            assert_eq!(waker.wait(None, busy, &*crate::carrier::wait_for(&socket)), Ended::Met);
        }
        assert_eq!(std::io::Read::read(&mut &*socket, &mut [0; 100]).unwrap(), 8);
    }
}
