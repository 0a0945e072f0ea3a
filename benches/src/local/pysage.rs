//! Ours: `pysage-core`, with a manager on this thread as a program would have it.

mod tasks;

use std::{thread, time::Instant};

use pysage_core::{Actor, ActorId, ActorManager, ManagerConfig, Subscriptions, wire::Codec};

use super::{
    case::Case,
    message::{
        A, B, C, Counter, D, E, F, G, H, Handle, MixedCounter, Produced, ProducedCounter, Question,
        State, Tell, combine, mix, with_mixed,
    },
    peer::{Outcome, Peer, live_heap_bytes},
    producers, wire,
    workload::{Load, PRODUCERS, SUBSCRIBERS},
};

pub const PEER: Peer = Peer {
    name: "pysage",
    about: "Ours: actors on one tick, order kept over all types",
    package: Some("pysage-core"),
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    match case {
        Case::Tell => Some(tell(load, |manager| drop(manager.tick()))),
        Case::TellIter => Some(tell_iter(load)),
        Case::TellBudgeted => Some(tell(load, |manager| drop(manager.tick_for(AN_HOUR)))),
        Case::Fanout => Some(fanout(load)),
        Case::Many => Some(many(load)),
        Case::Mixed => Some(mixed(load)),
        Case::Prod4Single => Some(produced_singly(load)),
        Case::Prod4Batched => Some(produced_in_batches(load)),
        Case::Spawn => Some(spawn(load)),
        Case::IdleTick => Some(idle_tick(load)),
        Case::Ask => Some(ask(load)),
        Case::TaskStep => Some(tasks::step(load)),
        Case::TaskWith => Some(tasks::step_with(load)),
        _ => wire::ours(case, load, Codec::Fixed),
    }
}

impl Actor for Counter {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|counter, message: &Tell, _| counter.handle(message));
    }
}

impl Actor for ProducedCounter {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|counter, message: &Produced, _| counter.handle(message));
    }
}

impl Actor for MixedCounter {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|counter, message: &A, _| counter.handle(message))
            .message(|counter, message: &B, _| counter.handle(message))
            .message(|counter, message: &C, _| counter.handle(message))
            .message(|counter, message: &D, _| counter.handle(message))
            .message(|counter, message: &E, _| counter.handle(message))
            .message(|counter, message: &F, _| counter.handle(message))
            .message(|counter, message: &G, _| counter.handle(message))
            .message(|counter, message: &H, _| counter.handle(message));
    }
}

/// The actor of `ask`. A class of its own: each one more that an actor handles would cost `spawn`
/// time and bytes.
struct Answering(Counter);

impl Actor for Answering {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.ask(|actor, question: &Question, _| actor.0.answer(question));
    }
}

/// A budget that no tick uses up: the case measures what it costs to keep an eye on it.
const AN_HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);

/// A manager with room for a burst of any size.
pub fn manager(load: &Load) -> ActorManager {
    let capacity = load.burst.max(ManagerConfig::DEFAULT_QUEUE_CAPACITY as u64) as usize;
    ActorManager::with_config(ManagerConfig::default().queue_capacity(capacity))
}

fn checksum<A: Actor + State>(manager: &ActorManager, actor: ActorId) -> u64 {
    manager.with(actor, |actor: &mut A| actor.checksum()).expect("the actor is registered")
}

fn tick(manager: &ActorManager) -> u64 {
    manager.tick().expect("no handler runs here").handled
}

fn tell(load: &Load, tick: impl Fn(&ActorManager)) -> Outcome {
    let manager = manager(load);
    let actor = manager.register(Counter::default());
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            manager.queue_to::<Tell>(actor, load.message(index));
        }
        tick(&manager);
    }
    Outcome::new(start.elapsed(), checksum::<Counter>(&manager, actor))
}

fn tell_iter(load: &Load) -> Outcome {
    let manager = manager(load);
    let actor = manager.register(Counter::default());
    let start = Instant::now();
    for burst in load.bursts() {
        manager.queue_all_to(actor, burst.map(|index| load.message::<Tell>(index)));
        tick(&manager);
    }
    Outcome::new(start.elapsed(), checksum::<Counter>(&manager, actor))
}

fn fanout(load: &Load) -> Outcome {
    let manager = manager(load);
    let subscribers = (0..SUBSCRIBERS).map(|_| manager.register(Counter::default()));
    let subscribers: Vec<ActorId> = subscribers.collect();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            manager.queue::<Tell>(load.message(index));
        }
        tick(&manager);
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksums(&manager, &subscribers))
}

fn many(load: &Load) -> Outcome {
    let manager = manager(load);
    let actors = (0..load.actors).map(|_| manager.register(Counter::default()));
    let actors: Vec<ActorId> = actors.collect();
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            manager.queue_to::<Tell>(actors[load.target(index)], load.message(index));
        }
        tick(&manager);
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksums(&manager, &actors))
}

fn checksums(manager: &ActorManager, actors: &[ActorId]) -> u64 {
    combine(actors.iter().map(|actor| checksum::<Counter>(manager, *actor)))
}

fn mixed(load: &Load) -> Outcome {
    let manager = manager(load);
    let actor = manager.register(MixedCounter::default());
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            with_mixed!(load, index, message => manager.queue_to(actor, message));
        }
        tick(&manager);
    }
    Outcome::new(start.elapsed(), checksum::<MixedCounter>(&manager, actor))
}

fn produced_singly(load: &Load) -> Outcome {
    let manager = manager(load);
    let handles: [_; PRODUCERS] = std::array::from_fn(|_| manager.handle());
    consume(load, &manager, |producer, actor| {
        for index in load.produced_by(producer) {
            let mut message = Produced::by(producer, load.contents(index));
            while let Err(refused) = handles[producer].queue_to(actor, message) {
                message = refused.message;
                thread::yield_now();
            }
        }
    })
}

fn produced_in_batches(load: &Load) -> Outcome {
    let manager = manager(load);
    let handles: [_; PRODUCERS] = std::array::from_fn(|_| manager.handle());
    consume(load, &manager, |number, actor| {
        let mut producer = handles[number].producer();
        for index in load.produced_by(number) {
            let mut message = Produced::by(number, load.contents(index));
            while let Err(refused) = producer.queue_to(actor, message) {
                message = refused.message;
                thread::yield_now();
            }
        }
    })
}

/// Ticks until all produced messages are handled.
fn consume(
    load: &Load,
    manager: &ActorManager,
    produce: impl Fn(usize, ActorId) + Sync,
) -> Outcome {
    let actor = manager.register(ProducedCounter::default());
    let elapsed = producers::race(
        |producer| produce(producer, actor),
        || {
            let mut missing = load.messages;
            while missing > 0 {
                let handled = tick(manager);
                missing -= handled;
                if handled == 0 {
                    thread::yield_now();
                }
            }
        },
    );
    let checksum = checksum::<ProducedCounter>(manager, actor);
    Outcome { threads: producers::THREADS, ..Outcome::new(elapsed, checksum) }
}

fn ask(load: &Load) -> Outcome {
    let manager = manager(load);
    let actor = manager.register(Answering(Counter::default()));
    let mut sum = 0;
    let start = Instant::now();
    for burst in load.bursts() {
        for index in burst {
            let reply = manager.ask::<Question>(actor, load.message(index)).take();
            sum = mix(sum, reply.and_then(Result::ok).expect("the actor answers at once"), 0);
        }
    }
    let elapsed = start.elapsed();
    let state = manager.with(actor, |actor: &mut Answering| actor.0.checksum());
    Outcome::new(elapsed, mix(sum, state.expect("the actor is registered"), 0))
}

fn spawn(load: &Load) -> Outcome {
    let mut actors = Vec::with_capacity(load.actors);
    let start = Instant::now();
    let manager = manager(load);
    for index in 0..load.actors as u64 {
        actors.push(manager.register::<Counter>(load.message(index)));
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksums(&manager, &actors))
}

fn spawned_heap_bytes(load: &Load) -> i64 {
    let mut manager = None;
    let bytes = live_heap_bytes(|| {
        let manager = manager.insert(self::manager(load));
        for index in 0..load.actors as u64 {
            manager.register::<Counter>(load.message(index));
        }
    });
    drop(manager);
    bytes
}

fn idle_tick(load: &Load) -> Outcome {
    let manager = manager(load);
    let actors = (0..load.actors).map(|_| manager.register(Counter::default()));
    let actors: Vec<ActorId> = actors.collect();
    let start = Instant::now();
    for _ in 0..load.messages {
        tick(&manager);
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksums(&manager, &actors))
}
