#![allow(clippy::unwrap_used)]

use super::super::bytes::Reader;
use super::super::frame::Frame;
use super::super::lane::Kind;
use super::*;

const PLENTY: usize = usize::MAX;

fn ordered(stream: u8) -> Lane {
    Lane { kind: Kind::ReliableOrdered, stream }
}

/// Which lanes and numbers a datagram of such a size has, and how many messages each.
fn write(
    outgoing: &mut Outgoing,
    class: Class,
    room_bytes: usize,
    credit: usize,
) -> Vec<(Lane, u64, u64)> {
    let (mut out, mut left) = (Vec::new(), credit);
    while let Some(written) = outgoing.write(class, room_bytes - out.len(), left, &mut out) {
        left -= written.cost;
        if room_bytes - out.len() < 24 {
            break;
        }
    }
    assert!(out.len() <= room_bytes);
    let (mut reader, mut all) = (Reader::new(&out), Vec::new());
    while let Some(frame) = Frame::read(&mut reader).unwrap() {
        match frame {
            Frame::Messages(it) => all.push((it.lane, it.first, it.count)),
            Frame::Part(it) => all.push((it.lane, it.number, it.index as u64)),
            other => panic!("{other:?}"),
        }
    }
    all
}

#[test]
fn lanes_take_turns_datagram_by_datagram() {
    let mut outgoing = Outgoing::default();
    for stream in [0, 1, 2] {
        for number in 0..20_u16 {
            outgoing.push(ordered(stream), &[&number.to_le_bytes()[..], &[stream; 100]].concat());
        }
    }
    let mut first = Vec::new();
    let mut next = [0; 3];
    while outgoing.waits(Class::Reliable) {
        let frames = write(&mut outgoing, Class::Reliable, 600, PLENTY);
        first.push(frames[0].0.stream);
        for (lane, number, count) in frames {
            let next = &mut next[usize::from(lane.stream)];
            assert_eq!(number, *next, "numbers in a row");
            *next += count;
        }
    }
    assert_eq!(next, [20; 3]);
    assert_eq!(first[..6], [0, 1, 2, 0, 1, 2], "{first:?}");
    assert_eq!((outgoing.bytes(), outgoing.is_empty()), (0, true));
}

#[test]
fn a_stream_of_large_messages_has_its_turn_beside_one_of_many_small_ones() {
    let mut outgoing = Outgoing::default();
    for _ in 0..200 {
        outgoing.push(ordered(0), &[0; 100]);
    }
    outgoing.push(ordered(1), &[1; 1_000]);
    let streams = |outgoing: &mut Outgoing| {
        let frames = write(outgoing, Class::Reliable, 1_175, PLENTY);
        frames.iter().map(|(lane, ..)| lane.stream).collect::<Vec<_>>()
    };
    assert_eq!(streams(&mut outgoing), [0]);
    assert_eq!(streams(&mut outgoing)[0], 1);
}

#[test]
fn a_stream_that_the_window_has_no_room_for_does_not_hold_up_another() {
    let mut outgoing = Outgoing::default();
    outgoing.push(ordered(0), &[0; 1_000]);
    outgoing.push(ordered(1), &[1; 10]);
    assert_eq!(write(&mut outgoing, Class::Reliable, 1_175, 500), []);
    assert_eq!(write(&mut outgoing, Class::Reliable, 1_175, 500), [(ordered(1), 0, 1)]);
}

#[test]
fn what_may_be_lost_and_what_may_not_do_not_wait_for_each_other() {
    let mut outgoing = Outgoing::default();
    outgoing.push(ordered(0), b"reliable");
    outgoing.push(Lane { kind: Kind::Unreliable, stream: 0 }, b"not");
    assert_eq!(write(&mut outgoing, Class::Unreliable, 1_175, PLENTY).len(), 1);
    assert!(!outgoing.waits(Class::Unreliable) && outgoing.waits(Class::Reliable));
    assert_eq!(outgoing.reliable(), [b"reliable".to_vec()]);
}

#[test]
fn no_more_leaves_than_there_is_credit_for() {
    let mut outgoing = Outgoing::default();
    for number in 0..10_u8 {
        outgoing.push(ordered(0), &[number; 10]);
    }
    let cost = 10 + MESSAGE_COST_BYTES;
    assert_eq!(outgoing.next_cost(), Some(cost));
    assert_eq!(write(&mut outgoing, Class::Reliable, 1_175, cost - 1), []);
    assert_eq!(write(&mut outgoing, Class::Reliable, 1_175, 3 * cost + 5), [(ordered(0), 0, 3)]);
    let mut out = Vec::new();
    let written = outgoing.write(Class::Reliable, 1_175, 2 * cost, &mut out).unwrap();
    assert_eq!((written.bytes, written.cost), (20, 2 * cost));
    assert_eq!(write(&mut outgoing, Class::Reliable, 1_175, PLENTY), [(ordered(0), 5, 5)]);
}

#[test]
fn a_message_in_parts_counts_once_and_waits_for_credit_as_a_whole() {
    let mut outgoing = Outgoing::default();
    let body: Vec<u8> = (0..2 * PART_BYTES + 1).map(|at| at as u8).collect();
    outgoing.push(ordered(0), b"before");
    outgoing.push(ordered(0), &body);
    outgoing.push(ordered(0), b"behind");
    write(&mut outgoing, Class::Reliable, 100, PLENTY);
    let cost = body.len() + MESSAGE_COST_BYTES;
    assert_eq!(outgoing.next_cost(), Some(cost));
    let mut out = Vec::new();
    assert!(outgoing.write(Class::Reliable, 1_175, cost - 1, &mut out).is_none());
    assert!(outgoing.write(Class::Reliable, 500, PLENTY, &mut out).is_none(), "it does not fit");
    let first = outgoing.write(Class::Reliable, 1_175, cost, &mut out).unwrap();
    assert_eq!((first.bytes, first.cost), (PART_BYTES, cost));
    let large = first.large.unwrap();
    assert!(outgoing.leaves_in_parts(&large));
    assert_eq!(outgoing.next_cost(), Some(0), "it counts already");
    assert_eq!(outgoing.reliable().len(), 2, "a message of which parts have left still waits");
    for (bytes, leaves) in [(PART_BYTES, true), (1, false)] {
        let next = outgoing.write(Class::Reliable, 1_175, 0, &mut out).unwrap();
        assert_eq!((next.bytes, next.cost), (bytes, 0));
        assert_eq!(outgoing.leaves_in_parts(&large), leaves);
    }
    assert_eq!(large.bytes, body);
    let behind = write(&mut outgoing, Class::Reliable, 1_175, PLENTY);
    assert_eq!(behind, [(ordered(0), 2, 1)]);
}

#[test]
fn memory_goes_back_once_nothing_waits() {
    let mut outgoing = Outgoing::default();
    for number in 0..40_000_u32 {
        outgoing.push(ordered(0), &number.to_le_bytes());
    }
    while outgoing.waits(Class::Reliable) {
        write(&mut outgoing, Class::Reliable, 1_175, PLENTY);
    }
    outgoing.shrink();
    let waiting = &outgoing.lanes[0];
    assert_eq!((waiting.bytes.capacity(), waiting.lengths.capacity()), (0, 0));
    outgoing.push(ordered(0), b"and goes on");
    assert_eq!(write(&mut outgoing, Class::Reliable, 1_175, PLENTY), [(ordered(0), 40_000, 1)]);
}

#[test]
fn a_large_buffer_is_given_back_when_little_is_sent_for_long() {
    let mut outgoing = Outgoing::default();
    let send = |outgoing: &mut Outgoing, messages: usize| {
        (0..messages).for_each(|_| outgoing.push(ordered(0), &[7; 1_000]));
        while outgoing.waits(Class::Reliable) {
            write(outgoing, Class::Reliable, 1_175, PLENTY);
        }
        outgoing.lanes[0].bytes.capacity()
    };
    let kept = send(&mut outgoing, 600);
    assert!(kept >= 300_000);
    for _ in 2..UNNEEDED {
        assert_eq!(send(&mut outgoing, 1), kept, "bulk may go on");
    }
    send(&mut outgoing, 600);
    let after: Vec<_> = (0..2 * UNNEEDED).map(|_| send(&mut outgoing, 1)).collect();
    assert!(after[0] >= 300_000 && after[after.len() - 1] <= KEPT_BYTES, "{after:?}");
}

/// They take up a byte each in a datagram, and count for 65 against the window.
#[test]
fn messages_that_begin_alike_are_within_the_window_of_the_peer() {
    let mut outgoing = Outgoing::default();
    for number in 0..4_000_u16 {
        outgoing.push(ordered(0), &[&[7; 32][..], &[number as u8]].concat());
    }
    for (room_bytes, credit) in [(1_200, 40_000), (1_200, 60_000), (16_384, 70_000)] {
        let mut out = Vec::new();
        let written = outgoing.write(Class::Reliable, room_bytes, credit, &mut out).unwrap();
        assert!((1..=credit).contains(&written.cost), "{} of {credit}", written.cost);
    }
}
