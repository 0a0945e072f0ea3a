//! What every transport has to keep to, as small checks with names: run them on each that there is.
//!
//! A test file says how to join two managers ([`Make`]), and has a test for each check:
//!
//! ```ignore
//! transport_contract!(memory_of_values, memory_of_values);
//! ```
//!
//! Each check says what it holds the transport to. What a transport cannot be asked is left out by
//! what its [`Pair`] says of it.

#[path = "transport_contract/asking.rs"]
pub(crate) mod asking;
#[path = "transport_contract/failing.rs"]
pub(crate) mod failing;
#[path = "transport_contract/room.rs"]
pub(crate) mod room;
#[path = "transport_contract/sending.rs"]
pub(crate) mod sending;

use std::cell::RefCell;
use std::rc::Rc;

use pysage_core::wire::Codec;
use pysage_core::{
    Actor, ActorId, ActorManager, AnyMessage, Context, Destination, DropReason, ManagerConfig,
    ManualClock, Message, Subscriptions,
};

use crate::local::{Log, On, on};

#[derive(Message, Clone)]
#[message(packet_type = 101)]
pub(crate) struct Tell(pub(crate) u32);

#[derive(Message, Clone)]
#[message(packet_type = 102)]
pub(crate) struct Text(pub(crate) String);

#[derive(Message, Clone)]
#[message(packet_type = 103)]
pub(crate) struct Blob {
    pub(crate) number: u32,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Message, Clone)]
#[message(packet_type = 104)]
pub(crate) struct Empty;

/// Nobody registers it at the other end.
#[derive(Message, Clone)]
#[message(packet_type = 60_000)]
pub(crate) struct Unheard;

/// Is answered with one more.
#[derive(Message, Clone)]
#[message(packet_type = 105, reply = i32)]
pub(crate) struct Next(pub(crate) i32);

/// How a pair is to be set up.
#[derive(Clone)]
pub(crate) struct Options {
    /// For both managers.
    pub(crate) config: ManagerConfig,
    /// Moves the time of both.
    pub(crate) clock: ManualClock,
    /// How many bytes a link takes that did not arrive, at most.
    pub(crate) room_bytes: usize,
    /// The limit for the bytes of a message.
    pub(crate) message_bytes: usize,
}

impl Options {
    pub(crate) const MESSAGE_BYTES: usize = 8 << 10;

    pub(crate) fn new() -> Options {
        let clock = ManualClock::new();
        Options {
            config: ManagerConfig::default().clock(clock.clone()),
            clock,
            room_bytes: 64 << 10,
            message_bytes: Options::MESSAGE_BYTES,
        }
    }

    pub(crate) fn room_bytes(mut self, bytes: usize) -> Options {
        self.room_bytes = bytes;
        self
    }

    pub(crate) fn config(mut self, config: impl FnOnce(ManagerConfig) -> ManagerConfig) -> Options {
        self.config = config(self.config);
        self
    }
}

/// Two managers joined by the transport under test.
pub(crate) struct Pair {
    pub(crate) here: ActorManager,
    pub(crate) there: ActorManager,
    /// The other end, seen from `here`.
    pub(crate) to_there: Destination,
    /// The other end, seen from `there`.
    pub(crate) to_here: Destination,
    pub(crate) clock: ManualClock,
    /// How many bytes may wait in a manager that came over the link.
    pub(crate) inbox_bytes: usize,
    /// How messages are written; `None` if they go as values, which have no limit of length, and
    /// reach those who did not register them.
    pub(crate) codec: Option<Codec>,
    /// Moves on what is between the two managers, if there is something.
    pub(crate) carry: Box<dyn FnMut()>,
    /// Takes the transport of `there` away, so that `here` sees the link go.
    pub(crate) part: Box<dyn FnMut()>,
    /// Has a frame arrive at `there` that nobody sent, if that can be had.
    pub(crate) inject: Option<Inject>,
}

pub(crate) type Inject = Box<dyn Fn(&[u8])>;

/// Joins two new managers by the transport under test.
pub(crate) type Make = fn(Options) -> Pair;

impl Pair {
    /// Ticks both managers once, `here` first.
    pub(crate) fn step(&mut self) {
        self.here.tick().unwrap();
        (self.carry)();
        self.there.tick().unwrap();
        (self.carry)();
    }

    /// Steps until all that was sent has arrived and was handled, and so were the replies.
    pub(crate) fn settle(&mut self) {
        for _ in 0..8 {
            self.step();
        }
    }
}

/// Has a manager note the messages of this contract and its dead letters.
pub(crate) fn witness(manager: &ActorManager) -> Log {
    let log = Log::default();
    manager.register(Witness { log: log.clone() });
    note_dead_letters(manager, &log);
    log
}

pub(crate) fn note_dead_letters(manager: &ActorManager, log: &Log) {
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        seen.note(format!("[{}:{:?}]", letter.message.name(), letter.reason));
    });
}

/// Notes what it gets.
pub(crate) struct Witness {
    pub(crate) log: Log,
}

impl Actor for Witness {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| {
            me.log.note(format!("tell{}", tell.0))
        })
        .message(|me: &mut Self, text: &Text, _: &Context| {
            me.log.note(format!("text{}", text.0.len()));
        })
        .message(|me: &mut Self, blob: &Blob, _: &Context| {
            let number = blob.number;
            let whole = blob.bytes.iter().all(|byte| *byte == number as u8);
            assert!(whole, "the bytes of blob {number} were changed");
            me.log.note(format!("blob{number}:{}", blob.bytes.len()));
        })
        .message(|me: &mut Self, _: &Empty, _: &Context| me.log.note("empty"));
    }
}

/// Answers with one more than it is asked; it panics at -1, and does not answer other requests.
pub(crate) struct Counter;

impl Actor for Counter {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.ask(|_: &mut Self, next: &Next, _: &Context| {
            assert_ne!(next.0, -1, "there is nothing behind -1");
            next.0 + 1
        });
    }
}

/// An actor that tells the other end of a link who it is, and is then seen by its id there.
pub(crate) fn introduce(pair: &mut Pair, actor: ActorId, from_here: bool) -> Destination {
    #[derive(Message)]
    struct Introduce;
    let known: Rc<RefCell<Option<Destination>>> = Rc::default();
    let (one, other, to) = match from_here {
        true => (pair.here.clone(), pair.there.clone(), pair.to_there),
        false => (pair.there.clone(), pair.here.clone(), pair.to_here),
    };
    let seen = known.clone();
    let host = other.register(on(move |_: &Empty, cx| {
        *seen.borrow_mut() = cx.sender();
    }));
    one.subscribe(actor, move |_: &mut Speaker, _: &Introduce, cx: &Context| {
        cx.send(to, Empty).unwrap();
    })
    .unwrap();
    one.queue_to(actor, Introduce);
    pair.settle();
    other.unregister(host);
    known.take().expect("an actor's message tells which actor it is from")
}

/// An actor that can be introduced.
pub(crate) struct Speaker {
    pub(crate) log: Log,
}

impl Actor for Speaker {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| {
            me.log.note(format!("speaker{}", tell.0));
        })
        .ask(|_: &mut Self, next: &Next, _: &Context| next.0 + 100);
    }
}

/// How many messages of `manager` reached nobody for this reason.
pub(crate) fn dropped(manager: &ActorManager, reason: DropReason) -> u64 {
    manager.counters().dropped(reason)
}

/// Notes a message with whether its sender is known.
pub(crate) fn noting_senders(log: &Log) -> On<Tell, ()> {
    let log = log.clone();
    on(move |tell: &Tell, cx| {
        log.note(format!("{}{}", tell.0, if cx.sender().is_some() { "r" } else { "l" }));
    })
}

pub(crate) fn numbers(name: &str, numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|number| format!("{name}{number}")).collect::<Vec<_>>().join(" ")
}

pub(crate) fn name_of(message: &dyn AnyMessage) -> String {
    message.name().to_owned()
}

/// Makes a module with a test for each check of the contract.
macro_rules! transport_contract {
    ($module:ident, $make:expr) => {
        transport_contract! { @ $module, $make;
            sending: arrives_once_and_in_order, sizes_up_to_the_limit_arrive,
                an_actor_is_reached_by_its_name, an_actor_is_reached_by_its_id,
                a_reply_reaches_the_actor_that_sent, a_manager_that_sends_is_no_actor,
                sends_inside_handlers_leave_in_order, budgeted_ticks_keep_order_and_sender,
                a_broadcast_goes_over_each_link, a_flush_transmits_without_a_tick,
                nobody_subscribes, nobody_has_the_name, nobody_has_the_id,
                own_messages_have_no_sender;
            asking: requests_are_answered_both_ways, an_actor_answers_by_its_id,
                nobody_answers, who_is_asked_is_gone, who_is_asked_panics,
                an_answer_comes_too_late, an_answer_given_up_is_dropped,
                an_invalid_request_is_not_sent, many_requests_find_their_answers,
                a_task_awaits_its_answer, a_reset_drops_the_answers;
            room: a_full_link_refuses_at_the_call, room_comes_back_and_nothing_is_lost,
                what_waits_is_within_the_bound, a_full_inbox_takes_no_more_and_loses_nothing,
                a_full_queue_loses_nothing, a_reset_gives_room_back,
                a_message_over_the_limit_is_refused_at_the_call, a_name_over_the_limit_is_refused,
                a_request_without_room_says_so, an_answer_without_room_is_counted;
            failing: an_unknown_packet_type_is_counted, a_malformed_frame_is_counted,
                a_link_that_went_takes_no_more, what_waits_for_a_link_that_went_is_a_dead_letter,
                requests_over_a_link_that_went_fail, a_detached_transport_takes_no_more,
                a_dead_letter_handler_may_send, a_dead_letter_handler_may_queue,
                a_handler_that_panics_costs_its_message_alone;
        }
    };
    (@ $module:ident, $make:expr; $($room:ident: $($check:ident),+;)+) => {
        mod $module {
            $($(
                #[test]
                fn $check() {
                    crate::transport_contract::$room::$check($make);
                }
            )+)+
        }
    };
}
