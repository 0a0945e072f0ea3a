//! Emptying a manager.

use std::collections::VecDeque;

use super::World;
use super::letters::DropReason;
use crate::message::Message;

impl World {
    /// Tells who waits at the other end of a link for answers to messages that a reset drops.
    pub(crate) fn refuse_reset<M: Message>(&self, messages: &VecDeque<M>) {
        #[cfg(feature = "wire")]
        for message in messages.iter().filter(|message| message.reply_address().is_some()) {
            self.refuse_answer(message, DropReason::Reset);
        }
        let _ = messages;
    }

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
        batch.discard(self);
        let topics = self.topics();
        let mut front = self.front();
        self.counters.dropped(DropReason::Reset, front.count as u64);
        let log = front.clear();
        drop(front);
        self.abandon(log);
        self.left_over.set(0);
        topics.iter().for_each(|topic| topic.clear(self));
        self.counters.dropped(DropReason::Reset, self.drop_timers() as u64);
        self.drop_tasks();
        self.drop_asks();
    }
}
