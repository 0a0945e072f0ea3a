//! Messages that may have been handled before, as their handlers see them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use local::{Log, on};
use pysage_core::transport::{Form, Inbox, Link, LinkId, Outbox, Rejected, Transport};
use pysage_core::wire::{Purpose, Receiver};
use pysage_core::{
    Actor, ActorId, ActorManager, AnyMessage, BoxError, Budget, Context, DropReason, Me, Message,
    Subscriptions, WireMessage,
};
use scripted::{encoding, frame, link};

#[derive(Clone, Message)]
#[message(packet_type = 101)]
struct Tell(u32);
#[derive(Clone, Message)]
#[message(packet_type = 102)]
struct Begin(u32);
#[derive(Message)]
#[message(packet_type = 103, reply = u32)]
struct Ask;

type Arriving = Rc<RefCell<VecDeque<(u32, Vec<u8>, bool)>>>;

/// Brings frames, some of them again.
#[derive(Clone, Default)]
struct Redelivering {
    arriving: Arriving,
    inbox_bytes: usize,
    done: Rc<RefCell<u64>>,
}

impl Redelivering {
    fn attached() -> (ActorManager, Redelivering, Log) {
        let transport = Redelivering { inbox_bytes: 1 << 20, ..Redelivering::default() };
        let (manager, log) = (ActorManager::new(), Log::default());
        manager.attach(transport.clone()).unwrap();
        (manager, transport, log)
    }

    fn brings<M: WireMessage>(&self, link: u32, again: bool, message: &M) {
        self.arriving.borrow_mut().push_back((link, frame(message, |_| {}), again));
    }

    fn brings_to(&self, actor: ActorId, again: bool, tell: u32) {
        let frame = frame(&Tell(tell), |head| head.receiver = Receiver::Actor(actor));
        self.arriving.borrow_mut().push_back((0, frame, again));
    }
}

impl Transport for Redelivering {
    fn link(&self, _: LinkId) -> Option<Link> {
        Some(Link { form: Form::Bytes(encoding()), room_bytes: 1 << 20 })
    }
    fn links(&self) -> Vec<LinkId> {
        vec![link(0), link(1)]
    }
    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        let next = || self.arriving.borrow_mut().pop_front();
        while let Some((index, frame, again)) = next() {
            let taken = match again {
                true => inbox.frame_again(link(index), &encoding(), &frame),
                false => inbox.frame(link(index), &encoding(), &frame),
            };
            if taken == Err(Rejected::Full) {
                self.arriving.borrow_mut().push_front((index, frame, again));
                break;
            }
        }
        Ok(())
    }
    fn transmit(&mut self, _: Instant, _: &mut Outbox) -> Result<(), BoxError> {
        Ok(())
    }
    fn inbox_bytes(&self) -> usize {
        self.inbox_bytes
    }
    fn done(&mut self, _: LinkId, messages: u64) {
        *self.done.borrow_mut() += messages;
    }
}

fn mark(cx: &Context) -> &'static str {
    if cx.redelivered() { "!" } else { "" }
}

struct Noting(Log);

impl Actor for Noting {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, cx: &Context| {
            me.0.note(format!("{}{}", tell.0, mark(cx)));
        })
        .ask(|me: &mut Self, _: &Ask, cx: &Context| {
            me.0.note(format!("ask{}", mark(cx)));
            1
        })
        .update(|me: &mut Self, cx: &Context| {
            if cx.redelivered() {
                me.0.note("an update is no message");
            }
        });
    }
}

#[test]
fn a_message_that_comes_again_says_so_and_its_neighbours_do_not() {
    let (manager, transport, log) = Redelivering::attached();
    manager.register(Noting(log.clone()));
    manager.queue(Tell(0));
    for (link, again, tell) in [
        (0, false, 1),
        (0, true, 2),
        (0, true, 3),
        (0, false, 4),
        (1, true, 5),
        (0, true, 6),
        (1, false, 7),
    ] {
        transport.brings(link, again, &Tell(tell));
    }
    let report = manager.tick().unwrap();
    manager.queue(Tell(8));
    manager.tick().unwrap();
    assert_eq!(log.take(), "0 1 2! 3! 4 5! 6! 7 8");
    assert_eq!((report.received, *transport.done.borrow()), (7, 7));
}

#[test]
fn messages_for_single_actors_say_so_as_well() {
    let (manager, transport, log) = Redelivering::attached();
    let ids = [0, 1].map(|_| manager.register(Noting(log.clone())));
    for tell in 0..8 {
        transport.brings_to(ids[tell as usize % 2], tell / 2 % 2 == 1, tell);
    }
    manager.tick().unwrap();
    assert_eq!(log.take(), "0 1 2! 3! 4 5 6! 7!");
}

#[test]
fn what_a_budget_leaves_over_still_says_so() {
    let (manager, transport, log) = Redelivering::attached();
    manager.register(Noting(log.clone()));
    for tell in 0..6 {
        transport.brings(0, tell % 4 > 1, &Tell(tell));
    }
    for tell in 10..13 {
        manager.tick_for(Budget::ONE_MESSAGE).unwrap();
        manager.queue(Tell(tell));
        transport.brings(0, true, &Tell(tell + 10));
    }
    while !manager.tick_for(Budget::ONE_MESSAGE).unwrap().drained {}
    assert_eq!(log.take(), "0 1 2! 3! 4 5 10 20! 11 21! 12 22!");
}

#[test]
fn what_a_full_inbox_left_says_so_when_it_is_taken() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let transport = Redelivering { inbox_bytes: 1, ..Redelivering::default() };
    manager.attach(transport.clone()).unwrap();
    manager.register(Noting(log.clone()));
    for (again, tell) in [(true, 1), (true, 2), (false, 3), (true, 4)] {
        transport.brings(0, again, &Tell(tell));
    }
    for seen in ["1!", "2!", "3", "4!"] {
        manager.tick().unwrap();
        assert_eq!(log.take(), seen);
    }
}

#[test]
fn what_follows_from_a_message_that_comes_again_is_new() {
    let (manager, transport, log) = Redelivering::attached();
    let noting = manager.register(Noting(log.clone()));
    manager.register(on(move |begin: &Begin, cx| {
        cx.trigger(Tell(begin.0));
        cx.queue(Tell(begin.0 + 1));
        cx.trigger_to(noting, Tell(begin.0 + 2));
        assert!(cx.redelivered(), "it is still the one that is handled");
    }));
    transport.brings(0, true, &Begin(10));
    transport.brings(0, true, &Tell(1));
    manager.tick().unwrap();
    manager.tick().unwrap();
    assert_eq!(log.take(), "10 12 1! 11");
    assert_eq!(manager.counters().panics, 0);
}

#[test]
fn requests_say_so_and_handlers_of_every_message_see_it() {
    struct Spy(Log);
    impl Actor for Spy {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.every_message(|me: &mut Self, message: &dyn AnyMessage, cx: &Context| {
                me.0.note(format!("{}{}", message.name(), mark(cx)));
            });
        }
    }
    let (manager, transport, log) = Redelivering::attached();
    let noting = manager.register(Noting(log.clone()));
    manager.register(Spy(log.clone()));
    let request = frame(&Ask, |head| head.purpose = Purpose::Request(7));
    for again in [true, false] {
        transport.arriving.borrow_mut().push_back((0, request.clone(), again));
    }
    manager.tick().unwrap();
    assert_eq!(log.take(), "Ask! ask! Ask ask");
    assert_eq!(manager.ask(noting, Ask).take(), Some(Ok(1)));
    assert_eq!(log.take(), "Ask ask");
}

#[test]
fn a_task_knows_all_along_how_it_began() {
    struct Tasked(Log);
    impl Actor for Tasked {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.task(|me: Me<Self>, begin: Begin| async move {
                let first = me.redelivered();
                me.next_tick().await;
                let copy = me.clone();
                me.with(|actor, cx| {
                    let seen = (first, copy.redelivered(), cx.redelivered());
                    actor.0.note(format!("{}:{seen:?}", begin.0));
                });
            });
        }
    }
    let (manager, transport, log) = Redelivering::attached();
    manager.register(Tasked(log.clone()));
    transport.brings(0, true, &Begin(1));
    transport.brings(0, false, &Begin(2));
    manager.tick().unwrap();
    manager.queue(Begin(3));
    manager.tick().unwrap();
    manager.tick().unwrap();
    let expected = "1:(true, true, false) 2:(false, false, false) 3:(false, false, false)";
    assert_eq!(log.take(), expected);
}

#[test]
fn bytes_that_are_no_message_leave_those_behind_as_they_are() {
    let (manager, transport, log) = Redelivering::attached();
    manager.register(Noting(log.clone()));
    transport.arriving.borrow_mut().push_back((0, vec![0xff; 9], true));
    transport.brings(0, false, &Tell(1));
    transport.arriving.borrow_mut().push_back((0, vec![0xff; 9], false));
    transport.brings(0, true, &Tell(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1 2!");
    let counters = manager.counters();
    let unread = [DropReason::Malformed, DropReason::UnknownPacketType];
    assert_eq!(unread.map(|reason| counters.dropped(reason)).iter().sum::<u64>(), 2);
    assert_eq!(*transport.done.borrow(), 4);
}
