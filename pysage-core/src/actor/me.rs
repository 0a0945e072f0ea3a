//! What a task has of its actor.

use std::any::type_name;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Weak;
use std::time::{Duration, Instant};

use super::pool::{Entered, Pool};
use super::{Actor, ActorId, Context};
use crate::destination::Destination;
use crate::error::AskError;
use crate::manager::{ActorManager, Answer, Pause, World};
use crate::message::Request;

/// The actor that a [task](crate::Subscriptions::task) belongs to, as the task sees it.
///
/// A task lives longer than a call, so it cannot hold its actor: it looks at it through
/// [`with`](Self::with), a moment at a time, and waits in between.
///
/// ```
/// use pysage_core::{Actor, ActorManager, Me, Message, Subscriptions};
///
/// #[derive(Clone, Message)]
/// struct Fire { ticks: u32 }
///
/// struct Player { hit_points: i32 }
///
/// impl Actor for Player {
///     fn subscriptions(on: &mut Subscriptions<Self>) {
///         on.task(Self::burn);
///     }
/// }
///
/// impl Player {
///     async fn burn(me: Me<Self>, fire: Fire) {
///         for _ in 0..fire.ticks {
///             me.with(|player, _| player.hit_points -= 1);
///             me.next_tick().await;
///         }
///     }
/// }
///
/// let manager = ActorManager::new();
/// let player = manager.register(Player { hit_points: 100 });
/// manager.queue(Fire { ticks: 3 });
/// for left in [99, 98, 97, 97] {
///     manager.tick()?;
///     assert_eq!(manager.with(player, |player: &mut Player| player.hit_points)?, left);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Me<A> {
    world: Weak<World>,
    pool: Weak<Pool<A>>,
    actor: ActorId,
    /// What [`now`](Self::now) says once the manager is gone.
    began: Instant,
    sender: Option<Destination>,
    redelivered: bool,
}

impl<A: Actor> Me<A> {
    /// For a task that the message begins which is being handled.
    pub(super) fn new(cx: &Context, pool: Weak<Pool<A>>, actor: ActorId) -> Me<A> {
        let (sender, redelivered) = (cx.sender(), cx.redelivered());
        Me { world: cx.downgrade(), pool, actor, began: cx.now(), sender, redelivered }
    }

    /// Looks at the actor, or changes it; `None` once it is gone.
    ///
    /// The context is that of a handler: `cx.queue(..)`, `cx.trigger(..)` and the rest. What is
    /// triggered for the actor meanwhile reaches it when `look` has returned. What `look` panics
    /// with goes on through the task, and takes the actor out.
    ///
    /// # Panics
    /// If the actor is being looked at already: a `with` inside a `with`.
    pub fn with<R>(&self, look: impl FnOnce(&mut A, &Context) -> R) -> Option<R> {
        let manager = ActorManager::upgrade(&self.world)?;
        let pool = self.pool.upgrade()?;
        let (index, birth) = (self.actor.index(), self.actor.birth());
        let mut place = match pool.slot(index)?.enter(birth) {
            Entered::Free(place) => place,
            Entered::Busy if pool.lives(index, birth) => panic!(
                "{} ({}) is being looked at already: a task cannot call `Me::with` inside of it, \
                 nor while a handler of its actor runs",
                self.actor,
                type_name::<A>(),
            ),
            Entered::Busy | Entered::Gone => return None,
        };
        let world = manager.world();
        let cx = Context::of(&manager, self.actor);
        let changes = world.changes();
        let handling = world.enter_handler();
        let seen = catch_unwind(AssertUnwindSafe(|| look(&mut place, &cx)));
        drop((place, handling));
        // What waited for an actor whose task panicked is told when the actor is out.
        let own_panic = seen.is_err() && world.tasks.polled_actor() == Some(self.actor);
        if world.changes() != changes && !own_panic {
            cx.settle();
        }
        Some(seen.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// The actor's id.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// Where the message came from that began the task; see [`Context::sender`]. `None` for one of
    /// this manager's own.
    #[must_use]
    pub fn sender(&self) -> Option<Destination> {
        self.sender
    }

    /// Whether the message that began the task may have been handled before; see
    /// [`Context::redelivered`].
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.redelivered
    }

    /// The time of the tick in progress, or of the last one.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.world.upgrade().map_or(self.began, |world| world.now.get())
    }

    /// Waits for the next tick: the task goes on at its start, before messages are handled.
    #[inline]
    pub fn next_tick(&self) -> Pause {
        Pause::of_ticks(self.world.clone(), 1)
    }

    /// Waits for so many ticks, 1 at least.
    pub fn sleep_ticks(&self, ticks: u64) -> Pause {
        Pause::of_ticks(self.world.clone(), ticks)
    }

    /// Waits until so much time has gone by, counted from the tick in progress: the task goes on
    /// at the start of the first later tick whose time that is, or past it.
    pub fn sleep(&self, time: Duration) -> Pause {
        Pause::of_time(self.world.clone(), time)
    }

    /// Asks somebody a question; see [`ActorManager::ask`]. While an awaited answer is still to
    /// come, the task costs nothing.
    ///
    /// ```
    /// # use pysage_core::{Actor, ActorId, Me, Message, Subscriptions};
    /// #[derive(Message)]
    /// #[message(reply = i32)]
    /// struct HitPoints;
    ///
    /// #[derive(Clone, Message)]
    /// struct Inspect { player: ActorId }
    ///
    /// struct Doctor { healthy: u32 }
    ///
    /// impl Actor for Doctor {
    ///     fn subscriptions(on: &mut Subscriptions<Self>) {
    ///         on.task(Self::inspect);
    ///     }
    /// }
    ///
    /// impl Doctor {
    ///     async fn inspect(me: Me<Self>, inspect: Inspect) {
    ///         if let Ok(hit_points) = me.ask(inspect.player, HitPoints).await {
    ///             me.with(|doctor, _| doctor.healthy += u32::from(hit_points >= 90));
    ///         }
    ///     }
    /// }
    /// ```
    pub fn ask<Q: Request>(&self, to: impl Into<Destination>, request: Q) -> Answer<Q::Reply> {
        match ActorManager::upgrade(&self.world) {
            Some(manager) => manager.ask(to, request),
            None => Answer::ready(Err(AskError::Dropped)),
        }
    }
}

impl<A> Clone for Me<A> {
    fn clone(&self) -> Me<A> {
        Me {
            world: self.world.clone(),
            pool: self.pool.clone(),
            actor: self.actor,
            began: self.began,
            sender: self.sender,
            redelivered: self.redelivered,
        }
    }
}

impl<A> fmt::Debug for Me<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Me({})", self.actor)
    }
}
