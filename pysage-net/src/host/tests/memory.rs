//! What a peer costs to keep, counted by the allocator.

use std::time::Duration;

use pysage_core::Delivery;

use super::lossy;
use super::net::Pair;
use crate::config::NetConfig;
use crate::security::Security;

/// So much of the heap a peer takes at most that says nothing, with what its host has beside.
const MOST_BYTES: i64 = 4 << 10;

/// What is left on the heap of two hosts, each with a peer, after this was played and a silence.
fn left_bytes(play: impl FnOnce(&mut Pair)) -> i64 {
    left_bytes_with(Security::open(), play)
}

fn left_bytes_with(security: Security, play: impl FnOnce(&mut Pair)) -> i64 {
    let mut kept = None;
    let info = allocation_counter::measure(|| {
        let mut pair = Pair::with_config(lossy(7, 0.1), NetConfig::new(security));
        play(&mut pair);
        pair.run(Duration::from_secs(30));
        pair.forget();
        kept = Some(pair);
    });
    assert!(kept.is_some_and(|pair| pair.ends.iter().all(|end| end.events.is_empty())));
    info.bytes_current
}

#[test]
fn a_peer_that_is_idle_takes_at_most_4_kib() {
    let bytes = left_bytes(|_| {}) / 2;
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

/// With the keys of three phases at most, of about 600 bytes each.
#[test]
#[cfg(feature = "secure")]
fn one_with_keys_takes_at_most_2_kib_more() {
    let key = crate::security::PresharedKey::generate();
    let bytes = left_bytes_with(Security::psk(key), |_| {}) / 2;
    assert!(bytes <= MOST_BYTES + (2 << 10), "{bytes} bytes");
}

#[test]
fn what_bulk_took_is_given_back() {
    let deliveries = [
        Delivery::ReliableOrdered,
        Delivery::ReliableUnordered,
        Delivery::Sequenced,
        Delivery::Unreliable,
    ];
    for delivery in deliveries {
        let bytes = left_bytes(|pair| {
            for number in 0..20_000_u32 {
                let body = vec![number as u8; if number % 50 == 0 { 20_000 } else { 100 }];
                while pair.room(0) < body.len() {
                    pair.run(Duration::from_millis(5));
                }
                pair.send(0, delivery, 0, &body);
            }
        });
        assert!(bytes / 2 <= MOST_BYTES, "{} bytes after {delivery:?}", bytes / 2);
    }
}
