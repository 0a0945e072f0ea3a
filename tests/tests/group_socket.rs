//! The room `socket` of `pysage-group` with real processes: `src/bin/group_socket_child.rs`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(30);

const PROGRAM: &str = env!("CARGO_BIN_EXE_group_socket_child");

fn start(scenario: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(PROGRAM).arg(scenario).stdout(Stdio::piped()).spawn().unwrap();
    let output = child.stdout.take().unwrap();
    (child, BufReader::new(output))
}

/// What is written up to the end of the last process that has this output.
fn rest_of(mut output: BufReader<ChildStdout>) -> String {
    let (done, result) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        done.send(text).unwrap();
    });
    result.recv_timeout(DEADLINE).expect("a process did not end")
}

/// Plays a scenario to its end.
fn play(scenario: &str) {
    let (mut child, output) = start(scenario);
    let text = rest_of(output);
    let status = child.wait().unwrap();
    assert!(status.success() && text == "done\n", "{scenario}: {status}, {text}");
}

#[test]
fn a_parent_and_its_child_exchange_bodies_and_streams() {
    play("talk");
}

#[test]
fn two_children_exchange_bytes_over_the_stream_that_they_were_given() {
    play("introduce");
}

#[test]
fn a_child_keeps_its_channel_to_itself() {
    play("check stdin");
}

#[test]
fn an_exit_is_told_as_what_it_was() {
    play("exits");
}

#[test]
fn a_killed_child_is_seen_by_the_end_of_its_channel() {
    play("kill");
}

#[test]
fn a_dropped_process_leaves_no_zombie() {
    play("drop");
}

#[test]
fn a_process_that_another_waited_for_has_an_unknown_exit() {
    play("a process that another waited for");
}

#[test]
#[cfg(not(pysage_loopback))]
fn no_descriptor_is_left_open_by_what_a_process_may_send() {
    play("leaks");
}

/// Kills a process that has a child, and gives what the child writes until it ends.
fn orphan(scenario: &str) -> String {
    let (mut parent, mut output) = start(scenario);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    parent.kill().unwrap();
    parent.wait().unwrap();
    rest_of(output)
}

#[test]
fn a_child_that_hangs_ends_with_its_parent() {
    assert_eq!(orphan("orphan that hangs"), "");
}

#[test]
fn a_child_can_end_in_order_when_its_parent_was_killed() {
    assert_eq!(orphan("orphan in order"), "ended in order\n");
}

/// What the program says when somebody else gives it the marker.
fn refused(nonce: Option<&str>, stdin: Stdio) {
    let child =
        Command::new(PROGRAM).arg("--pysage-group").args(nonce).stdin(stdin).output().unwrap();
    let error = String::from_utf8(child.stderr).unwrap();
    assert_eq!(child.status.code(), Some(2), "{error}");
    assert!(error.contains("`--pysage-group` is pysage's own argument"), "{error}");
}

#[test]
fn the_marker_without_a_channel_is_refused() {
    let nonce = "0".repeat(32);
    refused(Some(&nonce), Stdio::null());
    refused(Some(&nonce), Stdio::piped());
    let socket = || Stdio::from(OwnedFd::from(UnixStream::pair().unwrap().0));
    refused(None, socket());
    refused(Some("17"), socket());
}
