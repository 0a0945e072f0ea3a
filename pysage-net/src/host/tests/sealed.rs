//! Who is let in by its key, and what others can do.

use std::time::Duration;

use pysage_core::Delivery;

use super::net::{Conditions, Pair};
use super::{MS, lossy};
use crate::config::NetConfig;
use crate::host::Host;
use crate::security::{AllowList, Identity, PresharedKey, Security};

/// Keys that are the same each time.
fn identity(number: u8) -> Identity {
    Identity::of([number; 32].into())
}

fn keys_of(ours: &Identity, theirs: &Identity) -> Security {
    Security::keys(ours.clone(), AllowList::only(theirs.public_key()))
}

/// A client with the first key, a server with the second.
fn with_keys(conditions: Conditions) -> Pair {
    Pair::with_configs(conditions, with_keys_config())
}

pub(super) fn with_keys_config() -> [NetConfig; 2] {
    let [client, server] = [identity(1), identity(2)];
    [keys_of(&client, &server), keys_of(&server, &client)].map(NetConfig::new)
}

fn with_psk(conditions: Conditions) -> Pair {
    let key = PresharedKey::generate();
    Pair::with_config(conditions, NetConfig::new(Security::psk(key)))
}

#[test]
fn what_is_said_arrives_and_nobody_reads_it() {
    for mut pair in [with_keys(lossy(1, 0.0)), with_psk(lossy(1, 0.0))] {
        pair.record = Some(Vec::new());
        let secret = b"the password is swordfish, and nobody else may know it";
        pair.send(0, Delivery::ReliableOrdered, 0, secret);
        pair.send(1, Delivery::Unreliable, 0, secret);
        pair.run(Duration::from_secs(1));
        assert_eq!([&pair.ends[0].got, &pair.ends[1].got], [&[secret.to_vec()]; 2]);
        for (_, datagram) in pair.record.take().unwrap() {
            assert!(!datagram.windows(9).any(|bytes| bytes == b"swordfish"));
        }
    }
}

#[test]
fn all_arrives_where_a_fifth_is_lost() {
    for seed in 0..4 {
        let conditions = Conditions { latency: 20 * MS, jitter: 15 * MS, ..lossy(seed, 0.2) };
        let mut pair = with_keys(conditions);
        let messages: Vec<_> = (0..300_u32).map(|number| number.to_le_bytes().repeat(90)).collect();
        for message in &messages {
            pair.send(0, Delivery::ReliableOrdered, 0, message);
            pair.send(1, Delivery::ReliableOrdered, 3, message);
            pair.run(MS);
        }
        pair.run(Duration::from_secs(9));
        assert!(pair.ends.iter().all(|end| end.got == messages), "seed {seed}");
    }
}

#[test]
fn new_keys_lose_nothing() {
    for seed in 0..4 {
        let config = with_keys_config().map(|config| config.rekey_datagrams(10));
        let conditions = Conditions { latency: 20 * MS, jitter: 15 * MS, ..lossy(seed, 0.2) };
        let mut pair = Pair::with_configs(conditions, config);
        let messages: Vec<_> =
            (0..2_000_u32).map(|number| number.to_le_bytes().repeat(90)).collect();
        for message in &messages {
            pair.send(0, Delivery::ReliableOrdered, 0, message);
            pair.run(5 * MS);
        }
        pair.run(Duration::from_secs(9));
        assert!(pair.ends[1].got == messages, "seed {seed}");
        let [of_client, of_server] = [0, 1].map(|end| pair.ends[end].host.counters().rekeys);
        // The server only acknowledges, and has to ask each time.
        assert!(of_client > 80 && of_server > 20, "seed {seed}: {of_client} {of_server}");
    }
}

#[test]
fn a_key_is_not_used_for_longer_than_it_may_be() {
    let config = with_keys_config().map(|config| config.rekey_interval(Duration::from_secs(30)));
    let mut pair = Pair::with_configs(lossy(1, 0.0), config);
    pair.run(Duration::from_secs(1_000));
    for end in &pair.ends {
        let rekeys = end.host.counters().rekeys;
        assert!((28..=33).contains(&rekeys) && end.events.is_empty(), "{rekeys}");
    }
}

/// Time does not pass for a day, and then all at once: keys, cookies and connections keep to it.
#[test]
fn a_clock_that_jumps_ends_the_connection_and_no_more() {
    let mut pair = with_keys(lossy(1, 0.0));
    pair.now += Duration::from_secs(86_400);
    pair.run(MS);
    assert_eq!(pair.ends[0].events, ["gone: TimedOut, 0"]);
    assert_eq!(pair.ends[1].events, ["gone: TimedOut, 0"]);
    pair.restart(0, 5);
    pair.run(Duration::from_secs(1));
    pair.send(0, Delivery::ReliableOrdered, 0, b"the next day");
    // A clock that was set back: nothing is due for a while, and nothing is lost.
    pair.now -= Duration::from_secs(40_000);
    pair.run(Duration::from_secs(40_010));
    assert_eq!(pair.ends[1].got, [b"the next day"]);
}

#[test]
fn a_peer_may_move_and_loses_nothing() {
    for seed in 0..10 {
        let mut pair = with_keys(lossy(seed, 0.1));
        let messages: Vec<_> = (0..200_u32).map(|number| number.to_le_bytes().repeat(50)).collect();
        for (at, message) in messages.iter().enumerate() {
            pair.send(0, Delivery::ReliableOrdered, 0, message);
            pair.send(1, Delivery::ReliableOrdered, 0, message);
            if at % 50 == 25 {
                pair.move_client();
            }
            pair.run(10 * MS);
        }
        pair.run(Duration::from_secs(5));
        assert!(pair.ends.iter().all(|end| end.got == messages), "seed {seed}");
        let at = format!("Moved {{ address: {} }}", pair.client_address);
        assert_eq!(pair.ends[1].events.last(), Some(&at), "seed {seed}");
    }
}

#[test]
fn a_copy_from_elsewhere_leads_nothing_away_and_floods_nobody() {
    let mut pair = with_keys(lossy(1, 0.0));
    let victim = std::net::SocketAddr::from(([10, 9, 9, 9], 53));
    let (mut copied, mut to_victim) = (0, 0);
    for number in 0..200_u32 {
        pair.send(0, Delivery::Unreliable, 0, &number.to_le_bytes());
        pair.send(1, Delivery::ReliableOrdered, 0, &[7; 1_000]);
        // It overtakes what it is a copy of.
        for datagram in pair.about_to_arrive(1) {
            copied += datagram.len();
            pair.arrive_from(1, victim, &datagram);
        }
        pair.run(10 * MS);
        to_victim += std::mem::take(&mut pair.lost_bytes);
    }
    pair.run(Duration::from_secs(1));
    assert!(copied > 10_000 && to_victim > 0, "it is asked: {copied} {to_victim}");
    assert!(to_victim < 200 * 100, "{to_victim} bytes");
    assert_eq!(pair.ends[0].got.len(), 200);
    assert!(pair.ends[1].events.is_empty(), "{:?}", pair.ends[1].events);
}

#[test]
fn what_is_changed_or_said_again_is_not_taken() {
    let mut pair = with_keys(lossy(5, 0.0));
    pair.record = Some(Vec::new());
    for number in 0..100_u32 {
        pair.send(0, Delivery::Unreliable, 0, &number.to_le_bytes());
        pair.run(5 * MS);
    }
    let record = pair.record.take().unwrap();
    let sealed = record.iter().filter(|(to, bytes)| *to == 1 && bytes[0] & 0xc0 == 0x40);
    let before = pair.ends[1].host.counters().datagrams_dropped;
    let mut tries = 0;
    for (_, bytes) in sealed {
        pair.arrive(1, bytes);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            pair.arrive(1, &changed);
        }
        tries += 1 + bytes.len() as u64;
    }
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[1].got.len(), 100);
    assert_eq!(pair.ends[1].host.counters().datagrams_dropped - before, tries);
    assert!(pair.ends[1].events.is_empty(), "{:?}", pair.ends[1].events);
}

#[test]
fn a_key_that_is_not_on_the_list_is_told_so_and_not_kept() {
    let mut pair = with_keys(lossy(1, 0.0));
    let config = NetConfig::new(keys_of(&identity(3), &identity(2)));
    pair.connect_stranger(1, &config);
    assert_eq!(pair.stranger_events(), ["gone: NotAllowed, 1"]);
    assert_eq!(pair.ends[1].host.peers.len(), 1);
    assert!(pair.ends[1].got.is_empty() && pair.ends[1].events.is_empty());
}

#[test]
fn who_expects_another_key_or_has_none_does_not_connect() {
    let key = PresharedKey::generate();
    let others = [
        keys_of(&identity(1), &identity(3)),
        Security::psk(key.clone()),
        Security::psk(PresharedKey::generate()),
        Security::open(),
    ];
    let servers = [keys_of(&identity(2), &identity(1)), Security::psk(key), Security::open()];
    for (at, server) in servers.iter().enumerate() {
        for (of, client) in others.iter().enumerate() {
            if [(1, 1), (2, 3)].contains(&(at, of)) {
                continue;
            }
            let mut pair = Pair::new(lossy(1, 0.0));
            pair.change_server(&NetConfig::new(server.clone()));
            pair.connect_stranger(1, &NetConfig::new(client.clone()));
            assert_eq!(pair.stranger_events(), ["gone: OtherSecurity, 1"], "{at} {of}");
            assert_eq!(pair.ends[1].host.peers.len(), 0, "{at} {of}");
            assert!(pair.ends[1].got.is_empty());
        }
    }
}

/// While a name is looked up the list may change.
#[test]
fn who_has_nobody_to_call_any_more_does_not_call_openly() {
    let called = AllowList::only(identity(2).public_key());
    let security = Security::keys(identity(1), called.clone());
    let mut pair = Pair::new(lossy(1, 0.0));
    let mut client = Host::new(pair.now, &NetConfig::new(security), 1200, false);
    let link = client.connect(pair.now, None);
    called.allow(identity(3).public_key());
    client.reach(pair.now, link, "10.0.0.2:4000".parse().unwrap());
    pair.ends[0].host = client;
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.stranger_events(), ["gone: NotAllowed, 0"]);
}

#[test]
fn whose_key_is_revoked_is_heard_no_more() {
    let [client, server] = [identity(1), identity(2)];
    let guests = AllowList::only(client.public_key());
    let config = [keys_of(&client, &server), Security::keys(server, guests.clone())];
    let mut pair = Pair::with_configs(lossy(1, 0.0), config.map(NetConfig::new));
    pair.ends[1].is_full = true;
    pair.send(0, Delivery::ReliableOrdered, 0, b"on its way");
    pair.run(50 * MS);
    pair.ends[1].is_full = false;
    assert!(guests.revoke(&client.public_key()));
    pair.send(0, Delivery::ReliableOrdered, 0, b"and more");
    pair.run(Duration::from_secs(1));
    assert!(pair.ends[1].got.is_empty());
    assert_eq!(pair.ends[1].events, ["gone: NotAllowed, 0"]);
    assert!(pair.ends[0].events.last().unwrap().starts_with("gone: NotAllowed"));
    pair.restart(0, 7);
    pair.run(Duration::from_secs(6));
    assert_eq!(pair.ends[0].events.last().unwrap(), "gone: NotAllowed, 0");
    guests.allow(client.public_key());
    pair.restart(0, 8);
    pair.run(Duration::from_secs(1));
    pair.send(0, Delivery::ReliableOrdered, 0, b"back");
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[1].got, [b"back"]);
}

#[test]
fn what_waits_of_a_key_that_left_before_it_was_revoked_is_not_handled() {
    let (client, server) = (identity(1), identity(2));
    let guests = AllowList::only(client.public_key());
    let config = [keys_of(&client, &server), Security::keys(server, guests.clone())];
    let mut pair = Pair::with_configs(lossy(1, 0.0), config.map(NetConfig::new));
    pair.ends[1].is_full = true;
    pair.send(0, Delivery::ReliableOrdered, 0, b"a parting gift");
    pair.run(100 * MS);
    let link = pair.ends[0].link.unwrap();
    pair.ends[0].host.disconnect(pair.now, link);
    pair.run(Duration::from_secs(1));
    assert!(guests.revoke(&client.public_key()));
    pair.ends[1].is_full = false;
    pair.run(Duration::from_secs(1));
    assert!(pair.ends[1].got.is_empty());
    assert_eq!(pair.ends[1].events, ["gone: ClosedByPeer, 0"]);
}

#[test]
fn the_later_of_two_with_one_key_stays() {
    let mut pair = with_keys(lossy(1, 0.0));
    let config = NetConfig::new(keys_of(&identity(1), &identity(2)));
    pair.connect_stranger(1, &config);
    assert_eq!(pair.ends[1].events, ["gone: Restarted, 0"]);
    assert_eq!(pair.ends[1].got, [b"let me in"]);
    assert_eq!(pair.ends[1].host.links().len(), 1);
}

#[test]
fn a_hello_that_is_said_again_ends_nothing() {
    let mut pair = with_keys(lossy(1, 0.0));
    pair.record = Some(Vec::new());
    pair.restart(0, 9);
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[1].events, ["gone: Restarted, 0"]);
    let record = pair.record.take().unwrap();
    let hellos: Vec<_> = record.iter().filter(|(_, bytes)| bytes[0] == 0x84).collect();
    assert!(hellos.len() >= 2);
    pair.restart(0, 10);
    pair.run(MS);
    for _ in 0..20 {
        hellos.iter().for_each(|(_, bytes)| pair.arrive(1, bytes));
        pair.run(100 * MS);
    }
    pair.run(Duration::from_secs(20));
    assert_eq!(pair.ends[1].events, ["gone: Restarted, 0"; 2], "one for each that came anew");
    assert!(pair.ends[0].events.is_empty(), "{:?}", pair.ends[0].events);
    assert_eq!(pair.ends[1].host.peers.len(), 1);
}

#[test]
fn a_server_that_was_started_again_takes_its_peers_while_they_still_send() {
    let mut pair = with_keys(lossy(1, 0.0));
    pair.send(0, Delivery::ReliableOrdered, 0, b"before");
    pair.run(Duration::from_secs(1));
    pair.restart(1, 5);
    for _ in 0..100 {
        pair.send(0, Delivery::Unreliable, 0, b"into nothing");
        pair.run(100 * MS);
        if !pair.ends[0].events.is_empty() {
            break;
        }
    }
    pair.run(Duration::from_secs(15));
    assert_eq!(pair.ends[0].events, ["gone: TimedOut, 0"]);
    assert_eq!(pair.ends[1].got, [b"before"], "what is of the former life is not opened");
    pair.ends[0].events.clear();
    pair.restart(0, 6);
    pair.run(Duration::from_secs(1));
    pair.send(0, Delivery::ReliableOrdered, 0, b"behind");
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.ends[1].got, [&b"before"[..], b"behind"]);
}

#[test]
fn a_seed_makes_all_the_same_again() {
    let run = || {
        let mut pair = with_keys(lossy(3, 0.1));
        pair.record = Some(Vec::new());
        pair.restart(0, 4);
        pair.send(0, Delivery::ReliableOrdered, 0, b"the same");
        pair.run(Duration::from_secs(1));
        pair.record.take().unwrap()
    };
    assert_eq!(run(), run());
}
