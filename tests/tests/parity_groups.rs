//! Counterparts of the original's tests of groups, 48 to 56.

// Each of the tests of groups uses a part of what they share.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../support/group_entries.rs"]
mod group_entries;
#[path = "../support/groups.rs"]
mod groups;

use pysage_group::{GroupError, Groups, TickError};

use group_entries::{Long, Ping, UNMADE, UNSTEADY, WORKER};
use groups::{alone, assert_child_processes, config, has_none, main_manager, noted, try_until};

#[test]
fn adding_a_group_starts_a_process() {
    let _alone = alone();
    let (manager, _) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    assert_eq!(manager.groups().len(), 1);
    assert_child_processes(1);
}

#[test]
fn clearing_stops_all_groups_and_twice_does_no_harm() {
    let _alone = alone();
    let (manager, _) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    manager.add_process_group("two", WORKER, config()).unwrap();
    assert_eq!(manager.groups().len(), 2);
    assert_child_processes(2);
    manager.clear_groups().unwrap();
    assert!(has_none(&manager));
    assert_child_processes(0);
    manager.clear_groups().unwrap();
}

#[test]
fn removing_a_group_leaves_the_other() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    manager.add_process_group("two", WORKER, config()).unwrap();
    manager.remove_group("one").unwrap();
    assert_eq!(manager.groups().len(), 1);
    assert_child_processes(1);
    manager.send_to_group("two", Ping(1)).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["2 from two"]);
}

#[test]
fn a_message_goes_to_a_group_and_its_answer_comes_back() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    manager.send_to_group("one", Ping(41)).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["42 from one"]);
}

#[test]
fn two_groups_answer_and_a_name_is_taken_once() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    manager.add_process_group("two", WORKER, config()).unwrap();
    let taken = manager.add_process_group("one", WORKER, config()).unwrap_err();
    assert!(matches!(taken, GroupError::NameTaken { group } if group == "one"));
    assert_eq!(manager.broadcast_to_groups(Ping(1)).sent, 2);
    let mut answers = noted(&manager, &seen, 2);
    answers.sort();
    assert_eq!(answers, ["2 from one", "2 from two"]);
}

#[test]
fn an_actor_that_cannot_be_made_fails_its_group() {
    let _alone = alone();
    let (manager, _) = main_manager();
    let error = manager.add_process_group("one", UNMADE, config()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "group `one` ended before it was ready: entry `unmade` panicked: it cannot be made"
    );
    assert!(has_none(&manager));
    assert_child_processes(0);
    manager.tick().unwrap();
}

#[test]
fn an_update_that_panics_fails_its_group_and_each_tick_until_it_is_removed() {
    let _alone = alone();
    let (manager, _) = main_manager();
    manager.add_process_group("one", UNSTEADY, config()).unwrap();
    let first = try_until(&manager, "the failure", || false).unwrap();
    let failed = |error: TickError| {
        let TickError::Transport(failure) = error else { panic!("{error}") };
        let failure = failure.first.downcast::<GroupError>().unwrap();
        let GroupError::Failed { group, end } = *failure else { panic!("{failure}") };
        assert_eq!(group, "one");
        assert!(end.to_string().contains("it cannot be updated"), "{end}");
    };
    failed(first);
    failed(manager.tick().unwrap_err());
    manager.remove_group("one").unwrap();
    manager.tick().unwrap();
}

#[test]
fn an_unknown_group_cannot_be_removed_and_nothing_is_left_of_one_that_was() {
    let _alone = alone();
    let (manager, _) = main_manager();
    let unknown = manager.remove_group("one").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no group `one` here, or not any more");
    let to = manager.add_process_group("one", WORKER, config()).unwrap();
    manager.remove_group("one").unwrap();
    manager.tick().unwrap();
    assert!(manager.send(to, Ping(1)).is_err());
    assert!(manager.send_to_group("one", Ping(1)).is_err());
    assert!(manager.remove_group("one").is_err());
    assert_child_processes(0);
}

#[test]
fn a_long_message_goes_there_and_back() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    manager.add_process_group("one", WORKER, config()).unwrap();
    manager.send_to_group("one", Long("x".repeat(40 << 10))).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["40960"]);
}
