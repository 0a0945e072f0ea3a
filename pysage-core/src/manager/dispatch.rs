//! The batch of a tick, and its way to the handlers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::failure::PanicPayload;
use super::letters::DropReason;
use super::run_log::RunLog;
use super::tick::Meter;
use super::topic::ErasedTopic;
use super::{ActorManager, World};
use crate::actor::Context;

/// The messages of a tick, in order.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) log: RunLog,
    /// The topics by slot, as they were when the queues were swapped.
    topics: Vec<Option<Rc<dyn ErasedTopic>>>,
    /// Topics that have messages in this batch.
    touched: Vec<u32>,
    /// Messages in the batch.
    pub(crate) count: usize,
    /// How often the manager had been reset when the batch was taken.
    resets: u64,
}

impl World {
    /// Takes the batch of this tick: what was left over, and behind it what was queued since.
    pub(crate) fn swap(&self) -> Batch {
        let mut batch = self.batch.take();
        let mut front = self.front();
        if batch.topics.len() != front.topics.len() || !batch.has_all_of(&front.touched) {
            batch.topics.clone_from(&front.topics);
        }
        batch.resets = self.resets.get();
        let left_over = batch.count > 0;
        for slot in front.touched.drain(..) {
            batch.topic(slot).swap();
            if !left_over || !batch.touched.contains(&slot) {
                batch.touched.push(slot);
            }
        }
        batch.log.append(&mut front.log);
        batch.count += std::mem::take(&mut front.count);
        self.left_over.set(0);
        batch
    }

    /// Keeps what the budget left over for the next tick.
    pub(crate) fn keep(&self, mut batch: Batch) {
        batch.log.compact();
        for slot in &batch.touched {
            batch.topic(*slot).release();
        }
        if batch.count == 0 {
            batch.touched.clear();
        }
        // What may be added to a run that is open was told when nothing was left over.
        drop(self.front());
        self.left_over.set(batch.count);
        *self.batch.borrow_mut() = batch;
    }
}

impl World {
    /// Takes note of messages that were dropped, where they came from.
    pub(crate) fn abandon(&self, log: RunLog) {
        #[cfg(feature = "wire")]
        self.note_done(log.into_origins());
        #[cfg(not(feature = "wire"))]
        drop(log);
    }
}

impl Batch {
    /// Delivers in order until the batch is empty or the meter has run out; returns how many
    /// messages are done.
    pub(crate) fn dispatch(&mut self, manager: &ActorManager, meter: &mut Meter) -> usize {
        let waiting = self.count;
        let cx = Context::new(manager);
        let resets = self.resets;
        let was_reset = || manager.world().resets.get() != resets;
        let is_halted = || manager.world().halted.get();
        // A task may have done so.
        let mut goes_on = !was_reset() && !is_halted();
        while goes_on
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.deliver(&cx, meter, resets)))
        {
            let interrupted = self.contain(panic, &cx, meter);
            goes_on = (interrupted || !was_reset()) && !is_halted();
        }
        let done = waiting - self.count;
        #[cfg(feature = "wire")]
        {
            self.log.split();
            manager.world().note_done(self.log.take_passed());
        }
        if was_reset() {
            manager.world().counters.dropped(DropReason::Reset, self.count as u64);
            std::mem::take(self).discard(manager.world());
        }
        done
    }

    fn deliver(&mut self, cx: &Context, meter: &mut Meter, resets: u64) {
        let world = cx.world();
        // Looked at again after the first message: it may be one that a panic interrupted.
        let mut changes = u64::MAX;
        cx.set_origin(self.log.origin());
        while let [run, behind @ ..] = self.log.upcoming() {
            if run.count == 0 {
                self.log.pass();
                cx.set_origin(self.log.origin());
                continue;
            }
            let allowance = meter.allowance();
            if allowance == 0 {
                return;
            }
            let topic = self.topic(run.slot);
            match run.receiver {
                Some(receiver) if run.count == 1 && !run.is_alike(behind.first()) => {
                    topic.deliver_one(receiver, cx);
                    if world.changes() != changes {
                        cx.settle();
                    }
                    self.log.next();
                    self.count -= 1;
                    meter.spend(1);
                }
                _ => {
                    let removed = topic.deliver(self.log.upcoming(), allowance, cx);
                    self.advance(removed, meter);
                }
            }
            if world.changes() != changes {
                changes = world.changes();
                if world.resets.get() != resets || world.halted.get() {
                    return;
                }
            }
        }
    }

    /// Takes note of messages that are done.
    fn advance(&mut self, removed: usize, meter: &mut Meter) {
        meter.spend(removed);
        self.count -= removed;
        self.log.advance(removed);
    }

    /// Takes the actor out that panicked; returns whether a message was interrupted, which then
    /// goes on to those behind, or is gone where a panic ends the work of its tick.
    #[cold]
    fn contain(&mut self, panic: PanicPayload, cx: &Context, meter: &mut Meter) -> bool {
        let topic = self.topic(self.log.upcoming()[0].slot).clone();
        self.advance(topic.removed(cx), meter);
        let interrupted = cx.running().is_some();
        let halts = interrupted && cx.world().config.halt_at_panic;
        if interrupted && !halts {
            topic.resume_at(cx.behind());
        }
        #[cfg(feature = "wire")]
        if let Some(address) = topic.reply_address_of_first().filter(|_| interrupted) {
            cx.world().refuse_address(address, crate::error::AskError::Failed);
        }
        cx.contain(&topic.name_of_first(), panic);
        if halts {
            let message = topic.take_oldest_any(true);
            cx.world().contained(|| drop(message));
            self.log.leave_undone();
            self.advance(1, meter);
        }
        interrupted
    }

    /// Drops its messages.
    pub(crate) fn discard(mut self, world: &World) {
        world.abandon(std::mem::take(&mut self.log));
        for slot in &self.touched {
            self.topic(*slot).discard(world);
        }
    }

    fn has_all_of(&self, slots: &[u32]) -> bool {
        slots.iter().all(|slot| matches!(self.topics.get(*slot as usize), Some(Some(_))))
    }

    #[inline(always)]
    fn topic(&self, slot: u32) -> &Rc<dyn ErasedTopic> {
        self.topics[slot as usize].as_ref().expect("what is queued has a topic")
    }
}
