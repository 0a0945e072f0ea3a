//! What the control channel takes at most, and how long it waits.

use std::thread;

use super::*;

#[test]
fn a_body_over_the_limit_is_not_queued() {
    let (mut one, mut other) = ends();
    let mut longest = vec![1; BODY_BYTES_MAX];
    one.queue(&longest, None).unwrap();
    longest.push(1);
    let (stream, rest) = Stream::pair().unwrap();
    let error = one.queue(&longest, Some(stream)).unwrap_err();
    assert!(matches!(error, ControlError::TooLong { length } if length == BODY_BYTES_MAX + 1));
    assert!(is_closed(&rest));
    // The one before is not harmed.
    while one.flush().unwrap() == Flushed::Later {
        assert!(other.receive().unwrap().is_none());
    }
    assert_eq!(other.receive().unwrap().unwrap().body.len(), BODY_BYTES_MAX);
}

#[test]
fn bytes_that_nobody_reads_are_bounded_and_the_channel_goes_on() {
    let (mut one, mut other) = ends();
    let body = vec![1; 1_000_000];
    let mut queued = 0;
    let error = loop {
        match one.queue(&body, None) {
            Ok(()) => queued += 1,
            Err(error) => break error,
        }
        assert!(queued < 100);
    };
    assert!(matches!(error, ControlError::Backlog), "{error}");
    assert_eq!(queued, BACKLOG_BYTES_MAX / (body.len() + HEAD_BYTES));
    for _ in 0..queued {
        let far = far();
        while one.flush().unwrap() == Flushed::Later && Instant::now() < far {
            if let Some(received) = other.receive().unwrap() {
                assert!(received.body == body);
                break;
            }
        }
    }
    one.queue(b"again", None).unwrap();
}

// Elsewhere a process may by default not have so many descriptors open.
#[cfg(target_os = "linux")]
#[test]
fn streams_that_nobody_takes_are_bounded() {
    let (mut one, _other) = ends();
    for _ in 0..BACKLOG_HANDOVERS_MAX {
        one.queue(b"", Some(Stream::pair().unwrap().0)).unwrap();
    }
    let (stream, rest) = Stream::pair().unwrap();
    let error = one.queue(b"", Some(stream)).unwrap_err();
    assert!(matches!(error, ControlError::Backlog), "{error}");
    assert!(is_closed(&rest));
    one.queue(b"a body alone", None).unwrap();
}

#[test]
fn waiting_for_a_body_ends_at_its_deadline_and_can_go_on() {
    let (mut one, mut other) = ends();
    let deadline = Instant::now() + Duration::from_millis(5);
    let error = other.receive_by(deadline).unwrap_err();
    assert!(matches!(error, ControlError::TimedOut), "{error}");
    assert!(Instant::now() >= deadline && !other.is_ended());
    one.queue(b"late", None).unwrap();
    one.flush().unwrap();
    // A deadline that has passed still takes what is there.
    assert_eq!(other.receive_by(deadline).unwrap().body, b"late");
}

#[test]
fn waiting_for_a_body_ends_with_the_other_end() {
    let (one, mut other) = ends();
    drop(one);
    let error = other.receive_by(far()).unwrap_err();
    assert!(matches!(error, ControlError::Ended), "{error}");
}

#[test]
fn waiting_for_a_body_sends_what_waits() {
    let (mut one, mut other) = ends();
    let question = vec![3; BODY_BYTES_MAX];
    thread::scope(|scope| {
        scope.spawn(move || {
            let received = other.receive_by(far()).unwrap();
            other.queue(&received.body, None).unwrap();
            while other.flush().unwrap() == Flushed::Later && !other.is_ended() {
                let mut writable = [PollFd::new(&other.socket, PollFlags::OUT)];
                waiter::poll_until(&mut writable, Some(far())).unwrap();
            }
        });
        one.queue(&question, None).unwrap();
        assert!(one.receive_by(far()).unwrap().body == question);
    });
}

#[test]
fn one_who_sends_byte_after_byte_does_not_move_the_deadline() {
    let (raw, theirs) = descriptor::pair().unwrap();
    let mut control = Control::new(theirs);
    let deadline = Instant::now() + Duration::from_millis(20);
    thread::scope(|scope| {
        scope.spawn(|| {
            send(&raw, &frame(0, &[0; BODY_BYTES_MAX])[..HEAD_BYTES], &[]);
            while Instant::now() < deadline + Duration::from_millis(20) {
                send(&raw, b"x", &[]);
            }
        });
        let error = control.receive_by(deadline).unwrap_err();
        assert!(matches!(error, ControlError::TimedOut), "{error}");
    });
}
