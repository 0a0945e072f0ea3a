//! The seeded contents of a case: the same messages, receivers and order for every peer.

use std::ops::Range;

use super::case::Case;

/// Subscribers of the case `fanout`.
pub const SUBSCRIBERS: usize = 1_000;

/// Producer threads of the `prod4` cases.
pub const PRODUCERS: usize = 4;

/// Messages sent for each idle tick that is measured, so that the whole case takes about as
/// long as the others.
const MESSAGES_PER_IDLE_TICK: u64 = 20;

/// Of the cases with texts a message takes so much longer than of others, to make it up included.
const MESSAGES_PER_TEXT: u64 = 10;

/// The same for sequences of [`ITEMS`](super::wire::ITEMS) numbers.
const MESSAGES_PER_SEQUENCE: u64 = 1_000;

/// So many messages of a burst are one such sequence: at the usual burst four of them, which stay
/// in the second-level cache with their bytes.
const BURST_PER_SEQUENCE: u64 = 2_500;

const DEFAULT_ACTORS: u32 = 100_000;
/// Actors of `idle_tick`, and tasks.
const DEFAULT_IDLE_ACTORS: u32 = 10_000;

/// Entries of the table of contents, a power of two. Its 64 KiB stay in the second-level cache,
/// so making up a message costs next to nothing and does not hide the cost of dispatch.
const TABLE: usize = 4_096;

/// The random order of types of the case `mixed` starts again after so many messages, a power
/// of two. Processors learn an order of this length, so the case measures dispatch; in one
/// without end each mispredicted jump costs more than most of what is measured.
const KINDS: usize = 64;

/// The two words of a message.
#[derive(Clone, Copy)]
pub struct Contents {
    pub a: u64,
    pub b: u64,
}

/// Sebastiano Vigna's splitmix64: tiny, and good enough to make contents and receivers.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// Each of the eight types equally often, in random order.
    fn shuffled_kinds(&mut self) -> [u8; KINDS] {
        let mut kinds = std::array::from_fn(|index| (index % 8) as u8);
        for last in (1..KINDS).rev() {
            kinds.swap(last, self.below(last as u32 + 1) as usize);
        }
        kinds
    }
}

/// How much work was asked for on the command line.
pub struct Size {
    pub messages: u64,
    pub burst: u64,
    pub actors: Option<u32>,
    pub seed: u64,
}

/// The work of one case, made before any timing starts.
pub struct Load {
    /// Messages to send; ticks in `idle_tick` and of tasks.
    pub messages: u64,
    /// Messages to send before all of them must have been handled.
    pub burst: u64,
    /// Actors of the cases which have many.
    pub actors: usize,
    /// Handled messages, spawned actors, ticks or steps: what a time is divided by.
    pub operations: u64,
    table: Box<[Contents; TABLE]>,
    targets: Vec<u32>,
    kinds: [u8; KINDS],
}

impl Load {
    pub fn new(case: Case, size: &Size) -> Self {
        let mut random = SplitMix64(size.seed);
        let table =
            Box::new(std::array::from_fn(|_| Contents { a: random.next(), b: random.next() }));
        let default_actors = match case {
            Case::IdleTick | Case::TaskStep | Case::TaskWith => DEFAULT_IDLE_ACTORS,
            _ => DEFAULT_ACTORS,
        };
        let actors = size.actors.unwrap_or(default_actors);
        let subscribers = SUBSCRIBERS as u64;
        let producers = PRODUCERS as u64;
        let mut load = Self {
            messages: size.messages,
            burst: size.burst,
            actors: actors as usize,
            operations: size.messages,
            table,
            targets: Vec::new(),
            kinds: [0; KINDS],
        };
        match case {
            Case::Tell | Case::TellIter | Case::TellBudgeted | Case::Ask => {}
            Case::Encode16 | Case::Fields16 | Case::Decode16 | Case::FrameToHandler => {}
            Case::EncodeText | Case::FieldsText | Case::DecodeText => {
                load.messages = (size.messages / MESSAGES_PER_TEXT).max(1);
                load.operations = load.messages;
            }
            Case::EncodeVec | Case::DecodeVec => {
                load.messages = (size.messages / MESSAGES_PER_SEQUENCE).max(1);
                load.operations = load.messages;
                load.burst = (size.burst / BURST_PER_SEQUENCE).max(1);
            }
            Case::Fanout => {
                load.messages = size.messages / subscribers;
                load.operations = load.messages * subscribers;
                // A burst counts handled messages, so that queues stay as long as in other cases.
                load.burst = (size.burst / subscribers).max(1);
            }
            Case::Many => load.targets = (0..size.messages).map(|_| random.below(actors)).collect(),
            Case::Mixed => load.kinds = random.shuffled_kinds(),
            Case::Prod4Single | Case::Prod4Batched => {
                load.messages = size.messages / producers * producers;
                load.operations = load.messages;
            }
            Case::Spawn => {
                load.messages = 0;
                load.operations = u64::from(actors);
            }
            Case::IdleTick => {
                load.messages = (size.messages / MESSAGES_PER_IDLE_TICK).max(1);
                load.operations = load.messages;
            }
            Case::TaskStep | Case::TaskWith => {
                load.messages = (size.messages / u64::from(actors)).max(1);
                load.operations = load.messages * u64::from(actors);
            }
        }
        load
    }

    /// The message of that index. All differ, also those which share an entry of the table, so
    /// that a message which is lost, doubled or moved changes the checksum.
    #[inline(always)]
    pub fn message<M: From<Contents>>(&self, index: u64) -> M {
        self.contents(index).into()
    }

    #[inline(always)]
    pub fn contents(&self, index: u64) -> Contents {
        let Contents { a, b } = self.table[index as usize & (TABLE - 1)];
        let a = a.wrapping_add(index);
        Contents { a, b }
    }

    /// The receiver of that message in the case `many`.
    #[inline(always)]
    pub fn target(&self, index: u64) -> usize {
        self.targets[index as usize] as usize
    }

    /// The type of that message in the case `mixed`, 0 for A to 7 for H.
    #[inline(always)]
    pub fn kind(&self, index: u64) -> u8 {
        self.kinds[index as usize & (KINDS - 1)]
    }

    /// The messages' indices, a burst at a time.
    pub fn bursts(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        self.bursts_of(self.burst)
    }

    pub fn bursts_of(&self, burst: u64) -> impl Iterator<Item = Range<u64>> + use<> {
        let messages = self.messages;
        (0..messages).step_by(burst as usize).map(move |start| start..(start + burst).min(messages))
    }

    /// The indices of one producer's messages.
    pub fn produced_by(&self, producer: usize) -> Range<u64> {
        let share = self.messages / PRODUCERS as u64;
        let start = producer as u64 * share;
        start..start + share
    }
}
