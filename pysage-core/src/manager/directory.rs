//! Which actor has which name.

use std::collections::HashMap;

use crate::actor::ActorId;

/// The names of actors, both ways, so that letting go of an actor costs no search.
#[derive(Default)]
pub(crate) struct Directory {
    actors: HashMap<String, ActorId>,
    names: HashMap<ActorId, Vec<String>>,
}

impl Directory {
    pub(crate) fn get(&self, name: &str) -> Option<ActorId> {
        self.actors.get(name).copied()
    }

    pub(crate) fn insert(&mut self, name: String, actor: ActorId) {
        self.names.entry(actor).or_default().push(name.clone());
        self.actors.insert(name, actor);
    }

    #[inline]
    pub(crate) fn remove_actor(&mut self, actor: ActorId) {
        if self.names.is_empty() {
            return;
        }
        for name in self.names.remove(&actor).unwrap_or_default() {
            self.actors.remove(&name);
        }
    }
}
