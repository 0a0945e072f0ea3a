//! What anyone may send.

use std::time::Duration;

use proptest::prelude::*;
use pysage_core::Delivery;

use super::net::{Conditions, Pair};
use super::{MS, lossy};
use crate::config::NetConfig;
use crate::security::Security;

proptest! {
    #[test]
    fn any_datagram_of_anyone_is_counted_and_harms_nobody(
        garbage in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..60),
        seed in any::<u64>(),
    ) {
        let mut pair = Pair::new(lossy(seed, 0.1));
        pair.send(0, Delivery::ReliableOrdered, 0, b"before");
        pair.run(Duration::from_secs(1));
        let dropped = pair.ends[1].host.counters().datagrams_dropped;
        for bytes in &garbage {
            pair.inject(1, bytes);
        }
        let dropped = pair.ends[1].host.counters().datagrams_dropped - dropped;
        prop_assert_eq!(dropped, 2 * garbage.len() as u64);
        pair.send(0, Delivery::ReliableOrdered, 0, b"behind");
        pair.run(Duration::from_secs(3));
        prop_assert_eq!(&pair.ends[1].got, &[b"before".to_vec(), b"behind".to_vec()]);
    }

    #[test]
    fn changed_and_repeated_datagrams_of_a_real_run_harm_nobody(
        seed in any::<u64>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 200),
    ) {
        let mut pair = Pair::new(Conditions { latency: 5 * MS, ..lossy(seed, 0.1) });
        pair.record = Some(Vec::new());
        for number in 0..60_u32 {
            pair.send(0, Delivery::ReliableOrdered, 0, &[&number.to_le_bytes()[..], &[7; 300]].concat());
            pair.send(1, Delivery::ReliableUnordered, 0, &number.to_le_bytes());
            pair.run(5 * MS);
        }
        let record = pair.record.take().unwrap();
        for (which, at, change) in changes {
            let (to, bytes) = which.get(&record);
            pair.arrive(*to, bytes);
            let mut changed = bytes.clone();
            let at = at.index(changed.len());
            changed[at] ^= change;
            pair.arrive(*to, &changed);
            changed.truncate(at);
            pair.arrive(*to, &changed);
        }
        pair.run(Duration::from_secs(9));
        prop_assert_eq!(pair.ends[1].got.len(), 60);
        prop_assert_eq!(pair.ends[0].got.len(), 60);
        prop_assert!(pair.ends.iter().all(|end| end.events.is_empty()), "{:?}", pair.ends[0].events);
    }
}

#[test]
fn nothing_is_kept_of_who_does_not_show_that_it_is_where_it_says() {
    let mut pair = Pair::new(lossy(1, 0.0));
    pair.record = Some(Vec::new());
    pair.restart(0, 5);
    pair.run(Duration::from_secs(1));
    let record = pair.record.take().unwrap();
    let hello = record.iter().find(|(to, bytes)| *to == 1 && bytes[0] == 0x80).unwrap().1.clone();
    let (peers, sent) = (pair.ends[1].host.links().len(), pair.ends[1].host.counters());
    for at in 0..10_000_u32 {
        let from = std::net::SocketAddr::from((at.to_be_bytes(), 1 + at as u16 % 9_000));
        pair.arrive_from(1, from, &hello);
        if at % 100 == 0 {
            pair.run(MS);
        }
    }
    pair.run(MS);
    assert_eq!(pair.ends[1].host.links().len(), peers);
    let after = pair.ends[1].host.counters();
    let answered = after.bytes_sent - sent.bytes_sent;
    assert!(answered < 10_000 * hello.len() as u64 / 10, "{answered} bytes");
}

#[test]
fn who_starts_again_and_again_is_not_kept_as_often() {
    let config = NetConfig::new(Security::open()).most_peers(4);
    let mut pair = Pair::with_config(lossy(1, 0.0), config);
    pair.ends[1].is_busy = true;
    for seed in 0..50 {
        pair.restart(0, 100 + seed);
        pair.run(100 * MS);
        assert!(pair.ends[1].host.peers.len() <= 8);
    }
    pair.ends[1].is_busy = false;
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[1].host.links().len(), 1, "it comes in once there is room");
    assert_eq!(pair.ends[1].host.peers.len(), 1);
}
