//! Waiting, with real threads and the real clock.

#![allow(clippy::unwrap_used)]

use std::io::IoSlice;
use std::sync::atomic::AtomicU64;
use std::thread;

use super::*;

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(5)
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Waits for a time that is far, so that another reason has to end it.
fn wait_for(waiter: &Waiter, interests: &[Interest<'_>]) {
    let far = far();
    waiter.wait(interests, Some(far), Duration::ZERO).unwrap();
    assert!(Instant::now() < far, "nothing ended the wait");
}

#[test]
fn a_wait_lasts_until_its_time() {
    let waiter = Waiter::new().unwrap();
    for (micros, busy_us) in [0, 50, 300, 1700].iter().flat_map(|us| [(us, 0), (us, 60)]) {
        let until = Instant::now() + Duration::from_micros(*micros);
        let ended = waiter.wait(&[], Some(until), Duration::from_micros(busy_us)).unwrap();
        assert_eq!(ended, Ended::Time);
        assert!(Instant::now() >= until, "{micros} µs, {busy_us} µs of them busy");
    }
    // A time that has passed.
    let past = Instant::now();
    waiter.wait(&[], Some(past), Duration::ZERO).unwrap();
}

#[test]
fn each_wait_has_its_own_time_whatever_the_one_before_waited_for() {
    let waiter = Waiter::new().unwrap();
    let begun = Instant::now();
    let [early, late] = [1, 3].map(|ms| begun + Duration::from_millis(ms));
    // A wait that was woken, and one for the same time, which is none before.
    for until in [late, late, early, late, far(), late] {
        waiter.waker().wake();
        waiter.wait(&[], Some(until), Duration::ZERO).unwrap();
    }
    waiter.wait(&[], Some(late), Duration::ZERO).unwrap();
    assert!(Instant::now() >= late);
    // Times that have come end no wait for a later one, or for none.
    let until = soon();
    waiter.wait(&[], Some(late), Duration::ZERO).unwrap();
    waiter.wait(&[], Some(until), Duration::ZERO).unwrap();
    assert!(Instant::now() >= until);
    let waker = waiter.waker();
    let (asleep, woken) = (Instant::now(), Duration::from_millis(20));
    let waking = thread::spawn(move || {
        let waiter = Waiter::new().unwrap();
        waiter.wait(&[], Some(asleep + woken), Duration::ZERO).unwrap();
        waker.wake();
    });
    waiter.wait(&[], None, Duration::ZERO).unwrap();
    assert!(asleep.elapsed() >= woken, "the time of the wait before ended this one");
    waking.join().unwrap();
}

#[test]
fn a_wake_ends_one_wait_also_if_it_came_before() {
    let waiter = Waiter::new().unwrap();
    let waker = waiter.waker();
    for _ in 0..1000 {
        waker.wake();
        waker.clone().wake();
    }
    wait_for(&waiter, &[]);
    let until = soon();
    waiter.wait(&[], Some(until), Duration::ZERO).unwrap();
    assert!(Instant::now() >= until, "a thousand wakes ended two waits");
    waker.wake();
    wait_for(&waiter, &[]);
}

#[test]
fn a_waker_without_its_waiter_does_nothing() {
    let waker = Waiter::new().unwrap().waker();
    waker.wake();
    waker.wake();
}

#[test]
fn a_wait_ends_when_a_descriptor_is_ready() {
    let waiter = Waiter::new().unwrap();
    let (one, other) = Stream::connected_pair().unwrap();
    let until = soon();
    waiter.wait(&[one.interest(true, false)], Some(until), Duration::ZERO).unwrap();
    assert!(Instant::now() >= until, "nothing was there to read");
    wait_for(&waiter, &[one.interest(false, true)]);
    wait_for(&waiter, &[one.interest(true, true)]);
    other.write_vectored(&[IoSlice::new(b"x")]).unwrap();
    wait_for(&waiter, &[one.interest(true, false)]);
}

#[test]
fn a_wait_that_polls_sees_descriptors_and_wakes_as_one_that_blocks() {
    let waiter = Waiter::new().unwrap();
    let (one, other) = Stream::connected_pair().unwrap();
    let busy = Duration::from_secs(30);
    thread::scope(|scope| {
        scope.spawn(|| other.write_vectored(&[IoSlice::new(b"x")]).unwrap());
        let ended = waiter.wait(&[one.interest(true, false)], Some(far()), busy).unwrap();
        assert_eq!(ended, Ended::Met);
    });
    thread::scope(|scope| {
        let waker = waiter.waker();
        scope.spawn(move || waker.wake());
        assert_eq!(waiter.wait(&[], Some(far()), busy).unwrap(), Ended::Met);
    });
    // Whoever polls needs no byte to be woken.
    assert_eq!(waiter.end.read(&mut [0; 8]).unwrap(), Progress::Later);
}

#[test]
fn an_end_is_noticed_and_left_alone_without_interest() {
    let waiter = Waiter::new().unwrap();
    let (one, other) = Stream::connected_pair().unwrap();
    drop(other);
    wait_for(&waiter, &[one.interest(true, false)]);
    wait_for(&waiter, &[one.interest(false, true)]);
    let until = soon();
    waiter.wait(&[one.interest(false, false)], Some(until), Duration::ZERO).unwrap();
    assert!(Instant::now() >= until);
}

/// Each thread waits until its last piece of work was seen before it does the next. So one lost
/// wake stops everything.
fn no_wake_is_lost(threads: usize, pieces: u64, other_reasons: bool) {
    // There a thread that yields may not be the next for long.
    let pieces = if cfg!(windows) { pieces / 50 } else { pieces };
    let waiter = Waiter::new().unwrap();
    let done: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(0)).collect();
    let seen: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(0)).collect();
    let (ready, _other) = Stream::connected_pair().unwrap();
    let far = far();
    thread::scope(|scope| {
        for (done, seen) in done.iter().zip(&seen) {
            let waker = waiter.waker();
            scope.spawn(move || {
                for piece in 1..=pieces {
                    // The order comes from the waker alone.
                    done.store(piece, Ordering::Relaxed);
                    waker.wake();
                    while seen.load(Ordering::Relaxed) < piece && Instant::now() < far {
                        thread::yield_now();
                    }
                }
            });
        }
        let mut waits = 0_u64;
        while seen.iter().any(|seen| seen.load(Ordering::Relaxed) < pieces) {
            // A wait that ends for another reason clears the waker, too.
            let writable = other_reasons && waits.is_multiple_of(3);
            let begun = Instant::now();
            // Some end while it polls, some while it blocks, and some in between.
            let busy = Duration::from_micros(waits % 16);
            waiter.wait(&[ready.interest(false, writable)], Some(far), busy).unwrap();
            assert!(
                Instant::now() < far,
                "a wake was lost, or all is slow: {waits} waits, the last took {:?}",
                begun.elapsed()
            );
            for (done, seen) in done.iter().zip(&seen) {
                seen.store(done.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            waits += 1;
        }
    });
}

#[test]
fn no_wake_is_lost_from_one_thread() {
    no_wake_is_lost(1, 20_000, false);
}

#[test]
fn no_wake_is_lost_from_many_threads() {
    no_wake_is_lost(4, 5_000, false);
}

#[test]
fn no_wake_is_lost_when_waits_end_for_other_reasons() {
    no_wake_is_lost(3, 5_000, true);
}
