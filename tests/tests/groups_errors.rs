//! Groups that do not start, and how that is told.

// Each of the tests of groups uses a part of what they share.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../support/group_entries.rs"]
mod group_entries;
#[path = "../support/groups.rs"]
mod groups;

use std::process::Command;
use std::time::{Duration, Instant};

use pysage_group::{ActorManager, Entry, GroupConfig, GroupError, Groups, Message};

use group_entries::{Ping, REFUSING, STUCK, UNMADE, WORKER};
use groups::{alone, assert_child_processes, config, has_none, main_manager};

/// Adds a group that does not start, in a process and, if that can be, in a thread; nothing is left
/// of it. Tells the errors.
fn refused(entry: Entry, config: GroupConfig, in_thread: bool) -> Vec<GroupError> {
    let (manager, _) = main_manager();
    let mut errors = vec![manager.add_process_group("one", entry, config.clone()).unwrap_err()];
    if in_thread {
        errors.push(manager.add_thread_group("one", entry, config).unwrap_err());
    }
    assert!(has_none(&manager));
    assert_child_processes(0);
    manager.tick().unwrap();
    let unknown = manager.send_to_group("one", Ping(1)).unwrap_err();
    assert!(matches!(unknown, GroupError::Unknown { .. }), "{unknown}");
    // The name is free.
    manager.add_process_group("one", WORKER, groups::config()).unwrap();
    errors
}

fn texts(errors: Vec<GroupError>) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn an_entry_that_refuses_or_panics_says_why() {
    let _alone = alone();
    let told = "group `one` ended before it was ready: entry `refusing`: it does not want to";
    assert_eq!(texts(refused(REFUSING, config(), true)), [told; 2]);
    let told = "group `one` ended before it was ready: entry `unmade` panicked: it cannot be made";
    assert_eq!(texts(refused(UNMADE, config(), true)), [told; 2]);
}

#[test]
fn an_entry_that_nobody_named_is_told() {
    let _alone = alone();
    let told = "group `one` cannot start: its program names no entry `nobody` in `enable_groups`";
    let entry = Entry::of_other_program("nobody");
    assert_eq!(texts(refused(entry, config(), true)), [told; 2]);
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let _alone = alone();
    let told = texts(refused(WORKER, config().program("/nowhere/at/all"), false)).remove(0);
    let expected = "group `one` cannot start: /nowhere/at/all cannot be run: ";
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn a_program_that_is_no_group_ends_before_it_is_ready() {
    let _alone = alone();
    let told = texts(refused(WORKER, config().argument("--leave"), false)).remove(0);
    assert_eq!(told, "group `one` ended before it was ready: its process ended with exit status 0");
}

#[test]
fn a_group_that_is_not_ready_in_time_is_ended() {
    let _alone = alone();
    let begun = Instant::now();
    let timeout = Duration::from_millis(300);
    let errors = refused(STUCK, config().ready_timeout(timeout), false);
    assert!(
        matches!(&errors[0], GroupError::NotReady { group, timeout: told } if *group == "one" && *told == timeout)
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_program_that_forgot_to_enable_groups_starts_no_endless_chain() {
    let _alone = alone();
    let (manager, _) = main_manager();
    let forgot = manager.add_process_group("one", WORKER, GroupConfig::default()).unwrap_err();
    assert!(matches!(forgot, GroupError::NotEnabled), "{forgot}");
    let program = env!("CARGO_BIN_EXE_group_child");
    let output = Command::new(program).arg("--forget").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, "call `pysage_group::enable_groups(..)` as the first line of `main`\n");
    // Where another program was started that forgot it, which then adds a group itself.
    let config = config().argument("--forget");
    let told = manager.add_process_group("one", WORKER, config).unwrap_err().to_string();
    assert_eq!(told, "group `one` ended before it was ready: its process ended with exit status 7");
}

#[test]
fn the_marker_of_groups_is_not_for_others() {
    let program = env!("CARGO_BIN_EXE_group_child");
    let output = Command::new(program).arg("--pysage-group").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("`--pysage-group` is pysage's own argument"), "{told}");
}

#[test]
fn a_message_that_the_group_knows_differently_is_named() {
    #[derive(Message, Clone)]
    #[message(packet_type = 101, name = "Ping")]
    struct OtherPing {
        number: u32,
        text: String,
    }
    let _alone = alone();
    let manager = ActorManager::new();
    manager.register_message::<OtherPing>().unwrap();
    let error = manager.add_process_group("one", WORKER, config()).unwrap_err();
    let GroupError::Mismatch { group, mismatch } = &error else { panic!("{error}") };
    assert_eq!((group.as_str(), mismatch.message.as_str()), ("one", "Ping"));
    assert_child_processes(0);
}

#[test]
fn a_group_that_speaks_another_version_or_no_sense_is_told() {
    let _alone = alone();
    let program = env!("CARGO_BIN_EXE_group_socket_child");
    let told_by = |role: &str| {
        texts(refused(WORKER, config().program(program).argument(role), false)).remove(0)
    };
    assert_eq!(
        told_by("speak another version"),
        "group `one` speaks version 2 of the protocol between groups, here it is 1"
    );
    let malformed = "group `one` ended before it was ready: it did not keep to the protocol: ";
    for role in ["speak nonsense", "speak too little"] {
        let told = told_by(role);
        assert!(told.starts_with(malformed), "{told}");
    }
}

#[test]
fn names_that_cannot_be_are_refused() {
    let _alone = alone();
    let (manager, _) = main_manager();
    for name in ["", "main", "a/b"] {
        let error = manager.add_thread_group(name, WORKER, config()).unwrap_err();
        assert!(matches!(error, GroupError::InvalidName(_)), "{error}");
    }
}

#[test]
#[should_panic(expected = "two entries have the name `worker`")]
fn two_entries_of_one_name_are_a_mistake() {
    pysage_group::enable_groups([WORKER, WORKER]);
}
