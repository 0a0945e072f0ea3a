//! The hand-written floor: a Unix stream, and nothing that is not needed.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
};

use super::{
    case::{Case, Load},
    helper::{Helper, Role},
    latency::Latencies,
    load::{Bodies, Checksum, now_ns},
    measures,
    peer::{Outcome, Peer, RunError},
};

/// Gathers messages to 64 KiB a write, which is what all one-way figures are compared with. In the
/// other cases: a ping-pong, a bare re-exec, the end of a stream, a loop that sleeps.
pub const PEER: Peer = Peer {
    name: "raw",
    about: "a Unix stream, gathered to 64 KiB a write; a ping-pong; a bare re-exec",
    package: None,
    run,
};

pub const EACH: Peer = Peer {
    name: "raw_each",
    about: "a Unix stream, one write a message",
    package: None,
    run: |load| match load.case {
        Case::OneWay => one_way(load, 0).map(Some),
        _ => Ok(None),
    },
};

/// More gains nothing.
const GATHERED_BYTES: usize = 64 << 10;

const READ_BYTES: usize = 256 << 10;

fn run(load: &Load) -> Result<Option<Outcome>, RunError> {
    Ok(Some(match load.case {
        Case::OneWay => one_way(load, GATHERED_BYTES)?,
        Case::RoundTrip | Case::ChildToChild => ping_pong(load)?,
        Case::Spawn | Case::Spawn1Gib => spawn(load)?,
        Case::Death => death(load)?,
        Case::Restart => restart(load)?,
        Case::IdleCpu => idle(load)?,
        Case::SlowConsumer | Case::Thread => return Ok(None),
    }))
}

/// Writes once so many bytes are there.
fn one_way(load: &Load, gathered_bytes: usize) -> Result<Outcome, RunError> {
    let Load { bytes, n, seed, .. } = *load;
    let bodies = Bodies::new(seed, bytes);
    let mut helper = Helper::start(&Role::Receive { bytes, n })?;
    let mut buffer = Vec::with_capacity(gathered_bytes.max(bytes));
    // It is there once it says so: its start is not timed.
    helper.stream.read_exact(&mut [0])?;
    let start_ns = now_ns();
    for number in 0..n {
        buffer.extend_from_slice(&number.to_le_bytes());
        buffer.extend_from_slice(bodies.of(number));
        if buffer.len() + bytes > gathered_bytes {
            helper.stream.write_all(&buffer)?;
            buffer.clear();
        }
    }
    helper.stream.write_all(&buffer)?;
    let (checksum, end_ns) = helper.pair()?;
    Ok(Outcome::rate(n, end_ns - start_ns, checksum))
}

/// Handles so many messages; tells their checksum, and when the last one was handled.
pub fn receive(stream: &mut UnixStream, bytes: usize, n: u64) -> io::Result<(u64, u64)> {
    let mut buffer = vec![0; READ_BYTES.max(2 * bytes)];
    let (mut filled, mut handled) = (0, 0);
    let mut checksum = Checksum::default();
    stream.write_all(&[1])?;
    while handled < n {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        let messages = buffer[..filled].chunks_exact(bytes);
        let rest = messages.remainder().len();
        for message in messages {
            let (number, body) = message.split_first_chunk().expect("a message has a number");
            checksum.add(u64::from_le_bytes(*number), body);
            handled += 1;
        }
        buffer.copy_within(filled - rest..filled, 0);
        filled = rest;
    }
    Ok((checksum.value(), now_ns()))
}

fn ping_pong(load: &Load) -> Result<Outcome, RunError> {
    let Load { bytes, n, seed, .. } = *load;
    let bodies = Bodies::new(seed, bytes);
    let mut helper = Helper::start(&Role::Echo { bytes })?;
    let (mut latencies, mut checksum) = (Latencies::default(), Checksum::default());
    let mut message = vec![0; bytes];
    for _ in 0..Latencies::WARM_UP {
        helper.stream.write_all(&message)?;
        helper.stream.read_exact(&mut message)?;
    }
    for number in 0..n {
        let start_ns = now_ns();
        message[..8].copy_from_slice(&number.to_le_bytes());
        message[8..].copy_from_slice(bodies.of(number));
        helper.stream.write_all(&message)?;
        helper.stream.read_exact(&mut message)?;
        let (number, body) = message.split_first_chunk().expect("a message has a number");
        checksum.add(u64::from_le_bytes(*number), body);
        latencies.add(now_ns() - start_ns);
    }
    Ok(latencies.outcome().checksum(checksum.value()))
}

pub fn echo(stream: &mut UnixStream, bytes: usize) -> io::Result<()> {
    let mut message = vec![0; bytes];
    loop {
        match stream.read_exact(&mut message) {
            Ok(()) => stream.write_all(&message)?,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn ready() -> io::Result<Helper> {
    let mut helper = Helper::start(&Role::Ready)?;
    helper.stream.read_exact(&mut [0])?;
    Ok(helper)
}

fn spawn(load: &Load) -> Result<Outcome, RunError> {
    let mut latencies = Latencies::default();
    for _ in 0..load.n {
        let start_ns = now_ns();
        let helper = ready()?;
        latencies.add(now_ns() - start_ns);
        drop(helper);
    }
    Ok(latencies.outcome())
}

fn death(load: &Load) -> Result<Outcome, RunError> {
    let mut latencies = Latencies::default();
    for _ in 0..load.n {
        let mut helper = ready()?;
        let start_ns = now_ns();
        helper.kill()?;
        until_end(&mut helper)?;
        latencies.add(now_ns() - start_ns);
    }
    Ok(latencies.outcome())
}

fn restart(load: &Load) -> Result<Outcome, RunError> {
    let mut latencies = Latencies::default();
    let mut helper = ready()?;
    for _ in 0..load.n {
        let start_ns = now_ns();
        helper.kill()?;
        until_end(&mut helper)?;
        helper = ready()?;
        latencies.add(now_ns() - start_ns);
    }
    Ok(latencies.outcome())
}

/// A stream whose other end was killed may be reset rather than ended.
fn until_end(helper: &mut Helper) -> io::Result<()> {
    match helper.stream.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err(io::ErrorKind::InvalidData.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Err(error) => Err(error),
    }
}

fn idle(load: &Load) -> Result<Outcome, RunError> {
    let helper = Helper::start(&Role::Sleep)?;
    let percent = measures::cpu_percent(helper.id(), load.seconds, std::thread::sleep)?;
    Ok(Outcome::value(percent, "%"))
}
