//! How long it is polled before a thread blocks.

use std::time::Duration;

use super::super::ActorManager;

/// Decides how long a loop polls what it waits for before it blocks: for those who implement
/// [`Waiting`](crate::Waiting).
///
/// A thread that blocks is woken some microseconds after what it waits for is there, which is longer
/// than all else that a message between two processes of a machine takes. One that polls sees it at
/// once, and takes a processor meanwhile. So it is polled only where the waits before were short, for
/// no longer than a few of those took; and after a wait that was not, only once several were short
/// again. A loop that ticks at a steady rate and is not sent anything never polls.
///
/// Who polls yields the processor in between, or would hold up whoever is to answer, where both have
/// one alone.
///
/// There is no clock in it: whoever waits says how long that took.
///
/// ```
/// use std::time::Duration;
/// use pysage_core::BusyWait;
///
/// let mut busy = BusyWait::new(Duration::from_micros(50));
/// assert!(busy.time().is_zero());
/// for _ in 0..BusyWait::SHORT_WAITS {
///     busy.waited(Duration::from_micros(10), true);
/// }
/// assert!(!busy.time().is_zero());
/// busy.waited(Duration::from_millis(30), true);
/// assert!(busy.time().is_zero());
/// ```
#[derive(Clone, Debug)]
pub struct BusyWait {
    most: Duration,
    /// How many waits in a row were short.
    short: u32,
    /// How many of them have to be until it is polled.
    wanted: u32,
    /// How long short waits take lately.
    usual: Duration,
}

/// It is polled for so many times as long as short waits take: what is a little late is still seen.
const TIMES_USUAL: u32 = 8;

/// It is polled for so long at least, if at all: an interrupt, or a tick at the other end that has
/// more to do than others, takes no longer.
const LEAST: Duration = Duration::from_micros(20);

/// What was polled in vain has to be made up for by so many polls that were not; if it is not, twice
/// as many short waits are wanted the next time.
const WORTH: u32 = 16;

/// So many short waits in a row are wanted at most: a few milliseconds of messages that are answered
/// at once.
const MOST_WANTED: u32 = 1_024;

impl BusyWait {
    /// After so many short waits in a row it is polled, unless that was in vain lately.
    pub const SHORT_WAITS: u32 = 4;

    /// Polls for no longer than this; never if that is zero.
    #[must_use]
    pub fn new(most: Duration) -> BusyWait {
        BusyWait { most, short: 0, wanted: BusyWait::SHORT_WAITS, usual: Duration::ZERO }
    }

    /// How long to poll in the wait that begins now, before it blocks; zero for not at all.
    #[must_use]
    pub fn time(&self) -> Duration {
        if self.short < self.wanted {
            return Duration::ZERO;
        }
        (TIMES_USUAL * self.usual).max(LEAST).min(self.most)
    }

    /// Takes note of how long a wait took, polling and blocking together, and whether it was ended by
    /// what was waited for, not by its time.
    pub fn waited(&mut self, took: Duration, is_met: bool) {
        let polled = self.time();
        if took > self.most || !polled.is_zero() && took > polled {
            self.was_long(!polled.is_zero());
        } else if is_met {
            self.usual = if self.short == 0 { took } else { (3 * self.usual + took) / 4 };
            self.short = self.short.saturating_add(1);
        }
    }

    /// Begins anew: what came was so much that it is better to let it gather.
    pub fn begin_anew(&mut self) {
        self.short = 0;
    }

    fn was_long(&mut self, has_polled: bool) {
        if has_polled {
            let is_made_up_for = self.short - self.wanted >= WORTH;
            self.wanted = match is_made_up_for {
                true => BusyWait::SHORT_WAITS,
                false => (2 * self.wanted).min(MOST_WANTED),
            };
        }
        self.short = 0;
    }
}

impl ActorManager {
    /// How a [`Waiting`](crate::Waiting) of this manager polls before it blocks: as it was
    /// [configured](crate::ManagerConfig::busy_wait).
    #[must_use]
    pub fn busy_wait(&self) -> BusyWait {
        BusyWait::new(self.world().config.busy_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::ManagerConfig;

    const MOST: Duration = Duration::from_micros(50);

    /// Waits whose ends are known, on a clock that is moved by hand: how long was polled, and how long
    /// of that in vain.
    #[derive(Default)]
    struct Spent {
        polled: Duration,
        in_vain: Duration,
    }

    impl Spent {
        fn wait(&mut self, busy: &mut BusyWait, took: Duration) {
            let polls = busy.time();
            self.polled += polls.min(took);
            if polls < took {
                self.in_vain += polls;
            }
            busy.waited(took, true);
        }
    }

    fn us(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    fn after_short_waits() -> BusyWait {
        let mut busy = BusyWait::new(MOST);
        (0..BusyWait::SHORT_WAITS).for_each(|_| busy.waited(us(10), true));
        busy
    }

    #[test]
    fn it_polls_behind_short_waits_for_a_few_times_as_long_as_they_take() {
        let mut busy = BusyWait::new(MOST);
        for _ in 0..BusyWait::SHORT_WAITS {
            assert_eq!(busy.time(), Duration::ZERO);
            busy.waited(us(4), true);
        }
        assert_eq!(busy.time(), us(32));
        for (took, polls) in [(1, us(20)), (40, MOST)] {
            (0..100).for_each(|_| busy.waited(us(took).min(busy.time()), true));
            assert_eq!(busy.time(), polls, "{took} us");
        }
    }

    #[test]
    fn one_wait_that_is_not_short_ends_it_at_once() {
        for is_met in [true, false] {
            let mut busy = after_short_waits();
            assert!(!busy.time().is_zero());
            busy.waited(us(51), is_met);
            assert_eq!(busy.time(), Duration::ZERO);
        }
    }

    #[test]
    fn where_much_comes_it_does_not_poll_until_waits_are_short_again() {
        let mut busy = after_short_waits();
        busy.begin_anew();
        for _ in 0..BusyWait::SHORT_WAITS {
            assert_eq!(busy.time(), Duration::ZERO);
            busy.waited(us(10), true);
        }
        assert!(!busy.time().is_zero());
    }

    #[test]
    fn a_wait_that_its_time_ends_soon_says_nothing() {
        let mut busy = BusyWait::new(MOST);
        (0..100).for_each(|_| busy.waited(us(5), false));
        assert_eq!(busy.time(), Duration::ZERO);
        let mut busy = after_short_waits();
        let before = busy.time();
        (0..100).for_each(|_| busy.waited(us(5), false));
        assert_eq!(busy.time(), before);
    }

    #[test]
    fn who_ticks_at_a_rate_never_polls() {
        let (mut busy, mut spent) = (BusyWait::new(MOST), Spent::default());
        for tick in 0..30 * 60 {
            // A few messages come close to each other in each tick.
            for _ in 0..tick % i64::from(BusyWait::SHORT_WAITS) {
                spent.wait(&mut busy, us(10));
            }
            spent.wait(&mut busy, Duration::from_millis(33));
        }
        assert_eq!(spent.polled, Duration::ZERO);
    }

    #[test]
    fn polling_in_vain_gets_rare() {
        let (mut busy, mut spent) = (BusyWait::new(MOST), Spent::default());
        for _ in 0..10_000 {
            (0..12).for_each(|_| spent.wait(&mut busy, us(10)));
            spent.wait(&mut busy, Duration::from_millis(1));
        }
        // Twice: with 4 short waits wanted, and with 8. Then 12 are not enough.
        assert_eq!(spent.in_vain, 2 * MOST);
    }

    #[test]
    fn what_is_made_up_for_goes_on() {
        let (mut busy, mut spent) = (BusyWait::new(MOST), Spent::default());
        for _ in 0..1_000 {
            (0..100).for_each(|_| spent.wait(&mut busy, us(5)));
            spent.wait(&mut busy, Duration::from_millis(1));
        }
        assert_eq!(spent.in_vain, 1_000 * us(40));
        assert_eq!(spent.polled, spent.in_vain + 1_000 * 96 * us(5));
    }

    #[test]
    fn a_manager_says_how_long_to_poll_at_most_and_by_zero_never() {
        for (most, polls) in [(MOST, MOST), (us(30), us(30)), (Duration::ZERO, Duration::ZERO)] {
            let config = ManagerConfig::default().busy_wait(most);
            let mut busy = ActorManager::with_config(config).busy_wait();
            for took in [us(30), Duration::ZERO, us(30)] {
                (0..100).for_each(|_| busy.waited(took, true));
            }
            assert_eq!(busy.time(), polls);
        }
    }
}
