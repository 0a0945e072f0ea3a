//! Sockets on the loopback interface, waiting for them, a clock that both processes share, and
//! processors.

use std::{
    io,
    net::{Ipv4Addr, UdpSocket},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    net::sockopt,
    time::{ClockId, clock_gettime},
};

/// Asked for all sockets of all peers that let us; the system may grant less.
const RECEIVE_BUFFER_BYTES: usize = 4 << 20;

/// A socket at a free port of the loopback interface.
pub fn bind() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_BYTES)?;
    Ok(socket)
}

/// How many datagrams of this size can wait at a receiver, of which a quarter is left free. The
/// system counts what it has set aside for a datagram, not what is in it.
pub fn datagrams_that_fit(socket: &UdpSocket, bytes: usize) -> io::Result<u64> {
    let buffer_bytes = sockopt::socket_recv_buffer_size(socket)?;
    let datagram_bytes = 2 * bytes + 768;
    Ok((buffer_bytes * 3 / 4 / datagram_bytes) as u64)
}

/// Waits until one of the sockets has something, but not longer than this.
pub fn wait_readable<'a>(
    sockets: impl IntoIterator<Item = &'a UdpSocket>,
    at_most: Duration,
) -> io::Result<()> {
    let mut sockets: Vec<PollFd<'_>> =
        sockets.into_iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
    let timeout = Timespec::try_from(at_most).expect("times to wait are short");
    match rustix::event::poll(&mut sockets, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Nanoseconds of a clock that is the same in all processes of this machine.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Lets this process have so many files open, if the system lets it.
pub fn allow_open_files(files: u64) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        limit.current = Some(limit.maximum.map_or(files, |maximum| maximum.min(files)));
        // Without it, opening the sockets says what is missing.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Keeps this thread on one processor until dropped.
#[cfg(target_os = "linux")]
pub struct Pinned {
    before: rustix::thread::CpuSet,
}

#[cfg(target_os = "linux")]
impl Pinned {
    /// Two processors this thread may use, if there are two.
    pub fn two_processors() -> io::Result<Option<[usize; 2]>> {
        let allowed = rustix::thread::sched_getaffinity(None)?;
        let mut processors =
            (0..rustix::thread::CpuSet::MAX_CPU).filter(|index| allowed.is_set(*index));
        Ok(processors.next().zip(processors.next()).map(|(first, second)| [first, second]))
    }

    pub fn to(processor: usize) -> io::Result<Self> {
        let before = rustix::thread::sched_getaffinity(None)?;
        let mut only = rustix::thread::CpuSet::new();
        only.set(processor);
        rustix::thread::sched_setaffinity(None, &only)?;
        Ok(Self { before })
    }
}

#[cfg(target_os = "linux")]
impl Drop for Pinned {
    fn drop(&mut self) {
        // It was allowed before, and if it is not any more, nothing is wrong with the figures.
        let _ = rustix::thread::sched_setaffinity(None, &self.before);
    }
}

/// Elsewhere the system decides.
#[cfg(not(target_os = "linux"))]
pub struct Pinned;

#[cfg(not(target_os = "linux"))]
impl Pinned {
    pub fn two_processors() -> io::Result<Option<[usize; 2]>> {
        Ok(None)
    }

    pub fn to(_: usize) -> io::Result<Self> {
        Ok(Self)
    }
}
