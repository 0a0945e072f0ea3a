#![allow(clippy::unwrap_used)]

use super::*;
use crate::golden::golden;

fn resent(bundles: &mut Bundles) -> Vec<u32> {
    let mut all = Vec::new();
    while let Some((number, _)) = bundles.next_resend(1_175, &Carried::default()) {
        all.push(number);
    }
    all
}

#[test]
fn what_was_lost_is_sent_again_as_it_is_unless_it_is_on_its_way_once_more() {
    let mut bundles = Bundles::default();
    let one = bundles.add(b"one", 3, None);
    let two = bundles.add(b"two", 3, None);
    for number in [one, two, two] {
        bundles.departs(number);
    }
    bundles.lost(two, false);
    assert_eq!(resent(&mut bundles), [], "another datagram has it");
    bundles.lost(two, false);
    bundles.lost(one, false);
    assert!(bundles.resends());
    assert_eq!(bundles.next_resend(2, &Carried::default()), None, "it does not fit");
    assert_eq!(bundles.next_resend(3, &Carried::default()), Some((two, &b"two"[..])));
    assert_eq!(resent(&mut bundles), [one]);
    assert!(!bundles.resends());
}

#[test]
fn what_was_lost_before_or_is_all_there_is_leaves_twice() {
    let mut bundles = Bundles::default();
    let one = bundles.add(b"one", 3, None);
    let two = bundles.add(b"two", 3, None);
    for expected in [&[one][..], &[one, one]] {
        bundles.departs(one);
        bundles.lost(one, false);
        assert_eq!(resent(&mut bundles), expected);
    }
    bundles.departs(two);
    bundles.lost(two, true);
    let mut carried = Carried::default();
    assert_eq!(bundles.next_resend(9, &carried), Some((two, &b"two"[..])));
    carried.push(two);
    assert_eq!(bundles.next_resend(9, &carried), None, "not in the same datagram");
    assert_eq!(resent(&mut bundles), [two]);
}

#[test]
fn what_arrived_late_is_not_sent_again_and_its_place_is_used_once_it_is_forgotten() {
    let mut bundles = Bundles::default();
    let one = bundles.add(b"one", 3, None);
    bundles.departs(one);
    bundles.lost(one, false);
    bundles.arrived(one, false);
    bundles.forgotten(one);
    assert_eq!((bundles.is_empty(), bundles.bytes()), (true, 0));
    assert_ne!(bundles.add(b"two", 3, None), one, "it still waits");
    assert!(!bundles.resends());
    assert_eq!(bundles.add(b"three", 5, None), one);
    assert_eq!(bundles.bytes(), 8);
}

#[test]
fn an_arrival_counts_once() {
    let mut bundles = Bundles::default();
    let one = bundles.add(b"one", 3, None);
    bundles.add(b"two", 7, None);
    (0..3).for_each(|_| bundles.departs(one));
    bundles.arrived(one, true);
    bundles.forgotten(one);
    bundles.lost(one, false);
    bundles.arrived(one, false);
    bundles.forgotten(one);
    assert_eq!(bundles.bytes(), 7);
    assert_eq!(resent(&mut bundles), []);
    bundles.arrived(one, true);
    bundles.forgotten(one);
    assert_eq!(bundles.free, [one]);
}

/// As a peer has it that hears nothing for hours, but speaks.
#[test]
fn a_bundle_may_be_in_more_datagrams_than_64_thousand() {
    let mut bundles = Bundles::default();
    let one = bundles.add(b"one", 3, None);
    (0..70_000).for_each(|_| bundles.departs(one));
    (0..69_999).for_each(|_| bundles.lost(one, false));
    assert!(!bundles.resends());
    bundles.lost(one, false);
    assert!(bundles.resends());
}

#[test]
fn a_probe_has_the_oldest_sent_again_as_far_as_there_is_room() {
    let mut bundles = Bundles::default();
    let all: Vec<_> = (0..5).map(|_| bundles.add(&[1; 400], 400, None)).collect();
    all.iter().for_each(|number| bundles.departs(*number));
    bundles.arrived(all[0], true);
    bundles.probe(all.iter().copied(), 1_000);
    assert_eq!(resent(&mut bundles), [all[1], all[2]]);
}

#[test]
fn only_what_is_short_and_on_its_way_once_is_repeated() {
    let mut bundles = Bundles::default();
    let one = bundles.add(b"one", 3, None);
    assert_eq!(bundles.short(one, 100), None, "it has not left");
    bundles.departs(one);
    assert_eq!(bundles.short(one, 2), None);
    assert_eq!(bundles.short(one, 3), Some(&b"one"[..]));
    bundles.departs(one);
    assert_eq!(bundles.short(one, 100), None, "it was repeated");
    bundles.arrived(one, true);
    assert_eq!(bundles.short(one, 100), None);
}

/// The other end hands nothing over before it has heard what this end knows.
#[test]
fn what_arrived_is_not_delivered_if_what_this_end_knows_did_not_arrive() {
    let mut bundles = Bundles::default();
    let (knows, message) = (golden("what an end knows"), golden("one message"));
    let all =
        [&knows, &golden("messages alike"), &message].map(|frames| bundles.add(frames, 5, None));
    all.iter().for_each(|number| bundles.departs(*number));
    all[1..].iter().for_each(|number| bundles.arrived(*number, true));
    let none = |_: &Large| false;
    assert_eq!(bundles.messages(none).len(), 5);
    bundles.arrived(all[0], true);
    assert_eq!(bundles.messages(none).len(), 0);
}

#[test]
fn memory_goes_back_once_all_has_arrived_and_is_forgotten() {
    let mut bundles = Bundles::default();
    let all: Vec<_> = (0..1_000).map(|_| bundles.add(&[1; 100], 90, None)).collect();
    for number in &all {
        bundles.departs(*number);
        bundles.arrived(*number, true);
    }
    bundles.shrink();
    assert!(bundles.bundles.capacity() > 0, "datagrams are known that hold them");
    all.iter().for_each(|number| bundles.forgotten(*number));
    bundles.shrink();
    assert_eq!((bundles.bundles.capacity(), bundles.free.capacity()), (0, 0));
}
