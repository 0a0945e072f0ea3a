//! What is said to a peer that did not answer.

use std::time::{Duration, Instant};

use super::peer::State;
use crate::event::DisconnectReason;
use crate::session::{Call, Cookie};

/// What is said to a peer that did not answer.
pub(super) struct Greeting {
    pub(super) client_key: u64,
    pub(super) calling: Calling,
    cookie: Cookie,
    /// When it was said first with this cookie: an answer tells no round trip that is too short.
    pub(super) said_at: Option<Instant>,
    pub(super) say_at: Instant,
    /// After how long it is said again, now and later at most.
    intervals: [Duration; 2],
    until: Instant,
    /// What was heard of its address last: why it is not reached.
    pub(super) reason: Option<ReasonHeard>,
}

/// How this end shows who it is.
pub(super) enum Calling {
    /// It has no key, and does not.
    Openly,
    /// By a message that is made while the first hello is on its way, over UDP: that one gets a cookie,
    /// whatever is in it, and what the message takes is about a round trip within a house.
    Soon,
    By(Box<Call>),
}

/// What the operating system told of an address, or somebody who need not be the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReasonHeard {
    NobodyListens,
    Unreachable,
    OtherSecurity,
    Incompatible,
}

/// A greeting is said again after so long, and then less and less often down to that.
const INTERVALS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(250)];

/// What is said over a stream arrives. But who listens puts some off where many come at once, and they
/// have to be heard before they are given up.
const STREAM_INTERVALS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

/// Another cookie than the first is only taken after so long: that one may be too old by then.
const COOKIE_KEPT: Duration = Duration::from_secs(3);

impl State {
    /// Greets a peer until then, less often over a stream.
    pub(super) fn hello(
        now: Instant,
        client_key: u64,
        until: Instant,
        calling: Calling,
        over_stream: bool,
    ) -> State {
        State::Hello(Greeting {
            client_key,
            calling,
            cookie: Cookie::NONE,
            said_at: None,
            say_at: now,
            intervals: if over_stream { STREAM_INTERVALS } else { INTERVALS },
            until,
            reason: None,
        })
    }
}

impl Calling {
    pub(super) fn is_sealed(&self) -> bool {
        !matches!(self, Calling::Openly)
    }
}

impl Greeting {
    /// Takes note that it is said now.
    pub(super) fn said(&mut self, now: Instant) {
        self.said_at = self.said_at.or(Some(now));
        let [interval, most] = self.intervals;
        self.say_at = (now + interval).min(self.until);
        self.intervals = [(interval * 2).min(most), most];
    }

    pub(super) fn cookie(&self) -> Cookie {
        self.cookie
    }

    /// Takes the cookie that it is to be said with, at once.
    pub(super) fn take(&mut self, now: Instant, cookie: Cookie) {
        let is_old = self.said_at.is_some_and(|at| at + COOKIE_KEPT < now);
        if self.cookie == Cookie::NONE || is_old {
            (self.cookie, self.said_at, self.say_at) = (cookie, None, now);
        }
    }

    /// Why it is given up, if it is by now.
    pub(super) fn failure(&self, now: Instant) -> Option<DisconnectReason> {
        (self.until <= now).then(|| self.heard().unwrap_or(DisconnectReason::NoAnswer))
    }

    /// Why it is not reached, as was heard last.
    pub(super) fn heard(&self) -> Option<DisconnectReason> {
        Some(match self.reason? {
            ReasonHeard::NobodyListens => DisconnectReason::NobodyListens,
            ReasonHeard::Unreachable => DisconnectReason::Unreachable,
            ReasonHeard::OtherSecurity => DisconnectReason::OtherSecurity,
            ReasonHeard::Incompatible => DisconnectReason::Incompatible,
        })
    }
}
