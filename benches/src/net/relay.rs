//! A bad network between two ends on the loopback interface: it delays all datagrams and loses
//! some, by a seed.

use std::{
    collections::VecDeque,
    io,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    load::Random,
    socket::{bind, wait_readable},
};

/// One way.
pub const DELAY: Duration = Duration::from_millis(10);

/// How long it may take to notice that it should end.
const LONGEST_WAIT: Duration = Duration::from_millis(5);

const MAX_DATAGRAM_BYTES: usize = 65_536;

/// A running relay; it ends when dropped.
pub struct Relay {
    /// What the client connects to.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    ends: AtomicBool,
    loses: AtomicBool,
    datagrams: AtomicU64,
}

impl Relay {
    /// Between a client, which is whoever sends first, and this server. It loses nothing until
    /// told to, so that all peers begin with a connection that stands.
    pub fn start(server: SocketAddr, loss: f64, seed: u64) -> io::Result<Self> {
        let [from_client, from_server] = [bind()?, bind()?];
        from_client.set_nonblocking(true)?;
        from_server.set_nonblocking(true)?;
        from_server.connect(server)?;
        let address = from_client.local_addr()?;
        let shared = Arc::new(Shared {
            ends: AtomicBool::new(false),
            loses: AtomicBool::new(false),
            datagrams: AtomicU64::new(0),
        });
        let state = State {
            shared: Arc::clone(&shared),
            loss,
            client: None,
            ways: [Way::new(from_client, seed), Way::new(from_server, !seed)],
            buffer: vec![0; MAX_DATAGRAM_BYTES],
            spare: Vec::new(),
        };
        let thread = thread::spawn(move || state.run());
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// From now on it loses datagrams and counts them.
    pub fn begin_to_lose(&self) {
        self.shared.loses.store(true, Ordering::Relaxed);
    }

    /// The datagrams of both ends since then, those among them that were lost.
    pub fn datagrams(&self) -> u64 {
        self.shared.datagrams.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, the run would have failed by now.
            let _ = thread.join();
        }
    }
}

/// One direction.
struct Way {
    from: UdpSocket,
    /// Whether the n-th datagram is lost depends on the seed and n only.
    random: Random,
    delayed: VecDeque<(Instant, Vec<u8>)>,
}

impl Way {
    fn new(from: UdpSocket, seed: u64) -> Self {
        Self { from, random: Random(seed), delayed: VecDeque::new() }
    }
}

struct State {
    shared: Arc<Shared>,
    loss: f64,
    client: Option<SocketAddr>,
    /// From the client to the server, and back.
    ways: [Way; 2],
    buffer: Vec<u8>,
    /// Buffers to use again.
    spare: Vec<Vec<u8>>,
}

impl State {
    fn run(mut self) {
        while !self.shared.ends.load(Ordering::Relaxed) {
            let due = self.ways.iter().filter_map(|way| way.delayed.front()).map(|entry| entry.0);
            let until_due = due.min().map(|due| due.saturating_duration_since(Instant::now()));
            let at_most = until_due.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
            if wait_readable(self.ways.iter().map(|way| &way.from), at_most).is_err() {
                return;
            }
            self.take();
            self.pass_on();
        }
    }

    fn take(&mut self) {
        let now = Instant::now();
        for way in &mut self.ways {
            // An error is an empty socket, or an end that has closed its own.
            while let Ok((length, from)) = way.from.recv_from(&mut self.buffer) {
                let is_client = self.client.is_none();
                if is_client {
                    self.client = Some(from);
                }
                if self.shared.loses.load(Ordering::Relaxed) {
                    self.shared.datagrams.fetch_add(1, Ordering::Relaxed);
                    if way.random.share() < self.loss {
                        continue;
                    }
                }
                let mut datagram = self.spare.pop().unwrap_or_default();
                datagram.clear();
                datagram.extend_from_slice(&self.buffer[..length]);
                way.delayed.push_back((now + DELAY, datagram));
            }
        }
    }

    fn pass_on(&mut self) {
        let now = Instant::now();
        let [to_server, to_client] = &mut self.ways;
        while let Some((_, datagram)) = to_server.delayed.pop_front_if(|entry| entry.0 <= now) {
            // What a full or closed socket does not take is lost, as on a network.
            let _ = to_client.from.send(&datagram);
            self.spare.push(datagram);
        }
        while let Some((_, datagram)) = to_client.delayed.pop_front_if(|entry| entry.0 <= now) {
            if let Some(client) = self.client {
                let _ = to_server.from.send_to(&datagram, client);
            }
            self.spare.push(datagram);
        }
    }
}
