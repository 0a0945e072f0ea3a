//! What a test case is made of: a manager's set-up, and operations in order.

#[path = "play/show.rs"]
mod show;

use std::sync::Arc;

use pysage_core::Overflow;

/// One test case.
#[derive(Clone)]
pub(crate) struct Play {
    pub(crate) rules: Rules,
    pub(crate) steps: Vec<Op>,
}

/// How the manager is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) capacity: usize,
    pub(crate) overflow: Overflow,
    pub(crate) handle_capacity: usize,
    /// Whether the handlers of dead letters and of failures answer with a message of their own.
    pub(crate) replies: bool,
}

/// The number that those messages have.
pub(crate) const REPLY: u8 = 99;

/// The message types. Nobody makes a `Failed`: it is the manager's own `ActorFailed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ping,
    Late,
    Gauge,
    Tock,
    Spare,
    Failed,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ping => "Ping",
            Kind::Late => "Late",
            Kind::Gauge => "Gauge",
            Kind::Tock => "Tock",
            Kind::Spare => "Spare",
            Kind::Failed => "ActorFailed",
        }
    }
}

/// Names for messages that have no type: two that actors subscribe to, one that nobody does, and
/// one that is a message type's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    North,
    South,
    Nowhere,
    Taken,
}

impl Name {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Name::North => "North",
            Name::South => "South",
            Name::Nowhere => "Nowhere",
            Name::Taken => "Ping",
        }
    }
}

/// Whom an operation is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The actor whose handler this is; outside of handlers the stranger.
    Me,
    /// Counted from the actor that was registered last, be it alive or gone.
    Recent(u8),
    /// An actor of another manager.
    Stranger,
}

impl Who {
    /// The place of the actor among `actors` in the order of registration; none for a stranger.
    pub(crate) fn place(self, me: Option<usize>, actors: usize) -> Option<usize> {
        match self {
            Who::Me => me,
            Who::Recent(_) if actors == 0 => None,
            Who::Recent(back) => Some(actors - 1 - usize::from(back) % actors),
            Who::Stranger => None,
        }
    }
}

/// How a handler ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    #[default]
    Go,
    Stop,
    Fail,
    Panic,
}

/// What an actor does with a message: operations from inside its handler, and then an ending.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// Only every third actor follows it, the others do nothing: a remainder of 3.
    pub(crate) only: Option<u8>,
    pub(crate) ops: Vec<Op>,
    pub(crate) ending: Ending,
}

impl Script {
    pub(crate) fn is_for(&self, actor: usize) -> bool {
        self.only.is_none_or(|third| actor % 3 == usize::from(third))
    }
}

/// A message to be: its type, a number that tells it from others, and what receivers do with it.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) kind: Kind,
    pub(crate) number: u8,
    pub(crate) script: Arc<Script>,
}

impl Letter {
    /// The largest number that is valid for a `Gauge`.
    pub(crate) const GAUGE_MAX: u8 = 9;

    pub(crate) fn is_valid(&self) -> bool {
        self.kind != Kind::Gauge || self.number <= Letter::GAUGE_MAX
    }
}

/// What an actor does at its hooks, and with messages that carry no script.
#[derive(Clone, Default)]
pub(crate) struct Habits {
    pub(crate) start: Script,
    pub(crate) stop: Script,
    pub(crate) update: Script,
    pub(crate) other: Script,
}

/// How many messages a tick may handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Unlimited,
    One,
    Millis(u8),
}

/// Through which handle a message comes; the last is one that is dropped at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    First,
    Second,
    Producer,
    Brief,
}

/// One call of the manager, or of what belongs to it. `None` for a receiver means all subscribers.
#[derive(Clone)]
pub(crate) enum Op {
    Tick(Limit),
    Register(u8, Option<u8>, Arc<Habits>),
    Unregister(Who),
    Subscribe(Who, Kind),
    Unsubscribe(Who, Kind),
    Queue(Option<Who>, Letter),
    QueueAll(Option<Who>, Vec<Letter>),
    /// One message for each of several actors, one by one.
    QueueEach(Vec<Who>, Letter),
    QueueNamed(Option<Who>, Name),
    Trigger(Option<Who>, Letter),
    TriggerNamed(Option<Who>, Name),
    AbortNext(Kind),
    AbortAll(Kind),
    /// From another thread's side: through a handle or a producer.
    Send(Door, Option<Who>, Letter),
    Flush,
    With(Who, Vec<Op>),
    AddName(Who, u8),
    Find(u8),
    /// So many actors come and go, and get nothing.
    Visitors(u8),
    Advance(u8),
    Reset,
}

impl Op {
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Op::Tick(Limit::Unlimited) => "tick, unlimited",
            Op::Tick(Limit::One) => "tick, one message",
            Op::Tick(Limit::Millis(_)) => "tick, timed",
            Op::Register(_, None, _) => "register",
            Op::Register(_, Some(_), _) => "register_named",
            Op::Unregister(_) => "unregister",
            Op::Subscribe(..) => "subscribe",
            Op::Unsubscribe(..) => "unsubscribe",
            Op::Queue(None, _) => "queue",
            Op::Queue(Some(_), _) => "queue_to",
            Op::QueueAll(None, _) => "queue_all",
            Op::QueueAll(Some(_), _) => "queue_all_to",
            Op::QueueEach(..) => "queue_to, to several",
            Op::QueueNamed(None, _) => "queue_named",
            Op::QueueNamed(Some(_), _) => "queue_named_to",
            Op::Trigger(None, _) => "trigger",
            Op::Trigger(Some(_), _) => "trigger_to",
            Op::TriggerNamed(None, _) => "trigger_named",
            Op::TriggerNamed(Some(_), _) => "trigger_named_to",
            Op::AbortNext(_) => "abort_next",
            Op::AbortAll(_) => "abort_all",
            Op::Send(Door::Producer, ..) => "producer queue",
            Op::Send(..) => "handle queue",
            Op::Flush => "producer flush",
            Op::With(..) => "with",
            Op::AddName(..) => "add_name",
            Op::Find(_) => "find",
            Op::Visitors(_) => "visitors",
            Op::Advance(_) => "advance the clock",
            Op::Reset => "reset",
        }
    }
}
