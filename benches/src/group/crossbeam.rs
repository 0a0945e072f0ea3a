//! A bare hand-over to a thread: batches over a channel.

use std::thread;

use crossbeam_channel::bounded;

use super::{
    case::{Case, Load},
    load::{Block, Bodies, Checksum, Sample, WORDS_BYTES, Words, now_ns},
    peer::{Outcome, Peer, RunError},
};

pub const PEER: Peer = Peer {
    name: "crossbeam",
    about: "batches of 256 messages over a bounded channel",
    package: Some("crossbeam-channel"),
    run: |load| match load.case {
        Case::Thread if load.bytes == WORDS_BYTES => one_way::<Words>(load).map(Some),
        Case::Thread => one_way::<Block>(load).map(Some),
        _ => Ok(None),
    },
};

/// Larger ones gain nothing.
const BATCH: usize = 256;

/// As many bytes on their way as a group takes unless told otherwise.
const QUEUE_BYTES: usize = 4 << 20;

fn one_way<M: Sample>(load: &Load) -> Result<Outcome, RunError> {
    let Load { bytes, n, seed, .. } = *load;
    let bodies = Bodies::new(seed, bytes);
    let batch = BATCH.min((QUEUE_BYTES / 4 / bytes).max(1));
    let (sender, receiver) = bounded::<Vec<M>>((QUEUE_BYTES / (batch * bytes)).max(1));
    let handling = thread::spawn(move || {
        let mut checksum = Checksum::default();
        for batch in receiver {
            batch.iter().for_each(|message| message.add_to(&mut checksum));
        }
        (checksum.value(), now_ns())
    });
    let start_ns = now_ns();
    let mut gathered = Vec::with_capacity(batch);
    for number in 0..n {
        gathered.push(M::sample(&bodies, number));
        if gathered.len() == batch {
            sender.send(std::mem::replace(&mut gathered, Vec::with_capacity(batch)))?;
        }
    }
    sender.send(gathered)?;
    drop(sender);
    let (checksum, end_ns) = handling.join().map_err(|_| "the thread panicked")?;
    Ok(Outcome::rate(n, end_ns - start_ns, checksum))
}
