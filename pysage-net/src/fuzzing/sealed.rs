//! Two hosts with keys that are in a session, and somebody between them who loses, delays, changes,
//! repeats and makes up datagrams.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pysage_core::Delivery;
use pysage_core::transport::LinkId;

use super::handshake::Out;
use super::pair::{ADDRESSES, Pair};
use super::{Input, start};
use crate::carrier::{Arrived, DATAGRAM_BYTES};
use crate::host::{Host, Taken, Told};
use crate::security::Identity;
use crate::session::Shake;

/// As what is done with the datagrams of two hosts, and as datagrams of others: all messages arrive
/// once and in their order, no others do, and the connection stands.
pub fn sealed(bytes: &[u8]) {
    let mut run = Run::new(bytes);
    while !run.input.is_done() {
        run.operation();
        run.exchange();
    }
    // Nobody is between them any more.
    let mut wakes = 0;
    while !run.has_all() {
        run.wake();
        run.exchange();
        wakes += 1;
        assert!(wakes < MOST_WAKES, "got {:?}", run.ends.each_ref().map(|end| end.got));
    }
    for end in &run.ends {
        assert_eq!(end.host.links(), [end.link], "others were let in, or one is gone");
    }
}

struct Run<'a> {
    input: Input<'a>,
    ends: [End; 2],
    now: Instant,
    /// What was sent last, the newest behind.
    heard: VecDeque<Vec<u8>>,
    /// What is on its way for longer, to which end.
    late: Vec<(usize, SocketAddr, Vec<u8>)>,
}

pub(super) struct End {
    pub(super) host: Host,
    pub(super) link: LinkId,
    pub(super) address: SocketAddr,
    is_there: bool,
    /// How many messages it has sent, and got.
    pub(super) sent: u32,
    pub(super) got: u32,
}

const MOST_HEARD: usize = 64;
const MOST_LATE: usize = 16;

/// Enough for all to arrive that was lost, with some minutes of time between.
const MOST_WAKES: u32 = 1_000;

/// As many datagrams at one time are more than a window holds.
const MOST_TURNS: u32 = 1_000;

/// Longer than an input takes.
const PATIENCE: Duration = Duration::from_secs(1 << 20);

impl<'a> Run<'a> {
    fn new(bytes: &'a [u8]) -> Run<'a> {
        static PAIR: OnceLock<Pair> = OnceLock::new();
        let now = start();
        let pair = PAIR.get_or_init(|| {
            let identities = [1, 2].map(|byte| Identity::of([byte; 32].into()));
            Pair::new(now, identities, |config| {
                config.rekey_datagrams(4).idle_timeout(PATIENCE).message_bytes(4_000)
            })
        });
        let ends = [0, 1].map(|at| End::new(pair, now, at));
        let (heard, late) = (VecDeque::new(), Vec::new());
        let mut run = Run { input: Input::new(&[]), ends, now, heard, late };
        run.exchange();
        run.input = Input::new(bytes);
        run
    }

    fn operation(&mut self) {
        let what = self.input.byte();
        match what {
            0..0x80 => {
                let size = usize::from(what >> 1 & 0x1f) * [1, 100][usize::from(what >> 6)];
                self.ends[usize::from(what & 1)].send(size);
            }
            0x80..0xa0 => self.wake(),
            0xa0..0xc0 => self.now += Duration::from_millis(1 << (what >> 1 & 15)),
            // As behind a router that was started again.
            0xc0..0xc8 => self.ends[0].address.set_port(4_000 + u16::from(what & 7)),
            0xc8..0xd0 => {
                for (to, from, bytes) in std::mem::take(&mut self.late) {
                    self.ends[to].take(self.now, from, &bytes);
                }
            }
            _ => self.meddle(what),
        }
    }

    /// Lets time pass until one of them has something to do.
    fn wake(&mut self) {
        let wakes = self.ends.iter().filter_map(|end| end.host.wake_at()).min();
        self.now = wakes.expect("who is there asks now and then").max(self.now);
    }

    fn has_all(&self) -> bool {
        (0..2).all(|at| self.ends[at].got == self.ends[1 - at].sent)
    }

    /// Has all leave that can, and arrive, until nothing more does.
    fn exchange(&mut self) {
        let mut turns = 0;
        loop {
            let mut is_quiet = true;
            for at in 0..2 {
                let to = self.ends[1 - at].address;
                for (address, bytes) in self.ends[at].leave(self.now) {
                    is_quiet = false;
                    if address == to {
                        self.carry(at, bytes);
                    }
                }
                self.ends[1 - at].tell(self.now);
            }
            if is_quiet {
                return;
            }
            turns += 1;
            assert!(turns < MOST_TURNS, "they never come to rest");
        }
    }

    /// Does to a datagram what the input says.
    fn carry(&mut self, at: usize, bytes: Vec<u8>) {
        if self.heard.len() == MOST_HEARD {
            self.heard.pop_front();
        }
        self.heard.push_back(bytes.clone());
        let from = self.ends[at].address;
        let fate = self.input.byte();
        match fate {
            0..0xc0 => {}
            0xc0..0xd4 => return,
            0xd4..0xe0 if self.late.len() < MOST_LATE => {
                return self.late.push((1 - at, from, bytes));
            }
            _ => self.meddle(fate),
        }
        self.ends[1 - at].take(self.now, from, &bytes);
    }

    /// Has something else arrive at one of the ends: a copy, a changed one, or any bytes.
    fn meddle(&mut self, what: u8) {
        let (to, how) = (usize::from(what >> 2 & 1), self.input.byte());
        let from = match what >> 3 & 1 {
            0 => self.ends[1 - to].address,
            _ => SocketAddr::from(([10, 0, 1, how >> 6], 4000)),
        };
        let back = usize::from(how & 63);
        let Some(which) = self.heard.len().checked_sub(1 + back) else { return };
        let mut bytes = self.heard[which].clone();
        match what & 3 {
            0 | 1 => {}
            2 => {
                let at = usize::from(self.input.byte()) % bytes.len();
                bytes[at] ^= self.input.byte() | 1;
                with_checksum(&mut bytes);
            }
            _ => {
                bytes.truncate(usize::from(self.input.byte()));
                let length = usize::from(self.input.byte());
                bytes.extend_from_slice(self.input.bytes(length & 0x7f));
                bytes.resize(
                    if length & 0x80 == 0 { bytes.len().max(5) } else { DATAGRAM_BYTES },
                    0,
                );
                with_checksum(&mut bytes);
            }
        }
        self.ends[to].take(self.now, from, &bytes);
    }
}

/// What is of a handshake gets by the first look.
pub(super) fn with_checksum(bytes: &mut [u8]) {
    if bytes[0] & 0xc0 == 0x80
        && let Some((guarded, checksum)) = bytes.split_last_chunk_mut::<4>()
    {
        *checksum = crc32fast::hash(guarded).to_le_bytes();
        if let Ok(shake) = Shake::read(bytes, DATAGRAM_BYTES) {
            let mut written = Vec::new();
            shake.write(DATAGRAM_BYTES, &mut written);
            assert_eq!(Shake::read(&written, DATAGRAM_BYTES), Ok(shake));
        }
    }
}

impl End {
    pub(super) fn new(pair: &Pair, now: Instant, at: usize) -> End {
        let (host, link) = pair.host(now, at);
        let address = ADDRESSES[at];
        End { host, link, address, is_there: false, sent: 0, got: 0 }
    }

    /// Sends the next message, of so many bytes at least, if there is room for it.
    pub(super) fn send(&mut self, size: usize) {
        let body = body(self.sent, size);
        if self.host.room_bytes(self.link).is_some_and(|room| room >= body.len()) {
            let lengths = [body.len() as u32];
            self.host.send(self.link, &body, &lengths, Delivery::ReliableOrdered, 0);
            self.sent += 1;
        }
    }

    pub(super) fn take(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        self.host.arrived(now, Arrived::Datagram { from, is_marked: false, bytes });
    }

    /// What leaves, and where to.
    pub(super) fn leave(&mut self, now: Instant) -> VecDeque<(SocketAddr, Vec<u8>)> {
        let mut out = Out::default();
        // Whoever drives a host has nothing else to go by.
        if self.host.wake_at().is_some_and(|at| at <= now) {
            self.host.transmit(now, &mut out).expect("this carrier has no errors");
        }
        out.0
    }

    /// Takes what it is told: messages of the other end, the next one each time.
    pub(super) fn tell(&mut self, now: Instant) {
        let (mut is_there, mut got) = (self.is_there, self.got);
        let link_here = self.link;
        self.host.tell(now, &mut |link, told| {
            assert_eq!(link, link_here, "others were let in");
            match told {
                Told::Connected { .. } => assert!(!std::mem::replace(&mut is_there, true)),
                Told::Frame(frame) => {
                    assert!(
                        is_there && frame == body(got, frame.len()),
                        "message {got}: {frame:02x?}"
                    );
                    got += 1;
                }
                Told::Moved { address } => assert_eq!(address.ip(), ADDRESSES[0].ip()),
                told => panic!("{told:?}"),
            }
            Taken::Yes
        });
        (self.is_there, self.got) = (is_there, got);
    }
}

/// The message of this number, of so many bytes at least: it says both.
fn body(number: u32, size: usize) -> Vec<u8> {
    let size = size.max(8);
    let mut body = number.to_le_bytes().to_vec();
    body.extend_from_slice(&(size as u32).to_le_bytes());
    body.resize(size, number as u8);
    body
}
