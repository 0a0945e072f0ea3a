//! The network, over a simulated one.

mod check;
mod figures;
mod flow;
mod ledger;
mod load;
mod run;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clap::value_parser;
use pysage_net::sim::{Bottleneck, Conditions, SimPort};
use pysage_net::{BoxError, Delivery};

use figures::Figures;
use ledger::Plan;
use run::Run;

/// Sends messages over a simulated network in simulated time, and checks each that arrives.
///
/// Where a flag is left out there is none of that impairment or limit. The same seed gives the same
/// run.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How many messages each flow sends, in each direction that sends
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u64).range(1..))]
    messages: u64,
    /// How they are delivered
    #[arg(long, value_enum, default_value_t = AsDelivery::ReliableOrdered)]
    delivery: AsDelivery,
    /// How many bytes the body of a message has, with its number in it if it has 8 or more
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(1..=1 << 20))]
    bytes: u32,
    /// Which share of the datagrams is lost, 0 to 1. Over tcp: which share of the packets has to be
    /// sent again by the system, so that each of them and all behind it comes later by 200 ms, or two
    /// latencies if that is more
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    loss: f64,
    /// Which share of the datagrams arrives twice; not over tcp, which hides it
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    duplicate: f64,
    /// Which share of the datagrams is held back by up to the latency, and so overtaken by others; not
    /// over tcp, which hides it
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    reorder: f64,
    /// How long a datagram takes, one way
    #[arg(long, default_value_t = 0.0, value_parser = milliseconds)]
    latency_ms: f64,
    /// Up to how long it takes in addition; over tcp what was sent behind it waits for it
    #[arg(long, default_value_t = 0.0, value_parser = milliseconds)]
    jitter_ms: f64,
    /// The bandwidth that all flows share, in each direction, in 1,000 bit/s
    #[arg(long, default_value_t = 0)]
    bandwidth_kbps: u64,
    /// How many bytes wait for the bandwidth at most; what finds no room is dropped, or over tcp waits
    /// where it was written
    #[arg(long, default_value_t = 0)]
    queue_bytes: usize,
    /// Over how many streams the messages are spread
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u8).range(1..=i64::from(load::STREAMS)))]
    streams: u8,
    /// How many pairs of peers there are
    #[arg(long, default_value_t = 1, value_parser = flows)]
    flows: usize,
    /// For how long nothing gets through, in both directions: once in mid-send. Over tcp what is
    /// written meanwhile comes behind that
    #[arg(long, default_value_t = 0.0, value_parser = milliseconds)]
    blackout_ms: f64,
    /// How often that happens instead, from the first message on
    #[arg(long, default_value_t = 0.0, value_parser = milliseconds)]
    blackout_every_ms: f64,
    /// Over tcp, how often all connections break off, from the first message on: what is on its way is
    /// lost, and what is not known to have arrived is reported, in reported_undelivered if it did not.
    /// The flows connect anew, and go on with the messages that were not sent before; none is sent
    /// twice
    #[arg(long, default_value_t = 0.0, value_parser = milliseconds)]
    cut_every_ms: f64,
    /// For how long there is silence behind the last message
    #[arg(long, default_value_t = 0.0, value_parser = milliseconds)]
    tail_ms: f64,
    /// How many messages are sent in a second; 0 for as fast as they are taken
    #[arg(long, default_value_t = 0.0, value_parser = rate)]
    rate_hz: f64,
    /// Has both ends of a flow send
    #[arg(long)]
    two_way: bool,
    /// All that is left to chance follows from this; the time unless given
    #[arg(long)]
    seed: Option<u64>,
    /// What carries the datagrams: as they are, as over UDP; in laminar's framing; or as frames on
    /// simulated byte streams, as over TCP, that split and join what is written
    #[arg(long, value_enum, default_value_t = Framing::Udp)]
    carrier: Framing,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum AsDelivery {
    Unreliable,
    Sequenced,
    ReliableUnordered,
    ReliableOrdered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Framing {
    #[value(alias = "memory")]
    Udp,
    Laminar,
    Tcp,
}

/// Plays the soak; whether all promises held.
pub(crate) fn soak(options: &Options) -> Result<bool, BoxError> {
    let begun = Instant::now();
    if options.blackout_every_ms > 0.0 && options.blackout_every_ms <= options.blackout_ms {
        return Err("--blackout-every-ms has to be above --blackout-ms".into());
    }
    options.check_carrier()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = options.seed.unwrap_or_else(|| now.map_or(0, |now| u64::from(now.subsec_nanos())));
    let interrupted = Arc::new(AtomicBool::new(false));
    let told = interrupted.clone();
    ctrlc::set_handler(move || told.store(true, Ordering::Relaxed))?;
    let mut run = Run::new(options, seed, interrupted)?;
    run.play()?;
    let over_at = run.now();
    run.drain()?;
    let figures = Figures::of(&run, over_at, begun);
    let mut wrongs = std::mem::take(&mut run.wrongs);
    wrongs.extend(figures.wrongs(&run));
    for wrong in &wrongs {
        eprintln!("soak: {wrong}");
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&figures)?)?;
    Ok(wrongs.is_empty())
}

impl Options {
    /// What each direction sends.
    fn plan(&self) -> Plan {
        Plan {
            messages: self.messages,
            bytes: self.bytes as usize,
            streams: self.streams,
            delivery: self.delivery.into(),
            rate_hz: self.rate_hz,
        }
    }

    /// What all directions of all flows send.
    fn all_messages(&self) -> u64 {
        self.messages * self.flows as u64 * if self.two_way { 2 } else { 1 }
    }

    /// Whether the flags are about what this carrier has.
    fn check_carrier(&self) -> Result<(), BoxError> {
        let by_streams = self.carrier == Framing::Tcp;
        if by_streams && (self.duplicate > 0.0 || self.reorder > 0.0) {
            return Err(
                "--duplicate and --reorder are about datagrams: over tcp the system hides \
                        both; --jitter-ms and --loss delay what is sent"
                    .into(),
            );
        }
        if !by_streams && self.cut_every_ms > 0.0 {
            return Err("--cut-every-ms is about connections, which only tcp has".into());
        }
        if self.cut_every_ms > 0.0 && self.bytes < 8 {
            return Err(
                "--cut-every-ms needs --bytes of 8 or more: what arrives behind a gap is told \
                        apart by the number in it"
                    .into(),
            );
        }
        Ok(())
    }

    /// A port for this carrier.
    fn framed(&self, port: SimPort) -> SimPort {
        match self.carrier {
            Framing::Udp => port,
            Framing::Laminar => port.framed_by_laminar(),
            Framing::Tcp => port.by_streams(),
        }
    }

    /// Whether a peer may go although nobody has disconnected it.
    fn may_part(&self) -> bool {
        self.cut_every_ms > 0.0 || self.blackout() >= flow::IDLE_TIMEOUT
    }

    fn bits_per_second(&self) -> Option<u64> {
        (self.bandwidth_kbps > 0).then(|| self.bandwidth_kbps.saturating_mul(1_000))
    }

    /// One for each direction.
    fn bottlenecks(&self) -> Option<[Bottleneck; 2]> {
        let bits_per_second = self.bits_per_second()?;
        Some([(); 2].map(|()| match self.queue_bytes {
            0 => Bottleneck::new(bits_per_second),
            bytes => Bottleneck::new(bits_per_second).queue_bytes(bytes),
        }))
    }

    fn conditions(&self, bottleneck: Option<&Bottleneck>) -> Conditions {
        let conditions = Conditions::new()
            .loss(self.loss)
            .duplicate(self.duplicate)
            .reorder(self.reorder)
            .latency(self.latency())
            .jitter(self.jitter());
        match bottleneck {
            Some(bottleneck) => conditions.through(bottleneck),
            None => conditions,
        }
    }

    fn latency(&self) -> Duration {
        from_ms(self.latency_ms)
    }

    fn jitter(&self) -> Duration {
        from_ms(self.jitter_ms)
    }

    fn blackout(&self) -> Duration {
        from_ms(self.blackout_ms)
    }

    fn blackout_every(&self) -> Duration {
        from_ms(self.blackout_every_ms)
    }

    fn cut_every(&self) -> Duration {
        from_ms(self.cut_every_ms)
    }

    fn tail(&self) -> Duration {
        from_ms(self.tail_ms)
    }
}

impl From<AsDelivery> for Delivery {
    fn from(delivery: AsDelivery) -> Delivery {
        match delivery {
            AsDelivery::Unreliable => Delivery::Unreliable,
            AsDelivery::Sequenced => Delivery::Sequenced,
            AsDelivery::ReliableUnordered => Delivery::ReliableUnordered,
            AsDelivery::ReliableOrdered => Delivery::ReliableOrdered,
        }
    }
}

/// Times of a run are a year at most.
const MOST_MS: f64 = 365.0 * 86_400e3;

fn from_ms(ms: f64) -> Duration {
    Duration::from_secs_f64(ms / 1e3)
}

fn share(text: &str) -> Result<f64, String> {
    number(text, 0.0, 1.0)
}

fn milliseconds(text: &str) -> Result<f64, String> {
    number(text, 0.0, MOST_MS)
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, 0.0, 1e9)
}

fn flows(text: &str) -> Result<usize, String> {
    number(text, 1.0, 1_000.0).and_then(|_| text.parse().map_err(|_| "a whole number".to_owned()))
}

fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let is_within = (least..=most).contains(&number);
    is_within.then_some(number).ok_or_else(|| format!("it has to be from {least} to {most}"))
}
