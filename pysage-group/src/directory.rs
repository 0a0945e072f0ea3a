//! Which groups there are.

use std::collections::BTreeMap;

use crate::config::GroupConfig;
use crate::control::{Known, Terms};
use crate::name::GroupName;

/// What a group knows of the others: all that its parent and its own groups have told.
#[derive(Default)]
pub(crate) struct Directory {
    groups: BTreeMap<GroupName, Place>,
}

#[derive(Clone)]
struct Place {
    known: Known,
    /// Whether it runs; else it is to come back.
    up: bool,
}

/// No more groups are known than this: a group that tells of more is wrong, or means harm.
const MOST_GROUPS: usize = 1 << 16;

/// A group at the other end of a link.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) name: GroupName,
    pub(crate) terms: Terms,
    /// On which terms it sends to this group, if not on this group's own.
    pub(crate) terms_back: Option<Terms>,
    /// Messages are handed over, not written as bytes.
    pub(crate) by_value: bool,
}

/// What a name stands for.
pub(crate) enum Found {
    Up(Peer),
    /// It is to come back.
    Down(Peer),
    Nobody,
}

impl Directory {
    /// Takes note of a group; what it says of itself is held to what a `GroupConfig` can say.
    pub(crate) fn add(&mut self, mut known: Known) {
        let most = GroupConfig::MOST_QUEUE_BYTES as u64;
        known.terms.queue_bytes = known.terms.queue_bytes.min(most);
        if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(known.group.as_str()) {
            return;
        }
        let name = GroupName::known(&known.group);
        self.groups.insert(name, Place { known, up: true });
    }

    /// Takes away a group, with all below it; tells which.
    pub(crate) fn remove(&mut self, group: &str, for_good: bool) -> Vec<GroupName> {
        let below = format!("{group}/");
        let is_there = |name: &&GroupName| *name == group || name.as_str().starts_with(&below);
        let gone: Vec<_> = self.groups.keys().filter(is_there).cloned().collect();
        for name in &gone {
            match self.groups.get_mut(name) {
                Some(place) if !for_good && name == group => place.up = false,
                _ => drop(self.groups.remove(name)),
            }
        }
        gone
    }

    pub(crate) fn get(&self, group: &str) -> Option<&Known> {
        self.groups.get(group).map(|place| &place.known)
    }

    pub(crate) fn is_up(&self, group: &str) -> bool {
        self.groups.get(group).is_some_and(|place| place.up)
    }

    /// What a name stands for, for a group in that process.
    pub(crate) fn find(&self, group: &str, process: u64, acked: bool) -> Found {
        let Some(Place { known, up }) = self.groups.get(group) else { return Found::Nobody };
        let peer = Peer::of(known, process, acked);
        if *up { Found::Up(peer) } else { Found::Down(peer) }
    }

    /// All groups that run.
    pub(crate) fn all(&self) -> Vec<Known> {
        self.groups.values().filter(|place| place.up).map(|place| place.known.clone()).collect()
    }
}

impl Peer {
    /// A group as one sees it that is in that process and is acked itself, or not.
    pub(crate) fn of(known: &Known, process: u64, acked: bool) -> Peer {
        Peer {
            name: GroupName::known(&known.group),
            terms: known.terms,
            terms_back: None,
            by_value: known.process == process && !known.terms.acked && !acked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(group: &str, process: u64, acked: bool) -> Known {
        let terms = Terms { queue_bytes: 1_000, message_bytes: 100, acked };
        Known { group: group.to_owned(), process, terms }
    }

    #[test]
    fn a_group_that_goes_takes_those_below_with_it() {
        let mut directory = Directory::default();
        for group in ["a", "a/b", "a/b/c", "ab"] {
            directory.add(known(group, 1, false));
        }
        assert_eq!(directory.remove("a", false), ["a", "a/b", "a/b/c"].map(GroupName::known));
        assert!(matches!(directory.find("a", 1, false), Found::Down(_)));
        assert!(matches!(directory.find("a/b", 1, false), Found::Nobody));
        assert_eq!(directory.all(), [known("ab", 1, false)]);
        assert_eq!(directory.remove("a", true), [GroupName::known("a")]);
        assert!(matches!(directory.find("a", 1, false), Found::Nobody));
    }

    #[test]
    fn what_a_group_says_of_itself_is_held_to_what_can_be_set() {
        let mut directory = Directory::default();
        let mut boast = known("a", 1, false);
        boast.terms.queue_bytes = u64::MAX;
        directory.add(boast);
        assert_eq!(directory.all()[0].terms.queue_bytes, 1 << 30);
        (0..2 * MOST_GROUPS).for_each(|number| directory.add(known(&number.to_string(), 1, false)));
        assert_eq!(directory.all().len(), MOST_GROUPS);
    }

    #[test]
    fn values_are_handed_over_within_a_process_where_nothing_has_to_be_kept() {
        for (process, there, here, by_value) in [
            (1, false, false, true),
            (2, false, false, false),
            (1, true, false, false),
            (1, false, true, false),
        ] {
            assert_eq!(Peer::of(&known("a", process, there), 1, here).by_value, by_value);
        }
    }
}
