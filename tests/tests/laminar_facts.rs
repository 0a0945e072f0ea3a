//! What laminar's reliable modes do to messages. Each test holds that they fail, so that README can
//! say why laminar carries datagrams in pysage, and no guarantee.
//!
//! laminar runs here by itself, driven by hand, over a network in memory and by a clock that is moved.
//! It gets a kind configuration (`ends.rs`), so that what fails is not a time-out that could be set
//! otherwise. If one of these tests ever fails, laminar has become better: look whether what pysage
//! says of it is still true.

#[path = "laminar_facts/air.rs"]
mod air;
#[path = "laminar_facts/ends.rs"]
mod ends;
#[path = "laminar_facts/hand.rs"]
mod hand;
#[path = "../support/scenario.rs"]
mod scenario;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use laminar::{
    Config, Connection, ConnectionManager, ConnectionMessenger, Packet, SocketEvent,
    VirtualConnection,
};
use pysage_net::Delivery;

use air::{Air, AirSocket};
use ends::{LaminarEnds, address, kind_config};
use hand::Hand;
use scenario::{End, Outcome, Scenario, Weather, play};

/// The size of the largest message that laminar takes apart.
const LARGEST_BYTES: usize = 16_384;

/// How laminar writes that a packet is a reliable one, in order or not, behind the two bytes of its
/// version.
const RELIABLE_UNORDERED: [u8; 3] = [0, 1, 0];

fn play_laminar(scenario: &Scenario) -> Outcome {
    play(scenario, &mut LaminarEnds::new(scenario, &kind_config()))
}

#[test]
fn unreliable_messages_that_fit_arrive() {
    for body_bytes in [4, 64, 1_195, 1_447] {
        let outcome = play_laminar(&Scenario::of_size(body_bytes, Delivery::Unreliable));
        assert_eq!((outcome.delivered, outcome.corrupted), (10, 0), "{body_bytes} bytes");
    }
}

#[test]
fn reliable_messages_that_fit_arrive_where_both_ends_send_and_nothing_is_lost() {
    let scenario = Scenario { two_way: true, ..Scenario::one_way(Weather::clean(1)) };
    let right = Outcome { sent: 4_000, delivered: 4_000, ..Outcome::default() };
    assert_eq!(play_laminar(&scenario), right);
}

/// Acknowledgements ride on reliable messages of the other end alone. So none come, and from the
/// 513th on the connection is given up, with what is sent meanwhile.
#[test]
fn one_way_reliable_messages_are_lost_on_a_link_that_loses_nothing() {
    let outcome = play_laminar(&Scenario::one_way(Weather::clean(1)));
    assert!(outcome.lost > 1_000, "{outcome:?}");
}

#[test]
fn more_than_512_messages_in_flight_end_the_connection() {
    let scenario = Scenario::burst(1);
    let mut ends = LaminarEnds::new(&scenario, &kind_config());
    let outcome = play(&scenario, &mut ends);
    assert!(ends.endings > 0 && outcome.lost > 0, "{outcome:?}");
}

/// Without a timer, nothing is sent again unless acknowledgements run 32 messages ahead of it.
#[test]
fn what_was_lost_before_a_silence_never_arrives() {
    let outcomes = (0..20).map(|seed| play_laminar(&Scenario::silence_after_loss(seed)));
    let failed = outcomes.filter(|outcome| outcome.lost > 0).count();
    assert!(failed >= 10, "messages were lost with {failed} of 20 seeds");
}

#[test]
fn what_is_sent_during_a_blackout_of_seven_seconds_is_lost() {
    let outcome = play_laminar(&Scenario::blackout(1));
    assert!(outcome.lost > 500, "{outcome:?}");
}

#[test]
fn reliable_messages_in_any_order_arrive_twice() {
    let outcome = play_laminar(&Scenario::duplicates(1));
    assert!(outcome.duplicated > 50, "{outcome:?}");
}

/// Without a link that repeats anything: an acknowledgement that was lost is enough.
#[test]
fn a_message_that_arrived_is_sent_again_and_handed_over_again() {
    let (mut near, mut far) = (Hand::new(), Hand::new());
    let first = near.send(Packet::reliable_unordered(address(End::Far), b"first".to_vec()));
    assert_eq!(far.take(&first[0]), [b"first"]);
    for _ in 0..40 {
        for datagram in near.send(Packet::reliable_unordered(address(End::Far), vec![0])) {
            far.take(&datagram);
        }
    }
    // What is acknowledged is the last and the 32 before it.
    for datagram in far.send(Packet::reliable_unordered(address(End::Near), vec![0])) {
        near.take(&datagram);
    }
    let again: Vec<_> = near.resend().iter().flat_map(|datagram| far.take(datagram)).collect();
    assert!(again.contains(&b"first".to_vec()), "{again:?}");
}

#[test]
fn messages_of_several_datagrams_are_put_together_in_the_order_of_arrival() {
    let outcome = play_laminar(&Scenario::large_by_jitter(1, Delivery::ReliableUnordered));
    assert!(outcome.corrupted > outcome.sent * 9 / 10, "{outcome:?}");
}

#[test]
fn messages_of_several_datagrams_are_handed_over_in_any_order() {
    let (mut near, mut far) = (Hand::new(), Hand::new());
    let ordered = |first: u8| Packet::reliable_ordered(address(End::Far), vec![first; 2_000], None);
    let (one, two) = (near.send(ordered(1)), near.send(ordered(2)));
    let handed_over = two.iter().chain(&one).flat_map(|datagram| far.take(datagram));
    assert_eq!(handed_over.map(|body| body[0]).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn messages_of_more_than_16_kib_vanish_though_they_were_taken() {
    for body_bytes in [LARGEST_BYTES + 1, 20_000, 65_535] {
        let outcome = play_laminar(&Scenario::of_size(body_bytes, Delivery::ReliableOrdered));
        let vanished = Outcome { sent: 10, lost: 10, ..Outcome::default() };
        assert_eq!(outcome, vanished, "{body_bytes} bytes");
    }
    let largest = play_laminar(&Scenario::of_size(LARGEST_BYTES, Delivery::ReliableOrdered));
    assert_eq!(largest.delivered, 10);
}

#[test]
fn messages_of_more_than_64_kib_are_cut_to_the_rest() {
    let (mut near, mut far) = (Hand::new(), Hand::new());
    let whole = vec![7; 65_536 + 2_000];
    let datagrams = near.send(Packet::reliable_unordered(address(End::Far), whole));
    let bodies: Vec<_> = datagrams.iter().flat_map(|datagram| far.take(datagram)).collect();
    assert_eq!(bodies.iter().map(Vec::len).collect::<Vec<_>>(), [2_000]);
}

#[test]
fn unreliable_messages_that_just_fit_are_cut() {
    for body_bytes in [1_448, 1_450, 1_452] {
        let outcome = play_laminar(&Scenario::of_size(body_bytes, Delivery::Unreliable));
        assert_eq!((outcome.delivered, outcome.corrupted), (0, 10), "{body_bytes} bytes");
    }
}

#[test]
fn a_datagram_of_13_bytes_from_anyone_erases_33_unacknowledged_messages() {
    let mut near = Hand::new();
    let mut datagrams = Vec::new();
    for number in 0..33 {
        let packet = Packet::reliable_unordered(address(End::Far), vec![number]);
        datagrams.extend(near.send(packet));
    }
    assert_eq!(near.connection.packets_in_flight(), 33);

    let version = &datagrams[0][..2];
    // Its number, and that number 32 and the 32 before it have arrived.
    let acknowledges = [0, 0, 0, 32, 0xff, 0xff, 0xff, 0xff];
    let forged = [version, &RELIABLE_UNORDERED, &acknowledges].concat();
    assert_eq!(forged.len(), 13);
    near.take(&forged);
    assert_eq!(near.connection.packets_in_flight(), 0);
    assert!(near.resend().is_empty());
}

/// A connection that tells how many were made.
#[derive(Debug)]
struct Counted(VirtualConnection);

thread_local! {
    static MADE: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

impl Connection for Counted {
    type SendEvent = Packet;
    type ReceiveEvent = SocketEvent;

    fn create_connection(
        messenger: &mut impl ConnectionMessenger<SocketEvent>,
        address: SocketAddr,
        time: Instant,
    ) -> Counted {
        MADE.set(MADE.get() + 1);
        Counted(VirtualConnection::create_connection(messenger, address, time))
    }

    fn is_established(&self) -> bool {
        self.0.is_established()
    }

    fn should_drop(
        &mut self,
        messenger: &mut impl ConnectionMessenger<SocketEvent>,
        time: Instant,
    ) -> bool {
        self.0.should_drop(messenger, time)
    }

    fn process_packet(
        &mut self,
        messenger: &mut impl ConnectionMessenger<SocketEvent>,
        payload: &[u8],
        time: Instant,
    ) {
        self.0.process_packet(messenger, payload, time);
    }

    fn process_event(
        &mut self,
        messenger: &mut impl ConnectionMessenger<SocketEvent>,
        event: Packet,
        time: Instant,
    ) {
        self.0.process_event(messenger, event, time);
    }

    fn update(&mut self, messenger: &mut impl ConnectionMessenger<SocketEvent>, time: Instant) {
        self.0.update(messenger, time);
    }
}

/// The limit is 50, and is looked at only once the connection is there.
#[test]
fn a_connection_is_made_for_each_forged_address() {
    let far = address(End::Far);
    let air = Air::new(Weather::clean(1), address(End::Near));
    for forged in 0..200u8 {
        air.borrow_mut().send(([10, 1, 1, forged], 9).into(), far, &[forged; 20]);
    }
    air.borrow_mut().now = Duration::from_secs(1);
    let socket = AirSocket { at: far, air };
    let mut manager = ConnectionManager::<_, Counted>::new(socket, Config::default());
    manager.manual_poll(Instant::now());
    assert_eq!(MADE.get(), 200);
}

#[test]
fn a_connection_takes_more_than_a_megabyte() {
    let mut hand = None;
    let info = allocation_counter::measure(|| hand = Some(Hand::new()));
    assert!(info.bytes_current > 1 << 20, "{} bytes", info.bytes_current);
}

/// One message of an ordered stream is missing, and all behind it wait, however many.
#[test]
fn forged_messages_are_kept_without_a_limit() {
    let mut near = Hand::new();
    let mut datagram = Hand::new()
        .send(Packet::reliable_ordered(address(End::Near), vec![7; 512], None))
        .remove(0);
    let info = allocation_counter::measure(|| {
        for number in 1..10_001u16 {
            // Behind the head of 5 bytes and the acknowledgements of 8 is its place in the stream.
            datagram[13..15].copy_from_slice(&number.to_be_bytes());
            assert!(near.take(&datagram).is_empty());
        }
    });
    assert!(info.bytes_current > 5_000_000, "{} bytes", info.bytes_current);
}
