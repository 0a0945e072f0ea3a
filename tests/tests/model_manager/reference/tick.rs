//! The tick and its budget, and the reset.

use std::collections::VecDeque;
use std::sync::Arc;

use pysage_core::DropReason;

use super::Reference;
use crate::log::{Event, Label, Report, Via, What};
use crate::play::{Limit, Op};

/// So many messages at most may be handled beyond the budget.
const MOST_BEYOND: usize = 63;

impl Reference {
    /// Does one operation from outside of handlers; returns what happened. The rules leave two
    /// things open, and for those what really happened is looked at: the order in which a reset
    /// stops actors, and how far a budget is overdrawn where quick messages precede slow ones.
    pub(crate) fn step(&mut self, op: &Op, fuel: u32, really: &Arc<Vec<Event>>) -> Vec<Event> {
        self.hint = really.clone();
        self.fuel = fuel;
        let (first, log) = self.attempt(op, 0);
        let mut best = (first, log);
        for beyond in 1..=MOST_BEYOND {
            if best.1 == **really || !matches!(op, Op::Tick(Limit::Millis(_))) {
                break;
            }
            let attempt = self.attempt(op, beyond);
            if attempt.0.overdrawn < beyond {
                break;
            }
            if attempt.1 == **really {
                best = attempt;
                best.0.coverage.note("budget overdrawn by quick messages");
            }
        }
        *self = best.0;
        best.1
    }

    fn attempt(&self, op: &Op, beyond: usize) -> (Reference, Vec<Event>) {
        let mut attempt = Reference { beyond, overdrawn: 0, ..self.clone() };
        attempt.perform(None, op);
        let log = std::mem::take(&mut attempt.log);
        (attempt, log)
    }

    pub(super) fn tick(&mut self, limit: Limit) -> Report {
        self.now_ms = self.clock_ms;
        let received = self.receive();
        let mut batch = std::mem::take(&mut self.queue);
        batch.iter_mut().for_each(|envelope| envelope.old = false);
        let (resets, mut costs) = (self.resets, Vec::new());
        while let Some(envelope) = batch.pop_front() {
            let began = self.clock_ms;
            self.standing.handled += u64::from(self.deliver(envelope));
            costs.push(self.clock_ms - began);
            if self.resets > resets {
                self.coverage.note_if(!batch.is_empty(), "reset with a batch in dispatch");
                self.dropped(DropReason::Reset, batch.len());
                batch.clear();
            }
            if self.time_is_up(limit, &costs) {
                break;
            }
        }
        self.coverage.note_if(!batch.is_empty(), "budget left messages over");
        batch.iter_mut().for_each(|envelope| envelope.old = true);
        batch.append(&mut self.queue);
        self.queue = batch;
        self.update();
        self.report(received)
    }

    fn receive(&mut self) -> u64 {
        let mut received = 0;
        for handle in &mut self.handles {
            if self.queue.len() < self.rules.capacity {
                received += handle.len();
                self.queue.append(handle);
            } else {
                self.coverage.note_if(!handle.is_empty(), "no room for a handle's messages");
            }
        }
        received as u64
    }

    fn time_is_up(&mut self, limit: Limit, costs: &[u64]) -> bool {
        let limit = match limit {
            Limit::Unlimited => return false,
            Limit::One => return true,
            Limit::Millis(limit) => u64::from(limit),
        };
        if self.clock_ms - self.now_ms < limit {
            return false;
        }
        let quick_then_slow = costs.windows(2).any(|pair| pair[0] < pair[1]);
        if quick_then_slow && self.overdrawn < self.beyond {
            self.overdrawn += 1;
            return false;
        }
        true
    }

    fn update(&mut self) {
        for label in self.updated() {
            if self.actors[label].alive {
                let habits = self.actors[label].habits.clone();
                self.follow(label, Via::Hook, What::Update, &habits.update);
            }
        }
    }

    fn report(&mut self, received: u64) -> Report {
        self.standing.ticks += 1;
        let now = self.standing.clone();
        let before = std::mem::replace(&mut self.reported, now.clone());
        Report {
            tick: now.ticks,
            drained: !self.queue.iter().any(|envelope| envelope.old),
            received,
            handled: now.handled - before.handled,
            dropped: now.dropped.iter().sum::<u64>() - before.dropped.iter().sum::<u64>(),
            errors: now.errors - before.errors,
            panics: now.panics - before.panics,
            waiting: self.queue.len(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.resets += 1;
        let alive: Vec<Label> =
            (0..self.actors.len()).filter(|label| self.actors[*label].alive).collect();
        for label in alive {
            self.retire(label);
            self.doomed.push(label);
        }
        let sent: usize = self.handles.iter().map(VecDeque::len).sum();
        self.coverage.note_if(self.depth > 0 && !self.busy.is_empty(), "reset in a handler");
        self.coverage.note_if(!self.put_aside.is_empty(), "reset with deferred messages");
        self.coverage.note_if(sent > 0, "reset with messages in handles");
        self.dropped(DropReason::Reset, self.put_aside.len() + sent + self.queue.len());
        self.put_aside.clear();
        self.handles.iter_mut().for_each(VecDeque::clear);
        self.queue.clear();
        self.let_go();
    }
}
