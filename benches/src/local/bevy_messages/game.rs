//! A world with a schedule, driven burst by burst.

use std::time::{Duration, Instant};

use bevy_ecs::{
    component::Component,
    entity::Entity,
    message::{Message, MessageRegistry, Messages, message_update_system},
    schedule::{IntoScheduleConfigs, Schedule},
    system::ScheduleSystem,
    world::World,
};

use crate::local::{
    message::{Counter, State, combine},
    workload::Load,
};

/// A world and the schedule of one tick, which first swaps the buffers.
pub struct Game {
    pub world: World,
    schedule: Schedule,
}

impl Game {
    pub fn new() -> Self {
        let mut schedule = Schedule::default();
        schedule.add_systems(message_update_system);
        Self { world: World::new(), schedule }
    }

    pub fn with_message<M: Message>(mut self) -> Self {
        MessageRegistry::register_message::<M>(&mut self.world);
        self
    }

    pub fn with_systems<Marker>(
        mut self,
        systems: impl IntoScheduleConfigs<ScheduleSystem, Marker>,
    ) -> Self {
        self.schedule.add_systems(systems.after(message_update_system));
        self
    }

    pub fn buffer<M: Message>(&mut self) -> &mut Messages<M> {
        self.world.resource_mut::<Messages<M>>().into_inner()
    }

    pub fn tick(&mut self) {
        self.schedule.run(&mut self.world);
    }

    /// Times a load: writes a burst, lets the systems read it in a tick, writes the next one.
    pub fn time_bursts<M: Message>(&mut self, load: &Load, message: impl Fn(u64) -> M) -> Duration {
        let start = Instant::now();
        for burst in load.bursts() {
            let buffer = self.buffer();
            for index in burst {
                buffer.write(message(index));
            }
            self.tick();
        }
        start.elapsed()
    }

    pub fn spawn_counters(&mut self, actors: usize) -> Vec<Entity> {
        let spawn = |_| self.world.spawn(Counter::default()).id();
        (0..actors).map(spawn).collect()
    }

    pub fn state<S: Component>(&self, actor: Entity) -> &S {
        self.world.get::<S>(actor).expect("no case despawns an actor")
    }

    pub fn checksum(&self, actors: &[Entity]) -> u64 {
        combine(actors.iter().map(|actor| self.state::<Counter>(*actor).checksum()))
    }
}
