//! A socket with all peers on it, and who serves it: the tick, the loop that waits, or a thread.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use pysage_core::transport::LinkId;

use super::poll::Waker;
use super::station::Station;
use crate::carrier::{Arrived, Batch, DatagramCarrier, Waits};
use crate::config::Service;
use crate::counters::NetCounters;
use crate::error::NetError;
use crate::event::DisconnectReason;
use crate::host::Host;

/// A line that several threads may serve.
pub(super) struct SharedLine {
    line: Mutex<Line>,
    /// What is waited for; the lock is held to take a copy.
    waits: Arc<Mutex<Waits>>,
    pub(super) service: Service,
    pub(super) station: Arc<Station>,
    /// Ends the wait of the thread that serves it, if there is one.
    pub(super) waker: Option<Waker>,
}

/// A socket with all peers on it.
pub(super) struct Line {
    pub(super) host: Host,
    carrier: Box<dyn DatagramCarrier>,
    /// What is waited for here, and which of all it is.
    waits: Arc<Mutex<Waits>>,
    waits_changed: u64,
    /// Time never goes back here, whoever serves it.
    latest: Instant,
    served_at: Instant,
    traffic_at: Option<Instant>,
    /// All that was there has been read just now, by the loop that waited.
    pub(super) is_read_out: bool,
    /// The loop was woken for what the host has to tell, and has not ticked since.
    pub(super) is_told: bool,
    /// Where the look-up of a peer's name has found it, or why it did not.
    pub(super) found: Option<(LinkId, Result<SocketAddr, DisconnectReason>)>,
    /// Until when the thread sleeps, if it does.
    pub(super) sleep: Option<Sleep>,
    /// Until when it is served after its transport is gone.
    pub(super) ends_at: Option<Instant>,
    reading: Failures,
    sending: Failures,
}

/// How the thread sleeps that serves a line.
#[derive(Clone, Copy)]
pub(super) struct Sleep {
    pub(super) until: Option<Instant>,
    /// Whether the sockets wake it, and which of all that is waited for they are.
    pub(super) for_socket: bool,
    pub(super) waits_changed: u64,
}

/// Errors of the socket, one after the other.
#[derive(Default)]
struct Failures {
    in_a_row: u32,
    last: Option<io::Error>,
}

/// While there is traffic a line is served this often at least.
pub(super) const SERVICE_INTERVAL: Duration = Duration::from_millis(4);

/// There is traffic when something was sent or received within this time: a few ticks of a game, and
/// more than most round trips.
const TRAFFIC: Duration = Duration::from_millis(100);

/// So many batches are read before others have their turn. A batch is a few dozen datagrams.
const MOST_BATCHES: usize = 32;

/// So many failures of a socket in a row are told. Fewer may pass by themselves, such as a network
/// that is down for a moment.
const MOST_FAILURES: u32 = 64;

impl SharedLine {
    pub(super) fn new(
        host: Host,
        carrier: Box<dyn DatagramCarrier>,
        service: Service,
        station: Arc<Station>,
        now: Instant,
    ) -> Result<Arc<SharedLine>, NetError> {
        let waits = Arc::new(Mutex::new(carrier.waits()));
        let waker = match service {
            Service::Thread => {
                Some(Waker::new().map_err(system("waiting for datagrams cannot be set up"))?)
            }
            Service::InTick => None,
        };
        let line = Line {
            host,
            waits: waits.clone(),
            waits_changed: carrier.waits_changed(),
            carrier,
            latest: now,
            served_at: now,
            traffic_at: None,
            is_read_out: false,
            is_told: false,
            found: None,
            sleep: None,
            ends_at: None,
            reading: Failures::default(),
            sending: Failures::default(),
        };
        let line = Mutex::new(line);
        let shared = Arc::new(SharedLine { line, waits, service, station, waker });
        shared.station.add(&shared);
        Ok(shared)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock()
    }

    pub(super) fn waits(&self) -> Waits {
        self.waits.lock().clone()
    }

    /// The time for whoever ticks: with a thread it is read anew, since the thread's goes on while
    /// a tick runs; without one it is the tick's.
    pub(super) fn time(&self, of_tick: Instant) -> Instant {
        match self.service {
            Service::Thread => Instant::now(),
            Service::InTick => of_tick,
        }
    }

    /// Has the thread look again if it sleeps longer than it should now. To be called behind each
    /// change by others, with the lock still held.
    pub(super) fn wake_sleeper(&self, line: &Line) {
        let Some(waker) = &self.waker else { return };
        let Some(sleep) = line.sleep else { return };
        let mut wanted = line.due(sleep.for_socket);
        if self.is_attended(line) {
            // Who waits for it does what is due, unless a tick takes longer than this.
            wanted = wanted.map(|wanted| wanted.max(line.latest + SERVICE_INTERVAL));
        }
        let oversleeps = match (wanted, sleep.until) {
            (Some(wanted), Some(until)) => wanted < until,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let waits_for_others = sleep.for_socket && sleep.waits_changed != line.waits_changed;
        if oversleeps || waits_for_others || line.ends_at.is_some() || line.found.is_some() {
            waker.wake();
        }
    }

    /// Whether the manager's loop serves it, so that the thread need not.
    pub(super) fn is_attended(&self, line: &Line) -> bool {
        line.ends_at.is_none() && self.station.is_attended()
    }

    /// Puts another carrier in place of the one there is.
    pub(super) fn replace(&self, line: &mut Line, carrier: Box<dyn DatagramCarrier>) {
        *self.waits.lock() = carrier.waits();
        line.waits_changed = carrier.waits_changed();
        line.carrier = carrier;
    }
}

impl Line {
    /// Takes note of the time, and returns it or the latest that was known before.
    pub(super) fn at(&mut self, now: Instant) -> Instant {
        self.latest = self.latest.max(now);
        self.latest
    }

    pub(super) fn latest(&self) -> Instant {
        self.latest
    }

    /// What the host and the carrier have counted.
    pub(super) fn counters(&self) -> NetCounters {
        let of_host = self.host.counters();
        let dropped = self.carrier.dropped();
        NetCounters {
            datagrams_received: of_host.datagrams_received + dropped,
            datagrams_dropped: of_host.datagrams_dropped + dropped,
            ..of_host
        }
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.carrier.local_addr()
    }

    /// Reads what has arrived, as far as it is not too much for one time; returns how many bytes.
    pub(super) fn read(&mut self, now: Instant) -> usize {
        self.read_part(now, usize::MAX).0
    }

    /// Reads until so many bytes have come, or there is no more, or it is too much for one time;
    /// returns how many bytes, and whether there may be more that can be read at once.
    pub(super) fn read_part(&mut self, now: Instant, enough_bytes: usize) -> (usize, bool) {
        let mut read_bytes = 0;
        for _ in 0..MOST_BATCHES {
            let (bytes, may_have_more) = self.read_batch(now);
            read_bytes += bytes;
            if !may_have_more || read_bytes >= enough_bytes {
                return (read_bytes, may_have_more);
            }
        }
        (read_bytes, false)
    }

    /// Reads a batch of what has arrived; returns how many bytes, and whether there may be more.
    fn read_batch(&mut self, now: Instant) -> (usize, bool) {
        match self.found.take() {
            Some((link, Ok(address))) => self.host.reach(now, link, address),
            Some((link, Err(reason))) => self.host.give_up(now, link, reason),
            None => {}
        }
        let Line { host, carrier, .. } = self;
        let (mut arrived, mut read_bytes) = (false, 0);
        let batch = carrier.receive(now, &mut |it| {
            arrived = true;
            if let Arrived::Datagram { bytes, .. } = it {
                read_bytes += bytes.len();
            }
            host.arrived(now, it);
        });
        if arrived {
            self.traffic_at = Some(now);
        }
        let may_have_more = match batch {
            Ok(Batch::More) => true,
            Ok(Batch::All) => {
                self.reading = Failures::default();
                false
            }
            Err(error) => {
                self.reading.note(error);
                false
            }
        };
        (read_bytes, may_have_more)
    }

    /// Does what is due, and sends what can leave now.
    pub(super) fn transmit(&mut self, now: Instant) {
        let sent = self.host.counters().datagrams_sent;
        match self.host.transmit(now, &mut *self.carrier) {
            Ok(()) => self.sending = Failures::default(),
            Err(error) => self.sending.note(error),
        }
        if self.host.counters().datagrams_sent != sent {
            self.traffic_at = Some(now);
        }
        self.served_at = now;
        let changed = self.carrier.waits_changed();
        if changed != self.waits_changed {
            self.waits_changed = changed;
            *self.waits.lock() = self.carrier.waits();
        }
    }

    pub(super) fn waits_changed(&self) -> u64 {
        self.waits_changed
    }

    /// Whether nobody is left on it, and nothing that is about to end.
    pub(super) fn is_over(&mut self) -> bool {
        self.host.is_closed() && self.carrier.streams().is_none_or(|streams| streams.is_quiet())
    }

    /// When it is to be served next, if nothing arrives before. Where nobody watches the socket, it
    /// has to be looked at now and then.
    pub(super) fn due(&self, watched: bool) -> Option<Instant> {
        let look_at = if watched { None } else { self.look_at() };
        let times = [self.host.wake_at(), self.carrier.arrives_at(), self.ends_at, look_at];
        times.into_iter().flatten().min()
    }

    /// When it is to be looked at next although nothing is due; `None` without traffic.
    pub(super) fn look_at(&self) -> Option<Instant> {
        let has_traffic =
            self.traffic_at.is_some_and(|at| self.latest.duration_since(at) < TRAFFIC);
        has_traffic.then(|| self.served_at + SERVICE_INTERVAL)
    }

    /// Has the next tick tell of an error.
    pub(super) fn fail(&mut self, cause: io::Error) {
        self.reading = Failures { in_a_row: MOST_FAILURES, last: Some(cause) };
    }

    /// The error of a socket that has failed too often, once.
    pub(super) fn take_failure(&mut self) -> Option<NetError> {
        let cause = self.reading.tell().or_else(|| self.sending.tell())?;
        Some(NetError::SocketFails { address: self.carrier.local_addr(), cause })
    }
}

impl Failures {
    fn note(&mut self, error: io::Error) {
        // Beyond that it was told; it is told again once the socket has worked in between.
        if self.in_a_row < MOST_FAILURES {
            self.in_a_row += 1;
            self.last = Some(error);
        }
    }

    fn tell(&mut self) -> Option<io::Error> {
        if self.in_a_row < MOST_FAILURES { None } else { self.last.take() }
    }
}

pub(super) fn system(what: &'static str) -> impl Fn(io::Error) -> NetError {
    move |cause| NetError::System { what, cause }
}
