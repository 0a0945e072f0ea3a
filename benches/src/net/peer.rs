//! What a library has to offer to be measured.

use std::{error::Error, time::Duration};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{
    case::Case,
    crowd,
    exchange::{self, Invited, Outcome},
    load::Load,
    message::{Handled, Message},
    runner::Variant,
    second::{Control, Second},
};

pub type Failure = Box<dyn Error + Send + Sync>;

/// What moves the datagrams, for libraries that leave a choice.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Carrier {
    /// UDP with segmentation offload where the system has it
    Udp,
    /// UDP without segmentation offload
    UdpPlain,
    /// laminar's unreliable packets
    Laminar,
    /// TCP
    Tcp,
    /// A simulated network, within one process only
    Memory,
}

impl Carrier {
    pub fn name(self) -> String {
        let value = self.to_possible_value().expect("no carrier is hidden from the command line");
        value.get_name().to_owned()
    }
}

/// One run, as both ends know it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Job {
    pub peer: String,
    pub carrier: Option<Carrier>,
    pub case: Case,
    pub load: Load,
    /// Connections to the end that listens.
    pub peers: usize,
    /// The processors of the first and the second process, if each keeps to one.
    pub processors: Option<[usize; 2]>,
}

/// Where to connect to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Invitation {
    pub address: std::net::SocketAddr,
    /// What the client has to trust; empty for libraries without certificates.
    pub certificate: Vec<u8>,
}

/// One end: it listens, or has connected `job.peers` times. It handles what arrives, typed, by
/// the handlers of [`Handled`].
pub trait End: Sized {
    /// # Errors
    /// Whatever keeps it from listening at a free port of the loopback interface.
    fn listen(job: &Job) -> Result<(Self, Invitation), Failure>;

    /// Begins to connect; may return before it has.
    fn connect(job: &Job, to: &Invitation) -> Result<Self, Failure>;

    /// How many connections stand.
    fn connected(&self) -> usize;

    /// Sends reliably and in order to one of the connections, those being numbered in no certain
    /// order. `false` if it would have to wait for something to arrive or to be flushed.
    fn send(&mut self, peer: usize, message: &Message) -> Result<bool, Failure>;

    /// Takes what has arrived, handles it, and does what is due.
    fn receive(&mut self) -> Result<(), Failure>;

    /// Gives to the network what was sent and may go.
    fn flush(&mut self) -> Result<(), Failure>;

    /// Waits until something has arrived or may be sent, but not longer than this.
    fn wait(&mut self, at_most: Duration) -> Result<(), Failure>;

    /// The application does nothing for this time. What the library does in the background goes
    /// on.
    fn pause(&mut self, time: Duration) -> Result<(), Failure> {
        std::thread::sleep(time);
        Ok(())
    }

    /// What the handlers have computed, over all connections.
    fn handled(&self) -> Handled;
}

/// A library which is measured. A new one is a file with an [`End`], such a constant, and its line
/// in `PEERS`.
pub struct Peer {
    pub name: &'static str,
    /// Its help text on the command line.
    pub about: &'static str,
    /// The crate in the lock file whose version the tables name.
    pub package: Option<&'static str>,
    /// What it can be measured over; empty if there is nothing to choose.
    pub carriers: &'static [Carrier],
    /// Whether it has the means for a case with such a load and carrier.
    pub has: fn(&Job) -> bool,
    /// The end that connects, in this process.
    pub connect: fn(&Job, &mut Second, &Invited) -> Result<Outcome, Failure>,
    /// The end that listens, in the second process.
    pub listen: fn(&Job, &mut Control) -> Result<(), Failure>,
    /// A server with many clients, in this process.
    pub crowd: fn(&Job) -> Result<crowd::Outcome, Failure>,
}

impl Peer {
    /// A library without a choice of carriers, that has the means for what `has` says.
    pub const fn new<E: End + 'static>(
        name: &'static str,
        about: &'static str,
        package: Option<&'static str>,
        has: fn(&Job) -> bool,
    ) -> Self {
        Self {
            name,
            about,
            package,
            carriers: &[],
            has,
            connect: exchange::connect::<E>,
            listen: exchange::listen::<E>,
            crowd: crowd::measure::<E>,
        }
    }

    /// Over each of its carriers.
    pub fn variants(&self) -> Vec<Variant<'_>> {
        if self.carriers.is_empty() {
            return vec![(self, None)];
        }
        self.carriers.iter().map(|carrier| (self, Some(*carrier))).collect()
    }
}
