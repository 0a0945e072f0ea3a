//! A run in simulated time: from event to event, whoever has something ticks.

use std::io::IsTerminal;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pysage_net::sim::{Bottleneck, SimNetwork};
use pysage_net::{BoxError, ManualClock};

use super::Options;
use super::flow::{End, Setup, address};
use super::ledger::Shared;

/// A run in progress.
pub(super) struct Run {
    pub(super) options: Options,
    pub(super) seed: u64,
    pub(super) network: SimNetwork,
    /// There and back, if the bandwidth is limited.
    pub(super) bottlenecks: Option<[Bottleneck; 2]>,
    pub(super) shared: Rc<Shared>,
    /// The two ends of each flow, one behind the other.
    pub(super) ends: Vec<End>,
    /// What each flow had delivered when the first of them was done, in body bytes.
    pub(super) bytes_while_all_ran: Option<Vec<u64>>,
    pub(super) wrongs: Vec<String>,
    clock: ManualClock,
    /// When each end has to tick.
    due: Vec<Option<Instant>>,
    blackouts: Blackouts,
    /// When all connections break off next, and how often they have.
    cut_at: Option<Instant>,
    pub(super) cuts: u64,
    interrupted: Arc<AtomicBool>,
    ticks: Ticks,
}

/// When nothing gets through.
enum Blackouts {
    None,
    /// One, once half has got through.
    InMidSend(Duration),
    /// From the start of sending on: how long, how often, and when the current or next one ends.
    Every(Duration, Duration, Option<Instant>),
}

/// Guards against ends that tick for ever at one time, and says now and then how far it is.
struct Ticks {
    at: Instant,
    at_this_time: u32,
    count: u64,
    told_at: Instant,
    tells: bool,
}

/// Why a run stopped to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// What was waited for has come.
    Reached,
    /// It has not.
    TimedOut,
    /// It has not, and nobody has anything left to do.
    Ended,
}

/// A handshake takes no longer, or it has failed.
const CONNECT_TIME: Duration = Duration::from_secs(70);

/// If nothing arrives for so long, nothing will: longer than the idle time-out.
const STALL_TIME: Duration = Duration::from_secs(120);

/// What may be lost has arrived so long behind the last one, or is lost.
const QUIET_TIME: Duration = Duration::from_secs(2);

/// What comes too late, or twice, comes within this time behind the rest.
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// No end has so much to do that it ticks more often at one time.
const MOST_TICKS_AT_A_TIME: u32 = 1_000_000;

impl Run {
    pub(super) fn new(
        options: &Options,
        seed: u64,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Run, BoxError> {
        let (clock, network) = (ManualClock::new(), SimNetwork::new(seed));
        let shared = Rc::new(Shared::new(clock.now()));
        let bottlenecks = options.bottlenecks();
        let setup =
            Setup { shared: shared.clone(), clock: &clock, network: &network, options, seed };
        let mut ends = Vec::new();
        for flow in 0..options.flows {
            for end in [0, 1_u8] {
                let [from, to] = [end, 1 - end].map(|end| address(flow, end));
                let bottleneck = bottlenecks.as_ref().map(|each| &each[usize::from(end)]);
                network.set_way(from, to, options.conditions(bottleneck));
            }
            ends.extend(setup.flow(flow, options.plan(), options.two_way)?);
        }
        Ok(Run {
            options: options.clone(),
            seed,
            network,
            bottlenecks,
            due: vec![Some(clock.now()); ends.len()],
            blackouts: Blackouts::of(options),
            cut_at: None,
            cuts: 0,
            ticks: Ticks::new(clock.now()),
            shared,
            ends,
            bytes_while_all_ran: None,
            wrongs: Vec::new(),
            clock,
            interrupted,
        })
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Connects all flows, has them send, and waits for what was sent to arrive.
    pub(super) fn play(&mut self) -> Result<(), BoxError> {
        let connected = |run: &Run| run.ends.iter().all(|end| end.line.peer.get().is_some());
        if self.play_until(|_| CONNECT_TIME, connected)? != Stop::Reached {
            self.wrongs.push(format!("not all flows were connected in {CONNECT_TIME:?}"));
            return Ok(());
        }
        self.shared.sends.set(true);
        let now = self.now();
        self.due.fill(Some(now));
        if self.play_until(Run::patience, Run::is_over)? == Stop::TimedOut {
            self.wrongs.push(format!("nothing has arrived any more for {STALL_TIME:?}"));
        }
        Ok(())
    }

    /// Lets time pass for what comes late or twice.
    pub(super) fn drain(&mut self) -> Result<(), BoxError> {
        let until = self.now() - self.shared.epoch
            + DRAIN_TIME
            + 2 * (self.options.latency() + self.options.jitter());
        self.play_until(|_| until, |_| false).map(|_| ())
    }

    /// Plays until something is so, or until a time since the epoch.
    fn play_until(
        &mut self,
        until: impl Fn(&Run) -> Duration,
        is_so: impl Fn(&Run) -> bool,
    ) -> Result<Stop, BoxError> {
        while !is_so(self) {
            if self.interrupted.load(Ordering::Relaxed) {
                self.stop_sending();
            }
            let due = (0..).zip(&self.due).filter_map(|(end, due)| Some(((*due)?, end)));
            let Some((at, end)) = due.min() else { return Ok(Stop::Ended) };
            let deadline = self.shared.epoch + until(self);
            if at > deadline {
                self.clock.advance_to(deadline);
                return Ok(Stop::TimedOut);
            }
            self.clock.advance_to(at);
            self.blackouts.pass(self.clock.now(), &self.shared, &self.network, &self.options);
            self.cut(self.clock.now());
            self.tick(end)?;
        }
        Ok(Stop::Reached)
    }

    /// Breaks all connections off, if it is time, as long as something is to arrive.
    fn cut(&mut self, now: Instant) {
        let every = self.options.cut_every();
        let (Some(first), false) = (self.shared.first_sent_at.get(), every.is_zero()) else {
            return;
        };
        if *self.cut_at.get_or_insert(first + every) <= now && !self.is_over() {
            self.cut_at = Some(now + every);
            self.cuts += 1;
            self.network.break_off(now);
            self.due.fill(Some(now));
        }
    }

    /// Has an end tick, and finds out when it and its peer have to tick next.
    fn tick(&mut self, end: usize) -> Result<(), BoxError> {
        let now = self.clock.now();
        self.ticks.pass(now, &self.shared, &self.options)?;
        self.ends[end].manager.tick()?;
        self.due[end] = self.ends[end].wakes_at(&self.shared).map(|at| at.max(now));
        let peer = end ^ 1;
        let arrives_at = self.ends[peer].port.next_arrival();
        self.due[peer] = [self.due[peer], arrives_at].into_iter().flatten().min();
        if self.bytes_while_all_ran.is_none() && self.shared.one_is_done.get() {
            self.bytes_while_all_ran = Some(self.delivered_bytes());
        }
        Ok(())
    }

    /// What each flow has delivered, in body bytes.
    pub(super) fn delivered_bytes(&self) -> Vec<u64> {
        let of_end =
            |end: &End| end.outgoing.as_ref().map_or(0, |it| it.borrow().delivered_bytes());
        self.ends.chunks(2).map(|flow| flow.iter().map(of_end).sum()).collect()
    }

    fn stop_sending(&mut self) {
        let shared = &self.shared;
        let outgoing = self.ends.iter().filter_map(|end| end.outgoing.as_ref());
        outgoing.for_each(|outgoing| outgoing.borrow_mut().stop(shared));
    }

    /// Whether all was sent, and what was sent has arrived as far as it will.
    fn is_over(&self) -> bool {
        let shared = &self.shared;
        if shared.sending.get() > 0 {
            return false;
        }
        let (Some(sent_at), now) = (shared.last_sent_at.get(), self.clock.now()) else {
            return true;
        };
        if !self.interrupted.load(Ordering::Relaxed) && now < sent_at + self.options.tail() {
            return false;
        }
        if self.options.plan().is_reliable() {
            shared.delivered.get() + shared.reported.get() >= shared.sent.get()
        } else {
            let last_at = shared.last_delivered_at.get().max(Some(sent_at)).unwrap_or(sent_at);
            now >= last_at + QUIET_TIME + self.options.latency() + self.options.jitter()
        }
    }

    /// Until when something more is waited for, since the epoch.
    fn patience(&self) -> Duration {
        let shared = &self.shared;
        let sent_at = shared.last_sent_at.get().map(|at| at + self.options.tail());
        let last_at = sent_at.max(shared.last_delivered_at.get()).unwrap_or(shared.epoch);
        last_at - shared.epoch + STALL_TIME
    }
}

impl Blackouts {
    fn of(options: &Options) -> Blackouts {
        match (options.blackout(), options.blackout_every()) {
            (Duration::ZERO, _) => Blackouts::None,
            (time, Duration::ZERO) => Blackouts::InMidSend(time),
            (time, every) => Blackouts::Every(time, every, None),
        }
    }

    /// Sets the next one, once that can be known.
    fn pass(&mut self, now: Instant, shared: &Shared, network: &SimNetwork, options: &Options) {
        match self {
            Blackouts::None => {}
            Blackouts::InMidSend(time) => {
                let half = options.all_messages().div_ceil(2);
                let is_reliable = options.plan().is_reliable();
                let through = if is_reliable { shared.delivered.get() } else { shared.sent.get() };
                if through >= half {
                    network.black_out(now..now + *time);
                    *self = Blackouts::None;
                }
            }
            Blackouts::Every(time, every, ends_at) => {
                let Some(start) = shared.first_sent_at.get() else { return };
                while ends_at.is_none_or(|ends_at| ends_at <= now) {
                    let begins_at = ends_at.map_or(start, |ends_at| ends_at - *time) + *every;
                    network.black_out(begins_at..begins_at + *time);
                    *ends_at = Some(begins_at + *time);
                }
            }
        }
    }
}

impl Ticks {
    fn new(at: Instant) -> Ticks {
        let tells = std::io::stderr().is_terminal();
        Ticks { at, at_this_time: 0, count: 0, told_at: Instant::now(), tells }
    }

    fn pass(&mut self, now: Instant, shared: &Shared, options: &Options) -> Result<(), BoxError> {
        if self.at != now {
            (self.at, self.at_this_time) = (now, 0);
        }
        self.at_this_time += 1;
        self.count += 1;
        if self.at_this_time > MOST_TICKS_AT_A_TIME {
            let elapsed = now - shared.epoch;
            return Err(format!("time stands still at {elapsed:?}: an end ticks for ever").into());
        }
        if self.tells && self.count.is_multiple_of(4_096) && self.told_at.elapsed().as_secs() >= 1 {
            self.told_at = Instant::now();
            let (sent, delivered) = (shared.sent.get(), shared.delivered.get());
            let (all, seconds) = (options.all_messages(), (now - shared.epoch).as_secs_f64());
            eprintln!("soak: {seconds:.1} virtual s, {sent} of {all} sent, {delivered} delivered");
        }
        Ok(())
    }
}
