//! The scenarios that laminar's reliable modes fail (`laminar_facts.rs`), over the network of pysage
//! with laminar's framing: each message arrives once, whole and in its order.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "net_laminar/ends.rs"]
mod ends;
#[allow(dead_code)]
#[path = "../support/scenario.rs"]
mod scenario;

use pysage_net::Delivery;

use ends::PysageEnds;
use scenario::{Outcome, Scenario, Weather, play};

fn play_pysage(scenario: &Scenario) -> Outcome {
    play(scenario, &mut PysageEnds::new(scenario))
}

/// Of so many messages all came, once and whole; in their order, too, unless they need not.
#[track_caller]
fn assert_right(outcome: Outcome, sent: u32, delivery: Delivery, what: impl std::fmt::Debug) {
    let out_of_order = match delivery {
        Delivery::ReliableOrdered => 0,
        _ => outcome.out_of_order,
    };
    let right = Outcome { sent, delivered: sent, out_of_order, ..Outcome::default() };
    assert_eq!(outcome, right, "{what:?}");
}

#[test]
fn reliable_messages_arrive_where_both_ends_send() {
    let scenario = Scenario { two_way: true, ..Scenario::one_way(Weather::clean(1)) };
    assert_right(play_pysage(&scenario), 4_000, scenario.delivery, "clean");
}

#[test]
fn reliable_messages_arrive_one_way() {
    let scenario = Scenario::one_way(Weather::clean(1));
    assert_right(play_pysage(&scenario), 2_000, scenario.delivery, "clean");
}

#[test]
fn thousands_of_messages_at_once_arrive() {
    for seed in 0..5 {
        let scenario = Scenario::burst(seed);
        assert_right(play_pysage(&scenario), 4_000, scenario.delivery, seed);
    }
}

#[test]
fn what_was_lost_before_a_silence_arrives() {
    for seed in 0..20 {
        let scenario = Scenario::silence_after_loss(seed);
        assert_right(play_pysage(&scenario), 500, scenario.delivery, seed);
    }
}

#[test]
fn what_is_sent_during_a_blackout_of_seven_seconds_arrives() {
    for seed in 0..5 {
        let scenario = Scenario::blackout(seed);
        assert_right(play_pysage(&scenario), 4_000, scenario.delivery, seed);
    }
}

#[test]
fn reliable_messages_in_any_order_arrive_once() {
    for seed in 0..5 {
        let scenario = Scenario::duplicates(seed);
        assert_right(play_pysage(&scenario), 1_000, scenario.delivery, seed);
    }
}

#[test]
fn messages_of_several_datagrams_are_put_together_as_they_were_and_kept_in_order() {
    for delivery in [Delivery::ReliableUnordered, Delivery::ReliableOrdered] {
        for seed in 0..3 {
            let scenario = Scenario::large_by_jitter(seed, delivery);
            assert_right(play_pysage(&scenario), 400, delivery, (delivery, seed));
        }
    }
}

#[test]
fn messages_of_all_sizes_arrive_whole() {
    let around_limits_of_laminar = [4, 64, 1_195, 1_447, 1_448, 1_450, 1_452];
    let in_parts = [16_384, 16_385, 20_000, 65_000, 65_535];
    for delivery in [Delivery::Unreliable, Delivery::ReliableUnordered, Delivery::ReliableOrdered] {
        for body_bytes in around_limits_of_laminar.into_iter().chain(in_parts) {
            let outcome = play_pysage(&Scenario::of_size(body_bytes, delivery));
            assert_right(outcome, 10, delivery, (delivery, body_bytes));
        }
    }
}

#[test]
fn messages_beyond_64_kib_arrive_if_both_ends_allow_them() {
    let outcome = play_pysage(&Scenario::of_size(65_536 + 2_000, Delivery::ReliableOrdered));
    assert_right(outcome, 10, Delivery::ReliableOrdered, "67,536 bytes");
}

/// laminar takes messages that it loses. What is longer than its limit is refused here.
#[test]
fn a_message_that_is_too_long_is_refused_and_not_lost() {
    let mut scenario = Scenario::of_size(64, Delivery::ReliableOrdered);
    let mut ends = PysageEnds::new(&scenario);
    scenario.body_bytes = 1 << 20;
    assert!(ends.refuses(&vec![0; scenario.body_bytes]));
    scenario.body_bytes = 64;
    assert_right(play(&scenario, &mut ends), 10, scenario.delivery, "it goes on");
}

/// What has a reliable packet's head does not get as far as laminar, from whomever it comes: nobody
/// can have it acknowledge what did not arrive, or keep what it waits for.
#[test]
fn forged_reliable_packets_of_laminar_harm_nobody_and_are_counted() {
    let scenario = Scenario::silence_after_loss(3);
    let mut ends = PysageEnds::new(&scenario);
    ends.forges = true;
    assert_right(play(&scenario, &mut ends), 500, scenario.delivery, "forged");
    assert!(ends.forged > 1_000 && ends.dropped() >= ends.forged, "{} dropped", ends.dropped());
}
