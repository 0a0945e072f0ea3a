//! Two hosts on a simulated network under a clock that is moved by hand.

#![allow(clippy::unwrap_used)]

mod deliveries;
mod ends;
mod hostile;
mod limits;
mod memory;
mod net;
#[cfg(feature = "secure")]
mod sealed;
mod streams;

use std::ops::Range;
use std::time::Duration;

use pysage_core::Delivery;

use net::{Conditions, Pair};

const MS: Duration = Duration::from_millis(1);

fn lossy(seed: u64, loss: f64) -> Conditions {
    Conditions { seed, loss, latency: 20 * MS, jitter: 10 * MS, ..Conditions::default() }
}

/// As many seeds as usual, or as `NET_SEEDS` says: thousands, when the endpoint was changed.
fn seeds(usually: u64) -> Range<u64> {
    let said = std::env::var("NET_SEEDS").ok();
    0..said.map_or(usually, |said| said.parse().expect("NET_SEEDS is a number"))
}

#[test]
fn a_message_arrives_and_its_answer() {
    let mut pair = Pair::new(Conditions::default());
    pair.send(0, Delivery::ReliableOrdered, 0, b"hello");
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[1].got, [b"hello".to_vec()]);
    pair.send(1, Delivery::ReliableOrdered, 0, b"welcome");
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[0].got, [b"welcome".to_vec()]);
}

#[test]
fn reliable_messages_of_all_sizes_arrive_in_order_through_loss() {
    for seed in seeds(40) {
        let mut pair = Pair::new(lossy(seed, 0.2));
        let sizes = [1, 5, 64, 700, 1100, 1101, 1200, 5_000, 60_000];
        let bodies: Vec<Vec<u8>> = (0..300)
            .map(|at: usize| {
                let size = if at.is_multiple_of(29) { sizes[at / 29 % 9] } else { 3 + at % 60 };
                (0..size).map(|byte| (at * 31 + byte) as u8).collect()
            })
            .collect();
        for end in [0, 1] {
            for body in &bodies {
                pair.send(end, Delivery::ReliableOrdered, 3, body);
            }
        }
        pair.run(Duration::from_secs(60));
        for end in &pair.ends {
            assert_eq!(end.got.len(), bodies.len(), "seed {seed}");
            assert!(end.got == bodies, "seed {seed}");
        }
    }
}

#[test]
fn many_messages_take_few_datagrams() {
    let mut pair = Pair::new(Conditions {
        seed: 1,
        loss: 0.2,
        latency: 50 * MS,
        jitter: 30 * MS,
        ..Conditions::default()
    });
    let mut sent = 0_u32;
    let mut waited = Duration::ZERO;
    while pair.ends[1].got.len() < 50_000 {
        while sent < 50_000 && pair.room(0) > 100 {
            let mut body = [0; 67];
            body[60..64].copy_from_slice(&sent.to_le_bytes());
            pair.send(0, Delivery::ReliableOrdered, 0, &body);
            sent += 1;
        }
        pair.run(5 * MS);
        waited += 5 * MS;
        assert!(waited < Duration::from_secs(60));
    }
    assert!(pair.datagrams() < 4_300, "{} datagrams", pair.datagrams());
}
