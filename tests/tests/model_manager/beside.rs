//! What came up beside the model, where plays do not reach: they stay small, and their handler of
//! dead letters leaves a full queue alone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use pysage_core::{
    Actor, ActorManager, Context, DropReason, ManagerConfig, Message, Overflow, Subscriptions,
};

#[derive(Message)]
struct Walk {
    steps: u32,
}

struct Walker {
    walked: u32,
}

impl Actor for Walker {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::walk);
    }
}

impl Walker {
    fn walk(&mut self, walk: &Walk, cx: &Context) {
        self.walked += 1;
        if walk.steps > 1 {
            cx.trigger_to(cx.actor(), Walk { steps: walk.steps - 1 });
        }
    }
}

#[test]
fn an_actor_may_trigger_itself_without_end_of_the_stack() {
    let manager = ActorManager::new();
    let walker = manager.register(Walker { walked: 0 });
    manager.trigger_to(walker, Walk { steps: 100_000 });
    assert_eq!(manager.with(walker, |walker: &mut Walker| walker.walked), Ok(100_000));
}

#[derive(Message)]
struct Note;

#[test]
fn a_dead_letter_handler_may_queue_where_the_oldest_makes_room() {
    let config = ManagerConfig::default().queue_capacity(1).overflow(Overflow::DropOldest);
    let manager = ActorManager::with_config(config);
    let asked = Rc::new(Cell::new(0));
    let (answering, count) = (RefCell::new(Some(manager.clone())), asked.clone());
    manager.on_dead_letter(move |_| {
        count.set(count.get() + 1);
        if count.get() == 10 {
            // Given up, so that the test fails instead of going on for ever.
            answering.take();
        }
        if let Some(manager) = &*answering.borrow() {
            manager.queue(Note);
        }
    });
    manager.queue(Note);
    manager.queue(Note);
    assert_eq!(asked.get(), 1, "told of one message, and not of those that it drops itself");
    assert_eq!(manager.queue_length(), 1);
    assert_eq!(manager.counters().dropped(DropReason::QueueFull), 2);
    manager.on_dead_letter(|_| ());
}
