//! The coroutine of the original pysage: a bomb that counts down one step in each tick, and then
//! explodes.
//!
//! It shows a task, which waits for ticks and goes on where it was, a timer, which lights a bomb
//! again and again, and a request, by which the bomb learns how its player does.
//!
//! ```sh
//! cargo run --release --example time_bomb
//! cargo run --release --example time_bomb -- --ticks 30
//! ```

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use pysage_core::{
    Actor, ActorId, ActorManager, Context, Flow, Me, Message, Subscriptions, TickRate,
};

const TICKS_PER_SECOND: u32 = 30;
const TICKS_BY_DEFAULT: u64 = 90;
/// How many ticks a bomb counts down.
const COUNTDOWN: u32 = 5;
const DAMAGE: i32 = 10;
const BETWEEN_BOMBS: Duration = Duration::from_secs(1);

const HELP: &str = "\
Lights a bomb a second, each of which counts down from 5, one step in each tick, and explodes.

Usage: time_bomb [--ticks N]

  --ticks N   end after N ticks, 1 at least (90 unless given)
  --help      print this

The last line tells the ticks run, the bombs that exploded, and the hit points that are left.";

#[derive(Clone, Message)]
struct Light {
    victim: ActorId,
}

#[derive(Message)]
struct Explosion {
    damage: i32,
}

#[derive(Message)]
#[message(reply = i32)]
struct HitPoints;

struct Bomb {
    exploded: u32,
}

impl Actor for Bomb {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.task(Self::count_down);
    }
}

impl Bomb {
    async fn count_down(me: Me<Self>, light: Light) {
        for left in (1..=COUNTDOWN).rev() {
            println!("{left}..");
            me.next_tick().await;
        }
        me.with(|bomb, cx| {
            bomb.exploded += 1;
            cx.trigger_to(light.victim, Explosion { damage: DAMAGE });
        });
        match me.ask(light.victim, HitPoints).await {
            Ok(hit_points) => println!("boom! {hit_points} hit points are left"),
            Err(error) => println!("boom! {error}"),
        }
    }
}

struct Player {
    hit_points: i32,
}

impl Actor for Player {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::take_damage).ask(Self::hit_points);
    }
}

impl Player {
    fn take_damage(&mut self, explosion: &Explosion, _: &Context) {
        self.hit_points -= explosion.damage;
    }

    fn hit_points(&mut self, _: &HitPoints, _: &Context) -> i32 {
        self.hit_points
    }
}

fn main() -> ExitCode {
    let ticks = match read_arguments() {
        Ok(Some(ticks)) => ticks,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("time_bomb: {mistake}; see --help");
            return ExitCode::from(2);
        }
    };
    match play(ticks) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("time_bomb: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(ticks: u64) -> Result<(), Box<dyn Error>> {
    let manager = ActorManager::new();
    let victim = manager.register_named("player1", Player { hit_points: 100 })?;
    let bomb = manager.register(Bomb { exploded: 0 });

    manager.queue_to(bomb, Light { victim });
    manager.queue_every_to(bomb, BETWEEN_BOMBS, Light { victim });
    let report = manager.run(TickRate::hz(TICKS_PER_SECOND), |report| {
        if report.tick < ticks { Flow::Continue } else { Flow::Stop }
    })?;

    let exploded = manager.with(bomb, |bomb: &mut Bomb| bomb.exploded)?;
    let hit_points = manager.with(victim, |player: &mut Player| player.hit_points)?;
    println!("ticks={} exploded={exploded} hit_points={hit_points}", report.ticks);
    Ok(())
}

/// For how many ticks to run; `None` to print the help.
fn read_arguments() -> Result<Option<u64>, String> {
    let mut ticks = TICKS_BY_DEFAULT;
    let mut arguments = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--ticks" => {
                let number = arguments.next().ok_or("--ticks needs a number")?;
                let given = number.parse().ok().filter(|ticks| *ticks > 0);
                ticks = given.ok_or_else(|| format!("`{number}` is not a number of ticks"))?;
            }
            _ => return Err(format!("unknown argument `{argument}`")),
        }
    }
    Ok(Some(ticks))
}
