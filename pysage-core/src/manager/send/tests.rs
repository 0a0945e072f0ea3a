#![allow(clippy::unwrap_used)]

use std::cell::RefCell;

use serde::{Deserialize, Serialize, Serializer};

use crate::transport::{Form, Key, Memory, memory};
use crate::{ActorManager, Message, SendError};

thread_local! {
    static MANAGER: RefCell<Option<(ActorManager, Key<Memory>)>> = const { RefCell::new(None) };
}

/// It does at its manager what it should not while it is being written.
#[derive(Deserialize, PartialEq)]
struct Meddling;

impl Serialize for Meddling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (manager, key) = MANAGER.take().unwrap();
        let link = manager.with_transport(key, |memory| memory.link_id()).unwrap();
        assert_eq!(manager.send(key.destination(link), Quiet(2)), Err(SendError::Busy));
        assert!(manager.flush().is_ok());
        assert!(manager.detach(key).is_none());
        serializer.serialize_unit()
    }
}

#[derive(Message)]
#[message(packet_type = 101)]
struct Curious(Meddling);

#[derive(Message)]
#[message(packet_type = 102)]
struct Quiet(u32);

#[test]
fn a_message_that_is_being_written_finds_its_transport_at_work() {
    let manager = ActorManager::new();
    let (one, other) = memory(Form::Bytes(<_>::default()), 1 << 20);
    let link = one.link_id();
    let key = manager.attach(one).unwrap();
    manager.send(key.destination(link), Quiet(1)).unwrap();
    MANAGER.set(Some((manager.clone(), key)));
    manager.send(key.destination(link), Curious(Meddling)).unwrap();
    manager.flush().unwrap();
    let there = ActorManager::new();
    there.register_message::<Curious>().unwrap();
    there.register_message::<Quiet>().unwrap();
    there.attach(other).unwrap();
    assert_eq!(there.tick().unwrap().received, 2);
}
