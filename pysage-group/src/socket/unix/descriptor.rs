//! What holds for every descriptor of the room: not inherited, never blocking, no signal.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, getsockname, socketpair, sockopt,
};

/// Whether the system lacks calls that make a descriptor close-on-exec at its birth.
const MARKS_LATE: bool = cfg!(target_vendor = "apple");

/// Keep a write to a dead end from raising `SIGPIPE`. Apple has a socket option instead.
#[cfg(not(target_vendor = "apple"))]
pub(super) const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(super) const SEND_FLAGS: SendFlags = SendFlags::empty();

#[cfg(not(target_vendor = "apple"))]
const PAIR_FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);
#[cfg(target_vendor = "apple")]
const PAIR_FLAGS: SocketFlags = SocketFlags::empty();

#[cfg(not(target_vendor = "apple"))]
pub(super) const RECEIVE_FLAGS: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(target_vendor = "apple")]
pub(super) const RECEIVE_FLAGS: RecvFlags = RecvFlags::empty();

/// Held for reading while a descriptor is made, for writing while a child is started, where the
/// two would otherwise race and the child inherit a descriptor: it would keep a stream open whose
/// end somebody waits for. Children that others start in this process are not held.
static STARTING: RwLock<()> = RwLock::new(());

/// To be held from making a descriptor until it is close-on-exec.
pub(super) fn making() -> Option<RwLockReadGuard<'static, ()>> {
    MARKS_LATE.then(|| STARTING.read().unwrap_or_else(PoisonError::into_inner))
}

/// To be held while a child is started.
pub(super) fn starting() -> Option<RwLockWriteGuard<'static, ()>> {
    MARKS_LATE.then(|| STARTING.write().unwrap_or_else(PoisonError::into_inner))
}

/// Two connected Unix stream sockets.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let _making = making();
    let (one, other) = socketpair(AddressFamily::UNIX, SocketType::STREAM, PAIR_FLAGS, None)?;
    if MARKS_LATE {
        set_up(&one)?;
        set_up(&other)?;
    }
    Ok((one, other))
}

/// Gives a socket that another process made what [`pair`] gives to its own.
pub(super) fn set_up(socket: &OwnedFd) -> io::Result<()> {
    rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(socket, true)?;
    #[cfg(target_vendor = "apple")]
    sockopt::set_socket_nosigpipe(socket, true)?;
    Ok(())
}

/// Asks for room for so many bytes under way. The system may refuse, or grant less.
pub(super) fn ask_for_buffer(socket: BorrowedFd<'_>, bytes: usize) {
    let _ = sockopt::set_socket_send_buffer_size(socket, bytes);
    // There what is under way lies with the receiver.
    #[cfg(target_vendor = "apple")]
    let _ = sockopt::set_socket_recv_buffer_size(socket, bytes);
}

/// Whether it is a Unix stream socket. An error of these calls says that it is no socket at all.
pub(super) fn is_unix_stream(descriptor: BorrowedFd<'_>) -> bool {
    sockopt::socket_type(descriptor) == Ok(SocketType::STREAM)
        && getsockname(descriptor)
            .is_ok_and(|address| address.address_family() == AddressFamily::UNIX)
}
