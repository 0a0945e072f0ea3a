//! The original pysage, where a Python 2.7 has it.

use std::{
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde::Deserialize;

use super::{
    case::{Case, Load},
    peer::{Outcome, Peer, RunError},
};

pub const PEER: Peer = Peer {
    name: "original",
    about: "the original pysage, if `python2.7` has it",
    package: None,
    run: |load| match load.case {
        // It is slow: it does a part of the work, and has a checksum of its own for that.
        Case::OneWay if load.bytes <= MOST_BYTES => run(load, load.n / 50),
        Case::RoundTrip => run(load, load.n / 1_000),
        _ => Ok(None),
    },
};

/// Larger messages would take its checksum longer than its messages.
const MOST_BYTES: usize = 1 << 10;

const PYTHON: &str = "python2.7";
const SCRIPT: &str = include_str!("original.py");

#[derive(Deserialize)]
struct Told {
    checksum: String,
    elapsed_ns: Option<u64>,
    p50_ns: Option<u64>,
    p99_ns: Option<u64>,
}

fn run(load: &Load, n: u64) -> Result<Option<Outcome>, RunError> {
    if !is_there() {
        return Ok(None);
    }
    let Load { case, bytes, seed, .. } = *load;
    let arguments = [case.name(), bytes.to_string(), n.to_string(), seed.to_string()];
    let mut command = Command::new(PYTHON);
    command.args(["-c", SCRIPT]).args(arguments).stderr(Stdio::inherit());
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(format!("{PYTHON}: {}", output.status).into());
    }
    let Told { checksum, elapsed_ns, p50_ns, p99_ns } = serde_json::from_slice(&output.stdout)?;
    let checksum = Some(u64::from_str_radix(&checksum, 16)?);
    Ok(Some(Outcome { n, elapsed_ns, checksum, p50_ns, p99_ns, value: None }))
}

/// Looks once, and says so if it is not there.
fn is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let mut command = Command::new(PYTHON);
        command.args(["-c", "import pysage"]).stdin(Stdio::null()).stderr(Stdio::null());
        let there = command.status().is_ok_and(|status| status.success());
        if !there {
            eprintln!("original: skipped, since there is no {PYTHON} that has pysage");
        }
        there
    })
}
