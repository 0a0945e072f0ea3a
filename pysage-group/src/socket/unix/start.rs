//! The start of a child process, seen from its parent.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::super::{MARKER, Nonce, Process};
use super::{Control, descriptor};

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
    Ok((Process::new(child), control))
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
