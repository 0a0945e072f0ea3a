//! The stream under random cuts, deaths and garbage, against a list of frames.
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;

use super::{
    CLOSING, FRAME, FRAME_AGAIN, Fate, HANDLED, HEAD_BYTES, Malformed, Receiving, Record, Sending,
    head,
};

const LIMIT: usize = 70_000;

/// xorshift64*: enough to cut and to choose.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % most
    }
}

/// Moves bytes from one side to the other, `at_most` of them, cut anywhere.
fn carry(from: &mut Sending, to: &mut VecDeque<u8>, at_most: usize) {
    let slices = from.offer();
    let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).take(at_most).collect();
    to.extend(&bytes);
    from.wrote(bytes.len());
}

fn read(from: &mut VecDeque<u8>, to: &mut Receiving, at_most: usize) {
    if !to.wants_more() {
        return;
    }
    let count = at_most.min(from.len());
    let space = to.space(count.max(1));
    let count = count.min(space.len());
    from.drain(..count).zip(space).for_each(|(byte, place)| *place = byte);
    to.filled(count);
}

/// One side of a link, and what it should be, kept the slow way.
struct Side {
    sending: Sending,
    receiving: Receiving,
    /// On its way to the other side.
    wire: VecDeque<u8>,
    sent: Vec<(Vec<u8>, bool)>,
    received: Vec<(Vec<u8>, bool)>,
    handled: usize,
    /// How many of its frames the other side told to be handled.
    told: usize,
    closed_by_other: bool,
}

impl Side {
    fn new(bound_bytes: usize) -> Side {
        Side {
            sending: Sending::new(bound_bytes),
            receiving: Receiving::new(LIMIT),
            wire: VecDeque::new(),
            sent: Vec::new(),
            received: Vec::new(),
            handled: 0,
            told: 0,
            closed_by_other: false,
        }
    }

    fn push(&mut self, random: &mut Random) {
        let most = [1, 20, 300, LIMIT][random.below(4)];
        let frame: Vec<u8> = (0..random.below(most + 1)).map(|at| (at * 7) as u8).collect();
        if frame.len() >= self.sending.room_bytes() {
            return;
        }
        let again = random.below(5) == 0;
        self.sending.push(&frame, again);
        self.sent.push((frame, again));
    }

    fn take_in(&mut self) {
        while let Some(record) = self.receiving.next().unwrap() {
            match record {
                Record::Frame { bytes, again } => self.received.push((bytes.to_vec(), again)),
                Record::Handled(total) => {
                    self.sending.acknowledged(total).unwrap();
                    self.told = usize::try_from(total).unwrap();
                }
                Record::Closing => self.closed_by_other = true,
            }
            self.receiving.advance();
        }
    }
}

/// How many of the frames are whole within so many bytes of the stream, reports left out.
fn whole_frames(stream: &[u8]) -> usize {
    let (mut at, mut frames) = (0, 0);
    while let Some(head) = stream.get(at..).and_then(|rest| rest.first_chunk()) {
        let (kind, length) = super::read_head(*head);
        at += HEAD_BYTES + length;
        frames += usize::from(at <= stream.len() && (kind == FRAME || kind == FRAME_AGAIN));
    }
    frames
}

fn play(seed: u64) {
    let random = &mut Random(seed);
    let mut sides = [Side::new(200_000), Side::new(80_000)];
    let mut written = [Vec::new(), Vec::new()];
    for _ in 0..random.below(400) {
        let here = random.below(2);
        match random.below(6) {
            0 | 1 => sides[here].push(random),
            2 => {
                let (at_most, side) = (random.below(100_000), &mut sides[here]);
                let before = side.wire.len();
                carry(&mut side.sending, &mut side.wire, at_most);
                written[here].extend(side.wire.iter().skip(before));
            }
            3 => {
                let at_most = random.below(100_000);
                let [one, other] = &mut sides;
                let (from, to) = if here == 0 { (one, other) } else { (other, one) };
                read(&mut from.wire, &mut to.receiving, at_most);
                to.take_in();
            }
            4 => {
                let side = &mut sides[here];
                side.handled += random.below(side.received.len() - side.handled + 1);
                side.sending.handled(side.handled as u64);
            }
            _ if random.below(60) == 0 => sides[here].sending.close(),
            _ => {}
        }
        for side in &sides {
            let slack = Sending::SLACK_BYTES + LIMIT + HEAD_BYTES;
            assert!(side.sending.memory_bytes() <= 200_000 + slack, "seed {seed}");
        }
    }
    let [one, other] = sides;
    for (here, there, written) in [(&one, &other, &written[0]), (&other, &one, &written[1])] {
        assert_eq!(there.received, here.sent[..there.received.len()], "seed {seed}");
        assert!(there.handled >= here.told, "seed {seed}");
        assert!(whole_frames(written) >= there.received.len(), "seed {seed}");
    }
    check_fates(one, &written[0], random.below(2) == 0, seed);
    check_fates(other, &written[1], random.below(2) == 0, seed);
}

/// After a death: each frame is told once, in order, as what became of it.
fn check_fates(side: Side, written: &[u8], final_word: bool, seed: u64) {
    let whole = whole_frames(written);
    let kept = side.sent.iter().enumerate().skip(side.told);
    let expected: Vec<_> = kept
        .map(|(index, (frame, again))| match *again || index < whole && !final_word {
            true => Fate::Unknown(frame.clone()),
            false => Fate::NotHandled(frame.clone()),
        })
        .collect();
    let fates: Vec<_> = side.sending.into_fates(final_word).collect();
    assert!(fates == expected, "seed {seed}: the fates differ");
}

#[test]
fn frames_arrive_once_in_order_and_their_fates_are_told() {
    for seed in 1..400 {
        play(seed);
    }
}

#[test]
fn a_report_overtakes_frames_but_never_splits_one() {
    let mut sending = Sending::new(1 << 20);
    (0..3).for_each(|_| sending.push(&[7; 100], false));
    let mut wire = VecDeque::new();
    carry(&mut sending, &mut wire, 110);
    sending.handled(5);
    sending.handled(6);
    carry(&mut sending, &mut wire, 102);
    sending.handled(9);
    assert_eq!(sending.pending(), (12 - 4) + 104);
    while sending.pending() > 0 {
        carry(&mut sending, &mut wire, 1);
    }
    let mut receiving = Receiving::new(LIMIT);
    read(&mut wire, &mut receiving, usize::MAX >> 1);
    let mut kinds = Vec::new();
    while let Some(record) = receiving.next().unwrap() {
        kinds.push(match record {
            Record::Frame { .. } => 0,
            Record::Handled(total) => total,
            Record::Closing => 1,
        });
        receiving.advance();
    }
    assert_eq!(kinds, [0, 0, 6, 9, 0]);
}

#[test]
fn the_end_comes_behind_all_frames_and_takes_no_more() {
    let mut sending = Sending::new(1 << 20);
    sending.push(b"last", false);
    sending.close();
    sending.close();
    assert_eq!(sending.room_bytes(), 0);
    let mut wire = VecDeque::new();
    carry(&mut sending, &mut wire, usize::MAX);
    let mut receiving = Receiving::new(LIMIT);
    read(&mut wire, &mut receiving, 1_000);
    assert_eq!(receiving.next(), Ok(Some(Record::Frame { bytes: b"last", again: false })));
    receiving.advance();
    assert_eq!(receiving.next(), Ok(Some(Record::Closing)));
    receiving.advance();
    assert_eq!(receiving.next(), Ok(None));
    sending.acknowledged(1).unwrap();
    assert_eq!(sending.into_fates(false).count(), 0);
}

#[test]
fn a_frame_that_an_instance_before_may_have_handled_stays_unknown() {
    for final_word in [false, true] {
        let mut sending = Sending::new(1 << 20);
        sending.push(b"again", true);
        sending.push(b"first", false);
        let fates: Vec<_> = sending.into_fates(final_word).collect();
        assert_eq!(fates, [Fate::Unknown(b"again".into()), Fate::NotHandled(b"first".into())]);
    }
}

fn malformed(bytes: &[u8]) -> Malformed {
    let mut receiving = Receiving::new(LIMIT);
    read(&mut bytes.iter().copied().collect(), &mut receiving, bytes.len());
    loop {
        match receiving.next() {
            Ok(Some(_)) => receiving.advance(),
            Ok(None) => panic!("it is not malformed"),
            Err(malformed) => return malformed,
        }
    }
}

#[test]
fn what_is_no_record_is_refused_by_its_head() {
    let long = LIMIT + 1;
    assert_eq!(malformed(&head(FRAME, long)), Malformed::TooLong { bytes: long, limit: LIMIT });
    assert_eq!(malformed(&head(4, 0)), Malformed::Kind(4));
    assert_eq!(malformed(&head(15, 0)), Malformed::Kind(15));
    for (kind, bytes) in [(HANDLED, 7), (HANDLED, 9), (CLOSING, 1)] {
        assert_eq!(malformed(&head(kind, bytes)), Malformed::Length { kind, bytes });
    }
    let behind = [head(CLOSING, 0), head(FRAME_AGAIN, 0)].concat();
    assert_eq!(malformed(&behind), Malformed::BehindEnd);
}

#[test]
fn what_was_not_sent_cannot_be_handled() {
    let mut sending = Sending::new(1 << 20);
    sending.push(b"one", false);
    sending.push(b"two", false);
    carry(&mut sending, &mut VecDeque::new(), HEAD_BYTES + 3 + HEAD_BYTES + 2);
    assert_eq!(
        sending.acknowledged(2),
        Err(Malformed::Handled { told: 2, least: 0, most: 1 }),
        "the second is not sent to its end"
    );
    sending.acknowledged(1).unwrap();
    assert_eq!(sending.acknowledged(0), Err(Malformed::Handled { told: 0, least: 1, most: 1 }));
    assert!(sending.acknowledged(u64::MAX).is_err());
    sending.close();
    carry(&mut sending, &mut VecDeque::new(), usize::MAX);
    assert!(sending.acknowledged(3).is_err(), "the end is no frame");
}

#[test]
fn garbage_neither_panics_nor_takes_memory() {
    for seed in 1..2_000 {
        let random = &mut Random(seed);
        let mut wire: VecDeque<u8> =
            (0..random.below(3_000)).map(|_| random.below(256) as u8).collect();
        let mut receiving = Receiving::new(LIMIT);
        while !wire.is_empty() {
            let before = wire.len();
            read(&mut wire, &mut receiving, 1 + random.below(500));
            while let Ok(Some(_)) = receiving.next() {
                receiving.advance();
            }
            if receiving.next().is_err() || wire.len() == before {
                break;
            }
        }
        assert!(receiving.memory_bytes() <= 2 * LIMIT, "seed {seed}");
    }
}

#[test]
fn what_is_not_taken_is_bounded_and_one_long_frame_fits() {
    let mut sending = Sending::new(64 << 20);
    (0..1_000).for_each(|_| sending.push(&[1; 2_000], false));
    let (mut wire, mut receiving) = (VecDeque::new(), Receiving::new(32 << 20));
    for _ in 0..100 {
        carry(&mut sending, &mut wire, usize::MAX);
        read(&mut wire, &mut receiving, 100_000);
    }
    assert!(receiving.memory_bytes() < 1_500_000, "{}", receiving.memory_bytes());
    let (mut sending, mut wire) = (Sending::new(64 << 20), VecDeque::new());
    let mut receiving = Receiving::new(32 << 20);
    sending.push(&vec![9; 20 << 20], false);
    while sending.pending() > 0 {
        carry(&mut sending, &mut wire, usize::MAX);
    }
    while !wire.is_empty() {
        read(&mut wire, &mut receiving, 256 << 10);
    }
    assert!(
        matches!(receiving.next(), Ok(Some(Record::Frame { bytes, .. })) if bytes.len() == 20 << 20)
    );
    receiving.advance();
    assert_eq!(receiving.memory_bytes(), 0, "a long buffer is given back");
}

#[test]
fn a_million_small_frames_take_no_more_than_the_bound_and_no_long_time() {
    let bound = 256 << 10;
    let mut sending = Sending::new(bound);
    let (mut pushed, mut told) = (0_u64, 0);
    let mut wire = VecDeque::new();
    while pushed < 1_000_000 {
        while sending.room_bytes() >= 64 {
            sending.push(&[3; 60], false);
            pushed += 1;
        }
        while sending.pending() > 0 {
            carry(&mut sending, &mut wire, usize::MAX);
            wire.clear();
        }
        told = (pushed + told) / 2;
        sending.acknowledged(told).unwrap();
        assert!(sending.memory_bytes() <= bound + Sending::SLACK_BYTES);
    }
}
