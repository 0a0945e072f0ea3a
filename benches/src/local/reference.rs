//! The checksums each case must end with, from plain calls without any queue.

use super::{
    case::Case,
    message::{
        Counter, Handle, MixedCounter, Produced, ProducedCounter, Question, State, Tell, combine,
        mix, with_mixed,
    },
    peer::Outcome,
    wire::{Numbers, Place, Said, Sample},
    workload::{Load, PRODUCERS, SUBSCRIBERS},
};

/// What a run of a case must come to.
pub struct Expected {
    pub ordered: u64,
    /// For peers which do not keep the order between message types.
    pub by_type: u64,
}

impl Expected {
    fn ordered(checksum: u64) -> Self {
        Self { ordered: checksum, by_type: checksum }
    }

    /// The checksum which this outcome should have.
    pub fn checksum_for(&self, outcome: &Outcome) -> u64 {
        if outcome.ordered { self.ordered } else { self.by_type }
    }
}

pub fn expected(case: Case, load: &Load) -> Expected {
    match case {
        Case::Tell | Case::TellIter | Case::TellBudgeted => {
            Expected::ordered(told(load).checksum())
        }
        Case::Fanout => {
            let checksum = told(load).checksum();
            Expected::ordered(combine([checksum; SUBSCRIBERS]))
        }
        Case::Many => Expected::ordered(many(load)),
        Case::Mixed => mixed(load),
        Case::Prod4Single | Case::Prod4Batched => Expected::ordered(produced(load)),
        Case::Ask => Expected::ordered(asked(load)),
        Case::Spawn => {
            let spawned = (0..load.actors as u64).map(|index| load.message::<Counter>(index));
            Expected::ordered(combine(spawned.map(|counter| counter.checksum())))
        }
        Case::IdleTick => {
            let untouched = Counter::default().checksum();
            Expected::ordered(combine((0..load.actors).map(|_| untouched)))
        }
        Case::TaskStep | Case::TaskWith => Expected::ordered(stepped(load)),
        Case::Encode16 | Case::Fields16 | Case::Decode16 | Case::FrameToHandler => {
            Expected::ordered(sampled::<Place>(load))
        }
        Case::EncodeText | Case::FieldsText | Case::DecodeText => {
            Expected::ordered(sampled::<Said>(load))
        }
        Case::EncodeVec | Case::DecodeVec => Expected::ordered(sampled::<Numbers>(load)),
    }
}

fn told(load: &Load) -> Counter {
    let mut counter = Counter::default();
    for index in 0..load.messages {
        counter.handle(&load.message::<Tell>(index));
    }
    counter
}

fn many(load: &Load) -> u64 {
    let mut counters = vec![Counter::default(); load.actors];
    for index in 0..load.messages {
        counters[load.target(index)].handle(&load.message::<Tell>(index));
    }
    combine(counters.iter().map(State::checksum))
}

fn mixed(load: &Load) -> Expected {
    let mut counter = MixedCounter::default();
    for index in 0..load.messages {
        with_mixed!(load, index, message => counter.handle(&message));
    }
    Expected { ordered: counter.checksum(), by_type: counter.checksum_by_type() }
}

fn produced(load: &Load) -> u64 {
    let mut counter = ProducedCounter::default();
    for producer in 0..PRODUCERS {
        for index in load.produced_by(producer) {
            counter.handle(&Produced::by(producer, load.contents(index)));
        }
    }
    counter.checksum()
}

fn asked(load: &Load) -> u64 {
    let mut counter = Counter::default();
    let mut replies = 0;
    for index in 0..load.messages {
        replies = mix(replies, counter.answer(&load.message::<Question>(index)), 0);
    }
    mix(replies, counter.checksum(), 0)
}

fn stepped(load: &Load) -> u64 {
    let of_task = |index| {
        let mut counter = Counter::default();
        let begun: Tell = load.message(index);
        (0..load.messages).for_each(|step| counter.handle(&begun.in_step(step)));
        counter.checksum()
    };
    combine((0..load.actors as u64).map(of_task))
}

fn sampled<M: Sample>(load: &Load) -> u64 {
    let mut counter = Counter::default();
    (0..load.messages).for_each(|index| load.message::<M>(index).count_in(&mut counter));
    counter.checksum()
}
