//! Names of groups.

use std::borrow::{Borrow, Cow};
use std::fmt;

/// The name of a group: where it is among all groups of a program.
///
/// The program's first process is [`MAIN`](Self::MAIN). A group that it adds has the name that was
/// given, such as `arena`; one that `arena` adds is `arena/bots`. So no two groups have one name,
/// whoever added them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(Cow<'static, str>);

/// Why a text cannot be the name of a group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` cannot be the name of a group: it has 1 to {} bytes, without `/`, and is not `main`",
    GroupName::MOST_BYTES
)]
pub struct InvalidName {
    /// The text.
    pub name: String,
}

impl GroupName {
    /// The program's first process, which started the others.
    #[doc(alias = "PYSAGE_MAIN_GROUP")]
    pub const MAIN: GroupName = GroupName(Cow::Borrowed("main"));

    /// The most bytes of the name that is given to a group, without those above it.
    pub const MOST_BYTES: usize = 64;

    /// How deep groups can be below each other.
    pub(crate) const MOST_LEVELS: usize = 8;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The group that added this one; `None` for [`MAIN`](Self::MAIN).
    #[must_use]
    pub fn parent(&self) -> Option<GroupName> {
        if *self == GroupName::MAIN {
            return None;
        }
        let parent = self.0.rsplit_once('/').map(|(parent, _)| parent);
        Some(parent.map_or(GroupName::MAIN, GroupName::known))
    }

    /// A name that was made before, here or in another process.
    pub(crate) fn known(name: &str) -> GroupName {
        GroupName(Cow::Owned(name.to_owned()))
    }

    /// The name of a group that this one adds.
    pub(crate) fn below(&self, name: &str) -> Result<GroupName, InvalidName> {
        let invalid = || InvalidName { name: name.to_owned() };
        let fits = !name.is_empty() && name.len() <= GroupName::MOST_BYTES && !name.contains('/');
        let levels = self.as_str().split('/').count();
        if !fits || name == "main" || levels >= GroupName::MOST_LEVELS {
            return Err(invalid());
        }
        if *self == GroupName::MAIN {
            return Ok(GroupName::known(name));
        }
        Ok(GroupName(Cow::Owned(format!("{self}/{name}"))))
    }

    /// The group below this one through which that one is reached, if it is below at all.
    pub(crate) fn next_towards(&self, other: &GroupName) -> Option<GroupName> {
        if *self == GroupName::MAIN {
            let first = other.as_str().split('/').next().unwrap_or_default();
            return (*other != GroupName::MAIN).then(|| GroupName::known(first));
        }
        let below = other.as_str().strip_prefix(self.as_str())?.strip_prefix('/')?;
        let next = below.split('/').next().unwrap_or_default();
        Some(GroupName(Cow::Owned(format!("{self}/{next}"))))
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupName({})", self.0)
    }
}

impl AsRef<str> for GroupName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for GroupName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for GroupName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for GroupName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_a_group_is() {
        let arena = GroupName::MAIN.below("arena").unwrap();
        let bots = arena.below("bots").unwrap();
        assert_eq!(bots, "arena/bots");
        assert_eq!(bots.parent(), Some(arena.clone()));
        assert_eq!(arena.parent(), Some(GroupName::MAIN));
        assert_eq!(GroupName::MAIN.parent(), None);
    }

    #[test]
    fn the_way_to_a_group_is_in_its_name() {
        let [main, arena, bots] = ["main", "arena", "arena/bots"].map(GroupName::known);
        assert_eq!(main.next_towards(&bots), Some(arena.clone()));
        assert_eq!(arena.next_towards(&bots), Some(bots.clone()));
        assert_eq!(bots.next_towards(&arena), None);
        assert_eq!(arena.next_towards(&main), None);
        assert_eq!(main.next_towards(&main), None);
        let other = GroupName::known("aren");
        assert_eq!(other.next_towards(&arena), None);
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        let long = "x".repeat(GroupName::MOST_BYTES + 1);
        for name in ["", "main", "a/b", "/", &long] {
            assert_eq!(GroupName::MAIN.below(name).unwrap_err().name, name);
        }
        let mut deep = GroupName::MAIN;
        for _ in 0..GroupName::MOST_LEVELS {
            deep = deep.below("a").unwrap();
        }
        deep.below("a").unwrap_err();
    }
}
