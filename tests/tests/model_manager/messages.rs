//! The messages that the real manager is given.

use std::sync::Arc;

use pysage_core::{ActorFailed, AnyMessage, Message};

use super::log::What;
use super::play::{Letter, Script};
use super::stage::Stage;

#[derive(Message)]
pub(crate) struct Ping {
    number: u8,
    script: Arc<Script>,
}

#[derive(Message)]
pub(crate) struct Late {
    number: u8,
    script: Arc<Script>,
}

#[derive(Message)]
pub(crate) struct Gauge {
    #[message(range = 0..=Letter::GAUGE_MAX)]
    number: u8,
    script: Arc<Script>,
}

/// Generic, so that it has no static slot.
#[derive(Message)]
#[message(name = "Spare")]
pub(crate) struct Spare<T: Send + 'static> {
    number: u8,
    script: T,
}

/// Has nothing to drop: its script is in a table.
#[derive(Message)]
pub(crate) struct Tock {
    number: u8,
    script: usize,
}

/// A message as the log shows it, and what to do with it.
pub(crate) trait Told: Message {
    fn what(&self, stage: &Stage) -> What;
    /// `None` leaves it to the actor's habits.
    fn script(&self, stage: &Stage) -> Option<Arc<Script>>;
}

/// A message that is made from a letter.
pub(crate) trait Made: Told {
    fn new(letter: &Letter, stage: &Stage) -> Self;
}

macro_rules! told {
    ($($message:ty),*) => {$(
        impl Told for $message {
            fn what(&self, _: &Stage) -> What {
                What::Letter(Self::NAME, self.number)
            }
            fn script(&self, _: &Stage) -> Option<Arc<Script>> {
                Some(self.script.clone())
            }
        }
        impl Made for $message {
            fn new(letter: &Letter, _: &Stage) -> Self {
                Self { number: letter.number, script: letter.script.clone() }
            }
        }
    )*};
}

told!(Ping, Late, Gauge, Spare<Arc<Script>>);

impl Told for Tock {
    fn what(&self, _: &Stage) -> What {
        What::Letter(Self::NAME, self.number)
    }

    fn script(&self, stage: &Stage) -> Option<Arc<Script>> {
        Some(stage.script(self.script))
    }
}

impl Made for Tock {
    fn new(letter: &Letter, stage: &Stage) -> Self {
        Self { number: letter.number, script: stage.keep_script(letter.script.clone()) }
    }
}

impl Told for ActorFailed {
    fn what(&self, stage: &Stage) -> What {
        let (at, reason) = (self.message.clone(), self.reason.clone());
        What::Failed { actor: stage.address(self.actor), at, reason }
    }

    fn script(&self, _: &Stage) -> Option<Arc<Script>> {
        None
    }
}

/// What a message of any type is, and its script.
pub(crate) fn seen(message: &dyn AnyMessage, stage: &Stage) -> (What, Option<Arc<Script>>) {
    fn of<M: Told>(message: &dyn AnyMessage, stage: &Stage) -> Option<(What, Option<Arc<Script>>)> {
        message.downcast_ref::<M>().map(|message| (message.what(stage), message.script(stage)))
    }
    of::<Ping>(message, stage)
        .or_else(|| of::<Late>(message, stage))
        .or_else(|| of::<Gauge>(message, stage))
        .or_else(|| of::<Tock>(message, stage))
        .or_else(|| of::<Spare<Arc<Script>>>(message, stage))
        .or_else(|| of::<ActorFailed>(message, stage))
        .unwrap_or_else(|| (What::Named(message.name().to_owned()), None))
}

/// Runs code with the message type of a kind under a name.
macro_rules! by_kind {
    ($kind:expr, $message:ident => $body:expr, $failed:expr) => {
        match $kind {
            Kind::Ping => by_kind!(@ $message = Ping, $body),
            Kind::Late => by_kind!(@ $message = Late, $body),
            Kind::Gauge => by_kind!(@ $message = Gauge, $body),
            Kind::Tock => by_kind!(@ $message = Tock, $body),
            Kind::Spare => by_kind!(@ $message = Spare<Arc<Script>>, $body),
            Kind::Failed => $failed,
        }
    };
    (@ $message:ident = $type:ty, $body:expr) => {{
        type $message = $type;
        $body
    }};
}
pub(crate) use by_kind;
