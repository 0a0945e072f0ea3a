//! Messages to a group, as fast as it takes them.

use std::time::{Duration, Instant};

use pysage_group::{
    Actor, BoxError, Context, Destination, Entry, GroupConfig, Groups, Message, SendError,
    Subscriptions,
};

use super::super::{
    case::Load,
    load::{Block, Bodies, Checksum, Sample, WORDS_BYTES, Words, now_ns},
    peer::{Outcome, RunError},
};
use super::{Done, Main};

pub const SINK: Entry = Entry::actor::<Sink>("sink");

/// Says how many messages come, and that this is to be told once they are handled.
#[derive(Message, Clone, Copy, Debug)]
#[message(packet_type = 120)]
pub struct Expect {
    pub n: u64,
}

/// Has the group handle nothing for so long.
#[derive(Message, Clone, Copy, Debug)]
#[message(packet_type = 121)]
pub struct Pause {
    pub ms: u64,
}

#[derive(Default)]
pub struct Sink {
    checksum: Checksum,
    handled: u64,
    expected: Option<u64>,
    asked_by: Option<Destination>,
}

impl Actor for Sink {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::handle::<Words>)
            .message(Self::handle::<Block>)
            .message(|sink: &mut Sink, Expect { n }: &Expect, cx: &Context| {
                (sink.expected, sink.asked_by) = (Some(*n), cx.sender());
                sink.tell_if_done(cx)
            })
            .message(|_: &mut Sink, Pause { ms }: &Pause, _: &Context| {
                std::thread::sleep(Duration::from_millis(*ms));
            });
    }
}

impl Sink {
    fn handle<M: Sample>(&mut self, message: &M, cx: &Context) -> Result<(), BoxError> {
        message.add_to(&mut self.checksum);
        self.handled += 1;
        self.tell_if_done(cx)
    }

    fn tell_if_done(&mut self, cx: &Context) -> Result<(), BoxError> {
        if self.expected != Some(self.handled) {
            return Ok(());
        }
        let done = Done { checksum: self.checksum.value(), at_ns: now_ns() };
        let asked_by = self.asked_by.ok_or("nobody asked")?;
        Ok(cx.send(asked_by, done)?)
    }
}

/// So many bytes are sent in a tick.
const BURST_BYTES: usize = 256 << 10;

/// A group that is full is looked at so often if it tells nothing.
const LOOK: Duration = Duration::from_millis(30);

pub fn to_process(load: &Load) -> Result<Outcome, RunError> {
    let main = Main::new(LOOK);
    let to = main.manager.add_process_group("sink", SINK, GroupConfig::default())?;
    one_way(&main, to, load)
}

pub fn to_thread(load: &Load) -> Result<Outcome, RunError> {
    let main = Main::new(LOOK);
    let to = main.manager.add_thread_group("sink", SINK, GroupConfig::default())?;
    one_way(&main, to, load)
}

fn one_way(main: &Main, to: Destination, load: &Load) -> Result<Outcome, RunError> {
    let bodies = Bodies::new(load.seed, load.bytes);
    main.manager.send(to, Expect { n: load.n })?;
    main.manager.tick()?;
    let start_ns = now_ns();
    match load.bytes {
        WORDS_BYTES => send_all::<Words>(main, to, &bodies, load)?,
        _ => send_all::<Block>(main, to, &bodies, load)?,
    }
    let Done { checksum, at_ns } = main.until_done()?;
    main.manager.clear_groups()?;
    Ok(Outcome::rate(load.n, at_ns - start_ns, checksum))
}

fn send_all<M: Sample>(
    main: &Main,
    to: Destination,
    bodies: &Bodies,
    load: &Load,
) -> Result<(), RunError> {
    let manager = &main.manager;
    let burst = (BURST_BYTES / load.bytes).max(1) as u64;
    let mut number = 0;
    while number < load.n {
        let end = load.n.min(number + burst);
        while number < end {
            match manager.send(to, M::sample(bodies, number)) {
                Ok(()) => number += 1,
                Err(SendError::Full { .. }) => {
                    // What waits goes out first; the group may have told meanwhile that it has room.
                    manager.tick()?;
                    manager.wait_until(Instant::now() + LOOK);
                    manager.tick()?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        manager.tick()?;
    }
    Ok(())
}
