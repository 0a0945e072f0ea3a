//! One peer of a host.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pysage_core::transport::LinkId;
use pysage_core::wire::{MessageTable, TableMismatch};

use super::greeting::Greeting;
use super::path::Path;
use super::{Taken, Told};
use crate::endpoint::{Endpoint, Malformed};
use crate::event::DisconnectReason;
use crate::origin::Origin;
use crate::rate::Share;
use crate::session::{Letter, PublicKey, Rights, Session};

/// One peer of a host.
pub(super) struct Peer {
    pub(super) link: LinkId,
    /// The number of the session here.
    pub(super) session_here: u32,
    pub(super) address: Option<SocketAddr>,
    pub(super) state: State,
    /// What this end has put to the session's key, if the other one began it.
    pub(super) server_key: u64,
    /// By which key it is known, if it has one of its own.
    pub(super) key: Option<PublicKey>,
    /// What it may send, if that is not all.
    pub(super) rights: Option<Arc<Rights>>,
    /// What its sealed hello is answered with, until it shows that it got that.
    pub(super) answer: Option<Box<Letter>>,
    /// Where it came from, until it shows that it knows that it was let in.
    pub(super) pending: Option<Origin>,
    pub(super) endpoint: Endpoint,
    /// It is told that it is there.
    connects: bool,
    /// It is told that its address is another one.
    moves: bool,
    /// Whether what it knows was compared: before that no message of it is told.
    is_compared: bool,
    mismatch: Option<TableMismatch>,
    end: Option<End>,
    /// Its stream takes no more for now; it tells when it does.
    pub(super) is_stalled: bool,
    pub(super) is_due: bool,
    pub(super) has_news: bool,
    pub(super) has_changed: bool,
}

/// How far it is.
pub(super) enum State {
    /// Its address is being looked up.
    LooksUp,
    /// It is greeted.
    Hello(Greeting),
    Up(Up),
    Ended,
}

/// A peer that is there.
pub(super) struct Up {
    pub(super) session: Session,
    /// By what the client is known that made the session.
    pub(super) client: (u32, u64),
    /// Something came that shows that it knows the session, too.
    pub(super) is_confirmed: bool,
    /// Until when it has to show that.
    until: Instant,
    /// What it may send in a second, if that is limited.
    pub(super) share: Option<Box<Share>>,
    /// Where it may be by now.
    pub(super) path: Option<Box<Path>>,
    closing: Option<Closing>,
}

/// How long a peer may take to show that it knows, and what it may send.
pub(super) struct Limited {
    pub(super) until: Instant,
    pub(super) share: Option<Box<Share>>,
}

struct Closing {
    until: Instant,
    reason: DisconnectReason,
}

struct End {
    reason: DisconnectReason,
    undelivered: Vec<Vec<u8>>,
    told: usize,
    /// It never showed that it knew the session: it was not told to be there either.
    is_untold: bool,
}

/// The first byte of what endpoints tell each other: what a table follows.
const TABLE: u8 = 1;

/// A table of more bytes is not compared.
pub(super) const MOST_TABLE_BYTES: usize = 48 << 10;

impl Peer {
    pub(super) fn new(
        link: LinkId,
        session_here: u32,
        address: Option<SocketAddr>,
        state: State,
        endpoint: Endpoint,
    ) -> Peer {
        Peer {
            link,
            session_here,
            address,
            state,
            server_key: 0,
            key: None,
            rights: None,
            answer: None,
            pending: None,
            endpoint,
            connects: false,
            moves: false,
            is_compared: false,
            mismatch: None,
            end: None,
            is_stalled: false,
            is_due: false,
            has_news: false,
            has_changed: false,
        }
    }

    pub(super) fn looks_up(&self) -> bool {
        matches!(self.state, State::LooksUp)
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Whether messages can be sent to it.
    #[inline]
    pub(super) fn takes_messages(&self) -> bool {
        match &self.state {
            State::LooksUp | State::Hello(_) => true,
            State::Up(up) => up.is_confirmed && up.closing.is_none(),
            State::Ended => false,
        }
    }

    pub(super) fn room_bytes(&self) -> usize {
        self.endpoint.room_bytes()
    }

    /// Takes note that it is there, in this session, and greets it with what this end knows.
    pub(super) fn come_up(
        &mut self,
        now: Instant,
        session: Session,
        client: (u32, u64),
        limited: Limited,
        [window_bytes, round_trip_us]: [u64; 2],
        table: &MessageTable,
    ) {
        let Limited { until, share } = limited;
        let (is_confirmed, path, closing) = (false, None, None);
        self.state = State::Up(Up { session, client, is_confirmed, until, share, path, closing });
        self.endpoint.begin(now, window_bytes, Duration::from_micros(round_trip_us));
        let mut message = vec![TABLE];
        table.encode(&mut message);
        if message.len() > MOST_TABLE_BYTES {
            message = vec![TABLE];
            MessageTable::default().encode(&mut message);
        }
        self.endpoint.send_control(&message);
    }

    /// Takes note that something of its session came; whether it was the first.
    pub(super) fn confirm(&mut self) -> bool {
        let State::Up(up) = &mut self.state else { return false };
        let is_first = !std::mem::replace(&mut up.is_confirmed, true);
        self.answer = None;
        self.connects |= is_first;
        is_first
    }

    /// Takes in what the other endpoint tells.
    pub(super) fn take_control(
        &mut self,
        table: &MessageTable,
        until: Instant,
    ) -> Result<(), Malformed> {
        while let Some(message) = self.endpoint.next_control() {
            let Some((&TABLE, bytes)) = message.split_first() else { continue };
            let there = MessageTable::decode(bytes);
            let there = there.map_err(|_| Malformed("what it knows is no table of messages"))?;
            match table.compare(&there) {
                Ok(()) => self.is_compared = true,
                Err(mismatch) => {
                    self.mismatch = Some(mismatch);
                    self.close(until, DisconnectReason::Mismatch);
                }
            }
        }
        Ok(())
    }

    /// Whether something is to be told of it.
    pub(super) fn has_something_to_tell(&self) -> bool {
        self.connects || self.moves || self.mismatch.is_some() || self.tells_messages()
    }

    fn tells_messages(&self) -> bool {
        self.is_compared && self.endpoint.has_next()
    }

    /// Has it closed for this reason, once what was sent has arrived.
    pub(super) fn close(&mut self, until: Instant, reason: DisconnectReason) {
        if let State::Up(up) = &mut self.state
            && up.closing.is_none()
        {
            up.closing = Some(Closing { until, reason });
        }
    }

    /// Why it is to end now, if it is: nothing came from it for too long, or it is closed.
    pub(super) fn ends(&self, now: Instant) -> Option<DisconnectReason> {
        let State::Up(up) = &self.state else { return None };
        match &up.closing {
            Some(closing) if self.endpoint.is_drained() => Some(closing.reason.clone()),
            Some(closing) if closing.until <= now => Some(DisconnectReason::TimedOut),
            None if !up.is_confirmed && up.until <= now => Some(DisconnectReason::TimedOut),
            _ if self.endpoint.idle_at() <= now => Some(DisconnectReason::TimedOut),
            _ => None,
        }
    }

    /// When it ends, if nothing happens before.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        let State::Up(up) = &self.state else { return None };
        let unconfirmed = (!up.is_confirmed).then_some(up.until);
        up.closing.as_ref().map(|closing| closing.until).or(unconfirmed)
    }

    /// Takes note that its address is another one.
    pub(super) fn move_to(&mut self, address: SocketAddr) {
        self.address = Some(address);
        self.moves = true;
    }

    /// Takes note by what key it is known and what it may send.
    pub(super) fn know(&mut self, key: Option<PublicKey>, rights: Option<Arc<Rights>>) {
        self.endpoint.limit_streams(rights.as_ref().map_or(256, |rights| rights.most_streams()));
        (self.key, self.rights) = (key, rights);
    }

    /// Has nothing more of what came from it be told.
    pub(super) fn mute(&mut self) {
        self.is_compared = false;
    }

    /// Takes note that it is gone.
    pub(super) fn end(&mut self, reason: DisconnectReason) {
        if self.end.is_none() {
            let undelivered = self.endpoint.undelivered();
            let is_untold = matches!(&self.state, State::Up(up) if !up.is_confirmed);
            self.state = State::Ended;
            self.end = Some(End { reason, undelivered, told: 0, is_untold });
        }
    }

    /// Tells what happened and what came, as far as it is taken.
    pub(super) fn tell(
        &mut self,
        now: Instant,
        each: &mut dyn FnMut(LinkId, Told<'_>) -> Taken,
    ) -> Taken {
        let link = self.link;
        if let Some(address) = self.address.filter(|_| self.connects) {
            if each(link, Told::Connected { address }) == Taken::Later {
                return Taken::Later;
            }
            (self.connects, self.moves) = (false, false);
        }
        if let Some(address) = self.address.filter(|_| self.moves) {
            if each(link, Told::Moved { address }) == Taken::Later {
                return Taken::Later;
            }
            self.moves = false;
        }
        if let Some(mismatch) = &self.mismatch {
            if each(link, Told::Mismatch(mismatch.clone())) == Taken::Later {
                return Taken::Later;
            }
            self.mismatch = None;
        }
        let mut take = |frame: &[u8]| each(link, Told::Frame(frame)) == Taken::Yes;
        if self.is_compared && !self.endpoint.hand_over(&mut take) {
            return Taken::Later;
        }
        self.endpoint.all_done(now);
        let Some(end) = &mut self.end else { return Taken::Yes };
        if end.is_untold {
            return Taken::Yes;
        }
        while let Some(frame) = end.undelivered.get(end.told) {
            if each(link, Told::Undelivered(frame)) == Taken::Later {
                return Taken::Later;
            }
            end.told += 1;
        }
        let undelivered = end.undelivered.len() as u64;
        let (address, reason) = (self.address, end.reason.clone());
        each(link, Told::Disconnected { address, reason, undelivered })
    }
}
