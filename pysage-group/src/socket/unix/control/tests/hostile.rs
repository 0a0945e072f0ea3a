//! One end that does what it must not: an error, the end, and nothing left open.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;

use super::*;

/// A channel, and the socket at the other end of it.
fn attacked() -> (Control, OwnedFd) {
    let (raw, theirs) = descriptor::pair().unwrap();
    (Control::new(theirs), raw)
}

/// Takes all that comes, up to the error that is expected to come.
fn error_of(control: &mut Control) -> ControlError {
    loop {
        match control.receive() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error; ended: {}", control.is_ended()),
            Err(error) => break error,
        }
    }
}

/// Sends these bytes with `count` streams at their front, and gives the error. All streams have to
/// be closed, though the channel itself is still held.
fn error_on(bytes: &[u8], count: usize) -> ControlError {
    let (mut control, raw) = attacked();
    let (streams, rests): (Vec<_>, Vec<_>) = (0..count).map(|_| Stream::pair().unwrap()).unzip();
    let descriptors: Vec<_> = streams.iter().map(AsFd::as_fd).collect();
    assert_eq!(send(&raw, bytes, &descriptors), bytes.len());
    drop(streams);
    let error = error_of(&mut control);
    assert!(control.is_ended() && control.is_flushed());
    assert!(control.receive().unwrap().is_none(), "one error is enough");
    assert!(rests.iter().all(is_closed), "a stream was left open after: {error}");
    error
}

#[test]
fn an_end_at_any_byte_is_told_from_one_between_bodies() {
    let whole = [frame(HANDOVER, b"hello"), frame(0, b"world")].concat();
    for cut in 0..=whole.len() {
        let (mut control, raw) = attacked();
        let (stream, rest) = Stream::pair().unwrap();
        if cut > 0 {
            send(&raw, &whole[..cut], &[stream.as_fd()]);
        }
        drop((raw, stream));
        let mut bodies = 0;
        let result = loop {
            match control.receive() {
                Ok(Some(_)) => bodies += 1,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        assert!(control.is_ended());
        assert!(is_closed(&rest), "cut at {cut}");
        assert_eq!(bodies, cut / 10);
        if cut % 10 == 0 {
            assert!(result.is_ok(), "cut at {cut}");
        } else {
            assert!(matches!(result, Err(ControlError::Cut)), "cut at {cut}");
        }
    }
}

#[test]
fn a_length_over_the_limit_is_refused_before_the_body_comes() {
    for length in [BODY_BYTES_MAX as u32 + 1, u32::MAX] {
        for flags in [0, HANDOVER, RECEIPT, 0xff] {
            let head = [&[flags][..], &length.to_le_bytes()].concat();
            let error = error_on(&head, usize::from(flags == HANDOVER));
            assert!(matches!(error, ControlError::TooLong { .. }), "{error}");
        }
    }
}

#[test]
fn flags_that_nobody_sends_are_refused() {
    for flags in 0..=u8::MAX {
        if [0, HANDOVER, HANDOVER | RECEIPT_ASKED, RECEIPT].contains(&flags) {
            continue;
        }
        let error = error_on(&frame(flags, b""), usize::from(flags & HANDOVER != 0));
        assert!(matches!(error, ControlError::Garbage { flags: told } if told == flags), "{error}");
    }
    let error = error_on(&frame(RECEIPT, b"a body"), 0);
    assert!(matches!(error, ControlError::Garbage { flags: RECEIPT }), "{error}");
    let error = error_on(&frame(RECEIPT, b""), 0);
    assert!(matches!(error, ControlError::ReceiptUnasked), "{error}");
}

#[test]
fn an_announced_stream_has_to_come() {
    for flags in [HANDOVER, HANDOVER | RECEIPT_ASKED] {
        let error = error_on(&frame(flags, b"body"), 0);
        assert!(matches!(error, ControlError::HandoverMissing), "{error}");
    }
    let one_for_two = [frame(HANDOVER, b"body"), frame(HANDOVER, b"body")].concat();
    let error = error_on(&one_for_two, 1);
    assert!(matches!(error, ControlError::HandoverMissing), "{error}");
}

#[test]
fn a_stream_has_to_be_announced() {
    let whole = frame(0, b"body");
    for cut in 1..=whole.len() {
        let error = error_on(&whole[..cut], 1);
        assert!(matches!(error, ControlError::HandoverUnannounced), "cut at {cut}: {error}");
    }
    let error = error_on(&[frame(RECEIPT, b""), vec![0]].concat(), 1);
    assert!(matches!(error, ControlError::ReceiptUnasked), "{error}");

    // In the middle of a body that has its own.
    let (mut control, raw) = attacked();
    let (stream, rest) = Stream::pair().unwrap();
    let whole = frame(HANDOVER, b"body");
    send(&raw, &whole[..7], &[stream.as_fd()]);
    send(&raw, &whole[7..], &[stream.as_fd()]);
    drop(stream);
    let error = error_of(&mut control);
    assert!(matches!(error, ControlError::HandoverUnannounced), "{error}");
    assert!(is_closed(&rest));
}

#[test]
fn more_than_one_descriptor_at_once_is_refused() {
    let whole = frame(HANDOVER, b"body");
    let error = error_on(&whole, 2);
    assert!(matches!(error, ControlError::TooManyDescriptors { count: 2 }), "{error}");
    for count in [3, 40] {
        let error = error_on(&whole, count);
        let many = matches!(error, ControlError::TooManyDescriptors { .. });
        assert!(many || matches!(error, ControlError::DescriptorsLost), "{error}");
    }
}

#[test]
fn what_is_not_a_unix_stream_socket_is_refused() {
    let file = File::open("/dev/null").unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let (datagram, _other) = UnixDatagram::pair().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let wrong = [
        file.as_fd(),
        reader.as_fd(),
        datagram.as_fd(),
        listener.as_fd(),
        tcp.as_fd(),
        writer.as_fd(),
    ];
    for descriptor in wrong {
        let (mut control, raw) = attacked();
        send(&raw, &frame(HANDOVER, b"body"), &[descriptor]);
        let error = error_of(&mut control);
        assert!(matches!(error, ControlError::NotAStream), "{error}");
    }
    // No copy of the pipe's end was left open.
    drop(writer);
    assert_eq!(rustix::io::read(&reader, &mut [0; 1]), Ok(0));
}

#[test]
fn receipts_that_nobody_reads_are_bounded() {
    let (mut control, raw) = attacked();
    let (stream, rest) = Stream::pair().unwrap();
    let whole = frame(HANDOVER | RECEIPT_ASKED, b"");
    // Full, but for less than a head.
    while control.queue(&[0; 100], None).is_ok() {}
    while control.queue(b"", None).is_ok() {}
    let error = loop {
        send(&raw, &whole, &[stream.as_fd()]);
        match control.receive() {
            Ok(received) => assert!(received.is_some(), "what the system takes is bounded, too"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ControlError::Backlog), "{error}");
    drop(stream);
    assert!(is_closed(&rest));
}

/// Random heads, bodies, cuts and descriptors: any outcome but a panic, or something left open.
fn random_attack(seed: u64) {
    let mut random = Random(seed);
    let (mut control, raw) = attacked();
    let mut rests = Vec::new();
    for _ in 0..1 + random.below(30) {
        let mut bytes = match random.below(4) {
            0 => (0..1 + random.below(40)).map(|_| random.below(256) as u8).collect(),
            1 => frame(random.below(8) as u8, &random.body()),
            _ => frame(random.below(2) as u8, b"body"),
        };
        if random.below(4) == 0 {
            bytes.truncate(1 + random.below(bytes.len()));
        }
        let count = [0, 0, 1, 1, 1, 2, 5][random.below(7)];
        let (streams, others): (Vec<_>, Vec<_>) =
            (0..count).map(|_| Stream::pair().unwrap()).unzip();
        let descriptors: Vec<_> = streams.iter().map(AsFd::as_fd).collect();
        send(&raw, &bytes, &descriptors);
        rests.extend(others);
        if random.below(2) == 0 {
            let _ = control.receive();
        }
    }
    drop(raw);
    while let Ok(Some(_)) = control.receive() {}
    assert!(control.is_ended(), "seed {seed}");
    // What was sent and never read lies in the socket.
    drop(control);
    assert!(rests.iter().all(is_closed), "a stream was left open, seed {seed}");
}

#[test]
fn whatever_comes_nothing_is_left_open() {
    for seed in 0..1000 {
        random_attack(seed);
    }
}
