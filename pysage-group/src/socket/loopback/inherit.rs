//! What a child process takes over from its parent, and how it ends with it.

use std::io::{self, IsTerminal, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::super::inherited::{InheritError, Inherited, given_nonce};
use super::ticket::{TICKET_BYTES, Ticket};
use super::{Control, Stream, parting};

/// What comes before the ticket on a child's standard input.
pub(super) const GREETING: [u8; 8] = *b"pysage 1";

/// Takes the channel to the parent, if this program was started as a group of another process.
///
/// To be called once, early in `main`. Nothing comes on standard input from then on, and it does
/// not end before the parent does.
///
/// # Errors
///
/// [`InheritError::NotStartedAsGroup`] if the marker stands among the arguments and standard input
/// does not bring a ticket, and so also when called a second time.
pub(crate) fn inherited() -> Result<Option<Inherited>, InheritError> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let Some(nonce) = given_nonce()? else { return Ok(None) };
    let stdin = io::stdin();
    if stdin.is_terminal() || TAKEN.swap(true, Ordering::Relaxed) {
        return Err(InheritError::NotStartedAsGroup);
    }
    let (mut greeting, mut ticket) = (GREETING, [0; TICKET_BYTES]);
    let mut stdin = stdin.lock();
    let read = stdin.read_exact(&mut greeting).and_then(|()| stdin.read_exact(&mut ticket));
    let ticket = Ticket::from_bytes(&ticket).filter(|_| read.is_ok() && greeting == GREETING);
    let ticket = ticket.ok_or(InheritError::NotStartedAsGroup)?;
    let control = Control::new(Stream::with_ticket(ticket)?);
    Ok(Some(Inherited { control, nonce }))
}

/// Ends this process when its parent is gone: with `grace` to do so in order, and then at once, so
/// that nothing is left behind of a group whose handler hangs.
///
/// A thread of its own waits for the end of standard input, which is the parent's. The channel stays
/// open until this process parts, so the parent sees its end with the end of the process, not with
/// that of the [`Control`].
///
/// # Errors
///
/// There are no more threads to be had.
pub(crate) fn watch_parent(control: &Control, grace: Duration) -> io::Result<()> {
    parting::keep_for_last(control.stream().clone());
    let watch = move || {
        let mut stdin = io::stdin().lock();
        let mut ignored = [0; 64];
        while stdin.read(&mut ignored).is_ok_and(|bytes| bytes > 0) {}
        thread::sleep(grace);
        std::process::abort();
    };
    thread::Builder::new().name("pysage-parent".to_owned()).spawn(watch)?;
    Ok(())
}
