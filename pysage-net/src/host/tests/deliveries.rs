//! What each delivery promises.

use std::time::Duration;

use pysage_core::Delivery;

use super::net::{Conditions, Pair};
use super::{MS, lossy, seeds};
use crate::config::NetConfig;
use crate::security::Security;

fn numbers(got: &[Vec<u8>]) -> Vec<u32> {
    got.iter().map(|body| u32::from_le_bytes(*body.first_chunk().unwrap())).collect()
}

/// Sends numbered messages, a few in each of many ticks.
fn play(pair: &mut Pair, delivery: Delivery, count: u32, size: usize) {
    for number in 0..count {
        let mut body = vec![number as u8; size];
        body[..4].copy_from_slice(&number.to_le_bytes());
        pair.send(0, delivery, 0, &body);
        if number % 5 == 0 {
            pair.run(16 * MS);
        }
    }
    pair.run(Duration::from_secs(8));
}

fn rough(seed: u64) -> Conditions {
    Conditions { duplicate: 0.05, ..lossy(seed, 0.2) }
}

#[test]
fn what_is_reliable_and_unordered_arrives_once() {
    for seed in seeds(30) {
        for size in [4, 90, 3_000] {
            let mut pair = Pair::new(rough(seed));
            play(&mut pair, Delivery::ReliableUnordered, 200, size);
            let mut got = numbers(&pair.ends[1].got);
            assert!(pair.ends[1].got.iter().all(|body| body.len() == size), "seed {seed}");
            got.sort_unstable();
            assert!(got.iter().copied().eq(0..200), "seed {seed}, size {size}: {got:?}");
        }
    }
}

#[test]
fn of_what_is_sequenced_the_newest_arrives() {
    for seed in seeds(30) {
        for size in [4, 90, 3_000] {
            let mut pair = Pair::new(rough(seed));
            play(&mut pair, Delivery::Sequenced, 200, size);
            let got = numbers(&pair.ends[1].got);
            assert!(got.is_sorted_by(|one, next| one < next), "seed {seed}: {got:?}");
            assert!(got.len() > if size == 3_000 { 20 } else { 60 }, "seed {seed}: {got:?}");
        }
    }
}

#[test]
fn what_is_unreliable_arrives_once_at_most() {
    let mut lost = 0;
    for seed in seeds(30) {
        for size in [4, 90, 3_000] {
            let mut pair = Pair::new(rough(seed));
            play(&mut pair, Delivery::Unreliable, 200, size);
            let mut got = numbers(&pair.ends[1].got);
            let all = got.len();
            assert!((50..=200).contains(&all), "seed {seed}: {all} of 200");
            lost += 200 - all;
            got.sort_unstable();
            got.dedup();
            assert_eq!(got.len(), all, "seed {seed}");
        }
    }
    assert!(lost > 0, "the network loses nothing");
}

#[test]
fn a_loss_on_one_stream_does_not_hold_up_another() {
    let mut pair = Pair::new(Conditions { latency: 10 * MS, ..Conditions::default() });
    let before = pair.departed[0];
    // More than is repeated beside the next message.
    pair.send(0, Delivery::ReliableOrdered, 1, &[b'l'; 400]);
    pair.is_cut[0] = true;
    pair.run(MS);
    assert_eq!(pair.departed[0], before + 1);
    pair.is_cut[0] = false;
    pair.send(0, Delivery::ReliableOrdered, 1, &[1; 1000]);
    pair.send(0, Delivery::ReliableOrdered, 2, &[2; 1000]);
    pair.run(15 * MS);
    let firsts = |pair: &Pair| pair.ends[1].got.iter().map(|body| body[0]).collect::<Vec<_>>();
    assert_eq!(firsts(&pair), [2]);
    pair.run(Duration::from_secs(1));
    assert_eq!(firsts(&pair), [2, b'l', 1]);
}

#[test]
fn a_message_that_was_lost_comes_beside_the_next_one() {
    let mut pair = Pair::new(Conditions { latency: 10 * MS, ..Conditions::default() });
    for number in 0..100_u32 {
        pair.is_cut[0] = number % 3 == 1;
        pair.send(0, Delivery::ReliableOrdered, 0, &number.to_le_bytes());
        pair.run(16 * MS);
        let got = pair.ends[1].got.len() as u32;
        assert_eq!(got, if number % 3 == 1 { number } else { number + 1 });
    }
}

#[test]
fn the_largest_messages_arrive() {
    let most = 16 << 20;
    let config = NetConfig::new(Security::open()).message_bytes(most);
    let mut pair = Pair::with_config(Conditions { latency: MS, ..lossy(4, 0.02) }, config);
    let body: Vec<u8> = (0..most).map(|at| (at * 7 + at / 256) as u8).collect();
    pair.send(0, Delivery::ReliableOrdered, 0, &body);
    pair.run(Duration::from_secs(60));
    assert!(pair.ends[1].got == [body]);
}

#[test]
fn unreliable_messages_in_parts_arrive_on_a_good_line() {
    let mut pair = Pair::new(Conditions { latency: 5 * MS, jitter: 3 * MS, ..lossy(4, 0.0) });
    for number in 0..20_u8 {
        pair.send(0, Delivery::Unreliable, 0, &vec![number; 64 << 10]);
        pair.run(500 * MS);
    }
    assert_eq!(pair.ends[1].got.len(), 20);
    assert!(pair.ends[1].got.iter().all(|body| body.iter().all(|byte| *byte == body[0])));
}

#[test]
fn what_was_lost_before_a_silence_arrives() {
    for seed in seeds(60) {
        let mut pair = Pair::new(lossy(seed, 0.4));
        pair.send(0, Delivery::ReliableOrdered, 0, b"the last word");
        pair.run(Duration::from_secs(8));
        assert_eq!(pair.ends[1].got.len(), 1, "seed {seed}");
    }
}

#[test]
fn nothing_is_lost_in_a_blackout_shorter_than_the_time_out() {
    for (seed, cut) in
        (0..30).flat_map(|seed| [[true; 2], [true, false], [false, true]].map(|cut| (seed, cut)))
    {
        let mut pair = Pair::new(lossy(seed, 0.1));
        for number in 0..2_000_u32 {
            if number == 300 {
                pair.is_cut = cut;
            }
            if number == 900 {
                pair.run(Duration::from_millis(6_500 + seed * 100));
                pair.is_cut = [false; 2];
            }
            pair.send(0, Delivery::ReliableOrdered, 0, &number.to_le_bytes());
            if number % 10 == 0 {
                pair.run(5 * MS);
            }
        }
        pair.run(Duration::from_secs(9));
        let got = numbers(&pair.ends[1].got);
        assert!(got.iter().copied().eq(0..2_000), "seed {seed} {cut:?}: {} came", got.len());
    }
}

#[test]
fn who_hands_nothing_over_is_sent_no_more_than_its_window() {
    let config = NetConfig::new(Security::open()).message_bytes(2_000).receive_window_bytes(20_000);
    let mut pair = Pair::with_config(lossy(9, 0.1), config);
    pair.ends[1].is_full = true;
    for number in 0..1_000_u32 {
        let mut body = vec![3; 500];
        body[..4].copy_from_slice(&number.to_le_bytes());
        pair.send(0, Delivery::ReliableOrdered, 0, &body);
    }
    pair.run(Duration::from_secs(5));
    let left = pair.room(0);
    pair.run(Duration::from_secs(30));
    assert_eq!(pair.room(0), left, "nothing moves while nobody takes anything");
    let asked = pair.datagrams();
    pair.run(Duration::from_secs(10));
    assert!(pair.datagrams() - asked < 120, "it is asked seldom: {}", pair.datagrams() - asked);
    pair.ends[1].is_full = false;
    // Whoever is full looks again at its next tick.
    pair.run(Duration::from_secs(30));
    let got = numbers(&pair.ends[1].got);
    assert!(got.iter().copied().eq(0..1_000), "{} came", got.len());
}
