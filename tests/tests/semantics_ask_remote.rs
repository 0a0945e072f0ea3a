//! Requests that go over links: who may answer them, and what becomes of those that nobody does.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use local::{Log, on};
use pysage_core::transport::Key;
use pysage_core::wire::{FrameHead, Purpose, Receiver};
use pysage_core::{
    Actor, ActorManager, Answer, AskError, Budget, Context, DropReason, ManagerConfig, Message,
    Subscriptions,
};
use scripted::{Script, Scripted, encoding, end, frame, some_actor};

#[derive(Message)]
#[message(packet_type = 101, reply = u32)]
struct Count {
    #[message(range = 0..=9)]
    from: u32,
}
/// Has another reply than [`Count`].
#[derive(Message)]
#[message(packet_type = 102, reply = String)]
struct Name;
/// Is no request.
#[derive(Message)]
#[message(packet_type = 103)]
struct Tell(u32);

fn manager() -> (ActorManager, Script, Key<Scripted>) {
    let (manager, script) = (ActorManager::new(), Script::new());
    let key = script.attach(&manager);
    for registered in [manager.register_message::<Count>(), manager.register_message::<Name>()] {
        registered.unwrap();
    }
    manager.register_message::<Tell>().unwrap();
    (manager, script, key)
}

/// Asks over link 0; gives the answer and the number it is asked under.
fn ask(manager: &ActorManager, script: &Script, key: Key<Scripted>) -> (Answer<u32>, u64) {
    let answer = manager.ask(end(key, 0), Count { from: 1 });
    manager.flush().unwrap();
    let sent = script.edit(|lines| lines.sent.pop()).unwrap();
    let (head, _) = FrameHead::read(encoding().codec, &sent.1).unwrap();
    let Purpose::Request(number) = head.purpose else { panic!("{head:?}") };
    (answer, number)
}

/// The frame of an answer, or of a refusal, with any bytes for its fields.
fn reply<M: Message>(purpose: Purpose, fields: &[u8]) -> Vec<u8> {
    let packet_type = M::PACKET_TYPE.unwrap();
    let head = FrameHead { packet_type, receiver: Receiver::Subscribers, sender: None, purpose };
    let mut frame = Vec::new();
    head.write(encoding().codec, &mut frame);
    frame.extend_from_slice(fields);
    frame
}

#[test]
fn an_answer_of_another_link_is_not_taken() {
    let (manager, script, key) = manager();
    let (mut answer, number) = ask(&manager, &script, key);
    let answered = reply::<Count>(Purpose::Answer(number), &[7]);
    for link in [1, 2] {
        script.arrives_raw(link, &answered);
        script.arrives_raw(link, &reply::<Count>(Purpose::Refusal(number), &[1]));
    }
    let other = Script::new();
    other.attach(&manager);
    other.arrives_raw(0, &answered);
    manager.tick().unwrap();
    assert!(!answer.is_ready());
    assert_eq!(manager.counters().dropped(DropReason::NotAsked), 5);
    script.arrives_raw(0, &answered);
    manager.tick().unwrap();
    assert_eq!(answer.take(), Some(Ok(7)));
    script.arrives_raw(0, &answered);
    manager.tick().unwrap();
    assert_eq!(manager.counters().dropped(DropReason::NotAsked), 6, "it was answered");
}

#[test]
fn an_answer_to_what_was_asked_here_is_not_taken() {
    struct Slow;
    impl Actor for Slow {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.ask(|_: &mut Self, count: &Count, _: &Context| count.from + 1).message(
                |_: &mut Self, _: &Tell, cx: &Context| {
                    // It is busy, so that its answer is still to come.
                    let _given_up = cx.ask(cx.actor(), Count { from: 1 });
                },
            );
        }
    }
    let (manager, script, _) = manager();
    manager.register(Slow);
    manager.queue(Tell(0));
    for number in 0..64 {
        script.arrives_raw(0, &reply::<Count>(Purpose::Answer(number), &[7]));
        script.arrives_raw(0, &reply::<Count>(Purpose::Refusal(number), &[1]));
    }
    let report = manager.tick().unwrap();
    assert_eq!(report.panics, 0);
    assert_eq!(manager.counters().dropped(DropReason::NotAsked), 128);
}

#[test]
fn an_answer_of_another_type_is_malformed_and_the_right_one_still_comes() {
    let (manager, script, key) = manager();
    let (mut answer, number) = ask(&manager, &script, key);
    let wrong = [
        reply::<Name>(Purpose::Answer(number), &[1, b'x']),
        reply::<Tell>(Purpose::Answer(number), &[7]),
        reply::<Count>(Purpose::Answer(number), &[]),
        reply::<Count>(Purpose::Answer(number), &[7, 7]),
    ];
    for frame in &wrong {
        script.arrives_raw(0, frame);
    }
    manager.tick().unwrap();
    assert!(!answer.is_ready());
    assert_eq!(manager.counters().dropped(DropReason::Malformed), wrong.len() as u64);
    script.arrives_raw(0, &reply::<Count>(Purpose::Answer(number), &[7]));
    manager.tick().unwrap();
    assert_eq!(answer.take(), Some(Ok(7)));
}

#[test]
fn a_refusal_says_why_whatever_its_bytes() {
    let known = [
        (1, AskError::NoSuchActor),
        (2, AskError::NotAnswered),
        (3, AskError::Failed),
        (4, AskError::Invalid),
        (5, AskError::Full),
        (6, AskError::AnswerNotSent),
        (7, AskError::NotAllowed),
    ];
    for byte in 0..=255 {
        let (manager, script, key) = manager();
        let (mut answer, number) = ask(&manager, &script, key);
        script.arrives_raw(0, &reply::<Count>(Purpose::Refusal(number), &[byte]));
        manager.tick().unwrap();
        let error = known.iter().find(|(known, _)| *known == byte);
        let error = error.map_or(AskError::Dropped, |(_, error)| *error);
        assert_eq!(answer.take(), Some(Err(error)), "{byte}");
    }
    let (manager, script, key) = manager();
    let (mut answer, number) = ask(&manager, &script, key);
    script.arrives_raw(0, &reply::<Count>(Purpose::Refusal(number), &[]));
    manager.tick().unwrap();
    assert_eq!(answer.take(), Some(Err(AskError::Dropped)));
}

/// What was sent over link 0: the reasons of refusals, by the number of their requests.
fn refusals(script: &Script) -> Vec<(u64, u8)> {
    let sent = script.edit(|lines| std::mem::take(&mut lines.sent));
    let refusal = |(_, frame): &(u32, Vec<u8>)| {
        let (head, fields) = FrameHead::read(encoding().codec, frame).unwrap();
        let Purpose::Refusal(number) = head.purpose else { panic!("{head:?}") };
        (number, fields[0])
    };
    sent.iter().map(refusal).collect()
}

#[test]
fn every_request_that_reaches_nobody_is_refused_with_its_reason() {
    let (manager, script, _) = manager();
    let deaf = manager.register(on(|_: &Tell, _| {}));
    let asks = |number, receiver, from| {
        script.arrives_raw(0, &{
            let mut frame = frame(&Tell(from), |head| {
                head.packet_type = Count::PACKET_TYPE.unwrap();
                head.receiver = receiver;
                head.purpose = Purpose::Request(number);
            });
            frame.shrink_to_fit();
            frame
        });
    };
    asks(11, Receiver::Subscribers, 1);
    asks(12, Receiver::Actor(deaf), 1);
    asks(13, Receiver::Actor(some_actor()), 1);
    asks(14, Receiver::Named("nobody"), 1);
    asks(15, Receiver::Subscribers, 10);
    manager.tick().unwrap();
    let mut refusals = refusals(&script);
    refusals.sort_unstable();
    assert_eq!(refusals, [(11, 2), (12, 2), (13, 1), (14, 1), (15, 4)]);
    assert_eq!(script.edit(|lines| lines.done), [5, 0, 0]);
    assert_eq!(manager.counters().dropped(DropReason::AnswerNotSent), 0);
}

#[test]
fn a_request_that_a_reset_drops_is_refused() {
    let (manager, script, _) = manager();
    let request = |head: &mut FrameHead<'_>| head.purpose = Purpose::Request(21);
    script.arrives(0, &Tell(0));
    script.arrives_with(0, &Count { from: 1 }, request);
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    manager.reset();
    manager.tick().unwrap();
    assert_eq!(refusals(&script), [(21, 0)]);
}

#[test]
fn requests_over_one_of_several_links_fail_with_it() {
    let (manager, script, key) = manager();
    let mut answers = [0, 1, 2].map(|link| manager.ask(end(key, link), Count { from: 1 }));
    manager.tick().unwrap();
    script.edit(|lines| lines.gone.push(1));
    manager.tick().unwrap();
    let taken = answers.each_mut().map(Answer::take);
    assert_eq!(taken, [None, Some(Err(AskError::Unreachable)), None]);
    assert!(manager.detach(key).is_some());
    let taken = answers.each_mut().map(Answer::take);
    assert_eq!(taken, [Some(Err(AskError::Unreachable)), None, Some(Err(AskError::Unreachable))]);
}

#[test]
fn many_requests_that_are_answered_leave_nothing_behind_for_a_link_that_goes() {
    let (manager, script, key) = manager();
    for _ in 0..1_000 {
        let (mut answer, number) = ask(&manager, &script, key);
        script.arrives_raw(0, &reply::<Count>(Purpose::Answer(number), &[7]));
        manager.tick().unwrap();
        assert_eq!(answer.take(), Some(Ok(7)));
    }
    let (mut last, _) = ask(&manager, &script, key);
    script.edit(|lines| lines.gone.push(0));
    manager.tick().unwrap();
    assert_eq!(last.take(), Some(Err(AskError::Unreachable)));
}

#[test]
fn an_answer_that_has_no_wire_form_within_the_limit_is_counted_and_refused() {
    struct Talker;
    impl Actor for Talker {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.ask(|_: &mut Self, _: &Name, _: &Context| "x".repeat(1 << 20));
        }
    }
    let (manager, script, _) = manager();
    manager.register(Talker);
    script.arrives_with(0, &Name, |head| head.purpose = Purpose::Request(31));
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.panics), (1, 0));
    assert_eq!(manager.counters().dropped(DropReason::AnswerNotSent), 1);
    let refusal = (0, reply::<Name>(Purpose::Refusal(31), &[6]));
    assert_eq!(script.edit(|lines| lines.sent.clone()), [refusal]);
}

#[test]
fn an_answer_to_another_request_with_the_same_kind_of_reply_is_malformed() {
    #[derive(Message)]
    #[message(packet_type = 104, reply = u32)]
    struct CountAlike;

    let (manager, script, key) = manager();
    manager.register_message::<CountAlike>().unwrap();
    let (mut answer, number) = ask(&manager, &script, key);
    script.arrives_raw(0, &reply::<CountAlike>(Purpose::Answer(number), &[7]));
    manager.tick().unwrap();
    assert!(!answer.is_ready());
    assert_eq!(manager.counters().dropped(DropReason::Malformed), 1);
    script.arrives_raw(0, &reply::<Count>(Purpose::Answer(number), &[8]));
    manager.tick().unwrap();
    assert_eq!(answer.take(), Some(Ok(8)));
}

#[test]
fn no_more_answers_than_the_capacity_are_waited_for() {
    let manager = ActorManager::with_config(ManagerConfig::default().ask_capacity(2));
    let (script, log) = (Script::new(), Log::default());
    let key = script.attach(&manager);
    let seen = log.clone();
    manager.on_dead_letter(move |letter| seen.note(letter.reason));
    let mut answers = [0, 1, 2].map(|link| manager.ask(end(key, link), Count { from: 1 }));
    let taken = answers.each_mut().map(Answer::take);
    assert_eq!(taken, [None, None, Some(Err(AskError::Full))]);
    assert_eq!(log.take(), "the queue is full", "one more is a dead letter");
    drop(answers);
    assert!(!manager.ask(end(key, 0), Count { from: 1 }).is_ready(), "they were given up");
}
