//! A line of limited bandwidth, with a queue in front of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::conditions::ns;
use super::delays::Delays;

/// A line of limited bandwidth, with a queue in front of it. Clones are the same line.
///
/// Any number of [conditions](super::Conditions::through) may lead through one bottleneck. Give
/// each direction its own, unless they share the air: a line that carries both ways is one where
/// each waits for the other.
///
/// ```
/// use pysage_net::sim::Bottleneck;
///
/// // 1 Mbit/s, with a queue of 100 ms.
/// let bottleneck = Bottleneck::new(1_000_000).queue_bytes(12_500);
/// assert_eq!(bottleneck.counters().dropped, 0);
/// ```
#[derive(Clone, Debug)]
pub struct Bottleneck(Arc<Mutex<Line>>);

/// What a [`Bottleneck`] has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BottleneckCounters {
    /// Datagrams that passed.
    pub passed: u64,
    /// Their bytes.
    pub passed_bytes: u64,
    /// Datagrams for which the queue had no room.
    pub dropped: u64,
    /// Datagrams that passed and were marked.
    pub marked: u64,
}

#[derive(Debug)]
struct Line {
    bits_per_second: u64,
    queue_bytes: Option<usize>,
    mark_above_bytes: Option<usize>,
    start: Option<Instant>,
    /// When it will have passed on all that it took, in nanoseconds times bits per second: so that
    /// no rounding adds up.
    free_at: u128,
    counters: BottleneckCounters,
    delays: Delays,
}

/// What became of a datagram at a bottleneck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It is through after so many nanoseconds.
    Through {
        after_ns: u64,
        is_marked: bool,
    },
    Dropped,
}

const BITS_PER_BYTE: u128 = 8;
const NS_PER_SECOND: u128 = 1_000_000_000;

impl Bottleneck {
    /// A line of this bandwidth, 1 bit/s at least, with a queue that takes all.
    #[must_use]
    pub fn new(bits_per_second: u64) -> Bottleneck {
        Bottleneck(Arc::new(Mutex::new(Line {
            bits_per_second: bits_per_second.max(1),
            queue_bytes: None,
            mark_above_bytes: None,
            start: None,
            free_at: 0,
            counters: BottleneckCounters::default(),
            delays: Delays::default(),
        })))
    }

    /// How many bytes wait at most, with what is left of the datagram that is being passed on. One
    /// for which there is no room is dropped; one that comes to an idle line always passes.
    #[must_use]
    pub fn queue_bytes(self, bytes: usize) -> Self {
        self.0.lock().queue_bytes = Some(bytes);
        self
    }

    /// Marks datagrams before which more than so many bytes wait, if they may be marked: explicit
    /// congestion notification, RFC 3168.
    #[must_use]
    pub fn mark_above_bytes(self, bytes: usize) -> Self {
        self.0.lock().mark_above_bytes = Some(bytes);
        self
    }

    /// What it has counted.
    #[must_use]
    pub fn counters(&self) -> BottleneckCounters {
        self.0.lock().counters
    }

    /// How long datagrams waited before they were passed on: what this share of those that passed,
    /// from 0.0 to 1.0, is not above; a 64th too long at most. 0.5 is for the median. `None` if none
    /// has passed.
    #[must_use]
    pub fn queue_delay(&self, share: f64) -> Option<Duration> {
        self.0.lock().delays.quantile(share)
    }

    pub(super) fn pass(&self, now: Instant, bytes: usize, markable: bool) -> Passage {
        self.0.lock().pass(now, bytes, markable)
    }
}

impl Line {
    fn pass(&mut self, now: Instant, bytes: usize, markable: bool) -> Passage {
        let start = *self.start.get_or_insert(now);
        let bandwidth = u128::from(self.bits_per_second);
        let now_scaled = u128::from(ns(now.saturating_duration_since(start))) * bandwidth;
        let waits = self.free_at.saturating_sub(now_scaled);
        let waiting_bytes = waits.div_ceil(BITS_PER_BYTE * NS_PER_SECOND);
        let has_room =
            self.queue_bytes.is_none_or(|most| waiting_bytes + bytes as u128 <= most as u128);
        if waits > 0 && !has_room {
            self.counters.dropped += 1;
            return Passage::Dropped;
        }
        let takes = bytes as u128 * BITS_PER_BYTE * NS_PER_SECOND;
        self.free_at = now_scaled.max(self.free_at) + takes;
        let marks = self.mark_above_bytes.is_some_and(|above| waiting_bytes > above as u128);
        let is_marked = markable && marks;
        self.counters.passed += 1;
        self.counters.passed_bytes += bytes as u64;
        self.counters.marked += u64::from(is_marked);
        let span = |scaled: u128| u64::try_from(scaled.div_ceil(bandwidth)).unwrap_or(u64::MAX);
        self.delays.add(span(waits));
        Passage::Through { after_ns: span(waits + takes), is_marked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_ns(passage: Passage) -> u64 {
        match passage {
            Passage::Through { after_ns, .. } => after_ns,
            Passage::Dropped => panic!("it was dropped"),
        }
    }

    #[test]
    fn bandwidth_is_exact_whatever_the_rounding() {
        let (line, start) = (Bottleneck::new(7_000_003), Instant::now());
        let mut last_ns = 0;
        for count in 0..10_000_u64 {
            last_ns = after_ns(line.pass(start, 1_000 + count as usize % 7, false));
        }
        let bits = line.counters().passed_bytes * 8;
        let expected_ns = (u128::from(bits) * NS_PER_SECOND).div_ceil(7_000_003);
        assert_eq!(u128::from(last_ns), expected_ns);
    }

    #[test]
    fn what_the_queue_has_no_room_for_is_dropped() {
        // 1,000 bytes take 1 ms.
        let line = Bottleneck::new(8_000_000).queue_bytes(3_000);
        let start = Instant::now();
        let passages: Vec<bool> =
            (0..5).map(|_| line.pass(start, 1_000, false) != Passage::Dropped).collect();
        assert_eq!(passages, [true, true, true, false, false]);
        let later = start + Duration::from_micros(1_001);
        assert_eq!(after_ns(line.pass(later, 1_000, false)), 2_999_000);
        assert_eq!(line.pass(later, 1_000, false), Passage::Dropped);
        assert_eq!((line.counters().passed, line.counters().dropped), (4, 3));
    }

    #[test]
    fn an_idle_line_takes_what_its_queue_would_not() {
        let (line, now) = (Bottleneck::new(1_000).queue_bytes(10), Instant::now());
        assert_eq!(after_ns(line.pass(now, 1_000, false)), 8_000_000_000);
        assert_eq!(line.pass(now, 1, false), Passage::Dropped);
    }

    #[test]
    fn waiting_is_measured() {
        let (line, now) = (Bottleneck::new(8_000_000), Instant::now());
        assert_eq!(line.queue_delay(0.5), None);
        (0..101).for_each(|_| _ = line.pass(now, 1_000, false));
        let near = |share: f64, ms: f64| {
            let delay_ms = line.queue_delay(share).map_or(0.0, |delay| delay.as_secs_f64() * 1e3);
            assert!((ms..=ms * 1.016).contains(&delay_ms), "{share}: {delay_ms}");
        };
        near(0.5, 50.0);
        near(0.99, 99.0);
        near(1.0, 100.0);
    }

    #[test]
    fn only_what_may_be_marked_is_marked_and_only_behind_a_queue() {
        let (line, now) = (Bottleneck::new(8_000_000).mark_above_bytes(1_500), Instant::now());
        let marked = [true, true, true, false].map(|markable| {
            matches!(line.pass(now, 1_000, markable), Passage::Through { is_marked: true, .. })
        });
        assert_eq!(marked, [false, false, true, false]);
        assert_eq!(line.counters().marked, 1);
    }
}
