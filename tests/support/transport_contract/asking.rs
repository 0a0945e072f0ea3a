//! Asking: every request has one answer, or says why not.

use std::time::Duration;

use pysage_core::{AskError, DropReason, Me, Message};

use super::*;

/// Requests are answered, whoever asks.
pub(crate) fn requests_are_answered_both_ways(make: Make) {
    let mut pair = make(Options::new());
    pair.here.register(Counter);
    pair.there.register(Counter);
    let mut from_here = pair.here.ask(pair.to_there, Next(1));
    let mut from_there = pair.there.ask(pair.to_here, Next(10));
    assert!(!from_here.is_ready() && !from_there.is_ready());
    pair.settle();
    assert_eq!((from_here.take(), from_there.take()), (Some(Ok(2)), Some(Ok(11))));
    assert_eq!(pair.here.counters().dropped_in_all(), 0);
    assert_eq!(pair.there.counters().dropped_in_all(), 0);
}

/// A request for one actor is answered by that actor.
pub(crate) fn an_actor_answers_by_its_id(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Counter);
    let actor = pair.there.register(Speaker { log: Log::default() });
    let there = introduce(&mut pair, actor, false);
    let mut answer = pair.here.ask(there, Next(1));
    pair.settle();
    assert_eq!(answer.take(), Some(Ok(101)));
}

/// A request to which nobody subscribes is refused, and a dead letter where it arrived.
pub(crate) fn nobody_answers(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register_message::<Next>().unwrap();
    let log = witness(&pair.there);
    let mut answer = pair.here.ask(pair.to_there, Next(1));
    pair.settle();
    assert_eq!(answer.take(), Some(Err(AskError::NotAnswered)));
    assert_eq!(log.take(), "[Next:NoSubscriber]");
}

/// A request for an actor that is gone is refused.
pub(crate) fn who_is_asked_is_gone(make: Make) {
    let mut pair = make(Options::new());
    let actor = pair.there.register(Speaker { log: Log::default() });
    let there = introduce(&mut pair, actor, false);
    pair.there.unregister(actor);
    let mut answer = pair.here.ask(there, Next(1));
    pair.settle();
    assert_eq!(answer.take(), Some(Err(AskError::NoSuchActor)));
    assert_eq!(dropped(&pair.there, DropReason::NoSuchActor), 1);
}

/// A handler that panics refuses its request; others are answered all the same.
pub(crate) fn who_is_asked_panics(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Counter);
    let mut refused = pair.here.ask(pair.to_there, Next(-1));
    pair.settle();
    assert_eq!(refused.take(), Some(Err(AskError::Failed)));
    pair.there.register(Counter);
    let mut answered = pair.here.ask(pair.to_there, Next(5));
    pair.settle();
    assert_eq!(answered.take(), Some(Ok(6)));
}

/// An answer that does not come in time is given up, and dropped when it comes.
pub(crate) fn an_answer_comes_too_late(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Counter);
    let mut answer = pair.here.ask(pair.to_there, Next(1)).within(Duration::from_secs(1));
    let mut patient = pair.here.ask(pair.to_there, Next(2)).within(Duration::from_secs(60));
    pair.here.tick().unwrap();
    pair.clock.advance(Duration::from_secs(2));
    pair.here.tick().unwrap();
    assert_eq!(answer.take(), Some(Err(AskError::TimedOut)));
    assert!(!patient.is_ready());
    pair.settle();
    assert_eq!((answer.take(), patient.take()), (None, Some(Ok(3))));
    assert_eq!(dropped(&pair.here, DropReason::NotAsked), 1);
}

/// The answer to a request that nobody waits for any more is counted and dropped.
pub(crate) fn an_answer_given_up_is_dropped(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Counter);
    drop(pair.here.ask(pair.to_there, Next(1)));
    let mut other = pair.here.ask(pair.to_there, Next(2));
    pair.settle();
    assert_eq!(other.take(), Some(Ok(3)));
    assert_eq!(dropped(&pair.here, DropReason::NotAsked), 1);
}

/// A request that is out of its bounds is refused where it is asked.
pub(crate) fn an_invalid_request_is_not_sent(make: Make) {
    #[derive(Message)]
    #[message(packet_type = 106, reply = ())]
    struct Bounded {
        #[message(range = 0..=9)]
        number: i32,
    }
    let mut pair = make(Options::new());
    let mut answer = pair.here.ask(pair.to_there, Bounded { number: 10 });
    assert_eq!(answer.take(), Some(Err(AskError::Invalid)));
    pair.settle();
    assert_eq!(pair.there.counters().dropped_in_all(), 0, "nothing arrived");
}

/// Each of many requests finds its own answer.
pub(crate) fn many_requests_find_their_answers(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Counter);
    pair.here.register(Counter);
    let ask = |number| {
        let one = pair.here.ask(pair.to_there, Next(number));
        (number, one, pair.there.ask(pair.to_here, Next(number)))
    };
    let answers = (0..200).map(ask).collect::<Vec<_>>();
    pair.settle();
    for (number, mut one, mut other) in answers {
        assert_eq!((one.take(), other.take()), (Some(Ok(number + 1)), Some(Ok(number + 1))));
    }
}

/// A task awaits an answer that comes over the link.
pub(crate) fn a_task_awaits_its_answer(make: Make) {
    struct Asker {
        to: Destination,
        log: Log,
    }
    impl Actor for Asker {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.task(|me: Me<Self>, _: Empty| async move {
                let to = me.with(|asker, _| asker.to).unwrap();
                let one = me.ask(to, Next(1)).await;
                let other = me.ask(to, Next(one.unwrap())).await;
                me.with(|asker, _| asker.log.note(format!("{other:?}")));
            });
        }
    }
    let mut pair = make(Options::new());
    let log = Log::default();
    pair.there.register(Counter);
    pair.here.register(Asker { to: pair.to_there, log: log.clone() });
    pair.here.queue(Empty);
    pair.settle();
    assert_eq!(log.take(), "Ok(3)");
}

/// A reset of either manager leaves no request without an end.
pub(crate) fn a_reset_drops_the_answers(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Counter);
    let mut mine = pair.here.ask(pair.to_there, Next(1));
    pair.here.reset();
    assert_eq!(mine.take(), Some(Err(AskError::Dropped)));
    pair.settle();
    pair.there.register(Counter);
    let mut answer = pair.here.ask(pair.to_there, Next(2));
    pair.settle();
    assert_eq!(answer.take(), Some(Ok(3)), "numbers are not used again");
}
