#![allow(clippy::unwrap_used)]

use super::super::{Bottleneck, SimPort};
use super::*;

const MS: Duration = Duration::from_millis(1);

/// Two ends of a pipe under conditions, opened at a time, and the network.
fn pipe(seed: u64, now: Instant, conditions: Conditions) -> (SimNetwork, HeldEnd, HeldEnd) {
    let network = SimNetwork::new(seed);
    network.set_conditions(conditions);
    let [here, there]: [SimPort; 2] = ["10.0.0.1:1", "10.0.0.2:1"]
        .map(|address| network.port(address.parse().unwrap()).by_streams());
    assert!(there.listen() && !there.listen());
    let opened = here.connect(now, there.address());
    let come = there.next_to_come().unwrap();
    assert_eq!(there.next_arrival(), Some(come));
    let (let_in, from) = there.let_in(come).unwrap();
    assert_eq!(from, here.address());
    let there_and_back = 2 * (come - now);
    assert!(come == now || matches!(opened.is_there(come), Ok(false)));
    assert!(matches!(opened.is_there(now + there_and_back), Ok(true)));
    (network, opened, let_in)
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// Writes all bytes at one end and reads them at the other, from event to event. Gives what came,
/// in the pieces in which it was read, and when the last of it did.
fn carry(mut now: Instant, from: &HeldEnd, to: &HeldEnd, bytes: &[u8]) -> (Vec<Vec<u8>>, Instant) {
    let (mut rest, mut pieces, mut buffer) = (bytes, Vec::new(), vec![0; 4_000]);
    let mut missing = bytes.len();
    let mut rounds = 0;
    while missing > 0 {
        rounds += 1;
        assert!(rounds < 100_000, "time stands still");
        if let Ok(written) = from.write(now, rest) {
            rest = &rest[written..];
        }
        while let Ok(count) = to.read(now, &mut buffer) {
            pieces.push(buffer[..count].to_vec());
            missing -= count;
        }
        let next = [to.comes_at(), from.comes_at()].into_iter().flatten().min();
        now = if missing > 0 { now.max(next.expect("something is on its way")) } else { now };
    }
    (pieces, now)
}

#[test]
fn bytes_come_in_their_order_split_and_joined_behind_the_latency() {
    let start = Instant::now();
    let jitter = Conditions::new().latency(10 * MS).jitter(5 * MS).loss(0.1);
    let (_, from, to) = pipe(3, start, jitter);
    let bytes: Vec<u8> = (0..100_000_u32).map(|at| (at / 3) as u8).collect();
    let (pieces, end) = carry(start, &from, &to, &bytes);
    assert_eq!(pieces.concat(), bytes);
    assert!(pieces.iter().any(|piece| piece.len() > PIECE_BYTES), "none was joined");
    assert!(pieces.iter().any(|piece| piece.len() < 1_000), "none was split");
    assert!(end >= start + RESENT_AFTER, "nothing was lost, at 10 %");
}

#[test]
fn the_seed_decides_all() {
    let start = Instant::now();
    let run = |seed| {
        let conditions = Conditions::new().latency(MS).jitter(MS).loss(0.05);
        let (network, from, to) = pipe(seed, start, conditions);
        let came = carry(start, &from, &to, &[7; 50_000]);
        (came, network.state_hash(), network.counters())
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5).1, run(6).1);
    assert_eq!(run(5).2.sent_bytes, 50_000);
}

#[test]
fn who_writes_waits_for_a_full_queue_and_for_who_does_not_read() {
    let start = Instant::now();
    let line = Bottleneck::new(8_000_000).queue_bytes(10_000);
    let (_, from, to) = pipe(1, start, Conditions::new().through(&line));
    let (pieces, end) = carry(start, &from, &to, &[1; 100_000]);
    assert_eq!(pieces.concat().len(), 100_000);
    assert!((99 * MS..110 * MS).contains(&(end - start)), "{:?}", end - start);
    let (_, from, to) = pipe(1, start, Conditions::new());
    let mut written = 0;
    while let Ok(count) = from.write(start, &[2; 50_000]) {
        written += count;
    }
    assert_eq!(written, KEPT_BYTES);
    assert_eq!(from.comes_at(), None);
    assert!(to.read(start, &mut [0; 100]).unwrap() > 0);
    assert!(from.comes_at().is_some_and(|at| at <= start + MS));
}

#[test]
fn what_breaks_off_gives_what_had_come_and_no_more() {
    let start = Instant::now();
    let (network, from, to) = pipe(1, start, Conditions::new().latency(10 * MS));
    let mut buffer = [0; 100];
    while from.write(start, b"arrives").unwrap() < 7 {}
    from.write(start + 5 * MS, b"too late").unwrap();
    network.break_off(start + 12 * MS);
    let now = start + 20 * MS;
    while to.read(now, &mut buffer).is_ok_and(|count| count > 0) {}
    assert_eq!(kind(to.read(now, &mut buffer)), ErrorKind::ConnectionReset);
    assert_eq!(kind(from.write(now, b"x")), ErrorKind::ConnectionReset);
    assert_eq!(kind(from.read(now, &mut buffer)), ErrorKind::ConnectionReset);
}

#[test]
fn ends_are_told_behind_what_was_written_and_refusals_after_a_round_trip() {
    let start = Instant::now();
    let (network, from, to) = pipe(2, start, Conditions::new().latency(10 * MS));
    let (mut buffer, now) = ([0; 100], start + 10 * MS);
    let written = from.write(start, b"last").unwrap();
    from.end(start);
    assert_eq!(kind(to.read(start, &mut buffer)), ErrorKind::WouldBlock);
    let mut read = 0;
    while read < written {
        read += to.read(now, &mut buffer).unwrap();
    }
    assert!(matches!(to.read(now, &mut buffer), Ok(0)));
    assert_eq!(to.comes_at(), None);
    drop(from);
    assert_eq!(kind(to.write(now, b"x")), ErrorKind::BrokenPipe);
    let nobody = network.port("10.0.0.1:1".parse().unwrap()).by_streams();
    let refused = nobody.connect(now, "10.0.0.9:1".parse().unwrap());
    assert!(matches!(refused.is_there(now + 19 * MS), Ok(false)));
    assert_eq!(kind(refused.is_there(now + 20 * MS)), ErrorKind::ConnectionRefused);
}

#[test]
fn a_blackout_delays_and_who_is_cut_off_hears_nothing() {
    let start = Instant::now();
    let (network, from, to) = pipe(2, start, Conditions::new().latency(MS));
    network.black_out(start..start + 500 * MS);
    let mut buffer = [0; 100];
    let written = from.write(start + MS, b"late").unwrap();
    assert_eq!(to.comes_at(), Some(start + 501 * MS));
    let mut read = 0;
    while read < written {
        read += to.read(start + 501 * MS, &mut buffer).unwrap();
    }
    network.cut_off(to.address());
    from.write(start + 600 * MS, b"never").unwrap();
    network.rejoin(to.address());
    from.write(start + 601 * MS, b"never").unwrap();
    assert_eq!(kind(to.read(start + 900 * MS, &mut buffer)), ErrorKind::WouldBlock);
}
