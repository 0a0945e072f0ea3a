//! A mod that crashes takes nothing else with it: a group in a process of its own panics every
//! second and is started again, while main keeps its 30 ticks a second.
//!
//! ```sh
//! cargo run --release --example mod_crash
//! cargo run --release --example mod_crash -- --forever
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use pysage_group::{
    Actor, ActorManager, Context, Entry, Flow, GroupConfig, GroupDown, GroupUp, Groups, Message,
    Restart, Subscriptions, TickRate, enable_groups,
};

/// One step of the game, which the mod is told.
#[derive(Message)]
#[message(packet_type = 101)]
struct Step {
    number: u64,
}

/// Somebody else's code.
struct Mod {
    begun: Instant,
}

impl Default for Mod {
    fn default() -> Mod {
        Mod { begun: Instant::now() }
    }
}

impl Actor for Mod {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|this: &mut Mod, step: &Step, _: &Context| {
            assert!(
                this.begun.elapsed() < Duration::from_secs(1),
                "the mod divides by zero in step {}",
                step.number
            );
        });
    }
}

/// What main sees of the mod.
#[derive(Default)]
struct Game {
    crashes: u32,
    restarts: u32,
}

impl Actor for Game {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|game: &mut Game, down: &GroupDown, _: &Context| {
            game.crashes += 1;
            println!("{} is down: {}", down.group, down.end);
        })
        .message(|game: &mut Game, up: &GroupUp, _: &Context| {
            game.restarts += 1;
            println!("{} is up again", up.group);
        });
    }
}

const MOD: Entry = Entry::actor::<Mod>("mod");
const TICKS_PER_SECOND: u32 = 30;
const TICKS_BY_DEFAULT: u64 = 150;

const HELP: &str = "\
Keeps 30 ticks a second while a group panics every second and is started again.

Usage: mod_crash [--ticks N | --forever]

  --ticks N   end after N ticks, 1 at least (150 unless given)
  --forever   go on until ctrl-c
  --help      print this

The last line tells the ticks, the crashes and restarts, and how far from its time a tick began, in
milliseconds: half of the time, and at worst.";

/// How many ticks the command line asks for, `None` for no end.
fn ticks_wanted(arguments: &[String]) -> Result<Option<u64>, String> {
    let wrong = || format!("{} is not understood\n\n{HELP}", arguments.join(" "));
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Some(TICKS_BY_DEFAULT)),
        ["--forever"] => Ok(None),
        ["--ticks", ticks] => match ticks.parse() {
            Ok(ticks) if ticks > 0 => Ok(Some(ticks)),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    enable_groups([MOD]);
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{HELP}");
        return Ok(());
    }
    let wanted = ticks_wanted(&arguments)?;

    let manager = ActorManager::new();
    let game = manager.register(Game::default());
    let ctrl_c = manager.handle();
    ctrlc::set_handler(move || ctrl_c.stop())?;
    let config = GroupConfig::default()
        .restart(Restart::Permanent)
        .restart_intensity(10, Duration::from_secs(5));
    manager.add_process_group("mod", MOD, config)?;

    let interval = Duration::from_secs(1) / TICKS_PER_SECOND;
    let (mut last, mut jitters) = (None::<Instant>, Vec::new());
    let report = manager.run(TickRate::every(interval), |report| {
        let now = Instant::now();
        if let Some(last) = last.replace(now) {
            jitters.push((now - last).abs_diff(interval));
        }
        // While the mod is down, steps go by without it.
        drop(manager.send_to_group("mod", Step { number: report.tick }));
        if wanted.is_some_and(|wanted| report.tick >= wanted) { Flow::Stop } else { Flow::Continue }
    })?;

    manager.clear_groups()?;
    jitters.sort_unstable();
    let ms = |jitter: Option<&Duration>| jitter.map_or(0.0, |jitter| jitter.as_secs_f64() * 1e3);
    let (median, worst) = (ms(jitters.get(jitters.len() / 2)), ms(jitters.last()));
    let (crashes, restarts) =
        manager.with(game, |game: &mut Game| (game.crashes, game.restarts))?;
    println!(
        "ticks={} crashes={crashes} restarts={restarts} jitter_median_ms={median:.3} jitter_max_ms={worst:.3}",
        report.ticks
    );
    Ok(())
}
