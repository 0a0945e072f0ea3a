//! Sending to every link: encoded once for each form, told who took it.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use std::cell::Cell;

use local::Log;
use pysage_core::transport::{Encoding, Form, memory};
use pysage_core::wire::{Codec, FrameHead, WireLimits};
use pysage_core::{Actor, ActorManager, Context, Message, Subscriptions};
use scripted::{Script, encoding, frame};

thread_local! {
    static WRITTEN: Cell<u32> = const { Cell::new(0) };
}

mod counted {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &u32, to: S) -> Result<S::Ok, S::Error> {
        super::WRITTEN.with(|written| written.set(written.get() + 1));
        value.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        u32::deserialize(from)
    }
}

#[derive(Message, Clone)]
#[message(packet_type = 101)]
struct News(#[serde(with = "counted")] u32);

#[derive(Message, Clone)]
#[message(packet_type = 102)]
struct Long(Vec<u8>);

struct Noting(Log);

impl Actor for Noting {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, news: &News, cx: &Context| {
            me.0.note(format!("{} {}", news.0, cx.sender().is_some()));
        });
    }
}

#[test]
fn a_broadcast_is_encoded_once_for_all_links_of_a_form() {
    let (manager, script) = (ActorManager::new(), Script::new());
    let other = Script::new();
    script.attach(&manager);
    other.attach(&manager);
    let fixed = Encoding { codec: Codec::Fixed, limits: WireLimits::default() };
    let (there, log) = (ActorManager::new(), Log::default());
    there.register(Noting(log.clone()));
    for form in [Form::Bytes(fixed), Form::Value] {
        let (one, two) = memory(form, 1_000);
        manager.attach(one).unwrap();
        there.attach(two).unwrap();
    }
    WRITTEN.set(0);
    let broadcast = manager.broadcast(News(300));
    assert_eq!((broadcast.sent, broadcast.refused), (8, 0));
    assert_eq!(WRITTEN.get(), 2, "once for six compact links, once for the fixed one");
    manager.tick().unwrap();
    for script in [&script, &other] {
        let sent = script.edit(|lines| std::mem::take(&mut lines.sent));
        let expected = frame(&News(300), |_| {});
        assert_eq!(sent, [0, 1, 2].map(|link| (link, expected.clone())));
    }
    there.tick().unwrap();
    assert_eq!(log.take(), "300 true 300 true");
}

#[test]
fn a_broadcast_that_cannot_be_written_is_tried_once_and_refused_for_each_link() {
    let (manager, script) = (ActorManager::new(), Script::new());
    script.attach(&manager);
    let (one, _two) = memory(Form::Value, 1_000);
    manager.attach(one).unwrap();
    let too_long = Long(vec![0; WireLimits::DEFAULT_MESSAGE_BYTES + 1]);
    let broadcast = manager.broadcast(too_long);
    assert_eq!((broadcast.sent, broadcast.refused), (1, 3), "a value has no wire form");
    script.edit(|lines| lines.cannot_carry = Some("News"));
    WRITTEN.set(0);
    let broadcast = manager.broadcast(News(1));
    assert_eq!((broadcast.sent, broadcast.refused), (0, 4), "it cannot be registered");
    assert_eq!(WRITTEN.get(), 0);
    manager.tick().unwrap();
    assert!(script.edit(|lines| lines.sent.is_empty()));
}

struct Town {
    crier: bool,
}

impl Actor for Town {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, news: &News, cx: &Context| {
            if me.crier {
                cx.broadcast(news.clone());
            }
        });
    }
}

#[test]
fn a_broadcast_of_a_handler_says_which_actor_it_is_from() {
    let (manager, script) = (ActorManager::new(), Script::new());
    script.attach(&manager);
    let actor = manager.register(Town { crier: true });
    manager.queue_to(actor, News(7));
    manager.tick().unwrap();
    let sent = script.edit(|lines| std::mem::take(&mut lines.sent));
    assert_eq!(sent.len(), 3);
    let (head, _) = FrameHead::read(encoding().codec, &sent[2].1).unwrap();
    assert_eq!(head.sender, Some(actor));
}
