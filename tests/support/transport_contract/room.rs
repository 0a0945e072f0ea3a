//! Room: what does not fit is known where it is sent, and what was accepted arrives.

use pysage_core::wire::EncodeReason;
use pysage_core::{AskError, Budget, DropReason, Queued, SendError};

use super::*;

/// Sends until the link has no more room; returns how many it took.
fn fill(pair: &Pair, first: u32, size: usize) -> u32 {
    let blob = |number| Blob { number, bytes: vec![number as u8; size] };
    let mut number = first;
    loop {
        match pair.here.send(pair.to_there, blob(number)) {
            Ok(()) => number += 1,
            Err(SendError::Full { bytes, room_bytes }) => {
                assert!(bytes > room_bytes, "{bytes} bytes fit into {room_bytes}");
                return number - first;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(number < first + 1_000_000, "the link has no limit");
    }
}

/// That a link has no room is known at the call, not later: what was accepted arrives.
pub(crate) fn a_full_link_refuses_at_the_call(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.there);
    let taken = fill(&pair, 0, 1_000);
    assert!(taken > 0);
    assert!(matches!(
        pair.here.send(pair.to_there, Blob { number: 0, bytes: vec![0; 1_000] }),
        Err(SendError::Full { .. })
    ));
    pair.settle();
    assert_eq!(
        log.take(),
        (0..taken).map(|n| format!("blob{n}:1000")).collect::<Vec<_>>().join(" ")
    );
    assert_eq!(pair.here.counters().dropped_in_all(), 0, "the caller was told");
}

/// Once the other end has ticked there is room again; nothing is lost or comes twice.
pub(crate) fn room_comes_back_and_nothing_is_lost(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.there);
    let (mut next, mut noted) = (0, Vec::new());
    for round in 0..20 {
        let taken = fill(&pair, next, [0, 100, 7_000][round % 3]);
        assert!(taken > 0, "no room in round {round}");
        next += taken;
        pair.here.tick().unwrap();
        // What is on its way takes up room, too.
        next += fill(&pair, next, 500);
        pair.settle();
        noted.push(log.take());
    }
    let noted = noted.join(" ");
    let seen = noted.split_whitespace().map(|word| word.split_once(':').unwrap().0.to_owned());
    assert!(seen.eq((0..next).map(|number| format!("blob{number}"))), "{next} were sent");
}

/// No more bytes wait than the link says that it takes.
pub(crate) fn what_waits_is_within_the_bound(make: Make) {
    for size in [0, 1, 1_000, 7_000] {
        let options = Options::new();
        let bound = options.room_bytes;
        let pair = make(options);
        let mut taken = 0;
        for _ in 0..10 {
            taken += fill(&pair, taken, size);
            pair.here.tick().unwrap();
        }
        // A value counts for itself, without what it points to.
        let each = if pair.codec.is_some() { size.max(1) } else { size_of::<Blob>() };
        assert!(taken as usize * each <= bound, "{taken} messages of {size} bytes");
    }
}

/// A manager that cannot keep up takes no more than its inbox holds, and gets all in the end.
pub(crate) fn a_full_inbox_takes_no_more_and_loses_nothing(make: Make) {
    let inbox_bytes = make(Options::new()).inbox_bytes;
    let mut pair = make(Options::new().room_bytes(inbox_bytes * 3));
    let log = witness(&pair.there);
    // A value counts for its own size, without that of what it points to: some 100 bytes.
    let size = if pair.codec.is_some() { 8_000 } else { 0 };
    let each = if pair.codec.is_some() { size } else { size_of::<Blob>() };
    let taken = fill(&pair, 0, size);
    assert!(taken as usize * (each + 200) > inbox_bytes * 2);
    for _ in 0..8 {
        pair.here.tick().unwrap();
        (pair.carry)();
        pair.there.tick_for(Budget::ONE_MESSAGE).unwrap();
        let waiting = pair.there.queue_length() * each;
        assert!(waiting <= inbox_bytes, "{waiting} bytes wait");
    }
    let expected = (0..taken).map(|number| format!("blob{number}:{size}"));
    let expected = expected.collect::<Vec<_>>().join(" ");
    let mut noted = String::new();
    // A network takes so many round trips as its windows make of that.
    for _ in 0..100 {
        pair.settle();
        let more = log.take();
        if !(noted.is_empty() || more.is_empty()) {
            noted.push(' ');
        }
        noted.push_str(&more);
        if noted.len() >= expected.len() {
            break;
        }
    }
    assert!(noted == expected, "something was lost or out of order");
}

/// A manager whose queue is full takes no more, and gets all in the end.
pub(crate) fn a_full_queue_loses_nothing(make: Make) {
    let mut pair = make(Options::new().config(|config| config.queue_capacity(3)));
    let log = witness(&pair.there);
    for number in 0..50 {
        pair.here.send(pair.to_there, Tell(number)).unwrap();
    }
    pair.there.queue(Empty);
    while pair.here.counters().ticks < 200 {
        pair.here.tick().unwrap();
        (pair.carry)();
        let report = pair.there.tick_for(Budget::ONE_MESSAGE).unwrap();
        assert!(report.waiting <= 3, "{report:?}");
    }
    assert_eq!(log.take(), format!("empty {}", numbers("tell", 0..50)));
    assert_eq!(pair.there.counters().dropped_in_all(), 0);
}

/// A reset of the receiver gives the room back that its messages took up.
pub(crate) fn a_reset_gives_room_back(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Witness { log: Log::default() });
    for _ in 0..3 {
        let taken = fill(&pair, 0, 5_000);
        assert!(taken > 0);
        for _ in 0..4 {
            pair.here.tick().unwrap();
            (pair.carry)();
            pair.there.tick_for(Budget::ONE_MESSAGE).unwrap();
        }
        pair.there.reset();
        pair.settle();
    }
    let log = witness(&pair.there);
    assert!(fill(&pair, 0, 5_000) > 5);
    pair.settle();
    assert!(log.take().starts_with("blob0:5000 blob1:5000"));
}

/// A message over the limit of the link is refused where it is sent, and nothing else is lost.
pub(crate) fn a_message_over_the_limit_is_refused_at_the_call(make: Make) {
    let mut pair = make(Options::new());
    if pair.codec.is_none() {
        return;
    }
    let log = witness(&pair.there);
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    let refused = pair.here.send(pair.to_there, Text("x".repeat(Options::MESSAGE_BYTES)));
    let Err(SendError::Encode(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.message, "Text");
    assert!(matches!(error.reason, EncodeReason::TooLong { .. }), "{error}");
    pair.here.send(pair.to_there, Tell(2)).unwrap();
    pair.settle();
    assert_eq!(log.take(), "tell1 tell2");
}

/// A name that is too long is refused where it is sent.
pub(crate) fn a_name_over_the_limit_is_refused(make: Make) {
    let pair = make(Options::new());
    let refused = pair.here.send_to_named(pair.to_there, &"n".repeat(256), Tell(1));
    assert_eq!(refused, Err(SendError::NameTooLong { most_bytes: 255 }));
}

/// A request for which the link has no room is told at once.
pub(crate) fn a_request_without_room_says_so(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register(Witness { log: Log::default() });
    pair.there.register(Counter);
    fill(&pair, 0, 0);
    let mut refused = pair.here.ask(pair.to_there, Next(1));
    assert_eq!(refused.take(), Some(Err(AskError::Full)));
    pair.settle();
    let mut answer = pair.here.ask(pair.to_there, Next(1));
    pair.settle();
    assert_eq!(answer.take(), Some(Ok(2)));
}

/// An answer for which the link has no room is counted where it was given.
pub(crate) fn an_answer_without_room_is_counted(make: Make) {
    let mut pair = make(Options::new());
    pair.here.register(Counter);
    pair.there.register(Witness { log: Log::default() });
    let mut answer = pair.there.ask(pair.to_here, Next(1));
    pair.there.tick().unwrap();
    (pair.carry)();
    fill(&pair, 0, 0);
    pair.here.tick().unwrap();
    assert_eq!(dropped(&pair.here, DropReason::AnswerNotSent), 1);
    pair.settle();
    pair.clock.advance(std::time::Duration::from_secs(60));
    pair.settle();
    assert_eq!(answer.take(), Some(Err(AskError::TimedOut)));
    assert_eq!(pair.here.queue(Tell(1)), Queued::Accepted);
}
