//! ractor on a current-thread tokio runtime: a task, four ports and a message enum per actor.

use std::{marker::PhantomData, time::Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, concurrency::oneshot};

use super::{
    case::Case,
    driver,
    message::{
        Counter, Handle, Mixed, MixedCounter, Produced, ProducedCounter, Question, State, Tell,
        Told, combine, mix, with_mixed,
    },
    peer::{Outcome, Peer, live_heap_bytes},
    producers,
    workload::{Load, SUBSCRIBERS},
};

pub const PEER: Peer = Peer {
    name: "ractor",
    about: "ractor actors on a current-thread tokio runtime",
    package: Some("ractor"),
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    match case {
        Case::Tell => {
            Some(driver::block_on(tell::<Counter, Tell>(load, |index| load.message(index))))
        }
        Case::Mixed => Some(driver::block_on(tell::<MixedCounter, Mixed>(
            load,
            |index| with_mixed!(load, index, message => message.into()),
        ))),
        Case::Fanout => Some(driver::block_on(fanout(load))),
        Case::Many => Some(driver::block_on(many(load))),
        Case::Prod4Single => Some(produced(load)),
        Case::Ask => Some(driver::block_on(ask(load))),
        Case::Spawn => Some(driver::block_on(spawn(load))),
        _ => None,
    }
}

/// An actor with the state `S` which is told messages `M`.
struct Counting<S, M>(PhantomData<fn(S, M)>);

/// What such an actor takes: ractor's actors have one message type.
enum Envelope<M> {
    Told(M),
    /// Asks for the checksum, outside of all timing.
    Report(RpcReplyPort<u64>),
}

impl<S: Handle<M>, M: Told> Actor for Counting<S, M> {
    type Msg = Envelope<M>;
    type State = S;
    type Arguments = S;

    async fn pre_start(&self, _: ActorRef<Envelope<M>>, state: S) -> Result<S, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        _: ActorRef<Envelope<M>>,
        message: Envelope<M>,
        state: &mut S,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Envelope::Told(message) => {
                state.handle(&message);
                driver::count();
            }
            Envelope::Report(port) => port.send(state.checksum())?,
        }
        Ok(())
    }
}

async fn spawn_one<S: Handle<M>, M: Told>(state: S) -> ActorRef<Envelope<M>> {
    let (actor, _) =
        Actor::spawn(None, Counting(PhantomData), state).await.expect("pre_start does not fail");
    actor
}

fn send<M: Told>(actor: &ActorRef<Envelope<M>>, message: M) {
    actor.send_message(Envelope::Told(message)).expect("no case stops an actor");
}

async fn checksum_of<M: Told>(actor: &ActorRef<Envelope<M>>) -> u64 {
    let (sender, reply) = oneshot();
    actor.send_message(Envelope::Report(sender.into())).expect("no case stops an actor");
    reply.await.expect("no case stops an actor")
}

async fn checksum_of_all(actors: &[ActorRef<Envelope<Tell>>]) -> u64 {
    let mut checksums = Vec::with_capacity(actors.len());
    for actor in actors {
        checksums.push(checksum_of(actor).await);
    }
    combine(checksums)
}

async fn tell<S: Handle<M>, M: Told>(load: &Load, message: impl Fn(u64) -> M) -> Outcome {
    let actor = spawn_one(S::default()).await;
    let elapsed = driver::time_bursts(load, 1, |index| send(&actor, message(index))).await;
    Outcome::new(elapsed, checksum_of(&actor).await)
}

async fn fanout(load: &Load) -> Outcome {
    let mut actors = Vec::new();
    for _ in 0..SUBSCRIBERS {
        actors.push(spawn_one(Counter::default()).await);
    }
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
    let mut actors = Vec::with_capacity(load.actors);
    for _ in 0..load.actors {
        actors.push(spawn_one(Counter::default()).await);
    }
    let elapsed = driver::time_bursts(load, 1, |index| {
        send(&actors[load.target(index)], load.message(index))
    })
    .await;
    Outcome::new(elapsed, checksum_of_all(&actors).await)
}

fn produced(load: &Load) -> Outcome {
    let runtime = driver::current_thread();
    let actor = runtime.block_on(spawn_one(ProducedCounter::default()));
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

/// The actor of the case `ask`.
struct Answering;

enum Asked {
    Question(Question, RpcReplyPort<u64>),
    /// Asks for the checksum, outside of all timing.
    Report(RpcReplyPort<u64>),
}

impl Actor for Answering {
    type Msg = Asked;
    type State = Counter;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Asked>, _: ()) -> Result<Counter, ActorProcessingErr> {
        Ok(Counter::default())
    }

    async fn handle(
        &self,
        _: ActorRef<Asked>,
        message: Asked,
        counter: &mut Counter,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Asked::Question(question, port) => port.send(counter.answer(&question))?,
            Asked::Report(port) => port.send(counter.checksum())?,
        }
        Ok(())
    }
}

/// The requests of a burst are sent before the first reply is awaited, see [`driver::ASK_BURST`].
async fn ask(load: &Load) -> Outcome {
    let (actor, _) = Actor::spawn(None, Answering, ()).await.expect("pre_start does not fail");
    let request = |asked: &dyn Fn(RpcReplyPort<u64>) -> Asked| {
        let (sender, reply) = oneshot();
        actor.send_message(asked(sender.into())).expect("no case stops an actor");
        reply
    };
    let mut replies = Vec::new();
    let mut sum = 0;
    let start = Instant::now();
    for burst in load.bursts_of(driver::ASK_BURST) {
        replies
            .extend(burst.map(|index| request(&|port| Asked::Question(load.message(index), port))));
        for reply in replies.drain(..) {
            sum = mix(sum, reply.await.expect("no case stops an actor"), 0);
        }
    }
    let elapsed = start.elapsed();
    let checksum = request(&Asked::Report).await;
    Outcome::new(elapsed, mix(sum, checksum.expect("no case stops an actor"), 0))
}

/// Spawns all actors and waits until the last one has answered; then all of them are idle.
async fn spawn_all(load: &Load, actors: &mut Vec<ActorRef<Envelope<Tell>>>) {
    for index in 0..load.actors as u64 {
        actors.push(spawn_one(load.message::<Counter>(index)).await);
    }
    checksum_of(&actors[load.actors - 1]).await;
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
