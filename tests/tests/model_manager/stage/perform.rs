//! The operations on the real manager.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use pysage_core::{
    AccessError, ActorFailed, ActorId, ActorManager, Budget, Context, RegisterError, SubscribeError,
};

use super::{Stage, actor_name, sent};
use crate::cast::{Cast, Visitor, by_class};
use crate::log::{Answer, Event, Label, Report};
use crate::messages::{Gauge, Late, Ping, Spare, Tock, Told, by_kind};
use crate::play::{Habits, Kind, Limit, Op, Script, Who};

impl Stage {
    /// Does one operation, from outside or from inside the handler of `me`, and logs its result.
    pub(crate) fn perform(self: &Rc<Self>, manager: &ActorManager, me: Option<Label>, op: &Op) {
        if !self.has_fuel() {
            return;
        }
        let actors = self.ids.borrow().len();
        let place = |who: &Who| who.place(me, actors);
        let to = |who: &Option<Who>| who.map(|who| self.id(who.place(me, actors)));
        let answer = match op {
            Op::Tick(limit) => tick(manager, *limit),
            Op::Register(class, name, habits) => self.register(manager, *class, *name, habits),
            Op::Unregister(who) => Answer::Was(manager.unregister(self.id(place(who)))),
            Op::Subscribe(who, kind) => self.subscribe(manager, place(who), *kind),
            Op::Unsubscribe(who, kind) => {
                Answer::Was(unsubscribe(manager, self.id(place(who)), *kind))
            }
            Op::Queue(who, letter) => Answer::Queued(self.queue(manager, to(who), letter)),
            Op::QueueAll(who, letters) => Answer::Count(self.queue_all(manager, to(who), letters)),
            Op::QueueEach(whos, letter) => {
                let queue = |who: &Who| self.queue(manager, Some(self.id(place(who))), letter);
                Answer::Count(whos.iter().map(queue).filter(|queued| queued.is_accepted()).count())
            }
            Op::QueueNamed(who, name) => match to(who) {
                None => sent::named(manager.queue_named(name.text()), Answer::Queued),
                Some(id) => sent::named(manager.queue_named_to(id, name.text()), Answer::Queued),
            },
            Op::Trigger(who, letter) => Answer::Triggered(self.trigger(manager, to(who), letter)),
            Op::TriggerNamed(who, name) => match to(who) {
                None => sent::named(manager.trigger_named(name.text()), Answer::Triggered),
                Some(id) => {
                    sent::named(manager.trigger_named_to(id, name.text()), Answer::Triggered)
                }
            },
            Op::AbortNext(kind) => self.abort_next(manager, *kind),
            Op::AbortAll(kind) => Answer::Count(sent::abort_all(manager, *kind)),
            Op::Send(door, who, letter) => self.send(*door, to(who), letter),
            Op::Flush => sent::refused(self.producer.borrow_mut().flush()),
            Op::With(who, ops) => self.with(manager, place(who), ops),
            Op::AddName(who, name) => {
                match manager.add_name(self.id(place(who)), actor_name(*name)) {
                    Ok(()) => Answer::Done,
                    Err(error) => self.not_registered(error),
                }
            }
            Op::Find(name) => {
                let found = manager.find(&actor_name(*name));
                Answer::Found(found.map(|id| self.address(id)))
            }
            Op::Visitors(count) => {
                (0..*count).for_each(|_| {
                    assert!(manager.unregister(manager.register(Visitor)), "it was there");
                });
                Answer::Done
            }
            Op::Advance(by) => {
                self.clock.advance(Duration::from_millis(u64::from(*by)));
                Answer::Done
            }
            Op::Reset => {
                manager.reset();
                Answer::Done
            }
        };
        self.log(Event::Returned(answer));
    }

    fn register(
        self: &Rc<Self>,
        manager: &ActorManager,
        class: u8,
        name: Option<u8>,
        habits: &Arc<Habits>,
    ) -> Answer {
        let (stage, habits, label) = (self.clone(), habits.clone(), self.ids.borrow().len());
        self.ids.borrow_mut().push(None);
        self.classes.borrow_mut().push(class);
        let registered = by_class!(class, CLASS => {
            let actor = Cast::<CLASS> { stage, label, habits };
            match name {
                None => Ok(manager.register(actor)),
                Some(name) => manager.register_named(actor_name(name), actor),
            }
        });
        match registered {
            Ok(id) => {
                assert_eq!(self.label(id), Some(label), "the start hook was called");
                Answer::Registered(label)
            }
            Err(error) => self.not_registered(error),
        }
    }

    fn not_registered(&self, error: RegisterError) -> Answer {
        match error {
            RegisterError::NameTaken { holder, .. } => {
                Answer::NameTaken(Some(self.address(holder)))
            }
            RegisterError::NoSuchActor { .. } => Answer::NoSuchActor,
            other => panic!("unexpected: {other}"),
        }
    }

    fn subscribe(&self, manager: &ActorManager, label: Option<Label>, kind: Kind) -> Answer {
        fn own<const CLASS: u8, M: Told>(
            manager: &ActorManager,
            id: ActorId,
        ) -> Result<(), SubscribeError> {
            manager.subscribe(id, |actor: &mut Cast<CLASS>, message: &M, cx: &Context| {
                actor.own(message, cx)
            })
        }
        let id = self.id(label);
        let class = label.map_or(0, |label| self.classes.borrow()[label]);
        let subscribed = by_class!(class, CLASS => {
            by_kind!(kind, M => own::<CLASS, M>(manager, id), own::<CLASS, ActorFailed>(manager, id))
        });
        match subscribed {
            Ok(()) => Answer::Done,
            Err(SubscribeError::NoSuchActor { .. }) => Answer::NoSuchActor,
            Err(SubscribeError::AlreadySubscribed { .. }) => Answer::AlreadySubscribed,
            Err(other) => panic!("unexpected: {other}"),
        }
    }

    fn with(self: &Rc<Self>, manager: &ActorManager, label: Option<Label>, ops: &[Op]) -> Answer {
        let (id, class) = (self.id(label), label.map_or(0, |label| self.classes.borrow()[label]));
        let seen = by_class!(class, CLASS => manager.with(id, |_: &mut Cast<CLASS>| {
            ops.iter().for_each(|op| self.perform(manager, label, op));
        }));
        match seen {
            Ok(()) => Answer::Done,
            Err(AccessError::NoSuchActor { .. }) => Answer::NoSuchActor,
            Err(AccessError::Busy { .. }) => Answer::Busy,
            Err(other) => panic!("unexpected: {other}"),
        }
    }
}

fn tick(manager: &ActorManager, limit: Limit) -> Answer {
    let report = match limit {
        Limit::Unlimited => manager.tick(),
        Limit::One => manager.tick_for(Budget::ONE_MESSAGE),
        Limit::Millis(limit) => manager.tick_for(Duration::from_millis(u64::from(limit))),
    };
    let Ok(report) = report else { return Answer::InsideHandler };
    Answer::Ticked(Report {
        tick: report.tick,
        drained: report.drained,
        received: report.received,
        handled: report.handled,
        dropped: report.dropped,
        errors: report.errors,
        panics: report.panics,
        waiting: report.waiting,
    })
}

fn unsubscribe(manager: &ActorManager, id: ActorId, kind: Kind) -> bool {
    by_kind!(kind, M => manager.unsubscribe::<M>(id), manager.unsubscribe::<ActorFailed>(id))
}
