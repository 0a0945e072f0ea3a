//! actix on one thread: a boxed envelope per message, a task and a mailbox per actor.

use std::{future::Future, time::Instant};

use actix::{Actor, Addr, Context, Handler, Message, System};

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
    name: "actix",
    about: "actix actors in a System on one thread",
    package: Some("actix"),
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    match case {
        Case::Tell => Some(on_system(tell::<Counter>(load, |actor, index| {
            actor.do_send(load.message::<Tell>(index));
        }))),
        Case::Mixed => Some(on_system(tell::<MixedCounter>(load, |actor, index| {
            with_mixed!(load, index, message => actor.do_send(message));
        }))),
        Case::Fanout => Some(on_system(fanout(load))),
        Case::Many => Some(on_system(many(load))),
        Case::Prod4Single => Some(produced(load)),
        Case::Ask => Some(on_system(ask(load))),
        Case::Spawn => Some(on_system(spawn(load))),
        _ => None,
    }
}

fn on_system<T>(driver: impl Future<Output = T>) -> T {
    System::new().block_on(driver)
}

#[derive(Default)]
struct Counting<S>(S);

impl<S: State + Unpin> Actor for Counting<S> {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // 0 is unbounded; `do_send` ignores the bound, requests would wait for it.
        context.set_mailbox_capacity(0);
    }
}

impl<S: Handle<M> + Unpin, M: Told + Message<Result = ()>> Handler<M> for Counting<S> {
    type Result = ();

    fn handle(&mut self, message: M, _: &mut Context<Self>) {
        self.0.handle(&message);
        driver::count();
    }
}

impl Handler<Question> for Counting<Counter> {
    type Result = u64;

    fn handle(&mut self, question: Question, _: &mut Context<Self>) -> u64 {
        self.0.answer(&question)
    }
}

/// Asks an actor for its checksum, outside of all timing.
struct Report;

impl Message for Report {
    type Result = u64;
}

impl<S: State + Unpin> Handler<Report> for Counting<S> {
    type Result = u64;

    fn handle(&mut self, _: Report, _: &mut Context<Self>) -> u64 {
        self.0.checksum()
    }
}

async fn checksum_of<S: State + Unpin>(actor: &Addr<Counting<S>>) -> u64 {
    actor.send(Report).await.expect("no case stops an actor")
}

async fn checksum_of_all(actors: &[Addr<Counting<Counter>>]) -> u64 {
    let mut checksums = Vec::with_capacity(actors.len());
    for actor in actors {
        checksums.push(checksum_of(actor).await);
    }
    combine(checksums)
}

/// Starts actors and waits until the last one has answered; then all of them are idle.
async fn start_all<S: State + Unpin>(
    states: impl Iterator<Item = S>,
    actors: &mut Vec<Addr<Counting<S>>>,
) {
    for state in states {
        actors.push(Counting(state).start());
    }
    if let Some(last) = actors.last() {
        checksum_of(last).await;
    }
}

async fn start_counters(count: usize) -> Vec<Addr<Counting<Counter>>> {
    let mut actors = Vec::with_capacity(count);
    start_all((0..count).map(|_| Counter::default()), &mut actors).await;
    actors
}

async fn tell<S: State + Unpin>(load: &Load, send: impl Fn(&Addr<Counting<S>>, u64)) -> Outcome {
    let actor = Counting::<S>::default().start();
    let elapsed = driver::time_bursts(load, 1, |index| send(&actor, index)).await;
    Outcome::new(elapsed, checksum_of(&actor).await)
}

async fn fanout(load: &Load) -> Outcome {
    let actors = start_counters(SUBSCRIBERS).await;
    let elapsed = driver::time_bursts(load, SUBSCRIBERS as u64, |index| {
        let message: Tell = load.message(index);
        for actor in &actors {
            actor.do_send(message);
        }
    })
    .await;
    Outcome::new(elapsed, checksum_of_all(&actors).await)
}

async fn many(load: &Load) -> Outcome {
    let actors = start_counters(load.actors).await;
    let elapsed = driver::time_bursts(load, 1, |index| {
        actors[load.target(index)].do_send(load.message::<Tell>(index))
    })
    .await;
    Outcome::new(elapsed, checksum_of_all(&actors).await)
}

fn produced(load: &Load) -> Outcome {
    let system = System::new();
    let actor = system.block_on(async { Counting::<ProducedCounter>::default().start() });
    let produce = |producer: usize| {
        for index in load.produced_by(producer) {
            actor.do_send(Produced::by(producer, load.contents(index)));
        }
    };
    driver::expect(load.messages);
    let elapsed = producers::race(produce, || system.block_on(driver::reached()));
    Outcome {
        threads: producers::THREADS,
        ..Outcome::new(elapsed, system.block_on(checksum_of(&actor)))
    }
}

/// The requests of a burst are sent before the first reply is awaited, see [`driver::ASK_BURST`].
async fn ask(load: &Load) -> Outcome {
    let actor = Counting::<Counter>::default().start();
    let mut requests = Vec::new();
    let mut sum = 0;
    let start = Instant::now();
    for burst in load.bursts_of(driver::ASK_BURST) {
        requests.extend(burst.map(|index| actor.send(load.message::<Question>(index))));
        for request in requests.drain(..) {
            let reply = request.await.expect("no case stops an actor");
            sum = mix(sum, reply, 0);
        }
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, mix(sum, checksum_of(&actor).await, 0))
}

fn states(load: &Load) -> impl Iterator<Item = Counter> {
    (0..load.actors as u64).map(|index| load.message(index))
}

async fn spawn(load: &Load) -> Outcome {
    let mut actors = Vec::with_capacity(load.actors);
    let start = Instant::now();
    start_all(states(load), &mut actors).await;
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksum_of_all(&actors).await)
}

fn spawned_heap_bytes(load: &Load) -> i64 {
    let system = System::new();
    let mut actors = Vec::with_capacity(load.actors);
    live_heap_bytes(|| system.block_on(start_all(states(load), &mut actors)))
}
