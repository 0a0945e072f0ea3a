//! Actors and messages on one tick loop, and their way to other managers: the core of pysage.
//!
//! There is no socket, no thread and no async runtime in this crate, and it reads time only
//! through a manager's [`Clock`]. A program makes an [`ActorManager`], registers [`Actor`]s,
//! queues [`Message`]s, and ticks; `pysage-group` and `pysage-net` take the same messages to
//! other processes and machines.
//!
//! ```
//! use pysage_core::{Actor, ActorManager, Context, Flow, Message, Subscriptions, TickRate};
//!
//! #[derive(Message)]
//! struct Bomb { damage: i32 }
//!
//! struct Player { hit_points: i32 }
//!
//! impl Actor for Player {
//!     fn subscriptions(on: &mut Subscriptions<Self>) {
//!         on.message(Self::take_damage);
//!     }
//! }
//!
//! impl Player {
//!     fn take_damage(&mut self, bomb: &Bomb, _: &Context) {
//!         self.hit_points -= bomb.damage;
//!         println!("I took {} damage from the bomb", bomb.damage);
//!     }
//! }
//!
//! let manager = ActorManager::new();
//! manager.register(Player { hit_points: 100 });
//! manager.queue(Bomb { damage: 10 });
//! manager.run(TickRate::hz(30), |_| Flow::Stop)?;
//! # Ok::<(), pysage_core::TickError>(())
//! ```
//!
//! Failure: a handler's error or panic costs only that message for that actor. Panics are caught,
//! so this needs `panic = "unwind"`, which is the default; with `panic = "abort"` the process ends.

// The derive's expansion names this crate from outside.
extern crate self as pysage_core;

mod actor;
mod clock;
mod destination;
mod error;
mod manager;
mod message;
mod trace;
#[cfg(feature = "wire")]
pub mod transport;
#[cfg(feature = "wire")]
pub mod wire;

pub use actor::{Actor, ActorId, BoxError, Context, Flow, HandlerReturn, Me, Subscriptions};
pub use clock::{Clock, ManualClock};
pub use destination::Destination;
pub use error::{
    AccessError, AskError, InstallError, RegisterError, SingletonError, SubscribeError, TickError,
};
#[cfg(feature = "wire")]
pub use error::{SendError, TransportFailure};
#[cfg(feature = "wire")]
pub use manager::Broadcast;
pub use manager::{
    ActorFailed, ActorManager, Answer, Budget, BusyWait, Counters, DeadLetter, Delay, DropReason,
    Failure, FailureCause, Handle, ManagerConfig, NameTaken, Overflow, Pause, Producer, Queued,
    Refused, RefusedReason, RunReport, TickRate, TickReport, Timer, Triggered, Waiting,
};
pub use message::{AnyMessage, Delivery, Message, PacketType, Property, PropertyError, Request};
#[cfg(feature = "wire")]
pub use transport::{Key, Transport};
#[cfg(feature = "wire")]
pub use wire::{RegisterMessageError, WireMessage};
// `MessageTrait` is the trait without the derive, for crates that bring a derive of their own.
#[doc(hidden)]
pub use manager::{TopicCell, TopicKey};
#[cfg(feature = "wire")]
#[doc(hidden)]
pub use message::ReplyAddress;
#[doc(hidden)]
pub use message::{Asked, Message as MessageTrait, MessageSlot, SlotCell};
/// Derives [`Message`](trait@Message) for a struct or an enum.
pub use pysage_macros::Message;

/// What derived code names besides the public items.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "wire")]
    pub use crate::wire;
    #[cfg(feature = "wire")]
    pub use serde;
}

/// Derived code that needs the feature `wire`: the feature is looked at here, since `cfg` in
/// derived code is read in the user's crate.
#[cfg(feature = "wire")]
#[doc(hidden)]
#[macro_export]
macro_rules! __wire {
    ($($code:tt)*) => { $($code)* };
}

#[cfg(not(feature = "wire"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __wire {
    ($($code:tt)*) => {};
}
