//! One group that another has added.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pysage_core::wire::MessageTable;

use crate::config::GroupConfig;
use crate::control::{ControlError, Known, VERSION};
use crate::entry::Entry;
use crate::error::GroupError;
use crate::event::GroupEnd;
use crate::line::{Line, LineError};
use crate::name::GroupName;
use crate::restarts::Restarts;
use crate::socket::Process;

/// A group that this one added.
pub(super) struct Child {
    pub(super) name: GroupName,
    pub(super) entry: Entry,
    pub(super) config: GroupConfig,
    pub(super) kind: GroupKind,
    /// The messages that this group knew when it added the other.
    pub(super) table: MessageTable,
    pub(super) restarts: Restarts,
    pub(super) started: Instant,
    pub(super) state: State,
    /// What it said about its end.
    pub(super) last_words: Option<GroupEnd>,
    /// Why it did not become ready.
    pub(super) refusal: Option<GroupError>,
}

/// Where a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupKind {
    Process,
    Thread,
}

pub(super) enum State {
    Starting {
        running: Running,
        deadline: Instant,
    },
    Up {
        running: Running,
        heard: Instant,
    },
    /// It is started again then.
    Waiting {
        at: Instant,
    },
    Failed(GroupEnd),
}

/// A group that runs.
pub(super) struct Running {
    pub(super) body: Body,
    pub(super) line: Line,
}

/// What a group runs in.
pub(super) enum Body {
    Process(Process),
    Thread(JoinHandle<()>),
}

/// How long a process may take to end once its line has ended.
pub(super) const END_TIMEOUT: Duration = Duration::from_millis(100);

impl Child {
    pub(super) fn new(
        name: GroupName,
        entry: Entry,
        config: GroupConfig,
        kind: GroupKind,
        table: MessageTable,
        now: Instant,
    ) -> Child {
        let restarts = Restarts::new(&config);
        let state = State::Waiting { at: now };
        let (last_words, refusal) = (None, None);
        Child {
            name,
            entry,
            config,
            kind,
            table,
            restarts,
            started: now,
            state,
            last_words,
            refusal,
        }
    }

    pub(super) fn started(&mut self, running: Running, now: Instant) {
        self.started = now;
        (self.last_words, self.refusal) = (None, None);
        self.state = State::Starting { running, deadline: now + self.config.ready_timeout };
    }

    pub(super) fn line(&self) -> Option<&Line> {
        self.running().map(|running| &running.line)
    }

    pub(super) fn line_mut(&mut self) -> Option<&mut Line> {
        self.running_mut().map(|running| &mut running.line)
    }

    fn running(&self) -> Option<&Running> {
        match &self.state {
            State::Starting { running, .. } | State::Up { running, .. } => Some(running),
            State::Waiting { .. } | State::Failed(_) => None,
        }
    }

    pub(super) fn running_mut(&mut self) -> Option<&mut Running> {
        match &mut self.state {
            State::Starting { running, .. } | State::Up { running, .. } => Some(running),
            State::Waiting { .. } | State::Failed(_) => None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    pub(super) fn program(&self) -> std::io::Result<PathBuf> {
        self.config.program.clone().map_or_else(std::env::current_exe, Ok)
    }

    /// When it has to be looked at, if it tells nothing before.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        match &self.state {
            State::Starting { deadline, .. } => Some(*deadline),
            State::Waiting { at } => Some(*at),
            State::Up { heard, running: Running { body: Body::Process(_), .. } } => {
                self.config.heartbeat.map(|time| *heard + time)
            }
            State::Up { .. } | State::Failed(_) => None,
        }
    }

    /// Waits for its end, which a process is brought to at the deadline; whether it has ended.
    pub(super) fn end(self, deadline: Instant) -> bool {
        self.into_body().is_none_or(|body| body.finish(deadline).is_some())
    }

    /// What it runs in; its line is dropped.
    pub(super) fn into_body(self) -> Option<Body> {
        match self.state {
            State::Starting { running, .. } | State::Up { running, .. } => Some(running.body),
            State::Waiting { .. } | State::Failed(_) => None,
        }
    }

    pub(super) fn known(&self) -> Known {
        let process = match self.running().map(|running| &running.body) {
            Some(Body::Process(process)) => process.id(),
            _ => std::process::id(),
        };
        Known {
            group: self.name.to_string(),
            process: u64::from(process),
            terms: self.config.terms(),
        }
    }

    /// What is wrong with it at that time, if it does not tell it itself.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<GroupEnd> {
        match &self.state {
            State::Starting { deadline, .. } if now >= *deadline => {
                let timeout = self.config.ready_timeout;
                self.refusal = Some(GroupError::NotReady { group: self.name.clone(), timeout });
                Some(GroupEnd::Failed(format!("it was not ready within {timeout:?}")))
            }
            State::Up { heard, running: Running { body: Body::Process(_), .. } } => {
                let hangs = |time| now.saturating_duration_since(*heard) > time;
                self.config.heartbeat.is_some_and(hangs).then_some(GroupEnd::Hung)
            }
            _ => None,
        }
    }

    /// Takes note of a line that makes no sense.
    pub(super) fn misspoke(&mut self, error: &LineError) {
        if let LineError::Control(ControlError::Version { there }) = *error {
            let group = self.name.clone();
            self.refusal = Some(GroupError::Version { group, here: VERSION, there });
        }
        self.last_words = Some(GroupEnd::Malformed(error.to_string()));
    }
}

impl Body {
    pub(super) fn kill(&mut self) {
        if let Body::Process(process) = self {
            // It is as dead as can be then.
            drop(process.kill());
        }
    }

    /// Waits for its end; a process that takes longer is killed. `None` for a thread that goes on.
    pub(super) fn finish(self, deadline: Instant) -> Option<String> {
        match self {
            Body::Process(mut process) => {
                let exit = process.wait_by(deadline).ok().flatten();
                let exit = exit.or_else(|| {
                    drop(process.kill());
                    process.wait_by(Instant::now() + END_TIMEOUT).ok().flatten()
                });
                let status =
                    exit.map_or_else(|| "an unknown status".to_owned(), |exit| exit.to_string());
                Some(format!("its process ended with {status}"))
            }
            Body::Thread(thread) => {
                // A thread that has told its end has little left to do.
                while !thread.is_finished() && Instant::now() < deadline {
                    std::thread::yield_now();
                }
                thread.is_finished().then(|| match thread.join() {
                    Ok(()) => "its thread ended without a word".to_owned(),
                    Err(_) => "its thread panicked".to_owned(),
                })
            }
        }
    }
}
