//! The control channel: both ends in one process, and one end that does what it must not.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;

fn ends() -> (Control, Control) {
    let (one, other) = Stream::connected_pair().unwrap();
    (Control::new(one), Control::new(other))
}

/// A channel, and the stream at the other end of it.
fn attacked() -> (Control, Stream) {
    let (raw, theirs) = Stream::connected_pair().unwrap();
    (Control::new(theirs), raw)
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&[flags][..], &length.to_le_bytes(), body].concat()
}

fn send(raw: &Stream, bytes: &[u8]) {
    assert_eq!(raw.write_vectored(&[IoSlice::new(bytes)]).unwrap(), Progress::Bytes(bytes.len()));
}

/// Takes all that comes, up to the error that is expected to come.
fn error_of(control: &mut Control) -> ControlError {
    loop {
        match control.receive_by(far()) {
            Ok(_) => {}
            Err(error) => break error,
        }
    }
}

fn error_on(bytes: &[u8]) -> ControlError {
    let (mut control, raw) = attacked();
    send(&raw, bytes);
    let error = error_of(&mut control);
    assert!(control.is_ended() && control.is_flushed());
    assert!(control.receive().unwrap().is_none(), "one error is enough");
    error
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
}

#[test]
fn bodies_and_streams_arrive_in_order() {
    let (mut one, mut other) = ends();
    let (kept, given) = Stream::pair().unwrap();
    one.queue(b"first", None).unwrap();
    one.queue(b"", Some(given)).unwrap();
    one.queue(&[3; BODY_BYTES_MAX], None).unwrap();
    assert!(!one.is_flushed());
    assert!(other.receive().unwrap().is_none());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let waiter = super::super::super::Waiter::new().unwrap();
            while one.flush().unwrap() == Flushed::Later {
                waiter.wait(&[one.interest()], Some(far()), Duration::ZERO).unwrap();
            }
        });
        let mut next = || other.receive_by(far()).unwrap();
        assert_eq!(next().body, b"first");
        let second = next();
        assert!(second.body.is_empty());
        let given = second.handover.unwrap();
        assert_eq!(given.read(&mut [0; 8]).unwrap(), Progress::Later);
        send(&kept, b"x");
        assert_eq!(next().body, [3; BODY_BYTES_MAX]);
    });
    assert!(one.is_flushed() && !other.is_ended());
}

#[test]
fn streams_are_lost_with_the_channel_that_was_to_bring_them() {
    for flushes in [false, true] {
        let (mut one, other) = ends();
        let (kept, given) = Stream::pair().unwrap();
        one.queue(b"", Some(given)).unwrap();
        if flushes {
            assert_eq!(one.flush().unwrap(), Flushed::All);
        }
        assert_eq!(kept.read(&mut [0; 8]).unwrap(), Progress::Later);
        drop(other);
        while !one.is_ended() {
            assert!(one.receive().unwrap().is_none());
        }
        assert_eq!(kept.read(&mut [0; 8]).unwrap(), Progress::Ended);
        // To nobody.
        let (kept, given) = Stream::pair().unwrap();
        one.queue(b"", Some(given)).unwrap();
        assert_eq!(kept.read(&mut [0; 8]).unwrap(), Progress::Ended);
    }
}

#[test]
fn what_is_too_much_is_refused_and_the_channel_goes_on() {
    let (mut one, mut other) = ends();
    let error = one.queue(&vec![1; BODY_BYTES_MAX + 1], None).unwrap_err();
    assert!(matches!(error, ControlError::TooLong { .. }), "{error}");
    let mut queued = 0;
    let error = loop {
        match one.queue(&[1; 1_000_000], None) {
            Ok(()) => queued += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ControlError::Backlog), "{error}");
    assert_eq!(queued, BACKLOG_BYTES_MAX / 1_000_005);
    while queued > 0 {
        one.flush().unwrap();
        queued -= usize::from(other.receive().unwrap().is_some());
    }
    one.queue(b"again", None).unwrap();
}

#[test]
fn an_end_at_any_byte_is_told_from_one_between_bodies() {
    let whole = [frame(0, b"hello"), frame(0, b"world")].concat();
    for cut in 0..=whole.len() {
        let (mut control, raw) = attacked();
        send(&raw, &whole[..cut]);
        drop(raw);
        let error = error_of(&mut control);
        let is_whole = cut % 10 == 0;
        assert!(
            matches!(error, ControlError::Ended if is_whole)
                || matches!(error, ControlError::Cut if !is_whole),
            "cut at {cut}: {error}"
        );
    }
}

#[test]
fn what_nobody_sends_is_refused() {
    for flags in 2..=u8::MAX {
        let error = error_on(&frame(flags, b"body"));
        assert!(matches!(error, ControlError::Garbage { flags: told } if told == flags), "{error}");
    }
    for length in [BODY_BYTES_MAX as u32 + 1, u32::MAX] {
        let error = error_on(&[&[0][..], &length.to_le_bytes()].concat());
        assert!(matches!(error, ControlError::TooLong { .. }), "{error}");
    }
    let [head @ .., b'b', b'o', b'd', b'y'] = &frame(HANDOVER, b"body")[..] else { panic!() };
    let error = error_on(&[head, &[0xff; TICKET_BYTES], b"body"].concat());
    assert!(matches!(error, ControlError::NotATicket), "{error}");
}

#[test]
fn however_the_bytes_are_cut_each_body_arrives() {
    for seed in 0..100 {
        let mut random = Random(seed);
        let (mut control, raw) = attacked();
        let bodies: Vec<Vec<u8>> = (0..20)
            .map(|_| (0..random.below(300)).map(|_| random.below(256) as u8).collect())
            .collect();
        let bytes: Vec<u8> = bodies.iter().flat_map(|body| frame(0, body)).collect();
        let (mut rest, mut received) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let (cut, behind) = rest.split_at((1 + random.below(50)).min(rest.len()));
            send(&raw, cut);
            rest = behind;
            while let Some(next) = control.receive().unwrap() {
                received.push(next.body);
            }
        }
        drop(raw);
        while received.len() < bodies.len() {
            received.push(control.receive_by(far()).unwrap().body);
        }
        assert!(received == bodies, "seed {seed}");
        assert!(matches!(error_of(&mut control), ControlError::Ended));
    }
}

#[test]
fn garbage_ends_the_channel_or_waits_for_more() {
    for seed in 0..500 {
        let mut random = Random(seed);
        let (mut control, raw) = attacked();
        let length = 1 + random.below(200);
        // Without tickets, whose doors would be called.
        let bytes: Vec<u8> = (0..length)
            .map(|_| [0, 0, 5, 19, random.below(256) as u8][random.below(5)])
            .map(|byte| if byte == HANDOVER { 0 } else { byte })
            .collect();
        send(&raw, &bytes);
        drop(raw);
        error_of(&mut control);
        assert!(control.is_ended(), "seed {seed}");
    }
}
