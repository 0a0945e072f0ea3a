//! A thread that watches sockets, so that a manager's loop is woken for what arrives.
//!
//! It touches nothing: the tick alone reads and writes. What it watches is told to it behind each
//! tick, and it wakes the manager once for it.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};
use pysage_core::Handle;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::error::NetError;

/// What is waited for at a socket.
#[derive(Clone)]
pub(super) struct Interest {
    socket: Watched,
    flags: PollFlags,
}

#[derive(Clone)]
enum Watched {
    Udp(Arc<UdpSocket>),
    Listener(Arc<TcpListener>),
    Stream(Arc<TcpStream>),
}

/// Watches sockets until it is dropped.
pub(super) struct Watcher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// What it watches, or has watched last.
    interests: Vec<Interest>,
}

struct Shared {
    orders: Mutex<Orders>,
    changed: Condvar,
    /// Ends a wait for sockets: a datagram to itself.
    waker: UdpSocket,
}

#[derive(Default)]
struct Orders {
    /// What to watch; `None` while nothing is watched, since the manager was woken.
    interests: Option<Vec<Interest>>,
    /// Counts the orders.
    number: u64,
    ends: bool,
}

impl Interest {
    pub(super) fn udp(socket: &Arc<UdpSocket>, reads: bool, writes: bool) -> Interest {
        Interest::new(Watched::Udp(socket.clone()), reads, writes)
    }

    pub(super) fn listener(socket: &Arc<TcpListener>) -> Interest {
        Interest::new(Watched::Listener(socket.clone()), true, false)
    }

    pub(super) fn stream(socket: &Arc<TcpStream>, reads: bool, writes: bool) -> Interest {
        Interest::new(Watched::Stream(socket.clone()), reads, writes)
    }

    fn new(socket: Watched, reads: bool, writes: bool) -> Interest {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, reads);
        flags.set(PollFlags::OUT, writes);
        Interest { socket, flags }
    }

    fn is_same(&self, other: &Interest) -> bool {
        let is_same_socket = match (&self.socket, &other.socket) {
            (Watched::Udp(one), Watched::Udp(other)) => Arc::ptr_eq(one, other),
            (Watched::Listener(one), Watched::Listener(other)) => Arc::ptr_eq(one, other),
            (Watched::Stream(one), Watched::Stream(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        is_same_socket && self.flags == other.flags
    }

    fn poll_fd(&self) -> PollFd<'_> {
        match &self.socket {
            Watched::Udp(socket) => PollFd::new(socket, self.flags),
            Watched::Listener(socket) => PollFd::new(socket, self.flags),
            Watched::Stream(socket) => PollFd::new(socket, self.flags),
        }
    }
}

/// Which of these have something now.
pub(super) fn ready(interests: &[Interest]) -> Vec<bool> {
    let mut all: Vec<_> = interests.iter().map(Interest::poll_fd).collect();
    match poll(&mut all, Some(&Timespec::default())) {
        Ok(_) => all.iter().map(|one| !one.revents().is_empty()).collect(),
        // Then each is tried.
        Err(_) => vec![true; interests.len()],
    }
}

impl Watcher {
    pub(super) fn start(manager: Handle) -> Result<Watcher, NetError> {
        let system = |cause| NetError::System { what: "sockets cannot be waited for", cause };
        let waker = waker().map_err(system)?;
        let shared = Arc::new(Shared { orders: Mutex::default(), changed: Condvar::new(), waker });
        let watching = shared.clone();
        let thread = thread::Builder::new().name("pysage-legacy".to_owned());
        let thread = thread.spawn(move || watch(&watching, &manager)).map_err(system)?;
        Ok(Watcher { shared, thread: Some(thread), interests: Vec::new() })
    }

    /// Has the manager woken when there is something at one of these, once.
    pub(super) fn watch(&mut self, interests: Vec<Interest>) {
        let is_same = interests.len() == self.interests.len()
            && interests.iter().zip(&self.interests).all(|(one, other)| one.is_same(other));
        let mut orders = self.shared.orders.lock();
        if is_same && orders.interests.is_some() {
            return;
        }
        let was_watching = orders.interests.replace(interests.clone()).is_some();
        orders.number += 1;
        drop(orders);
        self.interests = interests;
        self.shared.changed.notify_one();
        if was_watching {
            drop(self.shared.waker.send(&[0]));
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.orders.lock().ends = true;
        self.shared.changed.notify_one();
        drop(self.shared.waker.send(&[0]));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Connected to itself, so that the system drops what others send to it.
fn waker() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(socket.local_addr()?)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn watch(shared: &Shared, manager: &Handle) {
    loop {
        let mut orders = shared.orders.lock();
        let (interests, number) = loop {
            if orders.ends {
                return;
            }
            match &orders.interests {
                Some(interests) => break (interests.clone(), orders.number),
                None => shared.changed.wait(&mut orders),
            }
        };
        drop(orders);
        let mut all = vec![PollFd::new(&shared.waker, PollFlags::IN)];
        all.extend(interests.iter().map(Interest::poll_fd));
        let is_something = match poll(&mut all, None) {
            Ok(_) => all[1..].iter().any(|one| !one.revents().is_empty()),
            Err(Errno::INTR) => false,
            // The tick meets the same error, and tells of it.
            Err(_) => true,
        };
        while shared.waker.recv(&mut [0; 8]).is_ok() {}
        let mut orders = shared.orders.lock();
        // An order that came meanwhile is looked at first.
        if is_something && orders.number == number {
            orders.interests = None;
            drop(orders);
            manager.wake();
        }
    }
}
