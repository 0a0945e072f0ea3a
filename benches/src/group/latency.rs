//! Times of single operations.

use super::peer::Outcome;

/// The times of the operations of a run.
#[derive(Default)]
pub struct Latencies(Vec<u64>);

impl Latencies {
    /// Operations that are not timed, before the first one that is.
    pub const WARM_UP: u64 = 200;

    pub fn add(&mut self, ns: u64) {
        self.0.push(ns);
    }

    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The time within which so many of a hundred are done.
    ///
    /// # Panics
    /// If there are none.
    pub fn percentile_ns(&mut self, percent: usize) -> u64 {
        self.0.sort_unstable();
        self.0[(self.0.len() - 1) * percent / 100]
    }

    pub fn outcome(mut self) -> Outcome {
        let [p50_ns, p99_ns] = [50, 99].map(|percent| self.percentile_ns(percent));
        Outcome::latency(self.count(), p50_ns, p99_ns)
    }
}
