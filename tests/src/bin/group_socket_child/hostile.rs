//! What a child process may send that it must not.

use std::os::fd::OwnedFd;

use super::super::group::socket::{Control, Stream};
use super::scenario::{far, start};

/// Counts what is open after each of many rounds; in a process of its own, since nothing else may
/// open descriptors meanwhile.
pub(crate) fn leaks() {
    hostile_round(0);
    let before = open_descriptors();
    for round in 0..2000 {
        hostile_round(round);
        if round.is_multiple_of(200) {
            let (mut process, control) = start("echo");
            drop(control);
            assert_eq!(process.wait_by(far()).unwrap().unwrap().to_string(), "exit status 0");
        }
        assert_eq!(open_descriptors(), before, "round {round}");
    }
}

#[cfg(target_os = "linux")]
fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Elsewhere the tests look at the other ends alone.
#[cfg(not(target_os = "linux"))]
fn open_descriptors() -> usize {
    0
}

/// A body with 0 to 7 descriptors, cut anywhere, announced or not, of streams or not, to a channel
/// that is received from or dropped before.
fn hostile_round(round: usize) {
    use std::io::IoSlice;
    use std::mem::MaybeUninit;
    use std::os::fd::AsFd;

    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

    let (mut control, raw): (Control, OwnedFd) = Control::pair().unwrap();
    let (one, other) = Stream::pair().unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    let wrong = if round.is_multiple_of(3) { file.as_fd() } else { one.as_fd() };
    let descriptors = [wrong, one.as_fd(), other.as_fd(), one.as_fd(), raw.as_fd(), wrong, wrong];
    let descriptors = &descriptors[..round % 8];
    let mut body = *b"\x01\x04\x00\x00\x00body";
    body[0] = u8::from(!round.is_multiple_of(5));
    for bytes in [&body[..], &body[..1 + round % 9]] {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(7))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(
            descriptors.is_empty() || ancillary.push(SendAncillaryMessage::ScmRights(descriptors))
        );
        sendmsg(&raw, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::empty()).unwrap();
    }
    if !round.is_multiple_of(7) {
        while let Ok(Some(_)) = control.receive() {}
    }
    control.queue(b"", Some(other)).unwrap();
    if round.is_multiple_of(2) {
        control.flush().unwrap();
    }
}
