//! How a group runs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use pysage_core::wire::WireLimits;

use crate::control::{Settings, Terms};

/// How a group runs, what it may take, and what happens when it ends.
///
/// ```
/// use std::time::Duration;
/// use pysage_group::{GroupConfig, Restart};
///
/// let config = GroupConfig::default()
///     .tick_interval(Duration::from_millis(10))
///     .restart(Restart::Permanent)
///     .heartbeat(Duration::from_secs(1));
/// # drop(config);
/// ```
#[derive(Clone, Debug)]
pub struct GroupConfig {
    pub(crate) tick_interval: Duration,
    pub(crate) tick_budget: Option<Duration>,
    pub(crate) wakes: bool,
    pub(crate) program: Option<PathBuf>,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) queue_bytes: usize,
    message_bytes: usize,
    pub(crate) ready_timeout: Duration,
    pub(crate) stop_timeout: Duration,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) acked: bool,
    pub(crate) quiet: bool,
    pub(crate) restart: Restart,
    pub(crate) intensity: Intensity,
    pub(crate) back_off: BackOff,
}

/// What a message takes beside its fields, at most: the heads of its frame and of its record.
const HEADS_BYTES: usize = 512;

/// When a group that ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Restart {
    /// Never. That it failed is an error of its parent's tick, until it is removed.
    #[default]
    Temporary,
    /// When it failed; not when it ended by itself.
    Transient,
    /// Whenever it ended.
    Permanent,
}

/// How many restarts are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intensity {
    pub(crate) restarts: u32,
    pub(crate) within: Duration,
}

/// How long a restart waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BackOff {
    pub(crate) first: Duration,
    pub(crate) most: Duration,
}

impl GroupConfig {
    /// The time between two ticks unless set: 30 ms, as in the original.
    pub const DEFAULT_TICK_INTERVAL: Duration = Duration::from_millis(30);

    /// How many bytes may be on their way to a group over one link unless set: 4 MiB, a tick's
    /// worth at 130 MB/s.
    pub const DEFAULT_QUEUE_BYTES: usize = 4 << 20;

    /// The most bytes that can be set to be on their way over a link: 1 GiB.
    pub const MOST_QUEUE_BYTES: usize = 1 << 30;

    /// How long a group may take until it is ready unless set: 5 s.
    pub const DEFAULT_READY_TIMEOUT: Duration = Duration::from_secs(5);

    /// How long a group may take to end unless set: 2 s.
    pub const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(2);

    /// How many restarts are too many unless set: more than 10 within 10 s.
    pub const DEFAULT_RESTARTS: (u32, Duration) = (10, Duration::from_secs(10));

    /// Sets the time between two ticks, 1 ms at least.
    #[must_use]
    #[doc(alias = "interval")]
    pub fn tick_interval(mut self, interval: Duration) -> Self {
        self.tick_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Sets how much time the messages of a tick may take; without a limit unless set.
    #[must_use]
    #[doc(alias = "max_tick_time")]
    pub fn tick_budget(mut self, time: Duration) -> Self {
        self.tick_budget = Some(time);
        self
    }

    /// Sets whether a message that arrives wakes the group at once, which is so unless set: the
    /// group then ticks as often as messages come, and its update handlers run in those ticks,
    /// too. Otherwise it waits for the next tick.
    #[must_use]
    pub fn wake_on_arrival(mut self, wakes: bool) -> Self {
        self.wakes = wakes;
        self
    }

    /// Sets the program of the group's process; the running one unless set.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Adds an argument for the group's process, behind pysage's own two.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets how many bytes of messages may be on their way to the group over each link, or be
    /// there without having been handled: 64 KiB at least, and
    /// [`MOST_QUEUE_BYTES`](Self::MOST_QUEUE_BYTES) at most. What is sent beyond that is refused as
    /// full.
    #[must_use]
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes.clamp(64 << 10, GroupConfig::MOST_QUEUE_BYTES);
        self
    }

    /// Sets how long a message to the group may be, in its wire form: as long as
    /// [`queue_bytes`](Self::queue_bytes) allows unless set, and 16 MiB at most. Values that are
    /// handed over within a process have no wire form, and no limit but `queue_bytes`.
    #[must_use]
    pub fn message_bytes(mut self, bytes: usize) -> Self {
        self.message_bytes = bytes;
        self
    }

    /// Sets how long the group may take until it is ready.
    #[must_use]
    pub fn ready_timeout(mut self, time: Duration) -> Self {
        self.ready_timeout = time;
        self
    }

    /// Sets how long the group may take to end when it is removed; a process is killed then.
    #[must_use]
    pub fn stop_timeout(mut self, time: Duration) -> Self {
        self.stop_timeout = time;
        self
    }

    /// Has a group in a process killed, as one that failed, if it does not end a tick for so long;
    /// 10 ms at least. Not done unless set. Choose several tick intervals and more than the longest
    /// tick.
    #[must_use]
    pub fn heartbeat(mut self, time: Duration) -> Self {
        self.heartbeat = Some(time.max(Duration::from_millis(10)));
        self
    }

    /// Has messages count as delivered once their handler has returned: what the group did not
    /// handle before it failed is sent to its successor, in order, before all else, and marked as
    /// [redelivered](pysage_core::Context::redelivered). A message that was handled just before
    /// the failure may so come twice. It is for messages to the group or to an actor by name:
    /// requests, and messages to an actor by its id, end with the group that they were for.
    #[must_use]
    pub fn acked(mut self) -> Self {
        self.acked = true;
        self
    }

    /// Has a failure for good told by [`GroupDown`](crate::GroupDown) alone, and not besides as an
    /// error of each tick.
    #[must_use]
    pub fn fail_quietly(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Sets when the group is started again.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Sets how many restarts there may be within a time; one more, and the group has failed for
    /// good.
    #[must_use]
    pub fn restart_intensity(mut self, restarts: u32, within: Duration) -> Self {
        self.intensity = Intensity { restarts, within };
        self
    }

    /// Has a restart wait, the first one in a row for `first` and each further one for twice as
    /// long, `most` at most. They do not wait unless set. A group that lived for longer than
    /// `most` begins a new row.
    #[must_use]
    pub fn back_off(mut self, first: Duration, most: Duration) -> Self {
        self.back_off = BackOff { first, most: most.max(first) };
        self
    }
}

impl GroupConfig {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            tick_interval: self.tick_interval,
            tick_budget: self.tick_budget,
            wakes: self.wakes,
            stop_timeout: self.stop_timeout,
            heartbeat: self.heartbeat,
            terms: self.terms(),
        }
    }

    pub(crate) fn terms(&self) -> Terms {
        let fits = self.queue_bytes - HEADS_BYTES;
        let message_bytes = self.message_bytes.min(fits).min(WireLimits::MOST_MESSAGE_BYTES);
        Terms {
            queue_bytes: self.queue_bytes as u64,
            message_bytes: message_bytes as u64,
            acked: self.acked,
        }
    }
}

impl Default for GroupConfig {
    fn default() -> Self {
        let (restarts, within) = GroupConfig::DEFAULT_RESTARTS;
        GroupConfig {
            tick_interval: GroupConfig::DEFAULT_TICK_INTERVAL,
            tick_budget: None,
            wakes: true,
            program: None,
            arguments: Vec::new(),
            queue_bytes: GroupConfig::DEFAULT_QUEUE_BYTES,
            message_bytes: WireLimits::MOST_MESSAGE_BYTES,
            ready_timeout: GroupConfig::DEFAULT_READY_TIMEOUT,
            stop_timeout: GroupConfig::DEFAULT_STOP_TIMEOUT,
            heartbeat: None,
            acked: false,
            quiet: false,
            restart: Restart::default(),
            intensity: Intensity { restarts, within },
            back_off: BackOff { first: Duration::ZERO, most: Duration::ZERO },
        }
    }
}
