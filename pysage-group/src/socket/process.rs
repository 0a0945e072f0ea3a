//! The end of a child process, seen from its parent.

use std::fmt;
use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::{io::Errno, process::Signal};

/// How long between two looks at a child, where the system does not tell of its end.
const NAP: Duration = Duration::from_millis(1);

/// A child process. Dropped, it is killed and waited for, so that nothing is left of it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    exit: Option<Exit>,
    /// Ends it with this process.
    #[cfg(windows)]
    _job: super::loopback::Job,
}

impl Process {
    /// One that was just started.
    #[cfg(not(windows))]
    pub(super) fn new(child: Child) -> Process {
        Process { child, exit: None }
    }

    /// One that was just started.
    #[cfg(windows)]
    pub(super) fn new(child: Child, job: super::loopback::Job) -> Process {
        Process { child, exit: None, _job: job }
    }

    /// The number that the system gave it.
    #[must_use]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn try_status(&mut self) -> io::Result<Option<Exit>> {
        if self.exit.is_none() {
            self.exit = match self.child.try_wait() {
                Ok(status) => status.map(|status| Exit(Some(status))),
                Err(error) if is_no_child(&error) => Some(Exit(None)),
                Err(error) => return Err(error),
            };
        }
        Ok(self.exit)
    }

    /// Ends it at once, if it has not ended.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        // Its number may belong to another process once its end was seen.
        match self.try_status()? {
            Some(_) => Ok(()),
            None => self.child.kill(),
        }
    }

    /// Waits for its end, and gives `None` if that does not come in time.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn wait_by(&mut self, deadline: Instant) -> io::Result<Option<Exit>> {
        if let Some(exit) = self.try_status()? {
            return Ok(Some(exit));
        }
        #[cfg(target_os = "linux")]
        self.poll_end(deadline)?;
        loop {
            if let Some(exit) = self.try_status()? {
                return Ok(Some(exit));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            std::thread::sleep(left.min(NAP));
        }
    }

    /// Waits for what Linux tells of its end; not at all where it is too old to (before 5.3).
    #[cfg(target_os = "linux")]
    fn poll_end(&self, deadline: Instant) -> io::Result<()> {
        use rustix::event::{PollFd, PollFlags};
        use rustix::process::{Pid, PidfdFlags, pidfd_open};

        // Nobody has waited for it, so the number is still its own.
        let Ok(end) = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()) else {
            return Ok(());
        };
        super::waiter::poll_until(&mut [PollFd::new(&end, PollFlags::IN)], Some(deadline))?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // There is nobody to tell of an error, and none is left but that it is gone.
        if self.kill().is_ok() && self.exit.is_none() {
            let _ = self.child.wait();
        }
    }
}

/// Somebody else waited for the child: this program ignores `SIGCHLD`, or waits for all children.
#[cfg(unix)]
fn is_no_child(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::CHILD)
}

/// Nobody else can.
#[cfg(not(unix))]
fn is_no_child(_: &io::Error) -> bool {
    false
}

/// How a child process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(
    /// None, if the system told somebody else.
    Option<ExitStatus>,
);

impl Exit {
    /// The status with which it ended by itself.
    #[must_use]
    pub(crate) fn code(self) -> Option<i32> {
        self.0.and_then(|status| status.code())
    }

    /// The signal that ended it.
    #[must_use]
    #[cfg(unix)]
    pub(crate) fn signal(self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        self.0.and_then(|status| status.signal())
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code() {
            return write!(f, "exit status {code}");
        }
        #[cfg(unix)]
        if let Some(signal) = self.signal() {
            return match signal_name(signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            };
        }
        f.write_str("unknown exit status")
    }
}

/// The names of signals that end a process.
#[cfg(unix)]
fn signal_name(number: i32) -> Option<&'static str> {
    const NAMES: [(Signal, &str); 18] = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    NAMES.iter().find(|(signal, _)| signal.as_raw() == number).map(|&(_, name)| name)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn an_exit_says_what_ended_the_process() {
        let text = |raw| Exit(Some(ExitStatus::from_raw(raw))).to_string();
        assert_eq!(text(0), "exit status 0");
        assert_eq!(text(3 << 8), "exit status 3");
        assert_eq!(text(9), "signal 9 (SIGKILL)");
        // With a core dump.
        assert_eq!(text(11 | 0x80), "signal 11 (SIGSEGV)");
        assert_eq!(text(64), "signal 64");
        assert_eq!(Exit(None).to_string(), "unknown exit status");
    }
}
