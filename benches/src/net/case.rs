//! The cases, by the names they have on the command line and in the report, and what the two ends
//! do in each.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// 62.5 Hz, a common rate of games.
pub const TICK: Duration = Duration::from_millis(16);

/// What is measured. The doc comments are the help texts of the command line.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Case {
    /// Messages one way, reliable and ordered, as fast as the peer takes them
    Burst,
    /// As burst, with messages of 16 to 1,000 bytes
    Mixed,
    /// A message there and back, one at a time
    RoundTrip,
    /// From the call that connects until the connection stands, each run once
    Handshake,
    /// Messages one way through 10 ms of delay and loss: seconds from the first one sent to the
    /// last one handled
    Lossy,
    /// As lossy, and both ends look at the network every 16 ms only
    #[value(name = "lossy_16ms")]
    Lossy16ms,
    /// 62.5 messages a second both ways through 10 ms of delay and loss: microseconds from sending
    /// to handling, and the datagrams that takes
    Game,
    /// Heap bytes that a server holds for each connected peer which has sent nothing yet
    Memory,
    /// The same, after each peer has sent and received many messages
    MemoryAfterBulk,
    /// Microseconds a server takes to look after idle peers once
    IdlePoll,
}

/// How one end sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sends {
    Nothing,
    /// As many at a time as the peer takes.
    AsFastAsTaken,
    /// One after each of these times.
    Every(Duration),
    /// The next one when the one before has come back.
    OneByOne,
    /// Each message that came, back.
    Echo,
}

/// What one end does.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    pub sends: Sends,
    /// Whether the other end sends, or echoes, all messages to this one.
    pub receives: bool,
    /// Looks at the network only so often, or as soon as something has come.
    pub tick: Option<Duration>,
}

impl Case {
    pub fn name(self) -> String {
        let value = self.to_possible_value().expect("no case is hidden from the command line");
        value.get_name().to_owned()
    }

    /// What the end does that connects.
    pub fn client(self) -> Script {
        let (sends, receives) = match self {
            Self::RoundTrip => (Sends::OneByOne, true),
            Self::Game => (Sends::Every(TICK), true),
            _ => (Sends::AsFastAsTaken, false),
        };
        Script { sends, receives, tick: self.tick() }
    }

    /// What the end does that listens.
    pub fn server(self) -> Script {
        let sends = match self {
            Self::RoundTrip => Sends::Echo,
            Self::Game => Sends::Every(TICK),
            _ => Sends::Nothing,
        };
        Script { sends, receives: true, tick: self.tick() }
    }

    fn tick(self) -> Option<Duration> {
        (self == Self::Lossy16ms).then_some(TICK)
    }

    pub fn is_between_processes(self) -> bool {
        !matches!(self, Self::Memory | Self::MemoryAfterBulk | Self::IdlePoll)
    }

    /// Whether all goes through a relay that delays and loses.
    pub fn is_relayed(self) -> bool {
        matches!(self, Self::Lossy | Self::Lossy16ms | Self::Game)
    }

    /// Whether each process keeps to a processor of its own. Where most of the time is waiting,
    /// the relay needs one as well.
    pub fn is_pinned(self) -> bool {
        matches!(self, Self::Burst | Self::Mixed | Self::RoundTrip | Self::Handshake)
    }

    pub fn is_one_way_with_loss(self) -> bool {
        matches!(self, Self::Lossy | Self::Lossy16ms)
    }

    /// The rates of loss that make a row each, unless one is given.
    pub fn losses(self) -> &'static [f64] {
        match self {
            Self::Lossy | Self::Lossy16ms => &[0.01, 0.05, 0.2],
            Self::Game => &[0.05],
            _ => &[],
        }
    }

    pub fn default_messages(self) -> u64 {
        match self {
            Self::Burst => 1_000_000,
            Self::Mixed => 200_000,
            Self::RoundTrip => 20_000,
            Self::Handshake => 1,
            Self::Lossy | Self::Lossy16ms => 10_000,
            Self::Game => 250,
            // Of each peer, there and back.
            Self::Memory | Self::MemoryAfterBulk => 4_096,
            // Polls.
            Self::IdlePoll => 2_000,
        }
    }

    pub fn default_peers(self) -> usize {
        match self {
            Self::Memory | Self::IdlePoll => 1_000,
            Self::MemoryAfterBulk => 100,
            _ => 1,
        }
    }
}
