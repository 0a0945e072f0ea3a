//! The case `mixed`: eight buffers, so the order between types is lost.

use std::time::Instant;

use bevy_ecs::{message::MessageWriter, system::SystemState};

use super::{game::Game, handle_told};
use crate::local::{
    message::{A, B, C, D, E, F, G, H, MixedCounter},
    peer::Outcome,
    workload::Load,
};

/// Holds all buffers at once, as a system which writes eight types does.
type Writers<'w> = (
    MessageWriter<'w, A>,
    MessageWriter<'w, B>,
    MessageWriter<'w, C>,
    MessageWriter<'w, D>,
    MessageWriter<'w, E>,
    MessageWriter<'w, F>,
    MessageWriter<'w, G>,
    MessageWriter<'w, H>,
);

pub fn mixed(load: &Load) -> Outcome {
    let mut game = Game::new()
        .with_message::<A>()
        .with_message::<B>()
        .with_message::<C>()
        .with_message::<D>()
        .with_message::<E>()
        .with_message::<F>()
        .with_message::<G>()
        .with_message::<H>()
        .with_systems((
            handle_told::<A, MixedCounter>,
            handle_told::<B, MixedCounter>,
            handle_told::<C, MixedCounter>,
            handle_told::<D, MixedCounter>,
            handle_told::<E, MixedCounter>,
            handle_told::<F, MixedCounter>,
            handle_told::<G, MixedCounter>,
            handle_told::<H, MixedCounter>,
        ));
    let actor = game.world.spawn(MixedCounter::default()).id();
    let mut writers: SystemState<Writers> = SystemState::new(&mut game.world);
    let start = Instant::now();
    for burst in load.bursts() {
        let (mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h) =
            writers.get_mut(&mut game.world).expect("all eight messages are registered");
        for index in burst {
            match load.kind(index) {
                0 => _ = a.write(load.message(index)),
                1 => _ = b.write(load.message(index)),
                2 => _ = c.write(load.message(index)),
                3 => _ = d.write(load.message(index)),
                4 => _ = e.write(load.message(index)),
                5 => _ = f.write(load.message(index)),
                6 => _ = g.write(load.message(index)),
                _ => _ = h.write(load.message(index)),
            }
        }
        game.tick();
    }
    let elapsed = start.elapsed();
    Outcome {
        ordered: false,
        ..Outcome::new(elapsed, game.state::<MixedCounter>(actor).checksum_by_type())
    }
}
