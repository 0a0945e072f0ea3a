//! How a child process ends with its parent, whatever it is doing.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Signal, getpid, kill_process};

use super::super::waiter;
use super::Control;

/// What to poll for to learn of a hang-up and nothing else. Linux tells of it unasked; Apple's
/// `poll` looks at a socket only if asked for something.
#[cfg(not(target_vendor = "apple"))]
const HANG_UP: PollFlags = PollFlags::empty();
#[cfg(target_vendor = "apple")]
const HANG_UP: PollFlags = PollFlags::HUP;

/// How long between two looks where `poll` returned for another reason than a hang-up, as Apple's
/// does when there is something to read.
const NAP: Duration = Duration::from_millis(20);

/// Ends this process when its parent is gone: with `grace` to do so in order, and then at once, so
/// that nothing is left behind of a group whose handler hangs.
///
/// A thread of its own looks at the channel and never reads. It keeps the channel open as long as
/// this process lives, so the parent sees its end with the end of the process, not with that of
/// the [`Control`].
///
/// # Errors
///
/// There are no more descriptors or threads to be had.
pub(crate) fn watch_parent(control: &Control, grace: Duration) -> io::Result<()> {
    let socket = fcntl_dupfd_cloexec(control.as_fd(), 0)?;
    let watch = move || {
        wait_for_hang_up(&socket);
        thread::sleep(grace);
        // Nothing can catch it. An error would mean that this process does not exist.
        let _ = kill_process(getpid(), Signal::KILL);
    };
    thread::Builder::new().name("pysage-parent".to_owned()).spawn(watch)?;
    Ok(())
}

fn wait_for_hang_up(socket: &OwnedFd) {
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    loop {
        let mut polled = [PollFd::new(socket, HANG_UP)];
        let result = waiter::poll_until(&mut polled, None);
        if result.is_ok() && polled[0].revents().intersects(gone) {
            return;
        }
        thread::sleep(NAP);
    }
}
