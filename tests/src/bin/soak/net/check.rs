//! Compares what arrives with what was sent, body by body.

use std::collections::HashMap;

use pysage_net::Delivery;

use super::load::Bodies;

/// What is known of the messages of one direction of a flow, by their bodies.
pub(super) struct Check {
    bodies: Bodies,
    streams: u64,
    /// Whether a message that arrives behind a later one of its stream is wrong.
    keeps_order: bool,
    way: Way,
    tally: Tally,
}

/// What arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Messages that arrived as they were sent, each counted once.
    pub(super) delivered: u64,
    pub(super) duplicated: u64,
    /// Of those delivered, those that came behind a later one of their stream, where none should.
    pub(super) out_of_order: u64,
    pub(super) corrupted: u64,
    /// Messages that were reported as not delivered, and did not arrive.
    pub(super) reported: u64,
}

/// What it is compared by.
enum Way {
    /// The number in the body: all that can be wrong is told.
    Number { arrived: Bits, reported: Bits, latest: Vec<Option<u64>> },
    /// The position, for bodies that are too short for their number and arrive in order: what comes
    /// next on a stream has to be what was sent next on it.
    Position { next: Vec<u64> },
    /// The position, for short bodies of which some may be lost on the way, the rest in order: what
    /// comes has to be one of those that were sent behind the one that came before. The first that
    /// is equal is taken for it.
    LaterPosition { next: Vec<u64> },
    /// How often each body was sent and has arrived, for short bodies in any order: one that arrives
    /// more often than it was sent came twice, one that was never sent is corrupted. What was lost
    /// is the rest. Which of several equal ones arrived is not known, so delays are not measured.
    Count { left: HashMap<u64, u64> },
}

/// What was found of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is new; its number, if that is known.
    New(Option<u64>),
    Again,
    Corrupted,
}

impl Check {
    pub(super) fn new(bodies: Bodies, streams: u8, delivery: Delivery) -> Check {
        let of_streams = usize::from(streams);
        let way = match delivery {
            _ if bodies.bytes >= Bodies::NUMBER_BYTES => Way::Number {
                arrived: Bits::default(),
                reported: Bits::default(),
                latest: vec![None; of_streams],
            },
            Delivery::ReliableOrdered => Way::Position { next: (0..u64::from(streams)).collect() },
            Delivery::Sequenced => Way::LaterPosition { next: (0..u64::from(streams)).collect() },
            _ => Way::Count { left: HashMap::new() },
        };
        let keeps_order = matches!(delivery, Delivery::ReliableOrdered | Delivery::Sequenced);
        let streams = u64::from(streams);
        Check { bodies, streams, keeps_order, way, tally: Tally::default() }
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Takes note of a message that is sent.
    pub(super) fn sent(&mut self, number: u64) {
        if let Way::Count { left } = &mut self.way {
            *left.entry(value_of(self.bodies.of(number).bytes())).or_default() += 1;
        }
    }

    /// Takes note of a body that arrived on a stream, when so many had been sent.
    pub(super) fn arrived(&mut self, sent: u64, stream: u8, body: &[u8]) -> Found {
        let found = self.find(sent, stream, body);
        match found {
            Found::New(_) => self.tally.delivered += 1,
            Found::Again => self.tally.duplicated += 1,
            Found::Corrupted => self.tally.corrupted += 1,
        }
        found
    }

    /// Takes note of a body that was reported as not delivered.
    pub(super) fn reported(&mut self, body: &[u8]) {
        let is_counted = match (&mut self.way, Bodies::number_in(body)) {
            (Way::Number { arrived, reported, .. }, Some(number)) => {
                reported.insert(number) && !arrived.contains(number)
            }
            _ => true,
        };
        self.tally.reported += u64::from(is_counted);
    }

    fn find(&mut self, sent: u64, stream: u8, body: &[u8]) -> Found {
        let at = usize::from(stream);
        match &mut self.way {
            Way::Number { arrived, reported, latest } => {
                let number = Bodies::number_in(body).filter(|number| {
                    *number < sent
                        && number % self.streams == u64::from(stream)
                        && self.bodies.is_of(*number, body)
                });
                let Some(number) = number else { return Found::Corrupted };
                if !arrived.insert(number) {
                    return Found::Again;
                }
                let is_late = latest[at].is_some_and(|latest| number < latest);
                self.tally.out_of_order += u64::from(is_late && self.keeps_order);
                self.tally.reported -= u64::from(reported.contains(number));
                latest[at] = latest[at].max(Some(number));
                Found::New(Some(number))
            }
            Way::Position { next } => {
                let number = next[at];
                if number >= sent {
                    return Found::Again;
                }
                next[at] += self.streams;
                let is_it = self.bodies.is_of(number, body);
                if is_it { Found::New(Some(number)) } else { Found::Corrupted }
            }
            Way::LaterPosition { next } => {
                let mut later = (next[at]..sent).step_by(self.streams as usize);
                match later.find(|number| self.bodies.is_of(*number, body)) {
                    Some(number) => {
                        next[at] = number + self.streams;
                        Found::New(Some(number))
                    }
                    None => Found::Corrupted,
                }
            }
            Way::Count { left } => match left.get_mut(&value_of(body)) {
                Some(0) => Found::Again,
                Some(left) => {
                    *left -= 1;
                    Found::New(None)
                }
                None => Found::Corrupted,
            },
        }
    }
}

/// A short body as a number, its length included.
fn value_of(body: &[u8]) -> u64 {
    let mut word = [0; 8];
    let length = body.len().min(7);
    word[..length].copy_from_slice(&body[..length]);
    word[7] = u8::try_from(body.len()).unwrap_or(u8::MAX);
    u64::from_le_bytes(word)
}

/// A set of small numbers.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    /// Adds a number; whether it was not there.
    fn insert(&mut self, number: u64) -> bool {
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let was_there = self.0[word] & bit != 0;
        self.0[word] |= bit;
        !was_there
    }

    fn contains(&self, number: u64) -> bool {
        self.0.get((number / 64) as usize).is_some_and(|word| word & 1 << (number % 64) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELIVERIES: [Delivery; 4] = [
        Delivery::Unreliable,
        Delivery::Sequenced,
        Delivery::ReliableUnordered,
        Delivery::ReliableOrdered,
    ];

    /// Ten messages on two streams.
    fn ten(bytes: usize, delivery: Delivery) -> (Check, Bodies) {
        let bodies = Bodies { seed: 3, bytes };
        let mut check = Check::new(bodies, 2, delivery);
        (0..10).for_each(|number| check.sent(number));
        (check, bodies)
    }

    fn play(bytes: usize, delivery: Delivery, numbers: &[u64]) -> Tally {
        let (mut check, bodies) = ten(bytes, delivery);
        for number in numbers {
            check.arrived(10, (number % 2) as u8, bodies.of(*number).bytes());
        }
        check.tally()
    }

    #[test]
    fn what_arrives_as_it_was_sent_is_delivered() {
        for bytes in [1, 3, 7, 8, 64, 100] {
            for delivery in DELIVERIES {
                let tally = play(bytes, delivery, &[0, 2, 1, 4, 3, 5, 6, 7, 9, 8]);
                assert_eq!(tally, Tally { delivered: 10, ..Tally::default() }, "{bytes}");
            }
        }
    }

    #[test]
    fn what_comes_late_is_out_of_order_where_order_is_kept() {
        for delivery in DELIVERIES {
            let tally = play(20, delivery, &[0, 4, 2, 1, 3]);
            let ordered = [Delivery::Sequenced, Delivery::ReliableOrdered].contains(&delivery);
            assert_eq!((tally.delivered, tally.out_of_order), (5, u64::from(ordered)));
        }
        // Without numbers it is told as what was not sent there.
        assert!(play(5, Delivery::Sequenced, &[0, 4, 2]).corrupted > 0);
        assert!(play(5, Delivery::ReliableOrdered, &[0, 4, 2]).corrupted > 0);
        assert_eq!(play(5, Delivery::ReliableUnordered, &[0, 4, 2]).delivered, 3);
    }

    #[test]
    fn what_comes_twice_is_told() {
        for bytes in [5, 20] {
            let tally = play(bytes, Delivery::ReliableUnordered, &[0, 1, 0]);
            assert_eq!((tally.delivered, tally.duplicated), (2, 1));
        }
        let tally = play(5, Delivery::ReliableOrdered, &[0, 2, 4, 6, 8, 8]);
        assert_eq!((tally.delivered, tally.duplicated), (5, 1));
    }

    #[test]
    fn gaps_are_no_mistake_where_messages_may_be_lost() {
        for bytes in [5, 20] {
            let tally = play(bytes, Delivery::Sequenced, &[0, 6, 3, 8, 9]);
            assert_eq!(tally, Tally { delivered: 5, ..Tally::default() });
        }
    }

    #[test]
    fn what_was_not_sent_is_corrupted() {
        for bytes in [5, 20] {
            for delivery in DELIVERIES {
                let (mut check, bodies) = ten(bytes, delivery);
                let other = Bodies { seed: 99, bytes };
                assert_eq!(check.arrived(10, 0, other.of(0).bytes()), Found::Corrupted);
                if bytes == 20 {
                    // Not sent yet, and on the wrong stream.
                    assert_eq!(check.arrived(10, 0, bodies.of(10).bytes()), Found::Corrupted);
                    assert_eq!(check.arrived(10, 1, bodies.of(4).bytes()), Found::Corrupted);
                    assert_eq!(check.arrived(10, 0, &bodies.of(4).bytes()[1..]), Found::Corrupted);
                }
            }
        }
    }

    #[test]
    fn what_is_reported_and_arrives_counts_as_delivered() {
        let (mut check, bodies) = ten(20, Delivery::ReliableOrdered);
        check.reported(bodies.of(2).bytes());
        check.reported(bodies.of(2).bytes());
        check.reported(bodies.of(4).bytes());
        assert_eq!(check.tally().reported, 2);
        check.arrived(10, 0, bodies.of(2).bytes());
        assert_eq!((check.tally().reported, check.tally().delivered), (1, 1));
    }
}
