//! The start and the end of a child process, seen from its parent.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::Signal;

use super::super::{MARKER, Nonce};
use super::{Control, descriptor};

/// How long between two looks at a child, where the system does not tell of its end.
const NAP: Duration = Duration::from_millis(1);

/// Starts a program as a child process that can reach this one by its [`Control`].
///
/// The program gets [`MARKER`], the nonce, and the arguments; the channel is its standard input.
/// Standard output, standard error, environment and working directory are this process's.
///
/// # Errors
///
/// What the system says, first of all that there is no such program.
pub(crate) fn spawn(
    program: &OsStr,
    arguments: &[OsString],
    nonce: Nonce,
) -> io::Result<(Process, Control)> {
    let (control, theirs) = Control::pair()?;
    let mut command = Command::new(program);
    // What the terminal sends, such as ctrl-c, is for the parent, which ends its groups itself.
    command.process_group(0);
    command.arg(MARKER).arg(nonce.to_string()).args(arguments).stdin(Stdio::from(theirs));
    let child = {
        let _starting = descriptor::starting();
        command.spawn()?
    };
    // It holds the child's end: while that is open here, the child's end is not seen.
    drop(command);
    Ok((Process { child, exit: None }, control))
}

/// A child process. Dropped, it is killed and waited for, so that nothing is left of it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    exit: Option<Exit>,
}

impl Process {
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
fn is_no_child(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::CHILD)
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
    pub(crate) fn signal(self) -> Option<i32> {
        self.0.and_then(|status| status.signal())
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code(), self.signal()) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(signal)) => match signal_name(signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
            (None, None) => write!(f, "unknown exit status"),
        }
    }
}

/// The names of signals that end a process.
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

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let error = spawn(OsStr::new("/no/such/program"), &[], Nonce::fresh())
            .expect_err("nothing is there");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
