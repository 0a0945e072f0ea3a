//! What a subscriber of `tracing` sees of a tick.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pysage_core::{Actor, ActorManager, Context, Message, Subscriptions};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes spans when they are entered and left, and events with their fields.
#[derive(Clone, Default)]
struct Recorder {
    seen: Arc<Mutex<Vec<String>>>,
    spans: Arc<Mutex<Vec<String>>>,
    next: Arc<AtomicU64>,
}

impl Recorder {
    fn note(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    fn span(&self, id: &Id) -> String {
        self.spans.lock().unwrap()[id.into_u64() as usize - 1].clone()
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        self.spans.lock().unwrap().push(fields.0);
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.note(fields.0);
    }

    fn enter(&self, span: &Id) {
        self.note(format!("> {}", self.span(span)));
    }

    fn exit(&self, span: &Id) {
        self.note(format!("< {}", self.span(span)));
    }
}

#[derive(Message)]
struct Unwanted;
#[derive(Message)]
struct Fail;
#[derive(Message)]
struct Panic;

struct Clumsy;

impl Actor for Clumsy {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Self, _: &Fail, _: &Context| Err::<(), _>("no"))
            .message(|_: &mut Self, _: &Panic, _: &Context| -> () { std::panic::panic_any("oh") });
    }
}

#[test]
fn a_tick_its_phases_and_what_fails_in_it_are_told() {
    let recorder = Recorder::default();
    let actor = tracing::subscriber::with_default(recorder.clone(), || {
        let manager = ActorManager::new();
        let actor = manager.register(Clumsy);
        manager.queue(Unwanted);
        manager.queue(Fail);
        manager.queue(Panic);
        manager.tick().unwrap();
        actor
    });
    let expected = [
        "> tick tick=1".to_owned(),
        "> phase phase=\"receive\"".to_owned(),
        "< phase phase=\"receive\"".to_owned(),
        "> phase phase=\"resume\"".to_owned(),
        "< phase phase=\"resume\"".to_owned(),
        "> phase phase=\"dispatch\"".to_owned(),
        "DEBUG message=dead letter message_name=\"Unwanted\" \
         reason=nobody subscribes to the message"
            .to_owned(),
        format!(
            "WARN message=a handler returned an error actor={actor} message_name=\"Fail\" error=no"
        ),
        format!(
            "ERROR message=a handler panicked actor={actor} message_name=\"Panic\" reason=\"oh\""
        ),
        "< phase phase=\"dispatch\"".to_owned(),
        "> phase phase=\"update\"".to_owned(),
        "< phase phase=\"update\"".to_owned(),
        "> phase phase=\"transmit\"".to_owned(),
        "< phase phase=\"transmit\"".to_owned(),
        "< tick tick=1".to_owned(),
    ];
    assert_eq!(*recorder.seen.lock().unwrap(), expected);
}
