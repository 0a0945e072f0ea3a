//! Waiting for descriptors, for a time, and for other threads.

#[cfg(target_os = "linux")]
mod alarm;

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use super::{Progress, Stream};

/// The longest that one call waits. Longer times do not fit everywhere, and nobody minds being
/// woken once a day.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a thread waits for all it has to do with, without a busy loop.
#[derive(Debug)]
pub(crate) struct Waiter {
    end: Stream,
    waker: Waker,
    #[cfg(target_os = "linux")]
    alarm: alarm::Alarm,
}

/// What to wait for on a descriptor. The end of its other side counts as both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interest<'a> {
    /// A stream's or a control channel's.
    pub(crate) descriptor: BorrowedFd<'a>,
    /// Until it can be read.
    pub(crate) readable: bool,
    /// Until it can be written. Only while something waits to be written: it mostly can be.
    pub(crate) writable: bool,
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// What was waited for, or a waker.
    Met,
    /// The time; or nothing at all.
    Time,
}

/// Ends the wait of a [`Waiter`] from any thread. Clones wake the same one.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<Wake>);

#[derive(Debug)]
struct Wake {
    end: Stream,
    state: AtomicU8,
}

/// The waiter is at work, or polls: it looks at the state before it blocks.
const AWAKE: u8 = 0;
/// It may be blocked, so that it takes a byte to end its wait.
const ASLEEP: u8 = 1;
/// It was woken, and has not returned since.
const WOKEN: u8 = 2;

impl Waiter {
    /// A waiter that nobody has woken.
    ///
    /// # Errors
    ///
    /// The process or the system has as many descriptors open as it may.
    pub(crate) fn new() -> io::Result<Waiter> {
        let (end, wakes) = Stream::connected_pair()?;
        let wake = Wake { end: wakes, state: AtomicU8::new(AWAKE) };
        Ok(Waiter {
            end,
            waker: Waker(Arc::new(wake)),
            #[cfg(target_os = "linux")]
            alarm: alarm::Alarm::new()?,
        })
    }

    /// Waits until one of the interests is met, the time is there, or a waker was used since the
    /// last wait. It may return for no reason: look at everything that is waited for. It polls for as
    /// long as it is `busy` before it blocks.
    ///
    /// An interest in nothing is left out, so that a descriptor whose end was seen is not waited
    /// for in vain. Times are exact to the resolution of the system's timers, on macOS and Windows
    /// to the millisecond that follows.
    ///
    /// # Errors
    ///
    /// What the system says; not that a signal came.
    pub(crate) fn wait(
        &self,
        interests: &[Interest<'_>],
        until: Option<Instant>,
        busy: Duration,
    ) -> io::Result<Ended> {
        if self.is_woken() {
            return self.clear(false);
        }
        let mut polled = Vec::with_capacity(interests.len() + 2);
        polled.push(PollFd::from_borrowed_fd(self.end.descriptor(), PollFlags::IN));
        for interest in interests {
            let mut events = PollFlags::empty();
            events.set(PollFlags::IN, interest.readable);
            events.set(PollFlags::OUT, interest.writable);
            if !events.is_empty() {
                polled.push(PollFd::from_borrowed_fd(interest.descriptor, events));
            }
        }
        let count = polled.len();
        let met = !busy.is_zero() && self.poll_busily(&mut polled, until, busy)?;
        if !met && self.falls_asleep() {
            let alarm = self.alarm(until)?;
            let timer = alarm.iter().map(|timer| PollFd::from_borrowed_fd(*timer, PollFlags::IN));
            polled.extend(timer);
            poll_until(&mut polled, until.filter(|_| alarm.is_none()))?;
        }
        let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        match (self.clear(is_ready(&polled[0]))?, polled[1..count].iter().any(is_ready)) {
            (Ended::Time, false) => Ok(Ended::Time),
            _ => Ok(Ended::Met),
        }
    }

    /// Polls for so long, but not beyond the time; whether there is something.
    fn poll_busily(
        &self,
        polled: &mut [PollFd<'_>],
        until: Option<Instant>,
        busy: Duration,
    ) -> io::Result<bool> {
        let begun = Instant::now();
        let end = until.map_or(begun + busy, |until| until.min(begun + busy));
        loop {
            // A time that is past: it looks, and does not wait.
            if self.is_woken() || poll_until(polled, Some(begun))? {
                return Ok(true);
            }
            if Instant::now() >= end {
                return Ok(false);
            }
            // Who is to send something may have no other processor.
            thread::yield_now();
        }
    }

    fn is_woken(&self) -> bool {
        self.waker.0.state.load(Ordering::Acquire) == WOKEN
    }

    /// Has wakers write from now on; not if one was used.
    fn falls_asleep(&self) -> bool {
        let (state, acquires) = (&self.waker.0.state, Ordering::Acquire);
        state.compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, acquires) != Err(WOKEN)
    }

    /// What is to be polled in place of a timeout, where the system has such a thing.
    #[cfg(target_os = "linux")]
    fn alarm(&self, until: Option<Instant>) -> io::Result<Option<BorrowedFd<'_>>> {
        until.map_or(Ok(None), |until| self.alarm.at(until))
    }

    #[cfg(not(target_os = "linux"))]
    fn alarm(&self, _: Option<Instant>) -> io::Result<Option<BorrowedFd<'_>>> {
        Ok(None)
    }

    /// What other threads need to wake this one.
    #[must_use]
    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Makes ready for the next wake; whether there was one.
    ///
    /// No wake is lost. A thread that swaps before this swap finds either way that its work is
    /// looked at: the swap here reads what the last of them wrote, so all that they did before is
    /// visible to the caller, who is about to look. A thread that swaps after it leaves a state in
    /// which the next wait does not block; or, if that has begun by then, it writes a byte.
    ///
    /// A byte that comes late, from a thread that was stopped between its swap and its write, ends
    /// one wait for no reason.
    fn clear(&self, has_bytes: bool) -> io::Result<Ended> {
        if has_bytes {
            let mut bytes = [0; 64];
            while self.end.read(&mut bytes)? == Progress::Bytes(bytes.len()) {}
        }
        let before = self.waker.0.state.swap(AWAKE, Ordering::AcqRel);
        Ok(if before == WOKEN { Ended::Met } else { Ended::Time })
    }
}

impl Waker {
    /// Ends the present wait, or the next one. What it is to see has to be done before.
    ///
    /// Costs one atomic operation unless the waiter sleeps.
    pub(crate) fn wake(&self) {
        if self.0.state.swap(WOKEN, Ordering::AcqRel) == ASLEEP {
            // If it is full, bytes are there to wake; if the waiter is gone, nobody waits.
            let _ = self.0.end.write_vectored(&[IoSlice::new(&[1])]);
        }
    }
}

/// Polls until something is there (`true`) or the time is (`false`), through all signals.
pub(super) fn poll_until(polled: &mut [PollFd<'_>], until: Option<Instant>) -> io::Result<bool> {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()).min(WAIT_MAX));
        let timeout = left.map(|left| Timespec::try_from(left).expect("a day fits"));
        match poll(polled, timeout.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
