//! Peers whose datagrams go over streams.

use std::time::Duration;

use pysage_core::Delivery;

use super::MS;
use super::net::Pair;
use crate::config::NetConfig;
use crate::security::Security;

fn open() -> NetConfig {
    NetConfig::new(Security::open())
}

fn pair_of(config: NetConfig) -> Pair {
    Pair::over_streams([config.clone(), config])
}

#[test]
fn a_peer_of_which_nothing_is_read_is_not_silent() {
    let timeout = NetConfig::DEFAULT_IDLE_TIMEOUT;
    for cut in [[true, false], [true, true]] {
        let mut pair = pair_of(open());
        // It waits for an acknowledgement, too.
        pair.send(1, Delivery::ReliableOrdered, 0, b"are you there");
        pair.is_cut = cut;
        for _ in 0..8 {
            let until = pair.now + timeout / 2;
            pair.pause(1, until);
            pair.run(timeout / 2);
        }
        pair.run(timeout);
        assert_eq!(pair.ends[1].events, [""; 0], "it was {timeout:?} silent, and no grace over");
        pair.run(timeout / 5);
        assert_eq!(pair.ends[1].host.counters().readings_paused, 8);
        assert!(pair.ends[1].events.last().unwrap().starts_with("gone: TimedOut"));
    }
}

#[test]
fn a_stream_that_has_ended_is_not_finished_in_the_place_of_the_next_one() {
    let mut pair = pair_of(open());
    pair.break_off(0);
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[1].events, ["gone: ConnectionLost, 0"]);
    assert_eq!(pair.ends[1].out.finished, [], "another one may have come from there");
}

#[test]
fn a_hello_that_was_put_off_is_said_again_soon() {
    let mut pair = pair_of(open().handshakes_per_second_of_address(1));
    pair.run(Duration::from_secs(1));
    pair.restart(0, 7);
    pair.run(200 * MS);
    pair.restart(0, 8);
    pair.run(1_700 * MS);
    assert!(pair.ends[1].host.counters().handshakes_put_off > 0);
    pair.send(0, Delivery::ReliableOrdered, 0, b"here again");
    pair.run(100 * MS);
    assert_eq!(pair.ends[1].got, [b"here again"]);
}

#[cfg(feature = "secure")]
mod with_keys {
    use super::super::net::address;
    use super::super::sealed::with_keys_config;
    use super::*;
    use crate::host::Host;

    #[test]
    fn what_is_copied_to_another_stream_is_nobodys() {
        let mut pair = Pair::over_streams(with_keys_config());
        pair.lost = Some(Vec::new());
        pair.send(0, Delivery::ReliableOrdered, 0, b"mine");
        let datagrams = pair.about_to_arrive(1);
        assert!(!datagrams.is_empty());
        for datagram in &datagrams {
            pair.arrive_from(1, ([10, 9, 9, 9], 99).into(), datagram);
        }
        pair.run(Duration::from_secs(1));
        assert_eq!(pair.ends[1].got, [b"mine"]);
        assert_eq!(pair.lost, Some(Vec::new()), "nothing is said there");
        assert_eq!(pair.ends[1].host.counters().datagrams_dropped, datagrams.len() as u64);
    }

    #[test]
    fn why_one_is_not_let_in_is_told_although_the_stream_ends_first() {
        let mut pair = pair_of(open());
        let mut host = Host::new(pair.now, &with_keys_config()[0], 1_200, false);
        host.rely_on_streams();
        host.connect(pair.now, Some(address(1)));
        pair.ends[0].host = host;
        pair.run(Duration::from_secs(1));
        pair.break_off(1);
        pair.run(MS);
        assert_eq!(pair.ends[0].events, ["gone: OtherSecurity, 0"]);
    }

    #[test]
    fn new_keys_lose_nothing_although_nothing_is_sent_again() {
        let mut pair =
            Pair::over_streams(with_keys_config().map(|config| config.rekey_datagrams(10)));
        let messages: Vec<_> = (0..500_u32).map(|number| number.to_le_bytes().repeat(90)).collect();
        for message in &messages {
            pair.send(0, Delivery::ReliableOrdered, 0, message);
            pair.run(5 * MS);
        }
        pair.run(Duration::from_secs(1));
        assert!(pair.ends[1].got == messages);
        let [of_client, of_server] = [0, 1].map(|end| pair.ends[end].host.counters().rekeys);
        assert!(of_client > 20 && of_server > 3, "{of_client} {of_server}");
    }
}
