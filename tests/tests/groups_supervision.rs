//! Groups that end, and what becomes of them and of what was sent to them.

// Each of the tests of groups uses a part of what they share.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../support/group_entries.rs"]
mod group_entries;
#[path = "../support/groups.rs"]
mod groups;

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use pysage_group::{ActorManager, DropReason, GroupError, Groups, Restart};

use group_entries::{Do, Ping, Seen as HowMany, WORKER};
use groups::{alone, assert_child_processes, config, main_manager, noted, tick_until, try_until};

fn send(manager: &ActorManager, what: Do) {
    manager.send_to_group("one", what).unwrap();
}

#[test]
fn a_temporary_group_that_failed_is_told_and_stays_down() {
    let _alone = alone();
    let mut ways = vec![
        (Do::Panic, "Worker at Do: told to panic"),
        (Do::Exit(3), "its process ended with exit status 3"),
    ];
    if cfg!(unix) {
        ways.push((Do::Abort, "its process ended with signal 6 (SIGABRT)"));
    }
    for (what, expected) in ways {
        let (manager, seen) = main_manager();
        manager.add_process_group("one", WORKER, config()).unwrap();
        send(&manager, what);
        let error = try_until(&manager, "the failure", || false).unwrap().to_string();
        assert!(error.starts_with("group `one` failed: ") && error.ends_with(expected), "{error}");
        let told = seen.take();
        assert!(told.len() == 1 && told[0].ends_with(expected), "{told:?}");
        let down = manager.send_to_group("one", Ping(1)).unwrap_err();
        assert!(matches!(down, GroupError::Unknown { .. }), "{down}");
        assert_child_processes(0);
        manager.tick().unwrap_err();
        manager.remove_group("one").unwrap();
        manager.tick().unwrap();
        assert_eq!(seen.take(), [""; 0], "it is told once");
    }
}

#[test]
fn a_quiet_group_that_failed_is_told_by_its_message_alone() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    manager.add_process_group("one", WORKER, config().fail_quietly()).unwrap();
    send(&manager, Do::Exit(3));
    assert_eq!(noted(&manager, &seen, 1), ["one is down: its process ended with exit status 3"]);
}

#[test]
fn a_permanent_group_is_there_again_after_each_end() {
    let _alone = alone();
    for in_thread in [false, true] {
        let (manager, seen) = main_manager();
        let config = config().restart(Restart::Permanent);
        let added = match in_thread {
            false => manager.add_process_group("one", WORKER, config),
            true => manager.add_thread_group("one", WORKER, config),
        };
        let first = added.unwrap();
        for restart in 1..=3 {
            send(&manager, if restart == 2 { Do::Finish } else { Do::Panic });
            let told = noted(&manager, &seen, 2);
            let expected = if restart == 2 { "it ended by itself" } else { "told to panic" };
            assert!(told[0].ends_with(&format!("{expected}, starts again")), "{told:?}");
            assert_eq!(told[1], format!("one is up, restarted {restart} times"));
            manager.send_to_group("one", Ping(1)).unwrap();
            assert_eq!(noted(&manager, &seen, 1), ["2 from one"]);
        }
        manager.send(first, Ping(1)).unwrap_err();
    }
}

#[test]
fn a_transient_group_ends_by_itself_for_good() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    let config = config().restart(Restart::Transient);
    manager.add_process_group("one", WORKER, config).unwrap();
    send(&manager, Do::Exit(1));
    assert_eq!(noted(&manager, &seen, 2)[1], "one is up, restarted 1 times");
    send(&manager, Do::Finish);
    assert_eq!(noted(&manager, &seen, 1), ["one is down: it ended by itself"]);
    assert_eq!(manager.groups().len(), 0);
    assert_child_processes(0);
    manager.tick().unwrap();
}

#[test]
fn too_many_restarts_are_a_failure() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    let config = config().restart(Restart::Permanent).restart_intensity(2, Duration::from_secs(60));
    manager.add_process_group("one", WORKER, config).unwrap();
    for _ in 0..2 {
        send(&manager, Do::Exit(1));
        noted(&manager, &seen, 2);
    }
    send(&manager, Do::Exit(1));
    let error = try_until(&manager, "the failure", || false).unwrap().to_string();
    assert_eq!(error, "group `one` failed: its process ended with exit status 1");
}

#[test]
fn a_group_that_hangs_is_found_by_its_heartbeat() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    let config = config().restart(Restart::Permanent).heartbeat(Duration::from_millis(200));
    manager.add_process_group("one", WORKER, config).unwrap();
    let quiet_until = Instant::now() + Duration::from_millis(500);
    tick_until(&manager, "half a second", || Instant::now() >= quiet_until);
    assert_eq!(seen.take(), [""; 0], "an idle group does not hang");
    send(&manager, Do::Hang);
    assert_eq!(
        noted(&manager, &seen, 2),
        ["one is down: it hung, and was killed, starts again", "one is up, restarted 1 times"]
    );
}

#[test]
fn a_group_that_hangs_is_removed_by_force() {
    let _alone = alone();
    let (manager, _) = main_manager();
    let config = config().stop_timeout(Duration::from_millis(200));
    manager.add_process_group("one", WORKER, config).unwrap();
    send(&manager, Do::Hang);
    let error = manager.remove_group("one").unwrap_err();
    assert!(matches!(error, GroupError::NotStopped { .. }), "{error}");
    assert_child_processes(0);
    manager.tick().unwrap();
}

#[test]
fn a_manager_that_is_dropped_leaves_no_process() {
    let _alone = alone();
    let (manager, _) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    manager.add_process_group("two", WORKER, config()).unwrap();
    manager.send_to_group("two", Do::Hang).unwrap();
    manager.tick().unwrap();
    drop(manager);
    assert_child_processes(0);
}

/// Sends pings behind a message, ends the group by it, and counts what becomes of them.
fn fates(in_thread: bool, what: Do) -> (ActorManager, [u64; 3]) {
    let (manager, seen) = main_manager();
    let config = config().fail_quietly();
    match in_thread {
        false => manager.add_process_group("one", WORKER, config),
        true => manager.add_thread_group("one", WORKER, config),
    }
    .unwrap();
    let reported = Rc::new(Cell::new(0));
    let counter = reported.clone();
    manager.on_dead_letter(move |letter| {
        counter.set(counter.get() + u64::from(letter.message.downcast_ref::<Ping>().is_some()));
    });
    (0..10).for_each(|number| manager.send_to_group("one", Ping(number)).unwrap());
    send(&manager, what);
    (10..100).for_each(|number| manager.send_to_group("one", Ping(number)).unwrap());
    let told = |seen: &groups::Seen| seen.all().iter().any(|note| note.contains("is down"));
    tick_until(&manager, "the end", || told(&seen));
    let counters = manager.counters();
    let undelivered = counters.dropped(DropReason::LinkGone);
    let unknown = counters.dropped(DropReason::FateUnknown);
    (manager, [undelivered, unknown, reported.get()])
}

#[test]
fn each_message_to_a_group_that_panicked_is_told_as_handled_or_not() {
    let _alone = alone();
    for in_thread in [false, true] {
        let (_, [undelivered, unknown, reported]) = fates(in_thread, Do::Panic);
        // The one that panicked was not handled; the ten before it were.
        assert_eq!((undelivered, unknown), (91, 0), "in a thread: {in_thread}");
        // In a thread, what it had taken is gone with it, and counted.
        assert!(reported == 90 || in_thread && reported <= 90, "{reported}");
    }
}

#[test]
fn messages_to_a_group_that_was_killed_are_told_as_unknown() {
    let _alone = alone();
    let (_, [undelivered, unknown, reported]) = fates(false, Do::Abort);
    assert_eq!(undelivered + unknown, 101, "none was told to be handled before the end");
    assert_eq!((unknown, reported), (101, 100));
}

#[test]
fn an_acked_group_hands_on_what_it_did_not_handle() {
    let _alone = alone();
    for in_thread in [false, true] {
        let (manager, seen) = main_manager();
        let config = config().restart(Restart::Permanent).acked();
        match in_thread {
            false => manager.add_process_group("one", WORKER, config),
            true => manager.add_thread_group("one", WORKER, config),
        }
        .unwrap();
        let ends = |manager: &ActorManager| {
            let down = manager.counters().dropped(DropReason::LinkGone);
            down + manager.counters().dropped(DropReason::FateUnknown)
        };
        (0..50).for_each(|number| manager.send_to_group("one", Ping(number)).unwrap());
        manager.tick().unwrap();
        let answers = noted(&manager, &seen, 50);
        assert_eq!(answers.last().unwrap(), "50 from one");
        // A message that ends the group would end its successor, too: it sleeps, and is killed.
        manager.send_to_group("one", Do::Sleep(1)).unwrap();
        (50..100).for_each(|number| manager.send_to_group("one", Ping(number)).unwrap());
        let answers = noted(&manager, &seen, 50);
        assert_eq!(answers.last().unwrap(), "100 from one");
        assert_eq!(ends(&manager), 0);
        let mut asked = manager.ask(manager.group("one").unwrap(), HowMany);
        tick_until(&manager, "an answer", || asked.is_ready());
        assert_eq!(asked.take(), Some(Ok(100)));
    }
}

/// Kills the only child process, and waits until it has ended, which nobody has noticed then.
#[cfg(target_os = "linux")]
fn kill_child() {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let children = tasks.map(|task| task.unwrap().path().join("children"));
    let child: String = children.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let child = Pid::from_raw(child.trim().parse().unwrap()).unwrap();
    kill_process(child, Signal::KILL).unwrap();
    waitid(WaitId::Pid(child), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_sent_to_an_acked_group_before_its_end_is_noticed_goes_to_its_successor() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    let config = config().restart(Restart::Permanent).acked();
    let to = manager.add_process_group("one", WORKER, config).unwrap();
    kill_child();
    (0..10).for_each(|number| manager.send(to, Ping(number)).unwrap());
    manager.tick().unwrap();
    let told = noted(&manager, &seen, 12);
    assert!(told[0].contains("SIGKILL"), "{told:?}");
    let answers: Vec<_> = (1..=10).map(|number| format!("{number} from one")).collect();
    assert_eq!(told[2..], answers);
    assert_eq!(manager.counters().dropped_in_all(), 0);
}
