//! laminar's framing over a carrier that keeps what it is given.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::time::Duration;

use super::*;
use crate::carrier::{Carrier, DATAGRAM_BYTES, UdpOptions};

/// What this version of laminar writes. Another one may write something else, and then does not
/// understand this one.
const HEAD: [u8; HEAD_BYTES] = [0x54, 0x09, 0, 0, 0];

/// A carrier that keeps what is sent, and receives what is put into it.
struct Tape {
    sent: Vec<(SocketAddr, usize, Vec<u8>)>,
    coming: VecDeque<(SocketAddr, Vec<u8>)>,
    takes_bytes: usize,
}

impl DatagramCarrier for Tape {
    fn local_addr(&self) -> SocketAddr {
        ADDRESS
    }

    fn datagram_bytes(&self) -> usize {
        DATAGRAM_BYTES
    }

    fn marks_congestion(&self) -> bool {
        true
    }

    fn receive(&mut self, _: Instant, each: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch> {
        for (from, bytes) in self.coming.drain(..) {
            each(Arrived::Datagram { from, is_marked: bytes.len() % 2 == 0, bytes: &bytes });
        }
        Ok(Batch::All)
    }

    fn send(&mut self, _: Instant, run: Departing<'_>) -> io::Result<usize> {
        let taken = run.bytes.len().min(self.takes_bytes);
        self.sent.push((run.to, run.segment_bytes, run.bytes[..taken].to_vec()));
        Ok(taken)
    }

    fn dropped(&self) -> u64 {
        1_000_000
    }
}

fn carrier() -> LaminarCarrier<Tape> {
    let tape = Tape { sent: Vec::new(), coming: VecDeque::new(), takes_bytes: usize::MAX };
    LaminarCarrier::new(Instant::now(), tape)
}

fn peer(number: u16) -> SocketAddr {
    ([10, 0, (number >> 8) as u8, number as u8], 1 + number).into()
}

/// Counts the drops of laminar alone.
fn received(
    carrier: &mut LaminarCarrier<Tape>,
    now: Instant,
) -> (Vec<(SocketAddr, bool, Vec<u8>)>, u64) {
    let mut came = Vec::new();
    let before = carrier.dropped();
    carrier
        .receive(now, &mut |arrived| match arrived {
            Arrived::Datagram { from, is_marked, bytes } => {
                came.push((from, is_marked, bytes.to_vec()));
            }
            other => panic!("{other:?}"),
        })
        .unwrap();
    (came, carrier.dropped() - before)
}

fn send(
    carrier: &mut LaminarCarrier<Tape>,
    bytes: &[u8],
    segment_bytes: usize,
) -> io::Result<usize> {
    let run = Departing { to: peer(1), markable: true, bytes, segment_bytes };
    carrier.send(Instant::now(), run)
}

#[test]
fn the_head_is_that_of_laminar_0_5() {
    assert_eq!(carrier().head, HEAD);
    assert_eq!(carrier().datagram_bytes(), DATAGRAM_BYTES - HEAD_BYTES);
}

#[test]
fn a_run_of_one_size_stays_one() {
    let mut carrier = carrier();
    let bytes: Vec<u8> = (0..105).collect();
    assert_eq!(send(&mut carrier, &bytes, 20).unwrap(), 105);
    let (to, segment_bytes, framed) = &carrier.carrier.sent[0];
    assert_eq!((*to, *segment_bytes, framed.len()), (peer(1), 25, 105 + 6 * HEAD_BYTES));
    for (framed, segment) in framed.chunks(25).zip(bytes.chunks(20)) {
        assert_eq!((&framed[..HEAD_BYTES], &framed[HEAD_BYTES..]), (&HEAD[..], segment));
    }
    assert_eq!(carrier.carrier.sent.len(), 1);
}

#[test]
fn only_whole_segments_count_as_taken() {
    let mut carrier = carrier();
    for (takes_bytes, taken) in [(0, 0), (25, 20), (75, 60), (usize::MAX, 90)] {
        carrier.carrier.takes_bytes = takes_bytes;
        assert_eq!(send(&mut carrier, &[7; 90], 20).unwrap(), taken);
    }
}

#[test]
fn what_laminar_refuses_is_an_error_and_leaves_nothing_behind() {
    let mut carrier = carrier();
    assert!(send(&mut carrier, &[7; 5_000], 5_000).is_err());
    assert!(send(&mut carrier, &[7; 5_010], 5_000).is_err());
    assert!(carrier.carrier.sent.is_empty());
    assert_eq!(send(&mut carrier, &[7; 1_195], 1_195).unwrap(), 1_195);
    assert_eq!(carrier.carrier.sent[0].2.len(), DATAGRAM_BYTES);
}

#[test]
fn one_connection_serves_many_peers() {
    let mut carrier = carrier();
    let begun = Instant::now();
    for number in 0..5_000u16 {
        let from = peer(number % 1_000);
        let framed =
            [&HEAD[..], &number.to_be_bytes(), &[0; 7][..usize::from(number % 7)]].concat();
        carrier.carrier.coming.push_back((from, framed));
        let bytes = number.to_be_bytes();
        let run = Departing { to: from, markable: false, bytes: &bytes, segment_bytes: 2 };
        assert_eq!(carrier.send(begun, run).unwrap(), 2);
    }
    let (came, dropped) = received(&mut carrier, begun);
    assert_eq!((came.len(), dropped), (5_000, 0));
    for (number, (from, is_marked, bytes)) in (0u16..).zip(&came) {
        assert_eq!((*from, &bytes[..2]), (peer(number % 1_000), &number.to_be_bytes()[..]));
        assert_eq!(*is_marked, (HEAD_BYTES + bytes.len()).is_multiple_of(2));
    }
    for (number, (to, _, framed)) in (0u16..).zip(&carrier.carrier.sent) {
        let framed_number = [&HEAD[..], &number.to_be_bytes()].concat();
        assert_eq!((*to, framed), (peer(number % 1_000), &framed_number));
    }
    assert_eq!(carrier.framing.connection.packets_in_flight(), 0);
}

/// All heads of 5 bytes that are near that of an unreliable packet: each kind of packet, delivery and
/// order that laminar knows, those that it does not know, and other versions. 59,999 with the same
/// head had it store 34 MB.
#[test]
fn forged_heads_do_not_get_as_far_as_laminar() {
    let mut carrier = carrier();
    let now = Instant::now();
    let mut forged = 0;
    for kind in 0..6 {
        for delivery in 0..4 {
            for order in 0..4 {
                for version in [HEAD[1], 0, 0xff] {
                    let head = [HEAD[0], version, kind, delivery, order];
                    if head == HEAD {
                        continue;
                    }
                    for number in 0..60u16 {
                        // An acknowledgement of all, a fragment of 255, a packet far ahead.
                        let mut bytes = head.to_vec();
                        bytes.extend(number.wrapping_mul(1_021).to_be_bytes());
                        bytes.extend([0xff; 40]);
                        carrier.carrier.coming.push_back((peer(number), bytes));
                        forged += 1;
                    }
                }
            }
        }
    }
    for cut in 0..=HEAD_BYTES {
        carrier.carrier.coming.push_back((peer(1), HEAD[..cut].to_vec()));
        forged += 1;
    }
    carrier.carrier.coming.push_back((peer(2), [&HEAD[..], b"real"].concat()));

    let (came, dropped) = received(&mut carrier, now);
    assert_eq!(came, [(peer(2), false, b"real".to_vec())]);
    assert_eq!(dropped, forged);
    assert_eq!(carrier.framing.connection.last_heard, now);
}

#[test]
fn nothing_hangs_on_the_clock() {
    let mut carrier = carrier();
    let now = Instant::now();
    let century = Duration::from_secs(100 * 365 * 86_400);
    let second = Duration::from_secs(1);
    let times = [now + century, now, now + 2 * century, now - second.min(now.elapsed()), now];
    for (number, time) in (0u16..).zip(times) {
        carrier.carrier.coming.push_back((peer(number), [&HEAD[..], b"tick"].concat()));
        let (came, dropped) = received(&mut carrier, time);
        assert_eq!((came.len(), dropped), (1, 0));
        let run = Departing { to: peer(1), markable: false, bytes: b"tock", segment_bytes: 4 };
        assert_eq!(carrier.send(time, run).unwrap(), 4);
        assert_eq!(carrier.carrier.sent.pop().unwrap().2, [&HEAD[..], b"tock"].concat());
    }
}

#[test]
fn it_runs_over_udp() {
    let now = Instant::now();
    let options = UdpOptions { segment_offload: true };
    let mut server =
        Carrier::Laminar.listen(now, (Ipv4Addr::LOCALHOST, 0).into(), options).unwrap();
    let to = server.local_addr();
    let mut client = Carrier::Laminar.connect(now, to, options).unwrap();
    let bytes = vec![7; 31 * 1_195 + 11];
    let run = Departing { to, markable: true, bytes: &bytes, segment_bytes: 1_195 };
    assert_eq!(client.send(now, run).unwrap(), bytes.len());
    let mut lengths = Vec::new();
    while lengths.len() < 32 {
        assert!(now.elapsed() < Duration::from_secs(20));
        server
            .receive(now, &mut |arrived| match arrived {
                Arrived::Datagram { bytes, .. } => lengths.push(bytes.len()),
                other => panic!("{other:?}"),
            })
            .unwrap();
        std::thread::yield_now();
    }
    assert_eq!(lengths, [vec![1_195; 31], vec![11]].concat());
}
