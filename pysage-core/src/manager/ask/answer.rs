//! The answer to a request, now or later.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use super::pending::Pending;
use crate::error::AskError;
use crate::manager::World;

/// The answer to a request: there already, or to be waited for.
///
/// A handler or a program takes it when it [is ready](Self::is_ready); a task awaits it, and goes
/// on in the tick in which the answer comes. It comes within
/// [`ManagerConfig::ask_timeout`](crate::ManagerConfig::ask_timeout), unless
/// [`within`](Self::within) says otherwise, or is then [`AskError::TimedOut`]. Time is that of the
/// ticks, so an answer cannot time out while no tick runs.
///
/// Whoever drops an answer gives it up: should the reply still come, it is dropped.
///
/// ```
/// # use pysage_core::{Actor, ActorManager, Context, Message, Subscriptions};
/// # #[derive(Message)]
/// # #[message(reply = i32)]
/// # struct HitPoints;
/// # struct Player;
/// # impl Actor for Player {
/// #     fn subscriptions(on: &mut Subscriptions<Self>) {
/// #         on.ask(|_: &mut Self, _: &HitPoints, _: &Context| 100);
/// #     }
/// # }
/// # let manager = ActorManager::new();
/// # let player = manager.register(Player);
/// let mut answer = manager.ask(player, HitPoints);
/// match answer.take() {
///     Some(Ok(hit_points)) => assert_eq!(hit_points, 100),
///     Some(Err(error)) => println!("no answer: {error}"),
///     None => println!("the player is busy"),
/// }
/// assert_eq!(answer.take(), None, "it was taken");
/// ```
#[must_use = "an answer that is dropped is given up"]
pub struct Answer<R> {
    // Apart from the rest, so that a small reply is moved in one piece: a load of bytes that were
    // stored one by one has to wait for all of them.
    reply: Option<R>,
    rest: Rest<R>,
}

/// What there is instead of a reply.
enum Rest<R> {
    Failed(AskError),
    Waiting(Waiting<R>),
    Taken,
}

/// Gives the answer up when it is dropped.
struct Waiting<R> {
    world: Weak<World>,
    ticket: u64,
    pending: Rc<Pending<R>>,
}

// What is in it is moved out, never pinned.
impl<R> Unpin for Answer<R> {}

impl<R> Answer<R> {
    #[inline(always)]
    pub(crate) fn ready(result: Result<R, AskError>) -> Answer<R> {
        match result {
            Ok(reply) => Answer { reply: Some(reply), rest: Rest::Taken },
            Err(error) => Answer { reply: None, rest: Rest::Failed(error) },
        }
    }

    pub(super) fn waiting(world: Weak<World>, ticket: u64, pending: Rc<Pending<R>>) -> Answer<R> {
        Answer { reply: None, rest: Rest::Waiting(Waiting { world, ticket, pending }) }
    }

    /// By what the answer is closed, if it is still to come.
    pub(crate) fn ticket(&self) -> Option<u64> {
        match &self.rest {
            Rest::Waiting(waiting) if !waiting.pending.is_ready() => Some(waiting.ticket),
            _ => None,
        }
    }

    /// Takes the answer out, if it is there; `None` while it is not, and once it was taken.
    #[inline]
    pub fn take(&mut self) -> Option<Result<R, AskError>> {
        match self.reply.take() {
            Some(reply) => Some(Ok(reply)),
            None => self.take_rest(),
        }
    }

    #[cold]
    fn take_rest(&mut self) -> Option<Result<R, AskError>> {
        let result = match &self.rest {
            Rest::Failed(error) => Err(*error),
            Rest::Waiting(waiting) => waiting.pending.take()?,
            Rest::Taken => return None,
        };
        self.rest = Rest::Taken;
        Some(result)
    }

    /// Whether the answer is there, and was not taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match &self.rest {
            Rest::Failed(_) => true,
            Rest::Waiting(waiting) => waiting.pending.is_ready(),
            Rest::Taken => self.reply.is_some(),
        }
    }

    /// Lets the answer come within so much time from now: of the tick in progress, or else of the
    /// manager's clock.
    pub fn within(self, time: Duration) -> Answer<R> {
        if let Rest::Waiting(waiting) = &self.rest
            && let Some(world) = waiting.world.upgrade()
        {
            world.asks.set_deadline(waiting.ticket, world.time().checked_add(time));
        }
        self
    }
}

impl<R> Future for Answer<R> {
    type Output = Result<R, AskError>;

    /// Gives the answer, and [`AskError::Taken`] once it was taken.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(result) = this.take() {
            return Poll::Ready(result);
        }
        let Rest::Waiting(waiting) = &this.rest else { return Poll::Ready(Err(AskError::Taken)) };
        if let Some(world) = waiting.world.upgrade() {
            let (task, waker) = world.tasks.wait_for_answer(cx);
            waiting.pending.wait(task, waker);
        }
        Poll::Pending
    }
}

impl<R> Drop for Waiting<R> {
    fn drop(&mut self) {
        if let Some(world) = self.world.upgrade() {
            drop(world.asks.remove(self.ticket));
        }
    }
}

impl<R: fmt::Debug> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.reply, &self.rest) {
            (Some(reply), _) => write!(f, "Answer({reply:?})"),
            (None, Rest::Failed(error)) => write!(f, "Answer({error:?})"),
            (None, Rest::Waiting(_)) => f.write_str("Answer(waiting)"),
            (None, Rest::Taken) => f.write_str("Answer(taken)"),
        }
    }
}
