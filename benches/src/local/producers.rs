//! Producer threads which start together, for the `prod4` cases.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::workload::PRODUCERS;

/// The producers and the consumer.
pub const THREADS: usize = PRODUCERS + 1;

/// Runs `produce` for each producer on a thread of its own and `consume` on this one, and
/// returns the time until `consume` has returned. The threads' start is not part of it.
pub fn race(produce: impl Fn(usize) + Sync, consume: impl FnOnce()) -> Duration {
    let ready = AtomicUsize::new(0);
    let release = Barrier::new(THREADS);
    thread::scope(|scope| {
        for producer in 0..PRODUCERS {
            let (produce, ready, release) = (&produce, &ready, &release);
            scope.spawn(move || {
                ready.fetch_add(1, Ordering::Release);
                release.wait();
                allocation_counter::opt_out(|| produce(producer));
            });
        }
        while ready.load(Ordering::Acquire) < PRODUCERS {
            thread::yield_now();
        }
        // Before the barrier: behind it the producers may run a while before this thread does.
        let start = Instant::now();
        release.wait();
        consume();
        start.elapsed()
    })
}
