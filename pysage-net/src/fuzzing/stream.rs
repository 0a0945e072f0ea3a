//! Byte streams.

use super::Input;
use crate::carrier::stream::{FRAME_BYTES, Frames, put_frame};

/// As what a stream brings, cut as the first bytes say: the frames are the same as of all at once.
pub fn stream(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let count = usize::from(input.byte() % 8);
    let pieces: Vec<usize> = input.bytes(count).iter().map(|byte| usize::from(*byte) + 1).collect();
    let stream = input.bytes(usize::MAX);
    let (mut frames, mut all) = (Frames::default(), Vec::new());
    let (mut rest, mut at, mut is_sound) = (stream, 0, true);
    while !rest.is_empty() && is_sound {
        let piece_bytes = pieces.get(at % count.max(1)).copied().unwrap_or(usize::MAX);
        let (piece, behind) = rest.split_at(piece_bytes.min(rest.len()));
        (rest, at) = (behind, at + 1);
        is_sound = frames.take(piece, &mut |frame| put_frame(&mut all, frame)).is_ok();
        assert!(frames.kept_bytes() < 2 + FRAME_BYTES);
    }
    assert!(stream.starts_with(&all), "frames are written as they came");
    if is_sound {
        assert_eq!(frames.is_amid(), all.len() < stream.len());
    }
    let (mut whole, mut of_whole) = (Frames::default(), Vec::new());
    let taken = whole.take(stream, &mut |frame| put_frame(&mut of_whole, frame));
    assert_eq!((taken.is_ok(), of_whole), (is_sound, all), "however it is cut");
}
