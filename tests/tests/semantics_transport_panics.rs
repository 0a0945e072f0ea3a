//! What panics while a transport is at work costs no more than its own message or transport.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use std::time::Instant;

use local::Log;
use pysage_core::transport::{Inbox, Link, LinkId, Outbox, Transport, UndecodedMessage};
use pysage_core::{
    Actor, ActorManager, BoxError, Context, DropReason, Message, Subscriptions, TickError,
};
use scripted::Script;

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);

#[derive(Message)]
#[message(packet_type = 102)]
struct Fragile(#[serde(with = "fragile")] u32);

mod fragile {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &u32, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        let value = u32::deserialize(from)?;
        assert_ne!(value, 13, "thirteen is unlucky");
        Ok(value)
    }
}

struct Noting(Log);

impl Actor for Noting {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| me.0.note(tell.0)).message(
            |me: &mut Self, fragile: &Fragile, _: &Context| {
                me.0.note(format!("f{}", fragile.0));
            },
        );
    }
}

#[test]
fn a_field_that_panics_while_it_is_read_is_a_malformed_frame() {
    let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
    script.attach(&manager);
    manager.register(Noting(log.clone()));
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        let undecoded = letter.message.downcast_ref::<UndecodedMessage>().unwrap();
        seen.note(&undecoded.error.reason);
    });
    for number in [1, 13, 2] {
        script.arrives(0, &Fragile(number));
    }
    let report = manager.tick().unwrap();
    assert_eq!(
        log.take(),
        "decoding panicked: assertion `left != right` failed: thirteen is \
                            unlucky\n  left: 13\n right: 13 f1 f2"
    );
    assert_eq!((report.handled, report.panics), (2, 0));
    assert_eq!(manager.counters().dropped(DropReason::Malformed), 1);
    manager.tick().unwrap();
    assert_eq!(script.edit(|lines| lines.done[0]), 3, "all three are done");
}

#[test]
fn a_field_that_panics_while_a_dead_letter_is_read_ends_nothing_else() {
    let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
    let key = script.attach(&manager);
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        let fragile = letter.message.downcast_ref::<Fragile>().map(|fragile| fragile.0);
        seen.note(format!("{fragile:?}:{:?}", letter.reason));
    });
    for number in [1, 13, 2] {
        manager.send(scripted::end(key, 0), Fragile(number)).unwrap();
    }
    assert!(manager.detach(key).is_some());
    assert_eq!(log.take(), "Some(1):LinkGone None:LinkGone Some(2):LinkGone");
    assert_eq!(manager.counters().dropped(DropReason::LinkGone), 3);
}

/// Panics in one of its two phases.
struct Panicking {
    receives: bool,
    transmits: bool,
}

impl Transport for Panicking {
    fn link(&self, _: LinkId) -> Option<Link> {
        None
    }
    fn links(&self) -> Vec<LinkId> {
        Vec::new()
    }
    fn receive(&mut self, _: Instant, _: &mut Inbox<'_>) -> Result<(), BoxError> {
        assert!(!self.receives, "cannot receive");
        Ok(())
    }
    fn transmit(&mut self, _: Instant, _: &mut Outbox) -> Result<(), BoxError> {
        assert!(!self.transmits, "cannot transmit");
        Ok(())
    }
}

#[test]
fn a_transport_that_panics_has_failed_and_the_tick_does_its_work() {
    for (receives, transmits, text) in
        [(true, false, "cannot receive"), (false, true, "cannot transmit")]
    {
        let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
        let key = manager.attach(Panicking { receives, transmits }).unwrap();
        script.attach(&manager);
        manager.register(Noting(log.clone()));
        manager.queue(Tell(1));
        script.arrives(0, &Tell(2));
        let Err(TickError::Transport(failure)) = manager.tick() else { panic!("no failure") };
        assert_eq!(failure.first.to_string(), format!("a transport panicked: {text}"));
        assert_eq!(failure.report.as_ref().unwrap().handled, 2, "the other one was served");
        assert_eq!(log.take(), "1 2");
        let mended = manager.with_transport(key, |it: &mut Panicking| {
            (it.receives, it.transmits) = (false, false);
        });
        assert!(mended.is_some(), "it can be reached again");
        manager.tick().unwrap();
    }
}
