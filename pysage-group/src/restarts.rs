//! Whether a group that ended is started again, and when.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::config::{BackOff, GroupConfig, Intensity, Restart};

/// The restarts of one group.
pub(crate) struct Restarts {
    policy: Restart,
    intensity: Intensity,
    back_off: BackOff,
    /// The last restarts, the oldest first.
    recent: VecDeque<Instant>,
    /// How long the last one in this row waited.
    waited: Option<Duration>,
    /// All restarts so far.
    pub(crate) count: u32,
}

/// What to do about a group that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start it again then.
    StartAt(Instant),
    /// Leave it.
    Leave,
    /// Leave it, although it is to be restarted: it was too often.
    TooOften,
}

impl Restarts {
    pub(crate) fn new(config: &GroupConfig) -> Restarts {
        let GroupConfig { restart: policy, intensity, back_off, .. } = *config;
        Restarts { policy, intensity, back_off, recent: VecDeque::new(), waited: None, count: 0 }
    }

    /// Judges a group that was started at `started` and ended now.
    pub(crate) fn judge(&mut self, started: Instant, now: Instant, failed: bool) -> Verdict {
        let again = match self.policy {
            Restart::Temporary => false,
            Restart::Transient => failed,
            Restart::Permanent => true,
        };
        if !again {
            return Verdict::Leave;
        }
        let Intensity { restarts, within } = self.intensity;
        while self.recent.front().is_some_and(|at| now.saturating_duration_since(*at) > within) {
            self.recent.pop_front();
        }
        if self.recent.len() >= restarts as usize {
            return Verdict::TooOften;
        }
        self.recent.push_back(now);
        self.count += 1;
        let BackOff { first, most } = self.back_off;
        let in_a_row = now.saturating_duration_since(started) <= most;
        let wait = match self.waited.filter(|_| in_a_row) {
            Some(waited) => (waited * 2).min(most),
            None => first,
        };
        self.waited = Some(wait);
        Verdict::StartAt(now + wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waits(config: GroupConfig, lived: &[Duration]) -> Vec<Option<Duration>> {
        let mut restarts = Restarts::new(&config);
        let mut now = Instant::now();
        lived
            .iter()
            .map(|lived| {
                let started = now;
                now += *lived;
                match restarts.judge(started, now, true) {
                    Verdict::StartAt(at) => {
                        let wait = at - now;
                        now = at;
                        Some(wait)
                    }
                    Verdict::Leave | Verdict::TooOften => None,
                }
            })
            .collect()
    }

    #[test]
    fn a_policy_says_which_ends_count() {
        let now = Instant::now();
        for (policy, on_failure, on_end) in [
            (Restart::Temporary, false, false),
            (Restart::Transient, true, false),
            (Restart::Permanent, true, true),
        ] {
            let config = GroupConfig::default().restart(policy);
            for (failed, again) in [(true, on_failure), (false, on_end)] {
                let verdict = Restarts::new(&config).judge(now, now, failed);
                let expected = if again { Verdict::StartAt(now) } else { Verdict::Leave };
                assert_eq!(verdict, expected, "{policy:?}, failed: {failed}");
            }
        }
    }

    #[test]
    fn too_many_restarts_within_the_time_are_the_last() {
        let config =
            GroupConfig::default().restart(Restart::Permanent).restart_intensity(2, SECOND);
        let tenth = SECOND / 10;
        assert_eq!(
            waits(config.clone(), &[tenth; 3]),
            [Some(Duration::ZERO), Some(Duration::ZERO), None]
        );
        assert!(waits(config, &[SECOND * 6 / 10; 50]).iter().all(Option::is_some));
    }

    #[test]
    fn a_row_of_restarts_waits_longer_each_time() {
        let ms = Duration::from_millis;
        let config = GroupConfig::default().restart(Restart::Permanent).back_off(ms(10), ms(50));
        let lived = [ms(1), ms(1), ms(1), ms(50), ms(51), ms(1)];
        let expected = [10, 20, 40, 50, 10, 20].map(|wait| Some(ms(wait)));
        assert_eq!(waits(config, &lived), expected);
    }
}
