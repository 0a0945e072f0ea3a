//! What a child process takes over from its parent.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::dup2_stdin;

use super::super::{MARKER, Nonce, is_marked};
use super::{Control, descriptor};

/// The first number that is not one of the standard descriptors.
const FIRST_FREE: i32 = 3;

/// What [`spawn`](super::spawn) gave to this process.
#[derive(Debug)]
pub(crate) struct Inherited {
    /// The channel to the parent.
    pub(crate) control: Control,
    /// What the parent says first on that channel. The caller has to compare.
    pub(crate) nonce: Nonce,
}

/// Why a program that was started as a group cannot be one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum InheritError {
    /// Somebody else than pysage gave the marker.
    #[error(
        "`{MARKER}` is pysage's own argument, for processes that it starts as groups; start the program without it"
    )]
    NotStartedAsGroup,
    /// The operating system.
    #[error("the control channel to the parent process could not be taken over: {0}")]
    System(#[from] io::Error),
}

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
    if !is_marked() {
        return Ok(None);
    }
    let nonce = std::env::args_os().nth(2).and_then(|text| text.to_str()?.parse().ok());
    let Some(nonce) = nonce else { return Err(InheritError::NotStartedAsGroup) };
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
