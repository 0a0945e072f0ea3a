//! A bottleneck in virtual time with flows through it, each sent by a [`Congestion`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::flow::{Flow, Plan};

/// The way that all flows share, the same in both directions but for the bottleneck: acks are small.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Bits in a second, 0: as many as you like.
    pub(super) bandwidth: f64,
    pub(super) queue_bytes: f64,
    pub(super) latency: Duration,
    /// Added to the latency, uniform from 0 to this.
    pub(super) jitter: Duration,
    /// The share that is lost behind the bottleneck, and of the acks.
    pub(super) loss: f64,
    /// The share that is held back for up to a whole latency more.
    pub(super) reordered: f64,
    /// Nothing gets through between these two.
    pub(super) blackout: (Duration, Duration),
    /// Above this the bottleneck marks, 0: never.
    pub(super) mark_above_bytes: f64,
    /// How often each end looks at its socket, zero: at once.
    pub(super) service: Duration,
}

impl Way {
    pub(super) fn new(bandwidth_kbps: u32, queue_bytes: u32, latency_ms: u64) -> Way {
        Way {
            bandwidth: f64::from(bandwidth_kbps) * 1e3,
            queue_bytes: f64::from(queue_bytes),
            latency: Duration::from_millis(latency_ms),
            jitter: Duration::ZERO,
            loss: 0.0,
            reordered: 0.0,
            blackout: (Duration::ZERO, Duration::ZERO),
            mark_above_bytes: 0.0,
            service: Duration::ZERO,
        }
    }

    pub(super) fn reorders(&self) -> bool {
        !self.jitter.is_zero() || self.reordered > 0.0
    }
}

/// What happens next to which flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Arrived {
        flow: usize,
        number: usize,
        marked: bool,
    },
    AckDue {
        flow: usize,
        since: usize,
    },
    /// An ack of all that had arrived when so many had.
    Acked {
        flow: usize,
        arrived: usize,
        marked: u64,
        delay: Duration,
    },
    Wake {
        flow: usize,
    },
}

/// splitmix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

pub(super) struct Simulation {
    pub(super) start: Instant,
    pub(super) now: Duration,
    way: Way,
    random: Random,
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    order: u64,
    bottleneck_free_at: Duration,
    /// When in each period the senders and the receivers look at their sockets.
    phases: (Duration, Duration),
    last_arrivals: [Duration; 2],
    pub(super) offered: u64,
    pub(super) dropped: u64,
    /// How long each datagram stood in the queue, in ms.
    pub(super) queue_delays_ms: Vec<f64>,
    pub(super) flows: Vec<Flow>,
}

impl Simulation {
    /// So that no two seeds are the same.
    const LEAST_JITTER: Duration = Duration::from_micros(20);

    pub(super) fn new(seed: u64, way: Way, plans: &[Plan]) -> Simulation {
        let start = Instant::now();
        let mut simulation = Simulation {
            start,
            now: Duration::ZERO,
            way,
            random: Random::new(seed),
            events: BinaryHeap::new(),
            order: 0,
            bottleneck_free_at: Duration::ZERO,
            last_arrivals: [Duration::ZERO; 2],
            phases: (Duration::ZERO, Duration::ZERO),
            offered: 0,
            dropped: 0,
            queue_delays_ms: Vec::new(),
            flows: Vec::new(),
        };
        let phases = (simulation.random.share(), simulation.random.share());
        simulation.phases = (way.service.mul_f64(phases.0), way.service.mul_f64(phases.1));
        for (flow, &plan) in plans.iter().enumerate() {
            // The handshake has measured a round trip.
            let there_and_back = simulation.transit() + simulation.transit();
            simulation.flows.push(Flow::new(plan, start + plan.starts_at, there_and_back, way));
            simulation.at(plan.starts_at, Event::Wake { flow });
        }
        simulation
    }

    pub(super) fn at(&mut self, time: Duration, event: Event) {
        self.order += 1;
        self.events.push(Reverse((time, self.order, event)));
    }

    /// Runs until so much time has passed, or all flows have delivered what they were given.
    pub(super) fn run(&mut self, until: Duration) {
        while let Some(&Reverse((time, _, event))) = self.events.peek() {
            if time > until || self.flows.iter().all(Flow::is_done) {
                break;
            }
            self.events.pop();
            self.now = time;
            self.handle(event);
        }
    }

    fn handle(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Arrived { flow, number, marked } => {
                if let Some(since) = self.flows[flow].arrived(now, number, marked) {
                    self.at(now + Flow::ACK_AFTER, Event::AckDue { flow, since });
                }
                if self.flows[flow].ack_is_due() {
                    self.acknowledge(flow);
                }
            }
            Event::AckDue { flow, since } => {
                if self.flows[flow].ack_still_waits(since) {
                    self.acknowledge(flow);
                }
            }
            Event::Acked { flow, arrived, marked, delay } => {
                let at = self.start + now;
                self.flows[flow].acked(at, arrived, marked, delay);
                self.send(flow);
            }
            Event::Wake { flow } => {
                if self.flows[flow].wakes_at == Some(now) || now == self.flows[flow].plan.starts_at
                {
                    self.send(flow);
                }
            }
        }
    }

    fn acknowledge(&mut self, flow: usize) {
        let (arrived, marked, delay) = self.flows[flow].acknowledge(self.now);
        let at = self.arrives_at(self.now, 1);
        if !self.is_lost() {
            let at = self.serviced(at, self.phases.0);
            self.at(at, Event::Acked { flow, arrived, marked, delay });
        }
    }

    fn send(&mut self, flow: usize) {
        let at = self.start + self.now;
        while let Some((number, bytes)) = self.flows[flow].next_datagram(at) {
            self.carry(flow, number, f64::from(bytes));
        }
        if let Some(wake) = self.flows[flow].wakes_after(at) {
            let soonest = self.now + Duration::from_nanos(1);
            let wake = wake.saturating_duration_since(self.start).max(soonest);
            let wake = self.serviced(wake, self.phases.0);
            if self.flows[flow].wakes_at != Some(wake) {
                self.flows[flow].wakes_at = Some(wake);
                self.at(wake, Event::Wake { flow });
            }
        }
    }

    /// Puts a datagram into the queue of the bottleneck, unless it is full.
    fn carry(&mut self, flow: usize, number: usize, bytes: f64) {
        self.offered += 1;
        let mut leaves = self.now;
        let mut marked = false;
        if self.way.bandwidth > 0.0 {
            let waits = self.bottleneck_free_at.saturating_sub(self.now);
            let queued = waits.as_secs_f64() * self.way.bandwidth / 8.0;
            if queued + bytes > self.way.queue_bytes {
                self.dropped += 1;
                return;
            }
            marked = self.way.mark_above_bytes > 0.0 && queued > self.way.mark_above_bytes;
            self.queue_delays_ms.push(waits.as_secs_f64() * 1e3);
            leaves = self.now.max(self.bottleneck_free_at)
                + Duration::from_secs_f64(bytes * 8.0 / self.way.bandwidth);
            self.bottleneck_free_at = leaves;
        }
        let at = self.arrives_at(leaves, 0);
        if !self.is_lost() {
            let at = self.serviced(at, self.phases.1);
            self.at(at, Event::Arrived { flow, number, marked });
        }
    }

    fn transit(&mut self) -> Duration {
        let jitter = self.way.jitter + Simulation::LEAST_JITTER;
        let mut time = self.way.latency + jitter.mul_f64(self.random.share());
        if self.way.reordered > 0.0 && self.random.share() < self.way.reordered {
            time += self.way.latency.mul_f64(self.random.share());
        }
        time
    }

    /// One does not overtake another in this direction, unless the way trembles.
    fn arrives_at(&mut self, leaves: Duration, direction: usize) -> Duration {
        let at = leaves + self.transit();
        if self.way.reorders() {
            return at;
        }
        self.last_arrivals[direction] = self.last_arrivals[direction].max(at);
        self.last_arrivals[direction]
    }

    fn is_lost(&mut self) -> bool {
        let (from, to) = self.way.blackout;
        (from..to).contains(&self.now) || self.random.share() < self.way.loss
    }

    /// When an end that looks at its socket only now and then sees it.
    fn serviced(&self, at: Duration, phase: Duration) -> Duration {
        let every = self.way.service.as_nanos();
        if every == 0 {
            return at;
        }
        let times = (at + self.way.service - phase).as_nanos().div_ceil(every);
        self.way.service * u32::try_from(times - 1).expect("minutes") + phase
    }

    pub(super) fn drop_share(&self) -> f64 {
        self.dropped as f64 / self.offered.max(1) as f64
    }

    /// The delay at the bottleneck that this share of the datagrams did not exceed.
    pub(super) fn queue_delay_ms(&self, share: f64) -> f64 {
        quantile(&self.queue_delays_ms, share)
    }
}

pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (share * sorted.len() as f64) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
