#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// Takes these bytes in pieces of these sizes, over and over. The frames, and whether all was sound.
fn take(bytes: &[u8], pieces: &[usize]) -> (Vec<Vec<u8>>, Result<bool, NoFrame>) {
    let (mut frames, mut all) = (Frames::default(), Vec::new());
    let (mut rest, mut at) = (bytes, 0);
    while !rest.is_empty() {
        let piece_bytes = pieces.get(at % pieces.len().max(1)).copied().unwrap_or(usize::MAX);
        let (piece, behind) = rest.split_at(piece_bytes.clamp(1, rest.len()));
        (rest, at) = (behind, at + 1);
        if let Err(no_frame) = frames.take(piece, &mut |frame| all.push(frame.to_vec())) {
            return (all, Err(no_frame));
        }
        assert!(frames.kept_bytes() < LENGTH_BYTES + FRAME_BYTES);
    }
    (all, Ok(frames.is_amid()))
}

fn stream_of(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = Vec::new();
    frames.iter().for_each(|frame| put_frame(&mut stream, frame));
    stream
}

fn some_frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let lengths = prop_oneof![4 => 1_usize..50, 1 => 1_usize..2_000, 1 => Just(FRAME_BYTES)];
    let frame = (lengths, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]);
    prop::collection::vec(frame, 0..12)
}

proptest! {
    #[test]
    fn frames_come_as_they_were_put_however_the_stream_is_cut(
        frames in some_frames(),
        pieces in prop::collection::vec(prop_oneof![1_usize..4, 1_usize..40_000], 0..8),
    ) {
        prop_assert_eq!(take(&stream_of(&frames), &pieces), (frames, Ok(false)));
    }

    #[test]
    fn what_was_whole_comes_of_a_stream_that_breaks_off(
        frames in some_frames(),
        pieces in prop::collection::vec(1_usize..3_000, 0..8),
        part in 0.0..1.0,
    ) {
        let stream = stream_of(&frames);
        let end = (stream.len() as f64 * part) as usize;
        let (came, amid) = take(&stream[..end], &pieces);
        let whole = stream_of(&came).len();
        prop_assert_eq!(&came[..], &frames[..came.len()]);
        prop_assert_eq!(amid, Ok(end > whole));
        let next = frames.get(came.len()).map_or(usize::MAX, |frame| LENGTH_BYTES + frame.len());
        prop_assert!(end - whole < next);
    }

    #[test]
    fn garbage_comes_to_the_same_however_it_is_cut(
        bytes in prop::collection::vec(prop_oneof![3 => Just(0_u8), 3 => 0_u8..9, 1 => any::<u8>()], 0..400),
        pieces in prop::collection::vec(1_usize..30, 1..8),
    ) {
        prop_assert_eq!(take(&bytes, &pieces), take(&bytes, &[]));
    }

    #[test]
    fn what_is_not_written_stays_in_its_order(
        operations in prop::collection::vec((any::<bool>(), 0_usize..100), 0..50),
    ) {
        let (mut unwritten, mut reference) = (Unwritten::default(), Vec::new());
        for (number, (pushes, bytes)) in operations.into_iter().enumerate() {
            if pushes {
                unwritten.push(&vec![number as u8; bytes]);
                reference.extend(vec![number as u8; bytes]);
            } else {
                let bytes = bytes.min(reference.len());
                unwritten.written(bytes);
                reference.drain(..bytes);
            }
            prop_assert_eq!(unwritten.bytes(), &reference[..]);
        }
    }
}

#[test]
fn a_length_that_no_frame_has_ends_the_stream_at_once() {
    let too_long = (FRAME_BYTES as u16 + 1).to_le_bytes();
    for length in [[0, 0], too_long, [0xff, 0xff]] {
        for pieces in [&[][..], &[1]] {
            let stream = [&[1, 0, 7][..], &length].concat();
            assert_eq!(take(&stream, pieces), (vec![vec![7]], Err(NoFrame)), "{length:?}");
        }
    }
}

#[test]
fn memory_is_given_back_once_a_frame_is_whole_and_once_all_is_written() {
    let mut frames = Frames::default();
    let stream = stream_of(&[vec![1; 9_000]]);
    frames.take(&stream[..8_000], &mut |_| panic!("it is not whole")).unwrap();
    frames.take(&stream[8_000..], &mut |_| {}).unwrap();
    assert_eq!(frames.begun.capacity(), 0);
    let mut unwritten = Unwritten::default();
    unwritten.push(&stream);
    unwritten.written(stream.len());
    assert_eq!(unwritten.bytes.capacity(), 0);
}

#[test]
fn a_frame_is_written_as_it_always_was() {
    let mut out = vec![9];
    put_frame(&mut out, &[5; 0x102]);
    assert_eq!((out[0], &out[1..3], out.len()), (9, &[2, 1][..], 3 + 0x102));
}
