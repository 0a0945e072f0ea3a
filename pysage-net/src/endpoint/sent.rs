//! Which datagrams left, and what became of them: RFC 9002 section 6.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::bytes::Malformed;
use super::congestion::Stamp;
use super::frame::Ack;

/// The datagrams that left, from the oldest of which it is not known what became of it.
pub(crate) struct Sent {
    /// The number of the first one in the log.
    first: u64,
    /// Nothing in the place of those of which nothing is to be known.
    log: VecDeque<Option<Departed>>,
    in_flight_bytes: usize,
    /// How many in flight want to be acknowledged.
    in_flight: usize,
    largest_acked: Option<u64>,
    /// How many numbers later one must have arrived for a datagram to count as lost; `None` once
    /// datagrams were seen to overtake each other.
    most_overtaken: Option<u64>,
    /// How long a datagram has taken that came late.
    lateness: Duration,
    /// When the next one counts as lost, unless it arrives.
    loss_at: Option<Instant>,
}

/// A datagram that left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departed {
    pub(crate) stamp: Stamp,
    pub(crate) bundles: Carried,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It wants to be acknowledged, and was not.
    InFlight,
    /// It counts as lost, and may still come.
    Lost,
}

/// The bundles in a datagram.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried {
    numbers: [u32; Carried::MOST],
    count: u8,
}

/// What happened to a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrived,
    /// It arrived after it had counted as lost.
    ArrivedLate,
    Lost,
    /// It was lost so long ago that it will not come.
    Forgotten,
}

/// RFC 9002 section 6.1.1.
const FEWEST_OVERTAKEN: u64 = 3;

/// It is not known any more that a datagram was lost once so many later ones have left.
const KEPT: u64 = 1024;

impl Carried {
    const MOST: usize = 8;

    /// More small bundles than this are not put into one datagram; a few more may come of its last
    /// messages.
    const ENOUGH: usize = 5;

    /// Adds a bundle; there must be room.
    pub(crate) fn push(&mut self, number: u32) {
        self.numbers[usize::from(self.count)] = number;
        self.count += 1;
    }

    pub(crate) fn is_full(&self) -> bool {
        usize::from(self.count) >= Carried::ENOUGH
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.numbers[..usize::from(self.count)].iter().copied()
    }
}

impl Sent {
    pub(crate) fn new() -> Sent {
        Sent {
            first: 0,
            log: VecDeque::new(),
            in_flight_bytes: 0,
            in_flight: 0,
            largest_acked: None,
            most_overtaken: Some(FEWEST_OVERTAKEN),
            lateness: Duration::ZERO,
            loss_at: None,
        }
    }

    /// The number of the next datagram.
    pub(crate) fn next_number(&self) -> u64 {
        self.first + self.log.len() as u64
    }

    pub(crate) fn largest_acked(&self) -> Option<u64> {
        self.largest_acked
    }

    pub(crate) fn in_flight_bytes(&self) -> usize {
        self.in_flight_bytes
    }

    /// Whether something is in flight that wants to be acknowledged.
    pub(crate) fn is_in_flight(&self) -> bool {
        self.in_flight > 0
    }

    /// Takes note of a datagram that leaves and wants to be acknowledged.
    pub(crate) fn departed(&mut self, stamp: Stamp, bundles: Carried) {
        self.in_flight_bytes += stamp.bytes as usize;
        self.in_flight += 1;
        self.log.push_back(Some(Departed { stamp, bundles, state: State::InFlight }));
    }

    /// Takes note of a datagram that leaves and tells only what arrived.
    pub(crate) fn departed_unasked(&mut self) {
        self.log.push_back(None);
        self.prune();
    }

    /// Takes note of what arrived at the other end, and tells what became of each datagram. Returns
    /// when the newest one left that was told for the first time, if it is the newest of all.
    pub(crate) fn acked(
        &mut self,
        now: Instant,
        ack: &Ack<'_>,
        mut each: impl FnMut(&Departed, Fate),
    ) -> Result<Option<Instant>, Malformed> {
        if ack.largest >= self.next_number() {
            return Err(Malformed("an ack is for a datagram that was not sent"));
        }
        let mut newest = None;
        for (low, high) in ack.ranges() {
            if high < self.first {
                break;
            }
            let from = low.max(self.first) - self.first;
            for at in (from..=high - self.first).rev() {
                let Some(departed) = self.log[at as usize].take() else { continue };
                let fate = match departed.state {
                    State::InFlight => {
                        self.in_flight_bytes -= departed.stamp.bytes as usize;
                        self.in_flight -= 1;
                        Fate::Arrived
                    }
                    State::Lost => {
                        self.most_overtaken = None;
                        let took = now.saturating_duration_since(departed.stamp.sent_at);
                        self.lateness = self.lateness.max(took);
                        Fate::ArrivedLate
                    }
                };
                if self.first + at == ack.largest {
                    newest = Some(departed.stamp.sent_at);
                }
                each(&departed, fate);
            }
        }
        self.largest_acked = self.largest_acked.max(Some(ack.largest));
        Ok(newest)
    }

    /// Finds what counts as lost by now, `delay` being how long a datagram may take; twice as long
    /// if others have come that late.
    pub(crate) fn find_lost(
        &mut self,
        now: Instant,
        delay: Duration,
        mut each: impl FnMut(&Departed, Fate),
    ) {
        self.loss_at = None;
        let Some(largest) = self.largest_acked else { return };
        let delay = delay.max(self.lateness.min(2 * delay));
        for (number, place) in (self.first..largest).zip(&mut self.log) {
            let Some(departed) = place else { continue };
            match departed.state {
                State::InFlight => {
                    let overtaken =
                        self.most_overtaken.is_some_and(|most| largest - number >= most);
                    let due = departed.stamp.sent_at + delay;
                    if overtaken || due <= now {
                        departed.state = State::Lost;
                        self.in_flight_bytes -= departed.stamp.bytes as usize;
                        self.in_flight -= 1;
                        each(departed, Fate::Lost);
                    } else {
                        self.loss_at = Some(self.loss_at.map_or(due, |at| at.min(due)));
                    }
                }
                State::Lost
                    if largest - number > KEPT || departed.stamp.sent_at + 4 * delay <= now =>
                {
                    each(departed, Fate::Forgotten);
                    *place = None;
                }
                State::Lost => {}
            }
        }
        self.prune();
    }

    /// When [`find_lost`](Self::find_lost) finds more, if nothing arrives.
    pub(crate) fn loss_at(&self) -> Option<Instant> {
        self.loss_at
    }

    /// The bundles in flight, the oldest first.
    pub(crate) fn bundles(&self) -> impl Iterator<Item = u32> + '_ {
        let in_flight =
            self.log.iter().flatten().filter(|departed| departed.state == State::InFlight);
        in_flight.flat_map(|departed| departed.bundles.iter())
    }

    fn prune(&mut self) {
        while self.log.front().is_some_and(Option::is_none) {
            self.log.pop_front();
            self.first += 1;
        }
    }

    /// Gives back memory that was needed for more than there is now.
    pub(crate) fn shrink(&mut self) {
        self.log.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests;
