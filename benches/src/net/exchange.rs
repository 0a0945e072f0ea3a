//! Two ends in two processes that send messages to each other: what they do, and when they are
//! through.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{
    case::{Case, Script, Sends},
    load::Messages,
    peer::{End, Failure, Invitation, Job},
    relay::Relay,
    second::{Control, Second},
    socket::{Pinned, now_ns},
};

/// How often an end looks after itself when nothing arrives.
const LONGEST_WAIT: Duration = Duration::from_millis(1);

/// An end that has neither sent nor handled anything for so long will not do it any more. The
/// first process waits longer, for the second one to say what is wrong.
const STALL: Duration = Duration::from_secs(30);
const STALL_OF_FIRST: Duration = Duration::from_secs(45);

const TIME_TO_CONNECT: Duration = Duration::from_secs(10);

/// Where the end that connects finds the other one.
pub struct Invited {
    pub invitation: Invitation,
    pub relay: Option<Relay>,
}

/// What one end did. Times are those of a clock which both processes share.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Report {
    handled: u64,
    checksum: u64,
    first_sent_ns: u64,
    last_handled_ns: u64,
    /// Of each message, where messages are sent one at a time.
    sent_ns: Vec<u64>,
    handled_ns: Vec<u64>,
}

/// What a run of two ends has shown.
pub struct Outcome {
    /// From the first message sent until the last one was handled.
    pub seconds: f64,
    /// Of each message, or there and back; empty where it makes no sense.
    pub latencies_ns: Vec<u64>,
    pub datagrams: Option<u64>,
    /// The checksums and counts of the ends that handle messages.
    pub handled: Vec<(u64, u64)>,
}

/// Runs the end that connects, until both ends are through.
pub fn connect<E: End>(
    job: &Job,
    second: &mut Second,
    invited: &Invited,
) -> Result<Outcome, Failure> {
    let _pinned = job.processors.map(|[first, _]| Pinned::to(first)).transpose()?;
    let begun = Instant::now();
    let mut end = E::connect(job, &invited.invitation)?;
    let deadline = begun + TIME_TO_CONNECT;
    while end.connected() == 0 {
        if Instant::now() > deadline {
            return Err("no connection within 10 s".into());
        }
        end.receive()?;
        end.flush()?;
        if end.connected() == 0 {
            end.wait(LONGEST_WAIT)?;
        }
    }
    let handshake_ns = u64::try_from(begun.elapsed().as_nanos())?;
    if let Some(relay) = &invited.relay {
        relay.begin_to_lose();
    }
    let script = job.case.client();
    let mut drive = Drive::new(end, script, job);
    let mut other: Option<Report> = None;
    let mut datagrams = None;
    drive.run(STALL_OF_FIRST, |through, _| {
        if other.is_none() {
            other = second.try_next()?;
        }
        datagrams = invited.relay.as_ref().map(Relay::datagrams);
        Ok(through && other.is_some())
    })?;
    let other = other.expect("the loop ends when it is there");
    let outcome = drive.outcome(&other, datagrams);
    Ok(match job.case {
        Case::Handshake => Outcome { latencies_ns: vec![handshake_ns], ..outcome },
        _ => outcome,
    })
}

/// Runs the end that listens, until the other process has seen enough.
pub fn listen<E: End>(job: &Job, control: &mut Control) -> Result<(), Failure> {
    let _pinned = job.processors.map(|[_, second]| Pinned::to(second)).transpose()?;
    let (mut end, invitation) = E::listen(job)?;
    control.say(&invitation)?;
    while end.connected() == 0 && !control.is_closed() {
        end.receive()?;
        end.flush()?;
        end.wait(LONGEST_WAIT)?;
    }
    let mut drive = Drive::new(end, job.case.server(), job);
    let mut said = false;
    let ended = drive.run(STALL, |through, report| {
        if through && !said {
            said = true;
            control.say(report)?;
        }
        Ok(control.is_closed())
    });
    // The other end may close the connection before the pipe.
    if said { Ok(()) } else { ended }
}

/// One end at work.
struct Drive<E> {
    end: E,
    script: Script,
    messages: Messages,
    total: u64,
    sent: u64,
    report: Report,
}

impl<E: End> Drive<E> {
    fn new(end: E, script: Script, job: &Job) -> Self {
        let (messages, total) = (job.load.messages(), job.load.messages);
        Self { end, script, messages, total, sent: 0, report: Report::default() }
    }

    /// `is_over` is asked after each step, and told whether this end is through with its part.
    fn run(
        &mut self,
        stall: Duration,
        mut is_over: impl FnMut(bool, &Report) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        let mut next_tick = start;
        let mut next_flush = start;
        let mut moved_at = start;
        loop {
            let before = (self.sent, self.report.handled);
            self.end.receive()?;
            self.note_handled();
            let due = self.send_due(start)?;
            // A game loop transmits once in a frame. Some libraries send a datagram each time.
            if self.sent != before.0 || Instant::now() >= next_flush {
                self.end.flush()?;
                if let Sends::Every(interval) = self.script.sends {
                    next_flush = Instant::now() + interval;
                }
            }
            let through = self.is_through();
            if is_over(through, &self.report)? {
                return Ok(());
            }
            let moved = before != (self.sent, self.report.handled);
            if moved {
                moved_at = Instant::now();
            } else if !through && moved_at.elapsed() > stall {
                return Err(self.stalled());
            }
            if let Some(tick) = self.script.tick {
                next_tick += tick;
                self.end.pause(next_tick.saturating_duration_since(Instant::now()))?;
            } else if !(moved && self.script.sends == Sends::AsFastAsTaken) {
                self.end.wait(due.min(LONGEST_WAIT))?;
            }
        }
    }

    fn note_handled(&mut self) {
        let handled = self.end.handled();
        if handled.count == self.report.handled {
            return;
        }
        let now = now_ns();
        if self.keeps_times() {
            let newly = (handled.count - self.report.handled) as usize;
            self.report.handled_ns.extend(std::iter::repeat_n(now, newly));
        }
        self.report.last_handled_ns = now;
        self.report.handled = handled.count;
        self.report.checksum = handled.checksum;
    }

    /// Returns how long until the next message is due.
    fn send_due(&mut self, start: Instant) -> Result<Duration, Failure> {
        loop {
            let may_send = match self.script.sends {
                Sends::Nothing => false,
                Sends::AsFastAsTaken => true,
                Sends::Every(interval) => {
                    let due = start + interval * u32::try_from(self.sent)?;
                    let until_due = due.saturating_duration_since(Instant::now());
                    if !until_due.is_zero() {
                        return Ok(until_due);
                    }
                    true
                }
                Sends::OneByOne => self.sent == self.report.handled,
                Sends::Echo => self.sent < self.report.handled,
            };
            if !may_send || self.sent == self.total {
                return Ok(Duration::MAX);
            }
            if self.sent == 0 || self.keeps_times() {
                let now = now_ns();
                if self.sent == 0 {
                    self.report.first_sent_ns = now;
                }
                self.report.sent_ns.truncate(self.sent as usize);
                self.report.sent_ns.push(now);
            }
            if !self.end.send(0, self.messages.at(self.sent))? {
                return Ok(Duration::MAX);
            }
            self.sent += 1;
        }
    }

    fn keeps_times(&self) -> bool {
        matches!(self.script.sends, Sends::Every(_) | Sends::OneByOne)
    }

    fn is_through(&self) -> bool {
        (self.script.sends == Sends::Nothing || self.sent == self.total)
            && (!self.script.receives || self.report.handled == self.total)
    }

    fn stalled(&self) -> Failure {
        let (sent, handled, total) = (self.sent, self.report.handled, self.total);
        format!("stalled: {sent} sent and {handled} handled of {total}").into()
    }

    fn outcome(self, other: &Report, datagrams: Option<u64>) -> Outcome {
        let own = self.report;
        let between = |sent: &[u64], handled: &[u64]| -> Vec<u64> {
            let pairs = sent.iter().zip(handled);
            pairs.map(|(sent, handled)| handled.saturating_sub(*sent)).collect()
        };
        let mut handled = vec![(other.handled, other.checksum)];
        if self.script.receives {
            handled.push((own.handled, own.checksum));
        }
        let latencies_ns = match self.script.sends {
            Sends::OneByOne => between(&own.sent_ns, &own.handled_ns),
            Sends::Every(_) => {
                [between(&own.sent_ns, &other.handled_ns), between(&other.sent_ns, &own.handled_ns)]
                    .concat()
            }
            _ => Vec::new(),
        };
        let seconds = other.last_handled_ns.saturating_sub(own.first_sent_ns) as f64 / 1e9;
        Outcome { seconds, latencies_ns, datagrams, handled }
    }
}
