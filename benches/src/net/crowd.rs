//! A server with many clients in one process: what each costs in memory, and in time while it
//! does nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    case::{Case, TICK},
    load::Messages,
    message::Handled,
    peer::{End, Failure, Invitation, Job},
    socket::allow_open_files,
};

const LONGEST_WAIT: Duration = Duration::from_millis(1);

/// What is acknowledged late, and buffers that shrink, have this time.
const TIME_TO_SETTLE: Duration = Duration::from_millis(500);

/// Without any progress.
const STALL: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct Outcome {
    pub bytes_per_peer: Option<f64>,
    pub polls_ns: Vec<u64>,
    pub handled: Vec<(u64, u64)>,
}

/// Runs the case of the job once.
pub fn measure<E: End + 'static>(job: &Job) -> Result<Outcome, Failure> {
    // Some libraries want a socket for each client.
    allow_open_files(job.peers as u64 * 2 + 100);
    if job.case == Case::IdlePoll {
        let mut crowd = Crowd::<E>::gather(job)?;
        let polls_ns = (0..job.load.messages).map(|_| crowd.timed_poll()).collect::<Result<_, _>>();
        return Ok(Outcome { polls_ns: polls_ns?, ..Outcome::default() });
    }
    let mut result = Ok(Vec::new());
    // What an empty server holds is not the peers'.
    let alone = live_bytes(|| E::listen(&Job { peers: 1, ..job.clone() }));
    let (with_peers, handled) = {
        let bulk = job.case == Case::MemoryAfterBulk;
        let bytes = live_bytes(|| {
            let mut crowd = Crowd::<E>::gather(job)?;
            if bulk {
                result = crowd.exchange_bulk(job);
            }
            crowd.settle()?;
            Ok(crowd)
        })?;
        (bytes, result?)
    };
    let bytes_per_peer = (with_peers - alone?) as f64 / job.peers as f64;
    Ok(Outcome { bytes_per_peer: Some(bytes_per_peer), handled, ..Outcome::default() })
}

/// The heap bytes of this thread that what `make` has made holds.
fn live_bytes<T>(make: impl FnOnce() -> Result<T, Failure>) -> Result<i64, Failure> {
    let mut made = None;
    let bytes = allocation_counter::measure(|| made = Some(make())).bytes_current;
    made.expect("the closure was called").map(|_| bytes)
}

struct Crowd<E> {
    server: E,
    clients: Clients,
}

impl<E: End + 'static> Crowd<E> {
    /// A server, and on another thread the clients, all connected.
    fn gather(job: &Job) -> Result<Self, Failure> {
        let (server, invitation) = E::listen(job)?;
        let mut crowd = Self { server, clients: Clients::start::<E>(job, invitation) };
        let peers = job.peers as u64;
        crowd.step_until(|crowd| {
            let connected = crowd.server.connected() as u64;
            (connected == peers && crowd.clients.shared.connected() == peers, connected)
        })?;
        crowd.settle()?;
        Ok(crowd)
    }

    /// Each peer sends its part of the load and then gets it back, one peer after the other, so
    /// that there is one order of all messages.
    fn exchange_bulk(&mut self, job: &Job) -> Result<Vec<(u64, u64)>, Failure> {
        let of_each = job.load.messages / job.peers as u64;
        for peer in 1..=job.peers as u64 {
            self.clients.shared.to_send.store(peer * of_each, Ordering::Relaxed);
            self.step_until(|crowd| {
                let handled = crowd.server.handled().count;
                (handled == peer * of_each, handled)
            })?;
        }
        let mut messages = job.load.messages();
        let mut sent = 0;
        for peer in 0..job.peers {
            let end = (peer as u64 + 1) * of_each;
            self.step_until(|crowd| {
                while sent < end && matches!(crowd.server.send(peer, messages.at(sent)), Ok(true)) {
                    sent += 1;
                }
                let handled = crowd.clients.shared.handled.load(Ordering::Acquire);
                (handled == end, handled)
            })?;
        }
        let Handled { count, checksum } = self.server.handled();
        let of_clients = self.clients.shared.checksum.load(Ordering::Relaxed);
        Ok(vec![(count, checksum), (sent, of_clients)])
    }

    fn settle(&mut self) -> Result<(), Failure> {
        let end = Instant::now() + TIME_TO_SETTLE;
        while Instant::now() < end {
            self.step()?;
        }
        Ok(())
    }

    /// `look` also says how far it is, to notice that it gets no further.
    fn step_until(
        &mut self,
        mut look: impl FnMut(&mut Self) -> (bool, u64),
    ) -> Result<(), Failure> {
        let mut last = (0, Instant::now());
        loop {
            let (is_over, reached) = look(self);
            if is_over {
                return Ok(());
            }
            if reached != last.0 {
                last = (reached, Instant::now());
            } else if last.1.elapsed() > STALL || self.clients.shared.failed() {
                return Err(format!("a crowd of peers stalled at {reached}").into());
            }
            self.step()?;
        }
    }

    fn step(&mut self) -> Result<(), Failure> {
        self.server.receive()?;
        self.server.flush()?;
        self.server.wait(LONGEST_WAIT)
    }

    fn timed_poll(&mut self) -> Result<u64, Failure> {
        let start = Instant::now();
        self.server.receive()?;
        self.server.flush()?;
        Ok(start.elapsed().as_nanos() as u64)
    }
}

/// The clients' thread, which ends when this is dropped.
struct Clients {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the two threads tell each other; the server's thread waits for it in steps.
#[derive(Default)]
struct Shared {
    ends: AtomicBool,
    failed: AtomicBool,
    connected: AtomicU64,
    handled: AtomicU64,
    checksum: AtomicU64,
    /// How many messages should have been sent by all clients together.
    to_send: AtomicU64,
}

impl Shared {
    fn connected(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

impl Clients {
    fn start<E: End>(job: &Job, invitation: Invitation) -> Self {
        let shared = Arc::new(Shared::default());
        let (job, of_thread) = (job.clone(), Arc::clone(&shared));
        let (started, has_started) = mpsc::channel();
        let thread = thread::spawn(move || {
            started.send(()).expect("the one that started this thread waits");
            if let Err(error) = run_clients::<E>(&job, &invitation, &of_thread) {
                eprintln!("clients of {}: {error}", job.peer);
                of_thread.failed.store(true, Ordering::Relaxed);
            }
        });
        has_started.recv().expect("the thread says that it has started");
        Self { shared, thread: Some(thread) }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic has been printed, and the run has failed by it.
            let _ = thread.join();
        }
    }
}

fn run_clients<E: End>(job: &Job, invitation: &Invitation, shared: &Shared) -> Result<(), Failure> {
    let mut end = E::connect(job, invitation)?;
    let mut messages: Messages = job.load.messages();
    let of_each = (job.load.messages / job.peers as u64).max(1);
    let mut sent = 0;
    while !shared.ends.load(Ordering::Relaxed) {
        end.receive()?;
        shared.connected.store(end.connected() as u64, Ordering::Relaxed);
        let handled = end.handled();
        shared.checksum.store(handled.checksum, Ordering::Relaxed);
        shared.handled.store(handled.count, Ordering::Release);
        let to_send = shared.to_send.load(Ordering::Relaxed);
        while sent < to_send && end.send((sent / of_each) as usize, messages.at(sent))? {
            sent += 1;
        }
        end.flush()?;
        if job.case == Case::IdlePoll && end.connected() == job.peers {
            // Some libraries send in each flush, and then neither they nor the server are idle.
            end.pause(TICK)?;
        } else {
            end.wait(LONGEST_WAIT)?;
        }
    }
    Ok(())
}
