//! What a manager shares with its handles.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::shard::{Shard, ShardQueue};

/// The queues of all handles, and what wakes and stops the manager's loop.
pub(crate) struct Shared {
    shards: Mutex<Shards>,
    capacity: usize,
    stop: AtomicBool,
    woken: Mutex<bool>,
    waking: Condvar,
    wakers: Mutex<Wakers>,
}

type Waker = Arc<dyn Fn() + Send + Sync>;

/// Who is told of a wake.
#[derive(Clone, Default)]
struct Wakers {
    /// What the loop waits by in place of the condition variable.
    of_loop: Option<Waker>,
    /// What the program set for itself.
    of_program: Option<Waker>,
}

struct Shards {
    open: bool,
    list: Vec<Arc<Shard>>,
    /// Empty; swapped with a shard's queue, so that its thread is held up for a moment only.
    spare: ShardQueue,
}

impl Shared {
    pub(crate) fn new(capacity: usize) -> Shared {
        let shards = Shards { open: true, list: Vec::new(), spare: ShardQueue::default() };
        Shared {
            shards: Mutex::new(shards),
            capacity,
            stop: AtomicBool::new(false),
            woken: Mutex::new(false),
            waking: Condvar::new(),
            wakers: Mutex::default(),
        }
    }

    pub(super) fn new_shard(&self) -> Arc<Shard> {
        let mut shards = self.shards.lock();
        let shard = Arc::new(Shard::new(self.capacity, shards.open));
        if shards.open {
            shards.list.push(shard.clone());
        }
        shard
    }

    /// Has what is in each handle's queue taken over, while there is room; returns how much.
    pub(super) fn receive(
        &self,
        has_room: impl Fn() -> bool,
        mut take: impl FnMut(&mut ShardQueue) -> usize,
    ) -> usize {
        let mut shards = self.shards.lock();
        let Shards { list, spare, .. } = &mut *shards;
        let mut received = 0;
        list.retain(|shard| {
            // Asked first: what the last handle queued before it was dropped is then seen below.
            let in_use = Arc::strong_count(shard) > 1;
            if !has_room() {
                return true;
            }
            shard.swap(spare);
            received += take(spare);
            in_use
        });
        received
    }

    /// Drops what is in all handles' queues; returns how much.
    pub(crate) fn clear(&self) -> usize {
        let queues: Vec<_> =
            self.shards.lock().list.iter().filter_map(|shard| shard.take()).collect();
        queues.iter().map(ShardQueue::count).sum()
    }

    /// Refuses messages from now on, and drops those that wait.
    pub(crate) fn close(&self) {
        let mut shards = self.shards.lock();
        shards.open = false;
        let list = std::mem::take(&mut shards.list);
        drop(shards);
        let of_loop = self.wakers.lock().of_loop.take();
        drop(of_loop);
        for shard in list {
            shard.close();
        }
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// Whether a stop was asked for since the last call.
    pub(crate) fn take_stop(&self) -> bool {
        self.stop.swap(false, Ordering::AcqRel)
    }

    pub(super) fn on_wake(&self, wake: Waker) {
        let before = self.wakers.lock().of_program.replace(wake);
        drop(before);
    }

    /// Has this called as well when the loop is woken.
    pub(crate) fn wake_by(&self, wake: Waker) {
        let before = self.wakers.lock().of_loop.replace(wake);
        drop(before);
    }

    pub(super) fn wake(&self) {
        *self.woken.lock() = true;
        self.waking.notify_all();
        // A copy, since they may set others.
        let Wakers { of_loop, of_program } = self.wakers.lock().clone();
        [of_loop, of_program].into_iter().flatten().for_each(|wake| wake());
    }

    /// Waits until this time, until a stop is asked for, or, with `for_wake`, until woken.
    pub(crate) fn wait_until(&self, time: Instant, for_wake: bool) {
        let mut woken = self.woken.lock();
        while !(self.stop.load(Ordering::Acquire) || *woken && for_wake) {
            if self.waking.wait_until(&mut woken, time).timed_out() {
                break;
            }
        }
        *woken = false;
    }

    /// Waits by something else than the condition variable, unless woken already.
    ///
    /// No wake is lost. [`wake`](Self::wake) first sets the flag and then calls the waker. If the
    /// flag is set before it is looked at here, there is no wait; if later, so is the call of the
    /// waker, which ends this wait or, where that has ended by itself, the next one. The flag is
    /// taken back only when the wait is over, and a tick follows, which takes what was queued
    /// before the flag was set. A stop wakes once its own flag is set, which stays until it is told.
    pub(crate) fn wait_by(&self, wait: impl FnOnce()) {
        let woken = *self.woken.lock();
        if !woken {
            wait();
        }
        *self.woken.lock() = false;
    }
}
