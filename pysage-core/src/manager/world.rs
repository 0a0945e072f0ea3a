//! What a manager, its contexts and its loop share.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::ask::Asks;
use super::class::{Class, ErasedClass};
use super::config::ManagerConfig;
use super::deferred::Waiting;
use super::directory::Directory;
use super::dispatch::Batch;
use super::failure::{ActorFailed, FailureHandler};
use super::handle::Shared;
use super::letters::{DeadLetterHandler, Tally};
use super::number::ManagerNumber;
use super::queue::{Front, OpenRun};
use super::tasks::Tasks;
use super::tick::TickReport;
use super::timers::Timers;
use super::topic::{ErasedTopic, Topic};
use super::update::Update;
use super::waiting::Waiting as WaitingBy;
#[cfg(feature = "wire")]
use super::wiring::Wiring;
use crate::actor::{Actor, ActorId, DeliverAny};
use crate::message::{Message, NamedMessage};

/// The state of a manager, open to its handlers while they run.
///
/// No borrow of a field is held while a handler runs, but for those that only the dispatch uses.
pub(crate) struct World {
    /// Tells this manager's ids from those of another.
    number: ManagerNumber,
    /// Tells this manager from all others of the process.
    pub(crate) serial: u64,
    pub(crate) config: ManagerConfig,
    /// Look at it through [`front`](Self::front), but for the topics.
    pub(crate) front: RefCell<Front>,
    pub(crate) open_run: OpenRun,
    /// What a budget left over; away while it is dispatched.
    pub(crate) batch: RefCell<Batch>,
    pub(crate) left_over: Cell<usize>,
    pub(crate) classes: RefCell<Vec<Rc<dyn ErasedClass>>>,
    class_numbers: RefCell<HashMap<TypeId, u16, BuildHasherDefault<TypeIdHasher>>>,
    /// Handlers of every message or of a name, for topics that are still to come.
    pub(crate) any_handlers: RefCell<Vec<(u16, Rc<dyn DeliverAny>)>>,
    type_names: RefCell<HashSet<&'static str>>,
    pub(crate) updates: RefCell<BTreeMap<Reverse<i32>, Rc<Topic<Update>>>>,
    pub(crate) names: RefCell<Directory>,
    /// Messages for actors that are on the call stack.
    pub(crate) waiting: RefCell<Waiting>,
    pub(crate) tasks: Tasks,
    pub(crate) timers: Timers,
    pub(crate) asks: Asks,
    /// Unregistered actors that are still there, most of them since they are on the call stack.
    pub(crate) doomed: RefCell<Vec<ActorId>>,
    pub(crate) counters: Tally,
    /// The totals at the end of the last tick.
    pub(crate) reported: Cell<TickReport>,
    /// The time of the tick in progress, or of the last one.
    pub(crate) now: Cell<Instant>,
    /// The number of the tick in progress, or of the last one.
    pub(crate) begun: Cell<u64>,
    /// How many actors have left.
    pub(crate) retired: Cell<u64>,
    pub(crate) dead_letter_handler: RefCell<Option<DeadLetterHandler>>,
    pub(crate) failure_handler: RefCell<Option<FailureHandler>>,
    pub(crate) shared: Arc<Shared>,
    /// How a loop waits that may be woken; on a condition variable without it.
    pub(crate) waiting_by: RefCell<Option<Rc<dyn WaitingBy>>>,
    #[cfg(feature = "wire")]
    pub(crate) wiring: Wiring,
    /// Counts what a delivery in progress has to take note of.
    changes: Cell<u64>,
    /// A panic has ended the work of the tick in progress.
    pub(crate) halted: Cell<bool>,
    pub(crate) first_panic: RefCell<Option<ActorFailed>>,
    pub(crate) resets: Cell<u64>,
    /// How many handlers are on the call stack.
    handlers: Cell<u32>,
}

/// Type ids are hashes already.
#[derive(Default)]
struct TypeIdHasher(u64);

impl Hasher for TypeIdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A handler is on the call stack as long as this lives.
pub(crate) struct Handling<'a>(&'a Cell<u32>);

impl Drop for Handling<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl World {
    pub(crate) fn new(config: ManagerConfig) -> World {
        static NEXT_SERIAL: AtomicU64 = AtomicU64::new(0);
        let serial = NEXT_SERIAL.fetch_add(1, Ordering::Relaxed);
        let world = World {
            number: ManagerNumber::take(),
            serial,
            shared: Arc::new(Shared::new(config.handle_capacity)),
            front: RefCell::default(),
            open_run: OpenRun::none(),
            batch: RefCell::default(),
            left_over: Cell::new(0),
            classes: RefCell::default(),
            class_numbers: RefCell::default(),
            any_handlers: RefCell::default(),
            type_names: RefCell::default(),
            updates: RefCell::default(),
            names: RefCell::default(),
            waiting: RefCell::default(),
            tasks: Tasks::default(),
            timers: Timers::default(),
            asks: Asks::default(),
            doomed: RefCell::default(),
            counters: Tally::default(),
            reported: Cell::default(),
            now: Cell::new(config.clock.now()),
            begun: Cell::new(0),
            retired: Cell::new(0),
            dead_letter_handler: RefCell::default(),
            failure_handler: RefCell::default(),
            waiting_by: RefCell::default(),
            #[cfg(feature = "wire")]
            wiring: Wiring::default(),
            changes: Cell::new(0),
            halted: Cell::new(false),
            first_panic: RefCell::default(),
            resets: Cell::new(0),
            handlers: Cell::new(0),
            config,
        };
        world.topic::<NamedMessage>();
        world
    }

    #[inline(always)]
    pub(crate) fn number(&self) -> u16 {
        self.number.get()
    }

    #[inline(always)]
    pub(crate) fn changes(&self) -> u64 {
        self.changes.get()
    }

    #[inline]
    pub(crate) fn note_change(&self) {
        self.changes.set(self.changes.get() + 1);
    }

    pub(crate) fn enter_handler(&self) -> Handling<'_> {
        self.handlers.set(self.handlers.get() + 1);
        Handling(&self.handlers)
    }

    pub(crate) fn is_handling(&self) -> bool {
        self.handlers.get() > 0
    }

    /// From when on delays count: the time of the tick in progress, or else of the clock.
    pub(crate) fn time(&self) -> Instant {
        let now = self.now.get();
        if self.is_handling() { now } else { self.config.clock.now().max(now) }
    }

    /// The topic of a message type, made when it is first asked for.
    pub(crate) fn topic<M: Message>(&self) -> Rc<Topic<M>> {
        let slot = M::slot().index() as usize;
        let known = self.front.borrow().topics.get(slot).cloned().flatten();
        let topic = known.unwrap_or_else(|| self.new_topic::<M>(slot));
        (topic as Rc<dyn Any>).downcast().expect("a slot belongs to one message type")
    }

    #[cold]
    fn new_topic<M: Message>(&self, slot: usize) -> Rc<dyn ErasedTopic> {
        let topic = Rc::new(Topic::<M>::new());
        let erased: Rc<dyn ErasedTopic> = topic.clone();
        for (class, handler) in self.any_handlers.borrow().iter() {
            if handler.takes(M::NAME) {
                topic.bind_any(*class, handler.clone());
                self.classes.borrow()[usize::from(*class)].add_topic(erased.clone());
            }
        }
        if slot != NamedMessage::slot().index() as usize {
            self.type_names.borrow_mut().insert(M::NAME);
            topic.adopt(&self.topic::<NamedMessage>().subscribers());
        }
        let mut front = self.front.borrow_mut();
        if front.topics.len() <= slot {
            front.topics.resize_with(slot + 1, || None);
        }
        front.topics[slot] = Some(erased.clone());
        erased
    }

    pub(crate) fn topics(&self) -> Vec<Rc<dyn ErasedTopic>> {
        self.front.borrow().topics.iter().flatten().cloned().collect()
    }

    pub(crate) fn topic_at(&self, slot: u32) -> Rc<dyn ErasedTopic> {
        let topic = self.front.borrow().topics[slot as usize].clone();
        topic.expect("what is queued has a topic")
    }

    /// Whether a message type that this manager has met has this name.
    pub(crate) fn knows_type_named(&self, name: &str) -> bool {
        self.type_names.borrow().contains(name)
    }

    pub(crate) fn update_topic(&self, priority: i32) -> Rc<Topic<Update>> {
        let mut updates = self.updates.borrow_mut();
        updates.entry(Reverse(priority)).or_insert_with(|| Rc::new(Topic::new())).clone()
    }

    /// The class of a type, bound to its topics when it is first asked for.
    #[inline]
    pub(crate) fn class<A: Actor>(&self) -> Rc<Class<A>> {
        let number = self.class_numbers.borrow().get(&TypeId::of::<A>()).copied();
        let Some(number) = number else { return self.new_class() };
        let class = self.classes.borrow()[usize::from(number)].clone();
        (class as Rc<dyn Any>).downcast().expect("a class number belongs to one type")
    }

    #[cold]
    fn new_class<A: Actor>(&self) -> Rc<Class<A>> {
        let number = u16::try_from(self.classes.borrow().len()).ok();
        let number = number.filter(|number| *number < ActorId::CLASSES);
        let number = number.expect("a manager has fewer than 2^12 classes of actors");
        let class = Rc::new(Class::<A>::new(number));
        self.classes.borrow_mut().push(class.clone());
        class.bind(self);
        self.class_numbers.borrow_mut().insert(TypeId::of::<A>(), number);
        class
    }

    pub(crate) fn class_at(&self, number: u16) -> Option<Rc<dyn ErasedClass>> {
        self.classes.borrow().get(usize::from(number)).cloned()
    }

    /// The actor's class, if it is this one.
    pub(crate) fn class_if<A: Actor>(&self, actor: ActorId) -> Option<Rc<Class<A>>> {
        (self.class_at(actor.class())? as Rc<dyn Any>).downcast().ok()
    }

    pub(crate) fn class_name(&self, actor: ActorId) -> &'static str {
        self.class_at(actor.class()).map_or("", |class| class.name())
    }

    pub(crate) fn lives(&self, actor: ActorId) -> bool {
        let class = self.class_at(actor.class()).filter(|_| actor.manager() == self.number());
        class.is_some_and(|class| class.lives(actor))
    }

    pub(crate) fn is_free(&self, actor: ActorId) -> bool {
        self.class_at(actor.class()).is_some_and(|class| class.is_free(actor.index()))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shared.close();
        self.drop_asks();
        for topic in self.topics() {
            topic.close(self);
        }
    }
}
