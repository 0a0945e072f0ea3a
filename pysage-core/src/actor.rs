//! Actors: plain structs that subscribe to messages.

mod context;
mod handler;
mod me;
mod outcome;
mod pool;
mod subscriptions;

use std::fmt;
use std::num::{NonZeroU16, NonZeroU64};

pub use context::Context;
pub(crate) use context::Position;
pub(crate) use handler::{
    AnyHandler, Deliver, DeliverAny, Delivered, Neighbours, TaskHandler, TypedHandler, Untyped,
    remove_first,
};
pub use me::Me;
pub use outcome::{BoxError, Flow, HandlerReturn};
pub(crate) use pool::{Entered, Pool, Slot};
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
/// Ids are cheap to copy and compare. An id that was freed never means another actor. To another
/// manager an id means nobody, but that the ids of a manager that is gone may mean something to
/// one that was made 4,096 managers later.
// Packed, since an id goes with every message for one actor: the manager's number (12 bits), the
// class's (12), the index in the class's pool (24) and the birth number of that place (16).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActorId(NonZeroU64);

/// Tells the actors that had the same place from each other. A place whose numbers are used up
/// is not used again, which costs a few bytes in 65,535 actors.
pub(crate) type Birth = NonZeroU16;

impl ActorId {
    const INDEX_SHIFT: u32 = 16;
    const CLASS_SHIFT: u32 = 40;
    const MANAGER_SHIFT: u32 = 52;
    /// A pool has fewer places than this.
    pub(crate) const INDICES: u32 = 1 << (ActorId::CLASS_SHIFT - ActorId::INDEX_SHIFT);
    /// Managers have numbers below this.
    pub(crate) const MANAGERS: u16 = 1 << (u64::BITS - ActorId::MANAGER_SHIFT);
    /// A manager has fewer classes than this.
    pub(crate) const CLASSES: u16 = 1 << (ActorId::MANAGER_SHIFT - ActorId::CLASS_SHIFT);

    #[inline(always)]
    pub(crate) fn new(manager: u16, class: u16, index: u32, birth: Birth) -> ActorId {
        let manager = u64::from(manager) << ActorId::MANAGER_SHIFT;
        let class = u64::from(class) << ActorId::CLASS_SHIFT;
        let index = u64::from(index) << ActorId::INDEX_SHIFT;
        ActorId(NonZeroU64::from(birth) | manager | class | index)
    }

    /// The id as a number, which goes with messages to other managers.
    #[cfg(feature = "wire")]
    pub(crate) fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// The id that is this number, if it is one.
    #[cfg(feature = "wire")]
    pub(crate) fn from_bits(bits: u64) -> Option<ActorId> {
        Birth::new(bits as u16)?;
        NonZeroU64::new(bits).map(ActorId)
    }

    #[inline(always)]
    pub(crate) fn manager(self) -> u16 {
        (self.0.get() >> ActorId::MANAGER_SHIFT) as u16
    }

    #[inline(always)]
    pub(crate) fn class(self) -> u16 {
        (self.0.get() >> ActorId::CLASS_SHIFT) as u16 & (ActorId::CLASSES - 1)
    }

    #[inline(always)]
    pub(crate) fn index(self) -> u32 {
        (self.0.get() >> ActorId::INDEX_SHIFT) as u32 & (ActorId::INDICES - 1)
    }

    #[inline(always)]
    pub(crate) fn birth(self) -> Birth {
        NonZeroU16::new(self.0.get() as u16).expect("an id is made with a birth number above 0")
    }

    /// The actor at another index that has the same class and birth number.
    #[inline(always)]
    pub(crate) fn at(self, index: u32) -> ActorId {
        ActorId::new(self.manager(), self.class(), index, self.birth())
    }

    #[inline(always)]
    pub(crate) fn is_of_same_class(self, other: ActorId) -> bool {
        (self.0.get() ^ other.0.get()) >> ActorId::CLASS_SHIFT == 0
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorId({self})")
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}#{}", self.manager(), self.class(), self.index(), self.birth())
    }
}
