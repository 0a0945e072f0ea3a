//! What is measured between groups.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Case {
    /// Messages from the parent to a child, as fast as they are taken
    OneWay,
    /// One message there and one back, again and again, at tick intervals of 1 and 30 ms
    RoundTrip,
    /// The same between two children: directly, and with the parent passing each message on
    ChildToChild,
    /// From the call until a child is ready
    Spawn,
    /// The same while the parent has 1 GiB in use
    #[value(name = "spawn_1gib")]
    Spawn1Gib,
    /// From SIGKILL of a child until its parent has handled that it is gone
    Death,
    /// From SIGKILL of a child until its parent has handled that its successor is ready
    Restart,
    /// The share of a processor that a child takes which has nothing to do, at a tick of 30 ms
    IdleCpu,
    /// How much memory a parent takes that sends to a child which handles nothing
    SlowConsumer,
    /// As one_way, to a thread of the same process
    Thread,
}

/// How much of a case is done in one run.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub case: Case,
    /// The fields of each message: its number, and a body.
    pub bytes: usize,
    /// Messages, round trips, or children.
    pub n: u64,
    pub seed: u64,
    /// For cases whose length is a time.
    pub seconds: u64,
}

/// As many messages of each size as take some tenths of a second a run for the slowest peers, and
/// some hundredths for the quickest.
const ONE_WAY: [(usize, u64); 4] =
    [(64, 1_000_000), (1 << 10, 400_000), (64 << 10, 10_000), (1 << 20, 800)];

/// Bytes of a run at another size.
const OTHER_RUN_BYTES: u64 = 400 << 20;

/// The largest message of [`Case::OneWay`].
pub const MOST_BYTES: u64 = 8 << 20;

impl Case {
    /// Its name on the command line and in the report.
    pub fn name(self) -> String {
        let value = self.to_possible_value().expect("no case is hidden from the command line");
        value.get_name().to_owned()
    }

    /// The sizes that are measured, with as much work as takes about so many seconds.
    pub fn loads(self, bytes: Option<usize>, seconds: u64, seed: u64) -> Vec<Load> {
        let load = |(bytes, n)| Load { case: self, bytes, n, seed, seconds };
        match (self, bytes) {
            (Case::OneWay, None) => ONE_WAY.map(|(bytes, n)| load((bytes, n * seconds))).into(),
            (Case::Thread, None) => vec![load((64, 4_000_000 * seconds))],
            (Case::OneWay | Case::Thread, Some(bytes)) => {
                let known = ONE_WAY.iter().find(|(known, _)| *known == bytes);
                let n = known.map_or(OTHER_RUN_BYTES / bytes as u64, |(_, n)| *n);
                let n = if self == Case::Thread { 4 * n } else { n };
                vec![load((bytes, n * seconds))]
            }
            (Case::RoundTrip | Case::ChildToChild, _) => vec![load((64, 20_000 * seconds))],
            (Case::Spawn | Case::Spawn1Gib | Case::Death | Case::Restart, _) => {
                vec![load((0, 40 * seconds))]
            }
            (Case::IdleCpu, _) => vec![load((0, 0))],
            (Case::SlowConsumer, bytes) => vec![load((bytes.unwrap_or(64), 0))],
        }
    }
}
