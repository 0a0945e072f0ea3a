//! What a class of actors subscribes to.

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::rc::Rc;

use super::{
    Actor, AnyHandler, Context, Deliver, DeliverAny, Flow, HandlerReturn, Me, Pool, TaskHandler,
    TypedHandler,
};
use crate::manager::{ClassLink, Update};
use crate::message::{AnyMessage, Asked, Message, Request};

/// What a class of actors handles; filled in by [`Actor::subscriptions`].
///
/// Handlers are methods (or closures) that take the actor, the message and a [`Context`], and
/// return `()`, [`Flow`](crate::Flow), or a `Result` of either.
///
/// ```
/// use pysage_core::{Actor, AnyMessage, Context, Message, Subscriptions};
///
/// #[derive(Message)]
/// struct Bomb { damage: i32 }
///
/// struct Player { hit_points: i32, steps: u32 }
///
/// impl Actor for Player {
///     fn subscriptions(on: &mut Subscriptions<Self>) {
///         on.message(Self::take_damage)
///             .named("Heal", |player, _, _| player.hit_points += 1)
///             .update(Self::step)
///             .priority(10);
///     }
/// }
///
/// impl Player {
///     fn take_damage(&mut self, bomb: &Bomb, _: &Context) {
///         self.hit_points -= bomb.damage;
///     }
///     fn step(&mut self, _: &Context) {
///         self.steps += 1;
///     }
/// }
/// ```
pub struct Subscriptions<A> {
    plan: ClassPlan<A>,
    typed: Vec<TypeId>,
}

/// The subscriptions of a class, to be bound to a manager's topics.
pub(crate) struct ClassPlan<A> {
    pub(crate) bindings: Vec<Binding<A>>,
    pub(crate) update: Option<UpdateBinding<A>>,
    pub(crate) priority: i32,
}

type Binding<A> = Box<dyn FnOnce(&ClassLink, &Rc<Pool<A>>)>;
type UpdateBinding<A> = Box<dyn FnOnce(&Rc<Pool<A>>) -> Rc<dyn Deliver<Update>>>;

impl<A: Actor> Subscriptions<A> {
    pub(crate) fn of_class() -> ClassPlan<A> {
        let plan = ClassPlan { bindings: Vec::new(), update: None, priority: 0 };
        let mut on = Subscriptions { plan, typed: Vec::new() };
        A::subscriptions(&mut on);
        on.plan
    }

    /// Handles messages of one type.
    ///
    /// # Panics
    /// If the class already has a handler of this type.
    /// When the first actor of the class is registered, also if the message has a packet type that
    /// another message has, or a transport of the manager cannot carry it: whoever registers the
    /// message first, by `register_message`, gets an error instead.
    pub fn message<M, R, F>(&mut self, handler: F) -> &mut Self
    where
        M: Message,
        R: HandlerReturn + 'static,
        F: Fn(&mut A, &M, &Context) -> R + 'static,
    {
        self.bind::<M, _>(|pool| Rc::new(TypedHandler::new(pool, handler)))
    }

    /// Answers requests of one type: those that somebody [asks](crate::ActorManager::ask), with
    /// what the handler returns. It handles those that are queued or triggered too, and what it
    /// returns is then dropped. [`ActorManager::ask`](crate::ActorManager::ask) has an example.
    ///
    /// # Panics
    /// If the class already has a handler of this type.
    /// When the first actor of the class is registered, also if the message has a packet type that
    /// another message has, or a transport of the manager cannot carry it: whoever registers the
    /// message first, by `register_message`, gets an error instead.
    pub fn ask<Q, F>(&mut self, handler: F) -> &mut Self
    where
        Q: Request,
        F: Fn(&mut A, &Q, &Context) -> Q::Reply + 'static,
    {
        let answer = Rc::new(handler);
        let handler = answer.clone();
        self.bind::<Q, _>(|pool| {
            let handle = move |actor: &mut A, request: &Q, cx: &Context| {
                drop(handler(actor, request, cx));
            };
            Rc::new(TypedHandler::new(pool, handle))
        });
        self.plan.bindings.push(Box::new(|class, pool| {
            let answer = move |actor: &mut A, asked: &Asked<Q>, cx: &Context| {
                asked.answer(answer(actor, &asked.request, cx), cx.world());
                // A request to all who subscribe is answered by the first of them.
                Flow::Stop
            };
            class.bind::<Asked<Q>>(Rc::new(TypedHandler::new(pool.clone(), answer)));
        }));
        self
    }

    /// Begins a task with each message of one type: something that goes on over several ticks,
    /// written as an `async fn`. See [`Me`] for an example.
    ///
    /// The task runs at once until it first waits, and from then on does one step at the start of
    /// each later tick, before messages are handled and whatever the budget: the oldest task
    /// first. While it waits for a [time](Me::sleep) or an [answer](Me::ask), or for both at once,
    /// it costs nothing; a future of another library is polled in every tick.
    ///
    /// A task never uses its message up: whatever it returns, the message goes on. An error at its
    /// end is reported as that of a handler. A panic takes the actor out. A task ends with its
    /// actor: nothing of it runs any more, and it is dropped at the next tick at the latest. Do not
    /// keep an [`ActorManager`](crate::ActorManager) in a task: neither would ever be dropped.
    ///
    /// A message that would begin one task more than
    /// [`ManagerConfig::task_capacity`](crate::ManagerConfig::task_capacity) is a dead letter.
    ///
    /// # Panics
    /// If the class already has a handler of this type.
    /// When the first actor of the class is registered, also if the message has a packet type that
    /// another message has, or a transport of the manager cannot carry it: whoever registers the
    /// message first, by `register_message`, gets an error instead.
    #[doc(alias("coroutine", "generator", "async"))]
    pub fn task<M, R, Fut, F>(&mut self, handler: F) -> &mut Self
    where
        M: Message + Clone,
        R: HandlerReturn + 'static,
        Fut: Future<Output = R> + 'static,
        F: Fn(Me<A>, M) -> Fut + 'static,
    {
        self.bind::<M, _>(|pool| Rc::new(TaskHandler::new(pool, handler)))
    }

    /// Handles messages by name: those queued with
    /// [`queue_named`](crate::ActorManager::queue_named), and those of any type with this
    /// [`NAME`](Message::NAME).
    pub fn named<R, F>(&mut self, name: impl Into<Cow<'static, str>>, handler: F) -> &mut Self
    where
        R: HandlerReturn + 'static,
        F: Fn(&mut A, &dyn AnyMessage, &Context) -> R + 'static,
    {
        self.any(Some(name.into()), handler)
    }

    /// Handles every message, before the subscribers of its type do. Such a handler cannot use a
    /// message up, and it also sees messages that are meant for one receiver.
    pub fn every_message<R, F>(&mut self, handler: F) -> &mut Self
    where
        R: HandlerReturn + 'static,
        F: Fn(&mut A, &dyn AnyMessage, &Context) -> R + 'static,
    {
        self.any(None, handler)
    }

    /// Is called once in every tick, after the messages; see [`priority`](Self::priority).
    pub fn update<R, F>(&mut self, handler: F) -> &mut Self
    where
        R: HandlerReturn + 'static,
        F: Fn(&mut A, &Context) -> R + 'static,
    {
        self.plan.update = Some(Box::new(|pool| {
            let call = move |actor: &mut A, _: &Update, cx: &Context| handler(actor, cx);
            Rc::new(TypedHandler::new(pool.clone(), call))
        }));
        self
    }

    /// Orders the update phase: classes of a higher priority first, those of the same priority
    /// in the order in which their actors were registered. 0 unless set.
    pub fn priority(&mut self, priority: i32) -> &mut Self {
        self.plan.priority = priority;
        self
    }

    fn bind<M, F>(&mut self, handler: F) -> &mut Self
    where
        M: Message,
        F: FnOnce(Rc<Pool<A>>) -> Rc<dyn Deliver<M>> + 'static,
    {
        let (class, name) = (type_name::<A>(), M::NAME);
        assert!(
            !self.typed.contains(&TypeId::of::<M>()),
            "`{class}` subscribes to `{name}` twice; a class has one handler for a message type",
        );
        self.typed.push(TypeId::of::<M>());
        let bind = move |class: &ClassLink, pool: &Rc<Pool<A>>| class.bind(handler(pool.clone()));
        self.plan.bindings.push(Box::new(bind));
        self
    }

    fn any<R, F>(&mut self, name: Option<Cow<'static, str>>, call: F) -> &mut Self
    where
        R: HandlerReturn + 'static,
        F: Fn(&mut A, &dyn AnyMessage, &Context) -> R + 'static,
    {
        self.plan.bindings.push(Box::new(|class, pool| {
            let handler: Rc<dyn DeliverAny> =
                Rc::new(AnyHandler { pool: pool.clone(), call, name });
            class.bind_any(handler);
        }));
        self
    }
}
