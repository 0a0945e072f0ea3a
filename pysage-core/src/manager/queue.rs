//! The queue: which messages wait, for whom, in which order.

use std::cell::{Cell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

use super::World;
use super::config::Overflow;
use super::letters::{DropReason, Queued};
use super::run_log::{Run, RunLog};
use super::topic::{ErasedTopic, Topic};
use crate::actor::ActorId;
use crate::message::{AnyMessage, Message};

/// The messages for the next tick.
#[derive(Default)]
pub(crate) struct Front {
    pub(crate) topics: Vec<Option<Rc<dyn ErasedTopic>>>,
    /// Topics that have messages for the next tick.
    pub(crate) touched: Vec<u32>,
    pub(crate) log: RunLog,
    pub(crate) count: usize,
}

/// The run that messages are being added to: most messages only count one up here, and the log
/// learns of the run when another one begins, or when somebody looks at the queue.
pub(crate) struct OpenRun {
    slot: Cell<u32>,
    receiver: Cell<Option<ActorId>>,
    count: Cell<u32>,
    /// How many messages the run may have until somebody looks whether there is more room.
    room: Cell<u32>,
}

impl OpenRun {
    pub(crate) fn none() -> OpenRun {
        let count = Cell::new(0);
        OpenRun { slot: Cell::new(0), receiver: Cell::new(None), count, room: Cell::new(0) }
    }

    /// Adds a message, if it belongs to this run and there is room.
    #[inline(always)]
    fn add(&self, slot: u32, receiver: Option<ActorId>) -> bool {
        let count = self.count.get();
        let belongs = (self.slot.get() == slot) & (self.receiver.get() == receiver);
        let fits = belongs & (count < self.room.get());
        self.count.set(count + u32::from(fits));
        fits
    }

    /// Begins another run with one message.
    #[inline(always)]
    fn begin(&self, slot: u32, receiver: Option<ActorId>, room: usize) {
        self.slot.set(slot);
        self.receiver.set(receiver);
        self.count.set(1);
        self.room.set(u32::try_from(room).unwrap_or(u32::MAX));
    }

    /// How many messages it has that the log does not know of.
    #[inline(always)]
    fn count(&self) -> usize {
        self.count.get() as usize
    }

    /// Takes the messages that the log does not know of. None can be added from then on.
    #[inline(always)]
    fn end(&self) -> Option<Run> {
        self.room.set(0);
        let (receiver, slot, count) = (self.receiver.get(), self.slot.get(), self.count.take());
        (count > 0).then_some(Run { receiver, slot, count })
    }
}

impl Front {
    /// Forgets all messages; gives their log.
    pub(crate) fn clear(&mut self) -> RunLog {
        self.touched.clear();
        self.count = 0;
        std::mem::take(&mut self.log)
    }

    /// Takes note of messages of several types that were put behind those in their topics.
    pub(crate) fn append(&mut self, touched: &mut Vec<u32>, log: &mut RunLog, count: usize) {
        for slot in touched.drain(..) {
            if !self.touched.contains(&slot) {
                self.touched.push(slot);
            }
        }
        self.log.append(log);
        self.count += count;
    }

    /// Takes note of messages that were put into their topic.
    #[inline(always)]
    fn note(&mut self, run: Run) {
        self.count += run.count as usize;
        self.log.push(run);
    }
}

impl World {
    /// The messages for the next tick, all of them in the log.
    #[inline(always)]
    pub(crate) fn front(&self) -> RefMut<'_, Front> {
        let mut front = self.front.borrow_mut();
        if let Some(run) = self.open_run.end() {
            front.note(run);
        }
        front
    }

    /// How many more messages may be queued.
    #[inline(always)]
    pub(crate) fn room(&self) -> usize {
        // The open run goes on: who asks may be about to add to it.
        let queued = self.front.borrow().count + self.open_run.count();
        let waiting = queued + self.left_over.get();
        self.config.queue_capacity.saturating_sub(waiting)
    }

    #[inline(always)]
    pub(crate) fn enqueue<M: Message>(&self, receiver: Option<ActorId>, message: M) -> Queued {
        if M::VALIDATED && message.validate().is_err() {
            return self.refuse(&message, receiver, DropReason::Invalid);
        }
        if !self.open_run.add(M::slot().index(), receiver) {
            // In a place of its own, so that most messages stay in registers until they are queued.
            return self.enqueue_in_new_run(receiver, &mut Some(message));
        }
        self.known_topic::<M>().push(message);
        Queued::Accepted
    }

    #[inline(never)]
    fn enqueue_in_new_run<M: Message>(
        &self,
        receiver: Option<ActorId>,
        message: &mut Option<M>,
    ) -> Queued {
        let message = message.take().expect("there is a message to be queued");
        let slot = M::slot().index();
        drop(self.front());
        let room = self.room();
        if room == 0 {
            return self.overflow(receiver, message);
        }
        self.open_run.begin(slot, receiver, room);
        let first = self.known_topic::<M>().push(message);
        if first {
            self.front.borrow_mut().touched.push(slot);
        }
        Queued::Accepted
    }

    /// Queues messages that are in a queue of their own, as far as there is room. All are valid.
    pub(crate) fn enqueue_all<M: Message>(
        &self,
        receiver: Option<ActorId>,
        messages: impl Iterator<Item = M>,
    ) -> usize {
        drop(self.front());
        let room = self.room();
        let fits = messages.size_hint().1.is_some_and(|most| most <= room.min(u32::MAX as usize));
        if M::VALIDATED || !fits {
            let accepted = messages.filter_map(|message| {
                (self.enqueue(receiver, message) == Queued::Accepted).then_some(())
            });
            return accepted.count();
        }
        let topic = self.topic::<M>();
        let mut filling = Filling { world: self, topic: &topic, receiver, messages: topic.spare() };
        filling.messages.extend(messages);
        filling.messages.len()
    }

    #[cold]
    fn overflow<M: Message>(&self, receiver: Option<ActorId>, message: M) -> Queued {
        match self.config.overflow {
            Overflow::Refuse => self.refuse(&message, receiver, DropReason::QueueFull),
            Overflow::DropNewest => {
                self.dead_letter(&message, receiver, DropReason::QueueFull);
                Queued::Accepted
            }
            Overflow::DropOldest => {
                // The handler of dead letters may queue messages too: it is told when all is done.
                let mut dropped = Vec::new();
                while self.room() == 0
                    && let Some(oldest) = self.take_oldest()
                {
                    dropped.push(oldest);
                }
                let queued = self.enqueue(receiver, message);
                for (receiver, message) in dropped {
                    self.dead_letter(&*message, receiver, DropReason::QueueFull);
                }
                queued
            }
        }
    }

    fn refuse<M: Message>(
        &self,
        message: &M,
        receiver: Option<ActorId>,
        reason: DropReason,
    ) -> Queued {
        self.dead_letter(message, receiver, reason);
        Queued::Refused(reason)
    }

    /// Takes out the message that waits longest, with its receiver.
    fn take_oldest(&self) -> Option<(Option<ActorId>, Box<dyn AnyMessage>)> {
        let left_over = self.batch.borrow_mut().log.remove_oldest();
        let ((slot, receiver), left_over) = match left_over {
            Some(oldest) => (oldest, true),
            None => (self.front().log.remove_oldest()?, false),
        };
        self.note_removed(1, left_over);
        Some((receiver, self.topic_at(slot).take_oldest_any(left_over)?))
    }

    /// Takes note of messages that were removed before their time.
    pub(crate) fn note_removed(&self, count: usize, left_over: bool) {
        let mut front = self.front();
        if left_over {
            self.left_over.set(self.left_over.get() - count);
            self.batch.borrow_mut().count -= count;
        } else {
            front.count -= count;
        }
    }
}

/// Messages that somebody else's iterator gives: it may queue messages itself, and may panic.
struct Filling<'a, M: Message> {
    world: &'a World,
    topic: &'a Topic<M>,
    receiver: Option<ActorId>,
    messages: VecDeque<M>,
}

impl<M: Message> Drop for Filling<'_, M> {
    fn drop(&mut self) {
        let count = u32::try_from(self.messages.len()).expect("a batch was checked to fit");
        let first = self.topic.append(&mut self.messages);
        if count > 0 {
            let slot = M::slot().index();
            let mut front = self.world.front();
            if first {
                front.touched.push(slot);
            }
            front.note(Run { receiver: self.receiver, slot, count });
        }
    }
}
