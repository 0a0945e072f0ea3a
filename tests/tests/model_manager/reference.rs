//! The reference: what the manager does, in the slowest and plainest way.
//!
//! # The rules
//!
//! **Actors.** Actors stand in the order of registration, their subscriptions in the order in
//! which they were made: those of a class when an actor of it is registered (by type, then by name
//! and to every message as the class states them), one made at run time when it is made. An id
//! that was freed never means another actor. A name means one actor, an actor may have several.
//!
//! **Queue.** There is one queue, in the order queued, whatever the types. It holds `capacity`
//! messages at most. For one more than that, it is refused, or dropped with the caller not told,
//! or the oldest ones make room until it fits. An invalid message is never queued.
//!
//! **Tick.** Each handle's messages go behind the queue, handle by handle in the order in which
//! the handles were made, while there is room, but then all of them. What is in the queue then is
//! the batch. It is delivered message by message until it is empty or the time is up, one message
//! at least; what is left goes back to the front of the queue. Meanwhile the queue is empty and
//! takes `capacity` messages more. Then everybody is updated. A tick within a handler, a hook or
//! `with` is refused.
//!
//! **Delivery.** Who gets a message is settled when its delivery begins: who subscribes or is
//! registered later does not get it. Who is unregistered before its turn does not either. Handlers
//! of every message come first and see every message, also one for somebody else; they cannot use
//! one up. Then a message for all goes to subscribers by type and by name as they stand, once for
//! each subscription, until one returns `Stop`. A message for one actor goes to that actor alone,
//! by its handler of the type, or else of the name. If nobody takes it (handlers of every message
//! do not count where there is a receiver) it is a dead letter.
//!
//! **Trigger.** As delivery, at once, and `Stop` stops nobody; the result tells of it. A receiver
//! that was unsubscribed takes it all the same if its class handles the message. Who is on the
//! call stack already gets the message behind its present handler, or, if it is gone by then, not:
//! a dead letter. Such messages are put aside once the trigger has been through all others,
//! `capacity` of them at most: one more is a dead letter.
//!
//! **After each handler** what waited for its end happens: first the stop hooks of who was
//! unregistered and is not busy, then the messages that were put aside for this actor, oldest
//! first. What is put aside for it meanwhile stands behind those.
//!
//! **Failure.** An error is counted and told. A panic is too, and the actor is gone at once,
//! without its stop hook; then `ActorFailed` is queued. The message goes on to those behind.
//!
//! **Update.** As a message that is triggered to all who have an update handler, but for the
//! order: by priority, then by registration.
//!
//! **Abort** takes messages out of the queue, oldest first, never out of the batch.
//!
//! **Reset** unregisters all actors, in no stated order, and drops all messages that wait: the
//! queue, what is left of the batch, what was put aside, what is in handles. They are counted. The
//! message in delivery is none of those.
//!
//! **Dead letters** are counted by reason and shown to the dead-letter handler, but for those that
//! a reset dropped, and those that come while that handler runs.

#[path = "reference/actors.rs"]
mod actors;
#[path = "reference/delivery.rs"]
mod delivery;
#[path = "reference/perform.rs"]
mod perform;
#[path = "reference/queue.rs"]
mod queue;
#[path = "reference/tick.rs"]
mod tick;

use std::collections::VecDeque;
use std::sync::Arc;

use pysage_core::DropReason;

use crate::coverage::Coverage;
use crate::log::{Address, Event, Label, NAMES, REASONS, Standing, Via, What};
use crate::play::{Habits, Kind, Rules, Script};

/// All that a manager is.
#[derive(Clone)]
pub(crate) struct Reference {
    rules: Rules,
    actors: Vec<Role>,
    subscriptions: Vec<Subscription>,
    names: Vec<(u8, Label)>,
    queue: VecDeque<Envelope>,
    /// The two handles', the producer's, and those of handles that are gone.
    handles: Vec<VecDeque<Envelope>>,
    /// What the producer has not handed over.
    produced: VecDeque<Envelope>,
    /// Who is on the call stack.
    busy: Vec<Label>,
    /// Unregistered, but their stop hooks were not called yet.
    doomed: Vec<Label>,
    put_aside: Vec<Aside>,
    /// Whose messages are being taken up.
    settling: Vec<Label>,
    /// How many handlers, hooks and looks by `with` are running.
    depth: u32,
    resets: u64,
    in_dead_letter: bool,
    clock_ms: u64,
    now_ms: u64,
    standing: Standing,
    reported: Standing,
    fuel: u32,
    log: Vec<Event>,
    /// How many messages a budget may be overdrawn by, and how many it was.
    beyond: usize,
    overdrawn: usize,
    /// What the real manager logged: where the rules leave the order open, its choice is taken.
    hint: Arc<Vec<Event>>,
    pub(crate) coverage: Coverage,
}

/// An actor, alive or gone.
#[derive(Clone)]
struct Role {
    class: u8,
    habits: Arc<Habits>,
    /// False for those whose name was taken.
    had_id: bool,
    alive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Subscription {
    actor: Label,
    to: To,
    via: Via,
}

/// What is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum To {
    Type(Kind),
    Name(&'static str),
    Every,
}

/// A message.
#[derive(Clone)]
struct Mail {
    what: What,
    kind: Option<Kind>,
    script: Option<Arc<Script>>,
    valid: bool,
}

/// A message in the queue.
#[derive(Clone)]
struct Envelope {
    receiver: Option<Address>,
    mail: Mail,
    /// Left over by a tick.
    old: bool,
}

/// A triggered message that waits until its receiver is free.
#[derive(Clone)]
struct Aside {
    actor: Label,
    via: Via,
    mail: Mail,
}

impl Reference {
    pub(crate) fn new(rules: Rules) -> Reference {
        Reference {
            rules,
            actors: Vec::new(),
            subscriptions: Vec::new(),
            names: Vec::new(),
            queue: VecDeque::new(),
            handles: vec![VecDeque::new(); 3],
            produced: VecDeque::new(),
            busy: Vec::new(),
            doomed: Vec::new(),
            put_aside: Vec::new(),
            settling: Vec::new(),
            depth: 0,
            resets: 0,
            in_dead_letter: false,
            clock_ms: 0,
            now_ms: 0,
            standing: Standing::default(),
            reported: Standing::default(),
            fuel: 0,
            log: Vec::new(),
            beyond: 0,
            overdrawn: 0,
            hint: Arc::default(),
            coverage: Coverage::default(),
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        let alive = |label: &Label| self.actors[*label].alive;
        let registered: Vec<Label> = (0..self.actors.len()).filter(alive).collect();
        Standing {
            queue_length: self.queue.len(),
            actor_count: registered.len(),
            registered,
            named: (0..NAMES).map(|name| self.holder(name)).collect(),
            ..self.standing.clone()
        }
    }

    fn dropped(&mut self, reason: DropReason, count: usize) {
        let place = REASONS.iter().position(|known| *known == reason).unwrap();
        self.standing.dropped[place] += count as u64;
    }

    fn dead_letter(&mut self, mail: &Mail, receiver: Option<Address>, reason: DropReason) {
        self.dropped(reason, 1);
        self.coverage.note_drop(reason, self.rules.overflow);
        if self.in_dead_letter {
            return;
        }
        self.log.push(Event::Dead { what: mail.what.clone(), receiver, reason });
        if self.rules.replies && reason != DropReason::QueueFull {
            self.in_dead_letter = true;
            self.queue(None, Mail::reply());
            self.in_dead_letter = false;
        }
    }
}
