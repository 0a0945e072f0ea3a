//! What a handler may return.

use std::error::Error;

/// Any error that a handler may end with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Whether a queued message goes on to the subscribers behind this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Flow {
    /// The message goes on.
    #[default]
    Continue,
    /// The message is used up: subscribers registered later do not get it.
    Stop,
}

/// What a handler may return: `()`, [`Flow`], or a `Result` of either.
///
/// An error costs only this message for this actor: it is counted, given to
/// [`on_failure`](crate::ActorManager::on_failure), and the message goes on.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    note = "handlers return `()`, `Flow`, `Result<(), E>` or `Result<Flow, E>`"
)]
pub trait HandlerReturn: sealed::Sealed {
    #[doc(hidden)]
    fn into_flow(self) -> Result<Flow, BoxError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for super::Flow {}
    impl<T: Sealed, E: Into<super::BoxError>> Sealed for Result<T, E> {}
}

impl HandlerReturn for () {
    #[inline(always)]
    fn into_flow(self) -> Result<Flow, BoxError> {
        Ok(Flow::Continue)
    }
}

impl HandlerReturn for Flow {
    #[inline(always)]
    fn into_flow(self) -> Result<Flow, BoxError> {
        Ok(self)
    }
}

impl<T: HandlerReturn, E: Into<BoxError>> HandlerReturn for Result<T, E> {
    #[inline(always)]
    fn into_flow(self) -> Result<Flow, BoxError> {
        self.map_err(Into::into)?.into_flow()
    }
}
