//! Writing datagrams: what goes into the next one.

use std::time::Instant;

use super::Endpoint;
use super::frame::{CHALLENGE, CLOSE, PING, RESPONSE, put_ack};
use super::outgoing::Class;
use super::sent::Carried;

/// What was written into a datagram, to be told once it leaves.
#[must_use]
pub(crate) struct Written {
    /// Whether it wants to be acknowledged.
    asks: bool,
    carried: Carried,
    /// How many bundles leave again.
    pub(crate) resent: u64,
}

/// An acknowledgement needs so much room at least; it tells more where there is more.
const ACK_BYTES: usize = 64;

/// With less room than this it is not tried to put messages into it.
const LEAST_MESSAGES_BYTES: usize = 24;

impl Endpoint {
    /// The number of the next datagram, and the largest one that is known to have arrived.
    pub(crate) fn next_number(&self) -> (u64, Option<u64>) {
        (self.sent.next_number(), self.sent.largest_acked())
    }

    /// The largest number that came.
    pub(crate) fn largest_received(&self) -> Option<u64> {
        self.received.largest()
    }

    /// Whether a datagram is to be written now.
    #[inline]
    pub(crate) fn wants_to_send(&mut self, now: Instant) -> bool {
        let tells = self.received.tell_by().is_some_and(|by| by <= now);
        tells || self.activity.ping || self.has_something() && self.may_send(now)
    }

    /// Has the next datagram be one that is acknowledged.
    #[cfg(feature = "secure")]
    pub(crate) fn ask(&mut self) {
        self.activity.ping = true;
    }

    /// Whether there is something to send, as far as the peer has room for it.
    pub(super) fn has_something(&mut self) -> bool {
        self.outgoing.waits(Class::Unreliable) || self.bundles.resends() || {
            let credit = self.credit();
            self.outgoing.next_cost().is_some_and(|cost| cost <= credit)
        }
    }

    /// Whether something waits for which the peer has no room, as far as is known.
    pub(super) fn is_blocked(&self) -> bool {
        self.outgoing.next_cost().is_some_and(|cost| cost > self.credit())
    }

    fn credit(&self) -> usize {
        usize::try_from(self.limit_bytes.saturating_sub(self.sent_cost)).unwrap_or(usize::MAX)
    }

    fn may_send(&self, now: Instant) -> bool {
        self.limits.loses_nothing
            || self.activity.probe_credit > 0
            || self.has_window() && self.congestion.departs_at(now) <= now
    }

    fn has_window(&self) -> bool {
        let in_flight_bytes = self.sent.in_flight_bytes();
        in_flight_bytes + self.limits.datagram_bytes <= self.congestion.window_bytes()
    }

    /// When pacing lets the next datagram leave, if there is one that waits for that.
    pub(super) fn departs_at(&mut self, now: Instant) -> Option<Instant> {
        let is_paced = !self.limits.loses_nothing && self.has_window();
        let waits = is_paced && self.has_something();
        waits.then(|| self.congestion.departs_at(now))
    }

    /// Writes the frames of the next datagram behind what is in `out`.
    pub(crate) fn write(&mut self, now: Instant, out: &mut Vec<u8>) -> Written {
        let end = out.len() + self.limits.payload_bytes;
        let mut written = Written { asks: false, carried: Carried::default(), resent: 0 };
        let may_send = self.may_send(now);
        let ack_is_due = self.received.tell_by().is_some_and(|by| by <= now);
        if may_send && !ack_is_due {
            self.write_resends(end, out, &mut written);
        }
        if self.received.is_untold() && end - out.len() >= ACK_BYTES {
            self.write_ack(now, end - out.len(), out);
        }
        if may_send {
            self.write_resends(end, out, &mut written);
            self.write_unreliable(end, out, &mut written);
            self.write_reliable(end, out, &mut written);
        }
        if self.activity.ping && !written.asks && out.len() < end {
            out.push(PING);
            written.asks = true;
        }
        written
    }

    fn write_ack(&mut self, now: Instant, room_bytes: usize, out: &mut Vec<u8>) {
        let limit_bytes = self.incoming.limit_bytes();
        let head = [self.received.delay_us(now), limit_bytes, self.received.marked()];
        put_ack(out, self.received.ranges(), head, room_bytes);
        self.told_limit_bytes = limit_bytes;
        self.received.told();
    }

    fn write_resends(&mut self, end: usize, out: &mut Vec<u8>, written: &mut Written) {
        while !written.carried.is_full()
            && let Some((bundle, frames)) =
                self.bundles.next_resend(end - out.len(), &written.carried)
        {
            out.extend_from_slice(frames);
            written.carry(bundle);
            written.resent += 1;
        }
    }

    fn write_unreliable(&mut self, end: usize, out: &mut Vec<u8>, written: &mut Written) {
        while end - out.len() >= LEAST_MESSAGES_BYTES {
            let room_bytes = end - out.len();
            match self.outgoing.write(Class::Unreliable, room_bytes, usize::MAX, out) {
                Some(_) => written.asks = true,
                None => return,
            }
        }
    }

    fn write_reliable(&mut self, end: usize, out: &mut Vec<u8>, written: &mut Written) {
        let newest = self.newest.take();
        let (mut start, mut body_bytes) = (out.len(), 0);
        while end - out.len() >= LEAST_MESSAGES_BYTES && !written.carried.is_full() {
            let before = out.len();
            let credit = self.credit();
            let wrote = self.outgoing.write(Class::Reliable, end - before, credit, out);
            let Some(wrote) = wrote else { break };
            self.sent_cost += wrote.cost as u64;
            if wrote.large.is_none() {
                body_bytes += wrote.bytes;
                continue;
            }
            // A part is a bundle of its own.
            if before > start {
                written.carry(self.bundles.add(&out[start..before], body_bytes, None));
            }
            written.carry(self.bundles.add(&out[before..], wrote.bytes, wrote.large));
            (start, body_bytes) = (out.len(), 0);
        }
        if out.len() > start {
            let bundle = self.bundles.add(&out[start..], body_bytes, None);
            written.carry(bundle);
            self.newest = Some(bundle);
        }
        match newest {
            Some(newest) if written.asks => self.write_newest(newest, end, out, written),
            Some(newest) => self.newest = Some(newest),
            None => {}
        }
    }

    /// Repeats what left last, if it is short and there is room: it arrives at once if the datagram
    /// before was lost.
    fn write_newest(&mut self, newest: u32, end: usize, out: &mut Vec<u8>, written: &mut Written) {
        let most_bytes = (end - out.len()).min(self.limits.repeat_newest_bytes);
        if written.carried.is_full() {
            return;
        }
        if let Some(frames) = self.bundles.short(newest, most_bytes) {
            out.extend_from_slice(frames);
            written.carry(newest);
        }
    }

    /// Writes the end of the connection, for this reason.
    pub(crate) fn write_close(reason: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&[CLOSE, reason]);
    }

    /// Whether these frames are what [`write_close`](Self::write_close) has written.
    pub(crate) fn is_close(frames: &[u8]) -> bool {
        frames.first() == Some(&CLOSE)
    }

    /// Writes the question whether this arrives, or the answer that it has.
    pub(crate) fn write_path(asks: bool, token: [u8; 8], out: &mut Vec<u8>) {
        out.push(if asks { CHALLENGE } else { RESPONSE });
        out.extend_from_slice(&token);
    }

    /// Takes note that a datagram of the next number leaves that is not followed up.
    pub(crate) fn departed_alone(&mut self) {
        self.sent.departed_unasked();
    }

    /// Takes note that a datagram leaves, of so many bytes in all.
    pub(crate) fn departed(&mut self, now: Instant, written: &Written, datagram_bytes: usize) {
        self.activity.said(now, written.asks, self.sent.is_in_flight());
        if !written.asks {
            return self.sent.departed_unasked();
        }
        let in_flight_bytes = self.sent.in_flight_bytes();
        let stamp = self.congestion.sent(now, datagram_bytes, in_flight_bytes);
        written.carried.iter().for_each(|bundle| self.bundles.departs(bundle));
        self.sent.departed(stamp, written.carried);
    }
}

impl Written {
    fn carry(&mut self, bundle: u32) {
        self.asks = true;
        self.carried.push(bundle);
    }
}
