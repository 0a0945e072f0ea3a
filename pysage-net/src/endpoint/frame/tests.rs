#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::super::lane::Kind;
use super::ack::MOST_RANGES;
use super::*;
use crate::golden::{assert_golden, golden};

type Read = (Lane, u64, Vec<Vec<u8>>);

fn bodies(messages: &Messages<'_>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    messages.each(0, |start, end| all.push([start, end].concat()));
    all
}

/// The messages of a datagram, and whether all of it is sound.
fn read(bytes: &[u8]) -> (Vec<Read>, bool) {
    let (mut reader, mut all) = (Reader::new(bytes), Vec::new());
    loop {
        match Frame::read(&mut reader) {
            Ok(Some(Frame::Messages(it))) => all.push((it.lane, it.first, bodies(&it))),
            Ok(Some(Frame::Part(it))) => all.push((it.lane, it.number, vec![it.bytes.to_vec()])),
            Ok(Some(_)) => {}
            Ok(None) => return (all, true),
            Err(_) => return (all, false),
        }
    }
}

/// Writes them into as many frames as it takes, each of at most so many bytes.
fn write(lane: Lane, first: u64, bodies: &[Vec<u8>], room_bytes: usize) -> Vec<Vec<u8>> {
    let lengths: Vec<_> = bodies.iter().map(|body| body.len() as u32).collect();
    let (bytes, mut frames) = (bodies.concat(), Vec::new());
    let (mut count, mut taken) = (0, 0);
    while count < bodies.len() {
        let (number, mut out) = (first + count as u64, Vec::new());
        let rest = &lengths[count..];
        let wrote = put_messages(&mut out, lane, number, rest, &bytes[taken..], room_bytes);
        assert!(wrote.0 > 0 && out.len() <= room_bytes, "{wrote:?}");
        (count, taken) = (count + wrote.0, taken + wrote.1);
        frames.push(out);
    }
    frames
}

fn lanes() -> impl Strategy<Value = Lane> {
    (0_u8..5, any::<u8>()).prop_map(|(code, stream)| {
        let stream = if [1, 3].contains(&code) { stream } else { 0 };
        Lane::from_code(code, stream).unwrap()
    })
}

/// All of one length and beginning or of any, or first some of the one kind and then of the other.
fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let alike = (0_usize..40, 0_usize..40, 0_usize..90).prop_map(|(length, common, count)| {
        let body =
            |of: usize| (0..length).map(move |at| if at < common { 7 } else { (at * of) as u8 });
        (0..count).map(|of| body(of).collect()).collect::<Vec<Vec<u8>>>()
    });
    let any_length = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..30);
    (alike.clone(), any_length, alike).prop_map(|(one, two, three)| [one, two, three].concat())
}

proptest! {
    #[test]
    fn messages_are_read_as_they_were_written(
        lane in lanes(),
        first in 0_u64..1 << 61,
        all in messages(),
        room_bytes in 240_usize..1_200,
    ) {
        let mut next = first;
        let mut came = Vec::new();
        for frame in write(lane, first, &all, room_bytes) {
            let (frames, is_sound) = read(&frame);
            prop_assert!(is_sound && frames.len() == 1);
            let (in_lane, number, bodies) = &frames[0];
            prop_assert_eq!((*in_lane, *number), (lane, next));
            next += bodies.len() as u64;
            came.extend(bodies.iter().cloned());
        }
        prop_assert_eq!(came, all);
    }

    #[test]
    fn a_datagram_that_was_cut_holds_only_the_frames_before(all in messages(), first in 0_u64..1 << 61) {
        let lane = Lane { kind: Kind::ReliableOrdered, stream: 5 };
        let frames = write(lane, first, &all, 300);
        let whole = frames.concat();
        let ends: Vec<_> = frames.iter().scan(0, |end, frame| { *end += frame.len(); Some(*end) }).collect();
        let (sound, _) = read(&whole);
        for cut in (0..whole.len()).filter(|cut| whole.len() < 800 || cut % 7 == 0 || ends.contains(cut)) {
            let (came, is_sound) = read(&whole[..cut]);
            prop_assert_eq!(is_sound, cut == 0 || ends.contains(&cut), "cut at {}", cut);
            prop_assert_eq!(&came[..], &sound[..came.len()]);
            prop_assert_eq!(came.len(), ends.iter().filter(|end| **end <= cut).count());
        }
    }

    #[test]
    fn acks_are_read_as_they_were_written_with_the_newest_if_not_all_fit(
        numbers in prop::collection::btree_set(0_u64..400, 1..200),
        far in 0_u64..1 << 61,
        told in prop::array::uniform3(0_u64..1 << 62),
        room_bytes in 64_usize..1_200,
    ) {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for number in numbers.iter().rev().map(|number| far + number) {
            match ranges.last_mut() {
                Some(range) if range.0 == number + 1 => range.0 = number,
                _ => ranges.push((number, number)),
            }
        }
        let mut out = Vec::new();
        put_ack(&mut out, ranges.iter().copied(), told, room_bytes);
        prop_assert!(out.len() <= room_bytes);
        let mut reader = Reader::new(&out);
        let Ok(Some(Frame::Ack(ack))) = Frame::read(&mut reader) else { panic!("{out:?}") };
        prop_assert!(reader.is_empty());
        prop_assert_eq!([ack.delay_us, ack.limit_bytes, ack.marked], told);
        prop_assert_eq!(ack.largest, ranges[0].1);
        let came: Vec<_> = ack.ranges().collect();
        prop_assert!(ranges.starts_with(&came));
        let fit = 1 + room_bytes.saturating_sub(1 + 5 * 8 + 2) / 2;
        prop_assert!(came.len() >= ranges.len().min(MOST_RANGES).min(fit / 2));
        for cut in 1..out.len() {
            prop_assert!(Frame::read(&mut Reader::new(&out[..cut])).is_err(), "cut at {}", cut);
        }
    }
}

fn one(lane: Lane, first: u64, bodies: &[&[u8]]) -> Vec<u8> {
    let bodies: Vec<_> = bodies.iter().map(|body| body.to_vec()).collect();
    write(lane, first, &bodies, 1_175).concat()
}

#[test]
fn each_form_is_written_as_it_always_was() {
    let of = |kind, stream| Lane { kind, stream };
    let reliable = of(Kind::ReliableOrdered, 0);
    assert_golden("one message", &one(reliable, 7, &[b"hello"]));
    let unordered = of(Kind::ReliableUnordered, 0);
    let alike: [&[u8]; 4] = [b"headab", b"headcd", b"headef", b"headgh"];
    assert_golden("messages alike", &one(unordered, 300, &alike));
    let sequenced = of(Kind::Sequenced, 3);
    let of_stream = one(sequenced, 1 << 20, &[b"abcd", b"efgh"]);
    assert_golden("messages alike of a stream", &of_stream);
    let mixed = one(of(Kind::Unreliable, 0), 0, &[b"a", b"bc", b"def"]);
    assert_golden("mixed messages", &mixed);
    assert_golden("what an end knows", &one(Lane::CONTROL, 0, &[&[1, 0, 0]]));
    let mut out = Vec::new();
    Part { lane: reliable, number: 9, total_bytes: 1_105, index: 1, bytes: b"tails" }
        .write(&mut out);
    assert_golden("part", &out);
    assert_golden("ping", &[PING]);
    assert_golden("close", &[CLOSE, 0]);
    assert_golden("padding", &[PADDING; 3]);
    let mut out = Vec::new();
    let ranges = [(895, 900), (890, 893), (738, 788)];
    put_ack(&mut out, ranges.into_iter(), [1_234, 1 << 20, 0], 1_175);
    assert_golden("ack", &out);
    let mut out = Vec::new();
    for number in [37, 15_293, 494_878_333, 151_288_809_941_952_652] {
        put(&mut out, number);
    }
    assert_golden("numbers", &out);
}

#[test]
fn lengths_in_a_longer_form_are_read_as_well() {
    let mixed = [0x90, 0, 2, 0x40, 1, 7, 0xc0, 0, 0, 0, 0, 0, 0, 2, 8, 9];
    let lane = Lane { kind: Kind::Unreliable, stream: 0 };
    let datagram = [&mixed[..], &golden("one message")].concat();
    let (all, is_sound) = read(&datagram);
    assert!(is_sound && all.len() == 2);
    assert_eq!(all[0], (lane, 0, vec![vec![7], vec![8, 9]]));
}

#[test]
fn padding_ends_a_datagram() {
    let padded = [golden("padding"), golden("one message")].concat();
    assert_eq!(read(&padded), (Vec::new(), true));
}

#[test]
fn what_no_endpoint_writes_is_refused() {
    let refused: [(&str, &[u8]); 12] = [
        ("an unknown kind", &[0x04]),
        ("bit 6", &[0xc3, 0, 1, 9]),
        ("a lane that is none", &[0x85, 0, 1, 9]),
        ("a stream of what has none", &[0xa2, 1, 0, 1, 9]),
        ("no messages", &[0x93, 0, 0]),
        ("too many messages", &[0x8b, 0, 0x44, 0xb1, 0, 0]),
        ("a beginning that is longer than the message", &[0x8b, 0, 2, 1, 2, 9, 9]),
        ("messages longer than memory", &[0x8b, 0, 2, 0xff, 255, 255, 255, 255, 255, 255, 255, 0]),
        ("a part of nothing", &[0x9b, 0, 0, 0]),
        ("a part behind the end", &[0x9b, 0, 0x44, 0x4c, 1]),
        (
            "a part whose place is beyond all",
            &[0x9b, 0, 1, 0xff, 255, 255, 255, 255, 255, 255, 255],
        ),
        ("an ack of numbers below 0", &[2, 5, 0, 0, 0, 0, 6]),
    ];
    for (what, bytes) in refused {
        assert!(Frame::read(&mut Reader::new(bytes)).is_err(), "{what}");
    }
    let mut ranges = vec![2, 0x43, 0xe8, 0, 0, 0, MOST_RANGES as u8 | 0x40, 0];
    ranges.splice(6..7, [0x40, MOST_RANGES as u8]);
    ranges.extend([0; 2 * MOST_RANGES]);
    assert!(Frame::read(&mut Reader::new(&ranges)).is_err(), "too many ranges");
}

#[test]
fn messages_to_be_skipped_may_be_more_than_there_are() {
    for bytes in [golden("messages alike"), golden("mixed messages"), golden("one message")] {
        let Ok(Some(Frame::Messages(it))) = Frame::read(&mut Reader::new(&bytes)) else { panic!() };
        let all = bodies(&it);
        for skip in [0, 1, it.count, it.count + 1, 1 << 62, u64::MAX] {
            let mut left = Vec::new();
            it.each(skip, |start, end| left.push([start, end].concat()));
            assert_eq!(left, all[all.len().min(skip.try_into().unwrap_or(usize::MAX))..]);
        }
    }
}

#[test]
fn a_challenge_and_its_response_are_written_as_they_always_were() {
    let token = [1, 2, 3, 4, 5, 6, 7, 8];
    for (name, asks) in [("challenge", true), ("response", false)] {
        let mut out = Vec::new();
        crate::endpoint::Endpoint::write_path(asks, token, &mut out);
        assert_golden(name, &out);
        let read = Frame::read(&mut Reader::new(&out));
        let is_it = match read {
            Ok(Some(Frame::Challenge(read))) => asks && read == token,
            Ok(Some(Frame::Response(read))) => !asks && read == token,
            _ => false,
        };
        assert!(is_it, "{name}");
    }
}
