//! Ours.

mod life;
mod ping;
mod sink;

pub use sink::{Expect, Pause, SINK};

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use pysage_group::{
    Actor, ActorManager, Context, Entry, Flow, GroupDown, GroupUp, Message, Subscriptions, TickRate,
};

use super::{
    case::Case,
    load::now_ns,
    peer::{Peer, RunError},
};

/// What groups of this program can start with.
pub const ENTRIES: [Entry; 3] = [SINK, ping::ECHO, ping::PINGER];

pub const PEER: Peer = Peer {
    name: "pysage",
    about: "groups",
    package: None,
    run: |load| match load.case {
        Case::OneWay => sink::to_process(load).map(Some),
        Case::Thread => sink::to_thread(load).map(Some),
        Case::Spawn | Case::Spawn1Gib => life::spawn(load).map(Some),
        Case::Death => life::death(load).map(Some),
        Case::Restart => life::restart(load).map(Some),
        Case::IdleCpu => life::idle_child(load).map(Some),
        Case::SlowConsumer => super::memory::slow_consumer(load).map(Some),
        Case::RoundTrip | Case::ChildToChild => Ok(None),
    },
};

pub const EACH_MS: Peer = Peer {
    name: "pysage_1ms",
    about: "groups with a tick interval of 1 ms",
    package: None,
    run: |load| match load.case {
        Case::RoundTrip => ping::round_trip(load, Duration::from_millis(1)).map(Some),
        _ => Ok(None),
    },
};

pub const EACH_30_MS: Peer = Peer {
    name: "pysage_30ms",
    about: "groups with a tick interval of 30 ms",
    package: None,
    run: |load| match load.case {
        Case::RoundTrip => ping::round_trip(load, Duration::from_millis(30)).map(Some),
        _ => Ok(None),
    },
};

pub const DIRECT: Peer = Peer {
    name: "pysage_direct",
    about: "one child to another",
    package: None,
    run: |load| match load.case {
        Case::ChildToChild => ping::child_to_child(load, ping::Way::Direct).map(Some),
        _ => Ok(None),
    },
};

pub const VIA_MAIN: Peer = Peer {
    name: "pysage_via_main",
    about: "one child to another, with the parent passing each message on",
    package: None,
    run: |load| match load.case {
        Case::ChildToChild => ping::child_to_child(load, ping::Way::ViaMain).map(Some),
        _ => Ok(None),
    },
};

pub const MAIN: Peer = Peer {
    name: "pysage_main",
    about: "the parent of an idle group",
    package: None,
    run: |load| match load.case {
        Case::IdleCpu => life::idle_parent(load).map(Some),
        _ => Ok(None),
    },
};

/// A group has handled all that it expected.
#[derive(Message, Clone, Copy, Debug)]
#[message(packet_type = 110)]
pub struct Done {
    pub checksum: u64,
    pub at_ns: u64,
}

/// All round trips are made.
#[derive(Message, Clone, Copy, Debug)]
#[message(packet_type = 111)]
struct Trips {
    checksum: u64,
    n: u64,
    p50_ns: u64,
    p99_ns: u64,
}

/// Asks a group for its process.
#[derive(Message, Clone, Copy, Debug)]
#[message(packet_type = 112)]
struct Who {}

#[derive(Message, Clone, Copy, Debug)]
#[message(packet_type = 113)]
struct Process {
    id: u32,
}

/// What main was told.
#[derive(Clone, Copy)]
enum Told {
    Done(Done),
    Trips(Trips),
    Process(u32),
    Down { at_ns: u64 },
    Up { at_ns: u64 },
}

/// A manager, and what it was told.
pub struct Main {
    pub manager: ActorManager,
    told: Rc<RefCell<Vec<Told>>>,
    tick: Duration,
}

/// Longer than anything takes that has not gone wrong.
const TIMEOUT: Duration = Duration::from_secs(120);

impl Main {
    pub fn new(tick: Duration) -> Main {
        let (manager, told) = (ActorManager::new(), Rc::default());
        manager.register(Listener { told: Rc::clone(&told) });
        Main { manager, told, tick }
    }

    /// Ticks, at its rate and when something comes, until it was told something.
    fn until<T>(&self, find: impl Fn(&Told) -> Option<T>) -> Result<T, RunError> {
        let found = || {
            let mut told = self.told.borrow_mut();
            let at = told.iter().position(|told| find(told).is_some())?;
            find(&told.swap_remove(at))
        };
        if let Some(found) = found() {
            return Ok(found);
        }
        let (deadline, mut answer) = (Instant::now() + TIMEOUT, None);
        self.manager.run(TickRate::every(self.tick).or_when_woken(), |_| {
            answer = found();
            let goes_on = answer.is_none() && Instant::now() < deadline;
            if goes_on { Flow::Continue } else { Flow::Stop }
        })?;
        answer.ok_or_else(|| "a group did not tell what it should in time".into())
    }

    pub fn until_done(&self) -> Result<Done, RunError> {
        self.until(|told| if let Told::Done(done) = told { Some(*done) } else { None })
    }
}

struct Listener {
    told: Rc<RefCell<Vec<Told>>>,
}

impl Actor for Listener {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|it: &mut Listener, done: &Done, _: &Context| it.tell(Told::Done(*done)))
            .message(|it: &mut Listener, trips: &Trips, _: &Context| it.tell(Told::Trips(*trips)))
            .message(|it: &mut Listener, Process { id }: &Process, _: &Context| {
                it.tell(Told::Process(*id));
            })
            .message(|it: &mut Listener, _: &GroupDown, _: &Context| {
                it.tell(Told::Down { at_ns: now_ns() });
            })
            .message(|it: &mut Listener, _: &GroupUp, _: &Context| {
                it.tell(Told::Up { at_ns: now_ns() });
            });
    }
}

impl Listener {
    fn tell(&mut self, told: Told) {
        self.told.borrow_mut().push(told);
    }
}
