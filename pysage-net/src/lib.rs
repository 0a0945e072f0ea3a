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
#[doc(hidden)]
pub use pysage_core::{
    __private, __wire, Asked, MessageSlot, ReplyAddress, SlotCell, TopicCell, TopicKey,
};
pub use pysage_core::{
    AccessError, Actor, ActorFailed, ActorId, ActorManager, Answer, AnyMessage, AskError, BoxError,
    Broadcast, Budget, Clock, Context, Counters, DeadLetter, Delay, Delivery, Destination,
    DropReason, Failure, FailureCause, Flow, Handle, HandlerReturn, InstallError, Key,
    ManagerConfig, ManualClock, Me, NameTaken, Overflow, PacketType, Pause, Producer, Property,
    PropertyError, Queued, Refused, RefusedReason, RegisterError, RegisterMessageError, Request,
    RunReport, SendError, SingletonError, SubscribeError, Subscriptions, TickError, TickRate,
    TickReport, Timer, Transport, TransportFailure, Triggered, Waiting, WireMessage, protocol,
    transport, wire,
};
/// Derives [`Message`](trait@Message) for a struct or an enum.
pub use pysage_macros::MessageViaNet as Message;
