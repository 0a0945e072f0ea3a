//! Which operations and events the generated cases brought about, and how often.

use std::collections::BTreeMap;
use std::fmt;

use pysage_core::{DropReason, Overflow, Triggered};

use crate::play::Op;

/// The operations; each has to occur outside and inside of handlers.
const OPERATIONS: [&str; 30] = [
    "abort_all",
    "abort_next",
    "add_name",
    "advance the clock",
    "find",
    "handle queue",
    "producer flush",
    "producer queue",
    "queue",
    "queue_all",
    "queue_all_to",
    "queue_named",
    "queue_named_to",
    "queue_to",
    "queue_to, to several",
    "register",
    "register_named",
    "reset",
    "subscribe",
    "tick, one message",
    "tick, timed",
    "tick, unlimited",
    "trigger",
    "trigger_named",
    "trigger_named_to",
    "trigger_to",
    "unregister",
    "unsubscribe",
    "visitors",
    "with",
];

/// What else has to occur. That a budget is overdrawn need not.
const EVENTS: [(&str, &[&str]); 3] = [
    (
        "event",
        &[
            "a subscriber came during a delivery",
            "budget left messages over",
            "deferred message for an actor that is gone",
            "deferred message handled",
            "delivery goes on behind a panic",
            "gone before its turn",
            "handle full",
            "left-over aborted",
            "left-over dropped as oldest",
            "message used up",
            "no room for a handle's messages",
            "no room to put a message aside",
            "panic at a message",
            "panic in a hook",
            "panic in an update",
            "panic of an actor that is unregistered already",
            "producer's flush refused",
            "reset in a handler",
            "reset with a batch in dispatch",
            "reset with deferred messages",
            "reset with messages in handles",
            "unregistered while busy",
        ],
    ),
    (
        "dropped",
        &[
            "invalid",
            "no subscriber",
            "no such actor",
            "not subscribed",
            "queue full, newest dropped",
            "queue full, oldest dropped",
            "queue full, refused",
        ],
    ),
    ("triggered", &["Continued", "Deferred", "Stopped", "Unhandled"]),
];

/// How often things happened.
#[derive(Clone, Default)]
pub(crate) struct Coverage(BTreeMap<(&'static str, &'static str), u64>);

impl Coverage {
    pub(crate) fn note(&mut self, event: &'static str) {
        self.count("event", event);
    }

    pub(crate) fn note_if(&mut self, happened: bool, event: &'static str) {
        if happened {
            self.note(event);
        }
    }

    pub(crate) fn note_op(&mut self, op: &Op, inside: bool) {
        self.count(if inside { "inside" } else { "outside" }, op.title());
    }

    pub(crate) fn note_drop(&mut self, reason: DropReason, overflow: Overflow) {
        let reason = match (reason, overflow) {
            (DropReason::QueueFull, Overflow::Refuse) => "queue full, refused",
            (DropReason::QueueFull, Overflow::DropOldest) => "queue full, oldest dropped",
            (DropReason::QueueFull, Overflow::DropNewest) => "queue full, newest dropped",
            (DropReason::Invalid, _) => "invalid",
            (DropReason::NoSubscriber, _) => "no subscriber",
            (DropReason::NoSuchActor, _) => "no such actor",
            (DropReason::NotSubscribed, _) => "not subscribed",
            _ => "other",
        };
        self.count("dropped", reason);
    }

    pub(crate) fn note_triggered(&mut self, outcome: Triggered) {
        let outcome = match outcome {
            Triggered::Unhandled => "Unhandled",
            Triggered::Continued => "Continued",
            Triggered::Stopped => "Stopped",
            Triggered::Deferred => "Deferred",
        };
        self.count("triggered", outcome);
    }

    fn count(&mut self, group: &'static str, what: &'static str) {
        *self.0.entry((group, what)).or_default() += 1;
    }

    /// What did not occur and should have.
    pub(crate) fn missing(&self) -> Vec<(&'static str, &'static str)> {
        let operations = [("outside", &OPERATIONS[..]), ("inside", &OPERATIONS[..])];
        let expected = operations.into_iter().chain(EVENTS);
        let each = expected.flat_map(|(group, all)| all.iter().map(move |what| (group, *what)));
        each.filter(|what| !self.0.contains_key(what)).collect()
    }

    pub(crate) fn add(&mut self, other: &Coverage) {
        for (what, count) in &other.0 {
            *self.0.entry(*what).or_default() += count;
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|((group, what), count)| writeln!(f, "{count:10} {group}: {what}"))
    }
}
