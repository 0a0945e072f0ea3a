//! How peers come and go.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pysage_core::wire::Codec;
use pysage_core::{ActorManager, Delivery};

use super::net::{Conditions, Out, Pair};
use super::{MS, lossy, seeds};
use crate::carrier::Arrived;
use crate::config::NetConfig;
use crate::host::{Host, Taken};
use crate::security::Security;

#[test]
fn a_disconnect_delivers_what_was_sent() {
    for seed in seeds(40) {
        let mut pair = Pair::new(lossy(seed, 0.2));
        for number in 0..300_u32 {
            pair.send(
                0,
                Delivery::ReliableOrdered,
                0,
                &[&number.to_le_bytes()[..], &[0; 90]].concat(),
            );
        }
        let link = pair.ends[0].link.unwrap();
        pair.ends[0].host.disconnect(pair.now, link);
        assert_eq!(pair.ends[0].host.room_bytes(link), None, "it takes no more");
        pair.run(Duration::from_secs(15));
        assert_eq!(pair.ends[1].got.len(), 300, "seed {seed}");
        assert_eq!(pair.ends[0].events, ["gone: Closed, 0"], "seed {seed}");
        let heard = &pair.ends[1].events;
        // It hears of it unless each word of it was lost, which it finds by itself.
        assert!(heard.len() == 1 && heard[0].ends_with(", 0"), "seed {seed}: {heard:?}");
    }
}

#[test]
fn two_that_disconnect_at_once_do_not_answer_each_other_for_ever() {
    let mut pair = Pair::new(Conditions { latency: 10 * MS, ..Conditions::default() });
    pair.run(Duration::from_secs(1));
    let before = pair.datagrams();
    for at in 0..2 {
        let link = pair.ends[at].link.unwrap();
        pair.ends[at].host.disconnect(pair.now, link);
    }
    pair.run(Duration::from_secs(5));
    let said = pair.datagrams() - before;
    assert_eq!(said, 2, "each says once that it ends");
    for end in &pair.ends {
        assert_eq!(end.events, ["gone: Closed, 0"]);
    }
}

#[test]
fn each_message_is_reported_that_a_peer_may_not_have() {
    let mut pair = Pair::new(Conditions { latency: 10 * MS, ..Conditions::default() });
    pair.send(0, Delivery::ReliableOrdered, 0, b"arrives");
    pair.run(Duration::from_secs(1));
    pair.is_cut = [true; 2];
    for number in 0..5_u8 {
        pair.send(0, Delivery::ReliableOrdered, number, &[number; 10]);
        pair.send(0, Delivery::ReliableUnordered, 0, &[number; 3]);
        pair.send(0, Delivery::Unreliable, 0, b"may be lost");
        pair.run(30 * MS);
    }
    pair.send(0, Delivery::ReliableOrdered, 0, &[9; 5_000]);
    pair.run(Duration::from_secs(12));
    let events = &pair.ends[0].events;
    assert_eq!(events.len(), 12, "{events:?}");
    assert_eq!(events[11], "gone: TimedOut, 11");
    for number in 0..5_u8 {
        assert!(events.contains(&format!("undelivered {:?}", [number; 10])), "{events:?}");
        assert!(events.contains(&format!("undelivered {:?}", [number; 3])), "{events:?}");
    }
    assert!(events.contains(&format!("undelivered {:?}", [9; 5_000])));
    assert_eq!(pair.ends[1].events, ["gone: TimedOut, 0"]);
    assert!(pair.ends.iter().all(|end| end.host.links().is_empty()));
}

#[test]
fn a_client_that_was_started_again_is_a_new_peer() {
    let mut pair = Pair::new(lossy(3, 0.0));
    let before = pair.ends[1].link;
    pair.send(1, Delivery::ReliableOrdered, 0, b"never acknowledged");
    pair.restart(0, 77);
    pair.run(Duration::from_secs(2));
    let events = &pair.ends[1].events;
    assert_eq!(events.last().unwrap(), "gone: Restarted, 1", "{events:?}");
    assert!(events[0].starts_with("undelivered"));
    assert_ne!(pair.ends[1].link, before);
    pair.send(0, Delivery::ReliableOrdered, 0, b"anew");
    pair.send(1, Delivery::ReliableOrdered, 0, b"welcome");
    pair.run(Duration::from_secs(2));
    assert_eq!(pair.ends[1].got, [b"anew".to_vec()]);
    assert_eq!(pair.ends[0].got, [b"welcome".to_vec()]);
}

#[test]
fn a_server_that_was_started_again_is_missed() {
    let mut pair = Pair::new(lossy(3, 0.0));
    pair.restart(1, 78);
    pair.send(0, Delivery::ReliableOrdered, 0, b"for who is gone");
    pair.run(Duration::from_secs(11));
    assert_eq!(pair.ends[0].events.last().unwrap(), "gone: TimedOut, 1");
    assert!(pair.ends[1].got.is_empty());
}

#[test]
fn peers_that_are_idle_stay_and_say_little() {
    let mut pair = Pair::new(lossy(3, 0.2));
    pair.run(Duration::from_secs(10));
    let before = pair.datagrams();
    pair.run(Duration::from_secs(600));
    let said = pair.datagrams() - before;
    assert!(pair.ends.iter().all(|end| end.host.links().len() == 1));
    assert!((500..2_500).contains(&said), "{said} datagrams in ten minutes");
}

mod one {
    #[derive(pysage_core::Message)]
    #[message(packet_type = 101)]
    pub(super) struct Bomb {
        pub(super) damage: i32,
    }
}

mod other {
    #[derive(pysage_core::Message)]
    #[message(packet_type = 101)]
    pub(super) struct Bomb {
        pub(super) damage: i64,
    }
}

#[test]
fn a_message_that_two_ends_know_differently_ends_the_connection() {
    let managers = [(); 2].map(|()| ActorManager::new());
    managers[0].register_message::<one::Bomb>().unwrap();
    managers[1].register_message::<other::Bomb>().unwrap();
    let tables = managers.map(|manager| manager.message_table());
    let mut pair = Pair::new(lossy(3, 0.1));
    for (end, table) in pair.ends.iter_mut().zip(tables) {
        end.host.set_table(table);
    }
    // The ones that are there know each other; the next connection is compared anew.
    pair.ends[0].link = None;
    let to = SocketAddr::from(([10, 0, 0, 2], 4000));
    let link = pair.ends[0].host.connect(pair.now, Some(to));
    for _ in 0..3 {
        pair.ends[0].host.send(link, b"never told", &[10], Delivery::ReliableOrdered, 0);
    }
    pair.run(Duration::from_secs(8));
    assert!(pair.ends[1].got.is_empty());
    for end in &pair.ends {
        let events = end.events.join("; ");
        assert!(events.contains("Mismatch") && events.contains("Bomb"), "{events}");
        assert!(events.contains("gone: Mismatch"), "{events}");
    }
}

macro_rules! wordy {
    ($($name:ident $number:literal)*) => {
        $(
            #[derive(pysage_core::Message)]
            #[message(packet_type = $number)]
            struct $name {
                a_field_whose_name_is_so_long_that_few_of_its_kind_are_more_than_a_message: u8,
                another_field_whose_name_is_so_long_that_few_of_its_kind_are_as_long: u8,
                a_third_field_whose_name_is_so_long_that_few_of_its_kind_are_as_long: u8,
            }
        )*

        fn register_wordy(manager: &ActorManager) {
            $(manager.register_message::<$name>().unwrap();)*
        }
    };
}

wordy! { One 102 Two 103 Three 104 Four 105 Five 106 Six 107 }

#[test]
fn what_an_end_knows_may_be_longer_than_its_messages() {
    let config = NetConfig::new(Security::open()).message_bytes(16).receive_window_bytes(1);
    let mut pair = Pair::with_config(lossy(3, 0.0), config);
    let manager = ActorManager::new();
    register_wordy(&manager);
    let mut bytes = Vec::new();
    manager.message_table().encode(&mut bytes);
    assert!(bytes.len() > 1_200, "{} bytes", bytes.len());
    pair.ends[1].host.set_table(manager.message_table());
    pair.restart(0, 5);
    pair.ends[0].host.set_table(manager.message_table());
    pair.run(Duration::from_secs(2));
    pair.send(0, Delivery::ReliableOrdered, 0, b"known");
    pair.run(Duration::from_secs(2));
    assert_eq!(pair.ends[1].got, [b"known".to_vec()], "{:?}", pair.ends[0].events);
}

#[test]
fn who_is_not_taken_is_told_why() {
    let config = NetConfig::new(Security::open());
    let mut pair = Pair::with_config(lossy(3, 0.0), config.clone().most_peers(1));
    pair.connect_stranger(1, &config);
    assert_eq!(pair.stranger_events(), ["gone: TooManyPeers, 1"]);
    let mut pair = Pair::with_config(lossy(3, 0.0), config.clone());
    pair.connect_stranger(1, &config.clone().codec(Codec::Fixed));
    assert_eq!(pair.stranger_events(), ["gone: Incompatible, 1"]);
    let mut pair = Pair::with_config(lossy(3, 0.0), config.clone());
    pair.connect_stranger(5, &config);
    assert_eq!(pair.stranger_events(), ["gone: NoAnswer, 1"]);
}

#[test]
fn what_waits_at_the_other_end_for_what_was_lost_is_reported() {
    let mut pair = Pair::new(Conditions { latency: 10 * MS, ..Conditions::default() });
    pair.is_cut[0] = true;
    pair.send(0, Delivery::ReliableOrdered, 1, &[1; 900]);
    pair.run(MS);
    pair.is_cut[0] = false;
    pair.send(0, Delivery::ReliableOrdered, 1, &[2; 900]);
    pair.run(MS);
    pair.send(0, Delivery::ReliableOrdered, 2, &[3; 900]);
    // Both arrive and are acknowledged; then nothing more does.
    pair.run(MS);
    pair.is_cut[0] = true;
    pair.run(40 * MS);
    pair.is_cut = [true; 2];
    pair.run(Duration::from_secs(13));
    assert_eq!(pair.ends[1].got, [vec![3; 900]]);
    let events = &pair.ends[0].events;
    assert_eq!(events.last().map(String::as_str), Some("gone: TimedOut, 2"));
    for lost in [1, 2] {
        assert!(events.contains(&format!("undelivered {:?}", [lost; 900])));
    }
}

#[test]
fn a_stream_that_ended_before_its_peer_was_known_ends_it_behind_what_is_sent_at_once() {
    let now = Instant::now();
    let [to, other] = [4000, 4001].map(|port| SocketAddr::from(([10, 0, 0, 2], port)));
    let mut host = Host::new(now, &NetConfig::new(Security::open()), 1200, false);
    host.rely_on_streams();
    for address in [other, to] {
        host.arrived(now, Arrived::Ended { address, kind: ErrorKind::ConnectionRefused });
    }
    let (link, mut out) = (host.connect(now, Some(to)), Out::over_streams());
    host.transmit(now, &mut out).unwrap();
    host.send(link, b"sent", &[4], Delivery::ReliableOrdered, 0);
    let now = host.wake_at().unwrap().max(now + MS);
    host.transmit(now, &mut out).unwrap();
    let mut told = Vec::new();
    host.tell(now, &mut |_, what| {
        told.push(format!("{what:?}"));
        Taken::Yes
    });
    assert!(told.len() == 2 && told[0].starts_with("Undelivered"), "{told:?}");
    assert!(told[1].contains("NobodyListens"), "{told:?}");
    let link = host.connect(now, Some(to));
    assert!(host.room_bytes(link).is_some(), "the next one has a stream of its own");
}
