//! What a transport took and could not deliver, or of which it does not know whether it was.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use local::Log;
use pysage_core::transport::{
    Form, Inbox, Key, Link, LinkId, Outbox, Outgoing, Transport, UndecodedMessage,
};
use pysage_core::wire::Purpose;
use pysage_core::{ActorManager, AskError, BoxError, DropReason, Message};
use scripted::{encoding, frame, link};

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);
#[derive(Message)]
#[message(packet_type = 103, reply = u32)]
struct Ask;

/// What becomes of a frame.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Undelivered,
    Unknown,
}

type Ended = Vec<(Fate, Vec<u8>)>;

/// Keeps what it transmits, and does with it what the test says when it receives.
#[derive(Clone, Default)]
struct Losing {
    frames: Rc<RefCell<Vec<Vec<u8>>>>,
    fates: Rc<RefCell<Ended>>,
    lost: Rc<RefCell<u64>>,
}

impl Losing {
    fn attached() -> (ActorManager, Key<Losing>, Losing, Log) {
        let (manager, losing, log) = (ActorManager::new(), Losing::default(), Log::default());
        let key = manager.attach(losing.clone()).unwrap();
        manager.register_message::<Tell>().unwrap();
        let seen = log.clone();
        manager.on_dead_letter(move |letter| {
            let tell = letter.message.downcast_ref::<Tell>().map(|tell| tell.0);
            seen.note(format!("{}{:?}:{:?}", letter.message.name(), tell, letter.reason));
        });
        (manager, key, losing, log)
    }

    fn ends(&self, fate: Fate, frame: Vec<u8>) {
        self.fates.borrow_mut().push((fate, frame));
    }
}

impl Transport for Losing {
    fn link(&self, _: LinkId) -> Option<Link> {
        Some(Link { form: Form::Bytes(encoding()), room_bytes: 1 << 20 })
    }
    fn links(&self) -> Vec<LinkId> {
        vec![link(0)]
    }
    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        for (fate, frame) in self.fates.take() {
            match fate {
                Fate::Undelivered => inbox.undelivered(&encoding(), &frame),
                Fate::Unknown => inbox.fate_unknown(&encoding(), &frame),
            }
        }
        inbox.undelivered_count(self.lost.take());
        Ok(())
    }
    fn transmit(&mut self, _: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        while let Some(Outgoing::Frame { bytes, .. }) = outbox.take(link(0)) {
            self.frames.borrow_mut().push(bytes.to_vec());
        }
        Ok(())
    }
}

/// Dropped by an end of the link and by nobody knows what.
fn counted(manager: &ActorManager) -> (u64, u64) {
    let counters = manager.counters();
    (counters.dropped(DropReason::LinkGone), counters.dropped(DropReason::FateUnknown))
}

#[test]
fn a_frame_whose_fate_is_unknown_is_a_dead_letter_of_that_reason() {
    let (manager, key, losing, log) = Losing::attached();
    for number in 1..=2 {
        manager.send(key.destination(link(0)), Tell(number)).unwrap();
    }
    manager.tick().unwrap();
    let [one, two] = losing.frames.take().try_into().unwrap();
    losing.ends(Fate::Unknown, one);
    losing.ends(Fate::Undelivered, two);
    let report = manager.tick().unwrap();
    assert_eq!((report.dropped, report.received, counted(&manager)), (2, 0, (1, 1)));
    assert_eq!(log.take(), "TellSome(1):FateUnknown TellSome(2):LinkGone");
    let text = DropReason::FateUnknown.to_string();
    assert_eq!(text, "the link went before it was told whether the message was handled");
}

#[test]
fn who_waits_for_an_answer_to_such_a_frame_is_told_at_once() {
    for (fate, dropped) in [(Fate::Unknown, (0, 1)), (Fate::Undelivered, (1, 0))] {
        let (manager, key, losing, log) = Losing::attached();
        let mut answers = [0, 1].map(|_| manager.ask(key.destination(link(0)), Ask));
        manager.tick().unwrap();
        losing.ends(fate, losing.frames.borrow()[1].clone());
        manager.tick().unwrap();
        assert_eq!(answers[0].take(), None, "the other one waits still");
        assert_eq!(answers[1].take(), Some(Err(AskError::Unreachable)));
        assert_eq!(counted(&manager), dropped);
        assert!(log.take().starts_with("AskNone:"));
    }
}

#[test]
fn an_answer_whose_fate_is_unknown_is_counted_and_no_dead_letter() {
    let (manager, _, losing, log) = Losing::attached();
    let answer = |head: &mut pysage_core::wire::FrameHead<'_>| head.purpose = Purpose::Answer(5);
    losing.ends(Fate::Unknown, frame(&Tell(1), answer));
    losing.ends(Fate::Undelivered, frame(&Tell(1), answer));
    manager.tick().unwrap();
    assert_eq!((log.take().as_str(), counted(&manager)), ("", (1, 1)));
}

#[test]
fn bytes_that_are_no_message_keep_the_reason_as_well() {
    let (manager, _, losing, log) = Losing::attached();
    losing.ends(Fate::Unknown, vec![0xff; 9]);
    manager.tick().unwrap();
    assert_eq!(counted(&manager), (0, 1));
    assert_eq!(log.take(), format!("{}None:FateUnknown", UndecodedMessage::NAME));
}

#[test]
fn messages_that_are_gone_with_their_values_are_counted_only() {
    let (manager, _, losing, log) = Losing::attached();
    *losing.lost.borrow_mut() = 7;
    let report = manager.tick().unwrap();
    assert_eq!((report.dropped, counted(&manager), log.take().as_str()), (7, (7, 0), ""));
    assert_eq!(manager.tick().unwrap().dropped, 0);
}
