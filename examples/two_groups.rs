//! The smallest program with groups to copy into a new project: main, and two workers in processes
//! of their own that also talk to each other.
//!
//! ```sh
//! cargo run --release --example two_groups
//! cargo run --release --example two_groups -- --forever
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use pysage_group::{
    Actor, ActorManager, BoxError, Context, Entry, Flow, GroupConfig, Groups, Message,
    Subscriptions, TickRate, enable_groups,
};

/// A number to be doubled, which then goes on to the group `then`, or back to main.
#[derive(Message)]
#[message(packet_type = 101)]
struct Double {
    number: u64,
    then: Option<String>,
}

/// What it was doubled to.
#[derive(Message)]
#[message(packet_type = 102)]
struct Doubled(u64);

#[derive(Default)]
struct Worker;

impl Actor for Worker {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::double);
    }
}

impl Worker {
    fn double(&mut self, double: &Double, cx: &Context) -> Result<(), BoxError> {
        let number = double.number * 2;
        match &double.then {
            Some(group) => cx.send_to_group(group, Double { number, then: None })?,
            None => cx.send_to_group("main", Doubled(number))?,
        }
        Ok(())
    }
}

/// Main's own actor, which collects what comes back.
struct Collector {
    sum: u64,
}

impl Actor for Collector {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|collector: &mut Self, doubled: &Doubled, _: &Context| {
            collector.sum += doubled.0;
        });
    }
}

const WORKER: Entry = Entry::actor::<Worker>("worker");

const HELP: &str = "\
Has numbers doubled by one group, and then by another, each in a process of its own.

Usage: two_groups [--forever]

  --forever   go on until ctrl-c
  --help      print this

The last line tells how many numbers were sent, and the sum of what came back.";

fn main() -> Result<(), Box<dyn Error>> {
    enable_groups([WORKER]);
    let argument = std::env::args().nth(1);
    let forever = match argument.as_deref() {
        None => false,
        Some("--forever") => true,
        Some("--help") => {
            println!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(format!("`{other}` is not known\n\n{HELP}").into()),
    };

    let manager = ActorManager::new();
    let collector = manager.register(Collector { sum: 0 });
    let ctrl_c = manager.handle();
    ctrlc::set_handler(move || ctrl_c.stop())?;
    manager.add_process_group("first", WORKER, GroupConfig::default())?;
    manager.add_process_group("second", WORKER, GroupConfig::default())?;

    let mut sent = 0;
    manager.run(TickRate::hz(30).or_when_woken(), |_| {
        if !forever && sent == 100 {
            return Flow::Stop;
        }
        sent += 1;
        let double = Double { number: sent, then: Some("second".to_owned()) };
        match manager.send_to_group("first", double) {
            Ok(()) => Flow::Continue,
            Err(error) => {
                eprintln!("{error}");
                Flow::Stop
            }
        }
    })?;

    // What was sent to a group is handled before it goes, so the first one goes first.
    manager.remove_group("first")?;
    let deadline = Instant::now() + Duration::from_secs(5);
    let sum = || manager.with(collector, |collector: &mut Collector| collector.sum);
    while sum()? != 4 * (1..=sent).sum::<u64>() && Instant::now() < deadline {
        manager.wait_until(Instant::now() + Duration::from_millis(10));
        manager.tick()?;
    }
    manager.clear_groups()?;
    println!("sent={sent} sum={}", sum()?);
    Ok(())
}
