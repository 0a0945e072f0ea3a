//! The actors that the real manager is given.

use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;

use pysage_core::{Actor, ActorFailed, AnyMessage, Context, Flow, Message, Subscriptions};

use super::log::{Event, Label, Via, What};
use super::messages::{Gauge, Late, Ping, Spare, Tock, Told, seen};
use super::play::{Ending, Habits, Script};
use super::stage::Stage;

/// Runs code with a class's number as a constant.
macro_rules! by_class {
    ($class:expr, $constant:ident => $body:expr) => {
        match $class {
            0 => by_class!(@ $constant = 0, $body),
            1 => by_class!(@ $constant = 1, $body),
            2 => by_class!(@ $constant = 2, $body),
            3 => by_class!(@ $constant = 3, $body),
            4 => by_class!(@ $constant = 4, $body),
            5 => by_class!(@ $constant = 5, $body),
            6 => by_class!(@ $constant = 6, $body),
            _ => by_class!(@ $constant = 7, $body),
        }
    };
    (@ $constant:ident = $class:expr, $body:expr) => {{
        const $constant: u8 = $class;
        $body
    }};
}
pub(crate) use by_class;

/// An actor of one of eight classes. Whatever it handles, it follows the script.
///
/// What the classes subscribe to is said once more in `reference/actors.rs`.
pub(crate) struct Cast<const CLASS: u8> {
    pub(crate) stage: Rc<Stage>,
    pub(crate) label: Label,
    pub(crate) habits: Arc<Habits>,
}

impl<const CLASS: u8> Actor for Cast<CLASS> {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        match CLASS {
            0 => on.message(Self::typed::<Ping>),
            1 => on
                .message(Self::typed::<Ping>)
                .message(Self::typed::<Late>)
                .message(Self::typed::<Gauge>)
                .message(Self::typed::<Tock>)
                .update(Self::step)
                .priority(5),
            2 => on
                .message(Self::typed::<Ping>)
                .named("Late", |actor, message, cx| actor.any(Via::Name("Late"), message, cx))
                .named("North", |actor, message, cx| actor.any(Via::Name("North"), message, cx))
                .named("South", |actor, message, cx| actor.any(Via::Name("South"), message, cx))
                .update(Self::step),
            3 => on.every_message(|actor, message, cx| actor.any(Via::Every, message, cx)),
            4 => on
                .priority(-5)
                .update(Self::step)
                .every_message(|actor, message, cx| actor.any(Via::Every, message, cx))
                .named("North", |actor, message, cx| actor.any(Via::Name("North"), message, cx))
                .message(Self::typed::<Tock>),
            5 => on.message(Self::typed::<ActorFailed>).message(Self::typed::<Spare<Arc<Script>>>),
            6 => on.update(Self::step).priority(5),
            _ => on
                .message(Self::typed::<Late>)
                .named("Late", |actor, message, cx| actor.any(Via::Name("Late"), message, cx)),
        };
    }

    fn started(&mut self, cx: &Context) {
        self.stage.note_id(self.label, cx.actor());
        let _ = self.follow(Via::Hook, What::Start, &self.habits.start, cx);
    }

    fn stopped(&mut self, cx: &Context) {
        let _ = self.follow(Via::Hook, What::Stop, &self.habits.stop, cx);
    }
}

impl<const CLASS: u8> Cast<CLASS> {
    fn typed<M: Told>(&mut self, message: &M, cx: &Context) -> Result<Flow, &'static str> {
        self.told(Via::Type, message, cx)
    }

    fn step(&mut self, cx: &Context) -> Result<Flow, &'static str> {
        self.follow(Via::Hook, What::Update, &self.habits.update, cx)
    }

    /// A handler given at run time.
    pub(crate) fn own<M: Told>(&mut self, message: &M, cx: &Context) -> Result<Flow, &'static str> {
        self.told(Via::Own, message, cx)
    }

    fn told<M: Told>(&self, via: Via, message: &M, cx: &Context) -> Result<Flow, &'static str> {
        let script = message.script(&self.stage);
        let script = script.as_deref().unwrap_or(&self.habits.other);
        self.follow(via, message.what(&self.stage), script, cx)
    }

    fn any(&self, via: Via, message: &dyn AnyMessage, cx: &Context) -> Result<Flow, &'static str> {
        let (what, script) = seen(message, &self.stage);
        self.follow(via, what, script.as_deref().unwrap_or(&self.habits.other), cx)
    }

    fn follow(
        &self,
        via: Via,
        what: What,
        script: &Script,
        cx: &Context,
    ) -> Result<Flow, &'static str> {
        assert_eq!(self.stage.label(cx.actor()), Some(self.label), "the context names the actor");
        let now_ms = self.stage.since_start(cx.now());
        self.stage.log(Event::Handled { actor: self.label, via, what, now_ms });
        if !script.is_for(self.label) {
            return Ok(Flow::Continue);
        }
        for op in &script.ops {
            self.stage.perform(cx, Some(self.label), op);
        }
        match script.ending {
            Ending::Go => Ok(Flow::Continue),
            Ending::Stop => Ok(Flow::Stop),
            Ending::Fail => Err("scripted"),
            // Not `panic!`, so that no panic hook writes about it.
            Ending::Panic => resume_unwind(Box::new("scripted")),
        }
    }
}

/// An actor that is gone before anything reaches it.
pub(crate) struct Visitor;

impl Actor for Visitor {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::miss::<Ping>).message(Self::miss::<Tock>).named("Late", |_, _, _| ());
    }
}

impl Visitor {
    fn miss<M: Message>(&mut self, _: &M, _: &Context) {
        unreachable!("a visitor is gone already");
    }
}
