//! What is left of groups whose parent has ended, in whatever way.

#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(30);

/// Process tests run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program that has groups, in a directory of its own.
struct Parent {
    process: Child,
    /// Of the program and of its groups: it ends with the last of them.
    output: BufReader<ChildStdout>,
    directory: PathBuf,
}

impl Parent {
    /// Starts the program, with one of the ways of `--parent`.
    fn start(way: &str) -> Parent {
        let directory = format!("pysage-orphans-{}-{way}", std::process::id());
        let directory = std::env::temp_dir().join(directory);
        std::fs::create_dir(&directory).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_group_child"))
            .args(["--parent", way])
            .current_dir(&directory)
            .envs(["TMPDIR", "TMP", "TEMP"].map(|name| (name, &directory)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Parent { process, output, directory }
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// Waits until the program and all of its groups have ended. Tells the status of the program,
    /// and what they have written since.
    fn end(mut self) -> (ExitStatus, String) {
        let status = self.process.wait().unwrap();
        let (done, result) = mpsc::channel();
        let mut output = self.output;
        thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).unwrap();
            done.send(text).unwrap();
        });
        let text = result.recv_timeout(DEADLINE).expect("a group did not end");
        let left = std::fs::read_dir(&self.directory).unwrap().count();
        std::fs::remove_dir_all(&self.directory).unwrap();
        assert_eq!(left, 0, "files were left behind");
        (status, text)
    }
}

#[test]
fn nothing_is_left_of_groups_after_an_end_in_order() {
    let _alone = alone();
    let mut parent = Parent::start("ends");
    assert_eq!(parent.read_line(), "ready\n");
    let (status, text) = parent.end();
    assert!(status.success() && text.is_empty(), "{status}, {text}");
}

#[test]
fn nothing_is_left_of_groups_after_a_panic() {
    let _alone = alone();
    let mut parent = Parent::start("panics");
    assert_eq!(parent.read_line(), "ready\n");
    let (status, text) = parent.end();
    assert_eq!((status.code(), text.as_str()), (Some(101), ""));
}

#[test]
fn nothing_is_left_of_groups_after_an_exit_that_drops_nothing() {
    let _alone = alone();
    let mut parent = Parent::start("exits");
    assert_eq!(parent.read_line(), "ready\n");
    let (status, text) = parent.end();
    assert_eq!((status.code(), text.as_str()), (Some(3), ""));
}

#[test]
fn groups_end_when_their_parent_is_killed() {
    let _alone = alone();
    let mut parent = Parent::start("waits");
    assert_eq!(parent.read_line(), "ready\n");
    parent.process.kill().unwrap();
    let (status, text) = parent.end();
    assert!(!status.success() && text.is_empty(), "{status}, {text}");
}

#[test]
fn a_group_whose_handler_hangs_ends_when_its_parent_is_killed() {
    let _alone = alone();
    let mut parent = Parent::start("hangs");
    let mut lines = [parent.read_line(), parent.read_line()];
    lines.sort();
    assert_eq!(lines, ["about to hang\n", "ready\n"]);
    parent.process.kill().unwrap();
    let (status, text) = parent.end();
    assert!(!status.success() && text.is_empty(), "{status}, {text}");
}
