//! The queue of one handle.

use std::any::Any;
use std::collections::VecDeque;

use parking_lot::Mutex;

use super::{Refused, RefusedReason};
use crate::actor::ActorId;
use crate::manager::World;
use crate::manager::run_log::RunLog;
use crate::message::Message;

/// A queue that one thread fills and the manager empties.
pub(super) struct Shard {
    capacity: usize,
    /// `None` once the manager is gone.
    queue: Mutex<Option<ShardQueue>>,
}

/// Messages that are not yet in the manager's queue, in order over all types.
#[derive(Default)]
pub(crate) struct ShardQueue {
    lanes: Vec<Option<Box<dyn Lane>>>,
    /// Lanes that have messages.
    touched: Vec<u32>,
    log: RunLog,
    count: usize,
}

/// The messages of one type.
trait Lane: Any + Send {
    fn append(&mut self, later: &mut dyn Lane);
    /// Moves the messages into the manager's topic of the type.
    fn pour(&mut self, world: &World);
    fn new_alike(&self) -> Box<dyn Lane>;
}

struct TypedLane<M>(VecDeque<M>);

impl<M: Message> Lane for TypedLane<M> {
    fn append(&mut self, later: &mut dyn Lane) {
        let later = (later as &mut dyn Any).downcast_mut::<TypedLane<M>>();
        let later = &mut later.expect("a slot belongs to one message type").0;
        if self.0.is_empty() {
            std::mem::swap(&mut self.0, later);
        } else {
            self.0.append(later);
        }
    }

    fn pour(&mut self, world: &World) {
        world.topic::<M>().append(&mut self.0);
    }

    fn new_alike(&self) -> Box<dyn Lane> {
        Box::new(TypedLane::<M>(VecDeque::new()))
    }
}

impl Shard {
    pub(super) fn new(capacity: usize, open: bool) -> Shard {
        Shard { capacity, queue: Mutex::new(open.then(ShardQueue::default)) }
    }

    /// Adds a message; returns whether it is the first since the last tick.
    #[inline]
    pub(super) fn push<M: Message>(
        &self,
        receiver: Option<ActorId>,
        message: M,
    ) -> Result<bool, Refused<M>> {
        let mut queue = self.queue.lock();
        let reason = match &mut *queue {
            None => RefusedReason::Closed,
            Some(queue) if queue.count >= self.capacity => RefusedReason::Full,
            Some(queue) => {
                queue.push(receiver, message);
                return Ok(queue.count == 1);
            }
        };
        Err(Refused { message, reason })
    }

    /// Adds what is in a batch, if there is room or `force`; returns whether it came first.
    pub(super) fn push_batch(
        &self,
        batch: &mut ShardQueue,
        force: bool,
    ) -> Result<bool, RefusedReason> {
        let mut queue = self.queue.lock();
        let queue = queue.as_mut().ok_or(RefusedReason::Closed)?;
        if queue.count >= self.capacity && !force {
            return Err(RefusedReason::Full);
        }
        let first = queue.count == 0;
        queue.append(batch);
        Ok(first)
    }

    pub(super) fn swap(&self, spare: &mut ShardQueue) {
        if let Some(queue) = &mut *self.queue.lock() {
            std::mem::swap(queue, spare);
        }
    }

    /// Takes out what waits.
    pub(super) fn take(&self) -> Option<ShardQueue> {
        self.queue.lock().as_mut().map(std::mem::take)
    }

    pub(super) fn close(&self) {
        // Dropped when the lock is released: a drop may queue messages.
        let waiting = self.queue.lock().take();
        drop(waiting);
    }
}

impl ShardQueue {
    pub(super) fn count(&self) -> usize {
        self.count
    }

    #[inline]
    pub(super) fn push<M: Message>(&mut self, receiver: Option<ActorId>, message: M) {
        let slot = M::slot().index();
        if !matches!(self.lanes.get(slot as usize), Some(Some(_))) {
            self.add_lane(slot, Box::new(TypedLane::<M>(VecDeque::new())));
        }
        let lane = self.lanes[slot as usize].as_mut().expect("the lane was added");
        let lane = (&mut **lane as &mut dyn Any).downcast_mut::<TypedLane<M>>();
        let messages = &mut lane.expect("a slot belongs to one message type").0;
        if messages.is_empty() {
            self.touched.push(slot);
        }
        messages.push_back(message);
        self.count += 1;
        self.log.add(slot, receiver);
    }

    /// Moves what is in a later queue behind what is in this one.
    fn append(&mut self, later: &mut ShardQueue) {
        if self.count == 0 {
            std::mem::swap(self, later);
            return;
        }
        for slot in later.touched.drain(..) {
            let from = later.lanes[slot as usize].as_mut().expect("a touched lane is there");
            if !matches!(self.lanes.get(slot as usize), Some(Some(_))) {
                self.add_lane(slot, from.new_alike());
            }
            let lane = self.lanes[slot as usize].as_mut().expect("the lane was added");
            lane.append(&mut **from);
            if !self.touched.contains(&slot) {
                self.touched.push(slot);
            }
        }
        self.log.append(&mut later.log);
        self.count += std::mem::take(&mut later.count);
    }

    /// Moves all messages into the manager's queue.
    pub(super) fn pour(&mut self, world: &World) -> usize {
        for slot in &self.touched {
            if let Some(lane) = &mut self.lanes[*slot as usize] {
                lane.pour(world);
            }
        }
        let count = std::mem::take(&mut self.count);
        world.front().append(&mut self.touched, &mut self.log, count);
        count
    }

    #[cold]
    fn add_lane(&mut self, slot: u32, lane: Box<dyn Lane>) {
        let index = slot as usize;
        if self.lanes.len() <= index {
            self.lanes.resize_with(index + 1, || None);
        }
        self.lanes[index] = Some(lane);
    }
}
