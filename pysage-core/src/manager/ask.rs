//! Asking: requests, and the answers that they bring.

mod answer;
mod pending;
#[cfg(feature = "wire")]
mod remote;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::letters::{DropReason, Tally};
use super::topic::{defer_to, publish_now};
use super::{ActorManager, World};
use crate::actor::{ActorId, Context, Position};
use crate::destination::Destination;
use crate::error::AskError;
use crate::message::{Asked, ReplyTo, Request};
pub use answer::Answer;
pub(crate) use pending::Asks;
use pending::{ErasedPending, Pending};
#[cfg(feature = "wire")]
pub(in crate::manager) use remote::{AskedThere, Refusal};

impl ActorManager {
    /// Asks somebody a question, and gives the answer, which may be there already.
    ///
    /// An actor here answers before this returns, after the handlers of
    /// [every message](crate::Subscriptions::every_message) have seen the request. One that is on
    /// the call stack answers right after its current handler. Its class has to
    /// [subscribe](crate::Subscriptions::ask) to such requests.
    ///
    /// ```
    /// use pysage_core::{Actor, ActorManager, Context, Message, Subscriptions};
    ///
    /// #[derive(Message)]
    /// #[message(reply = i32)]
    /// struct HitPoints;
    ///
    /// struct Player { hit_points: i32 }
    ///
    /// impl Actor for Player {
    ///     fn subscriptions(on: &mut Subscriptions<Self>) {
    ///         on.ask(Self::hit_points);
    ///     }
    /// }
    ///
    /// impl Player {
    ///     fn hit_points(&mut self, _: &HitPoints, _: &Context) -> i32 {
    ///         self.hit_points
    ///     }
    /// }
    ///
    /// let manager = ActorManager::new();
    /// let player = manager.register(Player { hit_points: 100 });
    /// assert_eq!(manager.ask(player, HitPoints).take(), Some(Ok(100)));
    /// ```
    ///
    /// A request that is not answered gives its [`AskError`] as the answer. One that reached
    /// nobody is also a dead letter, as if it had been [triggered](Self::trigger_to).
    #[doc(alias("call", "request"))]
    // A call and a return are a part that can be measured of what an answer costs.
    #[inline(always)]
    pub fn ask<Q: Request>(&self, to: impl Into<Destination>, request: Q) -> Answer<Q::Reply> {
        let to = to.into();
        #[cfg(feature = "wire")]
        if let Some(there) = to.there() {
            return self.ask_there(there, request);
        }
        match to.here() {
            Some(actor) => self.ask_here(actor, request),
            None => Answer::ready(Err(AskError::NoSuchActor)),
        }
    }

    #[inline(always)]
    fn ask_here<Q: Request>(&self, actor: ActorId, request: Q) -> Answer<Q::Reply> {
        let world = self.world();
        Tally::add(&world.counters.triggered, 1);
        if Q::VALIDATED && request.validate().is_err() {
            world.dead_letter(&request, Some(actor), DropReason::Invalid);
            return Answer::ready(Err(AskError::Invalid));
        }
        let asked = Asked::here(request);
        let handler = world.known_topic::<Asked<Q>>().sole_handler(actor);
        let Some(handler) = handler.filter(|_| actor.manager() == world.number()) else {
            return self.ask_in_full(actor, asked);
        };
        let _handling = world.enter_handler();
        let changes = world.changes();
        let cx = Context::new(self);
        let reached = catch_unwind(AssertUnwindSafe(|| handler.to_one(actor, &asked, &cx)));
        match reached {
            Ok(false) => return self.ask_in_full(actor, asked),
            Ok(true) => {}
            Err(panic) => cx.contain(Q::NAME, panic),
        }
        if world.changes() != changes {
            cx.settle();
        }
        Answer::ready(asked.reply.take().ok_or(AskError::Failed))
    }

    /// Asks an actor where there is more to it: it is busy or gone, or others see the request too.
    #[cold]
    fn ask_in_full<Q: Request>(&self, actor: ActorId, mut asked: Asked<Q>) -> Answer<Q::Reply> {
        let world = self.world();
        let _handling = world.enter_handler();
        let subscribers = world.topic::<Asked<Q>>().subscribers();
        let cx = Context::new(self);
        let taken = publish_now(&subscribers, &asked, Some(actor), &cx);
        let mut busy = cx.take_deferred();
        let is_busy = busy.iter().any(|(_, span)| *span == Position::RECEIVER);
        let failed = taken && !world.lives(actor);
        let unanswered = if failed { AskError::Failed } else { world.why_unanswered(actor) };
        if !taken {
            world.undeliverable(&asked, Some(actor));
        }
        let answer = match asked.reply.take() {
            None if is_busy => self.open_ask().unwrap_or_else(|error| {
                world.dead_letter(&asked, Some(actor), DropReason::QueueFull);
                busy.retain(|(_, span)| *span != Position::RECEIVER);
                Answer::ready(Err(error))
            }),
            reply => Answer::ready(reply.ok_or(unanswered)),
        };
        if let Some(ticket) = answer.ticket() {
            asked.reply_to = ReplyTo::Ticket(ticket);
        }
        if !busy.is_empty() {
            defer_to(&subscribers, asked, busy, answer.ticket(), &cx);
        }
        answer
    }

    /// An answer that is still to come, to be closed by its ticket.
    ///
    /// # Errors
    /// [`AskError::Full`].
    pub(crate) fn open_ask<R: 'static>(&self) -> Result<Answer<R>, AskError> {
        let world = self.world();
        let deadline = world.time().checked_add(world.config.ask_timeout);
        let pending = Rc::new(Pending::new());
        let ticket = world.asks.open(pending.clone(), deadline, world.config.ask_capacity)?;
        Ok(Answer::waiting(self.downgrade(), ticket, pending))
    }
}

impl World {
    /// Gives the answer to whoever waits for it; one that nobody waits for is dropped.
    pub(crate) fn close_ask<R: 'static>(&self, ticket: u64, result: Result<R, AskError>) {
        match result {
            Ok(reply) => {
                self.fill_ask(ticket, &mut Some(reply));
            }
            Err(error) => self.fail_ask(ticket, error),
        }
    }

    /// Takes the reply, an `Option` of the type that is waited for, out of its place and gives it
    /// to whoever waits. Says whether somebody waits for a reply of this type.
    pub(crate) fn fill_ask(&self, ticket: u64, reply: &mut dyn Any) -> bool {
        let Some(pending) = self.asks.get(ticket) else { return false };
        let filled = pending.fill(reply);
        if filled {
            self.asks.remove(ticket);
            self.answered(&*pending);
        }
        filled
    }

    /// Tells whoever waits that there will be no answer, if somebody does.
    pub(crate) fn fail_ask(&self, ticket: u64, error: AskError) {
        if let Some(pending) = self.asks.remove(ticket) {
            pending.fail(error);
            self.answered(&*pending);
        }
    }

    /// Gives up the answers that did not come in time.
    pub(super) fn expire_asks(&self) {
        if self.asks.is_empty() {
            return;
        }
        for ticket in self.asks.overdue(self.now.get()) {
            self.fail_ask(ticket, AskError::TimedOut);
        }
    }

    /// Gives up all answers.
    pub(super) fn drop_asks(&self) {
        for ticket in self.asks.all() {
            self.fail_ask(ticket, AskError::Dropped);
        }
    }

    /// Why an actor that is not busy, and did not panic, has not answered.
    pub(super) fn why_unanswered(&self, actor: ActorId) -> AskError {
        if self.lives(actor) { AskError::NotAnswered } else { AskError::NoSuchActor }
    }

    fn answered(&self, pending: &dyn ErasedPending) {
        let (task, waker) = pending.take_waiter();
        if let Some(task) = task {
            self.tasks.wake(task);
        }
        if let Some(waker) = waker {
            self.contained(|| waker.wake());
        }
    }
}
