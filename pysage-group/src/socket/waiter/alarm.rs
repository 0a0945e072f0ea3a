//! The end of a wait, as a timer that stays set from one wait to the next.
//!
//! A loop waits for the same time again and again while messages come. As the timeout of each wait
//! that time would be set and taken back each time; where it is the system's next one, which a tick
//! interval of 1 ms mostly is, that takes as long as all the rest of a round trip. A time that is
//! waited for once, which each one of an idle loop is, costs less as a timeout.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

/// Can be read from the time on to which it was set.
#[derive(Debug)]
pub(super) struct Alarm {
    timer: OwnedFd,
    set_to: Cell<Option<Instant>>,
    /// What was asked for last.
    asked: Cell<Option<Instant>>,
}

impl Alarm {
    pub(super) fn new() -> io::Result<Alarm> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Alarm { timer, set_to: Cell::new(None), asked: Cell::new(None) })
    }

    /// What to poll to be woken at that time, if it is to come and was asked for before: it is set to
    /// it, unless it is already.
    pub(super) fn at(&self, time: Instant) -> io::Result<Option<BorrowedFd<'_>>> {
        let left = time.saturating_duration_since(Instant::now());
        let Ok(after) = Timespec::try_from(left) else { return Ok(None) };
        if left.is_zero() || self.asked.replace(Some(time)) != Some(time) {
            return Ok(None);
        }
        if self.set_to.get() != Some(time) {
            let never = Timespec::try_from(Duration::ZERO).expect("it fits");
            let value = Itimerspec { it_interval: never, it_value: after };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &value)?;
            self.set_to.set(Some(time));
        }
        Ok(Some(self.timer.as_fd()))
    }
}
