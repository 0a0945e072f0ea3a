//! What a child process does.

use std::io::{IoSlice, Read};
use std::process::{Command, exit};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};

use super::super::group::socket::{Control, Flushed, Inherited, Waiter, inherited, watch_parent};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(60);
/// For what has to come before the test gives up.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) fn play(inherited: Inherited, role: &str) {
    let Inherited { mut control, nonce } = inherited;
    let hello = control.receive_by(Instant::now() + DEADLINE).unwrap();
    // What groups would say, by the groups' tests of errors.
    match role {
        "speak another version" => return last_words(&mut control, &[2, 0, 7]),
        "speak nonsense" => return last_words(&mut control, &[1, 0, 0xff, 0xff]),
        "speak too little" => return last_words(&mut control, &[1]),
        _ => assert_eq!(hello.body, nonce.bytes()),
    }
    match role {
        "exit" => exit(3),
        "terminate" => kill_process(getpid(), Signal::TERM).unwrap(),
        "echo" => echo(control),
        "check stdin" => check_stdin(control),
        "hang" => hang(control),
        "end in order" => end_in_order(control),
        _ => panic!("no such role: {role}"),
    }
}

fn say(control: &mut Control, body: &[u8]) {
    control.queue(body, None).unwrap();
    while control.flush().unwrap() == Flushed::Later {
        thread::yield_now();
    }
}

/// Says something, and waits to be ended.
fn last_words(control: &mut Control, body: &[u8]) {
    say(control, body);
    let waiter = Waiter::new().unwrap();
    while control.receive().is_ok() && !control.is_ended() {
        super::wait_readable(&waiter, control, DEADLINE);
    }
}

/// Sends back each body, and writes it to the stream that came with it.
fn echo(mut control: Control) {
    let waiter = Waiter::new().unwrap();
    while !control.is_ended() {
        while let Some(received) = control.receive().unwrap() {
            say(&mut control, &received.body);
            if let Some(stream) = received.handover {
                stream.write_vectored(&[IoSlice::new(&received.body)]).unwrap();
            }
        }
        if !control.is_ended() {
            super::wait_readable(&waiter, &control, DEADLINE);
        }
    }
}

/// The channel is not among what a grandchild gets, and standard input is empty.
fn check_stdin(mut control: Control) {
    assert_eq!(std::io::stdin().read(&mut [0; 1]).unwrap(), 0);
    assert!(inherited().is_err(), "the channel can be taken once");
    let script = "cat; for n in 3 4 5 6 7 8 9; do { true >&$n; } 2>/dev/null && echo open $n; done";
    let output = Command::new("sh").args(["-c", script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    say(&mut control, b"empty");
}

/// Never looks at its channel, as a handler that hangs.
fn hang(mut control: Control) {
    watch_parent(&control, Duration::from_millis(20)).unwrap();
    say(&mut control, b"ready");
    loop {
        thread::park();
    }
}

/// Ends by itself when the parent has, well within the grace.
fn end_in_order(mut control: Control) {
    watch_parent(&control, LONG).unwrap();
    say(&mut control, b"ready");
    let waiter = Waiter::new().unwrap();
    while control.receive().unwrap().is_some() || !control.is_ended() {
        super::wait_readable(&waiter, &control, DEADLINE);
    }
    println!("ended in order");
}
