//! What anyone says to a listener for peers on the original, as bytes of a stream and as datagrams.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Input, start};
use crate::legacy::peers::{PeerLimits, Peers};
use crate::legacy::stream::{Next, Stream};

const LONGEST_BYTES: usize = 64;

const LIMITS: PeerLimits = PeerLimits {
    peers: 6,
    peers_per_host: 3,
    messages_per_second: 5,
    idle_timeout: Duration::from_secs(2),
};

/// As a stream that is cut anywhere, and as the coming and going of addresses.
pub fn legacy(bytes: &[u8]) {
    stream(bytes);
    addresses(bytes);
}

/// The same frames come out however the stream is cut, and what is kept is bounded. Frames that came
/// out make the same stream again.
fn stream(bytes: &[u8]) {
    let mut whole = Stream::new(LONGEST_BYTES);
    whole.arrived(bytes);
    let (frames, ends_badly) = frames(&mut whole);
    let mut parted = Stream::new(LONGEST_BYTES);
    let mut again = Stream::new(LONGEST_BYTES);
    let (mut rest, mut count) = (bytes, 0);
    while !rest.is_empty() && parted.next() != Next::TooLong {
        let length = 1 + usize::from(rest[0]) % 7;
        let (part, behind) = rest.split_at(length.min(rest.len()));
        parted.arrived(part);
        while let Next::Frame(frame) = parted.next() {
            assert!(frame.len() <= LONGEST_BYTES && frame == frames[count]);
            again.send(frame);
            count += 1;
            parted.take();
        }
        assert!(parted.next() == Next::TooLong || parted.arrived_bytes() < 4 + LONGEST_BYTES);
        rest = behind;
    }
    assert!(count == frames.len() && ends_badly == (parted.next() == Next::TooLong));
    assert!(bytes.starts_with(again.unsent()));
    let (mut given_up, written) = (0, usize::from(bytes.first().copied().unwrap_or(0)));
    again.pass_on(written.min(again.unsent().len()));
    again.give_up(|frame| {
        given_up += 1;
        assert!(frames.iter().any(|known| known == frame));
    });
    assert!(given_up <= frames.len() && again.unsent_bytes() == 0);
}

fn frames(stream: &mut Stream) -> (Vec<Vec<u8>>, bool) {
    let mut frames = Vec::new();
    while let Next::Frame(frame) = stream.next() {
        frames.push(frame.to_vec());
        stream.take();
    }
    (frames, stream.next() == Next::TooLong)
}

/// There are never more peers than there may be, none that is silent stays, and a link names one
/// address alone.
fn addresses(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (mut now, mut peers) = (start(), Peers::new(LIMITS));
    let mut gone = Vec::new();
    while !input.is_done() {
        let what = input.byte();
        let from = SocketAddr::from(([10, 0, 0, what & 3], u16::from(what >> 2 & 7)));
        now += Duration::from_millis(u64::from(input.byte()) * 8);
        for link in peers.silent(now) {
            assert!(peers.remove(link).is_some());
            gone.push(link);
        }
        match peers.find(from).or_else(|| peers.admit(now, from)) {
            Some(link) if what & 0x80 == 0 => {
                assert_eq!(peers.address(link), Some(from));
                match peers.may_speak(now, link) {
                    Ok(()) => peers.heard(now, link),
                    Err(again_at) => assert!(again_at > now),
                }
            }
            Some(link) => {
                assert_eq!(peers.remove(link), Some(Some(from)));
                gone.push(link);
            }
            None => {}
        }
        let links = peers.links();
        assert!(links.len() <= LIMITS.peers && peers.is_empty() == links.is_empty());
        assert!(gone.iter().all(|gone| !peers.is_there(*gone) && !links.contains(gone)));
        assert!(links.is_empty() || peers.look_at().is_some());
    }
}
