//! ipc-channel: bytes, and messages.

use ipc_channel::ipc::{self, IpcBytesSender, IpcOneShotServer, IpcSender};
use serde::{Deserialize, Serialize};

use super::{
    case::{Case, Load},
    helper::{Helper, Role},
    load::{Block, Bodies, Checksum, Sample, WORDS_BYTES, Words, now_ns},
    peer::{Outcome, Peer, RunError},
};

pub const BYTES: Peer = Peer {
    name: "ipc_channel_bytes",
    about: "ipc-channel, bytes",
    package: Some("ipc-channel"),
    run: |load| match load.case {
        Case::OneWay => send_bytes(load).map(Some),
        _ => Ok(None),
    },
};

pub const TYPED: Peer = Peer {
    name: "ipc_channel_typed",
    about: "ipc-channel, messages through serde",
    package: Some("ipc-channel"),
    run: |load| match load.case {
        Case::OneWay if load.bytes == WORDS_BYTES => send_typed::<Words>(load).map(Some),
        Case::OneWay => send_typed::<Block>(load).map(Some),
        _ => Ok(None),
    },
};

/// Starts the helper, which gives the end of a channel to send to.
fn start<T>(role: impl FnOnce(String) -> Role) -> Result<(Helper, T), RunError>
where
    T: Serialize + for<'de> Deserialize<'de>,
{
    let (server, name) = IpcOneShotServer::<T>::new()?;
    let helper = Helper::start(&role(name))?;
    let (_, sender) = server.accept()?;
    Ok((helper, sender))
}

fn send_bytes(load: &Load) -> Result<Outcome, RunError> {
    let Load { bytes, n, seed, .. } = *load;
    let bodies = Bodies::new(seed, bytes);
    let (mut helper, sender) = start::<IpcBytesSender>(|name| Role::IpcBytes { bytes, n, name })?;
    let mut message = Vec::with_capacity(bytes);
    let start_ns = now_ns();
    for number in 0..n {
        message.clear();
        message.extend_from_slice(&number.to_le_bytes());
        message.extend_from_slice(bodies.of(number));
        sender.send(&message)?;
    }
    let (checksum, end_ns) = helper.pair()?;
    Ok(Outcome::rate(n, end_ns - start_ns, checksum))
}

pub fn receive_bytes(name: &str, bytes: usize, n: u64) -> Result<(u64, u64), RunError> {
    let (sender, receiver) = ipc::bytes_channel()?;
    IpcSender::connect(name.to_owned())?.send(sender)?;
    let mut checksum = Checksum::default();
    for _ in 0..n {
        let message = receiver.recv()?;
        let whole = message.split_first_chunk().filter(|_| message.len() == bytes);
        let (number, body) = whole.ok_or("a message has another length")?;
        checksum.add(u64::from_le_bytes(*number), body);
    }
    Ok((checksum.value(), now_ns()))
}

fn send_typed<M: Sample>(load: &Load) -> Result<Outcome, RunError> {
    let Load { bytes, n, seed, .. } = *load;
    let bodies = Bodies::new(seed, bytes);
    let (mut helper, sender) = start::<IpcSender<M>>(|name| Role::IpcTyped { bytes, n, name })?;
    let start_ns = now_ns();
    for number in 0..n {
        sender.send(M::sample(&bodies, number))?;
    }
    let (checksum, end_ns) = helper.pair()?;
    Ok(Outcome::rate(n, end_ns - start_ns, checksum))
}

pub fn receive_typed(name: &str, bytes: usize, n: u64) -> Result<(u64, u64), RunError> {
    match bytes {
        WORDS_BYTES => receive::<Words>(name, n),
        _ => receive::<Block>(name, n),
    }
}

fn receive<M: Sample>(name: &str, n: u64) -> Result<(u64, u64), RunError> {
    let (sender, receiver) = ipc::channel::<M>()?;
    IpcSender::connect(name.to_owned())?.send(sender)?;
    let mut checksum = Checksum::default();
    for _ in 0..n {
        receiver.recv()?.add_to(&mut checksum);
    }
    Ok((checksum.value(), now_ns()))
}
