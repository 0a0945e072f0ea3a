//! The four deliveries side by side, over a simulated network that loses a fifth of all datagrams:
//! how many messages arrive, how many of them late, and how many behind a newer one.
//!
//! ```sh
//! cargo run --release --example lossy
//! cargo run --release --example lossy -- --loss 0.5 --seconds 20
//! ```

use std::error::Error;
use std::io::IsTerminal;
use std::thread;
use std::time::{Duration, Instant};

use pysage_net::sim::{Conditions, SimNetwork};
use pysage_net::{
    Actor, ActorManager, Carrier, Context, Delivery, Destination, Flow, ManagerConfig, ManualClock,
    Message, NetConfig, Network, PeerConnected, Security, Subscriptions, TickRate,
};

/// One step of something that moves.
#[derive(Message, Clone)]
#[message(packet_type = 101)]
struct Step {
    /// Which of the four it was sent by.
    lane: u8,
    number: u32,
    sent_after_us: u64,
}

const LANES: [(&str, Delivery); 4] = [
    ("unreliable", Delivery::Unreliable),
    ("sequenced", Delivery::Sequenced),
    ("reliable-unordered", Delivery::ReliableUnordered),
    ("reliable-ordered", Delivery::ReliableOrdered),
];

/// One way, half of what a player far away has there and back.
const LATENCY: Duration = Duration::from_millis(40);
const JITTER: Duration = Duration::from_millis(20);
/// A tick at 60 Hz.
const TICK: Duration = Duration::from_nanos(16_666_667);
/// What takes longer than this is late: the line's time, a tick at each end, and one more.
const LATE: Duration = Duration::from_millis(110);

/// What came by one delivery.
#[derive(Clone, Copy, Default)]
struct Tally {
    arrived: u32,
    late: u32,
    out_of_order: u32,
    newest: u32,
}

struct Goal {
    start: Instant,
    tallies: [Tally; 4],
}

impl Actor for Goal {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|goal: &mut Self, step: &Step, cx: &Context| {
            let Some(tally) = goal.tallies.get_mut(usize::from(step.lane)) else { return };
            let sent_at = goal.start + Duration::from_micros(step.sent_after_us);
            tally.arrived += 1;
            tally.late += u32::from(cx.now() > sent_at + LATE);
            tally.out_of_order += u32::from(step.number < tally.newest);
            tally.newest = tally.newest.max(step.number);
        });
    }
}

/// Sends a step by each delivery in each tick, for so many ticks.
struct Runner {
    goal: Destination,
    start: Instant,
    is_connected: bool,
    sent: u32,
    most: u32,
}

impl Actor for Runner {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|runner: &mut Self, _: &PeerConnected, _: &Context| {
            runner.is_connected = true;
        })
        .update(Self::step);
    }
}

impl Runner {
    fn step(&mut self, cx: &Context) {
        if !self.is_connected || self.sent == self.most {
            return;
        }
        self.sent += 1;
        let sent_after_us = (cx.now() - self.start).as_micros() as u64;
        for (lane, (_, delivery)) in (0..).zip(LANES) {
            let step = Step { lane, number: self.sent, sent_after_us };
            if let Err(error) = cx.send_with(self.goal, step, delivery) {
                eprintln!("{error}");
            }
        }
    }
}

fn table(sent: u32, tallies: &[Tally; 4]) -> String {
    let mut text = format!(
        "{:<20}{:>8}{:>10}{:>8}{:>14}\n",
        "delivery", "sent", "arrived", "late", "out of order"
    );
    for ((name, _), tally) in LANES.iter().zip(tallies) {
        let Tally { arrived, late, out_of_order, .. } = tally;
        text += &format!("{name:<20}{sent:>8}{arrived:>10}{late:>8}{out_of_order:>14}\n");
    }
    text
}

struct Arguments {
    loss: f64,
    seconds: u32,
    seed: u64,
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let network = SimNetwork::new(arguments.seed);
    let line = Conditions::new().loss(arguments.loss).latency(LATENCY).jitter(JITTER);
    network.set_conditions(line);
    let clock = ManualClock::new();
    let start = clock.now();
    let manager = || ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    let on_network = |address: &str| -> Result<NetConfig, Box<dyn Error>> {
        let carrier = Carrier::Memory(network.port(address.parse()?));
        Ok(NetConfig::new(Security::open()).carrier(carrier).seed(arguments.seed))
    };

    let there = manager();
    let goal = there.register(Goal { start, tallies: [Tally::default(); 4] });
    there.listen("10.0.0.1:4000", on_network("10.0.0.1:4000")?)?;
    let here = manager();
    let to_goal = here.connect("10.0.0.1:4000", on_network("10.0.0.2:4000")?)?;
    let most = arguments.seconds * 60;
    let runner = Runner { goal: to_goal, start, is_connected: false, sent: 0, most };
    let runner = here.register(runner);

    let look = || -> Result<(u32, [Tally; 4]), Box<dyn Error>> {
        let sent = here.with(runner, |runner: &mut Runner| runner.sent)?;
        Ok((sent, there.with(goal, |goal: &mut Goal| goal.tallies)?))
    };
    // For whoever looks on, simulated time goes by as fast as theirs; a file has it at once.
    let is_watched = std::io::stdout().is_terminal();
    // Two seconds more, for what is on its way.
    let ticks = u64::from(arguments.seconds + 2) * 60;
    let mut failure = None;
    here.run(TickRate::every(TICK), |report| {
        let looked = there.tick().map_err(Into::into).and_then(|_| look());
        match looked {
            Ok((sent, tallies)) if is_watched => {
                let lines = if report.tick == 1 { String::new() } else { "\x1b[5A".to_owned() };
                print!("{lines}{}", table(sent, &tallies));
                thread::sleep(TICK);
            }
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
        if failure.is_some() || report.tick == ticks { Flow::Stop } else { Flow::Continue }
    })?;
    failure.map_or(Ok(()), Err)?;

    let (sent, tallies) = look()?;
    if !is_watched {
        print!("{}", table(sent, &tallies));
    }
    let [unreliable, sequenced, unordered, ordered] = tallies.map(|tally| tally.arrived);
    println!(
        "sent={sent} unreliable={unreliable} sequenced={sequenced} \
         reliable-unordered={unordered} reliable-ordered={ordered}"
    );
    Ok(())
}

const HELP: &str = "\
Sends messages by each of the four deliveries over a simulated network, and counts what arrives.

Usage: lossy [--loss F] [--seconds N] [--seed N]

  --loss F       which share of the datagrams is lost; 0.2 unless set
  --seconds N    how long it goes on; 5 unless set
  --seed N       which datagrams are lost; 1 unless set
  --help         print this

Late is what takes longer than 110 ms, where the line takes 40 to 60 ms. Not in a terminal, the
table is printed once and at once. The last line tells how many messages were sent by each, and
what has arrived.";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments { loss: 0.2, seconds: 5, seed: 1 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--help" {
            println!("{HELP}");
            return Ok(());
        }
        let value = words.next().ok_or_else(|| format!("`{word}` needs a value\n\n{HELP}"))?;
        match word.as_str() {
            "--loss" => arguments.loss = value.parse()?,
            "--seconds" => arguments.seconds = value.parse()?,
            "--seed" => arguments.seed = value.parse()?,
            _ => return Err(format!("`{word}` is not known\n\n{HELP}").into()),
        }
    }
    run(&arguments)
}
