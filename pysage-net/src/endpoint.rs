//! What makes of datagrams that may be lost messages that are not: one peer's end of a connection.
//!
//! No socket and no clock here: `(now, datagrams in) -> (datagrams out, messages)`. The rule for
//! whoever drives it: after each change, and when [`wake_at`](Endpoint::wake_at) says so, write
//! datagrams for as long as [`wants_to_send`](Endpoint::wants_to_send).
//!
//! * Datagrams have numbers that are never used again; messages have numbers of their own, within
//!   their [`lane`]. What is lost is sent again in a datagram of another number.
//! * The reliable frames of a datagram are kept as a [`bundle`] until it arrived, and sent again as
//!   they are.
//! * Loss is found as RFC 9002 tells, by later datagrams that arrived, by time, and by probes; and
//!   later than there where datagrams overtake each other ([`sent`]).
//! * The receiver says up to how many bytes may come ([`incoming`]), and acknowledges no datagram of
//!   which it did not take all.

mod bundle;
mod bytes;
mod congestion;
mod frame;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod incoming;
mod lane;
mod outgoing;
mod parts;
mod queue;
mod ranges;
mod received;
mod round_trip;
mod sent;
mod timers;
mod write;

use std::time::{Duration, Instant};

use pysage_core::Delivery;

use bundle::Bundles;
pub(crate) use bytes::{Malformed, Reader};
use congestion::{Congestion, Told};
use frame::{Ack, Frame};
use incoming::{Accepted, Incoming};
use lane::Lane;
use outgoing::Outgoing;
use received::Received;
use round_trip::RoundTrip;
use sent::{Fate, Sent};

/// One peer's end of a connection.
pub(crate) struct Endpoint {
    limits: Limits,
    round_trip: RoundTrip,
    congestion: Congestion,
    sent: Sent,
    bundles: Bundles,
    outgoing: Outgoing,
    received: Received,
    incoming: Incoming,
    /// What reliable messages that have left count for against the window of the peer, in all.
    sent_cost: u64,
    /// Up to how much the peer takes.
    limit_bytes: u64,
    /// What this end has told as its limit last.
    told_limit_bytes: u64,
    /// How many of the peer's datagrams came marked, as it has told.
    marked: u64,
    /// The bundle that left last, if it can be repeated.
    newest: Option<u32>,
    activity: timers::Activity,
}

/// What an endpoint keeps to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Of a datagram.
    pub(crate) datagram_bytes: usize,
    /// Of its frames.
    pub(crate) payload_bytes: usize,
    /// Of what waits to be sent and what did not arrive.
    pub(crate) send_queue_bytes: usize,
    /// Of reliable messages that may come before others were handed over.
    pub(crate) window_bytes: usize,
    /// Of a message, with its head.
    pub(crate) message_bytes: usize,
    /// How many unreliable messages may have come in part.
    pub(crate) partial_messages: usize,
    /// Of reliable messages that are repeated.
    pub(crate) repeat_newest_bytes: usize,
    pub(crate) idle_timeout: Duration,
    pub(crate) keep_alive: Duration,
    /// Datagrams arrive once and in their order, and whoever has them written waits until they get
    /// through: nothing is sent again, and there is no other congestion.
    pub(crate) loses_nothing: bool,
    /// How many streams the peer may use.
    pub(crate) streams: u16,
}

/// What a datagram told beside messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nothing else.
    Nothing,
    /// The same datagram came before, or it is too old.
    Repeated,
    /// There was no room for all of it: it comes again.
    NoRoom,
    /// The peer ends the connection, for this reason.
    Closes(u8),
    /// It asks whether this arrives.
    Challenges([u8; 8]),
    /// It tells that this has arrived.
    Responds([u8; 8]),
}

impl Endpoint {
    /// An endpoint that takes messages, and sends none before it [begins](Self::begin).
    pub(crate) fn new(now: Instant, limits: Limits) -> Endpoint {
        Endpoint {
            limits,
            round_trip: RoundTrip::new(Duration::ZERO),
            congestion: Congestion::new(now, limits.datagram_bytes, Duration::ZERO),
            sent: Sent::new(),
            bundles: Bundles::default(),
            outgoing: Outgoing::default(),
            received: Received::default(),
            incoming: Incoming::new(
                limits.window_bytes,
                limits.message_bytes,
                limits.partial_messages,
            ),
            sent_cost: 0,
            limit_bytes: 0,
            told_limit_bytes: limits.window_bytes as u64,
            marked: 0,
            newest: None,
            activity: timers::Activity::new(now),
        }
    }

    /// Begins, once the handshake has told how many bytes of reliable messages the peer takes, and
    /// how long there and back takes.
    pub(crate) fn begin(&mut self, now: Instant, peer_window_bytes: u64, round_trip: Duration) {
        self.limit_bytes = peer_window_bytes;
        self.round_trip = RoundTrip::new(round_trip);
        self.congestion = Congestion::new(now, self.limits.datagram_bytes, round_trip);
        self.activity = timers::Activity::new(now);
    }

    /// Has the peer use the streams below this number alone.
    pub(crate) fn limit_streams(&mut self, streams: u16) {
        self.limits.streams = streams;
    }

    /// How many bytes of messages it takes now.
    pub(crate) fn room_bytes(&self) -> usize {
        let taken = self.outgoing.bytes() + self.bundles.bytes();
        self.limits.send_queue_bytes.saturating_sub(taken)
    }

    /// Takes messages to be sent, for which there must be room.
    pub(crate) fn send(
        &mut self,
        messages: &[u8],
        lengths: &[u32],
        delivery: Delivery,
        stream: u8,
    ) {
        self.outgoing.push_all(Lane::of(delivery, stream), messages, lengths);
    }

    /// Takes a message for the other endpoint.
    pub(crate) fn send_control(&mut self, message: &[u8]) {
        self.outgoing.push(Lane::CONTROL, message);
    }

    /// Whether all that is reliable has arrived at the other end.
    pub(crate) fn is_drained(&self) -> bool {
        self.bundles.is_empty() && self.outgoing.is_empty()
    }

    /// The reliable messages of which it is not known that they arrived, in about their order.
    pub(crate) fn undelivered(&self) -> Vec<Vec<u8>> {
        let mut all = self.bundles.messages(|large| self.outgoing.leaves_in_parts(large));
        all.extend(self.outgoing.reliable());
        all
    }

    /// Takes a datagram's frames.
    ///
    /// # Errors
    /// [`Malformed`] if they are not what an endpoint writes: the connection is of no use.
    pub(crate) fn arrived(
        &mut self,
        now: Instant,
        number: u64,
        is_marked: bool,
        payload: &[u8],
    ) -> Result<Said, Malformed> {
        if self.received.has(number) {
            return Ok(Said::Repeated);
        }
        if number > bytes::MOST {
            return Err(Malformed("a datagram has a number beyond all"));
        }
        self.activity.heard(now);
        let (mut wants_ack, mut said) = (false, Said::Nothing);
        let mut reader = Reader::new(payload);
        while let Some(frame) = Frame::read(&mut reader)? {
            let accepted = match frame {
                Frame::Ack(ack) => {
                    self.acked(now, &ack)?;
                    continue;
                }
                Frame::Close(reason) => {
                    said = Said::Closes(reason);
                    continue;
                }
                Frame::Challenge(token) => {
                    said = Said::Challenges(token);
                    continue;
                }
                Frame::Response(token) => {
                    said = Said::Responds(token);
                    continue;
                }
                Frame::Ping => Accepted::Yes,
                Frame::Messages(messages) => {
                    self.check_stream(messages.lane)?;
                    self.incoming.take(&messages)?
                }
                Frame::Part(part) => {
                    self.check_stream(part.lane)?;
                    self.incoming.take_part(&part)?
                }
            };
            wants_ack = true;
            if accepted == Accepted::No {
                self.received.refuse(number);
                return Ok(Said::NoRoom);
            }
        }
        self.received.insert(now, number, is_marked);
        if wants_ack {
            self.received.wants_ack(now);
        }
        Ok(said)
    }

    fn check_stream(&self, lane: Lane) -> Result<(), Malformed> {
        let is_allowed = u16::from(lane.stream) < self.limits.streams;
        is_allowed.then_some(()).ok_or(Malformed("it uses a stream that it may not"))
    }

    fn acked(&mut self, now: Instant, ack: &Ack<'_>) -> Result<(), Malformed> {
        self.limit_bytes = self.limit_bytes.max(ack.limit_bytes);
        let mut lost_bytes = 0;
        let (mut ages, mut count) = (Duration::ZERO, 0);
        let (bundles, congestion) = (&mut self.bundles, &mut self.congestion);
        let newest = self.sent.acked(now, ack, |departed, fate| {
            ages += now.saturating_duration_since(departed.stamp.sent_at);
            count += 1;
            for bundle in departed.bundles.iter() {
                bundles.arrived(bundle, fate == Fate::Arrived);
                bundles.forgotten(bundle);
            }
            match fate {
                Fate::Arrived => congestion.acked(departed.stamp),
                _ => congestion.spurious(departed.stamp),
            }
        })?;
        let mut held = Duration::ZERO;
        if let Some(sent_at) = newest {
            let taken = now.saturating_duration_since(sent_at);
            let delay = Duration::from_micros(ack.delay_us.min(1_000_000));
            self.round_trip.sample(taken, delay);
            held = delay.min(received::ACK_DELAY);
        }
        if count == 0 {
            return Ok(());
        }
        let round_trip = Some((ages / count).saturating_sub(held));
        self.activity.progressed(now);
        self.find_lost(now, &mut lost_bytes);
        let marked = ack.marked.saturating_sub(self.marked);
        self.marked = self.marked.max(ack.marked);
        self.congestion.told(now, Told { round_trip, lost_bytes, marked });
        Ok(())
    }

    fn find_lost(&mut self, now: Instant, lost_bytes: &mut usize) {
        let nothing_waits = self.outgoing.is_empty();
        let bundles = &mut self.bundles;
        self.sent.find_lost(now, self.round_trip.loss_delay(), |departed, fate| {
            let is_lost = fate == Fate::Lost;
            *lost_bytes += if is_lost { departed.stamp.bytes as usize } else { 0 };
            for bundle in departed.bundles.iter() {
                match is_lost {
                    true => bundles.lost(bundle, nothing_waits),
                    false => bundles.forgotten(bundle),
                }
            }
        });
    }

    /// Whether messages that came can be handed over.
    pub(crate) fn has_next(&self) -> bool {
        self.incoming.has_next()
    }

    /// Hands over messages that came, until one is not taken; whether all were.
    #[inline]
    pub(crate) fn hand_over(&mut self, take: impl FnMut(&[u8]) -> bool) -> bool {
        self.incoming.hand_over(take)
    }

    /// Takes note that no more are handed over for now: the peer is told if there is much more room
    /// than it knows.
    pub(crate) fn all_done(&mut self, now: Instant) {
        let more = self.incoming.limit_bytes() - self.told_limit_bytes;
        if more > self.limits.window_bytes as u64 / 4 {
            self.received.tell_now(now);
        }
    }

    /// The next thing that the other endpoint tells.
    pub(crate) fn next_control(&mut self) -> Option<Vec<u8>> {
        self.incoming.next_control()
    }
}

#[cfg(test)]
mod tests;
