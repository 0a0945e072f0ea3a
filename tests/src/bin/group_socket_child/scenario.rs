//! What a parent process does with its children.

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process};

use super::super::group::socket::{
    Control, Flushed, Nonce, Process, Progress, Stream, Waiter, spawn,
};

const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) fn play(scenario: &str) {
    match scenario {
        "talk" => talk(),
        "check stdin" => check_stdin(),
        "exits" => exits(),
        "kill" => kill(),
        "drop" => drop_leaves_nothing(),
        "a process that another waited for" => waited_for_by_another(),
        "leaks" => leaks(),
        "orphan that hangs" => leave_orphan("hang"),
        "orphan in order" => leave_orphan("end in order"),
        _ => panic!("no such scenario: {scenario}"),
    }
    println!("done");
}

fn far() -> Instant {
    Instant::now() + DEADLINE
}

fn start(role: &str) -> (Process, Control) {
    let program = std::env::current_exe().unwrap();
    let nonce = Nonce::fresh();
    let (process, mut control) =
        spawn(program.as_os_str(), &[OsString::from(role)], nonce).unwrap();
    control.queue(&nonce.bytes(), None).unwrap();
    control.flush().unwrap();
    (process, control)
}

fn assert_gone(id: u32) {
    let pid = Pid::from_raw(id.try_into().unwrap()).unwrap();
    assert!(test_kill_process(pid).is_err(), "a zombie can still be signalled");
}

fn talk() {
    let (mut process, mut control) = start("echo");
    let long = vec![9; 1024 * 1024];
    control.queue(&long, None).unwrap();
    let (stream, ours) = Stream::pair().unwrap();
    control.queue(b"with a stream", Some(stream)).unwrap();
    assert!(control.receive_by(far()).unwrap().body == long);
    assert_eq!(control.receive_by(far()).unwrap().body, b"with a stream");
    let mut buffer = [0; 64];
    let mut read = ours.read(&mut buffer).unwrap();
    while read == Progress::Later {
        thread::yield_now();
        read = ours.read(&mut buffer).unwrap();
    }
    assert_eq!(read, Progress::Bytes(b"with a stream".len()));
    // It closed the stream, and it ends when the channel does.
    drop(control);
    let exit = process.wait_by(far()).unwrap().unwrap();
    assert_eq!(exit.to_string(), "exit status 0");
    assert_eq!(ours.read(&mut buffer).unwrap(), Progress::Ended);
    assert_gone(process.id());
}

fn check_stdin() {
    let (mut process, mut control) = start("check stdin");
    assert_eq!(control.receive_by(far()).unwrap().body, b"empty");
    assert_eq!(process.wait_by(far()).unwrap().unwrap().to_string(), "exit status 0");
}

fn exits() {
    for (role, text) in [("exit", "exit status 3"), ("terminate", "signal 15 (SIGTERM)")] {
        let (mut process, mut control) = start(role);
        assert!(control.receive_by(far()).is_err(), "it ends without a word");
        assert!(control.is_ended());
        assert_eq!(process.wait_by(far()).unwrap().unwrap().to_string(), text);
    }
}

fn kill() {
    let (mut process, mut control) = start("hang");
    assert_eq!(control.receive_by(far()).unwrap().body, b"ready");
    let deadline = Instant::now() + Duration::from_millis(10);
    assert_eq!(process.wait_by(deadline).unwrap(), None);
    assert!(Instant::now() >= deadline);
    assert_eq!(process.try_status().unwrap(), None);
    process.kill().unwrap();
    let waiter = Waiter::new().unwrap();
    while control.receive().unwrap().is_none() && !control.is_ended() {
        super::wait_readable(&waiter, &control, DEADLINE);
    }
    let exit = process.wait_by(far()).unwrap().unwrap();
    assert_eq!((exit.to_string().as_str(), exit.signal()), ("signal 9 (SIGKILL)", Some(9)));
    process.kill().unwrap();
    assert_eq!(process.try_status().unwrap(), Some(exit));
    assert_gone(process.id());
}

fn drop_leaves_nothing() {
    let (process, mut control) = start("hang");
    assert_eq!(control.receive_by(far()).unwrap().body, b"ready");
    let id = process.id();
    drop(process);
    assert_gone(id);
    // One that ended by itself.
    let (process, mut control) = start("exit");
    assert!(control.receive_by(far()).is_err());
    let id = process.id();
    drop(process);
    assert_gone(id);
}

fn waited_for_by_another() {
    let (mut process, mut control) = start("exit");
    assert!(control.receive_by(far()).is_err());
    let pid = Pid::from_raw(process.id().try_into().unwrap());
    rustix::process::waitpid(pid, rustix::process::WaitOptions::empty()).unwrap();
    let exit = process.wait_by(far()).unwrap().unwrap();
    assert_eq!(exit.to_string(), "unknown exit status");
    process.kill().unwrap();
}

/// Starts a child, says so, and waits to be killed.
fn leave_orphan(role: &str) {
    let (_process, mut control) = start(role);
    assert_eq!(control.receive_by(far()).unwrap().body, b"ready");
    // Something that the child has not read does not hide the end.
    for _ in 0..100 {
        control.queue(&[1; 1000], None).unwrap();
    }
    assert_eq!(control.flush().unwrap(), Flushed::All);
    println!("ready");
    std::io::stdout().flush().unwrap();
    loop {
        thread::park();
    }
}

/// Counts what is open after each of many rounds; in a process of its own, since nothing else may
/// open descriptors meanwhile.
fn leaks() {
    hostile_round(0);
    let before = open_descriptors();
    for round in 0..2000 {
        hostile_round(round);
        if round.is_multiple_of(200) {
            let (mut process, control) = start("echo");
            drop(control);
            assert_eq!(process.wait_by(far()).unwrap().unwrap().to_string(), "exit status 0");
        }
        assert_eq!(open_descriptors(), before, "round {round}");
    }
}

#[cfg(target_os = "linux")]
fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Elsewhere the tests look at the other ends alone.
#[cfg(not(target_os = "linux"))]
fn open_descriptors() -> usize {
    0
}

/// A body with 0 to 7 descriptors, cut anywhere, announced or not, of streams or not, to a channel
/// that is received from or dropped before.
fn hostile_round(round: usize) {
    use std::io::IoSlice;
    use std::mem::MaybeUninit;
    use std::os::fd::AsFd;

    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

    let (mut control, raw): (Control, OwnedFd) = Control::pair().unwrap();
    let (one, other) = Stream::pair().unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    let wrong = if round.is_multiple_of(3) { file.as_fd() } else { one.as_fd() };
    let descriptors = [wrong, one.as_fd(), other.as_fd(), one.as_fd(), raw.as_fd(), wrong, wrong];
    let descriptors = &descriptors[..round % 8];
    let mut body = *b"\x01\x04\x00\x00\x00body";
    body[0] = u8::from(!round.is_multiple_of(5));
    for bytes in [&body[..], &body[..1 + round % 9]] {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(7))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(
            descriptors.is_empty() || ancillary.push(SendAncillaryMessage::ScmRights(descriptors))
        );
        sendmsg(&raw, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::empty()).unwrap();
    }
    if !round.is_multiple_of(7) {
        while let Ok(Some(_)) = control.receive() {}
    }
    control.queue(b"", Some(other)).unwrap();
    if round.is_multiple_of(2) {
        control.flush().unwrap();
    }
}
