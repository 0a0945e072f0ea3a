//! What the tests of the local layer share: a log, and an actor that does what a closure says.

use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

use pysage_core::{Actor, Context, HandlerReturn, Message, Subscriptions};

/// What happened, in order. Clones are the same log.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, what: impl Display) {
        self.0.borrow_mut().push(what.to_string());
    }

    /// What was noted since the last call, with a space between.
    pub(crate) fn take(&self) -> String {
        self.0.take().join(" ")
    }
}

type Act<M, R> = Box<dyn FnMut(&M, &Context) -> R>;

/// An actor that does with each `M` what a closure says.
pub(crate) struct On<M, R> {
    act: Act<M, R>,
}

/// Makes an actor that does with each `M` what `act` says.
pub(crate) fn on<M, R>(act: impl FnMut(&M, &Context) -> R + 'static) -> On<M, R> {
    On { act: Box::new(act) }
}

impl<M: Message, R: HandlerReturn + 'static> Actor for On<M, R> {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|on: &mut Self, message: &M, cx: &Context| (on.act)(message, cx));
    }
}
