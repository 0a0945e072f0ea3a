//! Streams, both ends in one thread.

#![allow(clippy::unwrap_used)]

use super::*;

use rustix::io::{FdFlags, fcntl_getfd};

fn read(stream: &Stream) -> (Progress, Vec<u8>) {
    let mut buffer = vec![0; 4096];
    let progress = stream.read(&mut buffer).unwrap();
    buffer.truncate(if let Progress::Bytes(bytes) = progress { bytes } else { 0 });
    (progress, buffer)
}

fn write(stream: &Stream, bytes: &[u8]) -> Progress {
    stream.write_vectored(&[IoSlice::new(bytes)]).unwrap()
}

#[test]
fn bytes_go_both_ways_and_an_empty_stream_says_later() {
    let (one, other) = Stream::pair().unwrap();
    assert_eq!(read(&one).0, Progress::Later);
    let slices = [IoSlice::new(b"to"), IoSlice::new(b""), IoSlice::new(b" you")];
    assert_eq!(one.write_vectored(&slices).unwrap(), Progress::Bytes(6));
    assert_eq!(write(&other, b"and back"), Progress::Bytes(8));
    assert_eq!(read(&other).1, b"to you");
    assert_eq!(read(&one).1, b"and back");
    assert_eq!(read(&other).0, Progress::Later);
}

#[test]
fn a_full_stream_says_later_and_goes_on_when_it_was_read() {
    let (one, other) = Stream::pair().unwrap();
    let chunk = [7; 4096];
    let mut written = 0;
    while let Progress::Bytes(bytes) = write(&one, &chunk) {
        written += bytes;
        assert!(written < 64 * STREAM_BUFFER_BYTES, "never says that it is full");
    }
    assert_eq!(write(&one, &chunk), Progress::Later);
    let mut bytes_read = 0;
    while let (Progress::Bytes(bytes), _) = read(&other) {
        bytes_read += bytes;
    }
    assert_eq!(bytes_read, written);
    assert_eq!(write(&one, b"more"), Progress::Bytes(4));
}

#[test]
fn the_other_ends_end_is_no_error_and_comes_behind_its_bytes() {
    let (one, other) = Stream::pair().unwrap();
    write(&other, b"last words");
    // Unread here, so that the system speaks of a reset connection.
    write(&one, b"unheard");
    drop(other);
    assert_eq!(write(&one, b"anyone?"), Progress::Ended);
    assert_eq!(read(&one).1, b"last words");
    assert_eq!(read(&one).0, Progress::Ended);
    assert_eq!(read(&one).0, Progress::Ended);
}

#[test]
fn reading_into_nothing_and_writing_nothing_is_not_the_end() {
    let (one, _other) = Stream::pair().unwrap();
    assert_eq!(one.read(&mut []).unwrap(), Progress::Bytes(0));
    assert_eq!(one.write_vectored(&[]).unwrap(), Progress::Bytes(0));
}

#[test]
fn more_slices_than_the_system_takes_are_written_in_part() {
    let (one, other) = Stream::pair().unwrap();
    let slices = vec![IoSlice::new(b"x"); WRITE_SLICES_MAX + 1];
    assert_eq!(one.write_vectored(&slices).unwrap(), Progress::Bytes(WRITE_SLICES_MAX));
    assert_eq!(read(&other).0, Progress::Bytes(WRITE_SLICES_MAX));
}

#[test]
fn child_processes_do_not_inherit_it() {
    let (one, other) = Stream::pair().unwrap();
    for end in [&one, &other] {
        assert!(fcntl_getfd(end).unwrap().contains(FdFlags::CLOEXEC));
        assert!(descriptor::is_unix_stream(end.as_fd()));
    }
}
