//! What is measured of this process.

use std::time::Duration;

/// How often durations were how long, to a 64th.
pub(crate) struct Durations {
    counts: Vec<u64>,
    count: u64,
}

impl Durations {
    /// Steps of each power of two.
    const STEPS: u32 = 64;

    pub(crate) fn new() -> Durations {
        Durations { counts: vec![0; (u64::BITS * Durations::STEPS) as usize], count: 0 }
    }

    pub(crate) fn add(&mut self, duration: Duration) {
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[Durations::step_of(ns)] += 1;
        self.count += 1;
    }

    /// What 99 of 100 are not above, in milliseconds; 0 if there are none.
    pub(crate) fn p99_ms(&self) -> f64 {
        self.quantile_ms(0.99).unwrap_or(0.0)
    }

    /// What this share is not above, in milliseconds; `None` if there are none.
    pub(crate) fn quantile_ms(&self, share: f64) -> Option<f64> {
        let wanted = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        step.map(|step| Durations::end_of(step) as f64 / 1e6)
    }

    fn step_of(ns: u64) -> usize {
        let ns = ns.max(u64::from(Durations::STEPS));
        let shift = ns.ilog2() - Durations::STEPS.ilog2();
        (shift * Durations::STEPS) as usize + (ns >> shift) as usize
    }

    /// The longest duration of a step.
    fn end_of(step: usize) -> u64 {
        let steps = u64::from(Durations::STEPS);
        let (shift, within) = ((step as u64).saturating_sub(steps) / steps, step as u64 % steps);
        ((steps + within + 1) << shift) - 1
    }
}

/// How much memory this process has in use, in bytes; `None` where the system does not tell.
#[cfg(unix)]
pub(crate) fn resident_bytes() -> Option<i64> {
    // In /proc/self/statm the same number is in pages, whose size std does not know.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_ends_at_most_a_64th_above_what_it_holds() {
        for ns in (0..1_000).chain([123_456, 7_890_123_456, u64::MAX >> 8]) {
            let end = Durations::end_of(Durations::step_of(ns));
            assert!(end >= ns && end <= ns.max(64) + ns / 64, "{ns}: {end}");
        }
    }

    #[test]
    fn one_in_a_hundred_may_be_longer() {
        let mut durations = Durations::new();
        assert_eq!(durations.p99_ms(), 0.0);
        (0..99).for_each(|_| durations.add(Duration::from_millis(1)));
        durations.add(Duration::from_secs(1));
        assert!((1.0..1.07).contains(&durations.p99_ms()));
        durations.add(Duration::from_secs(1));
        assert!(durations.p99_ms() >= 1_000.0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_takes_memory() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 16));
    }
}
