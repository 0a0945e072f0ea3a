//! Sending: what leaves arrives, once, in order, at the right actor, and can be replied to.

use std::cell::Cell;
use std::rc::Rc;

use pysage_core::{Budget, Context, DropReason, Message};

use super::*;

/// What is sent arrives once and in the order in which it was sent, over all types.
pub(crate) fn arrives_once_and_in_order(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.there);
    for number in 0..40 {
        pair.here.send(pair.to_there, Tell(number)).unwrap();
        pair.here.send(pair.to_there, Text("x".repeat(number as usize))).unwrap();
        pair.here.send(pair.to_there, Empty).unwrap();
        pair.here.send(pair.to_there, Tell(number)).unwrap();
    }
    pair.settle();
    let expected = |number| format!("tell{number} text{number} empty tell{number}");
    assert_eq!(log.take(), (0..40).map(expected).collect::<Vec<_>>().join(" "));
    pair.settle();
    assert_eq!(log.take(), "", "nothing comes twice");
    assert_eq!(pair.here.counters().dropped_in_all(), 0);
    assert_eq!(pair.there.counters().dropped_in_all(), 0);
}

/// A message arrives whole whatever its size: empty, or as large as the limit of the link allows.
pub(crate) fn sizes_up_to_the_limit_arrive(make: Make) {
    let mut pair = make(Options::new().room_bytes(128 << 10));
    let log = witness(&pair.there);
    let codec = pair.codec.unwrap_or_default();
    let limits = pysage_core::wire::WireLimits::default();
    let mut beside = Vec::new();
    let bytes = vec![0; 4_000];
    codec.encode(&Blob { number: 300, bytes }, &limits, &mut beside).unwrap();
    let most = Options::MESSAGE_BYTES - (beside.len() - 4_000);
    let sizes = [0, 1, 250, 251, 255, 256, 1_199, 1_200, 1_201, 4_096, most - 1, most];
    for (number, size) in (300..).zip(sizes) {
        let bytes = vec![number as u8; size];
        pair.here.send(pair.to_there, Blob { number, bytes }).unwrap();
    }
    pair.settle();
    let noted = (300..).zip(sizes).map(|(number, size)| format!("blob{number}:{size}"));
    assert_eq!(log.take(), noted.collect::<Vec<_>>().join(" "));
}

/// A message for a name reaches the actor that has it, and no other.
pub(crate) fn an_actor_is_reached_by_its_name(make: Make) {
    let mut pair = make(Options::new());
    let (log, other) = (Log::default(), witness(&pair.there));
    let long = "n".repeat(255);
    for name in ["player", "", &long] {
        pair.there.register_named(name, Speaker { log: log.clone() }).unwrap();
        pair.here.send_to_named(pair.to_there, name, Tell(name.len() as u32)).unwrap();
    }
    pair.settle();
    assert_eq!((&*log.take(), &*other.take()), ("speaker6 speaker0 speaker255", ""));
}

/// A message for one actor there reaches it, and no other.
pub(crate) fn an_actor_is_reached_by_its_id(make: Make) {
    let mut pair = make(Options::new());
    let log = Log::default();
    let other = witness(&pair.there);
    let actor = pair.there.register(Speaker { log: log.clone() });
    let there = introduce(&mut pair, actor, false);
    assert_eq!(there.whole(), pair.to_there);
    other.take();
    pair.here.send(there, Tell(1)).unwrap();
    pair.here.send(there.whole(), Tell(2)).unwrap();
    pair.settle();
    assert_eq!((&*log.take(), &*other.take()), ("speaker1 speaker2", "tell2"));
}

/// A handler replies to the sender of its message: the actor that sent it, and no other.
pub(crate) fn a_reply_reaches_the_actor_that_sent(make: Make) {
    let mut pair = make(Options::new());
    let (log, other) = (Log::default(), witness(&pair.here));
    let actor = pair.here.register(Speaker { log: log.clone() });
    pair.there.register(on(|_: &Text, cx| {
        cx.send(cx.sender().unwrap(), Tell(7)).unwrap();
    }));
    let to = pair.to_there;
    pair.here
        .subscribe(actor, move |_: &mut Speaker, _: &Empty, cx: &Context| {
            cx.send(to, Text("hello".to_owned())).unwrap();
        })
        .unwrap();
    pair.here.queue_to(actor, Empty);
    pair.settle();
    assert_eq!((&*log.take(), &*other.take()), ("speaker7", ""));
}

/// A message that a program sends is from its manager, and a reply reaches all who subscribe there.
pub(crate) fn a_manager_that_sends_is_no_actor(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.here);
    let to_here = pair.to_here;
    pair.there.register(on(move |_: &Text, cx| {
        assert_eq!(cx.sender(), Some(to_here));
        cx.send(cx.sender().unwrap(), Tell(7)).unwrap();
    }));
    pair.here.send(pair.to_there, Text(String::new())).unwrap();
    pair.settle();
    assert_eq!(log.take(), "tell7");
}

/// What handlers send leaves in the order in which they sent it, in the tick in which they did.
pub(crate) fn sends_inside_handlers_leave_in_order(make: Make) {
    #[derive(Message)]
    struct Go(u32);
    let mut pair = make(Options::new());
    let log = witness(&pair.there);
    let to = pair.to_there;
    for offset in [0, 1] {
        pair.here.register(on(move |go: &Go, cx| {
            cx.send(to, Tell(go.0 * 10 + offset)).unwrap();
            cx.send(to, Empty).unwrap();
        }));
    }
    pair.here.queue_all([Go(1), Go(2)]);
    pair.settle();
    let expected = "tell10 empty tell11 empty tell20 empty tell21 empty";
    assert_eq!(log.take(), expected);
}

/// Ticks with room for one message each keep the order, and know the sender of every message.
pub(crate) fn budgeted_ticks_keep_order_and_sender(make: Make) {
    let mut pair = make(Options::new());
    let log = Log::default();
    pair.there.register(noting_senders(&log));
    for round in 0..5 {
        pair.there.queue(Tell(round * 10));
        pair.here.send(pair.to_there, Tell(round * 10 + 1)).unwrap();
        pair.here.send(pair.to_there, Tell(round * 10 + 2)).unwrap();
        pair.here.tick().unwrap();
        (pair.carry)();
        pair.there.tick_for(Budget::ONE_MESSAGE).unwrap();
    }
    let mut noted = log.take();
    while !pair.there.tick_for(Budget::ONE_MESSAGE).unwrap().drained {
        noted = format!("{noted} {}", log.take());
        (pair.carry)();
    }
    noted = format!("{noted} {}", log.take());
    let all = noted.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(all.len(), 15, "{noted}");
    for (number, kind) in all.iter().map(|word| word.split_at(word.len() - 1)) {
        let own = number.parse::<u32>().unwrap() % 10 == 0;
        assert_eq!(kind, if own { "l" } else { "r" }, "{noted}");
    }
    let sent = all.iter().filter(|word| word.ends_with('r')).cloned().collect::<Vec<_>>();
    let expected = (0..5).flat_map(|round| [format!("{round}1r"), format!("{round}2r")]);
    let expected = expected.map(|word| word.trim_start_matches('0').to_owned());
    assert_eq!(sent, expected.collect::<Vec<_>>());
}

/// A broadcast goes over each link that there is, once.
pub(crate) fn a_broadcast_goes_over_each_link(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.there);
    let broadcast = pair.here.broadcast(Tell(1));
    assert_eq!((broadcast.sent, broadcast.refused), (1, 0));
    pair.settle();
    assert_eq!(log.take(), "tell1");
    (pair.part)();
    pair.settle();
    let broadcast = pair.here.broadcast(Tell(2));
    assert_eq!((broadcast.sent, broadcast.refused), (0, 0));
}

/// A flush transmits what was sent although its manager does not tick.
pub(crate) fn a_flush_transmits_without_a_tick(make: Make) {
    let mut pair = make(Options::new());
    let (log, ticks) = (witness(&pair.there), pair.here.counters().ticks);
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    for _ in 0..8 {
        pair.here.flush().unwrap();
        (pair.carry)();
        pair.there.tick().unwrap();
    }
    assert_eq!(log.take(), "tell1");
    assert_eq!(pair.here.counters().ticks, ticks);
}

/// A message to which nobody subscribes is a dead letter where it arrives.
pub(crate) fn nobody_subscribes(make: Make) {
    let mut pair = make(Options::new());
    pair.there.register_message::<Unheard>().unwrap();
    let log = witness(&pair.there);
    pair.here.send(pair.to_there, Unheard).unwrap();
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    pair.settle();
    assert_eq!(log.take(), "[Unheard:NoSubscriber] tell1");
}

/// A message for a name that nobody has is a dead letter where it arrives.
pub(crate) fn nobody_has_the_name(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.there);
    pair.here.send_to_named(pair.to_there, "nobody", Tell(1)).unwrap();
    pair.here.send(pair.to_there, Tell(2)).unwrap();
    pair.settle();
    assert_eq!(log.take(), "[Tell:NoSuchActor] tell2");
}

/// A message for an actor that is gone is a dead letter where it arrives.
pub(crate) fn nobody_has_the_id(make: Make) {
    let mut pair = make(Options::new());
    let actor = pair.there.register(Speaker { log: Log::default() });
    let there = introduce(&mut pair, actor, false);
    let log = witness(&pair.there);
    pair.there.unregister(actor);
    pair.here.send(there, Tell(1)).unwrap();
    pair.here.send(there, Blob { number: 1, bytes: Vec::new() }).unwrap();
    pair.here.send(pair.to_there, Tell(2)).unwrap();
    pair.settle();
    assert_eq!(log.take(), "[Tell:NoSuchActor] [Blob:NoSuchActor] tell2");
    assert_eq!(dropped(&pair.there, DropReason::NoSuchActor), 2);
}

/// Messages of a manager's own have no sender, before and behind those that came over the link.
pub(crate) fn own_messages_have_no_sender(make: Make) {
    let mut pair = make(Options::new());
    let (log, asked) = (Log::default(), Rc::new(Cell::new(0)));
    pair.there.register(noting_senders(&log));
    pair.there.queue(Tell(1));
    pair.here.send(pair.to_there, Tell(2)).unwrap();
    pair.here.tick().unwrap();
    (pair.carry)();
    let seen = asked.clone();
    pair.there.register(on(move |text: &Text, cx| {
        seen.set(seen.get() + text.0.len());
        assert_eq!(cx.sender(), None);
    }));
    pair.there.queue(Text("own".to_owned()));
    pair.settle();
    pair.there.queue(Tell(3));
    pair.settle();
    assert_eq!((&*log.take(), asked.get()), ("1l 2r 3l", 3));
}
