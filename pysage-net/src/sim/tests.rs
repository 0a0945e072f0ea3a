//! The network by itself, without anybody who sends messages over it.

#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use super::*;
use crate::carrier::Departing;

const MS: Duration = Duration::from_millis(1);

fn address(host: u8) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(10, 0, 0, host), 4000))
}

/// Hosts 1 and 2, of which the first sends.
struct Two {
    network: SimNetwork,
    from: SimPort,
    to: SimPort,
    start: Instant,
    way: Option<KnownWay>,
}

impl Two {
    fn new(seed: u64, conditions: Conditions) -> Two {
        let network = SimNetwork::new(seed);
        network.set_conditions(conditions);
        let [from, to] = [1, 2].map(|host| network.port(address(host)));
        let start = Instant::now();
        assert!(from.open(start) && to.open(start));
        Two { network, from, to, start, way: None }
    }

    fn send(&mut self, at: Duration, bytes: &[u8]) {
        let to = self.to.address();
        let departing = Departing { to, markable: false, bytes, segment_bytes: bytes.len() };
        self.from.send(self.start + at, &departing, &mut self.way);
    }

    /// Sends numbers, one in so much time.
    fn send_numbers(&mut self, count: u32, every: Duration) {
        (0..count).for_each(|number| self.send(every * number, &number.to_be_bytes()));
    }

    /// The numbers that arrive, with their times.
    fn arrivals(&self) -> Vec<(u32, Duration)> {
        let mut arrivals = Vec::new();
        let mut into = [Datagram::default()];
        while let Some(at) = self.to.next_arrival() {
            while self.to.take(at, &mut into) == 1 {
                assert_eq!(into[0].from, address(1));
                let number = u32::from_be_bytes(into[0].bytes.as_slice().try_into().unwrap());
                arrivals.push((number, at - self.start));
            }
        }
        arrivals
    }
}

fn share(of: usize, all: u32) -> f64 {
    of as f64 / f64::from(all)
}

/// Five standard deviations of a share that is counted.
fn tolerance(share: f64, all: u32) -> f64 {
    5.0 * (share * (1.0 - share) / f64::from(all)).sqrt()
}

#[test]
fn without_conditions_all_arrives_at_once_and_in_order() {
    let mut two = Two::new(1, Conditions::new());
    two.send_numbers(100, Duration::ZERO);
    assert_eq!(two.network.next_arrival(), Some(two.start));
    let expected: Vec<_> = (0..100).map(|number| (number, Duration::ZERO)).collect();
    assert_eq!(two.arrivals(), expected);
    let counters = two.network.counters();
    assert_eq!((counters.sent, counters.sent_bytes, counters.lost), (100, 400, 0));
}

#[test]
fn as_much_is_lost_and_doubled_as_was_said() {
    const ALL: u32 = 20_000;
    for seed in 0..5 {
        for (loss, duplicate) in [(0.0, 0.0), (0.2, 0.02), (0.5, 0.3), (1.0, 1.0), (0.0, 1.0)] {
            let conditions = Conditions::new().loss(loss).duplicate(duplicate).latency(MS);
            let mut two = Two::new(seed, conditions);
            two.send_numbers(ALL, Duration::ZERO);
            let arrivals = two.arrivals();
            let mut numbers: Vec<u32> = arrivals.iter().map(|(number, _)| *number).collect();
            numbers.dedup();
            let case = format!("seed {seed}, loss {loss}, duplicate {duplicate}");
            let arrived = share(numbers.len(), ALL);
            assert!((arrived - (1.0 - loss)).abs() <= tolerance(loss, ALL), "{case}: {arrived}");
            let left = numbers.len() as u32;
            let doubled = share(arrivals.len() - numbers.len(), left.max(1));
            let expected = if left == 0 { 0.0 } else { duplicate };
            let most = tolerance(duplicate, left.max(1));
            assert!((doubled - expected).abs() <= most, "{case}: {doubled}");
            let counters = two.network.counters();
            assert_eq!(counters.lost, u64::from(ALL - left), "{case}");
            assert_eq!(counters.duplicated as usize, arrivals.len() - numbers.len(), "{case}");
        }
    }
}

#[test]
fn order_is_kept_without_jitter_and_reordering() {
    for seed in 0..20 {
        let bottleneck = Bottleneck::new(1_000_000).queue_bytes(400);
        let conditions =
            Conditions::new().loss(0.3).duplicate(0.2).latency(20 * MS).through(&bottleneck);
        let mut two = Two::new(seed, conditions);
        two.send_numbers(2_000, Duration::from_micros(17));
        let arrivals = two.arrivals();
        assert!(arrivals.is_sorted(), "seed {seed}");
        assert!(two.network.counters().dropped > 0, "seed {seed}");
    }
}

#[test]
fn jitter_is_added_up_to_all_of_it() {
    let mut two = Two::new(3, Conditions::new().latency(50 * MS).jitter(30 * MS));
    two.send_numbers(10_000, Duration::ZERO);
    let times: Vec<Duration> = two.arrivals().into_iter().map(|(_, at)| at).collect();
    let (first, last) = (times[0], times[times.len() - 1]);
    assert!((50 * MS..51 * MS).contains(&first), "{first:?}");
    assert!((79 * MS..=80 * MS).contains(&last), "{last:?}");
    let median = times[times.len() / 2];
    assert!((64 * MS..66 * MS).contains(&median), "{median:?}");
}

#[test]
fn a_share_is_held_back_by_up_to_the_latency() {
    const ALL: u32 = 20_000;
    let mut two = Two::new(4, Conditions::new().latency(50 * MS).reorder(0.1));
    two.send_numbers(ALL, Duration::ZERO);
    let arrivals = two.arrivals();
    assert!(arrivals.iter().all(|(_, at)| (50 * MS..=100 * MS).contains(at)));
    let late: Vec<Duration> =
        arrivals.iter().map(|(_, at)| *at).filter(|at| *at > 50 * MS).collect();
    let held_back = share(late.len(), ALL);
    assert!((held_back - 0.1).abs() <= tolerance(0.1, ALL), "{held_back}");
    let halfway = share(late.iter().filter(|at| **at < 75 * MS).count(), late.len() as u32);
    assert!((halfway - 0.5).abs() <= tolerance(0.5, late.len() as u32), "{halfway}");
    // All others have kept their order.
    let others = arrivals.iter().filter(|(_, at)| *at == 50 * MS);
    assert!(others.map(|(number, _)| number).is_sorted());
}

#[test]
fn a_bottleneck_passes_its_bandwidth_and_drops_the_rest() {
    // 500 datagrams of 4 bytes a second, of which ten wait.
    let bottleneck = Bottleneck::new(16_000).queue_bytes(40);
    let mut two = Two::new(5, Conditions::new().latency(MS).through(&bottleneck));
    two.send_numbers(2_000, MS);
    let arrivals = two.arrivals();
    for (count, (_, at)) in (1..).zip(&arrivals) {
        assert_eq!(*at, MS + 2 * MS * count);
    }
    let (passed, dropped) = (arrivals.len() as u64, 2_000 - arrivals.len() as u64);
    assert!((1_000..=1_010).contains(&passed), "{passed}");
    let counters = bottleneck.counters();
    assert_eq!((counters.passed, counters.dropped), (passed, dropped));
    assert_eq!(two.network.counters().dropped, dropped);
    let delay = bottleneck.queue_delay(0.5).unwrap();
    assert!((17 * MS..=19 * MS).contains(&delay), "{delay:?}");
}

#[test]
fn who_shares_a_bottleneck_waits_for_the_other() {
    let bottleneck = Bottleneck::new(32_000);
    let mut two = Two::new(6, Conditions::new().through(&bottleneck));
    let departing =
        Departing { to: address(1), markable: true, bytes: &[0; 100], segment_bytes: 100 };
    two.to.send(two.start, &departing, &mut None);
    two.send(Duration::ZERO, &[0; 4]);
    assert_eq!(two.arrivals(), [(0, 26 * MS)]);
    two.network.set_way(address(1), address(2), Conditions::new());
    two.send(Duration::ZERO, &[1; 4]);
    assert_eq!(two.arrivals(), [(0x0101_0101, Duration::ZERO)]);
}

#[test]
fn the_seed_and_the_times_decide_all() {
    let run = |seed, every: Duration, last: &[u8]| {
        let conditions =
            Conditions::new().loss(0.2).duplicate(0.1).reorder(0.1).latency(MS).jitter(9 * MS);
        let mut two = Two::new(seed, conditions);
        two.send_numbers(500, every);
        two.send(501 * every, last);
        let hash = two.network.state_hash();
        (two.arrivals(), hash)
    };
    let (arrivals, hash) = run(8, MS, b"last");
    assert_eq!(run(8, MS, b"last"), (arrivals.clone(), hash));
    let (others, other_hash) = run(9, MS, b"last");
    assert!(others != arrivals && other_hash != hash);
    assert_ne!(run(8, 2 * MS, b"last").1, hash);
    assert_ne!(run(8, MS, b"Last").1, hash);
}

#[test]
fn what_happens_on_one_way_does_not_depend_on_others() {
    let run = |with_other: bool| {
        let mut two = Two::new(10, Conditions::new().loss(0.5));
        let other = two.network.port(address(3));
        for number in 0..100_u32 {
            if with_other {
                let departing =
                    Departing { to: address(2), markable: false, bytes: &[0], segment_bytes: 1 };
                other.send(two.start, &departing, &mut None);
            }
            two.send(Duration::ZERO, &number.to_be_bytes());
        }
        two.network.counters_of_way(address(1), address(2))
    };
    assert!(run(false).lost > 0);
    assert_eq!(run(false), run(true));
}

#[test]
fn nothing_passes_a_blackout_or_comes_to_who_is_cut_off() {
    let mut two = Two::new(11, Conditions::new().latency(MS));
    two.network.black_out(two.start + 10 * MS..two.start + 20 * MS);
    two.network.black_out(two.start + 40 * MS..two.start + 50 * MS);
    two.send_numbers(60, MS);
    let numbers: Vec<u32> = two.arrivals().into_iter().map(|(number, _)| number).collect();
    let expected: Vec<u32> = (0..10).chain(20..40).chain(50..60).collect();
    assert_eq!(numbers, expected);
    for host in [1, 2] {
        two.network.cut_off(address(host));
        two.send(60 * MS, &[0; 4]);
        two.network.rejoin(address(host));
    }
    two.send(60 * MS, &[9; 4]);
    assert_eq!(two.arrivals(), [(0x0909_0909, 61 * MS)]);
    assert_eq!(two.network.counters().blacked_out, 22);
}

#[test]
fn a_port_is_open_once_and_hears_nothing_of_before() {
    let mut two = Two::new(12, Conditions::new().latency(10 * MS));
    assert!(!two.to.open(two.start));
    two.send(Duration::ZERO, &[1; 4]);
    two.to.close();
    assert_eq!((two.to.next_arrival(), two.network.next_arrival()), (None, None));
    two.send(15 * MS, &[2; 4]);
    assert!(two.to.open(two.start + 20 * MS));
    assert_eq!(two.arrivals(), [(0x0202_0202, 25 * MS)]);
    let departing =
        Departing { to: address(9), markable: false, bytes: &[0; 25], segment_bytes: 10 };
    two.from.send(two.start, &departing, &mut None);
    assert_eq!(two.network.counters().unclaimed, 3);
}

#[test]
fn anything_can_be_injected() {
    let two = Two::new(13, Conditions::new().loss(1.0));
    two.network.inject(address(77), address(2), b"garbage");
    let at = two.to.next_arrival().unwrap();
    let mut into = [Datagram::default()];
    assert_eq!(two.to.take(at, &mut into), 1);
    assert_eq!((into[0].from, into[0].bytes.as_slice()), (address(77), &b"garbage"[..]));
    assert_eq!(two.network.counters(), SimCounters::default());
}

#[test]
fn buffers_are_used_again() {
    let mut two = Two::new(14, Conditions::new());
    for number in 0..1_000_u32 {
        two.send(MS * number, &number.to_be_bytes());
        assert_eq!(two.arrivals().len(), 1);
    }
    assert_eq!(two.network.traffic().slots(), 1);
}

/// How quick it is: run it with `--release` and `--ignored`.
#[test]
#[ignore = "a measurement"]
fn ten_million_datagrams() {
    let conditions = Conditions::new().loss(0.2).duplicate(0.02).reorder(0.1).latency(50 * MS);
    let mut two = Two::new(15, conditions.jitter(30 * MS));
    let begun = Instant::now();
    let (mut into, mut got) = ([(); 32].map(|()| Datagram::default()), 0);
    let bytes = [7; 1_200 * 10];
    for burst in 0..1_000_000_u32 {
        let at = two.start + Duration::from_micros(100) * burst;
        let departing =
            Departing { to: address(2), markable: true, bytes: &bytes, segment_bytes: 1_200 };
        two.from.send(at, &departing, &mut two.way);
        loop {
            let count = two.to.take(at, &mut into);
            got += count;
            if count < into.len() {
                break;
            }
        }
    }
    println!("{got} of 10,000,000 in {:?}, hash {:x}", begun.elapsed(), two.network.state_hash());
}
