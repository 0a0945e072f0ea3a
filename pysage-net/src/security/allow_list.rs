//! Who is let in, and with what rights.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::keys::PublicKey;
use super::rights::Rights;

/// Who is let in: a list of keys. Clones are the same list, which may change at any time.
///
/// ```
/// use pysage_net::{AllowList, Identity};
///
/// let (anna, ben) = (Identity::generate().public_key(), Identity::generate().public_key());
/// let guests = AllowList::new();
/// guests.allow(anna);
/// assert!(guests.contains(&anna) && !guests.contains(&ben));
/// guests.revoke(&anna);
/// assert!(!guests.contains(&anna));
/// ```
#[derive(Clone, Default)]
pub struct AllowList(Arc<Shared>);

#[derive(Default)]
struct Shared {
    keys: RwLock<BTreeMap<PublicKey, Arc<Rights>>>,
    /// How often it changed.
    changes: AtomicU64,
}

impl AllowList {
    /// A list of nobody.
    #[must_use]
    pub fn new() -> AllowList {
        AllowList::default()
    }

    /// A list of one: whom a connection is to reach.
    #[must_use]
    pub fn only(key: PublicKey) -> AllowList {
        [key].into_iter().collect()
    }

    /// Lets a key in from now on, with [all rights](Rights::all).
    pub fn allow(&self, key: PublicKey) {
        self.allow_with(key, Rights::all());
    }

    /// Lets a key in from now on, with these rights, also where it is connected already.
    pub fn allow_with(&self, key: PublicKey, rights: Rights) {
        self.0.keys.write().insert(key, Arc::new(rights));
        self.0.changes.fetch_add(1, Ordering::Release);
    }

    /// Lets a key in no more, and ends its connection if there is one: no tick from the next one on
    /// takes anything more of it from the network. Whether it was on the list.
    #[doc(alias("remove", "kick", "ban"))]
    pub fn revoke(&self, key: &PublicKey) -> bool {
        let was_there = self.0.keys.write().remove(key).is_some();
        self.0.changes.fetch_add(1, Ordering::Release);
        was_there
    }

    /// Whether a key is let in.
    #[must_use]
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.0.keys.read().contains_key(key)
    }

    /// The keys, in their order.
    #[must_use]
    pub fn keys(&self) -> Vec<PublicKey> {
        self.0.keys.read().keys().copied().collect()
    }

    /// The key, if it is the only one.
    pub(crate) fn one(&self) -> Option<PublicKey> {
        let keys = self.0.keys.read();
        keys.keys().next().copied().filter(|_| keys.len() == 1)
    }

    pub(crate) fn rights(&self, key: &PublicKey) -> Option<Arc<Rights>> {
        self.0.keys.read().get(key).cloned()
    }

    /// How often it changed.
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }
}

impl FromIterator<PublicKey> for AllowList {
    fn from_iter<T: IntoIterator<Item = PublicKey>>(keys: T) -> AllowList {
        let with_rights = |key| (key, Arc::new(Rights::all()));
        let keys = RwLock::new(keys.into_iter().map(with_rights).collect());
        AllowList(Arc::new(Shared { keys, changes: AtomicU64::new(0) }))
    }
}

impl fmt::Debug for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}
