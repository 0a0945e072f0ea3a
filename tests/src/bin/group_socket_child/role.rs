//! What a child process does.

use std::io::IoSlice;
use std::process::exit;
use std::thread;
use std::time::{Duration, Instant};

use super::super::group::socket::{
    Control, Flushed, Inherited, Progress, Received, Stream, Waiter, inherited, watch_parent,
};

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
        #[cfg(unix)]
        "terminate" => {
            use rustix::process::{Signal, getpid, kill_process};
            kill_process(getpid(), Signal::TERM).unwrap();
        }
        "echo" => echo(control),
        "echo and read" => read_and_echo(control),
        #[cfg(all(unix, not(pysage_loopback)))]
        "check stdin" => check_stdin(control),
        #[cfg(any(not(unix), pysage_loopback))]
        "check stdin" => check_taken(control),
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
                write(&waiter, &stream, &received.body);
            }
        }
        if !control.is_ended() {
            super::wait_readable(&waiter, &control, DEADLINE);
        }
    }
}

/// Writes all to a stream that has room for it, once it is connected.
fn write(waiter: &Waiter, stream: &Stream, body: &[u8]) {
    let deadline = Instant::now() + DEADLINE;
    while stream.write_vectored(&[IoSlice::new(body)]).unwrap() == Progress::Later {
        assert!(Instant::now() < deadline, "it is not connected");
        waiter.wait(&[stream.interest(false, true)], Some(deadline), Duration::ZERO).unwrap();
    }
}

/// Sends back each body, once it was read from the stream that came with it.
fn read_and_echo(mut control: Control) {
    let waiter = Waiter::new().unwrap();
    while !control.is_ended() {
        while let Some(Received { body, handover }) = control.receive().unwrap() {
            let stream = handover.expect("each body comes with one");
            let (mut text, deadline) = (Vec::new(), Instant::now() + DEADLINE);
            while text.len() < body.len() {
                assert!(Instant::now() < deadline, "nothing came");
                let mut buffer = [0; 64];
                match stream.read(&mut buffer).unwrap() {
                    Progress::Bytes(bytes) => text.extend_from_slice(&buffer[..bytes]),
                    Progress::Later => {
                        waiter
                            .wait(&[stream.interest(true, false)], Some(deadline), Duration::ZERO)
                            .unwrap();
                    }
                    Progress::Ended => panic!("the other end is gone"),
                }
            }
            assert_eq!(text, body);
            say(&mut control, &body);
        }
        if !control.is_ended() {
            super::wait_readable(&waiter, &control, DEADLINE);
        }
    }
}

/// The channel is not among what a grandchild gets, and standard input is empty.
#[cfg(all(unix, not(pysage_loopback)))]
fn check_stdin(mut control: Control) {
    use std::io::Read;
    use std::process::Command;

    assert_eq!(std::io::stdin().read(&mut [0; 1]).unwrap(), 0);
    assert!(inherited().is_err(), "the channel can be taken once");
    let script = "cat; for n in 3 4 5 6 7 8 9; do { true >&$n; } 2>/dev/null && echo open $n; done";
    let output = Command::new("sh").args(["-c", script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    say(&mut control, b"empty");
}

/// Standard input brought the channel, and brings no other one.
#[cfg(any(not(unix), pysage_loopback))]
fn check_taken(mut control: Control) {
    assert!(inherited().is_err(), "the channel can be taken once");
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
