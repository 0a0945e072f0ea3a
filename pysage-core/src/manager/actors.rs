//! Registering actors, finding them, and letting go of them.

use std::any::type_name;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use super::class::{Class, ErasedClass};
use super::{ActorManager, World};
use crate::actor::{Actor, ActorId, Context, Entered, HandlerReturn, TypedHandler};
use crate::error::{AccessError, RegisterError, SubscribeError};
use crate::message::Message;

impl ActorManager {
    /// Registers an actor behind those that are there and calls its start hook.
    ///
    /// From now on it gets the messages that its class subscribes to, but not one that is being
    /// delivered just now. If the start hook panicked or unregistered the actor, the id means
    /// nobody already.
    #[doc(alias("register_actor", "spawn"))]
    pub fn register<A: Actor>(&self, actor: A) -> ActorId {
        let world = self.world();
        let class = world.class::<A>();
        let id = class.insert(world, actor);
        world.note_change();
        self.start(&class, id);
        id
    }

    /// Registers an actor under a name by which [`find`](Self::find) finds it.
    ///
    /// # Errors
    /// [`RegisterError::NameTaken`], with the actor unregistered and dropped.
    #[doc(alias = "register_actor")]
    pub fn register_named<A: Actor>(
        &self,
        name: impl Into<String>,
        actor: A,
    ) -> Result<ActorId, RegisterError> {
        let (world, name) = (self.world(), name.into());
        world.check_name(&name)?;
        let class = world.class::<A>();
        let id = class.insert(world, actor);
        world.names.borrow_mut().insert(name, id);
        world.note_change();
        self.start(&class, id);
        Ok(id)
    }

    /// Gives a registered actor one more name.
    ///
    /// # Errors
    /// [`RegisterError::NameTaken`] and [`RegisterError::NoSuchActor`].
    pub fn add_name(&self, actor: ActorId, name: impl Into<String>) -> Result<(), RegisterError> {
        let (world, name) = (self.world(), name.into());
        world.check_name(&name)?;
        if !world.lives(actor) {
            return Err(RegisterError::NoSuchActor { actor });
        }
        world.names.borrow_mut().insert(name, actor);
        Ok(())
    }

    /// Unregisters an actor: its id and its names mean nobody from now on, and what is queued for
    /// it becomes dead letters. Its stop hook is called, at once or, if the actor is busy with a
    /// message, right after that. Returns whether it was there.
    #[doc(alias = "unregister_actor")]
    pub fn unregister(&self, actor: ActorId) -> bool {
        let world = self.world();
        let retired = world.retire(actor);
        if retired {
            world.doomed.borrow_mut().push(actor);
            Context::new(self).let_go();
        }
        retired
    }

    /// The actor with this name.
    #[doc(alias("get_actor_by_name", "whereis"))]
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ActorId> {
        self.world().names.borrow().get(name)
    }

    /// Whether the actor is registered.
    #[doc(alias = "get_actor")]
    #[must_use]
    pub fn is_registered(&self, actor: ActorId) -> bool {
        self.world().lives(actor)
    }

    /// How many actors are registered.
    #[must_use]
    pub fn actor_count(&self) -> usize {
        self.world().classes.borrow().iter().map(|class| class.count()).sum()
    }

    /// Looks at an actor, or changes it, from outside its handlers.
    ///
    /// What is triggered for the actor meanwhile reaches it when `look` has returned.
    ///
    /// # Errors
    /// [`AccessError`] says whether the actor is gone, of another class, or busy with a message.
    pub fn with<A: Actor, R>(
        &self,
        actor: ActorId,
        look: impl FnOnce(&mut A) -> R,
    ) -> Result<R, AccessError> {
        let world = self.world();
        if !world.lives(actor) {
            return Err(AccessError::NoSuchActor { actor });
        }
        let Some(class) = world.class_if::<A>(actor) else {
            let (is, asked) = (world.class_name(actor), type_name::<A>());
            return Err(AccessError::OtherClass { actor, is, asked });
        };
        let mut place = match class.pool.slot(actor.index()).map(|slot| slot.enter(actor.birth())) {
            Some(Entered::Free(place)) => place,
            Some(Entered::Busy) => return Err(AccessError::Busy { actor }),
            Some(Entered::Gone) | None => return Err(AccessError::NoSuchActor { actor }),
        };
        let changes = world.changes();
        let looking = world.enter_handler();
        let seen = catch_unwind(AssertUnwindSafe(|| look(&mut place)));
        drop((place, looking));
        if world.changes() != changes {
            Context::of(self, actor).settle();
        }
        // A panic is the caller's, who is told once what waited for the actor is done.
        seen.map_err(|panic| resume_unwind(panic))
    }

    /// Subscribes one actor to a message type that its class does not subscribe to, or from which
    /// it was [unsubscribed](Self::unsubscribe); other actors of the class are not concerned.
    ///
    /// ```
    /// # use pysage_core::{Actor, ActorManager, Context, Message, Subscriptions};
    /// # #[derive(Message)]
    /// # struct Bomb { damage: i32 }
    /// struct Player { hit_points: i32 }
    ///
    /// impl Actor for Player {
    ///     fn subscriptions(_: &mut Subscriptions<Self>) {}
    /// }
    ///
    /// let manager = ActorManager::new();
    /// let player = manager.register(Player { hit_points: 100 });
    /// manager.subscribe(player, |player: &mut Player, bomb: &Bomb, _: &Context| {
    ///     player.hit_points -= bomb.damage;
    /// })?;
    /// manager.queue(Bomb { damage: 10 });
    /// manager.tick()?;
    /// assert_eq!(manager.with(player, |player: &mut Player| player.hit_points)?, 90);
    /// assert!(manager.unsubscribe::<Bomb>(player));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SubscribeError`] says whether the actor is gone, of another class, or already
    /// subscribed.
    pub fn subscribe<A, M, R, F>(&self, actor: ActorId, handler: F) -> Result<(), SubscribeError>
    where
        A: Actor,
        M: Message,
        R: HandlerReturn + 'static,
        F: Fn(&mut A, &M, &Context) -> R + 'static,
    {
        let world = self.world();
        if !world.lives(actor) {
            return Err(SubscribeError::NoSuchActor { actor });
        }
        let Some(class) = world.class_if::<A>(actor) else {
            let (is, asked) = (world.class_name(actor), type_name::<A>());
            return Err(SubscribeError::OtherClass { actor, is, asked });
        };
        let topic = world.topic::<M>();
        if topic.subscribers().handlers_of(actor).next().is_some() {
            return Err(SubscribeError::AlreadySubscribed { actor, message: M::NAME });
        }
        topic.subscribe(actor, Rc::new(TypedHandler::new(class.pool.clone(), handler)));
        class.add_topic(topic);
        world.note_change();
        Ok(())
    }

    /// Ends one actor's subscription to a message type, by type or by name; other actors of its
    /// class are not concerned. Returns whether it was subscribed.
    pub fn unsubscribe<M: Message>(&self, actor: ActorId) -> bool {
        let world = self.world();
        let topic = world.topic::<M>();
        let subscribed =
            world.lives(actor) && topic.subscribers().handlers_of(actor).next().is_some();
        if subscribed {
            topic.unsubscribe(actor);
            world.note_change();
        }
        subscribed
    }

    fn start<A: Actor>(&self, class: &Class<A>, id: ActorId) {
        let slot = class.pool.slot(id.index()).expect("the actor was just inserted");
        let cx = Context::of(self, id);
        let _handling = self.world().enter_handler();
        let changes = self.world().changes();
        let started = catch_unwind(AssertUnwindSafe(|| {
            if let Entered::Free(mut actor) = slot.enter(id.birth()) {
                actor.started(&cx);
            }
        }));
        if let Err(panic) = started {
            cx.contain("started", panic);
        }
        if self.world().changes() != changes {
            cx.settle();
        }
    }
}

impl World {
    fn check_name(&self, name: &str) -> Result<(), RegisterError> {
        match self.names.borrow().get(name) {
            Some(holder) => Err(RegisterError::NameTaken { name: name.to_owned(), holder }),
            None => Ok(()),
        }
    }

    /// Makes an actor's id and names mean nobody.
    pub(crate) fn retire(&self, actor: ActorId) -> bool {
        if actor.manager() != self.number() {
            return false;
        }
        let class = self.class_at(actor.class());
        let retired = class.is_some_and(|class| class.retire(actor));
        if retired {
            self.names.borrow_mut().remove_actor(actor);
            self.retired.set(self.retired.get() + 1);
            self.note_change();
        }
        retired
    }

    /// Lets go of an actor that panicked, without its stop hook.
    pub(crate) fn take_out(&self, actor: ActorId) {
        self.retire(actor);
        self.doomed.borrow_mut().retain(|doomed| *doomed != actor);
        if let Some(class) = self.class_at(actor.class()) {
            class.take_out(actor.index(), None);
        }
    }
}
