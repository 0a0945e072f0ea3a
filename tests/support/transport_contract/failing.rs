//! Failing: what cannot arrive is counted, and told to whoever waits.

use pysage_core::wire::{FrameHead, Purpose, Receiver, WireLimits};
use pysage_core::{AskError, DropReason, Message, PacketType, SendError};

use super::*;

/// A packet type that nobody registered is counted, and the messages next to it arrive.
pub(crate) fn an_unknown_packet_type_is_counted(make: Make) {
    let mut pair = make(Options::new());
    if pair.codec.is_none() {
        return;
    }
    let log = witness(&pair.there);
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    pair.here.send(pair.to_there, Unheard).unwrap();
    pair.here.send(pair.to_there, Tell(2)).unwrap();
    pair.settle();
    pair.here.send(pair.to_there, Tell(3)).unwrap();
    pair.settle();
    assert_eq!(log.take(), "[UndecodedMessage:UnknownPacketType] tell1 tell2 tell3");
    assert_eq!(dropped(&pair.there, DropReason::UnknownPacketType), 1);
}

/// A malformed frame is counted; what came before it arrives.
pub(crate) fn a_malformed_frame_is_counted(make: Make) {
    let mut pair = make(Options::new());
    let (Some(codec), Some(inject)) = (pair.codec, &pair.inject) else { return };
    let log = witness(&pair.there);
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    pair.here.tick().unwrap();
    let (receiver, purpose) = (Receiver::Subscribers, Purpose::Message);
    let packet_type = Tell::PACKET_TYPE.unwrap_or(PacketType::FIRST);
    let mut frame = Vec::new();
    FrameHead { packet_type, receiver, sender: None, purpose }.write(codec, &mut frame);
    codec.encode(&Tell(9), &WireLimits::default(), &mut frame).unwrap();
    frame.push(0);
    inject(&frame);
    pair.settle();
    assert_eq!(log.take(), "[UndecodedMessage:Malformed] tell1");
}

/// Once a link is gone, sending over it says so, and so does asking.
pub(crate) fn a_link_that_went_takes_no_more(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.here);
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    pair.settle();
    (pair.part)();
    pair.settle();
    log.take();
    assert_eq!(pair.here.send(pair.to_there, Tell(2)), Err(SendError::NoSuchLink));
    let named = pair.here.send_to_named(pair.to_there, "player", Tell(3));
    assert_eq!(named, Err(SendError::NoSuchLink));
    let mut answer = pair.here.ask(pair.to_there, Next(1));
    assert_eq!(answer.take(), Some(Err(AskError::Unreachable)));
    pair.settle();
    assert_eq!(log.take(), "", "the caller was told, and nobody else is");
}

/// What waits to be transmitted when its link goes is a dead letter, each once and in order.
pub(crate) fn what_waits_for_a_link_that_went_is_a_dead_letter(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.here);
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    pair.here.send(pair.to_there, Text("two".to_owned())).unwrap();
    pair.here.send_to_named(pair.to_there, "player", Empty).unwrap();
    (pair.part)();
    pair.settle();
    assert_eq!(log.take(), "[Tell:LinkGone] [Text:LinkGone] [Empty:LinkGone]");
    assert_eq!(dropped(&pair.here, DropReason::LinkGone), 3);
}

/// Requests over a link that goes fail: those that wait to be sent, and those that were.
pub(crate) fn requests_over_a_link_that_went_fail(make: Make) {
    let mut pair = make(Options::new());
    let mut sent = pair.here.ask(pair.to_there, Next(1));
    pair.here.tick().unwrap();
    (pair.carry)();
    let mut waiting = pair.here.ask(pair.to_there, Next(2));
    assert!(!sent.is_ready() && !waiting.is_ready());
    (pair.part)();
    pair.settle();
    assert_eq!(waiting.take(), Some(Err(AskError::Unreachable)));
    assert_eq!(sent.take(), Some(Err(AskError::Unreachable)));
    let mut pair = make(Options::new());
    let mut taken = pair.here.ask(pair.to_there, Next(3));
    pair.here.tick().unwrap();
    (pair.carry)();
    // It waits in the queue of a manager that does not come to it.
    pair.there.tick_for(pysage_core::Budget::ONE_MESSAGE).unwrap();
    (pair.part)();
    pair.settle();
    assert!(matches!(taken.take(), Some(Err(_))), "a request without an end");
}

/// A transport that was taken out of its manager takes no more.
pub(crate) fn a_detached_transport_takes_no_more(make: Make) {
    let mut pair = make(Options::new());
    (pair.part)();
    assert_eq!(pair.there.send(pair.to_here, Tell(1)), Err(SendError::NoSuchLink));
    assert_eq!(pair.there.broadcast(Tell(1)).sent, 0);
    let mut answer = pair.there.ask(pair.to_here, Next(1));
    assert_eq!(answer.take(), Some(Err(AskError::Unreachable)));
    pair.settle();
}

/// A dead-letter handler may send, also about what is lost with its link.
pub(crate) fn a_dead_letter_handler_may_send(make: Make) {
    let mut pair = make(Options::new());
    let log = witness(&pair.here);
    let (there, to_here) = (pair.there.clone(), pair.to_here);
    pair.there.on_dead_letter(move |letter| {
        let name = name_of(letter.message);
        there.send(to_here, Text("x".repeat(name.len()))).unwrap();
    });
    pair.there.queue(Empty);
    pair.settle();
    assert_eq!(log.take(), "text5");
    let (here, to_there) = (pair.here.clone(), pair.to_there);
    let seen = log.clone();
    pair.here.on_dead_letter(move |letter| {
        seen.note(format!("{:?}:{:?}", letter.reason, here.send(to_there, Empty)));
    });
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    pair.here.send(pair.to_there, Tell(2)).unwrap();
    (pair.part)();
    pair.settle();
    let expected = "LinkGone:Err(NoSuchLink) LinkGone:Err(NoSuchLink)";
    let noted = log.take().replace("Err(Busy)", "Err(NoSuchLink)");
    assert_eq!(noted, expected);
}

/// What a dead-letter handler queues while messages arrive is its manager's own.
pub(crate) fn a_dead_letter_handler_may_queue(make: Make) {
    let mut pair = make(Options::new());
    let log = Log::default();
    pair.there.register(noting_senders(&log));
    pair.there.register_message::<Empty>().unwrap();
    let there = pair.there.clone();
    pair.there.on_dead_letter(move |_| {
        there.queue(Tell(0));
    });
    pair.here.send(pair.to_there, Tell(1)).unwrap();
    pair.here.send_to_named(pair.to_there, "nobody", Empty).unwrap();
    pair.here.send(pair.to_there, Tell(2)).unwrap();
    pair.settle();
    assert_eq!(log.take(), "1r 0l 2r");
}

/// A handler that panics costs its message for its actor; what came with it arrives.
pub(crate) fn a_handler_that_panics_costs_its_message_alone(make: Make) {
    let mut pair = make(Options::new());
    let log = Log::default();
    pair.there.register(on(|tell: &Tell, _| assert_ne!(tell.0, 2, "two is too many")));
    pair.there.register(noting_senders(&log));
    for number in 1..=4 {
        pair.here.send(pair.to_there, Tell(number)).unwrap();
    }
    pair.settle();
    assert_eq!(log.take(), "1r 2r 3r 4r");
    assert_eq!(pair.there.counters().panics, 1);
}
