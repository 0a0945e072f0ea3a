//! What strangers and peers may cost a host.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use pysage_core::Delivery;
use pysage_core::wire::Codec;

use super::net::Pair;
use super::{MS, lossy};
use crate::config::NetConfig;
use crate::security::Security;
use crate::session::{Cookie, Hello, Said, Shake, Terms};

/// Says hello from an address that is really there, but keeps silent once it is welcomed; whether
/// it was.
fn knocks(pair: &mut Pair, from: SocketAddr, client: u32) -> bool {
    let terms = Terms {
        codec: Terms::code_of(Codec::Compact),
        window_bytes: 1 << 20,
        message_bytes: 64 << 10,
    };
    let mut cookie = Cookie::NONE;
    for _ in 0..2 {
        let said = Said::Hello(Hello { cookie, terms });
        let shake = Shake { client_session: client, client_key: client.into(), said };
        let mut hello = Vec::new();
        shake.write(1_200, &mut hello);
        pair.arrive_from(1, from, &hello);
        pair.run(MS / 10);
        let answers: Vec<_> = pair.lost.take().into_iter().flatten().collect();
        pair.lost = Some(Vec::new());
        for (_, answer) in answers.iter().filter(|(to, _)| *to == from) {
            match Shake::read(answer, 1_200).map(|shake| shake.said) {
                Ok(Said::Cookie(given)) => cookie = given,
                Ok(Said::Welcome(_)) => return true,
                _ => {}
            }
        }
    }
    false
}

fn from(host: u16, port: u16) -> SocketAddr {
    let [high, low] = host.to_be_bytes();
    SocketAddr::from(([10, 1, high, low], port))
}

/// A pair whose server keeps to this, and where what goes to strangers is looked at.
fn limited(config: NetConfig) -> Pair {
    let mut pair = Pair::with_config(lossy(3, 0.0), config);
    pair.lost = Some(Vec::new());
    pair
}

fn open() -> NetConfig {
    NetConfig::new(Security::open())
}

#[test]
fn so_many_are_let_in_before_they_show_that_they_know() {
    let mut pair = limited(open().pending_handshakes(20));
    let welcomed =
        (0..200).filter(|at| knocks(&mut pair, from(*at, 9), 1 + u32::from(*at))).count();
    assert_eq!((welcomed, pair.ends[1].host.peers.len()), (20, 21));
    assert_eq!(pair.ends[1].host.counters().handshakes_put_off, 180);
    // They have as long as who connects.
    pair.run(NetConfig::DEFAULT_CONNECT_TIMEOUT);
    assert_eq!(pair.ends[1].host.peers.len(), 1);
    assert!(knocks(&mut pair, from(300, 9), 300));
    assert!(pair.ends[1].events.is_empty(), "of those nobody has heard");
}

#[test]
fn one_address_does_not_keep_another_one_from_coming_in() {
    let mut pair = limited(open().pending_handshakes(20).pending_handshakes_of_address(5));
    let welcomed = |pair: &mut Pair, host, ports: Range<u16>| {
        ports.filter(|port| knocks(pair, from(host, *port), u32::from(*port))).count()
    };
    assert_eq!(welcomed(&mut pair, 1, 100..130), 5);
    assert_eq!(pair.ends[1].host.counters().handshakes_put_off, 25);
    assert_eq!(welcomed(&mut pair, 2, 200..230), 5);
    // A place is free again once its time is over, or who has it has shown that it knows.
    pair.run(NetConfig::DEFAULT_CONNECT_TIMEOUT / 2);
    assert_eq!(welcomed(&mut pair, 1, 300..301), 0);
    pair.run(NetConfig::DEFAULT_CONNECT_TIMEOUT / 2);
    assert_eq!(welcomed(&mut pair, 1, 400..430), 5);
}

#[test]
fn who_has_shown_that_it_knows_takes_no_place() {
    let mut pair = limited(open().pending_handshakes(1).pending_handshakes_of_address(1));
    for at in 0..20 {
        pair.restart(0, 100 + at);
        pair.run(Duration::from_secs(2));
        pair.send(0, Delivery::ReliableOrdered, 0, &[at as u8]);
        pair.run(MS * 500);
    }
    let sent: Vec<_> = (0..20).map(|at| vec![at]).collect();
    assert_eq!(pair.ends[1].got, sent);
}

#[test]
fn so_many_handshakes_are_done_in_a_second_and_with_an_address() {
    let config = open().handshakes_per_second(50).handshakes_per_second_of_address(10);
    let mut pair = limited(config);
    pair.run(Duration::from_secs(2));
    // All within a tenth of a second.
    let mut of_host = |host: u16| {
        (0..40)
            .filter(|port| knocks(&mut pair, from(host, 9 + port), u32::from(host * 100 + port)))
            .count()
    };
    let welcomed = [of_host(1), of_host(2), of_host(3)];
    assert!(welcomed.iter().all(|count| (10..=11).contains(count)), "{welcomed:?}");
}

#[test]
fn who_is_in_loses_nothing_while_strangers_flood() {
    let mut pair = limited(open().pending_handshakes(20));
    let messages: Vec<_> = (0..200_u32).map(|number| number.to_le_bytes().repeat(50)).collect();
    for (at, message) in (0..).zip(&messages) {
        pair.send(0, Delivery::ReliableOrdered, 0, message);
        pair.send(1, Delivery::ReliableOrdered, 0, message);
        for port in 0..20 {
            knocks(&mut pair, from(at, 9 + port), 1 + u32::from(port));
        }
    }
    pair.run(Duration::from_secs(3));
    assert!(pair.ends.iter().all(|end| end.got == messages && end.events.is_empty()));
    assert!(pair.ends[1].host.peers.len() <= 21);
}

#[test]
fn of_a_peer_no_more_is_taken_than_it_may_send() {
    let config = open().peer_datagrams_per_second(1_000).peer_bytes_per_second(50_000);
    let mut pair = limited(config);
    for number in 0..400_u32 {
        pair.send(0, Delivery::ReliableOrdered, 0, &number.to_le_bytes().repeat(200));
    }
    pair.run(Duration::from_secs(2));
    let so_far = pair.ends[1].got.len();
    assert!((80..=200).contains(&so_far), "{so_far} of 800 bytes in 2 s and what is taken at once");
    assert!(pair.ends[1].host.counters().datagrams_over_limit > 0);
    pair.run(Duration::from_secs(20));
    assert_eq!(pair.ends[1].got.len(), 400, "it has become slower");
}
