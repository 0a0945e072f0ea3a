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
    /// The topic of a message type. It is handed out instead of being worked on within the cell: a
    /// message that moves into a closure goes through memory, which cost more than all else of
    /// queueing it.
    #[inline(always)]
    pub(crate) fn known_topic<M: Message>(&self) -> Rc<Topic<M>> {
        let known = |cell: &TopicCell<M>| match &*cell.0.borrow() {
            Some(known) if known.world == self.serial => Some(known.topic.clone()),
            _ => None,
        };
        // While the thread ends, the cell may be gone already.
        let known = M::topic_key().and_then(|key| key.try_with(known).ok().flatten());
        known.unwrap_or_else(|| self.find_topic())
    }

    #[cold]
    #[inline(never)]
    fn find_topic<M: Message>(&self) -> Rc<Topic<M>> {
        let topic = self.topic::<M>();
        if let Some(key) = M::topic_key() {
            let known = Known { world: self.serial, topic: topic.clone() };
            // A cell that is gone cannot remember, and has nothing to forget.
            let _ = key.try_with(|cell| cell.0.replace(Some(known)));
        }
        topic
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
