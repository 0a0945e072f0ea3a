//! One class of actors within a manager.

use std::any::{Any, type_name};
use std::cell::RefCell;
use std::rc::Rc;

use super::World;
use super::topic::{ErasedTopic, Topic};
use super::update::HaltingUpdate;
use crate::actor::{Actor, ActorId, Context, Deliver, DeliverAny, Pool, Slot, Subscriptions};
use crate::message::Message;

/// The actors of one class and the topics they subscribe to.
pub(crate) struct Class<A> {
    number: u16,
    pub(crate) pool: Rc<Pool<A>>,
    topics: RefCell<Vec<Rc<dyn ErasedTopic>>>,
}

/// What a manager does with a class whatever its type.
pub(crate) trait ErasedClass: Any {
    fn name(&self) -> &'static str;
    fn lives(&self, actor: ActorId) -> bool;
    /// Whether the place is not borrowed by a handler.
    fn is_free(&self, index: u32) -> bool;
    /// Makes the id mean nobody; the actor itself stays until it is taken out.
    fn retire(&self, actor: ActorId) -> bool;
    /// Sees to it that nobody reaches the actor if it is retired, now that it is not busy.
    fn shut(&self, index: u32);
    /// Drops a retired actor, after its stop hook if there is a context for it.
    fn take_out(&self, index: u32, hook: Option<&Context>);
    fn add_topic(&self, topic: Rc<dyn ErasedTopic>);
    fn count(&self) -> usize;
    /// The ids of all living actors.
    fn living(&self, manager: u16) -> Vec<ActorId>;
}

impl<A: Actor> Class<A> {
    pub(crate) fn new(number: u16) -> Class<A> {
        Class { number, pool: Rc::new(Pool::new()), topics: RefCell::default() }
    }

    /// Binds the class's subscriptions to the manager's topics.
    pub(crate) fn bind(&self, world: &World) {
        let plan = Subscriptions::<A>::of_class();
        let link = ClassLink { world, number: self.number, class: self };
        for binding in plan.bindings {
            binding(&link, &self.pool);
        }
        if let Some(update) = plan.update {
            let topic = world.update_topic(plan.priority);
            let handler = update(&self.pool);
            match world.config.halt_at_panic {
                true => topic.bind(self.number, Rc::new(HaltingUpdate(handler))),
                false => topic.bind(self.number, handler),
            }
            self.add_topic(topic);
        }
    }

    #[inline]
    pub(crate) fn insert(&self, world: &World, actor: A) -> ActorId {
        let (index, birth) = self.pool.insert(actor);
        let id = ActorId::new(world.number(), self.number, index, birth);
        for topic in self.topics.borrow().iter() {
            topic.enlist(id);
        }
        id
    }
}

impl<A: Actor> ErasedClass for Class<A> {
    fn name(&self) -> &'static str {
        type_name::<A>()
    }

    fn lives(&self, actor: ActorId) -> bool {
        self.pool.lives(actor.index(), actor.birth())
    }

    fn is_free(&self, index: u32) -> bool {
        self.pool.slot(index).is_some_and(Slot::is_free)
    }

    fn retire(&self, actor: ActorId) -> bool {
        let retired = self.pool.retire(actor.index(), actor.birth());
        if retired {
            for topic in self.topics.borrow().iter() {
                topic.delist(actor);
            }
        }
        retired
    }

    fn shut(&self, index: u32) {
        self.pool.shut(index);
    }

    fn take_out(&self, index: u32, hook: Option<&Context>) {
        if let Some(mut actor) = self.pool.vacate(index)
            && let Some(cx) = hook
        {
            actor.stopped(cx);
        }
    }

    fn add_topic(&self, topic: Rc<dyn ErasedTopic>) {
        let mut topics = self.topics.borrow_mut();
        if !topics.iter().any(|known| Rc::ptr_eq(known, &topic)) {
            topics.push(topic);
        }
    }

    fn count(&self) -> usize {
        self.pool.count()
    }

    fn living(&self, manager: u16) -> Vec<ActorId> {
        let id = |(index, birth)| ActorId::new(manager, self.number, index, birth);
        self.pool.living().into_iter().map(id).collect()
    }
}

/// How the subscriptions of a class reach the manager's topics.
pub(crate) struct ClassLink<'a> {
    world: &'a World,
    number: u16,
    class: &'a dyn ErasedClass,
}

impl ClassLink<'_> {
    pub(crate) fn bind<M: Message>(&self, handler: Rc<dyn Deliver<M>>) {
        #[cfg(feature = "wire")]
        if let Some(wire_type) = M::wire_type() {
            self.world.register_subscribed(&wire_type);
        }
        let topic: Rc<Topic<M>> = self.world.topic();
        topic.bind(self.number, handler);
        self.class.add_topic(topic);
    }

    pub(crate) fn bind_any(&self, handler: Rc<dyn DeliverAny>) {
        for topic in self.world.topics() {
            if handler.takes(topic.name()) {
                topic.bind_any(self.number, handler.clone());
                self.class.add_topic(topic);
            }
        }
        self.world.any_handlers.borrow_mut().push((self.number, handler));
    }
}
