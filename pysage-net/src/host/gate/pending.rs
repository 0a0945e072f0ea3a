//! How many have been let in that did not show yet that they know.

use std::collections::HashMap;

use crate::config::HostLimits;
use crate::origin::Origin;

/// Counts those that have been let in and did not show yet that they know it: all, and those of one
/// origin, so that nobody takes all places.
pub(in crate::host) struct Pending {
    most: usize,
    most_of_origin: usize,
    count: usize,
    /// How many of each origin, if there are any. As many as there are places, at most.
    by_origin: HashMap<Origin, usize>,
}

impl Pending {
    pub(super) fn new(limits: &HostLimits) -> Pending {
        Pending {
            most: limits.pending_handshakes,
            most_of_origin: limits.pending_handshakes_of_address,
            count: 0,
            by_origin: HashMap::new(),
        }
    }

    /// Whether there is a place for one more from there.
    pub(super) fn has_place(&self, from: Origin) -> bool {
        let of_origin = self.by_origin.get(&from).copied().unwrap_or(0);
        self.count < self.most && of_origin < self.most_of_origin
    }

    /// Takes note that one from there was let in.
    pub(in crate::host) fn enter(&mut self, from: Origin) {
        self.count += 1;
        *self.by_origin.entry(from).or_default() += 1;
    }

    /// Takes note that one from there has shown that it knows, or is gone.
    pub(in crate::host) fn leave(&mut self, from: Origin) {
        let Some(of_origin) = self.by_origin.get_mut(&from) else { return };
        self.count -= 1;
        *of_origin -= 1;
        if *of_origin == 0 {
            self.by_origin.remove(&from);
        }
        if self.by_origin.is_empty() {
            // What a flood has needed is given back.
            self.by_origin = HashMap::new();
        }
    }

    /// What it has counted, to be compared with those that there are.
    #[cfg(test)]
    pub(in crate::host) fn counts(&self) -> (usize, &HashMap<Origin, usize>) {
        (self.count, &self.by_origin)
    }
}
