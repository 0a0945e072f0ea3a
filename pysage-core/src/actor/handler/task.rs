//! Handlers that begin tasks.

use std::future::Future;
use std::marker::PhantomData;
use std::rc::Rc;

use super::{Deliver, Delivered, Neighbours};
use crate::actor::pool::{Entered, Pool};
use crate::actor::{Actor, ActorId, Context, HandlerReturn, Me};
use crate::manager::DropReason;
use crate::message::Message;

/// A handler of one message type that begins a task with each message.
///
/// The actor is not held while the task runs: the task enters it when it has to.
pub(crate) struct TaskHandler<A, M, F> {
    pool: Rc<Pool<A>>,
    call: F,
    types: PhantomData<fn(M)>,
}

impl<A, M, F> TaskHandler<A, M, F> {
    pub(crate) fn new(pool: Rc<Pool<A>>, call: F) -> TaskHandler<A, M, F> {
        TaskHandler { pool, call, types: PhantomData }
    }
}

impl<A, M, R, Fut, F> Deliver<M> for TaskHandler<A, M, F>
where
    A: Actor,
    M: Message + Clone,
    R: HandlerReturn,
    Fut: Future<Output = R> + 'static,
    F: Fn(Me<A>, M) -> Fut,
{
    fn to_neighbours(
        &self,
        actors: Neighbours,
        from: u32,
        message: &M,
        _stops: bool,
        cx: &Context,
    ) -> Delivered {
        let world = cx.world();
        let mut delivered = Delivered::default();
        for actor in actors.ids().filter(|actor| actor.index() >= from) {
            let Some(slot) = self.pool.slot(actor.index()) else { continue };
            match slot.enter(actor.birth()) {
                Entered::Free(place) => drop(place),
                Entered::Busy if self.lives(actor) => {
                    cx.defer(actor.index());
                    delivered.taken = true;
                    continue;
                }
                Entered::Busy | Entered::Gone => continue,
            }
            let changes = world.changes();
            cx.run(actor.index());
            self.begin(actor, message, cx);
            delivered.taken = true;
            if world.changes() != changes {
                cx.settle();
            }
        }
        delivered
    }

    fn lives(&self, actor: ActorId) -> bool {
        self.pool.lives(actor.index(), actor.birth())
    }
}

impl<A, M, R, Fut, F> TaskHandler<A, M, F>
where
    A: Actor,
    M: Message + Clone,
    R: HandlerReturn,
    Fut: Future<Output = R> + 'static,
    F: Fn(Me<A>, M) -> Fut,
{
    /// Has a new task do its first step.
    fn begin(&self, actor: ActorId, message: &M, cx: &Context) {
        let world = cx.world();
        let tasks = &world.tasks;
        let Some(opened) = tasks.open(actor, M::NAME, world.config.task_capacity) else {
            return world.dead_letter(message, Some(actor), DropReason::TooManyTasks);
        };
        let me = Me::new(cx, Rc::downgrade(&self.pool), actor);
        let task = (self.call)(me, message.clone());
        let task = Box::pin(async move { task.await.into_flow().map(|_| ()) });
        let mut bell = tasks.take_bell();
        let ended = tasks.step(opened, task, &mut bell);
        tasks.give_back(bell);
        if let Some(Err(error)) = ended {
            world.report_error(cx, M::NAME, error);
        }
    }
}
