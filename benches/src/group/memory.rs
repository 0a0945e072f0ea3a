//! How much memory it takes to send to a group that handles nothing.

use std::time::{Duration, Instant};

use pysage_group::{Destination, GroupConfig, Groups, SendError};

use super::{
    case::Load,
    helper::{Helper, Role},
    load::{Block, Bodies, Sample, WORDS_BYTES, Words},
    measures,
    peer::{Outcome, RunError},
    pysage::{Done, Expect, Main, Pause, SINK},
};

/// How long the group takes for its first message.
const PAUSE: Duration = Duration::from_secs(1);

/// In a process of its own, since this one may have memory to spare that was in use before.
pub fn slow_consumer(load: &Load) -> Result<Outcome, RunError> {
    let Load { bytes, seconds, seed, .. } = *load;
    let mut helper = Helper::start(&Role::SlowConsumer { bytes, seconds, seed })?;
    let (growth_bytes, sent) = helper.pair()?;
    let (checksum, _) = helper.pair()?;
    let outcome = Outcome::value(growth_bytes as f64, "bytes of growth; the bound is 4194304");
    Ok(Outcome { n: sent, ..outcome }.checksum(checksum))
}

/// The growth in bytes and the messages sent, and the checksum of those that were handled.
pub fn send_to_slow(bytes: usize, seconds: u64, seed: u64) -> Result<[(u64, u64); 2], RunError> {
    let main = Main::new(GroupConfig::DEFAULT_TICK_INTERVAL);
    let bodies = Bodies::new(seed, bytes);
    let to = main.manager.add_process_group("slow", SINK, GroupConfig::default())?;
    main.manager.send(to, Pause { ms: PAUSE.as_millis() as u64 * seconds })?;
    main.manager.tick()?;
    measures::forget_peak()?;
    let (before, _) = measures::resident_and_peak_bytes()?;
    let until = Instant::now() + PAUSE * seconds as u32 * 9 / 10;
    let sent = match bytes {
        WORDS_BYTES => send_until::<Words>(&main, to, &bodies, until)?,
        _ => send_until::<Block>(&main, to, &bodies, until)?,
    };
    let (_, most) = measures::resident_and_peak_bytes()?;
    loop {
        match main.manager.send(to, Expect { n: sent }) {
            Ok(()) => break,
            Err(SendError::Full { .. }) => {
                main.manager.wait_until(Instant::now() + PAUSE);
                main.manager.tick()?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let Done { checksum, at_ns } = main.until_done()?;
    main.manager.clear_groups()?;
    Ok([(most.saturating_sub(before), sent), (checksum, at_ns)])
}

fn send_until<M: Sample>(
    main: &Main,
    to: Destination,
    bodies: &Bodies,
    until: Instant,
) -> Result<u64, RunError> {
    let mut sent = 0;
    while Instant::now() < until {
        match main.manager.send(to, M::sample(bodies, sent)) {
            Ok(()) => sent += 1,
            Err(SendError::Full { .. }) => {
                main.manager.tick()?;
                main.manager.wait_until(Instant::now() + Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(sent)
}
