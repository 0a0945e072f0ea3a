#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::endpoint::Limits;

const LIMITS: Limits = Limits {
    datagram_bytes: 1_200,
    payload_bytes: 1_175,
    send_queue_bytes: 1_000,
    window_bytes: 1_000,
    message_bytes: 1_000,
    partial_messages: 4,
    repeat_newest_bytes: 256,
    idle_timeout: Duration::from_secs(10),
    keep_alive: Duration::from_secs(2),
    loses_nothing: false,
    streams: 256,
};

fn add(peers: &mut Peers, address: Option<SocketAddr>) -> LinkId {
    let endpoint = Endpoint::new(Instant::now(), LIMITS);
    peers.add(0xabc << Peers::INDEX_BITS, address, State::LooksUp, endpoint)
}

fn all(next: impl FnMut() -> Option<u32>) -> Vec<u32> {
    std::iter::from_fn(next).collect()
}

#[test]
fn a_place_is_used_again_and_a_link_is_not() {
    let mut peers = Peers::default();
    let [one, two] = [0, 1].map(|_| add(&mut peers, None));
    assert_eq!((one.index, two.index, peers.len()), (0, 1, 2));
    peers.remove(one.index);
    let three = add(&mut peers, None);
    assert_eq!(three.index, one.index);
    assert!(peers.get(one).is_none() && peers.get_mut(one).is_none());
    assert_eq!(peers.get(three).unwrap().link, three);
    peers.remove(two.index);
    peers.remove(two.index);
    assert_eq!(peers.len(), 1, "a peer is gone once");
    peers.remove(three.index);
    assert!(peers.is_empty());
}

#[test]
fn a_session_is_found_by_all_of_its_number() {
    let mut peers = Peers::default();
    add(&mut peers, None);
    let two = add(&mut peers, None);
    let session = 0xabc << Peers::INDEX_BITS | two.index;
    assert_eq!(peers.of_session(session).unwrap().link, two);
    for other in [session ^ 1 << 31, session ^ 1, session | 0xffff] {
        assert!(peers.of_session(other).is_none_or(|peer| peer.link != two), "{other:x}");
    }
    peers.at(two.index).unwrap().end(crate::DisconnectReason::Closed);
    assert!(peers.of_session(session).is_none(), "it has ended");
    assert!(peers.get(two).is_none());
    assert_eq!(peers.len(), 2, "until that is told it has its place");
}

#[test]
fn an_address_is_that_of_the_peer_that_came_from_there_last() {
    let address = SocketAddr::from(([10, 0, 0, 1], 4000));
    let mut peers = Peers::default();
    let one = add(&mut peers, Some(address));
    peers.name(address, one.index);
    assert_eq!(peers.of_address(address), Some(one.index));
    let two = add(&mut peers, Some(address));
    peers.name(address, two.index);
    peers.remove(one.index);
    assert_eq!(peers.of_address(address), Some(two.index));
    peers.at(two.index).unwrap().end(crate::DisconnectReason::Closed);
    assert_eq!(peers.of_address(address), None);
    peers.remove(two.index);
    assert!(peers.by_address.is_empty());
}

#[test]
fn each_is_looked_at_once_and_nobody_who_is_gone() {
    let mut peers = Peers::default();
    let links = [0, 1, 2].map(|_| add(&mut peers, None));
    assert_eq!(all(|| peers.next_due()), [0, 1, 2], "who is new is due");
    for index in [2, 0, 2, 1, 0] {
        peers.set_due(index);
        peers.set_news(index);
    }
    peers.remove(0);
    assert_eq!(all(|| peers.next_due()), [2, 1]);
    assert_eq!(peers.news(), 3);
    assert_eq!(all(|| peers.next_news()), [2, 1]);
    assert!(!peers.has_due() && !peers.has_news());
    assert_eq!(peers.take_changed(), links);
    peers.set_changed(1);
    peers.set_changed(1);
    assert_eq!(peers.take_changed(), [links[1]]);
}

#[test]
fn a_peer_is_looked_at_when_it_is_time() {
    let (mut peers, now) = (Peers::default(), Instant::now());
    for _ in 0..3 {
        add(&mut peers, None);
    }
    all(|| peers.next_due());
    let ms = Duration::from_millis(1);
    for (index, at) in [(0, 30), (1, 10), (2, 20), (1, 40), (2, 5)] {
        peers.look_at(index, now + at * ms);
    }
    assert_eq!(peers.next_look(), Some(now + 5 * ms));
    peers.pass(now + 20 * ms);
    assert_eq!(all(|| peers.next_due()), [2]);
    peers.remove(0);
    peers.pass(now + 60 * ms);
    assert_eq!(all(|| peers.next_due()), [1]);
    assert_eq!(peers.next_look(), None);
}
