//! Finding an attached transport by its type.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use local::{Log, on};
use pysage_core::transport::{Encoding, Form, Key, Memory, Pipe, memory, pipe};
use pysage_core::{ActorManager, Message};
use scripted::{Script, Scripted, end};

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);

fn same(one: Option<Key<Scripted>>, other: Key<Scripted>) -> bool {
    one.is_some_and(|one| end(one, 0) == end(other, 0))
}

#[test]
fn a_transport_is_found_by_its_type_and_the_first_of_several() {
    let (manager, script) = (ActorManager::new(), Script::new());
    assert!(manager.key_of::<Scripted>().is_none());
    let (one, _other) = pipe(Encoding::default(), 1_000);
    manager.attach(one).unwrap();
    let first = script.attach(&manager);
    let second = script.attach(&manager);
    let (three, _other) = memory(Form::Value, 1_000);
    let memory = manager.attach(three).unwrap();
    assert!(same(manager.key_of(), first));
    assert!(manager.key_of::<Pipe>().is_some());
    let found = manager.key_of::<Memory>().unwrap();
    let link = manager.with_transport(memory, |it| it.link_id()).unwrap();
    assert_eq!(found.destination(link), memory.destination(link));
    manager.detach(first).unwrap();
    assert!(same(manager.key_of(), second), "one that was detached is not found");
    manager.detach(second).unwrap();
    assert!(manager.key_of::<Scripted>().is_none());
    assert!(ActorManager::new().key_of::<Pipe>().is_none(), "each manager has its own");
}

#[test]
fn a_transport_is_found_while_it_is_at_work() {
    let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
    let key = script.attach(&manager);
    let (seen, world) = (log.clone(), manager.clone());
    manager.on_dead_letter(move |_| {
        let at_work = world.with_transport(key, |_: &mut Scripted| ()).is_none();
        seen.note(format!("{at_work} {}", same(world.key_of(), key)));
    });
    manager.register_message::<Tell>().unwrap();
    script.arrives_raw(0, &[0xff; 9]);
    manager.tick().unwrap();
    assert_eq!(log.take(), "true true");
}

#[test]
fn a_handler_finds_a_transport_and_sends_over_it() {
    let (manager, script) = (ActorManager::new(), Script::new());
    script.attach(&manager);
    manager.register(on(|tell: &Tell, cx| {
        let key = cx.key_of::<Scripted>().unwrap();
        cx.send(end(key, 2), Tell(tell.0 + 1)).unwrap();
    }));
    manager.queue(Tell(1));
    manager.tick().unwrap();
    let links: Vec<_> = script.edit(|lines| lines.sent.iter().map(|(link, _)| *link).collect());
    assert_eq!(links, [2]);
}
