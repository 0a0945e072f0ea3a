//! The operations on the real manager that are about messages.

use std::sync::Arc;

use pysage_core::{
    ActorFailed, ActorId, ActorManager, NameTaken, Queued, Refused, RefusedReason, Triggered,
};

use super::Stage;
use crate::log::Answer;
use crate::messages::{Gauge, Late, Made, Ping, Spare, Tock, Told, by_kind};
use crate::play::{Door, Kind, Letter, Script};

impl Stage {
    pub(super) fn send(&self, door: Door, to: Option<ActorId>, letter: &Letter) -> Answer {
        let mut producer = self.producer.borrow_mut();
        let brief;
        let handle = match door {
            Door::First => &self.handles[0],
            Door::Second => &self.handles[1],
            Door::Brief => {
                brief = self.handles[0].clone();
                &brief
            }
            Door::Producer => {
                return by_kind!(letter.kind, M => refused(match to {
                    None => producer.queue(M::new(letter, self)),
                    Some(id) => producer.queue_to(id, M::new(letter, self)),
                }.map_err(reason)), nobody_makes_one());
            }
        };
        by_kind!(letter.kind, M => refused(match to {
            None => handle.queue(M::new(letter, self)),
            Some(id) => handle.queue_to(id, M::new(letter, self)),
        }.map_err(reason)), nobody_makes_one())
    }

    pub(super) fn queue(
        &self,
        manager: &ActorManager,
        to: Option<ActorId>,
        letter: &Letter,
    ) -> Queued {
        by_kind!(letter.kind, M => match to {
            None => manager.queue(M::new(letter, self)),
            Some(id) => manager.queue_to(id, M::new(letter, self)),
        }, nobody_makes_one())
    }

    /// Half of the batches come from iterators that cannot say how long they are.
    pub(super) fn queue_all(
        &self,
        manager: &ActorManager,
        to: Option<ActorId>,
        letters: &[Letter],
    ) -> usize {
        let Some(first) = letters.first() else { return manager.queue_all(Vec::<Ping>::new()) };
        by_kind!(first.kind, M => {
            let known = letters.iter().map(|letter| M::new(letter, self));
            let mut left = letters.iter();
            let unknown = std::iter::from_fn(move || left.next().map(|letter| M::new(letter, self)));
            match (to, letters.len().is_multiple_of(2)) {
                (None, true) => manager.queue_all(known),
                (None, false) => manager.queue_all(unknown),
                (Some(id), true) => manager.queue_all_to(id, known),
                (Some(id), false) => manager.queue_all_to(id, unknown),
            }
        }, nobody_makes_one())
    }

    pub(super) fn trigger(
        &self,
        manager: &ActorManager,
        to: Option<ActorId>,
        letter: &Letter,
    ) -> Triggered {
        by_kind!(letter.kind, M => match to {
            None => manager.trigger(M::new(letter, self)),
            Some(id) => manager.trigger_to(id, M::new(letter, self)),
        }, nobody_makes_one())
    }

    pub(super) fn abort_next(&self, manager: &ActorManager, kind: Kind) -> Answer {
        let what = by_kind!(
            kind,
            M => manager.abort_next::<M>().map(|message| message.what(self)),
            manager.abort_next::<ActorFailed>().map(|message| message.what(self))
        );
        Answer::Aborted(what)
    }
}

pub(super) fn abort_all(manager: &ActorManager, kind: Kind) -> usize {
    by_kind!(kind, M => manager.abort_all::<M>(), manager.abort_all::<ActorFailed>())
}

pub(super) fn named<T>(result: Result<T, NameTaken>, answer: impl Fn(T) -> Answer) -> Answer {
    result.map_or(Answer::NameTaken(None), answer)
}

pub(super) fn refused(result: Result<(), RefusedReason>) -> Answer {
    result.map_or_else(Answer::Refused, |()| Answer::Done)
}

fn reason<M>(refused: Refused<M>) -> RefusedReason {
    refused.reason
}

fn nobody_makes_one() -> ! {
    panic!("`ActorFailed` is the manager's own message")
}
