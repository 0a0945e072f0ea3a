//! Emptying a manager.

use super::World;
use super::letters::DropReason;

impl World {
    /// Makes all actors' ids and names mean nobody, and drops all messages.
    pub(super) fn reset(&self) {
        self.resets.set(self.resets.get() + 1);
        self.note_change();
        for class in self.classes.borrow().clone() {
            for actor in class.living(self.number()) {
                self.retire(actor);
                self.doomed.borrow_mut().push(actor);
            }
        }
        self.counters.dropped(DropReason::Reset, self.drop_deferred() as u64);
        self.counters.dropped(DropReason::Reset, self.shared.clear() as u64);
        let batch = self.batch.take();
        self.counters.dropped(DropReason::Reset, batch.count as u64);
        batch.discard();
        let topics = self.topics();
        let mut front = self.front();
        self.counters.dropped(DropReason::Reset, front.count as u64);
        front.clear();
        drop(front);
        self.left_over.set(0);
        topics.iter().for_each(|topic| topic.clear());
    }
}
