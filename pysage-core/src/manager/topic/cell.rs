//! Where a message type keeps the topic that it used last.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

use super::Topic;
use crate::manager::World;
use crate::message::Message;

/// Remembers, on each thread, the topic of one message type in the manager that used it last.
///
/// The derive puts one into a thread-local static of the type. What is found there is typed, so
/// that queueing a message costs no look-up by number and no downcast, which is most of its cost.
#[doc(hidden)]
pub struct TopicCell<M>(RefCell<Option<Known<M>>>);

struct Known<M> {
    world: u64,
    topic: Rc<Topic<M>>,
}

/// A cell in a thread-local static.
#[doc(hidden)]
pub type TopicKey<M> = LocalKey<TopicCell<M>>;

impl<M> TopicCell<M> {
    /// A cell that knows nothing yet.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> TopicCell<M> {
        TopicCell(RefCell::new(None))
    }
}

impl World {
    /// Calls `work` with the topic of a message type. It must not call handlers or drop messages.
    #[inline(always)]
    pub(crate) fn with_topic<M: Message, R>(&self, work: impl FnOnce(&Topic<M>) -> R) -> R {
        let mut work = Some(work);
        let mut work_on = |topic: &Topic<M>| work.take().map(|work| work(topic));
        // While the thread ends, the cell may be gone already.
        let done = M::topic_key().and_then(|key| {
            key.try_with(|cell| match &*cell.0.borrow() {
                Some(known) if known.world == self.serial => work_on(&known.topic),
                _ => None,
            })
            .ok()
            .flatten()
        });
        match done {
            Some(done) => done,
            None => self.find_topic(work.expect("the work is not done yet")),
        }
    }

    #[cold]
    fn find_topic<M: Message, R>(&self, work: impl FnOnce(&Topic<M>) -> R) -> R {
        let topic = self.topic::<M>();
        if let Some(key) = M::topic_key() {
            let known = Known { world: self.serial, topic: topic.clone() };
            // A cell that is gone cannot remember, and has nothing to forget.
            let _ = key.try_with(|cell| cell.0.replace(Some(known)));
        }
        work(&topic)
    }
}

impl<M: Message> Topic<M> {
    /// Has the type's cell let go of this topic.
    pub(super) fn forget(&self, world: &World) {
        if let Some(key) = M::topic_key() {
            let _ = key.try_with(|cell| {
                let known = cell.0.borrow().as_ref().is_some_and(|it| it.world == world.serial);
                known.then(|| cell.0.take())
            });
        }
    }
}
