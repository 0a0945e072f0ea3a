//! Any bytes, as what a peer says.

use std::time::{Duration, Instant};

use pysage_core::Delivery;

use super::bytes::{MOST, Reader, put};
use super::frame::{Ack, Frame, Messages, PART_BYTES, Part, put_ack, put_messages};
use super::{Endpoint, Lane, Limits};
use crate::fuzzing::{Input, start};

/// What is read is written so that it is read as the same.
pub(crate) fn frames(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    while let Ok(Some(frame)) = Frame::read(&mut reader) {
        match frame {
            Frame::Messages(messages) => again(&messages),
            Frame::Ack(ack) => ack_again(&ack),
            Frame::Part(part) => {
                let mut out = Vec::new();
                part.write(&mut out);
                let Ok(Some(Frame::Part(read))) = Frame::read(&mut Reader::new(&out)) else {
                    panic!("{part:?}")
                };
                let all = |it: &Part<'_>| (it.lane, it.number, it.total_bytes, it.index);
                assert_eq!((all(&read), read.bytes), (all(&part), part.bytes));
            }
            Frame::Ping | Frame::Close(_) | Frame::Challenge(_) | Frame::Response(_) => {}
        }
    }
}

fn bodies(messages: &Messages<'_>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    messages.each(0, |start, end| all.push([start, end].concat()));
    all
}

fn again(messages: &Messages<'_>) {
    let all = bodies(messages);
    assert_eq!(all.len() as u64, messages.count);
    assert_eq!(all.iter().map(Vec::len).sum::<usize>(), messages.body_bytes());
    for skip in [1, messages.count - 1, messages.count, messages.count + 1, u64::MAX] {
        let mut at = (skip.min(messages.count)) as usize;
        messages.each(skip, |start, end| {
            assert_eq!(all[at], [start, end].concat());
            at += 1;
        });
        assert_eq!(at, all.len());
    }
    let lengths: Vec<_> = all.iter().map(|body| body.len() as u32).collect();
    let (bytes, mut out) = (all.concat(), Vec::new());
    if messages.first + messages.count > MOST {
        return;
    }
    let (mut count, mut taken) = (0, 0);
    while count < all.len() {
        out.clear();
        let first = messages.first + count as u64;
        let (lane, lengths) = (messages.lane, &lengths[count..]);
        let wrote = put_messages(&mut out, lane, first, lengths, &bytes[taken..], 1_175);
        assert!(out.len() <= 1_175, "{wrote:?}");
        if wrote.0 == 0 {
            // One of those that leave in parts.
            assert!(all[count].len() > PART_BYTES && out.is_empty());
            return;
        }
        let Ok(Some(Frame::Messages(read))) = Frame::read(&mut Reader::new(&out)) else {
            panic!("{messages:?}")
        };
        assert_eq!((read.lane, read.first, read.count), (lane, first, wrote.0 as u64));
        assert_eq!(bodies(&read), all[count..count + wrote.0]);
        (count, taken) = (count + wrote.0, taken + wrote.1);
    }
}

fn ack_again(ack: &Ack<'_>) {
    let ranges: Vec<_> = ack.ranges().collect();
    assert!(ranges.iter().all(|(first, last)| first <= last));
    assert!(ranges.windows(2).all(|pair| pair[1].1 + 1 < pair[0].0));
    let mut out = Vec::new();
    put_ack(&mut out, ranges.iter().copied(), [ack.delay_us, ack.limit_bytes, ack.marked], 1_175);
    assert!(out.len() <= 1_175);
    let Ok(Some(Frame::Ack(read))) = Frame::read(&mut Reader::new(&out)) else { panic!("{ack:?}") };
    let told: Vec<_> = read.ranges().collect();
    assert!(ranges.starts_with(&told) && told.len() >= ranges.len().min(60));
}

/// An endpoint, and a peer that says anything at all.
pub(crate) fn endpoint(bytes: &[u8]) {
    let mut run = Run::new(bytes);
    while !run.input.is_done() && run.operation() {
        run.serve();
        run.check();
    }
    // Nobody says anything any more: the peer counts as gone before long.
    let mut wakes = 0;
    while run.endpoint.idle_at() > run.now {
        run.now = run.endpoint.wake_at(run.now).max(run.now);
        run.serve();
        wakes += 1;
        assert!(wakes < 5_000, "time does not pass");
    }
    run.take();
    run.check();
    let undelivered = run.endpoint.undelivered().len() as u64;
    assert!(undelivered <= run.reliable_sent, "{undelivered} of {}", run.reliable_sent);
}

struct Run<'a> {
    input: Input<'a>,
    endpoint: Endpoint,
    now: Instant,
    /// The number of the next datagram of the peer.
    number: u64,
    reliable_sent: u64,
}

const LIMITS: Limits = Limits {
    datagram_bytes: 1_200,
    payload_bytes: 1_175,
    send_queue_bytes: 50_000,
    window_bytes: 20_000,
    message_bytes: 8_000,
    partial_messages: 4,
    repeat_newest_bytes: 256,
    idle_timeout: Duration::from_secs(4),
    keep_alive: Duration::from_secs(1),
    loses_nothing: false,
    streams: 256,
};

impl<'a> Run<'a> {
    fn new(bytes: &'a [u8]) -> Run<'a> {
        let (now, mut input) = (start(), Input::new(bytes));
        let mut endpoint = Endpoint::new(now, LIMITS);
        let window_bytes = input.number();
        endpoint.begin(now, window_bytes, Duration::from_millis(u64::from(input.byte())));
        Run { input, endpoint, now, number: 0, reliable_sent: 0 }
    }

    /// Does what the input says next; whether the connection is still of use.
    fn operation(&mut self) -> bool {
        let what = self.input.byte();
        match what & 7 {
            0 => {
                let length = usize::from(what >> 3) * 8;
                let payload = self.input.bytes(length).to_vec();
                self.arrive(&payload)
            }
            1 => {
                self.number = self.number.saturating_add(self.input.number());
                true
            }
            2 => {
                self.now += Duration::from_millis(1 << (what >> 4));
                true
            }
            3 => {
                self.send(what >> 3);
                true
            }
            4 => {
                self.take();
                true
            }
            5 => {
                let payload = self.ack(what >> 3);
                self.arrive(&payload)
            }
            6 => {
                let payload = self.messages(what >> 3);
                self.arrive(&payload)
            }
            _ => {
                let payload = self.part(what >> 3);
                self.arrive(&payload)
            }
        }
    }

    fn arrive(&mut self, payload: &[u8]) -> bool {
        let is_marked = self.number % 5 == 4;
        let said = self.endpoint.arrived(self.now, self.number, is_marked, payload);
        self.number = self.number.saturating_add(1);
        while self.endpoint.next_control().is_some() {}
        said.is_ok()
    }

    fn send(&mut self, how: u8) {
        let length = usize::from(self.input.byte()) * [1, 20][usize::from(how & 1)] + 1;
        if length > self.endpoint.room_bytes() {
            return;
        }
        let delivery = [
            Delivery::Unreliable,
            Delivery::Sequenced,
            Delivery::ReliableUnordered,
            Delivery::ReliableOrdered,
        ][usize::from(how >> 1 & 3)];
        self.reliable_sent += u64::from(how >> 2 & 1);
        self.endpoint.send(&vec![how; length], &[length as u32], delivery, how >> 3);
    }

    fn take(&mut self) {
        self.endpoint.hand_over(|_| true);
        self.endpoint.all_done(self.now);
    }

    /// What acknowledges some of what was sent, or of what was not.
    fn ack(&mut self, how: u8) -> Vec<u8> {
        let sent = self.endpoint.next_number().0;
        let largest = if how == 31 { self.input.number() } else { sent.saturating_sub(1) };
        let mut payload = vec![super::frame::ACK];
        let ranges = u64::from(how & 3);
        let first = self.input.number().min(largest);
        let numbers = [self.input.number(), self.input.number(), self.input.number()];
        for number in [[largest].as_slice(), &numbers, &[ranges, first]].concat() {
            put(&mut payload, number);
        }
        for _ in 0..2 * ranges {
            put(&mut payload, self.input.number());
        }
        payload
    }

    fn messages(&mut self, how: u8) -> Vec<u8> {
        let mut payload = Vec::new();
        for _ in 0..=how >> 3 {
            let kind = self.input.byte();
            payload.push(0x80 | kind & 0x3f);
            if kind & 0x20 != 0 {
                payload.push(self.input.byte() & 3);
            }
            put(&mut payload, self.input.number());
            let (count, length) = (self.input.number() % 1_300, self.input.number() % 1_000);
            match kind >> 3 & 3 {
                0 => {
                    put(&mut payload, length);
                    payload.resize(payload.len() + length as usize, kind);
                }
                1 => {
                    put(&mut payload, count);
                    put(&mut payload, length);
                    let prefix = length.min(255);
                    payload.push(prefix as u8);
                    let rest = prefix + (length - prefix) * count;
                    payload.resize(payload.len() + rest.min(1_200) as usize, kind);
                }
                _ => {
                    put(&mut payload, count % 16);
                    for _ in 0..count % 16 {
                        put(&mut payload, length % 64);
                        payload.resize(payload.len() + length as usize % 64, kind);
                    }
                }
            }
        }
        payload
    }

    fn part(&mut self, how: u8) -> Vec<u8> {
        let lane = Lane::from_code(how & 7, 0).unwrap_or(Lane::CONTROL);
        let (number, total_bytes) = (self.input.number(), self.input.number() as usize);
        let index = usize::from(self.input.byte() & 7);
        let length = total_bytes.saturating_sub(index * PART_BYTES).min(PART_BYTES);
        let mut payload = Vec::new();
        Part { lane, number, total_bytes, index, bytes: &vec![how; length] }.write(&mut payload);
        payload
    }

    /// As a host does: what is due may make something else due.
    fn serve(&mut self) {
        for _ in 0..4 {
            self.endpoint.advance(self.now);
            self.write();
            let is_over = self.endpoint.idle_at() <= self.now;
            if is_over || self.endpoint.wake_at(self.now) > self.now {
                return;
            }
        }
        panic!("it has nothing to do, and is due");
    }

    fn write(&mut self) {
        let (mut out, mut datagrams) = (Vec::new(), 0);
        while self.endpoint.wants_to_send(self.now) {
            out.clear();
            let written = self.endpoint.write(self.now, &mut out);
            assert!(!out.is_empty() && out.len() <= LIMITS.payload_bytes, "{} bytes", out.len());
            let mut reader = Reader::new(&out);
            while Frame::read(&mut reader).expect("what is written is read").is_some() {}
            self.endpoint.departed(self.now, &written, out.len() + 25);
            datagrams += 1;
            assert!(datagrams < 2_000, "it sends for ever");
        }
    }

    fn check(&self) {
        self.endpoint.incoming.check();
    }
}
