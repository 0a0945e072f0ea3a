//! What all lines of a manager have in common: its loop, which waits for them and is woken.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pysage_core::{ActorManager, Handle, Waiting};

use super::line::{SERVICE_INTERVAL, SharedLine, system};
use super::poll::Waker;
use crate::config::Service;
use crate::error::NetError;

/// What all lines of a manager have in common.
pub(super) struct Station {
    /// Wakes the manager's loop, however that waits.
    manager: Handle,
    lines: Mutex<Vec<Weak<SharedLine>>>,
    /// Ends the wait of a loop that waits here.
    waker: Arc<Waker>,
    is_waiting: AtomicBool,
    /// When a loop has waited here last, in microseconds from `start`; 0 for never.
    waited_at_us: AtomicU64,
    start: Instant,
}

/// Waits for datagrams in place of a manager's loop, and serves the lines meanwhile.
///
/// That spares the way over another thread: whoever waits for a message is woken by its datagram.
struct WaitingForPeers(Arc<Station>);

impl Station {
    /// The station of a manager, whose loop waits here from now on, unless it waits by something
    /// else already, such as for groups. It is then woken by the threads that serve the lines.
    pub(super) fn of(manager: &ActorManager) -> Result<Arc<Station>, NetError> {
        let waker = Waker::new().map_err(system("waiting for datagrams cannot be set up"))?;
        let station = Arc::new(Station {
            manager: manager.handle(),
            lines: Mutex::default(),
            waker: Arc::new(waker),
            is_waiting: AtomicBool::new(false),
            waited_at_us: AtomicU64::new(0),
            start: Instant::now(),
        });
        if !manager.has_waiting() {
            manager.wait_by(WaitingForPeers(station.clone()));
        }
        Ok(station)
    }

    pub(super) fn add(&self, line: &Arc<SharedLine>) {
        let mut lines = self.lines.lock();
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(line));
    }

    pub(super) fn lines(&self) -> Vec<Arc<SharedLine>> {
        self.lines.lock().iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn wake_manager(&self) {
        self.manager.wake();
    }

    /// Whether a loop waits here and serves the lines, or has until just now: then it will soon be
    /// back, and no thread need come between.
    pub(super) fn is_attended(&self) -> bool {
        if self.is_waiting.load(Ordering::Acquire) {
            return true;
        }
        let waited_at_us = self.waited_at_us.load(Ordering::Acquire);
        let waited_at = self.start + Duration::from_micros(waited_at_us);
        waited_at_us > 0 && waited_at.elapsed() < SERVICE_INTERVAL
    }

    fn wait_until(&self, time: Instant) {
        loop {
            let lines = self.lines();
            let Some(due) = before_wait(&lines) else { return };
            let until = due.map_or(time, |due| due.min(time));
            let waits: Vec<_> = lines.iter().map(|line| line.waits()).collect();
            let woken = self.waker.wait(Some(until), waits.iter().flat_map(|waits| &**waits));
            if woken || Instant::now() >= time || !serve(&lines) {
                return;
            }
        }
    }
}

/// When a line is due next; `None` if one has something for a tick now.
fn before_wait(lines: &[Arc<SharedLine>]) -> Option<Option<Instant>> {
    let mut next: Option<Instant> = None;
    for shared in lines {
        let line = shared.lock();
        if line.host.has_news() {
            return None;
        }
        next = [next, line.due(true)].into_iter().flatten().min();
    }
    Some(next)
}

/// Serves the lines behind a wait, and says whether it may go on: no if there is something for a
/// tick.
fn serve(lines: &[Arc<SharedLine>]) -> bool {
    let mut goes_on = true;
    for shared in lines {
        // All that such a line does it does in a tick.
        if shared.service == Service::InTick {
            return false;
        }
        let mut line = shared.lock();
        let now = line.at(Instant::now());
        line.read(now);
        if line.host.has_news() {
            // The tick reads no more, and sends with what it has to say what is due here.
            line.is_read_out = true;
            goes_on = false;
        } else {
            line.transmit(now);
        }
        shared.wake_sleeper(&line);
    }
    goes_on
}

impl Waiting for WaitingForPeers {
    fn wait_until(&self, time: Instant) {
        let station = &self.0;
        station.is_waiting.store(true, Ordering::Release);
        station.wait_until(time);
        let waited_us = u64::try_from(station.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        station.waited_at_us.store(waited_us.max(1), Ordering::Release);
        station.is_waiting.store(false, Ordering::Release);
    }

    fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let waker = self.0.waker.clone();
        Arc::new(move || waker.wake())
    }
}
