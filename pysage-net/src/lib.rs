//! Will hold the network: peers, delivery guarantees, UDP, TCP and encryption.
//!
//! Until then it is `pysage-core` under another name: a program that depends on this crate
//! alone derives messages, writes actors and ticks.
//!
//! ```
//! use pysage_net::{ActorManager, Message};
//!
//! #[derive(Message)]
//! struct Bomb { damage: i32 }
//!
//! let manager = ActorManager::new();
//! manager.queue(Bomb { damage: 10 });
//! assert_eq!(manager.queue_length(), 1);
//! ```

pub use pysage_core::MessageTrait as Message;
pub use pysage_core::{
    AccessError, Actor, ActorFailed, ActorId, ActorManager, AnyMessage, BoxError, Budget, Clock,
    Context, Counters, DeadLetter, Delivery, DropReason, Failure, FailureCause, Flow, Handle,
    HandlerReturn, InstallError, ManagerConfig, ManualClock, NameTaken, Overflow, PacketType,
    Producer, Property, PropertyError, Queued, Refused, RefusedReason, RegisterError, RunReport,
    SingletonError, SubscribeError, Subscriptions, TickError, TickRate, TickReport, Triggered,
};
#[doc(hidden)]
pub use pysage_core::{MessageSlot, SlotCell, TopicCell, TopicKey};
/// Derives [`Message`](trait@Message) for a struct or an enum.
pub use pysage_macros::MessageViaNet as Message;
