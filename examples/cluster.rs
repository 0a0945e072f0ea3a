//! A server that has workers add numbers up, which may be programs on the original pysage in Python:
//! the README shows one. All talk in the format of the original.
//!
//! ```sh
//! cargo run --release --example cluster                              # a server and two workers
//! cargo run --release --example cluster -- server 127.0.0.1:5000     # for workers from elsewhere
//! cargo run --release --example cluster -- worker 127.0.0.1:5000
//! ```
//!
//! Over UDP (`--udp`) nothing is sure to arrive, so both ends say again after a second what was not
//! answered.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use pysage_net::{
    Actor, ActorManager, BoxError, Context, Destination, DisconnectReason, Flow, LegacyConfig,
    LegacyNetwork, Message, PeerDisconnected, Subscriptions, TickRate,
};

/// A worker is there.
#[derive(Message, Clone)]
#[message(packet_type = 101)]
struct Register {
    name: String,
}

/// What a worker is to add up.
#[derive(Message, Clone)]
#[message(packet_type = 102)]
struct Work {
    numbers: Vec<i32>,
}

/// What came out.
#[derive(Message, Clone)]
#[message(packet_type = 103)]
struct Sum {
    total: i64,
}

/// Over UDP, once a second: what was not answered may be lost. It does not leave the program.
#[derive(Message, Clone)]
struct Remind;

const REMIND_INTERVAL: Duration = Duration::from_secs(1);

/// So often a worker is reminded before it ends: its answer may be lost, and be asked for again.
const REMINDERS_TO_END: u32 = 3;

/// Gives each worker its share once all are there, and adds up what they send back.
struct Server {
    numbers: Vec<i32>,
    /// How many workers are to be there.
    wanted: usize,
    workers: Vec<(Destination, String)>,
    sums: Vec<(Destination, i64)>,
    /// A worker that went before it had answered.
    lost: Option<String>,
}

impl Actor for Server {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::register).message(Self::add).message(Self::lose).message(Self::remind);
    }
}

impl Server {
    fn new(count: i32, wanted: usize) -> Server {
        let numbers = (1..=count).collect();
        Server { numbers, wanted, workers: Vec::new(), sums: Vec::new(), lost: None }
    }

    fn register(&mut self, register: &Register, cx: &Context) -> Result<(), BoxError> {
        let Some(worker) = cx.sender() else { return Ok(()) };
        let is_known = self.workers.iter().any(|(known, _)| *known == worker);
        if is_known || self.workers.len() == self.wanted {
            return Ok(());
        }
        println!("{} is there, from {:?}", register.name, cx.legacy_peer_addr(worker));
        self.workers.push((worker, register.name.clone()));
        self.give_shares(cx)
    }

    /// Once all are there, gives a share to each that has not answered.
    fn give_shares(&self, cx: &Context) -> Result<(), BoxError> {
        if self.workers.len() < self.wanted {
            return Ok(());
        }
        let share = self.numbers.len().div_ceil(self.wanted).max(1);
        let mut shares = self.numbers.chunks(share);
        for (worker, _) in &self.workers {
            let numbers = shares.next().unwrap_or_default().to_vec();
            if !self.has_answered(*worker) {
                cx.send(*worker, Work { numbers })?;
            }
        }
        Ok(())
    }

    fn remind(&mut self, _: &Remind, cx: &Context) -> Result<(), BoxError> {
        self.give_shares(cx)
    }

    fn has_answered(&self, worker: Destination) -> bool {
        self.sums.iter().any(|(known, _)| *known == worker)
    }

    fn add(&mut self, sum: &Sum, cx: &Context) {
        // Over UDP anyone could say this, so it counts once for each of the workers.
        let Some(from) = cx.sender() else { return };
        let Some((_, name)) = self.workers.iter().find(|(worker, _)| *worker == from) else {
            return;
        };
        if !self.has_answered(from) {
            println!("{name} says {}", sum.total);
            self.sums.push((from, sum.total));
        }
    }

    fn lose(&mut self, gone: &PeerDisconnected, _: &Context) {
        let name = self.workers.iter().find(|(worker, _)| *worker == gone.peer);
        if let Some((_, name)) = name.filter(|_| !self.has_answered(gone.peer)) {
            self.lost = Some(format!("{name} is gone: {}", gone.reason));
        }
    }

    fn is_done(&self) -> bool {
        self.sums.len() == self.wanted || self.lost.is_some()
    }
}

/// Adds up what it is given.
struct Worker {
    server: Destination,
    name: String,
    over_udp: bool,
    has_answered: bool,
    /// How often it was reminded since it answered last.
    reminders: u32,
    end: Option<DisconnectReason>,
}

impl Actor for Worker {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::work).message(Self::remind).message(
            |me: &mut Self, gone: &PeerDisconnected, _: &Context| {
                me.end = Some(gone.reason.clone());
            },
        );
    }
}

impl Worker {
    fn work(&mut self, work: &Work, cx: &Context) -> Result<(), BoxError> {
        let total = work.numbers.iter().map(|number| i64::from(*number)).sum();
        cx.send(self.server, Sum { total })?;
        (self.has_answered, self.reminders) = (true, 0);
        if !self.over_udp {
            cx.disconnect_legacy(self.server)?;
        }
        Ok(())
    }

    fn remind(&mut self, _: &Remind, cx: &Context) -> Result<(), BoxError> {
        if !self.has_answered {
            return Ok(cx.send(self.server, Register { name: self.name.clone() })?);
        }
        self.reminders += 1;
        if self.reminders == REMINDERS_TO_END {
            cx.disconnect_legacy(self.server)?;
        }
        Ok(())
    }
}

fn run_worker(
    address: &str,
    name: String,
    config: LegacyConfig,
    over_udp: bool,
) -> Result<(), BoxError> {
    let manager = ActorManager::new();
    let server = manager.connect_legacy(address, config)?;
    manager.send(server, Register { name: name.clone() })?;
    let worker = Worker { server, name, over_udp, has_answered: false, reminders: 0, end: None };
    let worker = manager.register(worker);
    if over_udp {
        manager.queue_every(REMIND_INTERVAL, Remind);
    }
    let end =
        || manager.with(worker, |worker: &mut Worker| (worker.has_answered, worker.end.clone()));
    manager.run(TickRate::hz(30).or_when_woken(), |_| match end() {
        Ok((_, None)) => Flow::Continue,
        _ => Flow::Stop,
    })?;
    match end()? {
        (_, Some(DisconnectReason::Closed)) => Ok(()),
        // A server that has all answers does not wait for one that it asked for twice.
        (true, Some(_)) if over_udp => Ok(()),
        (_, Some(reason)) => Err(reason.to_string().into()),
        (_, None) => Err("it was stopped".into()),
    }
}

type Workers = Vec<JoinHandle<Result<(), String>>>;

/// Serves until all workers have answered. `own` says whether they are threads of this program.
fn run_server(
    address: &str,
    count: i32,
    wanted: usize,
    config: LegacyConfig,
    over_udp: bool,
    own: bool,
) -> Result<(), BoxError> {
    let manager = ActorManager::new();
    let server = manager.register(Server::new(count, wanted));
    let listener = manager.listen_legacy(address, config.clone())?;
    println!("listening at {}", listener.local_addr());
    if over_udp {
        manager.queue_every(REMIND_INTERVAL, Remind);
    }
    let ctrl_c = manager.handle();
    ctrlc::set_handler(move || ctrl_c.stop())?;
    let start = |number: usize| {
        let (address, config) = (listener.local_addr().to_string(), config.clone());
        let name = format!("worker{number}");
        thread::spawn(move || {
            run_worker(&address, name, config, over_udp).map_err(|error| error.to_string())
        })
    };
    let workers: Workers = (1..=if own { wanted } else { 0 }).map(start).collect();
    let is_done = || manager.with(server, |server: &mut Server| server.is_done());
    manager.run(TickRate::hz(30).or_when_woken(), |_| {
        let no_more = own && workers.iter().all(JoinHandle::is_finished);
        if is_done().unwrap_or(true) || no_more { Flow::Stop } else { Flow::Continue }
    })?;
    // What a worker still has to say is heard by the ticks of the run alone.
    manager.tick()?;
    let look = |server: &mut Server| (server.lost.take(), server.sums.clone());
    let (lost, sums) = manager.with(server, look)?;
    drop(manager);
    for worker in workers {
        worker.join().map_err(|_| "a worker panicked")??;
    }
    if let Some(lost) = lost {
        return Err(lost.into());
    }
    let sum: i64 = sums.iter().map(|(_, total)| total).sum();
    let expected = i64::from(count) * (i64::from(count) + 1) / 2;
    println!("workers={} numbers={count} sum={sum} expected={expected}", sums.len());
    if sum == expected { Ok(()) } else { Err("the workers cannot add".into()) }
}

const HELP: &str = "\
A server that has workers add numbers up, in the format of the original pysage.

Usage: cluster                    a server and its workers
       cluster server ADDRESS     a server, for workers from elsewhere
       cluster worker ADDRESS     a worker

  --workers N    how many workers there are to be; 2 unless set
  --numbers N    from 1 to which number; 1000 unless set
  --udp          over UDP instead of TCP: what is lost is said again, and it takes 3 s longer
  --help         print this

Nothing is encrypted and nobody is asked who they are: for networks whose hosts you trust.";

fn main() -> Result<(), BoxError> {
    let (mut over_udp, mut words) = (false, Vec::new());
    let (mut workers, mut numbers) = (2_usize, 1_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().ok_or(format!("{argument} needs a number"));
        match argument.as_str() {
            "--help" => {
                println!("{HELP}");
                return Ok(());
            }
            "--udp" => over_udp = true,
            "--workers" => workers = number()?.parse::<usize>()?.max(1),
            // All of them fit into one datagram.
            "--numbers" => numbers = number()?.parse::<i32>()?.clamp(1, 10_000),
            _ => words.push(argument),
        }
    }
    let config = if over_udp { LegacyConfig::udp() } else { LegacyConfig::tcp() };
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run_server("127.0.0.1:0", numbers, workers, config, over_udp, true),
        ["server", address] => run_server(address, numbers, workers, config, over_udp, false),
        ["worker", address] => run_worker(address, "a worker in Rust".to_owned(), config, over_udp),
        _ => Err(format!("that is not known\n\n{HELP}").into()),
    }
}
