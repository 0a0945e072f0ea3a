//! What a library has to offer to be measured, and what a run of it tells.

use std::time::Duration;

use super::{case::Case, workload::Load};

/// A library which is measured, or the hand-written floor. A new one is a file with such a
/// constant and its line in `PEERS`.
pub struct Peer {
    pub name: &'static str,
    /// Its help text on the command line.
    pub about: &'static str,
    /// The crate in the lock file whose version the report names.
    pub package: Option<&'static str>,
    /// Runs one case once and times what the case is about, not what it takes to set it up.
    /// `None`, at once, for a case the library has no means for.
    pub run: fn(Case, &Load) -> Option<Outcome>,
    /// Spawns `load.actors` idle actors and returns the heap bytes they then hold (see
    /// [`live_heap_bytes`]).
    pub spawned_heap_bytes: Option<fn(&Load) -> i64>,
}

/// The result of one run.
pub struct Outcome {
    pub elapsed: Duration,
    pub checksum: u64,
    /// Whether the checksum covers the order between message types; only `mixed` has several.
    pub ordered: bool,
    /// Threads which took part in the work.
    pub threads: usize,
}

impl Outcome {
    /// The outcome of a run on one thread which kept the order of all messages.
    pub fn new(elapsed: Duration, checksum: u64) -> Self {
        Self { elapsed, checksum, ordered: true, threads: 1 }
    }
}

/// The heap bytes which `spawn` allocated on this thread and did not free again.
pub fn live_heap_bytes(spawn: impl FnOnce()) -> i64 {
    allocation_counter::measure(spawn).bytes_current
}
