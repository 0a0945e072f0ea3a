//! The thread that serves a line between ticks.
//!
//! It leaves to others what they do themselves:
//!
//! * While the manager's loop waits for datagrams, that serves the line. The thread then only looks
//!   now and then whether it still does.
//! * A manager that was woken and has not ticked yet need not be woken again, so what arrives until
//!   then is read together, once in 4 ms.
//! * Otherwise the thread sleeps until a datagram comes or a timer of a peer is due.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::line::{Line, SERVICE_INTERVAL, SharedLine, Sleep, system};
use super::poll::Waker;
use crate::error::NetError;
use crate::host::Taken;

/// A thread that serves a line.
pub(super) struct ServiceThread {
    line: Arc<SharedLine>,
    thread: Option<JoinHandle<()>>,
}

/// How often it is looked whether a loop still serves a line on which nothing happens.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How long the end of a program is held up for peers that have not acknowledged what was sent, or
/// the farewell: some round trips within a continent.
const FAREWELL: Duration = Duration::from_millis(200);

impl ServiceThread {
    pub(super) fn start(line: &Arc<SharedLine>) -> Result<ServiceThread, NetError> {
        let served = line.clone();
        let thread = thread::Builder::new().name("pysage-net".to_owned());
        let thread = thread
            .spawn(move || {
                let Some(waker) = &served.waker else { return };
                let ended = catch_unwind(AssertUnwindSafe(|| work(&served, waker)));
                let mut line = served.lock();
                line.sleep = None;
                if ended.is_err() {
                    // From here on the tick serves the line alone, and tells.
                    line.fail(io::Error::other("the thread that serves it panicked"));
                }
            })
            .map_err(system("the thread that serves a socket cannot be started"))?;
        Ok(ServiceThread { line: line.clone(), thread: Some(thread) })
    }
}

impl Drop for ServiceThread {
    /// Ends the thread, and waits for that: no longer than [`FAREWELL`].
    fn drop(&mut self) {
        say_farewell(&self.line);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Disconnects all who are left on a line. With a thread it is served for a while longer.
pub(super) fn say_farewell(shared: &SharedLine) {
    let mut line = shared.lock();
    let now = shared.time(line.latest());
    let now = line.at(now);
    if line.ends_at.is_none() {
        line.ends_at = Some(now + FAREWELL);
        line.host.close(now);
        line.transmit(now);
    }
    drop(line);
    if let Some(waker) = &shared.waker {
        waker.wake();
    }
}

fn work(shared: &SharedLine, waker: &Waker) {
    let mut watched = false;
    loop {
        let mut line = shared.lock();
        let now = line.at(Instant::now());
        if let Some(ends_at) = line.ends_at {
            // Nobody is there any more to be told.
            line.host.tell(now, &mut |_, _| Taken::Yes);
            if ends_at <= now || line.is_over() {
                return;
            }
        }
        let is_due = watched || line.due(false).is_some_and(|due| due <= now);
        let serves = (is_due && !shared.is_attended(&line)) || line.found.is_some();
        if serves {
            line.read(now);
            line.transmit(now);
        }
        let has_news = serves && line.host.has_news() && !line.is_told;
        line.is_told |= has_news;
        let waits = shared.waits();
        let sleep = sleep(shared, &line, now, !waits.is_empty());
        line.sleep = Some(sleep);
        drop(line);
        if has_news {
            shared.station.wake_manager();
        }
        watched = sleep.for_socket;
        waker.wait(sleep.until, Duration::ZERO, waits.iter().filter(|_| watched));
    }
}

/// How the thread sleeps next.
fn sleep(shared: &SharedLine, line: &Line, now: Instant, has_socket: bool) -> Sleep {
    let (timer, waits_changed) = (line.due(true), line.waits_changed());
    let earliest = |at: Instant| Some(timer.map_or(at, |timer| timer.min(at)));
    if !has_socket {
        return Sleep { until: earliest(now + SERVICE_INTERVAL), for_socket: false, waits_changed };
    }
    let look_at = line.look_at();
    if shared.is_attended(line) {
        // It is looked whether that is still so when something is due, but not more often than this.
        let soonest = now + SERVICE_INTERVAL;
        let look_at = look_at.map_or(now + LOOK_INTERVAL, |_| soonest);
        let until = timer.map_or(look_at, |timer| look_at.min(timer.max(soonest)));
        return Sleep { until: Some(until), for_socket: false, waits_changed };
    }
    match look_at {
        Some(look_at) if line.is_told => {
            Sleep { until: earliest(look_at), for_socket: false, waits_changed }
        }
        _ => Sleep { until: timer, for_socket: true, waits_changed },
    }
}
