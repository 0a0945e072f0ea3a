//! How a loop waits: on its own, and by what a program brings for that.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use local::{Log, on};
use pysage_core::{ActorManager, Flow, ManagerConfig, ManualClock, Message, TickRate, Waiting};

const MS: Duration = Duration::from_millis(1);
/// A test that waits for another thread gives up after this.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Message)]
struct Tell(u32);

/// Stands for a socket that can be waited for. Clones are the same one.
#[derive(Clone, Default)]
struct Socket(Arc<(Mutex<Seen>, Condvar)>);

#[derive(Default)]
struct Seen {
    woken: bool,
    readable: bool,
    /// How often it was waited for.
    waits: usize,
    /// How often the waker was called.
    wakes: usize,
}

impl Socket {
    fn edit<R>(&self, edit: impl FnOnce(&mut Seen) -> R) -> R {
        let seen = edit(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        seen
    }

    fn waits(&self) -> usize {
        self.edit(|seen| seen.waits)
    }

    /// Until the manager has begun to wait for it so many times.
    fn wait_for(&self, waits: usize) {
        let (seen, changed) = &*self.0;
        let fewer = |seen: &mut Seen| seen.waits < waits;
        let waited = changed.wait_timeout_while(seen.lock().unwrap(), DEADLINE, fewer).unwrap();
        assert!(!waited.1.timed_out());
    }
}

impl Waiting for Socket {
    fn wait_until(&self, time: Instant) {
        let Socket(shared) = self;
        let mut seen = shared.0.lock().unwrap();
        seen.waits += 1;
        shared.1.notify_all();
        while !seen.woken && !seen.readable {
            let left = time.saturating_duration_since(Instant::now());
            let (guard, timeout) = shared.1.wait_timeout(seen, left).unwrap();
            seen = guard;
            if timeout.timed_out() {
                break;
            }
        }
        (seen.woken, seen.readable) = (false, false);
    }

    fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let socket = self.clone();
        Arc::new(move || {
            socket.edit(|seen| {
                seen.woken = true;
                seen.wakes += 1;
            });
        })
    }
}

fn waiting() -> (ActorManager, Socket) {
    let (manager, socket) = (ActorManager::new(), Socket::default());
    manager.wait_by(socket.clone());
    (manager, socket)
}

fn far() -> Instant {
    Instant::now() + DEADLINE * 2
}

/// Whether something ended in time, and not at the end of a wait for what does not come.
fn in_time<R>(work: impl FnOnce() -> R) -> R {
    let begun = Instant::now();
    let result = work();
    assert!(begun.elapsed() < DEADLINE, "nobody woke it");
    result
}

#[test]
fn a_wait_ends_at_its_time() {
    for (manager, _) in [waiting(), (ActorManager::new(), Socket::default())] {
        let time = Instant::now() + MS * 2;
        while Instant::now() < time {
            assert_eq!(manager.wait_until(time), Flow::Continue);
        }
        assert_eq!(manager.wait_until(Instant::now() - MS), Flow::Continue, "it is past");
    }
}

#[test]
fn a_message_that_is_there_before_the_wait_ends_it() {
    for (manager, socket) in [waiting(), (ActorManager::new(), Socket::default())] {
        let handle = manager.handle();
        handle.queue(Tell(1)).unwrap();
        in_time(|| assert_eq!(manager.wait_until(far()), Flow::Continue));
        assert_eq!(socket.waits(), 0, "there is no need to wait");
        assert_eq!(manager.tick().unwrap().received, 1);
    }
}

#[test]
fn a_message_a_wake_and_a_stop_end_a_wait_in_progress() {
    let (manager, socket) = waiting();
    let (handle, seen) = (manager.handle(), socket.clone());
    let acting = thread::spawn(move || {
        seen.wait_for(1);
        handle.queue(Tell(1)).unwrap();
        seen.wait_for(2);
        handle.wake();
        seen.wait_for(3);
        seen.edit(|seen| seen.readable = true);
        seen.wait_for(4);
        handle.stop();
    });
    in_time(|| {
        for _ in 0..3 {
            assert_eq!(manager.wait_until(far()), Flow::Continue);
        }
        assert_eq!(manager.wait_until(far()), Flow::Stop);
    });
    acting.join().unwrap();
    assert_eq!((socket.waits(), manager.tick().unwrap().received), (4, 1));
}

#[test]
fn a_stop_is_told_once_and_also_without_anything_to_wait_by() {
    for (manager, socket) in [waiting(), (ActorManager::new(), Socket::default())] {
        manager.handle().stop();
        in_time(|| assert_eq!(manager.wait_until(far()), Flow::Stop));
        assert_eq!(socket.waits(), 0, "a stop that is known is not waited for");
        assert_eq!(manager.wait_until(Instant::now() + MS), Flow::Continue);
    }
}

#[test]
fn a_loop_that_may_be_woken_waits_by_what_it_was_given() {
    let (manager, socket) = waiting();
    let log = Log::default();
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let (handle, outside) = (manager.handle(), socket.clone());
    let (ticked, ticks) = mpsc::channel();
    let acting = thread::spawn(move || {
        ticks.recv_timeout(DEADLINE).unwrap();
        handle.queue(Tell(1)).unwrap();
        ticks.recv_timeout(DEADLINE).unwrap();
        outside.edit(|seen| seen.readable = true);
        ticks.recv_timeout(DEADLINE).unwrap();
        handle.stop();
    });
    let rate = TickRate::every(DEADLINE * 10).or_when_woken();
    let run = in_time(|| {
        manager.run(rate, |_| {
            let _ = ticked.send(());
            Flow::Continue
        })
    });
    acting.join().unwrap();
    assert_eq!(log.take(), "1");
    assert!(run.unwrap().ticks >= 3, "the first, the message's and the socket's");
    assert!(socket.waits() >= 1);
}

#[test]
fn a_loop_that_keeps_to_its_rate_does_not_wait_by_it_and_is_stopped_all_the_same() {
    let (manager, socket) = waiting();
    manager
        .run(
            TickRate::every(MS),
            |report| {
                if report.tick < 3 { Flow::Continue } else { Flow::Stop }
            },
        )
        .unwrap();
    let handle = manager.handle();
    let (ticked, tick) = mpsc::channel();
    let stopping = thread::spawn(move || {
        tick.recv_timeout(DEADLINE).unwrap();
        handle.queue(Tell(1)).unwrap();
        handle.stop();
    });
    let run = in_time(|| {
        manager.run(TickRate::every(DEADLINE * 10), |_| {
            let _ = ticked.send(());
            Flow::Continue
        })
    });
    stopping.join().unwrap();
    assert_eq!((run.unwrap().ticks, socket.waits()), (1, 0));
}

#[test]
fn the_waker_of_the_program_and_that_of_the_wait_are_both_called() {
    for program_first in [true, false] {
        let (manager, socket) = (ActorManager::new(), Socket::default());
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let on_wake = move || {
            counted.fetch_add(1, Ordering::SeqCst);
        };
        if program_first {
            manager.on_wake(on_wake);
            manager.wait_by(socket.clone());
        } else {
            manager.wait_by(socket.clone());
            manager.on_wake(on_wake);
        }
        let (handle, other) = (manager.handle(), manager.handle());
        handle.queue(Tell(1)).unwrap();
        handle.queue(Tell(2)).unwrap();
        other.queue(Tell(3)).unwrap();
        handle.wake();
        handle.stop();
        let wakes = (count.load(Ordering::SeqCst), socket.edit(|seen| seen.wakes));
        assert_eq!(wakes, (4, 4), "the first message of each, the wake and the stop");
    }
}

#[test]
fn what_a_manager_waits_by_is_replaced_and_let_go_with_it() {
    let (manager, first) = waiting();
    let (second, handle) = (Socket::default(), manager.handle());
    manager.wait_by(second.clone());
    assert_eq!(Arc::strong_count(&first.0), 1, "the first one is let go");
    handle.wake();
    manager.wait_until(far());
    manager.wait_until(Instant::now());
    assert_eq!((first.waits(), second.waits()), (0, 1));
    drop(manager);
    assert_eq!(Arc::strong_count(&second.0), 1, "handles do not keep it");
    handle.wake();
}

#[test]
fn a_manual_clock_is_moved_and_nothing_waits() {
    let (clock, socket) = (ManualClock::new(), Socket::default());
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    manager.wait_by(socket.clone());
    let start = clock.now();
    assert_eq!(manager.wait_until(start + DEADLINE), Flow::Continue);
    assert_eq!(clock.now() - start, DEADLINE);
    let rate = TickRate::every(DEADLINE).or_when_woken();
    let run = manager.run(rate, |it| if it.tick < 3 { Flow::Continue } else { Flow::Stop });
    assert_eq!(run.unwrap().ticks, 3);
    manager.handle().stop();
    assert_eq!(manager.wait_until(start), Flow::Stop);
    assert_eq!((clock.now() - start, socket.waits()), (DEADLINE * 3, 0));
}

/// The other thread sends the next message only once the one before was handled, so one wake that
/// is lost holds both up until the deadline.
#[test]
fn no_wake_is_lost() {
    for (manager, _) in [waiting(), (ActorManager::new(), Socket::default())] {
        let handle = manager.handle();
        let (handled, next) = mpsc::channel();
        manager.register(on(move |tell: &Tell, _| {
            let _ = handled.send(tell.0);
        }));
        let sending = thread::spawn(move || {
            for number in 0..3_000 {
                handle.queue(Tell(number)).unwrap();
                assert_eq!(next.recv_timeout(DEADLINE), Ok(number));
            }
            handle.stop();
        });
        in_time(|| {
            while manager.wait_until(far()) == Flow::Continue {
                manager.tick().unwrap();
            }
        });
        sending.join().unwrap();
    }
}
