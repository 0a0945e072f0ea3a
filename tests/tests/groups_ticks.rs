//! When groups tick, and how much they do then.

// Each of the tests of groups uses a part of what they share.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../support/group_entries.rs"]
mod group_entries;
#[path = "../support/groups.rs"]
mod groups;

use std::time::{Duration, Instant};

use pysage_group::{ActorManager, GroupConfig, Groups};

use group_entries::{COUNTING, Do, Ping, Updates, WORKER};
use groups::{Seen, alone, config, main_manager, noted, tick_until};

/// A manager with a group in a process or a thread.
fn with_group(config: GroupConfig, in_thread: bool) -> (ActorManager, Seen) {
    let (manager, seen) = main_manager();
    match in_thread {
        false => manager.add_process_group("one", COUNTING, config),
        true => manager.add_thread_group("one", COUNTING, config),
    }
    .unwrap();
    (manager, seen)
}

/// How long it takes until so many messages are answered, each sent after the answer before.
fn answers(manager: &ActorManager, seen: &Seen, count: u32) -> Duration {
    let begun = Instant::now();
    for number in 0..count {
        manager.send_to_group("one", Ping(number)).unwrap();
        assert_eq!(noted(manager, seen, 1), [format!("{} from one", number + 1)]);
    }
    begun.elapsed()
}

/// How often the group was updated, and how many pings it saw.
fn updates(manager: &ActorManager) -> (u32, u32) {
    let mut asked = manager.ask(manager.group("one").unwrap(), Updates);
    tick_until(manager, "an answer", || asked.is_ready());
    asked.take().unwrap().unwrap()
}

#[test]
fn a_message_that_arrives_wakes_its_group_at_once() {
    let _alone = alone();
    for in_thread in [false, true] {
        let interval = Duration::from_secs(60);
        let (manager, seen) = with_group(config().tick_interval(interval), in_thread);
        assert!(answers(&manager, &seen, 20) < interval);
        assert!(updates(&manager).0 >= 20, "it ticks for each of them");
    }
}

#[test]
fn a_message_waits_for_the_next_tick_where_it_is_to_wake_nobody() {
    let _alone = alone();
    for in_thread in [false, true] {
        let interval = Duration::from_millis(50);
        let config = config().tick_interval(interval).wake_on_arrival(false);
        let (manager, seen) = with_group(config, in_thread);
        // The first one may come just before a tick.
        let took = answers(&manager, &seen, 5);
        assert!(took >= 3 * interval, "{took:?}");
    }
}

#[test]
fn a_tick_of_a_group_takes_no_more_messages_than_its_budget() {
    let _alone = alone();
    for (budget, at_least) in [(Some(Duration::ZERO), 50), (None, 1)] {
        for in_thread in [false, true] {
            let mut config = config().tick_interval(Duration::from_millis(1));
            if let Some(budget) = budget {
                config = config.tick_budget(budget);
            }
            let (manager, seen) = with_group(config, in_thread);
            (0..50).for_each(|number| manager.send_to_group("one", Ping(number)).unwrap());
            noted(&manager, &seen, 50);
            let (updates, pings) = updates(&manager);
            assert!(updates >= at_least && pings == 50, "{updates} updates, {budget:?}");
        }
    }
}

#[test]
fn a_thread_group_that_takes_longer_than_its_heartbeat_does_not_keep_its_parent_busy() {
    let _alone = alone();
    let (manager, _) = main_manager();
    let config = config().heartbeat(Duration::from_millis(10));
    manager.add_thread_group("one", WORKER, config).unwrap();
    manager.send_to_group("one", Do::Sleep(1_000)).unwrap();
    manager.tick().unwrap();
    let (begun, mut waits) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_millis(300) {
        manager.wait_until(begun + Duration::from_millis(300));
        manager.tick().unwrap();
        waits += 1;
    }
    assert!(waits < 100, "{waits} waits");
}
