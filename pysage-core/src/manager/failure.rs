//! Handlers that fail: errors they return, and panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::letters::Tally;
use super::{ActorManager, World};
use crate::Message;
use crate::actor::{ActorId, BoxError, Context};
use crate::trace;

/// A handler that returned an error or panicked, as [`ActorManager::on_failure`] sees it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// The actor whose handler it was.
    pub actor: ActorId,
    /// The actor's class.
    pub class: &'static str,
    /// The name of the message, or of the hook.
    pub message: &'a str,
    /// What went wrong.
    pub cause: FailureCause<'a>,
}

/// What went wrong in a handler.
#[derive(Debug)]
#[non_exhaustive]
pub enum FailureCause<'a> {
    /// The handler returned this error. The actor goes on.
    Error(&'a BoxError),
    /// The handler panicked with this text. The actor was taken out.
    Panic(&'a str),
}

/// Published when an actor panicked and was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Message)]
#[non_exhaustive]
pub struct ActorFailed {
    /// The id that the actor had.
    pub actor: ActorId,
    /// The actor's class.
    pub class: &'static str,
    /// The name of the message, or of the hook, at which it panicked.
    pub message: String,
    /// The panic's text.
    pub reason: String,
}

pub(crate) type FailureHandler = Box<dyn FnMut(&Failure<'_>)>;
pub(crate) type PanicPayload = Box<dyn Any + Send>;

impl ActorManager {
    /// Sets who looks at the errors and panics of handlers, in place of the one before.
    ///
    /// Panics are also published as [`ActorFailed`]. What fails while the handler runs is counted
    /// only.
    pub fn on_failure(&self, handler: impl FnMut(&Failure<'_>) + 'static) {
        *self.world().failure_handler.borrow_mut() = Some(Box::new(handler));
    }
}

impl World {
    /// Takes note of an error that a handler returned.
    #[cold]
    pub(crate) fn report_error(&self, cx: &Context, message: &str, error: BoxError) {
        Tally::add(&self.counters.errors, 1);
        let actor = cx.actor();
        trace::handler_error(actor, message, &error);
        self.report(actor, message, FailureCause::Error(&error));
    }

    /// Does what may panic where that is nobody's fault: drops what somebody left, for one.
    pub(crate) fn contained(&self, work: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            Tally::add(&self.counters.panics, 1);
            text_of(panic);
        }
    }

    fn report(&self, actor: ActorId, message: &str, cause: FailureCause<'_>) {
        let Some(mut handler) = self.failure_handler.borrow_mut().take() else { return };
        let failure = Failure { actor, class: self.class_name(actor), message, cause };
        // A handler that panics is not asked again.
        match catch_unwind(AssertUnwindSafe(|| handler(&failure))) {
            Ok(()) => {
                self.failure_handler.borrow_mut().get_or_insert(handler);
            }
            Err(_) => Tally::add(&self.counters.panics, 1),
        }
    }
}

impl Context {
    /// Takes note of a panic; the actor whose handler it was is taken out and announced.
    #[cold]
    pub(crate) fn contain(&self, message: &str, panic: PanicPayload) {
        let world = self.world();
        Tally::add(&world.counters.panics, 1);
        let reason = text_of(panic);
        let Some(actor) = self.running() else { return };
        self.rest();
        trace::panic(actor, message, &reason);
        world.report(actor, message, FailureCause::Panic(&reason));
        let class = world.class_name(actor);
        if catch_unwind(AssertUnwindSafe(|| world.take_out(actor))).is_err() {
            Tally::add(&world.counters.panics, 1);
        }
        let message = message.to_owned();
        self.queue(ActorFailed { actor, class, message, reason });
        self.settle();
    }
}

pub(crate) fn text_of(panic: PanicPayload) -> String {
    let text = match panic.downcast_ref::<&'static str>() {
        Some(text) => (*text).to_owned(),
        None => panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "not a text".to_owned()),
    };
    // What was thrown may panic when it is dropped.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
    text
}
