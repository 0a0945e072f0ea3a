//! How often times were how long.

use std::time::Duration;

/// How often times were how long, to a 64th of each.
#[derive(Debug, Default)]
pub(super) struct Delays {
    /// Grows up to the longest that came.
    counts: Vec<u64>,
    count: u64,
}

/// Steps of each power of two.
const STEPS: u64 = 64;

impl Delays {
    pub(super) fn add(&mut self, ns: u64) {
        let step = Delays::step_of(ns);
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.count += 1;
    }

    /// What this share is not above; `None` if there are none.
    pub(super) fn quantile(&self, share: f64) -> Option<Duration> {
        let wanted = (self.count as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted.min(self.count)
        });
        step.map(|step| Duration::from_nanos(Delays::end_of(step as u64)))
    }

    /// Below 64 each has its own; then the highest seven bits tell.
    fn step_of(ns: u64) -> usize {
        if ns < STEPS {
            return ns as usize;
        }
        let shift = ns.ilog2() - STEPS.ilog2();
        (u64::from(shift) * STEPS + (ns >> shift)) as usize
    }

    /// The longest time of a step.
    fn end_of(step: u64) -> u64 {
        if step < 2 * STEPS {
            return step;
        }
        let shift = step / STEPS - 1;
        let high = u128::from(step % STEPS + STEPS + 1);
        ((high << shift) - 1).min(u128::from(u64::MAX)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_ends_at_most_a_64th_above_what_it_holds() {
        for ns in (0..5_000).chain([123_456, 7_890_123_456, u64::MAX >> 8, u64::MAX]) {
            let end = Delays::end_of(Delays::step_of(ns) as u64);
            assert!(end >= ns && end - ns <= ns / STEPS, "{ns}: {end}");
        }
    }

    #[test]
    fn a_share_is_not_above_its_quantile() {
        let mut delays = Delays::default();
        assert_eq!(delays.quantile(0.5), None);
        (0..100).for_each(|_| delays.add(0));
        assert_eq!(delays.quantile(1.0), Some(Duration::ZERO));
        (0..100).for_each(|_| delays.add(50));
        for (share, ns) in [(0.0, 0), (0.5, 0), (0.51, 50), (1.0, 50)] {
            assert_eq!(delays.quantile(share), Some(Duration::from_nanos(ns)), "{share}");
        }
    }
}
