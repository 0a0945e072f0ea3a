//! The handshake, and the headers of datagrams.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Input, start};
use crate::carrier::{Arrived, Batch, DATAGRAM_BYTES, DatagramCarrier, Departing};
use crate::config::NetConfig;
use crate::host::{Host, Taken};
use crate::security::Security;
use crate::session::{Datagram, Said, Session, Shake};

/// What leaves, instead of a socket.
#[derive(Default)]
pub(super) struct Out(pub(super) VecDeque<(SocketAddr, Vec<u8>)>);

impl DatagramCarrier for Out {
    fn local_addr(&self) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], 1))
    }

    fn datagram_bytes(&self) -> usize {
        DATAGRAM_BYTES
    }

    fn marks_congestion(&self) -> bool {
        false
    }

    fn receive(&mut self, _: Instant, _: &mut dyn FnMut(Arrived<'_>)) -> io::Result<Batch> {
        Ok(Batch::All)
    }

    fn send(&mut self, _: Instant, departing: Departing<'_>) -> io::Result<usize> {
        assert!((1..=DATAGRAM_BYTES).contains(&departing.segment_bytes));
        for bytes in departing.bytes.chunks(departing.segment_bytes) {
            self.0.push_back((departing.to, bytes.to_vec()));
        }
        Ok(departing.bytes.len())
    }

    fn dropped(&self) -> u64 {
        0
    }
}

const MOST_PEERS: usize = 4;

/// A hello of so many bytes would have its answer be more than a tenth of it.
const SHORT_BYTES: usize = 100;

/// As a header, as a datagram of the handshake once its checksum is right, and as what strangers
/// say to a host that listens.
pub fn handshake(bytes: &[u8]) {
    header(bytes);
    let mut input = Input::new(bytes);
    static CONFIG: OnceLock<NetConfig> = OnceLock::new();
    let open = || {
        let mut config = NetConfig::new(Security::open()).most_peers(MOST_PEERS);
        config.seed = Some(1);
        config
    };
    let mut now = start();
    let mut host = Host::new(now, CONFIG.get_or_init(open), DATAGRAM_BYTES, true);
    let mut cookies = VecDeque::new();
    while !input.is_done() {
        let from = SocketAddr::from(([10, 0, 1, input.byte() & 7], 4000));
        now += Duration::from_millis(u64::from(input.byte()) * 8);
        let length = usize::from(input.byte());
        let mut datagram = input.bytes(length).to_vec();
        if length & 1 == 0 {
            complete(&mut datagram, input.byte(), cookies.front());
        }
        let received_bytes = datagram.len();
        let arrived = Arrived::Datagram { from, is_marked: false, bytes: &datagram };
        host.arrived(now, arrived);
        if length & 2 == 0 {
            host.tell(now, &mut |_, _| Taken::Yes);
        }
        let mut out = Out::default();
        host.transmit(now, &mut out).expect("this carrier has no errors");
        for (to, answer) in out.0 {
            match Shake::read(&answer, DATAGRAM_BYTES).map(|shake| shake.said) {
                Ok(Said::Cookie(cookie)) => {
                    assert!(to == from && answer.len() * 10 < received_bytes);
                    cookies.push_front(cookie.to_bytes());
                    cookies.truncate(4);
                }
                Ok(said) => assert!(!matches!(said, Said::Hello(_)), "who listens greets nobody"),
                Err(_) => assert!(answer.len() <= DATAGRAM_BYTES),
            }
        }
        assert!(host.links().len() <= MOST_PEERS);
    }
}

/// Makes of some bytes what gets by the first looks: a hello, mostly of full length, with the version, a
/// cookie that was given, and a right checksum.
fn complete(datagram: &mut Vec<u8>, how: u8, cookie: Option<&[u8; 16]>) {
    if datagram.len() < 17 {
        datagram.resize(17, how);
    }
    datagram[0] = 0x80 | how & 3;
    datagram[1..5].copy_from_slice(b"PSG1");
    if how & 3 == 0 {
        // Some are too short to be answered.
        datagram.resize(if how & 16 == 0 { DATAGRAM_BYTES - 4 } else { SHORT_BYTES }, 0);
        if let Some(cookie) = cookie.filter(|_| how & 4 == 0) {
            datagram[17..33].copy_from_slice(cookie);
        }
        if how & 8 == 0 {
            // The codec and the longest message that a host has by itself.
            datagram[33] = 1;
            datagram[42..50].copy_from_slice(&(64_u64 << 10).to_le_bytes());
        }
    }
    let checksum = crc32fast::hash(datagram);
    datagram.extend_from_slice(&checksum.to_le_bytes());
    if let Ok(shake) = Shake::read(datagram, DATAGRAM_BYTES) {
        let mut written = Vec::new();
        shake.write(DATAGRAM_BYTES, &mut written);
        assert_eq!(Shake::read(&written, DATAGRAM_BYTES), Ok(shake));
    }
}

/// What is no datagram of a session is not opened; what is one is opened with its number.
fn header(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (number, ahead, mut session) = (input.number(), input.number(), Session::new(1, 2, 3));
    let (now, mut room) = (start(), Vec::new());
    if let Ok(Datagram::Sealed(header, sealed)) = Datagram::read(bytes) {
        for largest in [None, Some(0), Some(number), Some(u64::MAX - 1)] {
            let opened = session.open(now, header, largest, sealed, &mut room);
            assert!(opened.is_none_or(|(_, payload)| payload.len() + 4 < sealed.len()));
        }
    }
    let known = number.checked_sub(ahead & 0x7fff_fffe);
    let mut datagram = Vec::new();
    session.begin(number, known, &mut datagram);
    datagram.extend_from_slice(bytes);
    session.seal(number, 0, &mut datagram);
    let Ok(Datagram::Sealed(header, sealed)) = Datagram::read(&datagram) else {
        panic!("what was written is no datagram")
    };
    let known = known.or(number.checked_sub(1));
    assert_eq!(session.open(now, header, known, sealed, &mut room), Some((number, bytes)));
}
