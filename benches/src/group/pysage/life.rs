//! Groups that come, go, come back, and do nothing.

use std::time::{Duration, Instant};

use pysage_group::{Destination, Flow, GroupConfig, Groups, Restart, TickRate};

use super::super::{
    case::Load,
    helper::kill,
    latency::Latencies,
    load::now_ns,
    measures,
    peer::{Outcome, RunError},
};
use super::ping::ECHO;
use super::{Main, Told, Who};

const TICK: Duration = GroupConfig::DEFAULT_TICK_INTERVAL;

const NAME: &str = "group";

fn process_of(main: &Main, group: Destination) -> Result<u32, RunError> {
    main.manager.send(group, Who {})?;
    main.until(|told| if let Told::Process(id) = told { Some(*id) } else { None })
}

fn until_down(main: &Main) -> Result<u64, RunError> {
    main.until(|told| if let Told::Down { at_ns } = told { Some(*at_ns) } else { None })
}

fn until_up(main: &Main) -> Result<u64, RunError> {
    main.until(|told| if let Told::Up { at_ns } = told { Some(*at_ns) } else { None })
}

pub fn spawn(load: &Load) -> Result<Outcome, RunError> {
    let main = Main::new(TICK);
    let mut latencies = Latencies::default();
    for _ in 0..load.n {
        let start_ns = now_ns();
        main.manager.add_process_group(NAME, ECHO, GroupConfig::default())?;
        latencies.add(now_ns() - start_ns);
        main.manager.remove_group(NAME)?;
        main.manager.tick()?;
    }
    Ok(latencies.outcome())
}

pub fn death(load: &Load) -> Result<Outcome, RunError> {
    let main = Main::new(TICK);
    let mut latencies = Latencies::default();
    for _ in 0..load.n {
        let config = GroupConfig::default().fail_quietly();
        let group = main.manager.add_process_group(NAME, ECHO, config)?;
        let process = process_of(&main, group)?;
        let start_ns = now_ns();
        kill(process)?;
        latencies.add(until_down(&main)? - start_ns);
        main.manager.remove_group(NAME)?;
    }
    Ok(latencies.outcome())
}

pub fn restart(load: &Load) -> Result<Outcome, RunError> {
    let main = Main::new(TICK);
    let mut latencies = Latencies::default();
    let config = GroupConfig::default()
        .restart(Restart::Permanent)
        .restart_intensity(u32::MAX, Duration::from_secs(1));
    main.manager.add_process_group(NAME, ECHO, config)?;
    for _ in 0..load.n {
        let process = process_of(&main, main.manager.group(NAME)?)?;
        let start_ns = now_ns();
        kill(process)?;
        until_down(&main)?;
        latencies.add(until_up(&main)? - start_ns);
    }
    main.manager.clear_groups()?;
    Ok(latencies.outcome())
}

pub fn idle_child(load: &Load) -> Result<Outcome, RunError> {
    let main = Main::new(TICK);
    let group = main.manager.add_process_group(NAME, ECHO, GroupConfig::default())?;
    let process = process_of(&main, group)?;
    idle(&main, process, load)
}

pub fn idle_parent(load: &Load) -> Result<Outcome, RunError> {
    let main = Main::new(TICK);
    main.manager.add_process_group(NAME, ECHO, GroupConfig::default())?;
    idle(&main, std::process::id(), load)
}

fn idle(main: &Main, process: u32, load: &Load) -> Result<Outcome, RunError> {
    let mut ran = Ok(());
    let percent = measures::cpu_percent(process, load.seconds, |time| {
        let end = Instant::now() + time;
        let run = main.manager.run(TickRate::every(TICK).or_when_woken(), |_| {
            if Instant::now() < end { Flow::Continue } else { Flow::Stop }
        });
        ran = run.map(drop);
    })?;
    ran?;
    main.manager.clear_groups()?;
    Ok(Outcome::value(percent, "%"))
}
