//! Spans and events for the `tracing` feature; without it, nothing.

use crate::actor::{ActorId, BoxError};
use crate::manager::DropReason;

#[cfg(feature = "tracing")]
mod on {
    use super::{ActorId, BoxError, DropReason};

    pub(crate) fn tick_span(tick: u64) -> tracing::span::EnteredSpan {
        tracing::debug_span!("tick", tick).entered()
    }

    pub(crate) fn phase<R>(phase: &'static str, run: impl FnOnce() -> R) -> R {
        tracing::trace_span!("phase", phase).in_scope(run)
    }

    pub(crate) fn dead_letter(message: &str, reason: DropReason) {
        tracing::debug!(message_name = message, %reason, "dead letter");
    }

    pub(crate) fn handler_error(actor: ActorId, message: &str, error: &BoxError) {
        tracing::warn!(%actor, message_name = message, %error, "a handler returned an error");
    }

    pub(crate) fn panic(actor: ActorId, message: &str, reason: &str) {
        tracing::error!(%actor, message_name = message, reason, "a handler panicked");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use super::{ActorId, BoxError, DropReason};

    /// A span that is not there.
    pub(crate) struct NoSpan;

    pub(crate) fn tick_span(_tick: u64) -> NoSpan {
        NoSpan
    }

    #[inline(always)]
    pub(crate) fn phase<R>(_phase: &'static str, run: impl FnOnce() -> R) -> R {
        run()
    }

    pub(crate) fn dead_letter(_message: &str, _reason: DropReason) {}

    pub(crate) fn handler_error(_actor: ActorId, _message: &str, _error: &BoxError) {}

    pub(crate) fn panic(_actor: ActorId, _message: &str, _reason: &str) {}
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::*;
#[cfg(feature = "tracing")]
pub(crate) use on::*;
