//! The start of a child process, seen from its parent.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::super::{MARKER, Nonce, Process};
use super::door::door;
use super::inherit::GREETING;
use super::ticket::Ticket;
use super::{Control, Stream, call};

/// The shortest and longest time between two looks whether a child that has not called yet lives.
const NAPS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// Starts a program as a child process that can reach this one by its [`Control`].
///
/// The program gets [`MARKER`], the nonce, and the arguments; its standard input brings the ticket
/// for the channel, and ends with this process. Standard output, standard error, environment and
/// working directory are this process's.
///
/// # Errors
///
/// What the system says, first of all that there is no such program.
pub(crate) fn spawn(
    program: &OsStr,
    arguments: &[OsString],
    nonce: Nonce,
) -> io::Result<(Process, Control)> {
    let (ours, theirs) = Stream::pair()?;
    let ticket = theirs.into_ticket()?;
    let mut command = Command::new(program);
    // What the terminal sends, such as ctrl-c, is for the parent, which ends its groups itself.
    keep_apart(&mut command);
    command.arg(MARKER).arg(nonce.to_string()).args(arguments).stdin(Stdio::piped());
    let mut child = command.spawn().inspect_err(|_| call::revoke(ticket))?;
    let mut input = child.stdin.take().expect("it was asked for");
    // A child that has ended is seen below.
    drop(input.write_all(&[&GREETING[..], &ticket.to_bytes()].concat()));
    #[cfg(windows)]
    let process = {
        let job = super::Job::around(&child);
        Process::new(child, job)
    };
    #[cfg(not(windows))]
    let process = Process::new(child);
    let input = Arc::new(Mutex::new(input));
    let weak = Arc::downgrade(&input);
    let thread = thread::Builder::new().name("pysage-start".to_owned());
    thread.spawn(move || attend(&weak, ticket))?;
    Ok((process, Control::new(ours).keeping(input)))
}

/// Waits until a child has called, and sees if it ends before: its standard input is closed then.
fn attend(input: &Weak<Mutex<ChildStdin>>, ticket: Ticket) {
    let [mut nap, longest] = NAPS;
    while door().is_ok_and(|door| door.is_waited_for(ticket.token)) {
        thread::sleep(nap);
        nap = (nap * 5 / 4).min(longest);
        let lives = input.upgrade().is_some_and(|input| {
            // What it reads on its standard input behind its ticket says nothing.
            input.lock().unwrap_or_else(PoisonError::into_inner).write_all(&[0]).is_ok()
        });
        if !lives {
            return call::revoke(ticket);
        }
    }
}

#[cfg(unix)]
fn keep_apart(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
fn keep_apart(command: &mut Command) {
    use std::os::windows::process::CommandExt;

    /// `CREATE_NEW_PROCESS_GROUP` of `CreateProcess`.
    const NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(NEW_PROCESS_GROUP);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let error = spawn(OsStr::new("/no/such/program"), &[], Nonce::fresh())
            .expect_err("nothing is there");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
