//! Bare crossbeam channels: what many actor libraries are built upon, without the library.

use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{
    case::Case,
    message::{
        Counter, Handle, Mixed, MixedCounter, Produced, ProducedCounter, Question, State, Tell,
        combine, mix, with_mixed,
    },
    peer::{Outcome, Peer, live_heap_bytes},
    producers,
    workload::{Load, SUBSCRIBERS},
};

pub const PEER: Peer = Peer {
    name: "crossbeam",
    about: "Bare unbounded crossbeam channels, drained by a loop",
    package: Some("crossbeam-channel"),
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    match case {
        Case::Tell => Some(tell(load)),
        Case::Fanout => Some(fanout(load)),
        Case::Many => Some(many(load)),
        Case::Mixed => Some(mixed(load)),
        Case::Prod4Single => Some(produced(load)),
        Case::Ask => Some(ask(load)),
        Case::Spawn => Some(spawn(load)),
        _ => None,
    }
}

/// A state with a channel of its own.
struct Actor {
    counter: Counter,
    sender: Sender<Tell>,
    receiver: Receiver<Tell>,
}

impl Actor {
    fn new(counter: Counter) -> Self {
        let (sender, receiver) = unbounded();
        Self { counter, sender, receiver }
    }

    fn send(&self, message: Tell) {
        self.sender.send(message).expect("the actor is the receiver");
    }
}

fn tell(load: &Load) -> Outcome {
    let mut actor = Actor::new(Counter::default());
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            actor.send(load.message(index));
        }
        for message in actor.receiver.try_iter() {
            actor.counter.handle(&message);
        }
    }
    Outcome::new(start.elapsed(), actor.counter.checksum())
}

/// A channel hands each message to one receiver, so each subscriber has its own.
fn fanout(load: &Load) -> Outcome {
    let spawned = (0..SUBSCRIBERS).map(|_| Actor::new(Counter::default()));
    let mut actors: Vec<Actor> = spawned.collect();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            let message = load.message(index);
            for actor in &actors {
                actor.send(message);
            }
        }
        for actor in &mut actors {
            for message in actor.receiver.try_iter() {
                actor.counter.handle(&message);
            }
        }
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksum(&actors))
}

/// One channel with the receiver in the message: to poll a channel per actor takes some forty
/// times as long.
fn many(load: &Load) -> Outcome {
    let mut counters = vec![Counter::default(); load.actors];
    let (sender, receiver) = unbounded::<(u32, Tell)>();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            sender
                .send((load.target(index) as u32, load.message(index)))
                .expect("the receiver lives as long as this function");
        }
        for (target, message) in receiver.try_iter() {
            counters[target as usize].handle(&message);
        }
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, combine(counters.iter().map(State::checksum)))
}

fn mixed(load: &Load) -> Outcome {
    let mut counter = MixedCounter::default();
    let (sender, receiver) = unbounded::<Mixed>();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            let message: Mixed = with_mixed!(load, index, message => message.into());
            sender.send(message).expect("the receiver lives as long as this function");
        }
        for message in receiver.try_iter() {
            counter.handle(&message);
        }
    }
    Outcome::new(start.elapsed(), counter.checksum())
}

fn produced(load: &Load) -> Outcome {
    let mut counter = ProducedCounter::default();
    let (sender, receiver) = unbounded::<Produced>();
    let produce = |producer: usize| {
        for index in load.produced_by(producer) {
            sender
                .send(Produced::by(producer, load.contents(index)))
                .expect("the receiver outlives the producers");
        }
    };
    let elapsed = producers::race(produce, || {
        for message in receiver.iter().take(load.messages as usize) {
            counter.handle(&message);
        }
    });
    Outcome { threads: producers::THREADS, ..Outcome::new(elapsed, counter.checksum()) }
}

/// One channel for the questions of a burst and one for its replies: quicker than a channel
/// for each reply.
fn ask(load: &Load) -> Outcome {
    let mut counter = Counter::default();
    let (question_sender, question_receiver) = unbounded::<Question>();
    let (reply_sender, reply_receiver) = unbounded::<u64>();
    let mut sum = 0;
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            question_sender
                .send(load.message(index))
                .expect("the receiver lives as long as this function");
        }
        for question in question_receiver.try_iter() {
            reply_sender
                .send(counter.answer(&question))
                .expect("the receiver lives as long as this function");
        }
        for reply in reply_receiver.try_iter() {
            sum = mix(sum, reply, 0);
        }
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, mix(sum, counter.checksum(), 0))
}

fn spawn_all(load: &Load) -> Vec<Actor> {
    let mut actors = Vec::new();
    for index in 0..load.actors as u64 {
        actors.push(Actor::new(load.message(index)));
    }
    actors
}

fn checksum(actors: &[Actor]) -> u64 {
    combine(actors.iter().map(|actor| actor.counter.checksum()))
}

fn spawn(load: &Load) -> Outcome {
    let start = Instant::now();
    let actors = spawn_all(load);
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksum(&actors))
}

fn spawned_heap_bytes(load: &Load) -> i64 {
    let mut actors = Vec::new();
    let bytes = live_heap_bytes(|| actors = spawn_all(load));
    drop(actors);
    bytes
}
