//! What a child process has from its parent, and why it has nothing.

use std::io;

use super::{Control, MARKER, Nonce, is_marked};

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

/// The nonce among the arguments, if the marker is there.
pub(super) fn given_nonce() -> Result<Option<Nonce>, InheritError> {
    if !is_marked() {
        return Ok(None);
    }
    let nonce = std::env::args_os().nth(2).and_then(|text| text.to_str()?.parse().ok());
    nonce.map(Some).ok_or(InheritError::NotStartedAsGroup)
}
