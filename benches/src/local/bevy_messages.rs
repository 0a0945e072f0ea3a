//! Bevy's `Messages`: one buffer per type, read by systems; an actor is an entity.

mod game;
mod mixed;

use std::time::Instant;

use bevy_ecs::{
    component::{Component, Mutable},
    entity::Entity,
    message::{Message, MessageReader, MessageWriter},
    schedule::IntoScheduleConfigs,
    system::{Query, Single},
    world::World,
};

use self::{game::Game, mixed::mixed};
use super::{
    case::Case,
    message::{Counter, Handle, Question, State, Tell, mix},
    peer::{Outcome, Peer, live_heap_bytes},
    workload::{Load, SUBSCRIBERS},
};

pub const PEER: Peer = Peer {
    name: "bevy_messages",
    about: "Bevy's buffered messages, read by systems in a schedule",
    package: Some("bevy_ecs"),
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    match case {
        Case::Tell => Some(tell(load)),
        Case::TellIter => Some(tell_iter(load)),
        Case::Fanout => Some(fanout(load)),
        Case::Many => Some(many(load)),
        Case::Mixed => Some(mixed(load)),
        Case::Ask => Some(ask(load)),
        Case::Spawn => Some(spawn(load)),
        Case::IdleTick => Some(idle_tick(load)),
        _ => None,
    }
}

/// A message to one of many entities, with the receiver as a field: Bevy's messages have none.
#[derive(Message)]
struct Addressed {
    target: Entity,
    message: Tell,
}

/// The reply to a question, in the order of the questions.
#[derive(Message)]
struct Reply(u64);

/// The actor which asks.
#[derive(Component, Default)]
struct Asker {
    sum: u64,
}

fn handle_told<M, S>(mut messages: MessageReader<M>, state: Single<&mut S>)
where
    M: Message,
    S: Handle<M> + Component<Mutability = Mutable>,
{
    let state = state.into_inner().into_inner();
    for message in messages.read() {
        state.handle(message);
    }
}

fn handle_by_all(mut messages: MessageReader<Tell>, mut counters: Query<&mut Counter>) {
    for message in messages.read() {
        for counter in &mut counters {
            counter.into_inner().handle(message);
        }
    }
}

fn tell(load: &Load) -> Outcome {
    let mut game = Game::new().with_message::<Tell>().with_systems(handle_told::<Tell, Counter>);
    let actor = game.world.spawn(Counter::default()).id();
    let elapsed = game.time_bursts(load, |index| load.message::<Tell>(index));
    Outcome::new(elapsed, game.state::<Counter>(actor).checksum())
}

fn tell_iter(load: &Load) -> Outcome {
    let mut game = Game::new().with_message::<Tell>().with_systems(handle_told::<Tell, Counter>);
    let actor = game.world.spawn(Counter::default()).id();
    let start = Instant::now();
    for burst in load.bursts() {
        let messages = burst.map(|index| load.message(index));
        game.buffer::<Tell>().write_batch(messages);
        game.tick();
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, game.state::<Counter>(actor).checksum())
}

fn fanout(load: &Load) -> Outcome {
    let mut game = Game::new().with_message::<Tell>().with_systems(handle_by_all);
    let actors = game.spawn_counters(SUBSCRIBERS);
    let elapsed = game.time_bursts(load, |index| load.message::<Tell>(index));
    Outcome::new(elapsed, game.checksum(&actors))
}

fn many(load: &Load) -> Outcome {
    fn handle(mut messages: MessageReader<Addressed>, mut counters: Query<&mut Counter>) {
        for Addressed { target, message } in messages.read() {
            if let Ok(counter) = counters.get_mut(*target) {
                counter.into_inner().handle(message);
            }
        }
    }

    let mut game = Game::new().with_message::<Addressed>().with_systems(handle);
    let actors = game.spawn_counters(load.actors);
    let elapsed = game.time_bursts(load, |index| Addressed {
        target: actors[load.target(index)],
        message: load.message(index),
    });
    Outcome::new(elapsed, game.checksum(&actors))
}

/// All questions of a burst are written, answered by one system and their replies read by
/// another, within one tick.
fn ask(load: &Load) -> Outcome {
    fn answer(
        mut questions: MessageReader<Question>,
        mut replies: MessageWriter<Reply>,
        counter: Single<&mut Counter>,
    ) {
        let counter = counter.into_inner().into_inner();
        replies.write_batch(questions.read().map(|question| Reply(counter.answer(question))));
    }

    fn read_replies(mut replies: MessageReader<Reply>, asker: Single<&mut Asker>) {
        let asker = asker.into_inner().into_inner();
        for reply in replies.read() {
            asker.sum = mix(asker.sum, reply.0, 0);
        }
    }

    let mut game = Game::new()
        .with_message::<Question>()
        .with_message::<Reply>()
        .with_systems((answer, read_replies).chain());
    let actor = game.world.spawn(Counter::default()).id();
    let asker = game.world.spawn(Asker::default()).id();
    let elapsed = game.time_bursts(load, |index| load.message::<Question>(index));
    let sum = game.state::<Asker>(asker).sum;
    Outcome::new(elapsed, mix(sum, game.state::<Counter>(actor).checksum(), 0))
}

fn spawn_all(world: &mut World, load: &Load, actors: &mut Vec<Entity>) {
    for index in 0..load.actors as u64 {
        actors.push(world.spawn(load.message::<Counter>(index)).id());
    }
}

fn spawn(load: &Load) -> Outcome {
    let mut game = Game::new();
    let mut actors = Vec::with_capacity(load.actors);
    let start = Instant::now();
    spawn_all(&mut game.world, load, &mut actors);
    let elapsed = start.elapsed();
    Outcome::new(elapsed, game.checksum(&actors))
}

fn spawned_heap_bytes(load: &Load) -> i64 {
    let mut world = World::new();
    let mut actors = Vec::with_capacity(load.actors);
    live_heap_bytes(|| spawn_all(&mut world, load, &mut actors))
}

fn idle_tick(load: &Load) -> Outcome {
    let mut game = Game::new().with_message::<Tell>().with_systems(handle_by_all);
    let actors = game.spawn_counters(load.actors);
    let start = Instant::now();
    for _ in 0..load.messages {
        game.tick();
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, game.checksum(&actors))
}
