#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const LONGEST_BYTES: usize = 100;

/// All frames that can be taken now.
fn taken(stream: &mut Stream) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Next::Frame(frame) = stream.next() {
        frames.push(frame.to_vec());
        stream.take();
    }
    frames
}

fn framed(frame: &[u8]) -> Vec<u8> {
    [&(frame.len() as u32).to_be_bytes(), frame].concat()
}

#[test]
fn the_length_of_a_frame_is_four_bytes_the_highest_first() {
    let mut stream = Stream::new(LONGEST_BYTES);
    stream.send(b"g\0\0\0\x01");
    assert_eq!(stream.unsent(), b"\0\0\0\x05g\0\0\0\x01");
}

/// Bug 1 of the original: only the first frame of a read was delivered.
#[test]
fn all_frames_of_one_read_are_there_at_once() {
    let mut stream = Stream::new(LONGEST_BYTES);
    stream.arrived(&[framed(b"one"), framed(b"two"), framed(b"three")].concat());
    assert_eq!(taken(&mut stream), [&b"one"[..], b"two", b"three"]);
    assert_eq!(stream.next(), Next::Part);
}

/// Bug 2 of the original: a frame of no bytes blocked its connection for good.
#[test]
fn a_frame_of_no_bytes_is_a_frame_and_the_next_one_follows() {
    let mut stream = Stream::new(LONGEST_BYTES);
    stream.arrived(&[framed(b""), framed(b"next")].concat());
    assert_eq!(taken(&mut stream), [&b""[..], b"next"]);
}

/// Bug 2 of the original: there was no longest frame, and the buffer grew without limit.
#[test]
fn a_length_over_the_limit_is_told_before_its_bytes_come() {
    let mut stream = Stream::new(LONGEST_BYTES);
    stream.arrived(&[&framed(&[7; LONGEST_BYTES])[..], &101_u32.to_be_bytes()].concat());
    assert_eq!(taken(&mut stream), [[7; LONGEST_BYTES]]);
    assert_eq!(stream.next(), Next::TooLong);
    let mut stream = Stream::new(LONGEST_BYTES);
    stream.arrived(&u32::MAX.to_be_bytes());
    assert_eq!(stream.next(), Next::TooLong);
    assert!(stream.incoming.capacity() < KEPT_BYTES);
}

/// Bug 2 of the original: each part of a frame was joined to a copy of those before it.
#[test]
fn a_long_frame_in_small_parts_is_moved_once() {
    let longest_bytes = 4 << 20;
    let mut stream = Stream::new(longest_bytes);
    let all = [framed(b"before"), framed(&vec![1; longest_bytes])].concat();
    let (mut frames, mut moves) = (Vec::new(), 0);
    for part in all.chunks(1 << 10) {
        moves += usize::from(stream.taken > 0);
        stream.arrived(part);
        frames.extend(taken(&mut stream).into_iter().map(|frame| frame.len()));
    }
    assert_eq!((frames, moves), (vec![6, longest_bytes], 1));
}

#[test]
fn what_was_not_passed_on_to_its_end_is_given_up_as_frames() {
    let mut stream = Stream::new(LONGEST_BYTES);
    for frame in [&b"one"[..], b"two", b"three"] {
        stream.send(frame);
    }
    stream.pass_on(7 + 5);
    let mut given_up = Vec::new();
    stream.give_up(|frame| given_up.push(frame.to_vec()));
    assert_eq!(given_up, [&b"two"[..], b"three"]);
    assert_eq!((stream.unsent_bytes(), stream.unsent()), (0, &b""[..]));
}

#[test]
fn buffers_that_were_large_are_given_back() {
    let mut stream = Stream::new(1 << 20);
    stream.arrived(&framed(&vec![1; 1 << 20]));
    assert_eq!(taken(&mut stream).len(), 1);
    stream.send(&vec![1; 1 << 20]);
    stream.pass_on(stream.unsent().len());
    assert!(stream.incoming.capacity() + stream.outgoing.capacity() <= 2 * KEPT_BYTES);
}

proptest! {
    /// However a stream is cut, what was sent comes out, and no more is kept than is on its way.
    #[test]
    fn frames_come_out_as_they_were_sent_however_the_stream_is_cut(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..=LONGEST_BYTES), 0..40),
        sizes in prop::collection::vec(1_usize..300, 1..50),
    ) {
        let (mut from, mut to) = (Stream::new(LONGEST_BYTES), Stream::new(LONGEST_BYTES));
        let (mut out, mut sizes) = (Vec::new(), sizes.iter().cycle());
        let mut left = frames.iter();
        let mut sent = 0;
        loop {
            // Some more may be sent while the stream moves on.
            for frame in left.by_ref().take(1 + sizes.next().unwrap() % 4) {
                from.send(frame);
                sent += 1;
            }
            if from.unsent().is_empty() && left.len() == 0 {
                break;
            }
            let part = from.unsent();
            let part = part[..part.len().min(*sizes.next().unwrap())].to_vec();
            from.pass_on(part.len());
            to.arrived(&part);
            prop_assert!(to.arrived_bytes() <= LENGTH_BYTES + LONGEST_BYTES + part.len());
            out.extend(taken(&mut to));
            let mut kept = 0;
            let mut rest = Stream { outgoing: from.outgoing.clone(), ..Stream::new(LONGEST_BYTES) };
            (rest.first, rest.passed_on) = (from.first, from.passed_on);
            rest.give_up(|_| kept += 1);
            prop_assert!(out.len() + kept >= sent, "a frame is neither there nor kept");
        }
        prop_assert_eq!(out, frames);
        prop_assert_eq!(from.unsent_bytes(), 0);
    }

    #[test]
    fn any_bytes_are_frames_or_too_long_and_little_is_kept(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..30),
    ) {
        let mut stream = Stream::new(LONGEST_BYTES);
        for part in parts {
            stream.arrived(&part);
            for frame in taken(&mut stream) {
                prop_assert!(frame.len() <= LONGEST_BYTES);
            }
            if stream.next() == Next::TooLong {
                break;
            }
            prop_assert!(stream.arrived_bytes() < LENGTH_BYTES + LONGEST_BYTES);
        }
    }
}
