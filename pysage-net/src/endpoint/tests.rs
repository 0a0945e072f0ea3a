//! What an endpoint does by itself, whatever its peer says.

#![allow(clippy::unwrap_used)]

use super::bytes::{MOST, put};
use super::*;

const MS: Duration = Duration::from_millis(1);

const LIMITS: Limits = Limits {
    datagram_bytes: 1_200,
    payload_bytes: 1_175,
    send_queue_bytes: 4 << 20,
    window_bytes: 1 << 20,
    message_bytes: 64 << 10,
    partial_messages: 256,
    repeat_newest_bytes: 256,
    idle_timeout: Duration::from_secs(10),
    keep_alive: Duration::from_secs(2),
    loses_nothing: false,
    streams: 256,
};

struct Run {
    endpoint: Endpoint,
    now: Instant,
    /// The number of the peer's next datagram.
    number: u64,
}

impl Run {
    fn new(peer_window_bytes: u64) -> Run {
        let now = Instant::now();
        let mut endpoint = Endpoint::new(now, LIMITS);
        endpoint.begin(now, peer_window_bytes, 20 * MS);
        Run { endpoint, now, number: 0 }
    }

    fn send(&mut self, bytes: usize) {
        let lengths = [bytes as u32];
        self.endpoint.send(&vec![7; bytes], &lengths, Delivery::ReliableOrdered, 0);
    }

    /// Has all leave that can leave now.
    fn serve(&mut self) -> Vec<Vec<u8>> {
        self.endpoint.advance(self.now);
        let mut all = Vec::new();
        while self.endpoint.wants_to_send(self.now) {
            let mut out = Vec::new();
            let written = self.endpoint.write(self.now, &mut out);
            assert!(!out.is_empty());
            self.endpoint.departed(self.now, &written, out.len() + 25);
            all.push(out);
        }
        all
    }

    /// Lets time pass; the datagrams that left.
    fn pass(&mut self, time: Duration) -> Vec<Vec<u8>> {
        let until = self.now + time;
        let mut all = self.serve();
        loop {
            let next = self.endpoint.wake_at(self.now).max(self.now);
            if next > until || self.endpoint.idle_at() <= self.now {
                self.now = until;
                return all;
            }
            self.now = next;
            all.extend(self.serve());
        }
    }

    fn arrive(&mut self, payload: &[u8]) -> Result<Said, Malformed> {
        self.number += 1;
        self.endpoint.arrived(self.now, self.number - 1, false, payload)
    }

    /// Acknowledges all that has left, kept back for so long.
    fn ack(&mut self, delay_us: u64, limit_bytes: u64) -> Result<Said, Malformed> {
        let largest = self.endpoint.next_number().0 - 1;
        let mut payload = vec![frame::ACK];
        for number in [largest, delay_us, limit_bytes, 0, 0, largest] {
            put(&mut payload, number);
        }
        self.arrive(&payload)
    }
}

/// Datagrams beside those that only acknowledge.
fn asking(datagrams: &[Vec<u8>]) -> usize {
    datagrams.iter().filter(|datagram| datagram[0] != frame::ACK).count()
}

#[test]
fn each_probe_sends_something_whatever_is_in_flight() {
    for (sends, window_bytes) in [(0, 1 << 20), (1, 1 << 20), (5_000, 1 << 20), (50, 600), (1, 0)] {
        let mut run = Run::new(window_bytes);
        (0..sends).for_each(|_| run.send(40));
        if sends == 0 {
            run.endpoint.activity.ping = true;
        }
        run.serve();
        let mut probes = 0;
        while run.endpoint.idle_at() > run.now {
            run.now = run.endpoint.wake_at(run.now).max(run.now);
            let is_probe = run.endpoint.probe_at().is_some_and(|at| at <= run.now);
            let left = run.serve();
            assert!(!is_probe || asking(&left) > 0, "{sends} messages, {window_bytes} bytes");
            probes += usize::from(is_probe);
        }
        assert!(probes > 30, "{sends} messages, {window_bytes} bytes: {probes}");
    }
}

#[test]
fn a_way_that_is_there_again_is_found_soon_also_if_the_handshake_took_long() {
    let mut run = Run::new(1 << 20);
    run.endpoint.begin(run.now, 1 << 20, Duration::from_secs(1));
    run.send(40);
    assert!(asking(&run.pass(Duration::from_secs(2))) > 8);
}

#[test]
fn a_delay_that_cannot_be_is_not_believed() {
    for delay_us in [0, 8_000, 1 << 32, MOST] {
        let mut run = Run::new(1 << 20);
        for _ in 0..20 {
            run.send(40);
            run.serve();
            run.now += 30 * MS;
            assert_eq!(run.ack(delay_us, 1 << 20), Ok(Said::Nothing));
        }
        assert!(run.endpoint.is_drained());
        let longest = run.endpoint.round_trip.probe_delay(received::ACK_DELAY);
        assert!((8 * MS..100 * MS).contains(&longest), "{delay_us}: {longest:?}");
    }
}

#[test]
fn who_is_blocked_by_the_window_asks_seldom_and_repeats_nothing() {
    let mut run = Run::new(2_000);
    (0..5_000).for_each(|_| run.send(40));
    run.serve();
    run.now += 20 * MS;
    run.ack(0, 2_000).unwrap();
    let left = run.pass(Duration::from_secs(9));
    assert!(left.len() <= 9 * 4 + 1, "{} datagrams", left.len());
    assert!(left.iter().all(|datagram| datagram == &[frame::PING]), "{left:02x?}");
    run.ack(0, 1 << 20).unwrap();
    assert!(asking(&run.pass(MS)) > 10, "it goes on at once");
}

/// Or the other end would acknowledge that in turn, and so on.
#[test]
fn what_only_acknowledges_repeats_nothing() {
    let mut run = Run::new(1 << 20);
    run.send(40);
    run.serve();
    for _ in 0..8 {
        run.arrive(&[frame::PING]).unwrap();
    }
    run.now += 2 * MS;
    let left = run.serve();
    assert_eq!(left.len(), 1);
    let mut reader = Reader::new(&left[0]);
    assert!(matches!(Frame::read(&mut reader), Ok(Some(Frame::Ack(_)))));
    assert!(reader.is_empty(), "{:02x?}", left[0]);
}

#[test]
fn the_newest_is_repeated_once_beside_what_leaves_next() {
    let mut run = Run::new(1 << 20);
    let sizes = [0; 3].map(|_| {
        run.send(40);
        let left = run.serve();
        assert_eq!(left.len(), 1);
        run.now += 5 * MS;
        left[0].len()
    });
    assert_eq!(sizes, [43, 86, 86]);
}

#[test]
fn a_peer_that_speaks_and_acknowledges_nothing_is_given_up() {
    let mut run = Run::new(1 << 20);
    (0..100).for_each(|_| run.send(40));
    let began = run.now;
    while run.endpoint.idle_at() > run.now {
        run.arrive(&[frame::PING]).unwrap();
        run.pass(5 * MS);
        assert!(run.now < began + Duration::from_secs(30), "it is kept for ever");
    }
    assert!(run.now >= began + LIMITS.idle_timeout, "a blackout of one direction may be as long");
    assert_eq!(run.endpoint.undelivered().len(), 100);
}

#[test]
fn a_peer_that_answers_now_and_then_is_kept() {
    let mut run = Run::new(1 << 20);
    for _ in 0..20 {
        run.send(40);
        run.pass(Duration::from_secs(9));
        assert!(run.endpoint.idle_at() > run.now);
        run.ack(0, 1 << 20).unwrap();
    }
    // It asks nothing of a peer that says something itself.
    for _ in 0..100 {
        run.arrive(&[frame::PING]).unwrap();
        run.pass(Duration::from_secs(1));
        assert!(run.endpoint.idle_at() > run.now);
    }
}

#[test]
fn a_datagram_with_a_number_beyond_all_is_malformed() {
    let mut run = Run::new(1 << 20);
    for number in [MOST + 1, u64::MAX] {
        assert!(run.endpoint.arrived(run.now, number, false, &[frame::PING]).is_err());
    }
    assert_eq!(run.endpoint.arrived(run.now, MOST, false, &[frame::PING]), Ok(Said::Nothing));
    assert_eq!(run.pass(20 * MS).len(), 1);
}

#[test]
fn the_largest_numbers_in_an_ack_do_no_harm() {
    let mut run = Run::new(0);
    run.send(40);
    run.endpoint.activity.ping = true;
    run.serve();
    run.now += 20 * MS;
    assert_eq!(run.ack(MOST, MOST), Ok(Said::Nothing));
    assert_eq!(asking(&run.serve()), 1);
    assert_eq!(run.ack(MOST, 0), Ok(Said::Nothing));
    run.send(40);
    assert_eq!(asking(&run.serve()), 1, "what was told once holds");
}
