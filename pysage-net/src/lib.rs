//! Peers over networks: actors here and there, and messages that are reliable and in order, over UDP
//! and TCP.
//!
//! * [`Network`] adds the verbs to a manager and to a handler's context: `listen`, `connect`,
//!   `disconnect` and the rest. A peer is a [`Destination`]: what is sent to it is handled there.
//! * [`NetConfig`] says how a listener or a connection runs, and holds the limits; [`Security`] who
//!   may come in, and [`Carrier`] by what datagrams are carried.
//! * [`PeerConnected`], [`PeerDisconnected`] and [`PeerMismatch`] are published.
//! * `LegacyNetwork` (feature `legacy`) has the verbs for peers that run the original pysage in
//!   Python.
//! * `sim` (feature `sim`) is a simulated network, to test programs with.
//!
//! A message's type says how it is delivered, one of the four of [`Delivery`], and within which
//! stream; [`send_with`](ActorManager::send_with) says otherwise for one message.
//!
//! All of `pysage-core` is here, too: a program that depends on this crate alone derives messages,
//! writes actors and ticks.
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

mod carrier;
mod config;
mod counters;
mod endpoint;
mod error;
mod event;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(test)]
mod golden;
mod host;
#[cfg(feature = "legacy")]
mod legacy;
mod network;
mod origin;
mod rate;
mod security;
mod session;
#[cfg(feature = "sim")]
pub mod sim;

pub use carrier::Carrier;
pub use config::{NetConfig, Service};
pub use counters::NetCounters;
pub use error::NetError;
pub use event::{DisconnectReason, PeerConnected, PeerDisconnected, PeerMismatch};
#[cfg(feature = "legacy")]
pub use legacy::{LegacyConfig, LegacyCounters, LegacyListener, LegacyNetwork};
pub use network::{Address, Listener, Network, ToAddress};
pub use security::Security;
#[cfg(feature = "secure")]
pub use security::{AllowList, Identity, KeyError, PresharedKey, PublicKey, Rights};

pub use pysage_core::MessageTrait as Message;
#[doc(hidden)]
pub use pysage_core::{
    __private, __wire, Asked, MessageSlot, ReplyAddress, SlotCell, TopicCell, TopicKey,
};
pub use pysage_core::{
    AccessError, Actor, ActorFailed, ActorId, ActorManager, Answer, AnyMessage, AskError, BoxError,
    Broadcast, Budget, BusyWait, Clock, Context, Counters, DeadLetter, Delay, Delivery,
    Destination, DropReason, Failure, FailureCause, Flow, Handle, HandlerReturn, InstallError, Key,
    ManagerConfig, ManualClock, Me, NameTaken, Overflow, PacketType, Pause, Producer, Property,
    PropertyError, Queued, Refused, RefusedReason, RegisterError, RegisterMessageError, Request,
    RunReport, SendError, SingletonError, SubscribeError, Subscriptions, TickError, TickRate,
    TickReport, Timer, Transport, TransportFailure, Triggered, Waiting, WireMessage, protocol,
    transport, wire,
};
/// Derives [`Message`](trait@Message) for a struct or an enum.
pub use pysage_macros::MessageViaNet as Message;
