//! Who kills groups, and what is known of their processes.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::load::scatter;

/// What killer, witness and main know of the groups.
pub(crate) struct Board(Vec<Place>);

#[derive(Default)]
struct Place {
    /// The group's process; 0 as long as none has said so, and from its kill on.
    process: AtomicU32,
    /// It has become ready and was not killed since.
    up: AtomicBool,
    killed: Mutex<Option<Instant>>,
    kills: AtomicU32,
}

/// The thread that kills. Dropped, it ends.
pub(crate) struct Killer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    pub(crate) fn new(groups: u32) -> Board {
        Board((0..groups).map(|_| Place::default()).collect())
    }

    /// A group has begun, in this process.
    pub(crate) fn announce(&self, group: u32, process: u32) {
        if let Some(place) = self.0.get(group as usize) {
            place.process.store(process, Ordering::Release);
        }
    }

    /// A group is ready.
    pub(crate) fn set_up(&self, group: u32) {
        self.0[group as usize].up.store(true, Ordering::Release);
    }

    /// When a group was killed that is not up again.
    pub(crate) fn killed(&self, group: u32) -> Option<Instant> {
        *self.0[group as usize].killed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`killed`](Self::killed); it is up again.
    pub(crate) fn take_killed(&self, group: u32) -> Option<Instant> {
        self.0[group as usize].killed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How often a group was killed.
    pub(crate) fn kills(&self, group: u32) -> u64 {
        u64::from(self.0[group as usize].kills.load(Ordering::Acquire))
    }

    pub(crate) fn all_kills(&self) -> u64 {
        (0..self.0.len()).map(|group| self.kills(group as u32)).sum()
    }

    /// Kills one of the groups that are up, if there is one.
    fn kill_one(&self, random: u64) -> bool {
        let can_be_killed = |place: &&Place| {
            place.up.load(Ordering::Acquire) && place.process.load(Ordering::Acquire) != 0
        };
        let count = self.0.iter().filter(can_be_killed).count() as u64;
        let index = random.checked_rem(count).unwrap_or(0) as usize;
        let Some(place) = self.0.iter().filter(can_be_killed).nth(index) else { return false };
        place.up.store(false, Ordering::Release);
        let process = place.process.swap(0, Ordering::AcqRel);
        let Some(process) = Pid::from_raw(process.cast_signed()) else { return false };
        *place.killed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        match kill_process(process, Signal::KILL) {
            Ok(()) => _ = place.kills.fetch_add(1, Ordering::AcqRel),
            // It has ended by itself: that is seen when its end is told.
            Err(_) => *place.killed.lock().unwrap_or_else(PoisonError::into_inner) = None,
        }
        true
    }
}

/// How long until another look for a group that is up.
const NAP: Duration = Duration::from_millis(1);

impl Killer {
    /// Kills a group every so often; which one, the seed says.
    pub(crate) fn start(board: Arc<Board>, every: Duration, seed: u64) -> io::Result<Killer> {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("killer".to_owned()).spawn(move || {
            let mut due = Instant::now() + every;
            let mut kills = 0;
            loop {
                let wait = due.saturating_duration_since(Instant::now());
                match stopped.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
                if board.kill_one(scatter(seed ^ kills)) {
                    kills += 1;
                    due = (due + every).max(Instant::now());
                } else {
                    due = Instant::now() + NAP;
                }
            }
        })?;
        Ok(Killer { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("soak: the killer panicked");
        }
    }
}
