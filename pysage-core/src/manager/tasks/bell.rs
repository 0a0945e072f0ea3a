//! The waker of tasks, which tells whether somebody keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::task::{Wake, Waker};

/// The waker that tasks are polled with, one after the other.
///
/// Futures of this crate say what they wait for and leave the waker alone. One that keeps it means
/// to call it later: the task is then polled in each tick, so that nothing has to be done when it
/// is called. The next task gets another waker, so that it is known who keeps which.
pub(crate) struct Bell {
    rung: Arc<Rung>,
    waker: Waker,
}

#[derive(Default)]
struct Rung(AtomicBool);

/// The bell itself has one, and the waker.
const OWN_REFERENCES: usize = 2;

impl Bell {
    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }

    pub(super) fn points_to(&self) -> *const () {
        self.waker.data()
    }

    /// Whether somebody kept the waker, or called it, during the last poll.
    #[inline(always)]
    pub(super) fn was_kept(&mut self) -> bool {
        let kept = Arc::strong_count(&self.rung) > OWN_REFERENCES;
        // Another thread may have let go of the waker after it called it.
        fence(Ordering::Acquire);
        let used = kept || self.rung.0.load(Ordering::Relaxed);
        if used {
            *self = Bell::default();
        }
        used
    }
}

impl Default for Bell {
    fn default() -> Bell {
        let rung = Arc::<Rung>::default();
        Bell { waker: rung.clone().into(), rung }
    }
}

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}
