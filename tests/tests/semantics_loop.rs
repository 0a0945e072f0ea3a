//! The ready-made loop. Where time matters, the clock is moved by hand.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use local::{Log, on};
use pysage_core::{
    ActorManager, Budget, Flow, ManagerConfig, ManualClock, Message, TickRate, TickReport,
};
use scripted::Script;

const MS: Duration = Duration::from_millis(1);
/// A test that waits for another thread gives up after this.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Message)]
struct Tell(u32);

fn clocked() -> (ActorManager, ManualClock) {
    let clock = ManualClock::new();
    (ActorManager::with_config(ManagerConfig::default().clock(clock.clone())), clock)
}

/// Runs at 10 Hz for as many ticks as there are durations; the n-th takes the n-th of them.
/// Returns when each tick began, in ms, with `late_by` and `skipped`.
fn run(takes_ms: &[u32]) -> (Vec<(u128, u128, u64)>, pysage_core::RunReport) {
    let (manager, clock) = clocked();
    let start = clock.now();
    let mut ticks = Vec::new();
    let report = manager.run(TickRate::hz(10), |tick| {
        ticks.push(((clock.now() - start).as_millis(), tick.late_by.as_millis(), tick.skipped));
        clock.advance(MS * takes_ms[ticks.len() - 1]);
        if ticks.len() == takes_ms.len() { Flow::Stop } else { Flow::Continue }
    });
    (ticks, report.unwrap())
}

#[test]
fn the_times_of_the_ticks_do_not_depend_on_how_long_they_take() {
    let (ticks, report) = run(&[0, 30, 99, 1, 0]);
    let expected = [(0, 0, 0), (100, 0, 0), (200, 0, 0), (300, 0, 0), (400, 0, 0)];
    assert_eq!(ticks, expected);
    assert_eq!((report.ticks, report.late, report.skipped), (5, 0, 0));
}

#[test]
fn a_tick_that_takes_too_long_makes_the_next_one_late_and_no_other() {
    let (ticks, report) = run(&[0, 130, 10, 0]);
    assert_eq!(ticks, [(0, 0, 0), (100, 0, 0), (230, 30, 0), (300, 0, 0)]);
    assert_eq!((report.ticks, report.late, report.skipped), (4, 1, 0));
}

#[test]
fn ticks_for_which_there_was_no_time_are_left_out_and_told() {
    let (ticks, report) = run(&[0, 350, 10, 0]);
    assert_eq!(ticks, [(0, 0, 0), (100, 0, 0), (450, 250, 2), (500, 0, 0)]);
    assert_eq!((report.ticks, report.late, report.skipped), (4, 1, 2));
}

#[test]
fn a_loop_that_is_always_late_does_not_fall_behind_more_and_more() {
    let (ticks, report) = run(&[150; 5]);
    assert_eq!(ticks, [(0, 0, 0), (150, 50, 0), (300, 100, 1), (450, 50, 0), (600, 100, 1)]);
    assert_eq!((report.ticks, report.late, report.skipped), (5, 4, 2));
}

#[test]
fn a_loop_runs_until_it_is_told_to_stop() {
    let (manager, log) = (clocked().0, Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        cx.queue(Tell(tell.0 + 1));
    }));
    manager.queue(Tell(1));
    let stop_at = |last| {
        move |report: &TickReport| if report.tick == last { Flow::Stop } else { Flow::Continue }
    };
    let report = manager.run(TickRate::every(MS), stop_at(3)).unwrap();
    assert_eq!((report.ticks, report.handled), (3, 3));
    let report = manager.run(TickRate::every(MS), stop_at(5)).unwrap();
    assert_eq!((report.ticks, report.handled), (2, 2));
    assert_eq!(log.take(), "1 2 3 4 5");
}

#[test]
fn a_rate_can_have_a_budget() {
    let (manager, clock) = clocked();
    let busy = clock.clone();
    manager.register(on(move |_: &Tell, _| busy.advance(MS)));
    manager.queue_all((0..10).map(Tell));
    let mut handled = Vec::new();
    let rate = TickRate::hz(100).budget(MS * 4);
    let run = manager.run(rate, |report| {
        handled.push(report.handled);
        if report.drained { Flow::Stop } else { Flow::Continue }
    });
    assert_eq!(handled, [4, 4, 2]);
    assert_eq!(run.unwrap().handled, 10);
    manager.queue_all((0..3).map(Tell));
    let rate = TickRate::hz(100).budget(Budget::ONE_MESSAGE);
    let run = manager.run(rate, |report| if report.drained { Flow::Stop } else { Flow::Continue });
    assert_eq!(run.unwrap().ticks, 3);
}

#[test]
fn the_time_of_a_tick_is_that_at_which_it_began() {
    let (manager, clock) = clocked();
    let (start, log) = (clock.now(), Log::default());
    let (seen, busy) = (log.clone(), clock.clone());
    manager.register(on(move |tell: &Tell, cx| {
        seen.note((cx.now() - start).as_millis());
        busy.advance(MS * 5);
        cx.queue(Tell(tell.0 + 1));
    }));
    manager.queue_all([Tell(1), Tell(1)]);
    let run = manager
        .run(TickRate::hz(50), |report| if report.tick < 3 { Flow::Continue } else { Flow::Stop });
    assert_eq!(run.unwrap().handled, 6);
    assert_eq!(log.take(), "0 0 20 20 40 40");
}

#[test]
#[should_panic(expected = "a tick rate is above 0 ticks a second")]
fn a_rate_of_zero_is_no_rate() {
    let _ = TickRate::hz(0);
}

#[test]
#[should_panic(expected = "a tick rate needs an interval above zero")]
fn an_interval_of_zero_is_no_rate() {
    let _ = TickRate::every(Duration::ZERO);
}

#[test]
fn a_handle_stops_a_loop_from_another_thread() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let (handle, begun) = (manager.handle(), Instant::now());
    let (ticked, tick) = mpsc::channel();
    let stopping = thread::spawn(move || {
        tick.recv_timeout(DEADLINE).unwrap();
        handle.queue(Tell(1)).unwrap();
        handle.stop();
    });
    let run = manager.run(TickRate::every(DEADLINE * 10), |_| {
        let _ = ticked.send(());
        Flow::Continue
    });
    stopping.join().unwrap();
    assert_eq!(run.unwrap().ticks, 1, "it stops without another tick");
    assert!(begun.elapsed() < DEADLINE);
    assert_eq!(manager.tick().unwrap().received, 1, "what was queued before is still there");
    assert_eq!(log.take(), "1");
}

#[test]
fn a_loop_that_is_stopped_before_it_begins_does_not_tick() {
    let manager = ActorManager::new();
    manager.handle().stop();
    assert_eq!(manager.run(TickRate::hz(1_000), |_| Flow::Stop).unwrap().ticks, 0);
    assert_eq!(manager.run(TickRate::hz(1_000), |_| Flow::Stop).unwrap().ticks, 1);
}

#[test]
fn a_handler_can_stop_the_loop_through_a_handle() {
    let (manager, _) = clocked();
    let handle = manager.handle();
    manager.register(on(move |tell: &Tell, cx| match tell.0 {
        3 => handle.stop(),
        number => drop(cx.queue(Tell(number + 1)).accepted()),
    }));
    manager.queue(Tell(1));
    let run = manager.run(TickRate::hz(1_000), |_| Flow::Continue).unwrap();
    assert_eq!((run.ticks, run.handled), (3, 3));
}

#[test]
fn a_loop_that_may_be_woken_ticks_as_soon_as_a_message_comes() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let (handle, begun) = (manager.handle(), Instant::now());
    let (ticked, ticks) = mpsc::channel();
    let sending = thread::spawn(move || {
        for number in 1..=3 {
            ticks.recv_timeout(DEADLINE).unwrap();
            handle.queue(Tell(number)).unwrap();
        }
        ticks.recv_timeout(DEADLINE).unwrap();
        handle.wake();
    });
    let rate = TickRate::every(DEADLINE * 10).or_when_woken();
    let run = manager.run(rate, |report| {
        let _ = ticked.send(());
        if report.tick == 5 { Flow::Stop } else { Flow::Continue }
    });
    sending.join().unwrap();
    let run = run.unwrap();
    assert_eq!((run.ticks, run.handled, run.late, run.skipped), (5, 3, 0, 0));
    assert!(begun.elapsed() < DEADLINE);
    assert_eq!(log.take(), "1 2 3");
}

#[test]
fn a_loop_that_may_be_woken_ticks_when_a_transport_wants_it() {
    for (rate, expected) in [
        (TickRate::hz(10).or_when_woken(), &[0, 30, 100, 200][..]),
        (TickRate::hz(10), &[0, 100, 200, 300][..]),
    ] {
        let ((manager, clock), script) = (clocked(), Script::new());
        script.attach(&manager);
        let start = clock.now();
        script.edit(|lines| lines.wake_at = Some(start + MS * 30));
        let mut ticks = Vec::new();
        let report = manager.run(rate, |_| {
            ticks.push((clock.now() - start).as_millis());
            if clock.now() >= start + MS * 30 {
                script.edit(|lines| lines.wake_at = Some(start + MS * 10_000));
            }
            if ticks.len() == expected.len() { Flow::Stop } else { Flow::Continue }
        });
        assert_eq!(ticks, expected);
        let report = report.unwrap();
        assert_eq!((report.late, report.skipped), (0, 0));
    }
}
