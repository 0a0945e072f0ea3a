//! Actors: plain structs that subscribe to messages.

mod context;
mod handler;
mod outcome;
mod pool;
mod subscriptions;

use std::fmt;
use std::num::NonZeroU32;

pub use context::Context;
pub(crate) use context::Position;
pub(crate) use handler::{
    AnyHandler, Deliver, DeliverAny, Delivered, Neighbours, TypedHandler, Untyped, remove_first,
};
pub use outcome::{BoxError, Flow, HandlerReturn};
pub(crate) use pool::Pool;
pub use subscriptions::Subscriptions;

/// A plain struct whose methods handle messages.
///
/// A class of actors states once what it subscribes to; every actor of it that is registered
/// with an [`ActorManager`](crate::ActorManager) then gets those messages, in the order of
/// registration.
///
/// ```
/// use pysage_core::{Actor, ActorManager, Context, Flow, Message, Subscriptions};
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
///     fn take_damage(&mut self, bomb: &Bomb, _: &Context) -> Flow {
///         self.hit_points -= bomb.damage;
///         Flow::Stop // nobody registered after this player is hit
///     }
/// }
///
/// let manager = ActorManager::new();
/// let player = manager.register(Player { hit_points: 100 });
/// manager.queue(Bomb { damage: 10 });
/// manager.tick()?;
/// assert_eq!(manager.with(player, |player: &mut Player| player.hit_points)?, 90);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Actor: Sized + 'static {
    /// States what actors of this class handle. Called once for each manager, when the first
    /// actor of the class is registered.
    fn subscriptions(on: &mut Subscriptions<Self>);

    /// Called when the actor has been registered, before `register` returns.
    fn started(&mut self, cx: &Context) {
        let _ = cx;
    }

    /// Called when the actor was unregistered or its manager is reset; not after a panic of its
    /// own, and not when the manager itself is dropped (`Drop` is the hook for that).
    fn stopped(&mut self, cx: &Context) {
        let _ = cx;
    }
}

/// Names one registered actor of one manager; once the actor is gone, nobody.
///
/// Ids are cheap to copy and compare. An id that was freed never means another actor.
#[derive(Clone, Copy, Eq, Hash)]
pub struct ActorId {
    pub(crate) index: u32,
    pub(crate) birth: NonZeroU32,
    pub(crate) class: u16,
    pub(crate) manager: u16,
}

// By hand, since ids are compared for every message: two comparisons instead of four.
impl PartialEq for ActorId {
    #[inline(always)]
    fn eq(&self, other: &ActorId) -> bool {
        let place = |id: &ActorId| u64::from(id.index) << 32 | u64::from(id.birth.get());
        let home = |id: &ActorId| u32::from(id.class) << 16 | u32::from(id.manager);
        (place(self) == place(other)) & (home(self) == home(other))
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorId({self})")
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}#{}", self.manager, self.class, self.index, self.birth)
    }
}
