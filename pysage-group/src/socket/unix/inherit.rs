//! What a child process takes over from its parent.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::dup2_stdin;

use super::super::inherited::{InheritError, Inherited, given_nonce};
use super::{Control, descriptor};

/// The first number that is not one of the standard descriptors.
const FIRST_FREE: i32 = 3;

/// Takes the channel to the parent, if this program was started as a group of another process.
///
/// To be called once, early in `main`. Standard input, which was the channel, is empty from then
/// on.
///
/// # Errors
///
/// [`InheritError::NotStartedAsGroup`] if the marker stands among the arguments and standard input
/// is not such a channel, and so also when called a second time.
pub(crate) fn inherited() -> Result<Option<Inherited>, InheritError> {
    let Some(nonce) = given_nonce()? else { return Ok(None) };
    let stdin = io::stdin();
    if !descriptor::is_unix_stream(stdin.as_fd()) {
        return Err(InheritError::NotStartedAsGroup);
    }
    let socket = fcntl_dupfd_cloexec(&stdin, FIRST_FREE).map_err(io::Error::from)?;
    descriptor::set_up(&socket)?;
    // Not closed: the next descriptor would become standard input, here and in child processes.
    dup2_stdin(File::open("/dev/null")?).map_err(io::Error::from)?;
    Ok(Some(Inherited { control: Control::new(socket), nonce }))
}
