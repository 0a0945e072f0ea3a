//! Over the sockets of this machine.

#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use quinn_udp::RecvMeta;

use super::*;

/// Only matters where a test fails.
const DEADLINE: Duration = Duration::from_secs(20);

const OPTIONS: UdpOptions = UdpOptions { segment_offload: true };

fn listener(options: UdpOptions) -> UdpCarrier {
    UdpCarrier::listen((Ipv4Addr::LOCALHOST, 0).into(), options).unwrap()
}

/// What a carrier has received.
#[derive(Default)]
struct Inbox {
    datagrams: Vec<(SocketAddr, bool, Vec<u8>)>,
    unreachable: Vec<(Option<SocketAddr>, io::ErrorKind)>,
}

impl Inbox {
    /// Receives until there is enough.
    fn fill(&mut self, carrier: &mut UdpCarrier, mut is_enough: impl FnMut(&Inbox, u64) -> bool) {
        let begun = Instant::now();
        while !is_enough(self, carrier.dropped()) {
            assert!(begun.elapsed() < DEADLINE, "{} came in time", self.datagrams.len());
            self.take(carrier);
            std::thread::yield_now();
        }
    }

    fn take(&mut self, carrier: &mut UdpCarrier) -> Batch {
        let Inbox { datagrams, unreachable } = self;
        let batch = carrier.receive(Instant::now(), &mut |arrived| match arrived {
            Arrived::Datagram { from, is_marked, bytes } => {
                datagrams.push((from, is_marked, bytes.to_vec()));
            }
            Arrived::Unreachable { address, kind } => unreachable.push((address, kind)),
            other => panic!("{other:?}"),
        });
        batch.unwrap()
    }

    fn lengths(&self) -> Vec<usize> {
        self.datagrams.iter().map(|(_, _, bytes)| bytes.len()).collect()
    }
}

/// Sends all of it, as soon as it is taken.
fn send(carrier: &mut UdpCarrier, to: SocketAddr, mut bytes: &[u8], segment_bytes: usize) {
    let begun = Instant::now();
    while !bytes.is_empty() {
        assert!(begun.elapsed() < DEADLINE, "{} bytes were not taken in time", bytes.len());
        let run = Departing { to, markable: true, bytes, segment_bytes };
        bytes = &bytes[carrier.send(begun, run).unwrap()..];
    }
}

fn numbered(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

/// An address of this machine where nobody listens, as long as it is held.
struct Nobody {
    address: SocketAddr,
    _taken: Option<UdpSocket>,
}

impl Nobody {
    fn new() -> Nobody {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        // Connected to itself it hears nobody else, and no other test gets its port meanwhile. It is
        // not known whether Windows says of such a port that nobody listens.
        socket.connect(address).unwrap();
        Nobody { address, _taken: cfg!(not(windows)).then_some(socket) }
    }
}

#[test]
fn runs_arrive_as_the_datagrams_that_they_are_made_of() {
    for segment_offload in [true, false] {
        let mut sender = listener(UdpOptions { segment_offload });
        let mut receiver = listener(OPTIONS);
        let to = receiver.local_addr();
        let mut inbox = Inbox::default();
        for (segment_bytes, length) in
            [(1_200, 32 * 1_200), (1_200, 31 * 1_200 + 7), (100, 300), (64, 64), (20, 5)]
        {
            inbox.datagrams.clear();
            let bytes = numbered(length);
            let segments = length.div_ceil(segment_bytes);
            send(&mut sender, to, &bytes, segment_bytes);
            inbox.fill(&mut receiver, |inbox, _| inbox.datagrams.len() >= segments);

            for ((from, _, got), sent) in inbox.datagrams.iter().zip(bytes.chunks(segment_bytes)) {
                assert_eq!((*from, &got[..]), (sender.local_addr(), sent));
            }
            assert_eq!(inbox.datagrams.len(), segments);
        }
        assert_eq!(receiver.dropped(), 0);
    }
}

#[test]
fn datagrams_of_many_sizes_arrive_in_their_sizes() {
    let mut sender = listener(OPTIONS);
    let mut receiver = listener(OPTIONS);
    let to = receiver.local_addr();
    let bytes = numbered(DATAGRAM_BYTES);
    let sizes: Vec<usize> = (0..100).map(|index| 1 + (index * 977) % DATAGRAM_BYTES).collect();
    for &size in &sizes {
        send(&mut sender, to, &bytes[..size], size);
    }
    let mut inbox = Inbox::default();
    inbox.fill(&mut receiver, |inbox, _| inbox.datagrams.len() >= sizes.len());
    assert_eq!(inbox.lengths(), sizes);
    assert!(inbox.datagrams.iter().all(|(_, _, got)| bytes.starts_with(got)));
}

#[test]
fn what_leaves_can_be_marked_and_what_was_marked_is_told() {
    let mut carrier = listener(OPTIONS);
    if !carrier.marks_congestion() {
        return;
    }
    // Upon such an error of the system nothing would be marked any more.
    let nowhere = (Ipv4Addr::LOCALHOST, 0).into();
    let run = Departing { to: nowhere, markable: true, bytes: b"nowhere", segment_bytes: 7 };
    assert!(carrier.send(Instant::now(), run).is_err());

    let router = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let state = UdpSocketState::new((&router).into()).unwrap();
    let begun = Instant::now();
    for markable in [true, false] {
        let to = router.local_addr().unwrap();
        let run = Departing { to, markable, bytes: &[7; 30], segment_bytes: 10 };
        assert_eq!(carrier.send(begun, run).unwrap(), 30);
        let mut buffer = [0; 65_536];
        let mut meta = [RecvMeta::default()];
        let mut received = 0;
        while received < 30 {
            assert!(begun.elapsed() < DEADLINE);
            let buffers = &mut [std::io::IoSliceMut::new(&mut buffer)];
            match state.recv((&router).into(), buffers, &mut meta) {
                Ok(_) => received += meta[0].len,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            if meta[0].len > 0 {
                assert_eq!(meta[0].ecn, markable.then_some(EcnCodepoint::Ect0));
            }
        }
    }

    for (ecn, is_marked) in [(Some(EcnCodepoint::Ce), true), (Some(EcnCodepoint::Ect0), false)] {
        let destination = carrier.local_addr();
        let transmit =
            Transmit { destination, ecn, contents: b"mark", segment_size: None, src_ip: None };
        state.try_send((&router).into(), &transmit).unwrap();
        let mut inbox = Inbox::default();
        inbox.fill(&mut carrier, |inbox, _| !inbox.datagrams.is_empty());
        assert_eq!(inbox.datagrams[0].1, is_marked);
    }
}

#[test]
fn a_carrier_for_one_peer_tells_that_nobody_listens() {
    let nobody = Nobody::new();
    let to = nobody.address;
    let mut carrier = UdpCarrier::connect(to, OPTIONS).unwrap();
    let begun = Instant::now();
    let mut inbox = Inbox::default();
    let mut told_at_once = 0;
    // One that the system told a send, and one that it tells now.
    while told_at_once < 2 {
        assert!(begun.elapsed() < DEADLINE);
        // What was refused before never makes a send fail, whatever its shape.
        send(&mut carrier, to, &[7; 35], 10);
        send(&mut carrier, to, &[7], 1);
        let told = inbox.unreachable.len();
        inbox.take(&mut carrier);
        told_at_once = inbox.unreachable.len() - told;
    }
    let refused = (Some(to), io::ErrorKind::ConnectionRefused);
    assert!(inbox.unreachable.iter().all(|told| *told == refused), "{:?}", inbox.unreachable);
    let cutting = carrier.state.max_gso_segments().min(MOST_SEGMENTS);
    assert_eq!(carrier.sender.most_segments(), cutting);
}

#[test]
fn a_carrier_for_one_peer_and_a_listener_reach_each_other() {
    let mut server = listener(OPTIONS);
    let mut client = UdpCarrier::connect(server.local_addr(), OPTIONS).unwrap();
    let bytes = numbered(3_000);
    let (mut there, mut back) = (Inbox::default(), Inbox::default());
    send(&mut client, server.local_addr(), &bytes, 1_000);
    there.fill(&mut server, |inbox, _| inbox.datagrams.len() >= 3);
    let from = there.datagrams[0].0;
    assert_eq!(from, client.local_addr());
    send(&mut server, from, &bytes, 1_000);
    back.fill(&mut client, |inbox, _| inbox.datagrams.len() >= 3);
    assert!(back.datagrams.iter().all(|(from, ..)| *from == server.local_addr()));
}

#[cfg(not(windows))]
#[test]
fn a_carrier_for_one_peer_does_not_hear_others() {
    let mut server = listener(OPTIONS);
    let mut client = UdpCarrier::connect(server.local_addr(), OPTIONS).unwrap();
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    drop(other.send_to(b"other", client.local_addr()));
    let to = client.local_addr();
    send(&mut server, to, b"server", 6);
    let mut inbox = Inbox::default();
    inbox.fill(&mut client, |inbox, _| !inbox.datagrams.is_empty());
    assert_eq!(inbox.lengths(), [6]);
}

#[test]
fn a_peer_that_left_does_not_harm_a_listener() {
    let mut server = listener(OPTIONS);
    let gone = Nobody::new();
    for _ in 0..50 {
        send(&mut server, gone.address, &[7; 35], 10);
        Inbox::default().take(&mut server);
    }
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    other.send_to(b"here", server.local_addr()).unwrap();
    let mut inbox = Inbox::default();
    inbox.fill(&mut server, |inbox, _| !inbox.datagrams.is_empty());
    assert_eq!(inbox.datagrams[0].2, b"here");
}

#[test]
fn what_no_peer_sends_is_counted_and_harms_nobody() {
    let mut server = listener(OPTIONS);
    let to = server.local_addr();
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for length in [0, DATAGRAM_BYTES + 1, 9_000, 60_000] {
        other.send_to(&vec![7; length], to).unwrap();
    }
    other.send_to(&[7; DATAGRAM_BYTES], to).unwrap();
    let mut inbox = Inbox::default();
    inbox.fill(&mut server, |inbox, dropped| inbox.datagrams.len() as u64 + dropped >= 5);
    assert_eq!((inbox.lengths(), server.dropped()), (vec![DATAGRAM_BYTES], 4));
}

#[test]
fn what_cannot_be_sent_is_an_error_of_that_datagram_alone() {
    let mut server = listener(OPTIONS);
    let mut receiver = listener(OPTIONS);
    let to = receiver.local_addr();
    let too_long = vec![7; 70_000];
    let cases: [(SocketAddr, &[u8], usize); 4] = [
        (to, &too_long, too_long.len()),
        (to, &too_long, 68_000),
        ((Ipv4Addr::LOCALHOST, 0).into(), b"nowhere", 7),
        ((Ipv6Addr::LOCALHOST, to.port()).into(), b"IPv6 from IPv4", 14),
    ];
    let cutting = server.sender.most_segments();
    for (to, bytes, segment_bytes) in cases {
        let run = Departing { to, markable: true, bytes, segment_bytes };
        assert!(server.send(Instant::now(), run).is_err(), "{to} took {}", bytes.len());
    }
    assert_eq!(server.sender.most_segments(), cutting);

    send(&mut server, to, &[7; 35], 10);
    let mut inbox = Inbox::default();
    inbox.fill(&mut receiver, |inbox, _| inbox.datagrams.len() >= 4);
    assert_eq!(inbox.lengths(), [10, 10, 10, 5]);
}

#[test]
fn it_runs_over_ipv6_and_for_both_at_once() {
    // Not every machine has IPv6.
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let mut both = UdpCarrier::listen((Ipv6Addr::UNSPECIFIED, 0).into(), OPTIONS).unwrap();
    let port = both.local_addr().port();
    let mut ways: Vec<SocketAddr> = vec![(Ipv6Addr::LOCALHOST, port).into()];
    if both.is_dual_stack {
        ways.push((Ipv4Addr::LOCALHOST, port).into());
    }
    for to in ways {
        let mut client = UdpCarrier::connect(to, OPTIONS).unwrap();
        send(&mut client, to, &numbered(2_500), 1_000);
        let mut inbox = Inbox::default();
        inbox.fill(&mut both, |inbox, _| inbox.datagrams.len() >= 3);
        assert_eq!(inbox.lengths(), [1_000, 1_000, 500]);

        let back = inbox.datagrams[0].0;
        send(&mut both, back, b"back", 4);
        let mut inbox = Inbox::default();
        inbox.fill(&mut client, |inbox, _| !inbox.datagrams.is_empty());
        assert_eq!(inbox.datagrams[0].2, b"back");
    }
}

#[test]
fn the_system_keeps_a_burst_of_bulk() {
    let plain = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let before = socket2::SockRef::from(&plain).recv_buffer_size().unwrap();
    let carrier = listener(OPTIONS);
    let now = socket2::SockRef::from(&carrier.socket).recv_buffer_size().unwrap();
    assert!(now > before, "{now} bytes in place of {before}");
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let first = listener(OPTIONS);
    let second = UdpCarrier::listen(first.local_addr(), OPTIONS);
    assert_eq!(second.err().map(|error| error.kind()), Some(io::ErrorKind::AddrInUse));
}
