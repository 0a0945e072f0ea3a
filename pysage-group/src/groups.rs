//! What a manager can do with groups.

use std::cell::RefCell;
use std::rc::Rc;

use pysage_core::{ActorManager, Broadcast, Context, Destination, Key, WireMessage};

use crate::config::GroupConfig;
use crate::entry::Entry;
use crate::error::GroupError;
use crate::group_transport::GroupTransport;
use crate::name::GroupName;
use crate::node::{GroupKind, Node};
use crate::process::check_enabled;
use crate::socket::Waiter;

/// What a manager, or a handler by its context, can do with groups.
///
/// A group is a manager of its own, in a process or a thread of its own, with its own tick. It
/// starts with an [`Entry`], and is known by its [`GroupName`] to all groups of the program, each
/// of which can send to each other directly.
///
/// ```
/// use pysage_group::{ActorManager, Actor, Context, Entry, GroupConfig, Groups, Message, Subscriptions};
///
/// #[derive(Message, Debug)]
/// #[message(packet_type = 101)]
/// struct Order { eggs: u32 }
///
/// #[derive(Default)]
/// struct Chef;
///
/// impl Actor for Chef {
///     fn subscriptions(on: &mut Subscriptions<Self>) {
///         on.message(|_: &mut Chef, order: &Order, cx: &Context| {
///             let guest = cx.sender().expect("it came from another group");
///             cx.send(guest, Order { eggs: order.eggs - 1 })
///         });
///     }
/// }
///
/// let manager = ActorManager::new();
/// manager.register_message::<Order>()?;
/// manager.add_thread_group("kitchen", Entry::actor::<Chef>("chef"), GroupConfig::default())?;
/// manager.send_to_group("kitchen", Order { eggs: 3 })?;
/// while manager.tick()?.received == 0 {}
/// manager.remove_group("kitchen")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Groups: sealed::Sealed {
    /// Adds a group in a process of its own, and waits until it is ready. The program has to call
    /// [`enable_groups`](crate::enable_groups) first.
    ///
    /// # Errors
    /// [`GroupError`] says why it is not there: the name, the entry, the program, its end before
    /// it was ready, a message that it knows differently, or
    /// [`ready_timeout`](GroupConfig::ready_timeout).
    fn add_process_group(
        &self,
        name: &str,
        entry: Entry,
        config: GroupConfig,
    ) -> Result<Destination, GroupError>;

    /// Adds a group in a thread of its own, and waits until it is ready. Messages between groups of
    /// one process are handed over without being written as bytes.
    ///
    /// # Errors
    /// As [`add_process_group`](Self::add_process_group).
    fn add_thread_group(
        &self,
        name: &str,
        entry: Entry,
        config: GroupConfig,
    ) -> Result<Destination, GroupError>;

    /// Ends a group that this manager added, and waits for that: it handles what was sent to it
    /// before, and its actors are stopped. What it sends meanwhile arrives in later ticks.
    ///
    /// # Errors
    /// [`GroupError::Unknown`]; or [`GroupError::NotStopped`] if it took longer than
    /// [`stop_timeout`](GroupConfig::stop_timeout). It is gone all the same: a process was killed.
    #[doc(alias = "remove_process_group")]
    fn remove_group(&self, name: impl AsRef<str>) -> Result<(), GroupError>;

    /// Ends all groups that this manager added, as [`remove_group`](Self::remove_group) does.
    ///
    /// # Errors
    /// [`GroupError::NotStopped`] for the first one that took too long.
    #[doc(alias = "clear_process_group")]
    fn clear_groups(&self) -> Result<(), GroupError>;

    /// The groups that this manager added, in the order in which they were added.
    fn groups(&self) -> Vec<GroupName>;

    /// The name of the group that this manager is.
    fn group_name(&self) -> GroupName;

    /// The link to a group: to one that this manager added by the name that was given, to any
    /// other by its full name.
    ///
    /// # Errors
    /// [`GroupError::Unknown`] and [`GroupError::Down`].
    fn group(&self, name: impl AsRef<str>) -> Result<Destination, GroupError>;

    /// Which group a destination is in, such as the [sender](Context::sender) of a message; `None`
    /// if it is not over a link to a group, or that link is long gone.
    fn group_of(&self, destination: Destination) -> Option<GroupName>;

    /// Sends a message to all in a group who subscribe to it.
    ///
    /// # Errors
    /// [`GroupError::Unknown`] and [`GroupError::Down`], and [`GroupError::Send`] if the message
    /// cannot be sent: [`SendError::Full`](crate::SendError::Full) when too much is on its way.
    #[doc(alias = "queue_message_to_group")]
    fn send_to_group<M: WireMessage>(
        &self,
        group: impl AsRef<str>,
        message: M,
    ) -> Result<(), GroupError>;

    /// Sends a message to the actor in a group that has this name there.
    ///
    /// # Errors
    /// As [`send_to_group`](Self::send_to_group).
    fn send_to_group_actor<M: WireMessage>(
        &self,
        group: impl AsRef<str>,
        actor: &str,
        message: M,
    ) -> Result<(), GroupError>;

    /// Sends a message to all groups that this manager added.
    fn broadcast_to_groups<M: WireMessage + Clone>(&self, message: M) -> Broadcast;
}

impl Groups for ActorManager {
    fn add_process_group(
        &self,
        name: &str,
        entry: Entry,
        config: GroupConfig,
    ) -> Result<Destination, GroupError> {
        check_enabled(config.program.is_some())?;
        add(self, name, entry, config, GroupKind::Process)
    }

    fn add_thread_group(
        &self,
        name: &str,
        entry: Entry,
        config: GroupConfig,
    ) -> Result<Destination, GroupError> {
        if entry.is_of_other_program() {
            let (group, entry) = (self.group_name().below(name)?, entry.name().to_owned());
            return Err(GroupError::NoSuchEntry { group, entry });
        }
        add(self, name, entry, config, GroupKind::Thread)
    }

    fn remove_group(&self, name: impl AsRef<str>) -> Result<(), GroupError> {
        // What a transport has to tell is told by the next tick.
        drop(self.flush());
        let unknown = || GroupError::Unknown { name: name.as_ref().to_owned() };
        let key = key(self).ok_or_else(unknown)?;
        node(self, key)?.borrow_mut().remove(name.as_ref())
    }

    fn clear_groups(&self) -> Result<(), GroupError> {
        drop(self.flush());
        let Some(key) = key(self) else { return Ok(()) };
        node(self, key)?.borrow_mut().clear()
    }

    fn groups(&self) -> Vec<GroupName> {
        look(self, Node::own_groups).unwrap_or_default()
    }

    fn group_name(&self) -> GroupName {
        look(self, |node| node.name().clone()).unwrap_or(GroupName::MAIN)
    }

    fn group(&self, name: impl AsRef<str>) -> Result<Destination, GroupError> {
        let unknown = || GroupError::Unknown { name: name.as_ref().to_owned() };
        let key = key(self).ok_or_else(unknown)?;
        let link = node(self, key)?.borrow_mut().link_to(name.as_ref())?;
        Ok(key.destination(link))
    }

    fn group_of(&self, destination: Destination) -> Option<GroupName> {
        let key = key(self)?;
        let link = destination.link()?;
        if key.destination(link) != destination.whole() {
            return None;
        }
        look(self, |node| node.links().group(link).cloned())?
    }

    fn send_to_group<M: WireMessage>(
        &self,
        group: impl AsRef<str>,
        message: M,
    ) -> Result<(), GroupError> {
        Ok(self.send(self.group(group)?, message)?)
    }

    fn send_to_group_actor<M: WireMessage>(
        &self,
        group: impl AsRef<str>,
        actor: &str,
        message: M,
    ) -> Result<(), GroupError> {
        Ok(self.send_to_named(self.group(group)?, actor, message)?)
    }

    fn broadcast_to_groups<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        broadcast(self, |group| self.send_to_group(group, message.clone()))
    }
}

/// A context sends in the name of its actor; all else is its manager's.
impl Groups for Context {
    fn add_process_group(
        &self,
        name: &str,
        entry: Entry,
        config: GroupConfig,
    ) -> Result<Destination, GroupError> {
        (**self).add_process_group(name, entry, config)
    }

    fn add_thread_group(
        &self,
        name: &str,
        entry: Entry,
        config: GroupConfig,
    ) -> Result<Destination, GroupError> {
        (**self).add_thread_group(name, entry, config)
    }

    fn remove_group(&self, name: impl AsRef<str>) -> Result<(), GroupError> {
        (**self).remove_group(name)
    }

    fn clear_groups(&self) -> Result<(), GroupError> {
        (**self).clear_groups()
    }

    fn groups(&self) -> Vec<GroupName> {
        (**self).groups()
    }

    fn group_name(&self) -> GroupName {
        (**self).group_name()
    }

    fn group(&self, name: impl AsRef<str>) -> Result<Destination, GroupError> {
        (**self).group(name)
    }

    fn group_of(&self, destination: Destination) -> Option<GroupName> {
        (**self).group_of(destination)
    }

    fn send_to_group<M: WireMessage>(
        &self,
        group: impl AsRef<str>,
        message: M,
    ) -> Result<(), GroupError> {
        Ok(self.send(self.group(group)?, message)?)
    }

    fn send_to_group_actor<M: WireMessage>(
        &self,
        group: impl AsRef<str>,
        actor: &str,
        message: M,
    ) -> Result<(), GroupError> {
        Ok(self.send_to_named(self.group(group)?, actor, message)?)
    }

    fn broadcast_to_groups<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        broadcast(self, |group| self.send_to_group(group, message.clone()))
    }
}

fn add(
    manager: &ActorManager,
    name: &str,
    entry: Entry,
    config: GroupConfig,
    kind: GroupKind,
) -> Result<Destination, GroupError> {
    let key = match key(manager) {
        Some(key) => key,
        None => attach(manager, name)?,
    };
    let node = node(manager, key)?;
    let group = node.borrow_mut().add(name, entry, config, kind, manager.message_table())?;
    let link = node.borrow_mut().link_to(group.as_str())?;
    Ok(key.destination(link))
}

fn broadcast(
    groups: &impl Groups,
    mut send: impl FnMut(GroupName) -> Result<(), GroupError>,
) -> Broadcast {
    let mut broadcast = Broadcast::default();
    for group in groups.groups() {
        match send(group) {
            Ok(()) => broadcast.sent += 1,
            Err(_) => broadcast.refused += 1,
        }
    }
    broadcast
}

fn key(manager: &ActorManager) -> Option<Key<GroupTransport>> {
    manager.key_of::<GroupTransport>()
}

fn node(manager: &ActorManager, key: Key<GroupTransport>) -> Result<Rc<RefCell<Node>>, GroupError> {
    let node = manager.with_transport(key, |transport| transport.node.clone());
    node.ok_or(GroupError::Busy)
}

/// Looks at the manager's group, if it has to do with groups at all.
fn look<R>(manager: &ActorManager, look: impl FnOnce(&Node) -> R) -> Option<R> {
    let node = node(manager, key(manager)?).ok()?;
    let node = node.try_borrow().ok()?;
    Some(look(&node))
}

/// Makes a manager the program's main group.
fn attach(manager: &ActorManager, name: &str) -> Result<Key<GroupTransport>, GroupError> {
    let group = GroupName::MAIN.below(name)?;
    let what = "waiting for messages cannot be set up";
    let waiter = Waiter::new().map_err(|cause| GroupError::System { group, what, cause })?;
    Ok(GroupTransport::attach(manager, Rc::new(RefCell::new(Node::main(waiter)))))
}

mod sealed {
    /// Only managers and contexts have groups.
    pub trait Sealed {}

    impl Sealed for pysage_core::ActorManager {}
    impl Sealed for pysage_core::Context {}
}
