//! What becomes of messages that arrive: when they are done, and what is told of those that are not
//! handled.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use std::cell::RefCell;
use std::rc::Rc;

use local::Log;
use pysage_core::transport::{Encoding, Key, Pipe, UndecodedMessage, pipe};
use pysage_core::wire::Receiver;
use pysage_core::{
    Actor, ActorManager, Budget, Context, DropReason, Message, SendError, Subscriptions,
};
use scripted::{Script, frame};

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);

struct Target {
    log: Log,
}

impl Actor for Target {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| me.log.note(tell.0));
    }
}

#[test]
fn messages_of_one_sender_are_done_as_they_are_handled_and_give_their_room_back() {
    let (manager, script) = (ActorManager::new(), Script::new());
    script.attach(&manager);
    manager.register(Target { log: Log::default() });
    let frame_bytes = frame(&Tell(1), |_| {}).len();
    script.edit(|lines| lines.inbox_bytes = 4 * frame_bytes);
    for number in 1..=6 {
        script.arrives(0, &Tell(number));
    }
    for done in 1..=6 {
        manager.tick_for(Budget::ONE_MESSAGE).unwrap();
        assert_eq!(script.edit(|lines| lines.done), [done, 0, 0]);
        let waiting = script.edit(|lines| lines.arriving.len() as u64);
        assert_eq!(waiting, 2_u64.saturating_sub(done - 1), "one more is taken for each");
    }
}

#[test]
fn a_malformed_message_for_a_name_that_nobody_has_tells_its_place_in_the_frame() {
    let (manager, script) = (ActorManager::new(), Script::new());
    script.attach(&manager);
    manager.register_message::<Tell>().unwrap();
    let places = Rc::<RefCell<Vec<Option<usize>>>>::default();
    let seen = places.clone();
    manager.on_dead_letter(move |letter| {
        let undecoded = letter.message.downcast_ref::<UndecodedMessage>().unwrap();
        seen.borrow_mut().push(undecoded.error.at);
    });
    let cut = |frame: Vec<u8>| frame[..frame.len() - 1].to_vec();
    let named = cut(frame(&Tell(1), |head| head.receiver = Receiver::Named("nobody")));
    let plain = cut(frame(&Tell(1), |_| {}));
    script.arrives_raw(0, &named);
    script.arrives_raw(0, &plain);
    manager.tick().unwrap();
    assert_eq!(*places.borrow(), [Some(named.len()), Some(plain.len())]);
}

#[test]
fn what_an_end_of_a_pipe_had_not_read_when_it_went_is_a_dead_letter_at_the_other() {
    let lost = |end_it: &dyn Fn(&ActorManager, Key<Pipe>)| {
        let (here, there) = (ActorManager::new(), ActorManager::new());
        here.register(Target { log: Log::default() });
        let (one, other) = pipe(Encoding::default(), 1 << 10);
        let key = here.attach(one).unwrap();
        let other = there.attach(other).unwrap();
        let to = there.with_transport(other, |it| other.destination(it.link_id())).unwrap();
        for number in 1..=3 {
            there.send(to, Tell(number)).unwrap();
        }
        there.tick().unwrap();
        end_it(&here, key);
        let letters = Log::default();
        let seen = letters.clone();
        there.on_dead_letter(move |letter| seen.note(letter.message.name()));
        there.tick().unwrap();
        assert_eq!(there.send(to, Tell(4)), Err(SendError::NoSuchLink));
        there.tick().unwrap();
        (letters.take(), there.counters().dropped(DropReason::LinkGone))
    };
    let drop_it = |here: &ActorManager, key| drop(here.detach(key).unwrap());
    assert_eq!(lost(&drop_it), ("Tell Tell Tell".to_owned(), 3));
    let read_it = |here: &ActorManager, key| {
        here.tick().unwrap();
        drop(here.detach(key).unwrap());
    };
    assert_eq!(lost(&read_it), (String::new(), 0));
}
