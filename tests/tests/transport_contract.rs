//! The contract of transports, kept by those that core has.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[macro_use]
#[path = "../support/transport_contract.rs"]
mod transport_contract;

use std::cell::Cell;
use std::rc::Rc;

use pysage_core::ActorManager;
use pysage_core::transport::{Encoding, Form, Key, Pipe, Transport, memory, pipe};
use pysage_core::wire::{Codec, WireLimits};

use transport_contract::{Options, Pair};

fn encoding(codec: Codec, options: &Options) -> Encoding {
    Encoding { codec, limits: WireLimits::default().message_bytes(options.message_bytes) }
}

/// Attaches both ends of a link, and takes away that of `there` when they are to part.
fn join<T: Transport>(
    options: &Options,
    ends: [T; 2],
    codec: Option<Codec>,
    end_of_there: &Cell<Option<Key<T>>>,
) -> Pair {
    let link = ends[0].links()[0];
    let inbox_bytes = ends[0].inbox_bytes();
    let managers = [(); 2].map(|()| ActorManager::with_config(options.config.clone()));
    let [here, there] = managers;
    let [one, other] = ends;
    let one: Key<T> = here.attach(one).unwrap();
    let other: Key<T> = there.attach(other).unwrap();
    end_of_there.set(Some(other));
    let parting = there.clone();
    Pair {
        to_there: one.destination(link),
        to_here: other.destination(link),
        clock: options.clock.clone(),
        inbox_bytes,
        codec,
        carry: Box::new(|| {}),
        part: Box::new(move || drop(parting.detach(other).expect("it is attached"))),
        inject: None,
        here,
        there,
    }
}

fn memory_of_values(options: Options) -> Pair {
    let (one, other) = memory(Form::Value, options.room_bytes);
    join(&options, [one, other], None, &Cell::default())
}

fn memory_of(codec: Codec, options: &Options) -> Pair {
    let (one, other) = memory(Form::Bytes(encoding(codec, options)), options.room_bytes);
    join(options, [one, other], Some(codec), &Cell::default())
}

fn memory_compact(options: Options) -> Pair {
    memory_of(Codec::Compact, &options)
}

fn memory_fixed(options: Options) -> Pair {
    memory_of(Codec::Fixed, &options)
}

fn pipe_compact(options: Options) -> Pair {
    let (one, other) = pipe(encoding(Codec::Compact, &options), options.room_bytes);
    let end: Rc<Cell<Option<Key<Pipe>>>> = Rc::default();
    let mut pair = join(&options, [one, other], Some(Codec::Compact), &end);
    let there = pair.there.clone();
    pair.inject = Some(Box::new(move |frame| {
        let mut bytes = u32::try_from(frame.len()).unwrap().to_le_bytes().to_vec();
        bytes.extend_from_slice(frame);
        there.with_transport(end.get().unwrap(), |pipe| pipe.inject(&bytes)).unwrap();
    }));
    pair
}

transport_contract!(memory_of_values, crate::memory_of_values);
transport_contract!(memory_compact, crate::memory_compact);
transport_contract!(memory_fixed, crate::memory_fixed);
transport_contract!(pipe_compact, crate::pipe_compact);
