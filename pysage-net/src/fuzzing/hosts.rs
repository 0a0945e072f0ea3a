//! Two hosts that talk over a network of which the input says what it does to each datagram.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pysage_core::Delivery;
use pysage_core::transport::LinkId;

use super::handshake::Out;
use super::{Input, start};
use crate::carrier::{Arrived, DATAGRAM_BYTES};
use crate::config::NetConfig;
use crate::host::{Host, Taken, Told};
use crate::security::Security;

/// Messages and datagrams that are dropped, repeated, overtaken, cut, changed and said again: what
/// is reliable arrives once and in its order, or is reported; and both hosts come to an end.
pub fn hosts(bytes: &[u8]) {
    let mut run = Run::new(bytes);
    while !run.input.is_done() {
        run.operation();
    }
    for end in &mut run.ends {
        end.is_full = false;
    }
    run.pass_until(Duration::from_secs(45), Run::has_settled);
    run.check(false);
    for at in 0..2 {
        run.disconnect(at);
    }
    run.pass_until(Duration::from_secs(30), Run::is_over);
    run.check(true);
    for end in &run.ends {
        assert!(end.link.is_none_or(|_| end.has_ended), "a host is not told that its peer is gone");
        assert!(end.host.links().is_empty() && !end.host.has_news());
    }
}

struct Run<'a> {
    input: Input<'a>,
    ends: [End; 2],
    now: Instant,
    on_the_way: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    departed: u64,
    steps: u64,
    /// What was sent, and to which end.
    record: Vec<(usize, Vec<u8>)>,
}

struct End {
    host: Host,
    out: Out,
    link: Option<LinkId>,
    has_ended: bool,
    /// Takes no messages.
    is_full: bool,
    sent: Vec<Message>,
    /// The newest number that came, by delivery and stream.
    newest: HashMap<(u8, u8), Option<usize>>,
}

struct Message {
    body: Vec<u8>,
    arrived: u32,
    is_reported: bool,
}

const DELIVERIES: [Delivery; 4] = [
    Delivery::Unreliable,
    Delivery::Sequenced,
    Delivery::ReliableUnordered,
    Delivery::ReliableOrdered,
];

fn is_reliable(delivery: u8) -> bool {
    delivery >= 2
}

/// More than this is no way to spend virtual minutes.
const MOST_STEPS: u64 = 400_000;
const MOST_RECORDED: usize = 256;
const WINDOW_BYTES: usize = 20_000;

fn config(seed: u64) -> NetConfig {
    let mut config = NetConfig::new(Security::open())
        .message_bytes(6_000)
        .receive_window_bytes(WINDOW_BYTES)
        .send_queue_bytes(100_000)
        .partial_messages(3);
    config.seed = Some(seed);
    config
}

fn address(at: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1 + at as u8], 4000))
}

impl<'a> Run<'a> {
    fn new(bytes: &'a [u8]) -> Run<'a> {
        static CONFIGS: OnceLock<[NetConfig; 2]> = OnceLock::new();
        let configs = CONFIGS.get_or_init(|| [1, 2].map(config));
        let now = start();
        let ends = [0, 1].map(|at| End {
            host: Host::new(now, &configs[at], DATAGRAM_BYTES, at == 1),
            out: Out::default(),
            link: None,
            has_ended: false,
            is_full: false,
            sent: Vec::new(),
            newest: HashMap::new(),
        });
        let mut run = Run {
            input: Input::new(&[]),
            ends,
            now,
            on_the_way: BTreeMap::new(),
            departed: 0,
            steps: 0,
            record: Vec::new(),
        };
        run.ends[0].link = Some(run.ends[0].host.connect(now, Some(address(1))));
        let mut input = Input::new(bytes);
        if input.byte() & 1 == 0 {
            run.pass(Duration::from_secs(1));
        }
        run.input = input;
        run
    }

    fn operation(&mut self) {
        let what = self.input.byte();
        match what {
            0..0x90 => self.send(what),
            0x90..0xe0 => self.pass(Duration::from_millis(1 << ((what - 0x90) / 6))),
            0xe0..0xf0 => {
                let end = &mut self.ends[usize::from(what & 1)];
                end.is_full = !end.is_full;
            }
            0xf0..0xfe => self.pass(Duration::from_millis(5)),
            _ => self.disconnect(usize::from(what & 1)),
        }
    }

    fn send(&mut self, what: u8) {
        let size = usize::from(self.input.byte());
        let size = [size / 8, size, 40, size * 25][usize::from(what >> 5) & 3].max(12);
        let (end, delivery, stream) = (what & 1, what >> 1 & 3, what >> 3 & 1);
        let end = &mut self.ends[usize::from(end)];
        let Some(link) = end.link else { return };
        if end.host.room_bytes(link).is_none_or(|room| room < size) {
            return;
        }
        let number = end.sent.len() as u32;
        let mut body = vec![delivery, stream];
        body.extend_from_slice(&number.to_le_bytes());
        body.extend((body.len()..size).map(|at| (at as u32 * 7 + number) as u8));
        let lengths = [body.len() as u32];
        end.host.send(link, &body, &lengths, DELIVERIES[usize::from(delivery)], stream);
        end.sent.push(Message { body, arrived: 0, is_reported: false });
    }

    fn disconnect(&mut self, at: usize) {
        let end = &mut self.ends[at];
        if let Some(link) = end.link {
            end.host.disconnect(self.now, link);
        }
    }

    /// Lets time pass.
    fn pass(&mut self, time: Duration) {
        self.pass_until(time, |_| false);
    }

    /// Lets time pass, so much at most, until it is enough.
    fn pass_until(&mut self, time: Duration, is_enough: fn(&Run<'a>) -> bool) {
        let until = self.now + time;
        loop {
            self.steps += 1;
            assert!(self.steps < MOST_STEPS, "time does not pass");
            (0..2).for_each(|at| self.serve(at));
            if is_enough(self) {
                return;
            }
            let arrives = self.on_the_way.first_key_value().map(|((at, _), _)| *at);
            let wakes = self.ends.iter().filter_map(|end| end.host.wake_at());
            let next = arrives.into_iter().chain(wakes).min().filter(|at| *at <= until);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            while let Some(entry) = self.on_the_way.first_entry()
                && entry.key().0 <= self.now
            {
                let (to, bytes) = entry.remove();
                self.arrive(to, &bytes);
            }
        }
        self.now = until;
        // What leaves may have something be told.
        (0..2).for_each(|at| self.serve(at));
    }

    fn arrive(&mut self, to: usize, bytes: &[u8]) {
        let arrived = Arrived::Datagram { from: address(1 - to), is_marked: false, bytes };
        self.ends[to].host.arrived(self.now, arrived);
    }

    fn serve(&mut self, at: usize) {
        let [one, other] = &mut self.ends;
        let (end, other) = if at == 0 { (one, other) } else { (other, one) };
        if end.host.has_news() {
            end.tell(self.now, other);
        }
        // Whoever drives a host has nothing else to go by.
        if end.host.wake_at().is_none_or(|at| at > self.now) {
            return;
        }
        end.host.transmit(self.now, &mut end.out).expect("this carrier has no errors");
        while let Some((to, bytes)) = self.ends[at].out.0.pop_front() {
            assert_eq!(to, address(1 - at));
            if self.record.len() < MOST_RECORDED {
                self.record.push((1 - at, bytes.clone()));
            }
            self.carry(1 - at, bytes);
        }
    }

    /// Does to a datagram what the input says.
    fn carry(&mut self, to: usize, mut bytes: Vec<u8>) {
        let fate = self.input.byte();
        let mut latency_ms = 5 + u64::from(fate & 7);
        match fate >> 4 {
            0..=7 => {}
            8 | 9 => return,
            10 => self.depart(to, latency_ms + 30, bytes.clone()),
            11 => latency_ms = u64::from(fate & 15) * 60,
            12 => {
                let at = usize::from(self.input.byte()) % bytes.len();
                bytes[at] ^= self.input.byte() | 1;
            }
            13 => bytes.truncate(usize::from(self.input.byte()) * 5 % bytes.len()),
            14 => bytes.extend_from_within(..usize::from(fate & 15).min(bytes.len())),
            _ => {
                let again = usize::from(self.input.byte()) % self.record.len();
                let (to, mut bytes) = self.record[again].clone();
                if fate & 8 == 0 {
                    let at = usize::from(self.input.byte()) % bytes.len();
                    bytes[at] ^= 1 << (fate & 7);
                }
                self.depart(to, latency_ms, bytes);
            }
        }
        self.depart(to, latency_ms, bytes);
    }

    fn depart(&mut self, to: usize, latency_ms: u64, bytes: Vec<u8>) {
        self.departed += 1;
        let at = self.now + Duration::from_millis(latency_ms);
        self.on_the_way.insert((at, self.departed), (to, bytes));
    }

    /// Whether both ends are there, or one is gone, and all has arrived that was to arrive.
    fn has_settled(&self) -> bool {
        let is_there = self.ends.iter().all(|end| end.link.is_some());
        let has_ended = self.ends.iter().any(|end| end.has_ended);
        let is_known = |message: &Message| {
            !is_reliable(message.body[0]) || message.arrived > 0 || message.is_reported
        };
        let mut sent = self.ends.iter().flat_map(|end| &end.sent);
        self.on_the_way.is_empty() && (has_ended || is_there && sent.all(is_known))
    }

    /// Whether neither end has anything left to do.
    fn is_over(&self) -> bool {
        let is_idle = |end: &End| {
            end.host.is_closed() && !end.host.has_news() && end.host.wake_at().is_none()
        };
        self.on_the_way.is_empty() && self.ends.iter().all(is_idle)
    }

    /// What was sent has arrived, or was reported by who was told that the peer is gone.
    fn check(&self, is_over: bool) {
        let is_there = !self.ends.iter().any(|end| end.has_ended);
        for end in &self.ends {
            for message in &end.sent {
                if is_reliable(message.body[0]) && (is_there || is_over) {
                    let is_known = message.arrived == 1 || message.is_reported && !is_there;
                    assert!(is_known, "a message was lost: {:?}", &message.body[..6]);
                }
            }
        }
    }
}

impl End {
    fn tell(&mut self, now: Instant, other: &mut End) {
        let (is_full, newest) = (self.is_full, &mut self.newest);
        let (link_here, has_ended, sent) = (&mut self.link, &mut self.has_ended, &mut self.sent);
        self.host.tell(now, &mut |link, told| {
            assert!(!*has_ended, "something is told of a peer that is gone");
            match told {
                Told::Connected { .. } => *link_here = Some(link),
                Told::Frame(_) if is_full => return Taken::Later,
                Told::Frame(body) => {
                    assert!(link_here.is_some(), "a message is told before its peer");
                    let message = message(&mut other.sent, body);
                    message.arrived += 1;
                    assert_eq!(message.arrived, 1, "a message arrived twice");
                    let (delivery, number) = (body[0], number(body));
                    let before = newest.insert((delivery, body[1]), number).flatten();
                    let is_ordered = [1, 3].contains(&delivery);
                    assert!(!is_ordered || before < number, "an order is not kept");
                }
                Told::Undelivered(body) => message(sent, body).is_reported = true,
                Told::Moved { address } => panic!("{address} is no address of an open session"),
                Told::Mismatch(mismatch) => panic!("{mismatch:?}"),
                Told::Disconnected { .. } => *has_ended = true,
            }
            Taken::Yes
        });
    }
}

/// Behind the delivery and the stream.
fn number(body: &[u8]) -> Option<usize> {
    let number = body.get(2..6)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*number)).ok()
}

/// The message that has this body.
fn message<'m>(sent: &'m mut [Message], body: &[u8]) -> &'m mut Message {
    let message = number(body).and_then(|number| sent.get_mut(number));
    message.filter(|message| message.body == body).expect("a message arrived that nobody sent")
}
