//! The first program of the original pysage: a player, a bomb, and a loop of 30 ticks a second.
//!
//! It shows a message, an actor that subscribes to it, the ready-made loop, and a
//! [`Handle`](pysage_core::Handle) that ends the loop from another thread, here that of ctrl-c.
//!
//! ```sh
//! cargo run --release --example bomb
//! cargo run --release --example bomb -- --forever
//! ```

use std::env;
use std::error::Error;
use std::process::ExitCode;

use pysage_core::{Actor, ActorManager, Context, Flow, Message, Subscriptions, TickRate};

const TICKS_PER_SECOND: u32 = 30;
const TICKS_BY_DEFAULT: u64 = 90;

const HELP: &str = "\
Queues a bomb a second for a player, in a loop of 30 ticks a second.

Usage: bomb [--ticks N | --forever]

  --ticks N   end after N ticks, 1 at least (90 unless given)
  --forever   go on until ctrl-c
  --help      print this

The last line tells the ticks run, the messages handled, and the ticks that began late.";

#[derive(Message)]
#[message(packet_type = 101)]
struct BombMessage {
    damage: i32,
}

struct Player {
    hit_points: i32,
}

impl Actor for Player {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::take_damage);
    }
}

impl Player {
    fn take_damage(&mut self, bomb: &BombMessage, _: &Context) {
        self.hit_points -= bomb.damage;
        println!("I took {} damage from the bomb", bomb.damage);
    }
}

/// What the command line asks for.
enum Command {
    Help,
    /// Run for so many ticks; `None` until ctrl-c.
    Run(Option<u64>),
}

fn main() -> ExitCode {
    let ticks = match read_arguments() {
        Ok(Command::Run(ticks)) => ticks,
        Ok(Command::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("bomb: {mistake}; see --help");
            return ExitCode::from(2);
        }
    };
    match play(ticks) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bomb: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(ticks: Option<u64>) -> Result<(), Box<dyn Error>> {
    let manager = ActorManager::new();
    manager.register_named("player1", Player { hit_points: 100 })?;

    let handle = manager.handle();
    ctrlc::set_handler(move || handle.stop())?;

    manager.queue(BombMessage { damage: 10 });
    let report = manager.run(TickRate::hz(TICKS_PER_SECOND), |report| {
        if Some(report.tick) == ticks {
            return Flow::Stop;
        }
        if report.tick.is_multiple_of(u64::from(TICKS_PER_SECOND)) {
            manager.queue(BombMessage { damage: 10 });
        }
        Flow::Continue
    })?;
    println!("ticks={} handled={} late={}", report.ticks, report.handled, report.late);
    Ok(())
}

fn read_arguments() -> Result<Command, String> {
    let mut command = Command::Run(Some(TICKS_BY_DEFAULT));
    let mut arguments = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        command = match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--forever" => Command::Run(None),
            "--ticks" => {
                let number = arguments.next().ok_or("--ticks needs a number")?;
                let ticks = number.parse().ok().filter(|ticks| *ticks > 0);
                let ticks = ticks.ok_or_else(|| format!("`{number}` is not a number of ticks"))?;
                Command::Run(Some(ticks))
            }
            _ => return Err(format!("unknown argument `{argument}`")),
        };
    }
    Ok(command)
}
