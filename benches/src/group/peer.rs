//! What is measured, and what a run comes to.

use std::error::Error;

use super::case::Load;

pub type RunError = Box<dyn Error>;

/// One of those that are compared.
pub struct Peer {
    pub name: &'static str,
    pub about: &'static str,
    /// Its name in the lock file, if it is somebody else's.
    pub package: Option<&'static str>,
    /// Does a run; `None` if it has no means for the case.
    pub run: fn(&Load) -> Result<Option<Outcome>, RunError>,
}

/// What one run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Messages, round trips, or children.
    pub n: u64,
    /// From the first send to the last one handled.
    pub elapsed_ns: Option<u64>,
    /// Of what was handled.
    pub checksum: Option<u64>,
    pub p50_ns: Option<u64>,
    pub p99_ns: Option<u64>,
    pub value: Option<(f64, &'static str)>,
}

impl Outcome {
    pub fn rate(n: u64, elapsed_ns: u64, checksum: u64) -> Outcome {
        let (elapsed_ns, checksum) = (Some(elapsed_ns), Some(checksum));
        Outcome { n, elapsed_ns, checksum, ..Outcome::default() }
    }

    pub fn latency(n: u64, p50_ns: u64, p99_ns: u64) -> Outcome {
        Outcome { n, p50_ns: Some(p50_ns), p99_ns: Some(p99_ns), ..Outcome::default() }
    }

    pub fn value(value: f64, unit: &'static str) -> Outcome {
        Outcome { value: Some((value, unit)), ..Outcome::default() }
    }

    pub fn checksum(self, checksum: u64) -> Outcome {
        Outcome { checksum: Some(checksum), ..self }
    }

    /// What the run is judged by.
    pub fn cost(&self) -> Option<f64> {
        let per_message = self.elapsed_ns.map(|ns| ns as f64 / self.n as f64);
        let p50 = self.p50_ns.map(|ns| ns as f64);
        per_message.or(p50).or(self.value.map(|(value, _)| value))
    }
}
