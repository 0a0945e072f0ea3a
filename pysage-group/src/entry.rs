//! What a group starts with.

use std::fmt;

use pysage_core::{Actor, ActorManager, BoxError, ManagerConfig};

/// What a group starts with: the actors that its manager has from the start.
///
/// A program names its entries in [`enable_groups`](crate::enable_groups), since a group in another
/// process is the same program once more and has to find its entry by its name.
///
/// ```
/// use pysage_group::{Actor, Entry, Subscriptions};
///
/// #[derive(Default)]
/// struct Chef;
///
/// impl Actor for Chef {
///     fn subscriptions(_: &mut Subscriptions<Self>) {}
/// }
///
/// const KITCHEN: Entry = Entry::actor::<Chef>("kitchen");
/// const STAFF: Entry = Entry::new("staff", |manager| {
///     manager.register_named("chef", Chef)?;
///     manager.register_named("waiter", Chef)?;
///     Ok(())
/// });
/// # let _ = (KITCHEN, STAFF);
/// ```
#[derive(Clone, Copy)]
pub struct Entry {
    name: &'static str,
    start: Option<Start>,
    manager: fn() -> ManagerConfig,
}

type Start = fn(&ActorManager) -> Result<(), BoxError>;

impl Entry {
    /// An entry that sets the group's manager up.
    #[must_use]
    pub const fn new(
        name: &'static str,
        start: fn(&ActorManager) -> Result<(), BoxError>,
    ) -> Entry {
        Entry { name, start: Some(start), manager: ManagerConfig::default }
    }

    /// An entry that registers one actor, made by its `Default`.
    #[must_use]
    #[doc(alias = "default_actor_class")]
    pub const fn actor<A: Actor + Default>(name: &'static str) -> Entry {
        Entry::new(name, |manager| {
            manager.register(A::default());
            Ok(())
        })
    }

    /// An entry that only another program has, which
    /// [`GroupConfig::program`](crate::GroupConfig::program) names.
    #[must_use]
    pub const fn of_other_program(name: &'static str) -> Entry {
        Entry { name, start: None, manager: ManagerConfig::default }
    }

    /// Sets how the group's manager is made: its limits and its clock.
    #[must_use]
    pub const fn manager(mut self, config: fn() -> ManagerConfig) -> Entry {
        self.manager = config;
        self
    }

    /// The name by which a group in another process finds it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn is_of_other_program(&self) -> bool {
        self.start.is_none()
    }

    pub(crate) fn manager_config(&self) -> ManagerConfig {
        (self.manager)()
    }

    pub(crate) fn start(&self, manager: &ActorManager) -> Result<(), BoxError> {
        match self.start {
            Some(start) => start(manager),
            None => Err(format!("entry `{}` is one of another program", self.name).into()),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.name).finish()
    }
}
