//! The original pysage at both ends, where a Python 2.7 has it.

use std::{
    env,
    ffi::OsString,
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use serde::Deserialize;

use super::{
    case::Case,
    crowd,
    exchange::{Invited, Outcome},
    load::Load,
    message::SAMPLE_BYTES,
    peer::{Failure, Invitation, Job, Peer},
    second::{Control, Second},
};

pub const UDP: Peer = Peer {
    name: "original_udp",
    about: "The original in Python 2.7 at both ends, if `python2.7` or PYSAGE_PYTHON2 has it",
    package: None,
    carriers: &[],
    has,
    connect,
    listen,
    crowd: no_crowd,
};

pub const TCP: Peer = Peer { name: "original_tcp", about: "The same over TCP", ..UDP };

/// It is slow: it does a part of the work, and has a checksum of its own for that. Over TCP, where it
/// waits for the answer to each message, a smaller one.
const PART: u64 = 50;
const PART_OVER_TCP: u64 = 500;
const LEAST_MESSAGES: u64 = 5;

const SCRIPT: &str = include_str!("original.py");

#[derive(Deserialize)]
struct Told {
    count: u64,
    checksum: String,
    seconds: f64,
    latencies_ns: Vec<u64>,
}

fn has(job: &Job) -> bool {
    let can = matches!(job.case, Case::Burst | Case::RoundTrip);
    can && job.load.bytes == Some(SAMPLE_BYTES) && is_there()
}

fn python() -> OsString {
    env::var_os("PYSAGE_PYTHON2").unwrap_or_else(|| "python2.7".into())
}

/// Looks once, and says so if it is not there.
fn is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let mut command = Command::new(python());
        command.args(["-c", "import pysage"]).stdin(Stdio::null()).stderr(Stdio::null());
        let there = command.status().is_ok_and(|status| status.success());
        if !there {
            eprintln!("original: skipped, since there is no python2.7 that has pysage");
        }
        there
    })
}

/// Both ends are programs in Python, which the first process starts.
fn connect(job: &Job, _: &mut Second, _: &Invited) -> Result<Outcome, Failure> {
    let (protocol, part) =
        if job.peer == UDP.name { ("udp", PART) } else { ("tcp", PART_OVER_TCP) };
    let messages = (job.load.messages / part).max(LEAST_MESSAGES);
    let case = job.case.name();
    let arguments = [protocol, &case, &messages.to_string(), &job.load.seed.to_string()];
    let mut command = Command::new(python());
    command.args(["-c", SCRIPT, SCRIPT]).args(arguments).stderr(Stdio::inherit());
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", python().display(), output.status).into());
    }
    let told: Told = serde_json::from_slice(&output.stdout)?;
    let expected = Load { messages, ..job.load.clone() }.expected();
    if (told.count, &told.checksum) != (expected.count, &format!("{:016x}", expected.checksum)) {
        return Err("messages were lost, doubled, reordered or changed".into());
    }
    Ok(Outcome {
        // As if it had done all.
        seconds: told.seconds * job.load.messages as f64 / messages as f64,
        latencies_ns: told.latencies_ns,
        datagrams: None,
        handled: Vec::new(),
    })
}

fn listen(_: &Job, control: &mut Control) -> Result<(), Failure> {
    let address = ([127, 0, 0, 1], 1).into();
    control.say(&Invitation { address, certificate: Vec::new() })?;
    while !control.is_closed() {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn no_crowd(_: &Job) -> Result<crowd::Outcome, Failure> {
    Err("it is not measured with many peers".into())
}
