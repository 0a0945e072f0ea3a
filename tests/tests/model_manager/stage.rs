//! The real manager, and what its actors share: a log, a clock, each other's ids.

#[path = "stage/perform.rs"]
mod perform;
#[path = "stage/sent.rs"]
mod sent;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use pysage_core::{
    Actor, ActorId, ActorManager, DeadLetter, DropReason, Failure, FailureCause, Handle,
    ManagerConfig, ManualClock, Producer, Subscriptions,
};

use crate::log::{Address, Event, Label, NAMES, REASONS, Standing};
use crate::messages::{Made, Ping, Tock, seen};
use crate::play::{Kind, Letter, Op, REPLY, Rules, Script};

/// How many operations a step may take, those of handlers included.
pub(crate) const FUEL: u32 = 150;

/// A manager on its stage.
pub(crate) struct Real {
    manager: ActorManager,
    stage: Rc<Stage>,
}

/// What all actors of a manager can reach.
pub(crate) struct Stage {
    /// For the dead-letter handler; taken out at the end, since the manager owns the stage too.
    manager: RefCell<Option<ActorManager>>,
    pub(super) clock: ManualClock,
    start: Instant,
    stranger: ActorId,
    pub(super) ids: RefCell<Vec<Option<ActorId>>>,
    pub(super) classes: RefCell<Vec<u8>>,
    pub(super) handles: [Handle; 2],
    pub(super) producer: RefCell<Producer>,
    scripts: RefCell<Vec<Arc<Script>>>,
    log: RefCell<Vec<Event>>,
    fuel: Cell<u32>,
}

struct Passer;

impl Actor for Passer {
    fn subscriptions(_: &mut Subscriptions<Self>) {}
}

impl Real {
    pub(crate) fn new(rules: Rules) -> Real {
        let clock = ManualClock::new();
        let config = ManagerConfig::default()
            .queue_capacity(rules.capacity)
            .overflow(rules.overflow)
            .handle_capacity(rules.handle_capacity)
            .clock(clock.clone());
        let manager = ActorManager::with_config(config);
        // From now on the manager knows that `Ping` is the name of a type.
        manager.abort_all::<Ping>();
        let (first, second) = (manager.handle(), manager.handle());
        let producer = first.producer();
        let stage = Rc::new(Stage {
            manager: RefCell::new(Some(manager.clone())),
            start: clock.now(),
            clock,
            stranger: ActorManager::new().register(Passer),
            ids: RefCell::default(),
            classes: RefCell::default(),
            handles: [first, second],
            producer: RefCell::new(producer),
            scripts: RefCell::default(),
            log: RefCell::default(),
            fuel: Cell::new(0),
        });
        let on = stage.clone();
        manager.on_dead_letter(move |letter| on.bury(letter, rules.replies));
        let on = stage.clone();
        manager.on_failure(move |failure| on.deplore(failure, rules.replies));
        Real { manager, stage }
    }

    /// Does one operation from outside of handlers; returns what happened.
    pub(crate) fn step(&self, op: &Op) -> Vec<Event> {
        self.stage.fuel.set(FUEL);
        self.stage.perform(&self.manager, None, op);
        self.stage.log.take()
    }

    pub(crate) fn standing(&self) -> Standing {
        let (manager, counters) = (&self.manager, self.manager.counters());
        let ids = self.stage.ids.borrow();
        let lives = |id: &Option<ActorId>| id.is_some_and(|id| manager.is_registered(id));
        let named = |name| Some(self.stage.address(manager.find(&actor_name(name))?));
        Standing {
            queue_length: manager.queue_length(),
            registered: (0..ids.len()).filter(|label| lives(&ids[*label])).collect(),
            actor_count: manager.actor_count(),
            named: (0..NAMES).map(named).collect(),
            ticks: counters.ticks,
            handled: counters.handled,
            triggered: counters.triggered,
            aborted: counters.aborted,
            errors: counters.errors,
            panics: counters.panics,
            dropped: REASONS.map(|reason| counters.dropped(reason)),
        }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.stage.manager.take();
    }
}

pub(crate) fn actor_name(name: u8) -> String {
    format!("actor {name}")
}

impl Stage {
    pub(crate) fn log(&self, event: Event) {
        self.log.borrow_mut().push(event);
    }

    pub(crate) fn since_start(&self, time: Instant) -> u64 {
        (time - self.start).as_millis() as u64
    }

    /// Whether there is fuel for one more operation.
    pub(super) fn has_fuel(&self) -> bool {
        let left = self.fuel.get().checked_sub(1);
        left.map(|left| self.fuel.set(left)).is_some()
    }

    pub(crate) fn script(&self, place: usize) -> Arc<Script> {
        self.scripts.borrow()[place].clone()
    }

    pub(crate) fn keep_script(&self, script: Arc<Script>) -> usize {
        self.scripts.borrow_mut().push(script);
        self.scripts.borrow().len() - 1
    }

    /// Takes note of an actor's id, which no actor before may have had.
    pub(crate) fn note_id(&self, label: Label, id: ActorId) {
        assert_eq!(self.label(id), None, "a freed id never means another actor");
        self.ids.borrow_mut()[label] = Some(id);
    }

    pub(crate) fn label(&self, id: ActorId) -> Option<Label> {
        self.ids.borrow().iter().position(|known| *known == Some(id))
    }

    pub(crate) fn address(&self, id: ActorId) -> Address {
        self.label(id).map_or(Address::Stranger, Address::Actor)
    }

    pub(super) fn id(&self, label: Option<Label>) -> ActorId {
        label.and_then(|label| self.ids.borrow()[label]).unwrap_or(self.stranger)
    }

    fn bury(&self, letter: &DeadLetter<'_>, replies: bool) {
        let (what, _) = seen(letter.message, self);
        let receiver = letter.receiver.map(|receiver| self.address(receiver));
        self.log(Event::Dead { what, receiver, reason: letter.reason });
        if replies && letter.reason != DropReason::QueueFull {
            self.reply();
        }
    }

    fn deplore(&self, failure: &Failure<'_>, replies: bool) {
        let panic = match failure.cause {
            FailureCause::Panic(reason) => Some(reason.to_owned()),
            _ => None,
        };
        let (actor, at) = (self.address(failure.actor), failure.message.to_owned());
        self.log(Event::Failure { actor, at, panic });
        if replies {
            self.reply();
        }
    }

    fn reply(&self) {
        let manager = self.manager.borrow().clone();
        let reply = Letter { kind: Kind::Tock, number: REPLY, script: Arc::default() };
        manager.expect("the play is on").queue(Tock::new(&reply, self));
    }
}
