//! Groups that talk to each other.

// Each of the tests of groups uses a part of what they share.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../support/group_entries.rs"]
mod group_entries;
#[path = "../support/groups.rs"]
mod groups;

use std::time::{Duration, Instant};

use pysage_group::{
    Actor, ActorManager, Context, Entry, GroupError, GroupName, Groups, Message, SendError,
    Subscriptions,
};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use group_entries::{Do, Enquire, FLOODER, Flood, Long, NAMED, Ping, Seen as HowMany, WORKER};
use groups::{DEADLINE, alone, config, main_manager, noted, tick_until};

fn relay(to: &str, number: u32) -> Do {
    Do::Relay { to: to.to_owned(), number }
}

/// A manager with groups of both kinds: `one` and `two` in processes, `three` and `four` in threads.
fn four_groups() -> (ActorManager, groups::Seen) {
    let (manager, seen) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    manager.add_process_group("two", WORKER, config()).unwrap();
    manager.add_thread_group("three", WORKER, config()).unwrap();
    manager.add_thread_group("four", WORKER, config()).unwrap();
    (manager, seen)
}

#[test]
fn any_group_talks_to_any_other_directly() {
    let _alone = alone();
    let (manager, seen) = four_groups();
    for from in ["one", "two", "three", "four"] {
        for to in ["one", "two", "three", "four"].into_iter().filter(|to| *to != from) {
            for number in [1, 2] {
                manager.send_to_group(from, relay(to, number)).unwrap();
                let told = noted(&manager, &seen, 1);
                assert_eq!(told, [format!("{} from {to} in {from}", number + 1)]);
            }
        }
    }
}

#[test]
fn two_groups_that_want_each_other_at_the_same_time_get_one_link() {
    let _alone = alone();
    let (manager, seen) = four_groups();
    let pairs = [
        ("one", "two"),
        ("two", "one"),
        ("three", "four"),
        ("four", "three"),
        ("one", "four"),
        ("four", "one"),
    ];
    for (from, to) in pairs {
        manager.send_to_group(from, relay(to, 1)).unwrap();
    }
    let mut told = noted(&manager, &seen, pairs.len());
    let mut expected = pairs.map(|(from, to)| format!("2 from {to} in {from}"));
    told.sort();
    expected.sort();
    // A worker that is asked twice before it was answered tells both to the second.
    assert_eq!(told, expected);
}

#[test]
fn a_group_has_groups_of_its_own_that_all_others_reach() {
    let _alone = alone();
    let (manager, seen) = four_groups();
    manager.send_to_group("one", Do::Add("sub".to_owned())).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["added"]);
    for (from, to) in [("one", "sub"), ("one", "one/sub"), ("two", "one/sub"), ("three", "one/sub")]
    {
        manager.send_to_group(from, relay(to, 1)).unwrap();
        assert_eq!(noted(&manager, &seen, 1), [format!("2 from one/sub in {from}")]);
    }
    manager.send_to_group("one/sub", Ping(5)).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["6 from one/sub"]);
    for to in ["two", "four", "one"] {
        manager.send_to_group("one/sub", relay(to, 1)).unwrap();
        assert_eq!(noted(&manager, &seen, 1), [format!("2 from {to} in one/sub")]);
    }
    assert_eq!(manager.groups().len(), 4, "it is not this manager's");
    assert!(manager.remove_group("one/sub").is_err());
    manager.remove_group("one").unwrap();
    let gone = manager.send_to_group("one/sub", Ping(1)).unwrap_err();
    assert!(matches!(gone, GroupError::Unknown { name } if name == "one/sub"));
}

#[test]
fn a_group_that_nobody_added_is_unknown_everywhere() {
    let _alone = alone();
    let (manager, seen) = four_groups();
    let here = manager.send_to_group("five", Ping(1)).unwrap_err().to_string();
    for from in ["one", "three"] {
        manager.send_to_group(from, relay("five", 1)).unwrap();
        assert_eq!(noted(&manager, &seen, 1), [here.as_str()]);
        manager.send_to_group(from, relay(from, 1)).unwrap();
        let itself = noted(&manager, &seen, 1);
        assert_eq!(itself, [format!("there is no group `{from}` here, or not any more")]);
    }
}

#[test]
fn a_group_reaches_main_by_its_name() {
    let _alone = alone();
    let (manager, seen) = four_groups();
    let main = GroupName::MAIN;
    manager.register(groups::Answering);
    manager.send_to_group("one", relay(main.as_str(), 1)).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["2 from main in one"]);
    assert_eq!(manager.group_name(), main);
}

#[test]
fn an_actor_in_a_group_is_reached_by_its_name() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    for (name, in_thread) in [("one", false), ("two", true)] {
        let added = match in_thread {
            false => manager.add_process_group(name, NAMED, config()),
            true => manager.add_thread_group(name, NAMED, config()),
        };
        let group = added.unwrap();
        manager.send_to_group_actor(name, "bob", Ping(1)).unwrap();
        assert_eq!(noted(&manager, &seen, 1), [format!("2 from {name}")]);
        let mut answer = manager.ask(group, HowMany);
        tick_until(&manager, "an answer", || answer.is_ready());
        assert_eq!(answer.take(), Some(Ok(0)), "the first one, ann, was not pinged");
    }
}

#[test]
fn who_sent_a_message_is_known_and_can_be_answered() {
    let _alone = alone();
    let (manager, _) = four_groups();
    for name in ["one", "three"] {
        let group = manager.group(name).unwrap();
        assert_eq!(
            manager.group_of(group),
            Some(manager.groups()[usize::from(name == "three") * 2].clone())
        );
        let mut answer = manager.ask(group, HowMany);
        tick_until(&manager, "an answer", || answer.is_ready());
        assert_eq!(answer.take(), Some(Ok(0)));
    }
}

#[test]
fn a_group_asks_any_other() {
    let _alone = alone();
    let (manager, seen) = four_groups();
    manager.broadcast_to_groups(Ping(1));
    noted(&manager, &seen, 4);
    for (from, to) in [("one", "two"), ("one", "three"), ("three", "four"), ("four", "two")] {
        manager.send_to_group(from, Enquire(to.to_owned())).unwrap();
        assert_eq!(noted(&manager, &seen, 1), [format!("Ok(1) from {to}")], "{from}");
    }
}

#[test]
fn what_was_sent_before_a_group_is_removed_is_handled_and_answered() {
    let _alone = alone();
    let (manager, seen) = four_groups();
    for name in ["one", "three"] {
        for number in 0..20_000 {
            manager.send_to_group(name, Ping(number)).unwrap();
        }
        manager.remove_group(name).unwrap();
        let answers = noted(&manager, &seen, 20_000);
        let expected = (1..=20_000).map(|number| format!("{number} from {name}"));
        assert!(answers.into_iter().eq(expected), "{name}");
    }
}

#[test]
fn a_full_link_says_so_at_the_call_and_loses_nothing() {
    let _alone = alone();
    let (manager, _) = main_manager();
    let config = config().queue_bytes(256 << 10);
    manager.add_process_group("one", WORKER, config.clone()).unwrap();
    manager.add_thread_group("two", WORKER, config).unwrap();
    for name in ["one", "two"] {
        manager.send_to_group(name, Do::Sleep(300)).unwrap();
        let mut sent = 0;
        let full = loop {
            match manager.send_to_group(name, Ping(sent)) {
                Ok(()) => sent += 1,
                Err(GroupError::Send(SendError::Full { room_bytes, .. })) => break room_bytes,
                Err(error) => panic!("{error}"),
            }
            if sent % 1_000 == 0 {
                manager.flush().unwrap();
            }
        };
        assert!(full < 1_000 && (2_000..30_000).contains(&sent), "{name}: {sent}");
        // Answers are as many, and may find no room; so may a request, and what it is answered.
        let ask = || {
            let group = manager.group(name).unwrap();
            manager.ask(group, HowMany).within(Duration::from_millis(100))
        };
        let mut asked = ask();
        tick_until(&manager, "all to be handled", || match asked.take() {
            Some(Ok(handled)) => handled == sent,
            Some(Err(_)) => {
                asked = ask();
                false
            }
            None => false,
        });
    }
}

#[test]
fn who_finds_a_link_full_is_woken_once_there_is_room() {
    let _alone = alone();
    let (manager, _) = main_manager();
    let config = config().queue_bytes(64 << 10);
    manager.add_process_group("one", WORKER, config.clone()).unwrap();
    manager.add_thread_group("two", WORKER, config).unwrap();
    for name in ["one", "two"] {
        let begun = Instant::now();
        for _ in 0..20 {
            // Nothing is answered to that.
            while manager.send_to_group(name, Do::Sleep(0)).is_ok() {}
            manager.tick().unwrap();
            while manager.group(name).is_ok_and(|group| manager.send(group, Do::Sleep(0)).is_err())
            {
                assert!(begun.elapsed() < DEADLINE, "{name}: nothing has woken it");
                manager.wait_until(begun + DEADLINE);
                manager.tick().unwrap();
            }
        }
    }
}

#[test]
fn groups_that_flood_each_other_never_block() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    manager.add_process_group("one", WORKER, config().queue_bytes(128 << 10)).unwrap();
    let text = "x".repeat(30_000);
    let (mut sent, mut refused) = (0, 0);
    while sent < 500 {
        match manager.send_to_group("one", Long(text.clone())) {
            Ok(()) => sent += 1,
            Err(GroupError::Send(SendError::Full { .. })) => {
                refused += 1;
                manager.tick().unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0);
    // What comes back is as much, and a worker whose answer finds no room drops it with an error.
    tick_until(&manager, "the last answers", || manager.groups().len() == 1 && seen.len() > 100);
    manager.remove_group("one").unwrap();
}

#[test]
fn two_groups_that_flood_each_other_never_block() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    let config = config().queue_bytes(64 << 10);
    for (name, in_thread) in [("one", false), ("two", false), ("three", true), ("four", true)] {
        match in_thread {
            false => manager.add_process_group(name, FLOODER, config.clone()),
            true => manager.add_thread_group(name, FLOODER, config.clone()),
        }
        .unwrap();
    }
    for (here, there) in [("one", "two"), ("three", "four"), ("one", "three")] {
        for (from, to) in [(here, there), (there, here)] {
            let flood = Flood { to: to.to_owned(), messages: 2_000 };
            manager.send_to_group(from, flood).unwrap();
        }
        let mut told = noted(&manager, &seen, 2);
        let mut expected = [here, there].map(|name| format!("{name} received 2000, was refused"));
        told.sort();
        expected.sort();
        assert_eq!(told, expected);
    }
}

/// A message that has no wire form after all.
#[derive(Message, Clone)]
#[message(packet_type = 120)]
struct Unwritable(Never);

#[derive(Clone)]
struct Never;

impl Serialize for Never {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("it was to be written"))
    }
}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Never, D::Error> {
        Err(D::Error::custom("it was to be read"))
    }
}

/// Sends back what it gets.
#[derive(Default)]
struct Mirror;

impl Actor for Mirror {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Self, message: &Unwritable, cx: &Context| {
            cx.send(cx.sender().expect("it came from a group"), message.clone())
        });
    }
}

#[test]
fn messages_between_threads_are_not_written_as_bytes() {
    let _alone = alone();
    let manager = ActorManager::new();
    manager.register_message::<Unwritable>().unwrap();
    manager.add_thread_group("one", Entry::actor::<Mirror>("mirror"), config()).unwrap();
    manager.send_to_group("one", Unwritable(Never)).unwrap();
    let deadline = Instant::now() + groups::DEADLINE;
    while manager.tick().unwrap().received == 0 {
        assert!(Instant::now() < deadline, "it did not come back");
    }
    // To an acked group bytes are kept, and so this message cannot go.
    manager.add_thread_group("two", Entry::actor::<Mirror>("mirror"), config().acked()).unwrap();
    let error = manager.send_to_group("two", Unwritable(Never)).unwrap_err().to_string();
    assert!(error.contains("it was to be written"), "{error}");
}

#[test]
fn long_messages_go_to_threads_and_processes() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    let config = config().queue_bytes(64 << 20);
    manager.add_process_group("one", WORKER, config.clone()).unwrap();
    manager.add_thread_group("two", WORKER, config).unwrap();
    for name in ["one", "two"] {
        for length in [0, 1, 100_000, 10 << 20] {
            manager.send_to_group(name, Long("y".repeat(length))).unwrap();
            assert_eq!(noted(&manager, &seen, 1), [length.to_string()], "{name}");
        }
    }
}
