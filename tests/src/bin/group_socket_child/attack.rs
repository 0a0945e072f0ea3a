//! A child process that is no group and has no library: it knows its standard input alone, which is
//! the channel to its parent.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendFlags, recvmsg,
    sendmsg,
};

/// Before the name of an attack, among the arguments.
pub(crate) const MARK: &str = "attack: ";

pub(crate) fn play(attack: &str) {
    let stdin = std::io::stdin();
    let channel = stdin.as_fd();
    rustix::io::ioctl_fionbio(channel, false).unwrap();
    let link = take_start(channel);
    match attack {
        "stalled hello" => say(channel, &HEAD_OF_ANYTHING[..2]),
        "oversized hello" => say(channel, &HEAD_OF_ANYTHING),
        "oversized word" => {
            tell(channel, READY);
            say(channel, &HEAD_OF_ANYTHING);
        }
        "oversized message" => {
            tell(channel, READY);
            // Kind 0, a frame, of all bytes that the head has bits for.
            say(link.as_fd(), &0x0fff_ffff_u32.to_le_bytes());
        }
        "lies" => {
            tell(channel, READY);
            LIES.iter().for_each(|lie| tell(channel, lie));
            return tell(channel, b"\x0a\x01\x0bit has lied");
        }
        _ => panic!("no such attack: {attack}"),
    }
    wait_for_end(channel);
}

/// No flags, and a length of 4 GiB.
const HEAD_OF_ANYTHING: [u8; 5] = [0, 0xff, 0xff, 0xff, 0xff];

/// `Ready`, with a message table without entries.
const READY: &[u8] = b"\x06\x02\0\0";

/// In the name of others, or what parents alone say.
const LIES: [&[u8]; 9] = [
    // `Known`: that "two" is in process 7, and that there is a "three", with terms of its own.
    b"\x01\x02\x03two\x07\x01\x01\0\x05three\x07\x01\x01\0",
    // `Known`: that main is in process 7.
    b"\x01\x01\x04main\x07\x01\x01\0",
    // `Gone`, for good: "two", main, and the group itself.
    b"\x02\x03two\x01",
    b"\x02\x04main\x01",
    b"\x02\x03one\x01",
    // `Link`, without one.
    b"\x03\x04main\x03two",
    // `NoLink`: main does not get the one to "two" that it has.
    b"\x04\x04main\x03two",
    // `Stop`.
    b"\x05",
    // `Want`: a link to main, in the name of "two".
    b"\x08\x03two\x04main",
];

/// Says something in version 1 of the protocol.
fn tell(channel: impl AsFd, what: &[u8]) {
    let version = [1, 0];
    let length = u32::try_from(version.len() + what.len()).unwrap().to_le_bytes();
    say(channel, &[&[0], &length[..], &version, what].concat());
}

fn say(channel: impl AsFd, bytes: &[u8]) {
    let mut nothing = SendAncillaryBuffer::default();
    let sent = sendmsg(channel, &[IoSlice::new(bytes)], &mut nothing, SendFlags::NOSIGNAL);
    assert_eq!(sent.unwrap(), bytes.len());
}

/// Takes what the parent says first, and the link that comes with it.
fn take_start(channel: impl AsFd) -> OwnedFd {
    let (mut taken, mut link) = (Vec::new(), None);
    loop {
        let mut bytes = [0; 1024];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(&mut bytes)];
        let received = recvmsg(&channel, &mut slices, &mut ancillary, RecvFlags::empty()).unwrap();
        assert!(received.bytes > 0, "the parent ended");
        taken.extend_from_slice(&bytes[..received.bytes]);
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(mut descriptors) = message {
                link = link.or(descriptors.next());
            }
        }
        if let Some((head, body)) = taken.split_first_chunk::<5>()
            && body.len() >= u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize
        {
            return link.expect("the link comes with it");
        }
    }
}

fn wait_for_end(channel: impl AsFd) {
    let mut bytes = [0; 1024];
    while !matches!(rustix::io::read(&channel, &mut bytes), Ok(0) | Err(_)) {}
}
