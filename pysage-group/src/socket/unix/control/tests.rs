//! The control channel: both ends in one thread, and one end that does what it must not.

#![allow(clippy::unwrap_used)]

mod hostile;
mod limits;

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, sendmsg, sockopt};

use super::*;

fn ends() -> (Control, Control) {
    let (one, other) = Control::pair().unwrap();
    (one, Control::new(other))
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Whether all copies of a stream are closed, given its other end. Waits for it, since a process
/// that another test starts has copies of all descriptors for a moment.
fn is_closed(other_end: &Stream) -> bool {
    let mut readable = [PollFd::new(other_end, PollFlags::IN)];
    waiter::poll_until(&mut readable, Some(far())).unwrap();
    other_end.read(&mut [0; 64]).unwrap() == Progress::Ended
}

fn is_open(other_end: &Stream) -> bool {
    other_end.read(&mut [0; 64]).unwrap() == Progress::Later
}

/// A stream to hand over, recognized by what can be read from it, and its other end.
fn tagged(tag: u32) -> (Stream, Stream) {
    let (one, other) = Stream::pair().unwrap();
    other.write_vectored(&[IoSlice::new(&tag.to_le_bytes())]).unwrap();
    (one, other)
}

fn tag_of(stream: &Stream) -> u32 {
    let mut tag = [0; 4];
    assert_eq!(stream.read(&mut tag).unwrap(), Progress::Bytes(4));
    u32::from_le_bytes(tag)
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&[flags][..], &length.to_le_bytes(), body].concat()
}

/// Sends bytes as they are, with descriptors that belong to the first of them.
fn send(socket: &OwnedFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> usize {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(descriptors)));
    }
    match sendmsg(socket, &[IoSlice::new(bytes)], &mut ancillary, descriptor::SEND_FLAGS) {
        Ok(sent) => sent,
        Err(rustix::io::Errno::AGAIN) => 0,
        Err(error) => panic!("{error}"),
    }
}

/// The generator splitmix64; its seed is in the name of what fails.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    /// Mostly short, now and then long.
    fn body(&mut self) -> Vec<u8> {
        let limit = [1, 10, 1000, 40_000][self.below(4)];
        let length = self.below(limit);
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

/// A body as it was sent, with the tag of the stream that went with it.
type Sent = (Vec<u8>, Option<u32>);

fn assert_received(received: Received, sent: &Sent, seed: u64) {
    assert!(received.body == sent.0, "another body, seed {seed}");
    assert_eq!(received.handover.as_ref().map(tag_of), sent.1, "seed {seed}");
}

#[test]
fn bodies_and_streams_arrive_in_order() {
    let (mut one, mut other) = ends();
    let (stream, _rest) = tagged(5);
    one.queue(b"first", None).unwrap();
    one.queue(b"", Some(stream)).unwrap();
    one.queue(b"third", None).unwrap();
    assert!(!one.is_flushed());
    assert!(other.receive().unwrap().is_none());
    assert_eq!(one.flush().unwrap(), Flushed::All);
    assert!(one.is_flushed());
    let mut next = || other.receive().unwrap().unwrap();
    assert_eq!(next().body, b"first");
    let second = next();
    assert_eq!((second.body.len(), second.handover.as_ref().map(tag_of)), (0, Some(5)));
    assert_eq!(next().body, b"third");
    assert!(other.receive().unwrap().is_none());
    assert!(!other.is_ended());
}

#[test]
fn a_stream_that_was_handed_over_works_and_is_not_inherited() {
    let (mut one, mut other) = ends();
    let (stream, rest) = Stream::pair().unwrap();
    one.queue(b"", Some(stream)).unwrap();
    one.flush().unwrap();
    let stream = other.receive().unwrap().unwrap().handover.unwrap();
    let flags = rustix::io::fcntl_getfd(&stream).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), Progress::Later);
    drop(rest);
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), Progress::Ended);
}

#[test]
fn what_was_sent_before_the_end_is_received_and_then_the_end() {
    let (mut one, mut other) = ends();
    one.queue(b"last words", None).unwrap();
    one.flush().unwrap();
    // Unread by the one that goes, so that the system speaks of a reset connection.
    other.queue(b"unheard", None).unwrap();
    other.flush().unwrap();
    drop(one);
    other.queue(b"anyone?", None).unwrap();
    assert_eq!(other.flush().unwrap(), Flushed::Ended);
    other.queue(b"anyone?", None).unwrap();
    assert!(other.is_flushed(), "nobody is there to wait for");
    assert!(!other.is_ended());
    assert_eq!(other.receive().unwrap().unwrap().body, b"last words");
    assert!(other.receive().unwrap().is_none());
    assert!(other.is_ended());
    assert!(other.receive().unwrap().is_none());
}

#[test]
fn the_end_closes_the_streams_that_wait() {
    let (mut one, mut other) = ends();
    let (waits, waits_end) = Stream::pair().unwrap();
    one.queue(b"", Some(waits)).unwrap();
    assert!(is_open(&waits_end));
    drop(other);
    assert!(one.receive().unwrap().is_none());
    assert!(is_closed(&waits_end));

    (one, other) = ends();
    let (unread, unread_end) = Stream::pair().unwrap();
    one.queue(b"", Some(unread)).unwrap();
    one.flush().unwrap();
    assert!(is_open(&unread_end));
    drop((one, other));
    assert!(is_closed(&unread_end));
}

#[test]
fn a_stream_is_kept_until_its_receipt_where_that_is_needed() {
    let (mut one, mut other) = ends();
    one.outgoing.keep_until_receipt();
    let mut rests = Vec::new();
    for tag in 0..3 {
        let (stream, rest) = tagged(tag);
        one.queue(b"take", Some(stream)).unwrap();
        rests.push(rest);
    }
    one.flush().unwrap();
    assert_eq!(one.outgoing.in_transit(), 3);
    for tag in 0..3 {
        let received = other.receive().unwrap().unwrap();
        assert_eq!(tag_of(&received.handover.unwrap()), tag);
    }
    assert!(one.receive().unwrap().is_none());
    assert_eq!(one.outgoing.in_transit(), 0);
    assert!(rests.iter().all(is_closed));
}

/// Bytes in cuts of any length, also of one byte and within heads, descriptors where a sender puts
/// them, and reads between the cuts.
fn random_cuts(seed: u64) {
    let mut random = Random(seed);
    let (raw, theirs) = descriptor::pair().unwrap();
    let mut control = Control::new(theirs);
    let mut sent = Vec::<Sent>::new();
    let mut received = 0;
    let cut_limit = [1, 3, 50, 5000][random.below(4)];
    for tag in 0..20 {
        let mut body = random.body();
        body.truncate(20 * cut_limit);
        let handover = (random.below(2) == 0).then(|| tagged(tag));
        let bytes = frame(u8::from(handover.is_some()), &body);
        sent.push((body, handover.is_some().then_some(tag)));
        let mut descriptors: &[_] = &handover.iter().map(|pair| pair.0.as_fd()).collect::<Vec<_>>();
        let mut written = 0;
        while written < bytes.len() {
            let cut = (1 + random.below(cut_limit)).min(bytes.len() - written);
            let taken = send(&raw, &bytes[written..written + cut], descriptors);
            if taken > 0 {
                descriptors = &[];
            }
            written += taken;
            while taken == 0 || random.below(3) == 0 {
                let Some(next) = control.receive().unwrap() else { break };
                assert_received(next, &sent[received], seed);
                received += 1;
            }
        }
    }
    drop(raw);
    while let Some(next) = control.receive().unwrap() {
        assert_received(next, &sent[received], seed);
        received += 1;
    }
    assert_eq!(received, sent.len(), "seed {seed}");
    assert!(control.is_ended());
}

#[test]
fn however_the_bytes_are_cut_each_body_gets_its_stream() {
    for seed in 0..200 {
        random_cuts(seed);
    }
}

/// Two ends over a short buffer, so that bodies are sent in parts.
fn random_flushes(seed: u64) {
    let mut random = Random(seed);
    let (mut one, mut other) = ends();
    sockopt::set_socket_send_buffer_size(&one.socket, 4096).unwrap();
    if seed.is_multiple_of(2) {
        one.outgoing.keep_until_receipt();
    }
    let mut sent = Vec::<Sent>::new();
    let mut received = 0;
    while received < 60 {
        match random.below(3) {
            0 if sent.len() < 60 => {
                let tag = u32::try_from(sent.len()).unwrap();
                let body = random.body();
                let handover = (random.below(3) == 0).then(|| tagged(tag).0);
                sent.push((body.clone(), handover.is_some().then_some(tag)));
                one.queue(&body, handover).unwrap();
            }
            1 => {
                one.flush().unwrap();
                assert!(one.receive().unwrap().is_none());
            }
            _ => {
                if let Some(next) = other.receive().unwrap() {
                    assert_received(next, &sent[received], seed);
                    received += 1;
                }
            }
        }
    }
    assert!(one.receive().unwrap().is_none());
    assert_eq!(one.outgoing.in_transit(), 0);
    assert!(one.is_flushed() && !one.is_ended());
}

#[test]
fn however_it_is_flushed_each_body_gets_its_stream() {
    for seed in 0..100 {
        random_flushes(seed);
    }
}
