//! Tasks of ours, all of which wait for the next tick.

use std::time::Instant;

use pysage_core::{Actor, ActorId, ActorManager, ManagerConfig, Me, Message, Subscriptions};

use super::tick;
use crate::local::{
    message::{Counter, Handle, State, Tell, combine},
    peer::Outcome,
    workload::Load,
};

/// Begins a task whose state is its own.
#[derive(Clone, Message)]
struct Step {
    begun: Tell,
    steps: u64,
}

/// Begins a task whose state is that of its actor.
#[derive(Clone, Message)]
struct StepWith {
    begun: Tell,
    steps: u64,
}

#[derive(Default)]
struct Stepping(Counter);

impl Actor for Stepping {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.task(Self::step).task(Self::step_with);
    }
}

impl Stepping {
    async fn step(me: Me<Self>, Step { begun, steps }: Step) {
        let mut counter = Counter::default();
        for step in 0..steps {
            me.next_tick().await;
            counter.handle(&begun.in_step(step));
        }
        me.next_tick().await;
        me.with(|actor, _| actor.0 = counter);
    }

    async fn step_with(me: Me<Self>, StepWith { begun, steps }: StepWith) {
        for step in 0..steps {
            me.next_tick().await;
            me.with(|actor, _| actor.0.handle(&begun.in_step(step)));
        }
    }
}

pub fn step(load: &Load) -> Outcome {
    steps(load, |begun| Step { begun, steps: load.messages })
}

pub fn step_with(load: &Load) -> Outcome {
    steps(load, |begun| StepWith { begun, steps: load.messages })
}

/// Begins a task of each actor, times the ticks in which all of them do a step, and has them end in
/// one more.
fn steps<M: Message>(load: &Load, begin: impl Fn(Tell) -> M) -> Outcome {
    let config = ManagerConfig::default();
    let manager =
        ActorManager::with_config(config.queue_capacity(load.actors).task_capacity(load.actors));
    let actors = (0..load.actors).map(|_| manager.register(Stepping::default()));
    let actors: Vec<ActorId> = actors.collect();
    for (index, actor) in (0..).zip(&actors) {
        manager.queue_to(*actor, begin(load.message(index)));
    }
    tick(&manager);
    let start = Instant::now();
    for _ in 0..load.messages {
        tick(&manager);
    }
    let elapsed = start.elapsed();
    tick(&manager);
    let state = |actor: &ActorId| manager.with(*actor, |actor: &mut Stepping| actor.0.checksum());
    let states = actors.iter().map(|actor| state(actor).expect("the actor is registered"));
    Outcome::new(elapsed, combine(states))
}
