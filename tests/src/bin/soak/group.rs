//! Groups in processes, killed under load.

mod events;
mod figures;
mod handlings;
mod killer;
mod letters;
mod load;
mod senders;
mod witness;
mod worker;

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clap::value_parser;
use pysage_group::{ActorManager, BoxError, GroupConfig, Groups, Restart};

use crate::measures::{Durations, resident_bytes};
use events::{Events, Watcher, name_of};
use figures::{Figures, Group};
use handlings::AllHandlings;
use killer::{Board, Killer};
use letters::AllLetters;
use load::Bodies;
use senders::Senders;
use witness::Witness;
pub(crate) use worker::WORKER;

/// Kills groups in processes while messages are sent to them as fast as they take them, and checks
/// that each message is accounted for.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// For how long there is load; ctrl-c ends it earlier
    #[arg(long, default_value_t = 60, value_parser = value_parser!(u64).range(1..))]
    seconds: u64,
    /// How many groups there are
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u32).range(1..=64))]
    groups: u32,
    /// How often one of them is killed, in milliseconds; 0 for never
    #[arg(long, default_value_t = 1_000)]
    kill_every_ms: u64,
    /// How many bytes the body of a message has
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(..=1 << 20))]
    bytes: u32,
    /// Has messages sent again that the group which was killed did not handle
    #[arg(long)]
    acked: bool,
    /// What the bodies are made of, and which groups are killed, comes from this; the time unless
    /// given
    #[arg(long)]
    seed: Option<u64>,
}

/// How long until main sends and ticks again; it ticks besides when it is woken.
const TICK: Duration = Duration::from_millis(1);

/// For how much of that main sends: it is to have time left for its ticks.
const BURST: Duration = Duration::from_micros(250);

/// How long what was sent may take to be accounted for.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Queues and buffers are as large as they become after this, or after a quarter of the time.
const WARM_UP: Duration = Duration::from_secs(5);

/// Plays the soak; whether all promises held.
pub(crate) fn soak(options: &Options) -> Result<bool, BoxError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = options.seed.unwrap_or_else(|| now.map_or(0, |now| u64::from(now.subsec_nanos())));
    let interrupted = Arc::new(AtomicBool::new(false));
    let told = interrupted.clone();
    ctrlc::set_handler(move || told.store(true, Ordering::Relaxed))?;
    let mut run = Run::start(options, seed, interrupted)?;
    run.load()?;
    run.settle();
    run.finish()
}

/// A soak in progress. What is named first goes first when it is dropped.
struct Run {
    killer: Option<Killer>,
    manager: ActorManager,
    witness: Witness,
    options: Options,
    figures: Figures,
    interrupted: Arc<AtomicBool>,
    board: Arc<Board>,
    handlings: Arc<AllHandlings>,
    events: Rc<RefCell<Events>>,
    letters: AllLetters,
    senders: Senders,
    ticks: Durations,
    /// A tick has failed: no more comes of it.
    failed: bool,
}

impl Run {
    fn start(options: &Options, seed: u64, interrupted: Arc<AtomicBool>) -> Result<Run, BoxError> {
        let bodies = Bodies { seed, bytes: options.bytes as usize };
        let board = Arc::new(Board::new(options.groups));
        let handlings = Arc::new(AllHandlings::new(bodies, options.groups));
        let witness = Witness::start(handlings.clone(), board.clone())?;
        let manager = ActorManager::new();
        let letters = letters::note_letters(&manager, options.groups, bodies);
        let events = Rc::new(RefCell::new(Events::default()));
        manager.register(Watcher {
            events: events.clone(),
            board: board.clone(),
            interrupted: interrupted.clone(),
        });
        let mut links = Vec::new();
        for group in 0..options.groups {
            let config = worker::with_witness(options.group_config(), group, &witness);
            links.push(manager.add_process_group(&name_of(group), WORKER, config)?);
            board.set_up(group);
        }
        let every = Some(options.kill_every_ms).filter(|ms| *ms > 0).map(Duration::from_millis);
        let killer = every.map(|every| Killer::start(board.clone(), every, seed)).transpose()?;
        Ok(Run {
            killer,
            manager,
            witness,
            options: options.clone(),
            figures: Figures { seed, ..Figures::default() },
            interrupted,
            board,
            handlings,
            events,
            letters,
            senders: Senders::new(bodies, links),
            ticks: Durations::new(),
            failed: false,
        })
    }

    /// Sends, and has groups killed, until the time is over.
    fn load(&mut self) -> Result<(), BoxError> {
        let time = Duration::from_secs(self.options.seconds);
        let warm_up = WARM_UP.min(time / 4);
        let (start, mut told, mut warm) = (Instant::now(), 0, None);
        let mut due = start;
        while !self.failed && !self.interrupted.load(Ordering::Relaxed) {
            let now = Instant::now();
            let elapsed = now - start;
            if elapsed >= time {
                break;
            }
            if warm.is_none() && elapsed >= warm_up {
                warm = resident_bytes();
            }
            if elapsed.as_secs() > told {
                told = elapsed.as_secs();
                self.tell_progress(told);
            }
            if now >= due {
                self.senders.send_until(&self.manager, now + BURST)?;
                due = (due + TICK).max(now);
            }
            let begun = Instant::now();
            self.tick();
            self.ticks.add(begun.elapsed());
            self.manager.wait_until(due);
        }
        if let (Some(before), Some(now)) = (warm, resident_bytes()) {
            self.figures.rss_growth_bytes = now - before;
        }
        Ok(())
    }

    fn tick(&mut self) {
        if let Err(error) = self.manager.tick() {
            self.failed = true;
            self.events.borrow_mut().wrongs.push(format!("a tick of main failed: {error}"));
        }
    }

    /// Waits until all groups are up, and all that was sent is accounted for.
    fn settle(&mut self) {
        drop(self.killer.take());
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        while !self.failed && !self.is_settled() {
            if Instant::now() >= deadline {
                let wrong = format!("not all is accounted for after {SETTLE_TIMEOUT:?}");
                self.events.borrow_mut().wrongs.push(wrong);
                break;
            }
            // To look whether it is settled holds the witness up.
            let next_look = Instant::now() + 5 * TICK;
            while !self.failed && Instant::now() < next_look {
                self.manager.wait_until(next_look);
                self.tick();
            }
        }
    }

    fn is_settled(&self) -> bool {
        let (book, letters) = (self.handlings.lock(), self.letters.borrow());
        self.events.borrow().are_all_up(self.board.all_kills())
            && Group::all(self.senders.sent(), &book, &letters, &self.board)
                .all(|group| group.lost().0 == 0)
    }

    /// Ends the groups, prints what became of all, and tells whether it is as it should be.
    fn finish(mut self) -> Result<bool, BoxError> {
        let cleared = self.manager.clear_groups();
        let cleared = cleared.map_err(|error| format!("groups were not ended: {error}"));
        // What the links left behind is reported by a tick.
        self.failed = false;
        self.tick();
        self.witness.finish()?;
        let Run { mut figures, events, letters, .. } = self;
        let mut wrongs = figures.add_events(&events.borrow());
        wrongs.extend(cleared.err());
        figures.tick_p99_ms_main = self.ticks.p99_ms();
        let (book, letters) = (self.handlings.lock(), letters.borrow());
        for group in Group::all(self.senders.sent(), &book, &letters, &self.board) {
            wrongs.extend(figures.add_group(&group, &self.options));
        }
        for wrong in &wrongs {
            eprintln!("soak: {wrong}");
        }
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&figures)?)?;
        Ok(wrongs.is_empty())
    }

    fn tell_progress(&self, seconds: u64) {
        let (sent, handled) = (self.senders.sent().sum::<u64>(), self.handlings.lock().count());
        let (kills, restarts) = (self.board.all_kills(), self.events.borrow().ups);
        eprintln!(
            "soak: {seconds} s, {sent} sent, {handled} handled, {kills} kills, {restarts} restarts"
        );
    }
}

impl Options {
    /// Groups that are started again at once, as often as they are killed.
    fn group_config(&self) -> GroupConfig {
        let config = GroupConfig::default()
            .restart(Restart::Permanent)
            .restart_intensity(u32::MAX, Duration::from_secs(1));
        if self.acked { config.acked() } else { config }
    }
}
