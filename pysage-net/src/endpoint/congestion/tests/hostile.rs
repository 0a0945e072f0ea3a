//! Whatever is told, in whatever order: no panic, and bounds that hold.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Congestion, Stamp, Told};

#[derive(Clone, Debug)]
enum Step {
    Passes(Duration),
    Sent {
        bytes: usize,
        in_flight_bytes: usize,
    },
    /// One of those that were sent, again perhaps.
    Acked {
        which: usize,
    },
    Late {
        which: usize,
    },
    /// So much earlier than what was sent last, perhaps.
    Told {
        earlier: Duration,
        round_trip: Option<Duration>,
        lost_bytes: usize,
        marked: u64,
    },
    BlackedOut,
}

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        (0..100_000_000u64).prop_map(Duration::from_nanos),
        (0..100_000_000u64).prop_map(Duration::from_secs),
    ]
}

fn amounts() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), Just(1_200), 0..100_000usize, Just(u32::MAX as usize), any::<usize>()]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => durations().prop_map(Step::Passes),
        6 => (amounts(), amounts())
            .prop_map(|(bytes, in_flight_bytes)| Step::Sent { bytes, in_flight_bytes }),
        6 => any::<usize>().prop_map(|which| Step::Acked { which }),
        1 => any::<usize>().prop_map(|which| Step::Late { which }),
        4 => (durations(), proptest::option::of(durations()), amounts(), prop_oneof![4 => Just(0), 1 => any::<u64>()])
            .prop_map(|(earlier, round_trip, lost_bytes, marked)| Step::Told { earlier, round_trip, lost_bytes, marked }),
        1 => Just(Step::BlackedOut),
    ]
}

/// The windows after each step.
fn play(start: Instant, datagram_bytes: usize, round_trip: Duration, steps: &[Step]) -> Vec<usize> {
    let mut now = start;
    let mut congestion = Congestion::new(now, datagram_bytes, round_trip);
    let mut stamps: Vec<Stamp> = Vec::new();
    let mut windows = Vec::new();
    for step in steps {
        let stamp = |which: usize| (!stamps.is_empty()).then(|| stamps[which % stamps.len()]);
        match *step {
            Step::Passes(time) => now = now.checked_add(time).unwrap_or(now),
            Step::Sent { bytes, in_flight_bytes } => {
                stamps.push(congestion.sent(now, bytes, in_flight_bytes));
            }
            Step::Acked { which } => {
                if let Some(stamp) = stamp(which) {
                    congestion.acked(stamp);
                }
            }
            Step::Late { which } => {
                if let Some(stamp) = stamp(which) {
                    congestion.spurious(stamp);
                }
            }
            Step::Told { earlier, round_trip, lost_bytes, marked } => {
                let at = now.checked_sub(earlier).unwrap_or(now);
                congestion.told(at, Told { round_trip, lost_bytes, marked });
            }
            Step::BlackedOut => congestion.blacked_out(now),
        }
        let departs_at = congestion.departs_at(now);
        assert!(departs_at >= now && departs_at - now <= Duration::from_secs(1));
        let window = congestion.window_bytes();
        assert!(window >= datagram_bytes.clamp(1, 1 << 16) && window <= 1 << 30, "{window}");
        windows.push(window);
    }
    windows
}

proptest! {
    #[test]
    fn nothing_that_is_told_breaks_it(
        datagram_bytes in amounts(),
        round_trip in durations(),
        steps in vec(steps(), 1..200),
    ) {
        let start = Instant::now();
        let windows = play(start, datagram_bytes, round_trip, &steps);
        let later = start + Duration::from_secs(3);
        prop_assert_eq!(windows, play(later, datagram_bytes, round_trip, &steps));
    }
}
