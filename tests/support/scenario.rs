//! What two ends say to each other, by what weather, and what came of it.
//!
//! A [`Scenario`] knows nothing of what carries its messages: [`play`] drives two [`Ends`], by a clock
//! that it moves. Each body has its number in it and is otherwise made from that number, so what comes
//! is compared at the handler with what was sent, and nobody's counters are believed.

use std::time::Duration;

use pysage_net::Delivery;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Near,
    Far,
}

/// Two ends of a connection that can be driven by hand.
pub(crate) trait Ends {
    /// Sends a message to the other end. `false` if it takes none now, and is to be asked again.
    fn send(&mut self, from: End, delivery: Delivery, body: &[u8]) -> bool;

    /// Does what is due at both ends. Time only moves on, by [`STEP`].
    fn step(&mut self, now: Duration);

    /// Takes the bodies that were handed over at an end, in that order.
    fn received(&mut self, at: End) -> Vec<Vec<u8>>;
}

/// How far time moves at once.
pub(crate) const STEP: Duration = Duration::from_millis(4);

/// What the network does to datagrams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) seed: u64,
    /// How many of 1,000 datagrams are lost, and how many come twice.
    pub(crate) loss_per_mille: u64,
    pub(crate) duplicate_per_mille: u64,
    /// How long a datagram takes: this, and up to that on top.
    pub(crate) latency: Duration,
    pub(crate) jitter: Duration,
    /// From when to when nothing gets from the near end to the far one.
    pub(crate) blackout: Option<(Duration, Duration)>,
}

impl Weather {
    /// 10 ms one way, and nothing is lost.
    pub(crate) fn clean(seed: u64) -> Weather {
        Weather {
            seed,
            loss_per_mille: 0,
            duplicate_per_mille: 0,
            latency: Duration::from_millis(10),
            jitter: Duration::ZERO,
            blackout: None,
        }
    }
}

/// What is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) weather: Weather,
    pub(crate) delivery: Delivery,
    /// How many messages the near end sends, one `every` so often; the far end, too, if `two_way`.
    pub(crate) messages: u32,
    pub(crate) body_bytes: usize,
    pub(crate) every: Duration,
    pub(crate) two_way: bool,
    /// How long it is waited for what is still on its way, after the last message.
    pub(crate) silence: Duration,
}

impl Scenario {
    /// The near end alone sends 64 bytes 60 times a second, reliable and in order.
    pub(crate) fn one_way(weather: Weather) -> Scenario {
        Scenario {
            weather,
            delivery: Delivery::ReliableOrdered,
            messages: 2_000,
            body_bytes: 64,
            every: Duration::from_millis(16),
            two_way: false,
            silence: Duration::from_secs(5),
        }
    }

    /// As many at once as are taken, over a link that loses 1 %.
    pub(crate) fn burst(seed: u64) -> Scenario {
        let weather = Weather { loss_per_mille: 10, ..Weather::clean(seed) };
        Scenario { every: Duration::ZERO, two_way: true, ..Scenario::one_way(weather) }
    }

    /// Both ends send for four seconds over a link that loses 5 %, and then nothing any more.
    pub(crate) fn silence_after_loss(seed: u64) -> Scenario {
        let weather = Weather { loss_per_mille: 50, ..Weather::clean(seed) };
        Scenario { messages: 250, two_way: true, ..Scenario::one_way(weather) }
    }

    /// Both ends send for 16 seconds, and for 7 of them nothing gets from the near one to the far one.
    pub(crate) fn blackout(seed: u64) -> Scenario {
        let blackout = Some((Duration::from_secs(5), Duration::from_secs(12)));
        let weather = Weather { blackout, ..Weather::clean(seed) };
        Scenario { every: Duration::from_millis(8), two_way: true, ..Scenario::one_way(weather) }
    }

    /// Reliable in any order, by a link on which one datagram of ten comes twice.
    pub(crate) fn duplicates(seed: u64) -> Scenario {
        let weather = Weather { duplicate_per_mille: 100, ..Weather::clean(seed) };
        Scenario {
            delivery: Delivery::ReliableUnordered,
            messages: 500,
            two_way: true,
            ..Scenario::one_way(weather)
        }
    }

    /// Messages of several datagrams, by a link that loses nothing but does not keep the order.
    pub(crate) fn large_by_jitter(seed: u64, delivery: Delivery) -> Scenario {
        let weather = Weather { jitter: Duration::from_millis(30), ..Weather::clean(seed) };
        Scenario {
            delivery,
            messages: 200,
            body_bytes: 5_000,
            two_way: true,
            ..Scenario::one_way(weather)
        }
    }

    /// A few messages of one size, by a link that does no harm.
    pub(crate) fn of_size(body_bytes: usize, delivery: Delivery) -> Scenario {
        Scenario {
            delivery,
            messages: 5,
            body_bytes,
            two_way: true,
            ..Scenario::one_way(Weather::clean(1))
        }
    }
}

/// What came of it, over both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) sent: u32,
    /// Messages that came whole, each counted once.
    pub(crate) delivered: u32,
    pub(crate) lost: u32,
    /// Messages that came once more.
    pub(crate) duplicated: u32,
    /// Messages that came behind one that was sent later.
    pub(crate) out_of_order: u32,
    /// Bodies that nobody sent.
    pub(crate) corrupted: u32,
}

/// Plays a scenario, with what the network did drawn from its seed.
pub(crate) fn play(scenario: &Scenario, ends: &mut impl Ends) -> Outcome {
    let directions = if scenario.two_way { &[End::Near, End::Far][..] } else { &[End::Near] };
    let mut flows: Vec<_> = directions.iter().map(|&from| Flow::new(from, scenario)).collect();
    let mut now = Duration::ZERO;
    let mut last_sent = Duration::ZERO;
    while now < last_sent + scenario.silence {
        for flow in &mut flows {
            if flow.send_due(now, scenario, ends) {
                last_sent = now;
            }
        }
        ends.step(now);
        for flow in &mut flows {
            flow.check(ends.received(flow.to));
        }
        now += STEP;
    }
    flows.iter().fold(Outcome::default(), |sum, flow| flow.add_to(sum))
}

/// What one end sends to the other.
struct Flow {
    from: End,
    to: End,
    sent: u32,
    body_bytes: usize,
    /// How often each message came.
    came: Vec<u32>,
    newest: Option<u32>,
    outcome: Outcome,
}

impl Flow {
    fn new(from: End, scenario: &Scenario) -> Flow {
        Flow {
            from,
            to: if from == End::Near { End::Far } else { End::Near },
            sent: 0,
            body_bytes: scenario.body_bytes,
            came: vec![0; scenario.messages as usize],
            newest: None,
            outcome: Outcome::default(),
        }
    }

    fn send_due(&mut self, now: Duration, scenario: &Scenario, ends: &mut impl Ends) -> bool {
        let before = self.sent;
        while self.sent < scenario.messages && scenario.every * self.sent <= now {
            let body = body(self.from, self.sent, self.body_bytes);
            if !ends.send(self.from, scenario.delivery, &body) {
                break;
            }
            self.sent += 1;
        }
        // While some are still to come, it is not silent.
        self.sent < scenario.messages || self.sent > before
    }

    fn check(&mut self, bodies: Vec<Vec<u8>>) {
        for got in bodies {
            let number = got.first_chunk().map(|number| u32::from_le_bytes(*number));
            let Some(number) = number.filter(|&number| {
                number < self.sent && got == body(self.from, number, self.body_bytes)
            }) else {
                self.outcome.corrupted += 1;
                continue;
            };
            let came = &mut self.came[number as usize];
            *came += 1;
            if *came > 1 {
                self.outcome.duplicated += 1;
            } else if self.newest.is_some_and(|newest| number < newest) {
                self.outcome.out_of_order += 1;
            }
            self.newest = self.newest.max(Some(number));
        }
    }

    fn add_to(&self, sum: Outcome) -> Outcome {
        let delivered = self.came.iter().map(|&came| came.min(1)).sum::<u32>();
        Outcome {
            sent: sum.sent + self.sent,
            delivered: sum.delivered + delivered,
            lost: sum.lost + self.sent - delivered,
            duplicated: sum.duplicated + self.outcome.duplicated,
            out_of_order: sum.out_of_order + self.outcome.out_of_order,
            corrupted: sum.corrupted + self.outcome.corrupted,
        }
    }
}

/// The body of a message: its number, and bytes that are drawn from it.
fn body(from: End, number: u32, bytes: usize) -> Vec<u8> {
    let mut draw = Draw::new(u64::from(number) << 1 | u64::from(from == End::Near));
    let mut body = number.to_le_bytes().to_vec();
    while body.len() < bytes {
        body.extend(draw.next().to_le_bytes());
    }
    body.truncate(bytes);
    body
}

/// Numbers that follow from a seed: SplitMix64.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Whether something happens that happens so often.
    pub(crate) fn happens(&mut self, per_mille: u64) -> bool {
        self.next() % 1_000 < per_mille
    }

    /// A time below this one.
    pub(crate) fn below(&mut self, time: Duration) -> Duration {
        Duration::from_nanos(self.next() % (time.as_nanos() as u64).max(1))
    }
}
