//! The floor: hand-written code which does only the work of the case, and that plainly.

use std::{
    hint::black_box,
    mem,
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use super::{
    case::Case,
    message::{
        Counter, Handle, Mixed, MixedCounter, Produced, ProducedCounter, Question, State, Tell,
        combine, mix, with_mixed,
    },
    peer::{Outcome, Peer, live_heap_bytes},
    producers,
    wire::{self, ByHand},
    workload::{Load, SUBSCRIBERS},
};

pub const PEER: Peer = Peer {
    name: "floor",
    about: "Hand-written: a `Vec`, a loop and a call which is not inlined; runs always",
    package: None,
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    Some(match case {
        Case::Tell | Case::TellBudgeted => tell(load),
        Case::TellIter => tell_iter(load),
        Case::Fanout => fanout(load),
        Case::Many => many(load),
        Case::Mixed => mixed(load),
        Case::Prod4Single | Case::Prod4Batched => produced(load),
        Case::Ask => ask(load),
        Case::Spawn => spawn(load),
        Case::IdleTick => idle_tick(load),
        Case::TaskStep | Case::TaskWith => task_step(load),
        Case::Encode16 | Case::EncodeText | Case::EncodeVec => by_hand(case, load),
        Case::Fields16 | Case::FieldsText => by_hand(case, load),
        Case::Decode16 | Case::DecodeText | Case::DecodeVec => by_hand(case, load),
        Case::FrameToHandler => by_hand(case, load),
    })
}

fn tell(load: &Load) -> Outcome {
    let mut counter = Counter::default();
    let mut queue: Vec<Tell> = Vec::new();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            queue.push(load.message(index));
        }
        for message in &queue {
            counter.handle(message);
        }
        queue.clear();
    }
    Outcome::new(start.elapsed(), counter.checksum())
}

fn tell_iter(load: &Load) -> Outcome {
    let mut counter = Counter::default();
    let mut queue: Vec<Tell> = Vec::new();
    let start = Instant::now();
    for burst in load.bursts() {
        queue.extend(burst.map(|index| load.message::<Tell>(index)));
        for message in &queue {
            counter.handle(message);
        }
        queue.clear();
    }
    Outcome::new(start.elapsed(), counter.checksum())
}

fn fanout(load: &Load) -> Outcome {
    let mut counters = vec![Counter::default(); SUBSCRIBERS];
    let mut queue: Vec<Tell> = Vec::new();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            queue.push(load.message(index));
        }
        for message in &queue {
            for counter in &mut counters {
                counter.handle(message);
            }
        }
        queue.clear();
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, combine(counters.iter().map(State::checksum)))
}

fn many(load: &Load) -> Outcome {
    let mut counters = vec![Counter::default(); load.actors];
    let mut queue: Vec<(u32, Tell)> = Vec::new();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            queue.push((load.target(index) as u32, load.message(index)));
        }
        for (target, message) in &queue {
            counters[*target as usize].handle(message);
        }
        queue.clear();
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, combine(counters.iter().map(State::checksum)))
}

fn mixed(load: &Load) -> Outcome {
    let mut counter = MixedCounter::default();
    let mut queue: Vec<Mixed> = Vec::new();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            queue.push(with_mixed!(load, index, message => message.into()));
        }
        for message in &queue {
            counter.handle(message);
        }
        queue.clear();
    }
    Outcome::new(start.elapsed(), counter.checksum())
}

fn produced(load: &Load) -> Outcome {
    let mut counter = ProducedCounter::default();
    let handed_over: Mutex<Vec<Vec<Produced>>> = Mutex::new(Vec::new());
    let lock = || handed_over.lock().unwrap_or_else(PoisonError::into_inner);
    let produce = |producer: usize| {
        let mut indices = load.produced_by(producer).peekable();
        while indices.peek().is_some() {
            let mut batch = Vec::with_capacity(load.burst as usize);
            let burst = indices.by_ref().take(load.burst as usize);
            batch.extend(burst.map(|index| Produced::by(producer, load.contents(index))));
            lock().push(batch);
        }
    };
    let elapsed = producers::race(produce, || {
        let mut missing = load.messages;
        while missing > 0 {
            let batches = mem::take(&mut *lock());
            if batches.is_empty() {
                thread::yield_now();
            }
            for batch in batches {
                missing -= batch.len() as u64;
                for message in &batch {
                    counter.handle(message);
                }
            }
        }
    });
    Outcome { threads: producers::THREADS, ..Outcome::new(elapsed, counter.checksum()) }
}

fn ask(load: &Load) -> Outcome {
    let mut counter = Counter::default();
    let mut queue: Vec<Question> = Vec::new();
    let mut replies: Vec<u64> = Vec::new();
    let mut sum = 0;
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            queue.push(load.message(index));
        }
        for question in &queue {
            replies.push(counter.answer(question));
        }
        for reply in &replies {
            sum = mix(sum, *reply, 0);
        }
        queue.clear();
        replies.clear();
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, mix(sum, counter.checksum(), 0))
}

fn spawn_all(load: &Load) -> Vec<Counter> {
    let mut counters = Vec::new();
    for index in 0..load.actors as u64 {
        counters.push(load.message(index));
    }
    counters
}

fn spawn(load: &Load) -> Outcome {
    let start = Instant::now();
    let counters = spawn_all(load);
    let elapsed = start.elapsed();
    Outcome::new(elapsed, combine(counters.iter().map(State::checksum)))
}

fn spawned_heap_bytes(load: &Load) -> i64 {
    let mut counters = Vec::new();
    let bytes = live_heap_bytes(|| counters = spawn_all(load));
    drop(counters);
    bytes
}

fn idle_tick(load: &Load) -> Outcome {
    #[inline(never)]
    fn tick(counters: &mut [Counter]) {
        black_box(counters);
    }

    let mut counters = vec![Counter::default(); load.actors];
    let start = Instant::now();
    for _ in 0..load.messages {
        tick(&mut counters);
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, combine(counters.iter().map(State::checksum)))
}

/// A task written as what it is: a state, and what it does in a step.
trait Task {
    fn step(&mut self);
    fn state(&self) -> Counter;
}

struct Stepping {
    begun: Tell,
    step: u64,
    counter: Counter,
}

impl Task for Stepping {
    fn step(&mut self) {
        self.counter.handle(&self.begun.in_step(self.step));
        self.step += 1;
    }

    fn state(&self) -> Counter {
        self.counter
    }
}

fn task_step(load: &Load) -> Outcome {
    let begin = |index| -> Box<dyn Task> {
        Box::new(Stepping { begun: load.message(index), step: 0, counter: Counter::default() })
    };
    let mut tasks: Vec<Box<dyn Task>> = (0..load.actors as u64).map(begin).collect();
    let start = Instant::now();
    for _ in 0..load.messages {
        for task in &mut tasks {
            task.step();
        }
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, combine(tasks.iter().map(|task| task.state().checksum())))
}

fn by_hand(case: Case, load: &Load) -> Outcome {
    wire::run(case, load, &ByHand).expect("the format by hand has all cases of the wire")
}
