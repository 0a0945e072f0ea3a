//! Sending over links, and the transports that a manager has.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use local::{Log, on};
use pysage_core::transport::{Encoding, Form, Key, Memory, memory};
use pysage_core::{
    ActorManager, Delivery, DropReason, ManagerConfig, ManualClock, Message, RegisterMessageError,
    SendError, TickError, TransportFailure,
};
use scripted::{Script, Scripted, end};

#[derive(Message, Clone)]
#[message(packet_type = 101)]
struct Tell(u32);
#[derive(Message, Clone)]
#[message(packet_type = 102)]
struct Text(String);
/// It has the packet type of [`Tell`].
#[derive(Message, Clone)]
#[message(packet_type = 101)]
struct Double;

fn manager() -> (ActorManager, Script, Key<Scripted>) {
    let (manager, script) = (ActorManager::new(), Script::new());
    let key = script.attach(&manager);
    (manager, script, key)
}

#[test]
fn a_message_for_an_actor_here_is_queued() {
    let config = ManagerConfig::default().queue_capacity(1);
    let (manager, log) = (ActorManager::with_config(config), Log::default());
    let seen = log.clone();
    let actor = manager.register(on(move |tell: &Tell, cx| {
        seen.note(format!("{}:{:?}", tell.0, cx.sender()));
    }));
    assert_eq!(manager.send(actor, Tell(1)), Ok(()));
    let refused = manager.send(actor, Tell(2));
    assert_eq!(refused, Err(SendError::Refused(DropReason::QueueFull)));
    let named = manager.send_to_named(actor, "player", Tell(3));
    assert_eq!(named, Err(SendError::NoSuchLink), "an actor here has no other end");
    manager.tick().unwrap();
    assert_eq!(log.take(), "1:None");
}

#[test]
fn a_key_of_another_manager_or_a_link_that_is_none_is_refused() {
    let (manager, script, key) = manager();
    let other = ActorManager::new();
    assert_eq!(other.send(end(key, 0), Tell(1)), Err(SendError::NoSuchLink));
    assert_eq!(manager.send(end(key, 9), Tell(1)), Err(SendError::NoSuchLink));
    script.edit(|lines| lines.gone.push(2));
    assert_eq!(manager.send(end(key, 2), Tell(1)), Err(SendError::NoSuchLink));
    assert_eq!(other.with_transport(key, |_| ()), None);
    assert!(other.detach(key).is_none());
    assert_eq!(manager.counters().dropped_in_all(), 0);
}

#[test]
fn a_type_whose_number_is_taken_is_not_sent() {
    let (manager, _, key) = manager();
    manager.register_message::<Tell>().unwrap();
    let refused = manager.send(end(key, 0), Double);
    let Err(SendError::NotRegistered(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(error, RegisterMessageError::PacketTypeTaken { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains("`Tell`") && told.contains("`Double`"), "{told}");
}

#[test]
fn a_transport_is_asked_once_for_each_type_and_may_refuse_it() {
    let (manager, script) = (ActorManager::new(), Script::new());
    manager.register_message::<Tell>().unwrap();
    let key = script.attach(&manager);
    manager.send(end(key, 0), Tell(1)).unwrap();
    manager.send(end(key, 0), Tell(2)).unwrap();
    script.edit(|lines| lines.cannot_carry = Some("Text"));
    let refused = manager.send(end(key, 0), Text(String::new()));
    let Err(SendError::NotRegistered(error)) = refused else { panic!("{refused:?}") };
    assert!(error.to_string().contains("it is too heavy"), "{error}");
    assert!(manager.register_message::<Text>().is_err());
    assert_eq!(script.edit(|lines| lines.asked.clone()), ["Tell", "Text", "Text"]);
    let other = ActorManager::new();
    other.register_message::<Text>().unwrap();
    assert!(other.attach(script.transport()).is_err(), "a type was there before it");
}

#[test]
fn what_leaves_carries_its_sender_only_inside_a_handler() {
    let (manager, script, key) = manager();
    let to = end(key, 1);
    manager.register(on(move |_: &Tell, cx| {
        cx.send(to, Text("a".to_owned())).unwrap();
        cx.send_with(to, Text("b".to_owned()), Delivery::Unreliable).unwrap();
        cx.send_to_named(to, "n", Text("c".to_owned())).unwrap();
    }));
    manager.queue(Tell(0));
    manager.tick().unwrap();
    manager.send(to, Text("d".to_owned())).unwrap();
    manager.flush().unwrap();
    let sent = script.edit(|lines| std::mem::take(&mut lines.sent));
    let head = |frame: &[u8]| {
        let (head, _) =
            pysage_core::wire::FrameHead::read(scripted::encoding().codec, frame).unwrap();
        (head.sender.is_some(), format!("{:?}", head.receiver))
    };
    let heads = sent.iter().map(|(_, frame)| head(frame)).collect::<Vec<_>>();
    let expected = [
        (true, "Subscribers"),
        (true, "Subscribers"),
        (true, "Named(\"n\")"),
        (false, "Subscribers"),
    ];
    assert_eq!(heads, expected.map(|(sender, receiver)| (sender, receiver.to_owned())));
}

#[test]
fn a_broadcast_says_how_many_links_took_it() {
    let (manager, script, key) = manager();
    let other = Script::new();
    other.attach(&manager);
    script.edit(|lines| lines.gone.push(1));
    script.edit(|lines| lines.transmits = false);
    let mut room = 0;
    while manager.send(end(key, 0), Text("x".repeat(60_000))).is_ok() {
        room += 1;
    }
    assert!(room > 10);
    let broadcast = manager.broadcast(Text("x".repeat(60_000)));
    assert_eq!((broadcast.sent, broadcast.refused), (4, 1));
    let broadcast = manager.broadcast(Text("x".repeat(100_000)));
    assert_eq!((broadcast.sent, broadcast.refused), (0, 5));
}

#[test]
fn a_detached_transport_is_given_back_and_what_waited_is_a_dead_letter() {
    let (manager, script, key) = manager();
    let log = Log::default();
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        seen.note(format!("{}:{:?}", letter.message.name(), letter.reason));
    });
    manager.send(end(key, 0), Tell(1)).unwrap();
    manager.send(end(key, 1), Text(String::new())).unwrap();
    assert!(manager.detach(key).is_some());
    assert_eq!(log.take(), "Tell:LinkGone Text:LinkGone");
    assert!(manager.detach(key).is_none());
    assert_eq!(manager.with_transport(key, |_| ()), None);
    script.arrives(0, &Tell(2));
    manager.tick().unwrap();
    assert_eq!(script.edit(|lines| lines.arriving.len()), 1, "it is not asked any more");
    let again = script.attach(&manager);
    assert_eq!(manager.send(end(key, 0), Tell(3)), Err(SendError::NoSuchLink));
    assert_eq!(manager.send(end(again, 0), Tell(3)), Ok(()));
}

#[test]
fn a_transport_at_work_is_busy_and_cannot_be_detached() {
    let (manager, _, key) = manager();
    let inner = manager.clone();
    let seen = manager.with_transport(key, |_| {
        assert_eq!(inner.send(end(key, 0), Tell(1)), Err(SendError::Busy));
        assert_eq!(inner.broadcast(Tell(1)).sent, 0);
        assert!(inner.detach(key).is_none());
        assert_eq!(inner.with_transport(key, |_| ()), None);
        assert!(inner.wake_at().is_none());
        inner.flush().is_ok()
    });
    assert_eq!(seen, Some(true));
    assert_eq!(manager.send(end(key, 0), Tell(1)), Ok(()));
}

#[test]
fn transports_come_and_go_while_messages_arrive() {
    let (manager, script, key) = manager();
    let (other, others) = (Script::new(), Rc::new(RefCell::new(Vec::new())));
    let second = other.attach(&manager);
    let (inner, kept, third) = (manager.clone(), others.clone(), Script::new());
    manager.on_dead_letter(move |_| {
        assert!(inner.detach(key).is_none(), "it is at work");
        kept.borrow_mut().extend(inner.detach(second));
        third.attach(&inner);
    });
    script.arrives_raw(0, &[0xff]);
    other.arrives_raw(0, &[0xff]);
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.panics), (1, 0));
    assert_eq!(others.borrow().len(), 1, "the transport was given back");
    assert!(manager.detach(key).is_some());
}

#[test]
fn a_transport_that_fails_is_told_once_the_tick_has_done_its_work() {
    let (manager, script, key) = manager();
    let (other, log) = (Script::new(), Log::default());
    other.attach(&manager);
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        seen.note(tell.0);
        cx.send(end(key, 0), Tell(9)).unwrap();
    }));
    script.edit(|lines| lines.receive_error = Some("the wire is hot"));
    script.arrives(0, &Tell(1));
    other.arrives(0, &Tell(2));
    let Err(TickError::Transport(failure)) = manager.tick() else { panic!("a silent failure") };
    let TransportFailure { first, others, report, .. } = *failure;
    assert_eq!((first.to_string().as_str(), others.len()), ("the wire is hot", 0));
    let report = report.unwrap();
    assert_eq!((report.received, report.handled, report.drained), (2, 2, true));
    assert_eq!(log.take(), "1 2");
    assert_eq!(script.edit(|lines| lines.sent.len()), 2, "it transmitted all the same");
    script.edit(|lines| lines.receive_error = None);
    assert!(manager.tick().is_ok());
}

#[test]
fn several_failures_of_a_tick_are_told_together() {
    let (manager, script, _) = manager();
    let other = Script::new();
    other.attach(&manager);
    script.edit(|lines| lines.receive_error = Some("a"));
    script.edit(|lines| lines.transmit_error = Some("c"));
    other.edit(|lines| lines.receive_error = Some("b"));
    let error = manager.tick().unwrap_err();
    assert_eq!(error.to_string(), "a (and 2 more)");
    assert!(error.source().is_some(), "the first failure is its source");
    let TickError::Transport(failure) = error else { panic!("{error}") };
    let others = failure.others.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(others, ["b", "c"]);
    let Err(TickError::Transport(failure)) = manager.flush() else { panic!("a silent failure") };
    assert_eq!((failure.to_string().as_str(), failure.report), ("c", None));
}

#[test]
fn the_earliest_wish_for_a_tick_is_told() {
    let clock = ManualClock::new();
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    assert_eq!(manager.wake_at(), None);
    let scripts = [(); 3].map(|()| Script::new());
    let keys = scripts.each_ref().map(|script| script.attach(&manager));
    assert_eq!(manager.wake_at(), None);
    let later = |seconds| clock.now() + Duration::from_secs(seconds);
    scripts[1].edit(|lines| lines.wake_at = Some(later(5)));
    scripts[2].edit(|lines| lines.wake_at = Some(later(3)));
    assert_eq!(manager.wake_at(), Some(later(3)));
    manager.detach(keys[2]);
    assert_eq!(manager.wake_at(), Some(later(5)));
}

#[test]
fn what_waits_for_a_link_that_is_gone_is_given_up_in_the_next_tick() {
    let (manager, script, key) = manager();
    script.edit(|lines| lines.transmits = false);
    manager.send(end(key, 1), Tell(1)).unwrap();
    manager.send(end(key, 2), Tell(2)).unwrap();
    manager.tick().unwrap();
    script.edit(|lines| lines.gone.push(1));
    manager.tick().unwrap();
    assert_eq!(manager.counters().dropped(DropReason::LinkGone), 1);
    script.edit(|lines| lines.transmits = true);
    manager.tick().unwrap();
    assert_eq!(script.edit(|lines| lines.sent.clone()).len(), 1);
    assert_eq!(manager.counters().dropped(DropReason::LinkGone), 1);
}

#[test]
fn a_dead_letter_handler_may_move_the_other_manager_of_a_memory_on() {
    let (here, there) = (ActorManager::new(), ActorManager::new());
    let (one, other) = memory(Form::Bytes(Encoding::default()), 1 << 10);
    let link = one.link_id();
    let one: Key<Memory> = here.attach(one).unwrap();
    there.attach(other).unwrap();
    let (log, sent) = (Log::default(), Rc::new(RefCell::new(0)));
    let seen = log.clone();
    there.register(on(move |tell: &Tell, _| seen.note(tell.0)));
    let (sending, count) = (here.clone(), sent.clone());
    there.on_dead_letter(move |_| {
        *count.borrow_mut() += 1;
        sending.send(one.destination(link), Tell(*count.borrow())).unwrap();
        sending.flush().unwrap();
    });
    for _ in 0..3 {
        here.send_to_named(one.destination(link), "nobody", Tell(0)).unwrap();
    }
    here.tick().unwrap();
    there.tick().unwrap();
    there.tick().unwrap();
    assert_eq!((log.take().as_str(), *sent.borrow()), ("1 2 3", 3));
}

#[test]
fn a_class_cannot_subscribe_to_what_a_transport_cannot_carry() {
    use pysage_core::{Actor, Context, Subscriptions};

    struct Teller;
    impl Actor for Teller {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.message(|_: &mut Self, _: &Tell, _: &Context| {});
        }
    }
    let (manager, script) = (ActorManager::new(), Script::new());
    script.edit(|lines| lines.cannot_carry = Some("Tell"));
    script.attach(&manager);
    let registering = std::panic::AssertUnwindSafe(|| manager.register(Teller));
    let panic = std::panic::catch_unwind(registering).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert_eq!(
        text,
        "message `Tell` cannot be carried by a transport of this manager: it is too heavy"
    );
}
