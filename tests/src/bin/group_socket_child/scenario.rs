//! What a parent process does with its children.

use std::ffi::OsString;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use super::super::group::socket::{
    Control, Flushed, Nonce, Process, Progress, Stream, Waiter, spawn,
};

const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) fn play(scenario: &str) {
    match scenario {
        "talk" => talk(),
        "introduce" => introduce(),
        "check stdin" => check_stdin(),
        "exits" => exits(),
        "kill" => kill(),
        "drop" => drop_leaves_nothing(),
        #[cfg(unix)]
        "a process that another waited for" => waited_for_by_another(),
        #[cfg(all(unix, not(pysage_loopback)))]
        "leaks" => super::hostile::leaks(),
        "orphan that hangs" => leave_orphan("hang"),
        "orphan in order" => leave_orphan("end in order"),
        _ => panic!("no such scenario: {scenario}"),
    }
    println!("done");
}

pub(super) fn far() -> Instant {
    Instant::now() + DEADLINE
}

pub(super) fn start(role: &str) -> (Process, Control) {
    let program = std::env::current_exe().unwrap();
    let nonce = Nonce::fresh();
    let (process, mut control) =
        spawn(program.as_os_str(), &[OsString::from(role)], nonce).unwrap();
    control.queue(&nonce.bytes(), None).unwrap();
    control.flush().unwrap();
    (process, control)
}

#[cfg(not(unix))]
fn assert_gone(_: u32) {}

#[cfg(unix)]
fn assert_gone(id: u32) {
    use rustix::process::{Pid, test_kill_process};

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

/// Two children get the two ends of a stream, and talk to each other over it.
fn introduce() {
    let (mut one, mut control) = start("echo");
    let (mut other, mut other_control) = start("echo and read");
    for round in 0..20 {
        let (stream, other_stream) = Stream::pair().unwrap();
        let body = [round; 16];
        let mut hand_over = [(&mut control, stream), (&mut other_control, other_stream)];
        if round % 2 == 0 {
            hand_over.reverse();
        }
        for (control, stream) in hand_over {
            control.queue(&body, Some(stream)).unwrap();
            control.flush().unwrap();
        }
        assert_eq!(control.receive_by(far()).unwrap().body, body);
        assert_eq!(other_control.receive_by(far()).unwrap().body, body);
    }
    drop((control, other_control));
    for process in [&mut one, &mut other] {
        assert_eq!(process.wait_by(far()).unwrap().unwrap().to_string(), "exit status 0");
    }
}

fn check_stdin() {
    let (mut process, mut control) = start("check stdin");
    assert_eq!(control.receive_by(far()).unwrap().body, b"empty");
    assert_eq!(process.wait_by(far()).unwrap().unwrap().to_string(), "exit status 0");
}

fn exits() {
    let mut ways = vec![("exit", "exit status 3")];
    if cfg!(unix) {
        ways.push(("terminate", "signal 15 (SIGTERM)"));
    }
    for (role, text) in ways {
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
    let killed = if cfg!(unix) { "signal 9 (SIGKILL)" } else { "exit status 1" };
    assert_eq!(exit.to_string(), killed);
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

#[cfg(unix)]
fn waited_for_by_another() {
    use rustix::process::Pid;

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
