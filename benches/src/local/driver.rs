//! What drives the peers on an asynchronous runtime: the runtime, and the end of a burst.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};

use super::workload::Load;

/// Requests sent before the first reply is awaited: one at a time takes the three peers 1.6 to 2.6
/// times as long, and with 10,000 at once all of them get slower.
pub const ASK_BURST: u64 = 100;

/// A runtime on this thread: with one actor at work at a time it is quicker than several.
pub fn current_thread() -> Runtime {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers needs nothing of the system")
}

/// Runs a driver and its actors on this thread, and drops the actors when it ends.
pub fn block_on<T>(driver: impl Future<Output = T>) -> T {
    current_thread().block_on(driver)
}

/// Times a load: sends a burst, waits until the actors have handled it, sends the next one.
/// `receivers` is how many actors handle each message.
pub async fn time_bursts(load: &Load, receivers: u64, send: impl Fn(u64)) -> Duration {
    let start = Instant::now();
    for burst in load.bursts() {
        expect((burst.end - burst.start) * receivers);
        for index in burst {
            send(index);
        }
        reached().await;
    }
    start.elapsed()
}

/// How far the actors on this thread are. Thread-local and not a field of the actors, so that
/// it costs them no memory: the driver and the actors of a run share one thread.
struct Progress {
    missing: Cell<u64>,
    driver: RefCell<Option<Waker>>,
}

thread_local! {
    static PROGRESS: Progress = const {
        Progress {
            missing: Cell::new(0),
            driver: RefCell::new(None),
        }
    };
}

/// Says how many messages will be handled before [`reached`] is ready.
pub fn expect(messages: u64) {
    PROGRESS.with(|progress| progress.missing.set(messages));
}

/// Counts one handled message.
pub fn count() {
    PROGRESS.with(|progress| {
        let missing = progress.missing.get() - 1;
        progress.missing.set(missing);
        if missing == 0
            && let Some(driver) = progress.driver.take()
        {
            driver.wake();
        }
    });
}

/// Waits until all expected messages are handled.
pub async fn reached() {
    poll_fn(|context| {
        PROGRESS.with(|progress| {
            if progress.missing.get() == 0 {
                return Poll::Ready(());
            }
            progress.driver.replace(Some(context.waker().clone()));
            Poll::Pending
        })
    })
    .await;
}
