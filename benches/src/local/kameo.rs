//! kameo on a current-thread tokio runtime: a task and an unbounded mailbox per actor.

use std::{convert::Infallible, time::Instant};

use kameo::{
    actor::{Actor, ActorRef, Spawn},
    mailbox,
    message::{Context, Message},
};

use super::{
    case::Case,
    driver,
    message::{
        Counter, Handle, MixedCounter, Produced, ProducedCounter, Question, State, Tell, Told,
        combine, mix, with_mixed,
    },
    peer::{Outcome, Peer, live_heap_bytes},
    producers,
    workload::{Load, SUBSCRIBERS},
};

pub const PEER: Peer = Peer {
    name: "kameo",
    about: "kameo actors on a current-thread tokio runtime",
    package: Some("kameo"),
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    match case {
        Case::Tell => Some(driver::block_on(tell::<Counter>(load, |actor, index| {
            send(actor, load.message::<Tell>(index));
        }))),
        Case::Mixed => Some(driver::block_on(tell::<MixedCounter>(load, |actor, index| {
            with_mixed!(load, index, message => send(actor, message));
        }))),
        Case::Fanout => Some(driver::block_on(fanout(load))),
        Case::Many => Some(driver::block_on(many(load))),
        Case::Prod4Single => Some(produced(load)),
        Case::Ask => Some(driver::block_on(ask(load))),
        Case::Spawn => Some(driver::block_on(spawn(load))),
        _ => None,
    }
}

#[derive(Default)]
struct Counting<S>(S);

impl<S: State> Actor for Counting<S> {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(actor: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(actor)
    }
}

impl<S: Handle<M>, M: Told> Message<M> for Counting<S> {
    type Reply = ();

    async fn handle(&mut self, message: M, _: &mut Context<Self, ()>) {
        self.0.handle(&message);
        driver::count();
    }
}

impl Message<Question> for Counting<Counter> {
    type Reply = u64;

    async fn handle(&mut self, question: Question, _: &mut Context<Self, u64>) -> u64 {
        self.0.answer(&question)
    }
}

/// Asks an actor for its checksum, outside of all timing.
struct Report;

impl<S: State> Message<Report> for Counting<S> {
    type Reply = u64;

    async fn handle(&mut self, _: Report, _: &mut Context<Self, u64>) -> u64 {
        self.0.checksum()
    }
}

fn spawn_one<S: State>(state: S) -> ActorRef<Counting<S>> {
    Counting::spawn_with_mailbox(Counting(state), mailbox::unbounded())
}

/// `try_send` neither waits nor fails, since the mailbox is unbounded.
fn send<S: Handle<M>, M: Told>(actor: &ActorRef<Counting<S>>, message: M) {
    actor.tell(message).try_send().expect("no case stops an actor");
}

async fn checksum_of<S: State>(actor: &ActorRef<Counting<S>>) -> u64 {
    actor.ask(Report).await.expect("no case stops an actor")
}

async fn checksum_of_all(actors: &[ActorRef<Counting<Counter>>]) -> u64 {
    let mut checksums = Vec::with_capacity(actors.len());
    for actor in actors {
        checksums.push(checksum_of(actor).await);
    }
    combine(checksums)
}

async fn tell<S: State>(load: &Load, send: impl Fn(&ActorRef<Counting<S>>, u64)) -> Outcome {
    let actor = spawn_one(S::default());
    actor.wait_for_startup().await;
    let elapsed = driver::time_bursts(load, 1, |index| send(&actor, index)).await;
    Outcome::new(elapsed, checksum_of(&actor).await)
}

async fn fanout(load: &Load) -> Outcome {
    let spawned = (0..SUBSCRIBERS).map(|_| spawn_one(Counter::default()));
    let actors: Vec<ActorRef<_>> = spawned.collect();
    wait_for_startup(&actors).await;
    let elapsed = driver::time_bursts(load, SUBSCRIBERS as u64, |index| {
        let message: Tell = load.message(index);
        for actor in &actors {
            send(actor, message);
        }
    })
    .await;
    Outcome::new(elapsed, checksum_of_all(&actors).await)
}

async fn many(load: &Load) -> Outcome {
    let spawned = (0..load.actors).map(|_| spawn_one(Counter::default()));
    let actors: Vec<ActorRef<_>> = spawned.collect();
    wait_for_startup(&actors).await;
    let elapsed = driver::time_bursts(load, 1, |index| {
        send(&actors[load.target(index)], load.message::<Tell>(index))
    })
    .await;
    Outcome::new(elapsed, checksum_of_all(&actors).await)
}

fn produced(load: &Load) -> Outcome {
    let runtime = driver::current_thread();
    let actor = runtime.block_on(async { spawn_one(ProducedCounter::default()) });
    runtime.block_on(actor.wait_for_startup());
    let produce = |producer: usize| {
        for index in load.produced_by(producer) {
            send(&actor, Produced::by(producer, load.contents(index)));
        }
    };
    driver::expect(load.messages);
    let elapsed = producers::race(produce, || runtime.block_on(driver::reached()));
    Outcome {
        threads: producers::THREADS,
        ..Outcome::new(elapsed, runtime.block_on(checksum_of(&actor)))
    }
}

/// The requests of a burst are sent before the first reply is awaited, see [`driver::ASK_BURST`].
async fn ask(load: &Load) -> Outcome {
    let actor = spawn_one(Counter::default());
    actor.wait_for_startup().await;
    let mut requests = Vec::new();
    let mut sum = 0;
    let start = Instant::now();
    for burst in load.bursts_of(driver::ASK_BURST) {
        requests.extend(burst.map(|index| {
            let question: Question = load.message(index);
            actor.ask(question).try_enqueue().expect("no case stops an actor")
        }));
        for request in requests.drain(..) {
            let reply = request.await.expect("no case stops an actor");
            sum = mix(sum, reply, 0);
        }
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, mix(sum, checksum_of(&actor).await, 0))
}

async fn wait_for_startup(actors: &[ActorRef<Counting<Counter>>]) {
    for actor in actors {
        actor.wait_for_startup().await;
    }
}

/// Spawns all actors and waits until the last one is idle.
async fn spawn_all(load: &Load, actors: &mut Vec<ActorRef<Counting<Counter>>>) {
    for index in 0..load.actors as u64 {
        actors.push(spawn_one(load.message(index)));
    }
    wait_for_startup(actors).await;
}

async fn spawn(load: &Load) -> Outcome {
    let mut actors = Vec::with_capacity(load.actors);
    let start = Instant::now();
    spawn_all(load, &mut actors).await;
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksum_of_all(&actors).await)
}

fn spawned_heap_bytes(load: &Load) -> i64 {
    let runtime = driver::current_thread();
    let mut actors = Vec::with_capacity(load.actors);
    live_heap_bytes(|| runtime.block_on(spawn_all(load, &mut actors)))
}
