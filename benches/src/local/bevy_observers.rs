//! Bevy's observers: a trigger runs its observers at once, there is no queue.

use std::time::Instant;

use bevy_ecs::{
    component::{Component, Mutable},
    entity::Entity,
    event::Event,
    observer::{Observer, On},
    system::Query,
    world::World,
};

use super::{
    case::Case,
    message::{
        A, B, C, Counter, D, E, F, G, H, Handle, MixedCounter, Question, State, Tell, combine, mix,
        with_mixed,
    },
    peer::{Outcome, Peer, live_heap_bytes},
    workload::{Load, SUBSCRIBERS},
};

pub const PEER: Peer = Peer {
    name: "bevy_observers",
    about: "Bevy's observers, run at once by each trigger",
    package: Some("bevy_ecs"),
    run,
    spawned_heap_bytes: Some(spawned_heap_bytes),
};

fn run(case: Case, load: &Load) -> Option<Outcome> {
    match case {
        Case::Tell => Some(tell(load)),
        Case::Fanout => Some(fanout(load)),
        Case::Many => Some(many(load)),
        Case::Mixed => Some(mixed(load)),
        Case::Ask => Some(ask(load)),
        Case::Spawn => Some(spawn(load)),
        _ => None,
    }
}

/// An event for one of many entities.
#[derive(Event)]
struct Addressed {
    target: Entity,
    message: Tell,
}

/// An event which an observer answers in place.
#[derive(Event)]
struct Asked {
    question: Question,
    reply: u64,
}

/// The handler of an observer which is itself the actor: its state stands on the same entity.
fn handle_told<M, S>(on: On<M>, mut states: Query<&mut S>)
where
    M: for<'a> Event<Trigger<'a>: Default>,
    S: Handle<M> + Component<Mutability = Mutable>,
{
    if let Ok(state) = states.get_mut(on.observer()) {
        state.into_inner().handle(on.event());
    }
}

fn state<S: Component>(world: &World, actor: Entity) -> &S {
    world.get::<S>(actor).expect("no case despawns an actor")
}

fn checksum(world: &World, actors: &[Entity]) -> u64 {
    combine(actors.iter().map(|actor| state::<Counter>(world, *actor).checksum()))
}

fn tell(load: &Load) -> Outcome {
    let mut world = World::new();
    let observer = Observer::new(handle_told::<Tell, Counter>);
    let actor = world.spawn((Counter::default(), observer)).id();
    let start = Instant::now();
    for index in 0..load.messages {
        world.trigger::<Tell>(load.message(index));
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, state::<Counter>(&world, actor).checksum())
}

/// One observer per subscriber; what one observer with a loop would cost, `bevy_messages` tells.
fn fanout(load: &Load) -> Outcome {
    let mut world = World::new();
    let spawned = (0..SUBSCRIBERS).map(|_| {
        let observer = Observer::new(handle_told::<Tell, Counter>);
        world.spawn((Counter::default(), observer)).id()
    });
    let actors: Vec<Entity> = spawned.collect();
    let start = Instant::now();
    for index in 0..load.messages {
        world.trigger::<Tell>(load.message(index));
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksum(&world, &actors))
}

/// One observer for all actors, which finds the state of the event's target: some ten times as
/// quick as an observer on each entity.
fn many(load: &Load) -> Outcome {
    fn handle(on: On<Addressed>, mut counters: Query<&mut Counter>) {
        if let Ok(counter) = counters.get_mut(on.target) {
            counter.into_inner().handle(&on.message);
        }
    }

    let mut world = World::new();
    world.add_observer(handle);
    let spawned = (0..load.actors).map(|_| world.spawn(Counter::default()).id());
    let actors: Vec<Entity> = spawned.collect();
    let start = Instant::now();
    for index in 0..load.messages {
        world.trigger(Addressed {
            target: actors[load.target(index)],
            message: load.message(index),
        });
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksum(&world, &actors))
}

fn mixed(load: &Load) -> Outcome {
    fn handle<M>(on: On<M>, mut counters: Query<&mut MixedCounter>)
    where
        M: for<'a> Event<Trigger<'a>: Default>,
        MixedCounter: Handle<M>,
    {
        for counter in &mut counters {
            counter.into_inner().handle(on.event());
        }
    }

    let mut world = World::new();
    world.add_observer(handle::<A>);
    world.add_observer(handle::<B>);
    world.add_observer(handle::<C>);
    world.add_observer(handle::<D>);
    world.add_observer(handle::<E>);
    world.add_observer(handle::<F>);
    world.add_observer(handle::<G>);
    world.add_observer(handle::<H>);
    let actor = world.spawn(MixedCounter::default()).id();
    let start = Instant::now();
    for index in 0..load.messages {
        with_mixed!(load, index, message => world.trigger(message));
    }
    let elapsed = start.elapsed();
    Outcome::new(elapsed, state::<MixedCounter>(&world, actor).checksum())
}

fn ask(load: &Load) -> Outcome {
    fn answer(mut on: On<Asked>, mut counters: Query<&mut Counter>) {
        if let Ok(counter) = counters.get_mut(on.observer()) {
            on.reply = counter.into_inner().answer(&on.question);
        }
    }

    let mut world = World::new();
    let actor = world.spawn((Counter::default(), Observer::new(answer))).id();
    let mut sum = 0;
    let start = Instant::now();
    for index in 0..load.messages {
        let mut asked = Asked { question: load.message(index), reply: 0 };
        world.trigger_ref(&mut asked);
        sum = mix(sum, asked.reply, 0);
    }
    let elapsed = start.elapsed();
    let checksum = state::<Counter>(&world, actor).checksum();
    Outcome::new(elapsed, mix(sum, checksum, 0))
}

/// Each actor with an observer of its own, as in `fanout`.
fn spawn_all(world: &mut World, load: &Load, actors: &mut Vec<Entity>) {
    for index in 0..load.actors as u64 {
        let observer = Observer::new(handle_told::<Tell, Counter>);
        actors.push(world.spawn((load.message::<Counter>(index), observer)).id());
    }
}

fn spawn(load: &Load) -> Outcome {
    let mut world = World::new();
    let mut actors = Vec::with_capacity(load.actors);
    let start = Instant::now();
    spawn_all(&mut world, load, &mut actors);
    let elapsed = start.elapsed();
    Outcome::new(elapsed, checksum(&world, &actors))
}

fn spawned_heap_bytes(load: &Load) -> i64 {
    let mut world = World::new();
    let mut actors = Vec::with_capacity(load.actors);
    live_heap_bytes(|| spawn_all(&mut world, load, &mut actors))
}
