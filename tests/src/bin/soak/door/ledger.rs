//! What handlers see, compared with what was sent.

use std::cell::{Cell, RefCell};

use pysage_net::Message;

/// A message that arrives once and in its order.
#[derive(Clone, Message)]
#[message(packet_type = 101)]
pub(super) struct Load {
    pub(super) from: u32,
    pub(super) number: u64,
    pub(super) check: u64,
}

/// A message that may be lost, and is handed over as often as it is let in.
#[derive(Clone, Message)]
#[message(packet_type = 102, delivery = unreliable)]
pub(super) struct Loose {
    pub(super) from: u32,
    pub(super) number: u64,
    pub(super) check: u64,
}

/// The bytes of the fields of either.
pub(super) const MESSAGE_BYTES: u64 = 4 + 8 + 8;

/// From this number on senders are such as nobody lets in.
pub(super) const STRANGER: u32 = 1_000;

/// What was sent and handled, by its sender: those who send, in each direction.
pub(super) struct Ledger {
    seed: u64,
    directions: Vec<Direction>,
    /// Messages that came twice or out of their order.
    pub(super) repeated: Cell<u64>,
    /// Messages that nobody has sent.
    pub(super) made_up: Cell<u64>,
    pub(super) stranger_bytes: Cell<u64>,
    pub(super) revoked_bytes: Cell<u64>,
    /// What else went wrong.
    pub(super) wrongs: RefCell<Vec<String>>,
}

#[derive(Default)]
struct Direction {
    sent: Cell<u64>,
    /// The number of the next one, of which all before were handled or are not to come any more.
    next: Cell<u64>,
    handled: Cell<u64>,
    given_up: Cell<u64>,
    loose_sent: Cell<u64>,
    loose_seen: RefCell<Vec<u8>>,
    is_revoked: Cell<bool>,
}

impl Ledger {
    pub(super) fn new(seed: u64, directions: u32) -> Ledger {
        let direction = |_| Direction::default();
        Ledger {
            seed,
            directions: (0..directions).map(direction).collect(),
            repeated: Cell::new(0),
            made_up: Cell::new(0),
            stranger_bytes: Cell::new(0),
            revoked_bytes: Cell::new(0),
            wrongs: RefCell::default(),
        }
    }

    fn check(&self, from: u32, number: u64) -> u64 {
        let mixed =
            (self.seed ^ u64::from(from) << 40 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    /// The next message of a sender; it is counted by [`note_sent`](Self::note_sent).
    pub(super) fn load(&self, from: u32) -> Load {
        let number = self.of(from).sent.get();
        Load { from, number, check: self.check(from, number) }
    }

    pub(super) fn note_sent(&self, from: u32) {
        let sent = &self.of(from).sent;
        sent.set(sent.get() + 1);
    }

    pub(super) fn loose(&self, from: u32) -> Loose {
        let sent = &self.of(from).loose_sent;
        let number = sent.replace(sent.get() + 1);
        Loose { from, number, check: self.check(from, number) }
    }

    /// A message of a stranger.
    pub(super) fn stranger(&self, from: u32) -> Load {
        Load { from, number: 0, check: self.check(from, 0) }
    }

    /// Takes what a handler sees.
    pub(super) fn take(&self, load: &Load) {
        let Some(direction) = self.known(load.from, load.check, load.number) else { return };
        let is_sent = load.number < direction.sent.get();
        let cell = if is_sent { &self.repeated } else { &self.made_up };
        if load.number != direction.next.get() {
            return cell.set(cell.get() + 1);
        }
        direction.next.set(load.number + 1);
        direction.handled.set(direction.handled.get() + 1);
    }

    pub(super) fn take_loose(&self, loose: &Loose) {
        let Some(direction) = self.known(loose.from, loose.check, loose.number) else { return };
        if loose.number >= direction.loose_sent.get() {
            return self.made_up.set(self.made_up.get() + 1);
        }
        let (mut seen, at) = (direction.loose_seen.borrow_mut(), loose.number as usize);
        if seen.len() <= at / 8 {
            seen.resize(at / 8 + 1, 0);
        }
        let bit = 1 << (at % 8);
        if seen[at / 8] & bit != 0 {
            self.repeated.set(self.repeated.get() + 1);
        }
        seen[at / 8] |= bit;
    }

    /// Whose it is, if it may be handled.
    fn known(&self, from: u32, check: u64, number: u64) -> Option<&Direction> {
        let add = |cell: &Cell<u64>, more| cell.set(cell.get() + more);
        if check != self.check(from, number) {
            add(&self.made_up, 1);
            return None;
        }
        let Some(direction) = self.directions.get(from as usize) else {
            add(&self.stranger_bytes, MESSAGE_BYTES);
            return None;
        };
        if direction.is_revoked.get() {
            add(&self.revoked_bytes, MESSAGE_BYTES);
        }
        Some(direction)
    }

    pub(super) fn set_revoked(&self, from: u32, is_revoked: bool) {
        self.of(from).is_revoked.set(is_revoked);
    }

    /// Has what is on its way not be expected any more: its connection has ended.
    pub(super) fn give_up(&self, from: u32) {
        let direction = self.of(from);
        let given_up = direction.sent.get() - direction.next.get();
        direction.given_up.set(direction.given_up.get() + given_up);
        direction.next.set(direction.sent.get());
    }

    /// How many messages of all senders were sent, and how many of those are still to be handled.
    pub(super) fn sent_and_missing(&self) -> (u64, u64) {
        let sum = |of: fn(&Direction) -> u64| self.directions.iter().map(of).sum::<u64>();
        let sent = sum(|direction| direction.sent.get() - direction.given_up.get());
        (sent, sent - sum(|direction| direction.handled.get()))
    }

    pub(super) fn note_wrong(&self, wrong: String) {
        self.wrongs.borrow_mut().push(wrong);
    }

    fn of(&self, from: u32) -> &Direction {
        &self.directions[from as usize]
    }
}
