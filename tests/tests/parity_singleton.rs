//! The counterparts of the original's `tests/test_singleton.py`, and what a singleton means for
//! other threads. A process has one singleton, so each test takes its turn, on a thread whose end
//! frees the place.

#![allow(clippy::unwrap_used, missing_docs)]

use std::env;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use pysage_core::{ActorManager, InstallError, Message, SingletonError};

#[derive(Message)]
struct Tell;

/// Set for the child processes of these tests.
const CHILD: &str = "PYSAGE_SINGLETON_CHILD";
const CHILD_IS_DONE: &str = "the child has a singleton of its own";

fn in_turn(test: impl FnOnce() + Send + 'static) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let ended = thread::spawn(test).join();
    drop(turn);
    ended.unwrap();
}

fn singleton() -> Result<usize, SingletonError> {
    ActorManager::singleton().map(|manager| manager.queue_length())
}

/// Runs one test of this program in a process of its own.
fn run_in_child(test: &str) {
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains(CHILD_IS_DONE), "{output}");
}

fn as_child() {
    assert_eq!(singleton(), Err(SingletonError::NotInstalled));
    let manager = ActorManager::new();
    manager.queue(Tell);
    manager.queue(Tell);
    manager.install().unwrap();
    assert_eq!(singleton(), Ok(2));
    println!("{CHILD_IS_DONE}");
}

/// Original 57: test_same_thread
#[test]
fn the_singleton_is_the_same_each_time() {
    in_turn(|| {
        let manager = ActorManager::new();
        manager.install().unwrap();
        ActorManager::singleton().unwrap().queue(Tell);
        assert_eq!(singleton(), Ok(1));
        assert_eq!(manager.queue_length(), 1);
    });
}

/// Original 58: test_singleton_process
#[test]
fn a_child_process_has_a_singleton_of_its_own() {
    if env::var_os(CHILD).is_some() {
        return in_turn(as_child);
    }
    in_turn(|| {
        run_in_child("a_child_process_has_a_singleton_of_its_own");
        assert_eq!(singleton(), Err(SingletonError::NotInstalled));
    });
}

/// Original 59: test_singleton_process_before_fork
#[test]
fn a_child_process_has_a_singleton_of_its_own_also_when_its_parent_has_one() {
    if env::var_os(CHILD).is_some() {
        return in_turn(as_child);
    }
    in_turn(|| {
        let manager = ActorManager::new();
        manager.install().unwrap();
        manager.queue(Tell);
        run_in_child("a_child_process_has_a_singleton_of_its_own_also_when_its_parent_has_one");
        assert_eq!(singleton(), Ok(1));
    });
}

#[test]
fn a_second_singleton_is_refused() {
    in_turn(|| {
        let (first, second) = (ActorManager::new(), ActorManager::new());
        first.install().unwrap();
        second.queue(Tell);
        assert_eq!(second.install(), Err(InstallError::AlreadyInstalled));
        assert_eq!(first.install(), Err(InstallError::AlreadyInstalled));
        assert_eq!(singleton(), Ok(0), "the first is still the singleton");
    });
}

#[test]
fn on_another_thread_the_singleton_is_an_error_and_never_a_second_one() {
    in_turn(|| {
        assert_eq!(singleton(), Err(SingletonError::NotInstalled));
        ActorManager::new().install().unwrap();
        let (seen, installed) =
            thread::spawn(|| (singleton(), ActorManager::new().install())).join().unwrap();
        assert_eq!(seen, Err(SingletonError::OtherThread));
        assert_eq!(installed, Err(InstallError::AlreadyInstalled));
        assert_eq!(singleton(), Ok(0));
    });
}

#[test]
fn the_end_of_its_thread_frees_the_place_of_the_singleton() {
    in_turn(|| {
        thread::spawn(|| ActorManager::new().install()).join().unwrap().unwrap();
        assert_eq!(singleton(), Err(SingletonError::NotInstalled));
        assert_eq!(ActorManager::new().install(), Ok(()));
    });
}
