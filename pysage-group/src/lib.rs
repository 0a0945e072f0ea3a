//! Groups: actors in threads and OS processes, supervised, talking to each other directly.
//!
//! A group is a manager of its own with actors of its own, in a thread or in a process, with its own
//! tick. What changes for an actor that moves into one is where its messages are addressed, not how
//! they are handled.
//!
//! * [`enable_groups`] is the first line of `main` in a program that has groups in processes; it
//!   names what they can start with, their [`Entry`].
//! * [`Groups`] adds the verbs to a manager and to a handler's context: `add_process_group`,
//!   `add_thread_group`, `remove_group`, `send_to_group` and the rest.
//! * [`GroupConfig`] says how a group runs, how much may be on its way to it, and when it is started
//!   [again](Restart).
//! * [`GroupDown`] and [`GroupUp`] are published when a group has ended and when it is there again.
//!
//! A message's sender is known and can be replied to, and requests are answered, over groups as
//! over all transports. Each message that was sent to a group that died is accounted for: it was
//! handled, or is a dead letter, because it was [not](DropReason::LinkGone), or because nobody can
//! [know](DropReason::FateUnknown). [`GroupConfig::acked`] has those go to the successor instead.
//!
//! Nothing here blocks but adding and removing a group. There is no thread beside those of thread
//! groups, and one in each process that sees to it that the process ends with its parent.
//!
//! All of `pysage-core` is here, too: a program that depends on this crate alone derives messages,
//! writes actors and ticks.
//!
//! ```
//! use pysage_group::{ActorManager, Message};
//!
//! #[derive(Message)]
//! struct Bomb { damage: i32 }
//!
//! let manager = ActorManager::new();
//! manager.queue(Bomb { damage: 10 });
//! assert_eq!(manager.queue_length(), 1);
//! ```

mod config;
mod control;
mod directory;
mod entry;
mod error;
mod event;
mod group_transport;
mod groups;
mod life;
mod line;
mod link;
mod links;
mod name;
mod node;
mod process;
mod restarts;
mod socket;

mod values;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "../../tests/support/local.rs"]
mod local;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[macro_use]
#[path = "../../tests/support/transport_contract.rs"]
mod transport_contract;

#[cfg(test)]
mod contract;

pub use config::{GroupConfig, Restart};
pub use entry::Entry;
pub use error::GroupError;
pub use event::{GroupDown, GroupEnd, GroupUp};
pub use groups::Groups;
pub use name::{GroupName, InvalidName};
pub use process::enable_groups;

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
pub use pysage_macros::MessageViaGroup as Message;
