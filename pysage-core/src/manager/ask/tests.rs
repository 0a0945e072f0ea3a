//! Answers that somebody else gives, by their tickets.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use crate::clock::ManualClock;
use crate::error::AskError;
use crate::manager::{Answer, ManagerConfig};
use crate::{Actor, ActorManager, Me, Message, Subscriptions};

const SECOND: Duration = Duration::from_secs(1);

fn manager(config: ManagerConfig) -> (ActorManager, ManualClock) {
    let clock = ManualClock::new();
    (ActorManager::with_config(config.clock(clock.clone())), clock)
}

fn open(manager: &ActorManager) -> (u64, Answer<u32>) {
    let answer = manager.open_ask().expect("there is room");
    (answer.ticket().expect("it is to come"), answer)
}

#[test]
fn an_answer_is_given_by_its_ticket_once() {
    let (manager, _) = manager(ManagerConfig::default());
    let ((one, mut first), (two, mut second)) = (open(&manager), open(&manager));
    assert_ne!(one, two);
    assert_eq!((first.take(), first.is_ready()), (None, false));
    manager.world().close_ask(one, Ok(5_u32));
    manager.world().close_ask(one, Ok(6_u32));
    manager.world().fail_ask(one, AskError::Failed);
    manager.world().fail_ask(two, AskError::NotAnswered);
    assert!(first.is_ready());
    assert_eq!(first.ticket(), None);
    assert_eq!((first.take(), second.take()), (Some(Ok(5)), Some(Err(AskError::NotAnswered))));
    assert_eq!(first.take(), None);
}

#[test]
fn a_reply_of_another_type_is_left_where_it_is() {
    let (manager, _) = manager(ManagerConfig::default());
    let (ticket, mut answer) = open(&manager);
    let mut text = Some("five".to_owned());
    assert!(!manager.world().fill_ask(ticket, &mut text));
    assert!(!manager.world().fill_ask(ticket + 1, &mut Some(5_u32)));
    assert_eq!((text.as_deref(), answer.take()), (Some("five"), None));
    assert!(manager.world().fill_ask(ticket, &mut Some(5_u32)));
    assert!(!manager.world().fill_ask(ticket, &mut Some(5_u32)));
    assert_eq!(answer.take(), Some(Ok(5)));
}

#[test]
fn the_deadline_is_measured_by_ticks() {
    let (manager, clock) = manager(ManagerConfig::default().ask_timeout(3 * SECOND));
    let (_, mut by_default) = open(&manager);
    let (_, mut sooner) = {
        let (ticket, answer) = open(&manager);
        (ticket, answer.within(SECOND))
    };
    let (ticket, mut later) = open(&manager);
    later = later.within(10 * SECOND);
    let mut never = open(&manager).1.within(Duration::MAX);
    clock.advance(SECOND);
    assert_eq!(sooner.take(), None, "no tick has run");
    let tick = || manager.tick().expect("no handler runs");
    tick();
    assert_eq!(sooner.take(), Some(Err(AskError::TimedOut)), "exactly at its time");
    clock.advance(2 * SECOND - Duration::from_nanos(1));
    tick();
    assert_eq!(by_default.take(), None);
    clock.advance(Duration::from_nanos(1));
    tick();
    assert_eq!(by_default.take(), Some(Err(AskError::TimedOut)));
    manager.world().close_ask(ticket, Ok(5_u32));
    clock.advance(1_000 * SECOND);
    tick();
    assert_eq!(later.take(), Some(Ok(5)), "it came in time");
    assert_eq!(never.take(), None);
    assert!(manager.world().asks.overdue(clock.now()).is_empty());
}

#[test]
fn an_answer_that_is_dropped_makes_room_and_its_reply_is_dropped() {
    let (manager, clock) = manager(ManagerConfig::default().ask_capacity(1));
    let (ticket, answer) = open(&manager);
    assert_eq!(manager.open_ask::<u32>().err(), Some(AskError::Full));
    drop(answer);
    assert!(manager.world().asks.all().is_empty());
    let (next, _answer) = open(&manager);
    assert_ne!(next, ticket, "a ticket is not used again");
    let reply = Rc::new(());
    manager.world().close_ask(ticket, Ok(reply.clone()));
    assert_eq!(Rc::strong_count(&reply), 1);
    clock.advance(100 * SECOND);
    assert_eq!(manager.tick().expect("no handler runs").dropped, 0);
}

#[test]
fn a_reset_and_the_end_of_the_manager_fail_what_is_waited_for() {
    let (manager, _) = manager(ManagerConfig::default());
    let (_, mut before) = open(&manager);
    manager.reset();
    assert_eq!(before.take(), Some(Err(AskError::Dropped)));
    let (_, mut after) = open(&manager);
    drop(manager);
    assert_eq!(after.take(), Some(Err(AskError::Dropped)));
}

#[derive(Clone, Message)]
struct Start;

/// Awaits the answers that it is given, each within its time.
struct Waiter {
    answers: Rc<RefCell<Vec<Answer<u32>>>>,
    told: Rc<RefCell<Vec<Result<u32, AskError>>>>,
    steps: Rc<Cell<u32>>,
}

impl Actor for Waiter {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.task(|me: Me<Self>, _: Start| async move {
            let answers = me.with(|waiter, _| waiter.answers.take()).unwrap_or_default();
            for answer in answers {
                let told = answer.await;
                me.with(|waiter, _| {
                    waiter.told.borrow_mut().push(told);
                    waiter.steps.set(waiter.steps.get() + 1);
                });
            }
        });
    }
}

#[test]
fn a_task_is_parked_until_its_answer_comes_or_its_time_is_up() {
    let (manager, clock) = manager(ManagerConfig::default());
    let ((one, first), (two, second), (_, third)) =
        (open(&manager), open(&manager), open(&manager));
    let told: Rc<RefCell<Vec<_>>> = Rc::default();
    let answers = Rc::new(RefCell::new(vec![first, second, third]));
    let waiter = Waiter { answers, told: told.clone(), steps: Rc::default() };
    manager.register(waiter);
    manager.queue(Start);
    let tick = || {
        manager.tick().expect("no handler runs");
        told.take()
    };
    assert_eq!(tick(), []);
    assert_eq!(tick(), []);
    manager.world().close_ask(two, Ok(2_u32));
    assert_eq!(tick(), [], "the first comes first");
    manager.world().close_ask(one, Ok(1_u32));
    assert_eq!(tick(), [Ok(1), Ok(2)]);
    clock.advance(5 * SECOND);
    assert_eq!(tick(), [Err(AskError::TimedOut)], "seen in the tick that finds it out");
}
