//! The rendezvous of groups as an attacker on the same machine would try it.
//!
//! What bytes do to a channel or a link, unit tests of pysage-group tell; here are the processes.

#![cfg(all(target_os = "linux", not(pysage_loopback)))]
// Each of the tests of groups uses a part of what they share.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../support/group_entries.rs"]
mod group_entries;
#[path = "../support/groups.rs"]
mod groups;

use std::fs;
use std::io::{IoSlice, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pysage_group::{ActorManager, GroupConfig, GroupError, Groups};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{
    ForeignRawFd, Pid, PidfdFlags, PidfdGetfdFlags, Signal, kill_process, pidfd_getfd, pidfd_open,
};

use group_entries::{Do, Ping, WORKER};
use groups::{DEADLINE, Seen, alone, assert_child_processes, config, main_manager, noted};

/// A group that is none, and plays an attack.
fn attacker(attack: &str) -> GroupConfig {
    let config = GroupConfig::default().program(env!("CARGO_BIN_EXE_group_socket_child"));
    config.argument(format!("attack: {attack}")).fail_quietly()
}

/// A manager with a group "two" that keeps to the protocol.
fn with_two() -> (ActorManager, Seen) {
    let (manager, seen) = main_manager();
    manager.add_process_group("two", WORKER, config()).unwrap();
    (manager, seen)
}

/// Sees that "two" is the only group, and works.
fn assert_two_works(manager: &ActorManager, seen: &Seen) {
    assert_eq!(manager.groups(), ["two"]);
    manager.send_to_group("two", Ping(6)).unwrap();
    assert_eq!(noted(manager, seen, 1), ["7 from two"]);
    assert_child_processes(1);
}

/// The processes that this one has started.
fn child_processes() -> Vec<Pid> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let told = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")).unwrap());
    let told: Vec<_> = told.collect();
    let words = told.iter().flat_map(|told| told.split_whitespace());
    words.map(|word| Pid::from_raw(word.parse().unwrap()).unwrap()).collect()
}

/// The numbers and inodes of the sockets that a process has open.
fn sockets_of(process: Pid) -> Vec<(ForeignRawFd, String)> {
    let entries = fs::read_dir(format!("/proc/{}/fd", process.as_raw_pid())).unwrap();
    let sockets = entries.flatten().filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?.into_os_string().into_string().ok()?;
        let inode = target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned();
        Some((entry.file_name().to_str()?.parse().ok()?, inode))
    });
    sockets.collect()
}

/// All sockets of a process, as one takes them who may debug it, if the system allows that.
fn steal_sockets(process: Pid) -> Option<Vec<OwnedFd>> {
    let handle = pidfd_open(process, PidfdFlags::empty()).unwrap();
    let sockets = sockets_of(process);
    assert!(sockets.len() >= 3, "a channel, a link and a waker: {sockets:?}");
    let stolen = sockets.iter().map(|(number, _)| {
        let taken = pidfd_getfd(&handle, *number, PidfdGetfdFlags::empty());
        taken.inspect_err(|error| eprintln!("the system lets nobody steal: {error}")).ok()
    });
    stolen.collect()
}

#[test]
fn the_sockets_of_groups_have_no_name_by_which_another_user_could_find_them() {
    let _alone = alone();
    let (manager, _) = with_two();
    let known = fs::read_to_string("/proc/net/unix").unwrap();
    let of_two = child_processes()[0];
    let mut found = 0;
    for (_, inode) in sockets_of(of_two) {
        let line = known.lines().find(|line| line.split_whitespace().nth(6) == Some(&*inode));
        let Some(line) = line else { continue };
        assert_eq!(line.split_whitespace().count(), 7, "it has a path: {line}");
        found += 1;
    }
    assert!(found >= 2, "its channel and its link are among them:\n{known}");
    manager.clear_groups().unwrap();
}

#[test]
fn another_user_sees_no_descriptor_of_a_group() {
    let _alone = alone();
    let (manager, seen) = with_two();
    let (ours, theirs) = (std::process::id(), child_processes()[0].as_raw_pid());
    // Of the system's users, the one who owns nothing.
    let nobody = 65_534;
    for process in [theirs.to_string(), ours.to_string()] {
        let mut look = Command::new("/bin/ls");
        look.arg(format!("/proc/{process}/fd")).current_dir("/").uid(nobody).gid(nobody);
        match look.output() {
            Ok(looked) => {
                let listed = String::from_utf8_lossy(&looked.stdout).into_owned();
                assert!(!looked.status.success() && listed.is_empty(), "{listed}");
            }
            Err(error) => eprintln!("only root can be another user: {error}"),
        }
    }
    assert_two_works(&manager, &seen);
    manager.clear_groups().unwrap();
}

#[test]
fn what_comes_over_a_stolen_descriptor_ends_its_group_alone() {
    let _alone = alone();
    let (manager, seen) = with_two();
    let before = child_processes();
    manager.add_process_group("one", WORKER, config().fail_quietly()).unwrap();
    let one = child_processes().into_iter().find(|process| !before.contains(process)).unwrap();
    if let Some(stolen) = steal_sockets(one) {
        let garbage = [IoSlice::new(&[0xff; 64])];
        for socket in stolen {
            // The other end may be gone with the channel already.
            let _ = sendmsg(&socket, &garbage, &mut <_>::default(), SendFlags::NOSIGNAL);
        }
        let told = noted(&manager, &seen, 1).remove(0);
        assert!(told.starts_with("one is down: it did not keep to the protocol: "), "{told}");
    }
    manager.remove_group("one").unwrap();
    seen.take();
    assert_two_works(&manager, &seen);
    manager.clear_groups().unwrap();
}

#[test]
fn a_thief_who_keeps_a_channel_open_hides_the_end_of_its_group_no_longer_than_its_heartbeat() {
    let _alone = alone();
    let (manager, seen) = main_manager();
    let config = config().heartbeat(Duration::from_millis(300)).fail_quietly();
    manager.add_process_group("one", WORKER, config).unwrap();
    let one = child_processes()[0];
    let stolen = steal_sockets(one);
    kill_process(one, Signal::KILL).unwrap();
    let told = noted(&manager, &seen, 1);
    match stolen {
        None => assert_eq!(told, ["one is down: signal 9 (SIGKILL)"]),
        Some(_) => assert_eq!(told, ["one is down: it hung, and was killed"]),
    }
    assert_child_processes(0);
}

#[test]
fn a_child_that_speaks_in_the_name_of_others_is_not_heard() {
    let _alone = alone();
    let (manager, seen) = with_two();
    manager.add_process_group("one", WORKER, attacker("lies")).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["one is down: it has lied"]);
    manager.remove_group("one").unwrap();
    assert_two_works(&manager, &seen);
    assert!(matches!(manager.send_to_group("three", Ping(1)), Err(GroupError::Unknown { .. })));
    // Groups that were not named talk to each other all the same.
    manager.add_process_group("three", WORKER, config()).unwrap();
    manager.send_to_group("two", Do::Relay { to: "three".to_owned(), number: 3 }).unwrap();
    assert_eq!(noted(&manager, &seen, 1), ["4 from three in two"]);
    manager.clear_groups().unwrap();
}

#[test]
fn an_oversized_frame_ends_the_child_that_sends_it_by_its_head() {
    let _alone = alone();
    let (manager, seen) = with_two();
    let refused = manager.add_process_group("one", WORKER, attacker("oversized hello"));
    let told = refused.unwrap_err().to_string();
    let expected = "group `one` ended before it was ready: it did not keep to the protocol: ";
    assert!(told.starts_with(expected) && told.contains("4294967295"), "{told}");
    seen.take();
    for (attack, bytes) in [("oversized word", "4294967295"), ("oversized message", "268435455")] {
        manager.add_process_group("one", WORKER, attacker(attack)).unwrap();
        let told = noted(&manager, &seen, 1).remove(0);
        let expected = "one is down: it did not keep to the protocol: ";
        assert!(told.starts_with(expected) && told.contains(bytes), "{attack}: {told}");
        manager.remove_group("one").unwrap();
        seen.take();
    }
    assert_two_works(&manager, &seen);
    manager.clear_groups().unwrap();
}

#[test]
fn a_child_that_stalls_in_its_hello_is_ended_in_time() {
    let _alone = alone();
    let (manager, seen) = with_two();
    let (begun, timeout) = (Instant::now(), Duration::from_millis(300));
    let config = attacker("stalled hello").ready_timeout(timeout);
    let error = manager.add_process_group("one", WORKER, config).unwrap_err();
    assert!(matches!(error, GroupError::NotReady { .. }), "{error}");
    assert!(begun.elapsed() >= timeout && begun.elapsed() < Duration::from_secs(5));
    seen.take();
    assert_two_works(&manager, &seen);
    manager.clear_groups().unwrap();
}

/// `Start` of the group "one" with the entry "worker", on whose channel the nonce is to be repeated.
fn start(nonce: u8) -> Vec<u8> {
    let settings = b"\0\0\0\x01\x05\0\0\xfb\0\x10\xfb\0\x10\0";
    let start = [b"\x01\0\0", &[nonce; 16][..], b"\x03one\x06worker", settings].concat();
    let length = u32::try_from(start.len()).unwrap().to_le_bytes();
    [&[1], &length[..], &start].concat()
}

/// Starts the program as a group, as somebody does who has no pysage, and says that; with the end of
/// a link.
fn start_as_stranger(said: &[u8]) -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_group_child"));
    program.args(["--pysage-group", &"0".repeat(32)]).stdin(Stdio::from(OwnedFd::from(theirs)));
    let child = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (link, _) = UnixStream::pair().unwrap();
    let links = [link.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&links)));
    if !said.is_empty() {
        sendmsg(&ours, &[IoSlice::new(said)], &mut ancillary, SendFlags::NOSIGNAL).unwrap();
    }
    (child, ours)
}

#[test]
fn a_program_that_a_stranger_starts_becomes_no_group_without_the_nonce() {
    let _alone = alone();
    let (child, mut ours) = start_as_stranger(&start(0));
    ours.set_read_timeout(Some(DEADLINE)).unwrap();
    ours.read_exact(&mut [0]).expect("with the nonce it says that it is ready");
    drop(ours);
    child.wait_with_output().unwrap();
    let other_nonce = start(1);
    let said = [&other_nonce, &start(0)[..9], b"", &[0, 0xff, 0xff, 0xff, 0xff]];
    let begun = Instant::now();
    for (index, (child, ours)) in said.map(start_as_stranger).into_iter().enumerate() {
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{index}: {told}");
        let reason = [" by something that is no pysage", ", and cannot be one"][index.min(1)];
        let expected = format!("this process was started as a group{reason}");
        assert!(told.starts_with(&expected), "{index}: {told}");
        drop(ours);
    }
    assert!(begun.elapsed() < DEADLINE, "it waits for no more than 5 s");
}
