//! The manager: actors, the queue, and the tick that brings them together.

mod actors;
mod alarms;
mod ask;
#[cfg(feature = "wire")]
mod broadcast;
mod class;
mod config;
mod deferred;
mod directory;
mod dispatch;
mod failure;
mod handle;
mod letters;
mod messages;
mod number;
mod queue;
mod reset;
mod resume;
mod run_log;
mod run_loop;
#[cfg(feature = "wire")]
mod send;
mod singleton;
mod subscribers;
mod tasks;
mod tick;
mod timers;
mod topic;
mod trigger;
mod update;
mod waiting;
#[cfg(feature = "wire")]
mod wiring;
mod world;

use std::fmt;
use std::rc::{Rc, Weak};

use crate::clock::Clock;

pub use ask::Answer;
#[cfg(feature = "wire")]
pub use broadcast::Broadcast;
pub(crate) use class::ClassLink;
pub use config::{ManagerConfig, Overflow};
#[cfg(feature = "wire")]
pub(crate) use failure::text_of;
pub use failure::{ActorFailed, Failure, FailureCause};
pub use handle::{Handle, Producer, Refused, RefusedReason};
pub use letters::{Counters, DeadLetter, DropReason, NameTaken, Queued};
pub(crate) use run_log::{Origin, Run};
pub use run_loop::{RunReport, TickRate};
pub use tasks::Pause;
pub use tick::{Budget, TickReport};
pub use timers::{Delay, Timer};
pub use topic::{TopicCell, TopicKey};
pub use trigger::Triggered;
pub(crate) use update::Update;
pub use waiting::{BusyWait, Waiting};
pub(crate) use world::World;

/// Holds actors and their waiting messages, and runs the tick.
///
/// All methods take `&self`, so that handlers, which have the manager in their
/// [`Context`](crate::Context), can do what the program outside can. Clones are the same manager.
/// It stays on its thread; other threads take a [`Handle`].
///
/// ```
/// use pysage_core::{Actor, ActorManager, Context, Message, Subscriptions};
///
/// #[derive(Message)]
/// struct Bomb { damage: i32 }
///
/// struct Player { hit_points: i32 }
///
/// impl Actor for Player {
///     fn subscriptions(on: &mut Subscriptions<Self>) {
///         on.message(Self::take_damage);
///     }
/// }
///
/// impl Player {
///     fn take_damage(&mut self, bomb: &Bomb, _: &Context) {
///         self.hit_points -= bomb.damage;
///     }
/// }
///
/// let manager = ActorManager::new();
/// let player = manager.register_named("player1", Player { hit_points: 100 })?;
/// manager.queue_to(player, Bomb { damage: 10 });
/// let report = manager.tick()?;
/// assert_eq!(report.handled, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ActorManager(Rc<World>);

impl ActorManager {
    /// A manager with the default limits.
    ///
    /// # Panics
    /// If 4,096 managers live in this process.
    #[must_use]
    pub fn new() -> ActorManager {
        ActorManager::with_config(ManagerConfig::default())
    }

    /// A manager with limits and a clock of its own.
    ///
    /// # Panics
    /// If 4,096 managers live in this process.
    #[must_use]
    pub fn with_config(config: ManagerConfig) -> ActorManager {
        ActorManager(Rc::new(World::new(config)))
    }

    /// Where it reads the time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.config.clock
    }

    /// Unregisters all actors and drops all messages that wait, also those of handles and timers.
    /// Tasks end, and answers that are waited for are [`AskError::Dropped`](crate::AskError).
    ///
    /// In a handler, what is left of the batch in dispatch goes too. Counters, handlers of dead
    /// letters and failures, and handles stay. Messages dropped are counted as
    /// [`DropReason::Reset`] and not shown to the dead-letter handler.
    pub fn reset(&self) {
        self.0.reset();
        crate::Context::new(self).let_go();
    }

    #[inline(always)]
    pub(crate) fn world(&self) -> &World {
        &self.0
    }

    /// What a task or an answer keeps of the manager.
    pub(crate) fn downgrade(&self) -> Weak<World> {
        Rc::downgrade(&self.0)
    }

    #[inline]
    pub(crate) fn upgrade(world: &Weak<World>) -> Option<ActorManager> {
        world.upgrade().map(ActorManager)
    }
}

impl Default for ActorManager {
    fn default() -> Self {
        ActorManager::new()
    }
}

impl fmt::Debug for ActorManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorManager")
            .field("actors", &self.actor_count())
            .field("queue_length", &self.queue_length())
            .finish_non_exhaustive()
    }
}
