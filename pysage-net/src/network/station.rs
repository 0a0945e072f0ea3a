//! What all lines of a manager have in common: its loop, which waits for them and is woken.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pysage_core::{ActorManager, BusyWait, Handle, Waiting};

use super::line::{SERVICE_INTERVAL, SharedLine, system};
use super::poll::{Ended, Waker};
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
struct WaitingForPeers {
    station: Arc<Station>,
    busy: RefCell<BusyWait>,
}

/// Where more than this comes at a time, it comes all the time: to poll for it means to read it in
/// smaller pieces, which take longer.
const MUCH_BYTES: usize = 4 << 10;

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
            let busy = RefCell::new(manager.busy_wait());
            manager.wait_by(WaitingForPeers { station: station.clone(), busy });
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

    fn wait_until(&self, time: Instant, busy: &mut BusyWait) {
        loop {
            let lines = self.lines();
            let Some(due) = before_wait(&lines) else { return };
            let until = due.map_or(time, |due| due.min(time));
            let waits: Vec<_> = lines.iter().map(|line| line.waits()).collect();
            let waits = waits.iter().flat_map(|waits| &**waits);
            let begun = Instant::now();
            let ended = self.waker.wait(Some(until), busy.time(), waits);
            let now = Instant::now();
            busy.waited(now - begun, ended != Ended::Time);
            if ended == Ended::Woken || now >= time {
                return;
            }
            let Served { goes_on, bytes } = serve(&lines, now);
            if bytes > MUCH_BYTES {
                busy.begin_anew();
            }
            if !goes_on {
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

/// What was done behind a wait.
struct Served {
    /// Whether the wait may go on: no if there is something for a tick.
    goes_on: bool,
    /// How much was read.
    bytes: usize,
}

/// Serves the lines behind a wait.
fn serve(lines: &[Arc<SharedLine>], now: Instant) -> Served {
    let mut served = Served { goes_on: true, bytes: 0 };
    for shared in lines {
        // All that such a line does it does in a tick.
        if shared.service == Service::InTick {
            return Served { goes_on: false, ..served };
        }
        let mut line = shared.lock();
        let now = line.at(now);
        served.bytes += line.read(now);
        if line.host.has_news() {
            // The tick reads no more, and sends with what it has to say what is due here.
            line.is_read_out = true;
            served.goes_on = false;
        } else {
            line.transmit(now);
        }
        shared.wake_sleeper(&line);
    }
    served
}

impl Waiting for WaitingForPeers {
    fn wait_until(&self, time: Instant) {
        let station = &self.station;
        station.is_waiting.store(true, Ordering::Release);
        station.wait_until(time, &mut self.busy.borrow_mut());
        let waited_us = u64::try_from(station.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        station.waited_at_us.store(waited_us.max(1), Ordering::Release);
        station.is_waiting.store(false, Ordering::Release);
    }

    fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let waker = self.station.waker.clone();
        Arc::new(move || waker.wake())
    }
}
