//! The timers by number, and when each is due.

use std::collections::BTreeMap;
use std::time::Instant;

use super::delay::{Delay, Due};
use crate::actor::ActorId;
use crate::manager::World;
use crate::manager::alarms::Alarms;

#[derive(Default)]
pub(super) struct Table {
    last_number: u64,
    entries: BTreeMap<u64, Entry>,
    by_time: Alarms<Instant, u64>,
    by_tick: Alarms<u64, u64>,
}

/// A timer that is still to come.
pub(super) struct Entry {
    pub(super) receiver: Option<ActorId>,
    /// After what it comes again.
    pub(super) period: Option<Delay>,
    /// Away while the message is queued.
    pub(super) fires: Option<Box<dyn Fires>>,
}

/// The message of a timer.
pub(super) trait Fires {
    /// Queues the message; gives back what is to be queued again.
    fn fire(self: Box<Self>, receiver: Option<ActorId>, world: &World) -> Option<Box<dyn Fires>>;
}

impl Table {
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn insert(&mut self, number: u64, entry: Entry, due: Due) {
        self.entries.insert(number, entry);
        self.set_alarm(number, due);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Entry> {
        self.entries.remove(&number)
    }

    /// The timers whose time has come, in the order of their times; a tick's is its own.
    pub(super) fn take_due(&mut self, tick: u64, now: Instant) -> Vec<(Instant, u64)> {
        let mut due: Vec<_> = std::iter::from_fn(|| self.by_time.pop_due(now)).collect();
        due.extend(std::iter::from_fn(|| self.by_tick.pop_due(tick)).map(|(_, it)| (now, it)));
        due.sort_unstable();
        due
    }

    /// Takes the message out. One that comes again leaves its place for it, where it can be
    /// cancelled meanwhile.
    pub(super) fn take(&mut self, number: u64) -> Option<Entry> {
        let entry = self.entries.get_mut(&number)?;
        if entry.period.is_none() {
            return self.entries.remove(&number);
        }
        Some(Entry { fires: entry.fires.take(), ..*entry })
    }

    /// Puts a message back that comes again; gives it away if it was cancelled meanwhile.
    pub(super) fn put_back(
        &mut self,
        number: u64,
        fires: Box<dyn Fires>,
        due: Due,
    ) -> Option<Box<dyn Fires>> {
        let Some(entry) = self.entries.get_mut(&number) else { return Some(fires) };
        entry.fires = Some(fires);
        self.set_alarm(number, due);
        None
    }

    /// Forgets a timer whose message does not come back.
    pub(super) fn close_if_empty(&mut self, number: u64) {
        if self.entries.get(&number).is_some_and(|entry| entry.fires.is_none()) {
            self.entries.remove(&number);
        }
    }

    /// Forgets all timers; gives what they were, in the order in which they were set.
    pub(super) fn clear(&mut self) -> Vec<Entry> {
        let after = Table { last_number: self.last_number, ..Table::default() };
        std::mem::replace(self, after).entries.into_values().collect()
    }

    fn set_alarm(&mut self, number: u64, due: Due) {
        let in_use = self.entries.len();
        match due {
            Due::Time(time) => {
                self.by_time.push(time, number);
                self.by_time.prune(in_use, |number| self.entries.contains_key(&number));
            }
            Due::Tick(tick) => {
                self.by_tick.push(tick, number);
                self.by_tick.prune(in_use, |number| self.entries.contains_key(&number));
            }
            Due::Never => {}
        }
    }
}
