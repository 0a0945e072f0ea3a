//! Messages that are queued later.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use local::{Log, on};
use pysage_core::{
    ActorManager, Budget, Context, Delay, DropReason, ManagerConfig, ManualClock, Message, Timer,
};

const MS: Duration = Duration::from_millis(1);

#[derive(Clone, Message)]
struct Tell(u32);

#[derive(Clone, Message)]
struct Percent {
    #[message(range = 0..=100)]
    value: u32,
}

/// A manager with a hand-moved clock, and an actor that notes what it is told.
struct Stage {
    clock: ManualClock,
    manager: ActorManager,
    log: Log,
}

impl Stage {
    fn new(config: ManagerConfig) -> Stage {
        let (clock, log) = (ManualClock::new(), Log::default());
        let manager = ActorManager::with_config(config.clock(clock.clone()));
        let said = log.clone();
        manager.register(on(move |tell: &Tell, _| said.note(tell.0)));
        Stage { clock, manager, log }
    }

    /// Moves the clock on and ticks; gives what was told.
    fn tick(&self, after_ms: u32) -> String {
        self.clock.advance(after_ms * MS);
        self.manager.tick().unwrap();
        self.log.take()
    }
}

fn stage() -> Stage {
    Stage::new(ManagerConfig::default())
}

#[test]
fn a_message_is_handled_in_the_first_tick_at_or_after_its_time() {
    let stage = stage();
    for n in [10, 11, 30] {
        stage.manager.queue_after(n * MS, Tell(n));
    }
    assert_eq!(stage.manager.queue_length(), 0, "it is not queued yet");
    assert_eq!(stage.tick(9), "");
    assert_eq!(stage.tick(1), "10", "exactly at its time");
    assert_eq!(stage.tick(100), "11 30");
    assert_eq!(stage.tick(100), "");
}

#[test]
fn ticks_are_counted_from_the_tick_in_progress_or_else_from_the_last() {
    let stage = stage();
    let said = stage.log.clone();
    stage.manager.register(on(move |percent: &Percent, cx: &Context| {
        said.note("set");
        cx.queue_after(Delay::ticks(percent.value.into()), Tell(percent.value));
    }));
    for n in [0, 1, 3] {
        stage.manager.queue_after(Delay::ticks(n), Tell(n as u32));
    }
    stage.manager.queue(Percent { value: 1 });
    assert_eq!(stage.tick(0), "set 0 1");
    stage.manager.queue(Percent { value: 2 });
    assert_eq!(stage.tick(0), "set 1");
    assert_eq!(stage.tick(0), "3");
    assert_eq!(stage.tick(0), "2");
}

#[test]
fn messages_of_one_tick_are_in_the_order_of_their_times_then_of_creation() {
    let stage = stage();
    let handle = stage.manager.handle();
    stage.manager.queue_after(Delay::ticks(1), Tell(5));
    stage.manager.queue_after(7 * MS, Tell(2));
    stage.manager.queue_after(9 * MS, Tell(6));
    stage.manager.queue_after(5 * MS, Tell(1));
    stage.manager.queue_after(7 * MS, Tell(3));
    stage.manager.queue_after(Delay::ticks(1), Tell(7));
    stage.manager.queue_after(8 * MS, Tell(4));
    stage.manager.queue(Tell(8));
    handle.queue(Tell(9)).unwrap();
    assert_eq!(stage.tick(9), "8 9 1 2 3 4 5 6 7", "what is queued already comes first");
}

#[test]
fn a_delay_counts_from_the_clock_between_ticks_and_from_the_tick_within_one() {
    let stage = stage();
    let clock = stage.clock.clone();
    stage.manager.register(on(move |percent: &Percent, cx: &Context| {
        clock.advance(5 * MS);
        cx.queue_after(percent.value * MS, Tell(percent.value));
    }));
    stage.clock.advance(100 * MS);
    stage.manager.queue_after(10 * MS, Tell(1));
    stage.manager.queue(Percent { value: 10 });
    assert_eq!(stage.tick(0), "");
    assert_eq!(stage.tick(4), "", "9 ms after the tick");
    assert_eq!(stage.tick(1), "1 10");
}

#[test]
fn a_message_again_and_again_does_not_drift_and_leaves_out_what_it_missed() {
    let stage = stage();
    let timer = stage.manager.queue_every(10 * MS, Tell(1));
    assert_eq!(stage.tick(9), "");
    assert_eq!(stage.tick(5), "1", "4 ms late");
    assert_eq!(stage.tick(5), "");
    assert_eq!(stage.tick(1), "1", "at its own time all the same");
    assert_eq!(stage.tick(35), "1", "one message for three times");
    assert_eq!(stage.tick(4), "");
    assert_eq!(stage.tick(1), "1");
    assert_eq!(stage.tick(10), "1");
    assert!(stage.manager.cancel(timer));
    assert!(!stage.manager.cancel(timer));
    assert_eq!(stage.tick(10), "");
}

#[test]
fn a_period_of_ticks_or_of_no_time() {
    let stage = stage();
    stage.manager.queue_every(Delay::ticks(3), Tell(3));
    stage.manager.queue_every(Duration::ZERO, Tell(0));
    for expected in ["0", "0", "3 0", "0", "0", "3 0"] {
        assert_eq!(stage.tick(0), expected);
    }
}

#[test]
fn a_delay_of_no_time_is_the_next_tick_also_for_what_is_set_by_what_was_due() {
    let stage = stage();
    stage.manager.register(on(|tell: &Tell, cx: &Context| {
        if tell.0 < 3 {
            cx.queue_after(Duration::ZERO, Tell(tell.0 + 1));
        }
    }));
    stage.manager.queue_after(Duration::ZERO, Tell(1));
    for expected in ["1", "2", "3", ""] {
        assert_eq!(stage.tick(0), expected);
    }
}

#[test]
fn a_time_beyond_all_times_never_comes_and_can_be_cancelled() {
    let stage = stage();
    let timer = stage.manager.queue_after(Duration::MAX, Tell(1));
    let ticks = stage.manager.queue_every(Delay::ticks(u64::MAX), Tell(2));
    assert_eq!(stage.tick(u32::MAX), "");
    assert!(stage.manager.cancel(timer));
    assert!(stage.manager.cancel(ticks));
}

#[test]
fn a_timer_is_cancelled_once_and_its_message_is_dropped_at_once() {
    #[derive(Clone, Message)]
    struct Held(std::sync::Arc<()>);
    let stage = stage();
    let held = std::sync::Arc::new(());
    let timer = stage.manager.queue_after(MS, Held(held.clone()));
    assert_eq!(std::sync::Arc::strong_count(&held), 2);
    assert!(stage.manager.cancel(timer));
    assert_eq!(std::sync::Arc::strong_count(&held), 1);
    assert!(!stage.manager.cancel(timer));
    let due = stage.manager.queue_after(MS, Tell(1));
    assert_eq!(stage.tick(1), "1");
    assert!(!stage.manager.cancel(due), "it is over");
}

#[test]
fn a_handler_can_cancel_a_timer_but_not_what_it_has_queued() {
    let stage = stage();
    let timers: Rc<Cell<Option<[Timer; 2]>>> = Rc::default();
    let (cancelled, said) = (timers.clone(), stage.log.clone());
    stage.manager.register(on(move |_: &Percent, cx: &Context| {
        let told = cancelled.get().unwrap().map(|timer| cx.cancel(timer));
        said.note(format!("{told:?}"));
    }));
    stage.manager.queue(Percent { value: 1 });
    let once = stage.manager.queue_after(MS, Tell(1));
    let again = stage.manager.queue_every(MS, Tell(2));
    timers.set(Some([once, again]));
    assert_eq!(stage.tick(1), "[false, true] 1 2", "both are queued already");
    assert_eq!(stage.tick(1), "");
}

#[test]
fn the_timer_of_another_manager_cancels_nothing() {
    let (stage, other) = (stage(), stage());
    let timer = stage.manager.queue_after(MS, Tell(1));
    let same = other.manager.queue_after(MS, Tell(2));
    assert_ne!(timer, same);
    assert!(!other.manager.cancel(timer));
    assert_eq!(other.tick(1), "2");
    assert!(stage.manager.cancel(timer));
}

#[test]
fn timers_of_an_actor_that_is_gone_are_no_dead_letters() {
    let stage = stage();
    let log = stage.log.clone();
    let actor =
        stage.manager.register(on(move |tell: &Tell, _| log.note(format!("own{}", tell.0))));
    let once = stage.manager.queue_after_to(actor, MS, Tell(1));
    let again = stage.manager.queue_every_to(actor, MS, Tell(2));
    stage.manager.queue_every_to(actor, Delay::ticks(2), Tell(3));
    assert_eq!(stage.tick(1), "own1 own2");
    assert!(!stage.manager.cancel(once));
    assert!(stage.manager.unregister(actor));
    assert_eq!(stage.tick(1), "");
    assert!(!stage.manager.cancel(again));
    assert_eq!(stage.manager.counters().dropped_in_all(), 0);
    let late = stage.manager.queue_after_to(actor, MS, Tell(4));
    assert_eq!(stage.manager.counters().dropped(DropReason::NoSuchActor), 1, "told at once");
    assert!(!stage.manager.cancel(late));
}

#[test]
fn a_message_that_is_invalid_is_refused_when_it_is_set() {
    let stage = stage();
    let timer = stage.manager.queue_after(MS, Percent { value: 101 });
    assert_eq!(stage.manager.counters().dropped(DropReason::Invalid), 1);
    assert!(!stage.manager.cancel(timer));
    stage.tick(1);
    assert_eq!(stage.manager.counters().dropped_in_all(), 1);
}

#[test]
fn there_are_so_many_timers_and_no_more() {
    let stage = Stage::new(ManagerConfig::default().timer_capacity(2));
    let letters = stage.log.clone();
    stage.manager.on_dead_letter(move |letter| letters.note(letter.reason));
    let first = stage.manager.queue_after(MS, Tell(1));
    stage.manager.queue_every(MS, Tell(2));
    let third = stage.manager.queue_after(MS, Tell(3));
    assert_eq!(stage.log.take(), "there are too many timers");
    assert_eq!(stage.manager.counters().dropped(DropReason::TooManyTimers), 1);
    assert!(!stage.manager.cancel(third));
    assert!(stage.manager.cancel(first));
    stage.manager.queue_after(MS, Tell(4));
    assert_eq!(stage.tick(1), "2 4");
    stage.manager.queue_after(MS, Tell(5));
    assert_eq!(stage.tick(1), "2 5");
}

#[test]
fn a_queue_that_is_full_drops_what_is_due_and_the_period_goes_on() {
    let stage = Stage::new(ManagerConfig::default().queue_capacity(1));
    stage.manager.queue_every(MS, Tell(1));
    stage.manager.queue(Tell(0));
    assert_eq!(stage.tick(1), "0");
    assert_eq!(stage.manager.counters().dropped(DropReason::QueueFull), 1);
    assert_eq!(stage.tick(1), "1");
}

#[test]
fn the_budget_may_leave_over_what_was_due() {
    let stage = stage();
    stage.manager.queue_after(MS, Tell(1));
    stage.manager.queue_after(MS, Tell(2));
    stage.clock.advance(MS);
    assert_eq!(stage.manager.tick_for(Budget::ONE_MESSAGE).unwrap().waiting, 1);
    assert_eq!(stage.log.take(), "1");
    assert_eq!(stage.tick(0), "2");
}

#[test]
fn a_reset_drops_all_timers() {
    let stage = stage();
    let timer = stage.manager.queue_every(MS, Tell(1));
    stage.manager.queue_after(Delay::ticks(1), Tell(2));
    stage.manager.reset();
    assert_eq!(stage.manager.counters().dropped(DropReason::Reset), 2);
    assert!(!stage.manager.cancel(timer));
    let log = stage.log.clone();
    stage.manager.register(on(move |tell: &Tell, _| log.note(tell.0)));
    assert_eq!(stage.tick(1), "");
    stage.manager.queue_after(MS, Tell(3));
    assert_eq!(stage.tick(1), "3");
}

#[test]
fn a_copy_or_a_drop_that_panics_ends_its_timer_only() {
    #[derive(Message)]
    struct Brittle(u32);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            panic!("no copy of {}", self.0);
        }
    }
    let stage = stage();
    let brittle = stage.manager.queue_every(MS, Brittle(1));
    stage.manager.queue_every(MS, Tell(2));
    assert_eq!(stage.tick(1), "2");
    assert_eq!(stage.manager.counters().panics, 1);
    assert!(!stage.manager.cancel(brittle));
    assert_eq!(stage.tick(1), "2");
}

#[test]
fn what_a_dead_letter_handler_cancels_does_not_come_again() {
    let stage = Stage::new(ManagerConfig::default().queue_capacity(1));
    let timer: Rc<Cell<Option<Timer>>> = Rc::default();
    let (manager, due) = (stage.manager.clone(), timer.clone());
    stage.manager.on_dead_letter(move |_| assert!(manager.cancel(due.get().unwrap())));
    timer.set(Some(stage.manager.queue_every(MS, Tell(1))));
    stage.manager.queue(Tell(0));
    assert_eq!(stage.tick(1), "0");
    assert_eq!(stage.tick(1), "");
    assert_eq!(stage.manager.counters().panics, 0);
    stage.manager.on_dead_letter(|_| ());
}
