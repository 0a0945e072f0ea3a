//! Handlers that fail: errors they return, and panics.

use std::any::Any;
use std::fmt;
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

    /// The first panic of a handler, a task or a hook since this was asked last, in a tick or not;
    /// its text is `class at message: reason`. See [`ManagerConfig::halt_at_panic`].
    ///
    /// [`ManagerConfig::halt_at_panic`]: crate::ManagerConfig::halt_at_panic
    pub fn take_panic(&self) -> Option<ActorFailed> {
        self.world().first_panic.take()
    }
}

impl fmt::Display for ActorFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ActorFailed { class, message, reason, .. } = self;
        write!(f, "{class} at {message}: {reason}")
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
        // Whoever has to know looks after a change, and that the actor leaves is one.
        world.halted.set(world.config.halt_at_panic);
        let class = world.class_name(actor);
        let failed =
            ActorFailed { actor, class, message: message.to_owned(), reason: reason.clone() };
        world.first_panic.borrow_mut().get_or_insert_with(|| failed.clone());
        world.report(actor, message, FailureCause::Panic(&reason));
        if catch_unwind(AssertUnwindSafe(|| world.take_out(actor))).is_err() {
            Tally::add(&world.counters.panics, 1);
        }
        self.queue(failed);
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
