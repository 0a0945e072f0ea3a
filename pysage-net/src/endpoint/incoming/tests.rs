#![allow(clippy::unwrap_used)]

use super::super::bytes::{MOST, Reader};
use super::super::frame::{Frame, PART_BYTES, put_messages};
use super::*;

const WINDOW_BYTES: usize = 20_000;
const ORDERED: Lane = Lane { kind: Kind::ReliableOrdered, stream: 0 };
const UNORDERED: Lane = Lane { kind: Kind::ReliableUnordered, stream: 0 };
const SEQUENCED: Lane = Lane { kind: Kind::Sequenced, stream: 0 };
const UNRELIABLE: Lane = Lane { kind: Kind::Unreliable, stream: 0 };

fn incoming() -> Incoming {
    Incoming::new(WINDOW_BYTES, 8_000, 4)
}

/// Has these messages come with numbers in a row.
fn take(incoming: &mut Incoming, lane: Lane, first: u64, bodies: &[&[u8]]) -> Accepted {
    let lengths: Vec<_> = bodies.iter().map(|body| body.len() as u32).collect();
    let mut out = Vec::new();
    let bytes = bodies.concat();
    let wrote = put_messages(&mut out, lane, first, &lengths, &bytes, 60_000);
    assert_eq!(wrote.0, bodies.len());
    let frame = Frame::read(&mut Reader::new(&out));
    let Ok(Some(Frame::Messages(messages))) = frame else { panic!("{frame:?}") };
    let accepted = incoming.take(&messages).unwrap();
    incoming.check();
    accepted
}

fn take_part(incoming: &mut Incoming, lane: Lane, number: u64, index: usize) -> Accepted {
    let bytes = &[index as u8; PART_BYTES][..if index == 0 { PART_BYTES } else { 1 }];
    let part = Part { lane, number, total_bytes: PART_BYTES + 1, index, bytes };
    let accepted = incoming.take_part(&part).unwrap();
    incoming.check();
    accepted
}

/// What can be handed over, and is.
fn got(incoming: &mut Incoming) -> Vec<u8> {
    let mut all = Vec::new();
    while incoming.has_next() {
        let mut takes = true;
        incoming.hand_over(|body| {
            if takes {
                all.push(body.first().copied().unwrap_or(0));
            }
            std::mem::take(&mut takes)
        });
        incoming.check();
    }
    all
}

#[test]
fn what_came_early_waits_for_what_is_before_it() {
    let mut incoming = incoming();
    assert_eq!(take(&mut incoming, ORDERED, 3, &[&[3], &[4]]), Accepted::Yes);
    assert_eq!(take(&mut incoming, ORDERED, 1, &[&[1]]), Accepted::Yes);
    assert!(got(&mut incoming).is_empty());
    assert_eq!(take(&mut incoming, ORDERED, 0, &[&[0]]), Accepted::Yes);
    assert_eq!(got(&mut incoming), [0, 1]);
    assert_eq!(take(&mut incoming, ORDERED, 2, &[&[2]]), Accepted::Yes);
    assert_eq!(got(&mut incoming), [2, 3, 4]);
    assert_eq!(incoming.held_bytes, 0);
}

#[test]
fn blocks_that_overlap_are_handed_over_once() {
    let mut incoming = incoming();
    let all: Vec<[u8; 1]> = (0..20).map(|number| [number]).collect();
    let bodies: Vec<&[u8]> = all.iter().map(|body| &body[..]).collect();
    for (first, end) in [(5, 9), (7, 12), (5, 7), (5, 11), (4, 6), (15, 16), (12, 14), (2, 20)] {
        assert_eq!(take(&mut incoming, ORDERED, first as u64, &bodies[first..end]), Accepted::Yes);
    }
    assert_eq!(take(&mut incoming, ORDERED, 0, &bodies[..3]), Accepted::Yes);
    assert!(got(&mut incoming).into_iter().eq(0..20));
    assert_eq!(take(&mut incoming, ORDERED, 0, &bodies), Accepted::Yes);
    assert!(got(&mut incoming).is_empty());
    assert_eq!(incoming.held_bytes, 0);
}

#[test]
fn a_block_of_more_and_shorter_messages_in_place_of_another_counts_for_what_it_has() {
    let mut incoming = incoming();
    assert_eq!(take(&mut incoming, ORDERED, 5, &[&[1; 1_000]]), Accepted::Yes);
    assert_eq!(take(&mut incoming, ORDERED, 5, &[&[1], &[2]]), Accepted::Yes);
    assert_eq!(incoming.held_bytes, 2 * (1 + MESSAGE_COST_BYTES));
}

#[test]
fn a_message_that_came_early_in_parts_counts_once() {
    let mut incoming = incoming();
    for index in [1, 0] {
        assert_eq!(take_part(&mut incoming, ORDERED, 2, index), Accepted::Yes);
    }
    assert_eq!(incoming.held_bytes, PART_BYTES + 1 + MESSAGE_COST_BYTES);
    assert_eq!(take(&mut incoming, ORDERED, 0, &[&[8], &[9]]), Accepted::Yes);
    assert_eq!(got(&mut incoming), [8, 9, 0]);
    assert_eq!(incoming.held_bytes, 0);
}

#[test]
fn a_message_that_came_early_both_in_parts_and_whole_counts_once() {
    let mut incoming = incoming();
    assert_eq!(take_part(&mut incoming, ORDERED, 5, 0), Accepted::Yes);
    assert_eq!(take(&mut incoming, ORDERED, 5, &[&[1], &[2]]), Accepted::Yes);
    assert_eq!(take_part(&mut incoming, ORDERED, 5, 1), Accepted::Yes);
    // What is still in parts is not handed over any more, and goes on to count: its peer lied.
    assert!(incoming.held_bytes <= PART_BYTES + 1 + 3 * MESSAGE_COST_BYTES + 2);
}

#[test]
fn what_came_twice_is_handed_over_once() {
    let mut incoming = incoming();
    for _ in 0..3 {
        assert_eq!(take(&mut incoming, UNORDERED, 4, &[&[4], &[5]]), Accepted::Yes);
        assert_eq!(take(&mut incoming, UNORDERED, 3, &[&[3], &[4], &[5], &[6]]), Accepted::Yes);
    }
    assert_eq!(got(&mut incoming), [4, 5, 3, 6]);
}

#[test]
fn beyond_the_window_only_what_came_before_is_taken() {
    let mut incoming = incoming();
    let cost = 1_000 + MESSAGE_COST_BYTES;
    let fit = (WINDOW_BYTES / cost) as u64;
    for lane in [ORDERED, UNORDERED] {
        for number in 0..fit {
            assert_eq!(take(&mut incoming, lane, number, &[&[number as u8; 1_000]]), Accepted::Yes);
        }
        assert_eq!(take(&mut incoming, lane, fit, &[&[0; 1_000]]), Accepted::No);
        assert_eq!(take_part(&mut incoming, lane, fit, 0), Accepted::No);
        assert_eq!(take(&mut incoming, lane, fit - 1, &[&[0; 1_000]]), Accepted::Yes);
        // What is not reliable has a window beside.
        assert_eq!(take(&mut incoming, UNRELIABLE, 0, &[&[99]]), Accepted::Yes);
        let limit_bytes = incoming.limit_bytes();
        assert_eq!(got(&mut incoming).len() as u64, fit + 1);
        assert_eq!(incoming.limit_bytes(), limit_bytes + fit * cost as u64);
        assert_eq!(take(&mut incoming, lane, fit, &[&[0; 1_000]]), Accepted::Yes);
        got(&mut incoming);
    }
}

#[test]
fn unreliable_messages_without_content_do_not_wait_without_a_bound() {
    let mut incoming = incoming();
    for number in 0..10_000 {
        let _ = take(&mut incoming, UNRELIABLE, number, &[&[]]);
    }
    assert!(got(&mut incoming).len() <= WINDOW_BYTES / MESSAGE_COST_BYTES);
}

#[test]
fn of_what_is_sequenced_only_the_newest_is_taken_whatever_numbers_it_has() {
    let mut incoming = incoming();
    assert_eq!(take(&mut incoming, SEQUENCED, 5, &[&[5], &[6]]), Accepted::Yes);
    assert_eq!(take(&mut incoming, SEQUENCED, 4, &[&[4], &[5], &[6], &[7]]), Accepted::Yes);
    assert_eq!(got(&mut incoming), [5, 6, 7]);
    assert_eq!(take(&mut incoming, SEQUENCED, MOST, &[&[9; 8][..]; 4]), Accepted::Yes);
    assert_eq!(got(&mut incoming), [9; 4]);
    assert_eq!(take(&mut incoming, SEQUENCED, 0, &[&[1; 8][..]; 4]), Accepted::Yes);
    assert_eq!(take(&mut incoming, SEQUENCED, MOST, &[&[1; 8]]), Accepted::Yes);
    assert!(got(&mut incoming).is_empty());
}

#[test]
fn the_largest_numbers_do_no_harm() {
    for lane in [ORDERED, UNORDERED, SEQUENCED, UNRELIABLE, Lane::CONTROL] {
        let mut incoming = incoming();
        for first in [MOST, MOST - 1, 0, MOST, 1 << 61] {
            let _ = take(&mut incoming, lane, first, &[&[1], &[2]]);
            let _ = take_part(&mut incoming, lane, first, 0);
            let _ = take_part(&mut incoming, lane, first, 1);
            let _ = take_part(&mut incoming, lane, first + 2, 1);
        }
        got(&mut incoming);
        while incoming.next_control().is_some() {}
        incoming.check();
    }
}

#[test]
fn an_unordered_lane_has_so_many_gaps_and_goes_on_once_they_are_filled() {
    let mut incoming = incoming();
    for gap in 0..MOST_GAPS as u64 {
        assert_eq!(take(&mut incoming, UNORDERED, 2 * gap + 1, &[&[1]]), Accepted::Yes);
        got(&mut incoming);
    }
    let far = 2 * MOST_GAPS as u64 + 100;
    assert_eq!(take(&mut incoming, UNORDERED, far, &[&[1]]), Accepted::No);
    for index in [0, 1] {
        assert_eq!(take_part(&mut incoming, UNORDERED, far, index), Accepted::No);
    }
    assert_eq!(incoming.held_bytes, 0);
    // What is next to others, or was there before, leaves no gap more.
    assert_eq!(take(&mut incoming, UNORDERED, 1, &[&[1]]), Accepted::Yes);
    assert_eq!(take(&mut incoming, UNORDERED, 2, &[&[2]]), Accepted::Yes);
    assert_eq!(take(&mut incoming, UNORDERED, far, &[&[1]]), Accepted::Yes);
    assert_eq!(take(&mut incoming, UNORDERED, far + 2, &[&[1]]), Accepted::No);
}

#[test]
fn a_message_of_more_than_the_limit_is_malformed_and_one_at_it_is_not() {
    let mut incoming = incoming();
    let bytes = &[1; PART_BYTES];
    let part = |total_bytes| Part { lane: ORDERED, number: 0, total_bytes, index: 0, bytes };
    assert!(incoming.take_part(&part(8_001)).is_err());
    assert_eq!(incoming.take_part(&part(8_000)), Ok(Accepted::Yes));
    assert!(incoming.take_part(&part(7_999)).is_err(), "its parts do not agree");
}
