//! What a class of actors subscribes to.

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::rc::Rc;

use super::{Actor, AnyHandler, Context, Deliver, DeliverAny, HandlerReturn, Pool, TypedHandler};
use crate::manager::{ClassLink, Update};
use crate::message::{AnyMessage, Message};

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
    pub fn message<M, R, F>(&mut self, handler: F) -> &mut Self
    where
        M: Message,
        R: HandlerReturn + 'static,
        F: Fn(&mut A, &M, &Context) -> R + 'static,
    {
        let (class, name) = (type_name::<A>(), M::NAME);
        assert!(
            !self.typed.contains(&TypeId::of::<M>()),
            "`{class}` subscribes to `{name}` twice; a class has one handler for a message type",
        );
        self.typed.push(TypeId::of::<M>());
        self.plan.bindings.push(Box::new(|class, pool| {
            class.bind::<M>(Rc::new(TypedHandler::new(pool.clone(), handler)));
        }));
        self
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
