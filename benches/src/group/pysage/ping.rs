//! Round trips: between main and a group, and between two groups.

use std::time::Duration;

use pysage_group::{
    Actor, BoxError, Context, Destination, Entry, GroupConfig, GroupName, Groups, Message,
    Subscriptions,
};

use super::super::{
    case::Load,
    latency::Latencies,
    load::{Bodies, Checksum, Sample, WORDS_BYTES, Words, now_ns},
    peer::{Outcome, RunError},
};
use super::{Main, Process, Told, Trips, Who};

pub const ECHO: Entry = Entry::actor::<Echo>("echo");
pub const PINGER: Entry = Entry::actor::<Pinger>("pinger");

/// On its way back: the same as there.
#[derive(Message, Clone, Copy, Debug)]
#[message(packet_type = 130)]
struct Pong {
    words: Words,
}

/// Has so many round trips made to a group.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 131)]
struct Begin {
    to: String,
    n: u64,
    seed: u64,
}

/// Sends back what comes.
#[derive(Default)]
pub struct Echo;

impl Actor for Echo {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Echo, words: &Words, cx: &Context| {
            let sender = cx.sender().ok_or("it came from nowhere")?;
            Ok::<(), BoxError>(cx.send(sender, Pong { words: *words })?)
        })
        .message(|_: &mut Echo, _: &Who, cx: &Context| {
            let sender = cx.sender().ok_or("it came from nowhere")?;
            Ok::<(), BoxError>(cx.send(sender, Process { id: std::process::id() })?)
        });
    }
}

/// Makes round trips, one after the other.
#[derive(Default)]
pub struct Pinger {
    trips: Option<Making>,
}

struct Making {
    to: Destination,
    /// Who asked for them; nobody if it is this manager itself.
    asked_by: Option<Destination>,
    bodies: Bodies,
    warm_up: u64,
    n: u64,
    number: u64,
    sent_ns: u64,
    latencies: Latencies,
    checksum: Checksum,
}

impl Actor for Pinger {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|pinger: &mut Pinger, begin: &Begin, cx: &Context| {
            let Begin { to, n, seed } = begin;
            let making = pinger.trips.insert(Making {
                to: cx.group(to)?,
                asked_by: cx.sender(),
                bodies: Bodies::new(*seed, WORDS_BYTES),
                warm_up: Latencies::WARM_UP,
                n: *n,
                number: 0,
                sent_ns: 0,
                latencies: Latencies::default(),
                checksum: Checksum::default(),
            });
            making.ping(cx)
        })
        .message(|pinger: &mut Pinger, pong: &Pong, cx: &Context| {
            pinger.trips.as_mut().ok_or("nothing was sent")?.pong(pong, cx)
        });
    }
}

impl Making {
    fn ping(&mut self, cx: &Context) -> Result<(), BoxError> {
        self.sent_ns = now_ns();
        Ok(cx.send(self.to, Words::sample(&self.bodies, self.number))?)
    }

    fn pong(&mut self, pong: &Pong, cx: &Context) -> Result<(), BoxError> {
        if self.warm_up > 0 {
            self.warm_up -= 1;
            return self.ping(cx);
        }
        pong.words.add_to(&mut self.checksum);
        self.latencies.add(now_ns() - self.sent_ns);
        self.number += 1;
        if self.number < self.n {
            return self.ping(cx);
        }
        let [p50_ns, p99_ns] = [50, 99].map(|percent| self.latencies.percentile_ns(percent));
        let (checksum, n) = (self.checksum.value(), self.n);
        let trips = Trips { checksum, n, p50_ns, p99_ns };
        match self.asked_by {
            Some(asked_by) => cx.send(asked_by, trips)?,
            None => _ = cx.queue(trips),
        }
        Ok(())
    }
}

/// Passes on what two groups say to each other.
struct Between;

const ONE: &str = "one";
const OTHER: &str = "other";

impl Actor for Between {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Between, words: &Words, cx: &Context| cx.send_to_group(OTHER, *words))
            .message(|_: &mut Between, pong: &Pong, cx: &Context| cx.send_to_group(ONE, *pong));
    }
}

pub enum Way {
    Direct,
    ViaMain,
}

pub fn round_trip(load: &Load, tick: Duration) -> Result<Outcome, RunError> {
    let main = Main::new(tick);
    main.manager.register(Pinger::default());
    let config = GroupConfig::default().tick_interval(tick);
    main.manager.add_process_group(OTHER, ECHO, config)?;
    main.manager.queue(Begin { to: OTHER.to_owned(), n: load.n, seed: load.seed });
    finish(&main)
}

pub fn child_to_child(load: &Load, way: Way) -> Result<Outcome, RunError> {
    let main = Main::new(GroupConfig::DEFAULT_TICK_INTERVAL);
    main.manager.add_process_group(OTHER, ECHO, GroupConfig::default())?;
    let one = main.manager.add_process_group(ONE, PINGER, GroupConfig::default())?;
    let to = match way {
        Way::Direct => OTHER.to_owned(),
        Way::ViaMain => {
            main.manager.register(Between);
            GroupName::MAIN.to_string()
        }
    };
    main.manager.send(one, Begin { to, n: load.n, seed: load.seed })?;
    finish(&main)
}

fn finish(main: &Main) -> Result<Outcome, RunError> {
    let told = |told: &Told| if let Told::Trips(trips) = told { Some(*trips) } else { None };
    let Trips { checksum, n, p50_ns, p99_ns } = main.until(told)?;
    main.manager.clear_groups()?;
    Ok(Outcome::latency(n, p50_ns, p99_ns).checksum(checksum))
}
