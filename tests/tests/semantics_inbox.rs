//! What arrives: bounds, and bytes that mean harm.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use local::{Log, on};
use pysage_core::transport::{Encoding, Key, Pipe, UndecodedMessage, pipe};
use pysage_core::wire::{Codec, FrameHead, Purpose, Receiver, WireLimits};
use pysage_core::{
    Actor, ActorManager, Budget, Context, DropReason, ManagerConfig, Message, SendError,
    Subscriptions,
};
use scripted::{Script, frame};

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);
#[derive(Message)]
#[message(packet_type = 102, reply = String)]
struct Ask {
    text: String,
    numbers: Vec<Option<i64>>,
}
#[derive(Message)]
#[message(packet_type = 103)]
struct Bounded {
    #[message(range = 0..=9)]
    number: i32,
}

struct Target {
    log: Log,
}

impl Actor for Target {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| me.log.note(tell.0))
            .message(|_: &mut Self, bounded: &Bounded, _: &Context| {
                assert!((0..=9).contains(&bounded.number));
            })
            .ask(|_: &mut Self, ask: &Ask, _: &Context| {
                format!("{}{}", ask.text, ask.numbers.len())
            });
    }
}

/// A manager with one end of a pipe, and the other end.
fn piped(limits: WireLimits) -> (ActorManager, Key<Pipe>, Pipe, Log) {
    let (manager, log) = (ActorManager::new(), Log::default());
    let (one, other) = pipe(Encoding { codec: Codec::Compact, limits }, 64 << 10);
    let key = manager.attach(one).unwrap();
    manager.register_named("target", Target { log: log.clone() }).unwrap();
    (manager, key, other, log)
}

fn inject(manager: &ActorManager, key: Key<Pipe>, bytes: &[u8]) {
    manager.with_transport(key, |pipe| pipe.inject(bytes)).unwrap();
}

fn with_length(frame: &[u8]) -> Vec<u8> {
    let mut bytes = (frame.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(frame);
    bytes
}

/// Whether the link of a pipe is still there.
fn is_open(manager: &ActorManager, key: Key<Pipe>) -> bool {
    let link = manager.with_transport(key, |pipe| pipe.link_id()).unwrap();
    manager.send(key.destination(link), Tell(0)) != Err(SendError::NoSuchLink)
}

/// Numbers from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.below(256) as u8).collect()
    }
}

#[test]
fn a_frame_in_parts_arrives_when_it_is_whole() {
    let (manager, key, _other, log) = piped(WireLimits::default());
    let bytes = with_length(&frame(&Tell(5), |_| {}));
    for byte in &bytes {
        assert_eq!(log.take(), "");
        inject(&manager, key, &[*byte]);
        manager.tick().unwrap();
    }
    assert_eq!(log.take(), "5");
    assert!(is_open(&manager, key));
}

#[test]
fn a_length_over_the_limit_ends_the_link_for_both() {
    let (manager, key, other, log) = piped(WireLimits::default().message_bytes(1_000));
    let there = ActorManager::new();
    let other = there.attach(other).unwrap();
    inject(&manager, key, &with_length(&frame(&Tell(1), |_| {})));
    inject(&manager, key, &u32::MAX.to_le_bytes());
    manager.tick().unwrap();
    assert_eq!(log.take(), "1");
    assert!(!is_open(&manager, key) && !is_open(&there, other));
    inject(&manager, key, &with_length(&frame(&Tell(2), |_| {})));
    manager.tick().unwrap();
    assert_eq!(log.take(), "", "nothing is read from it any more");
}

#[test]
fn a_message_over_the_limit_ends_the_link() {
    let (manager, key, _other, _) = piped(WireLimits::default().message_bytes(50));
    let text = "x".repeat(60);
    let request = frame(&Ask { text, numbers: Vec::new() }, |head| {
        head.purpose = Purpose::Request(1);
    });
    inject(&manager, key, &with_length(&request));
    manager.tick().unwrap();
    assert_eq!(manager.counters().dropped(DropReason::Malformed), 1);
    assert!(!is_open(&manager, key));
}

#[test]
fn a_truncated_frame_is_counted_wherever_it_ends() {
    let request = |head: &mut FrameHead<'_>| {
        head.receiver = Receiver::Named("target");
        head.sender = Some(scripted::some_actor());
        head.purpose = Purpose::Request(7);
    };
    let ask = Ask { text: "abc".to_owned(), numbers: vec![Some(1), None] };
    let whole = frame(&ask, request);
    for length in 0..whole.len() {
        let (manager, script) = (ActorManager::new(), Script::new());
        script.attach(&manager);
        manager.register_named("target", Target { log: Log::default() }).unwrap();
        script.arrives_raw(1, &whole[..length]);
        manager.tick().unwrap();
        let counters = manager.counters();
        assert_eq!(counters.dropped(DropReason::Malformed), 1, "{length} bytes");
        assert_eq!((counters.dropped_in_all(), counters.panics), (1, 0), "{length} bytes");
        assert_eq!(script.edit(|lines| lines.done), [0, 1, 0], "{length} bytes");
    }
}

#[test]
fn whatever_bytes_arrive_are_counted_and_nothing_panics() {
    let actor = scripted::some_actor();
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let (manager, script) = (ActorManager::new(), Script::new());
        script.attach(&manager);
        let log = Log::default();
        manager.register_named("target", Target { log: log.clone() }).unwrap();
        let mut arrived = 0;
        for _ in 0..30 {
            let mut bytes = match random.below(4) {
                0 => random.bytes(40),
                1 => frame(&Tell(7), |head| head.sender = Some(actor)),
                2 => frame(&Bounded { number: random.below(20) as i32 }, |head| {
                    head.receiver = Receiver::Named("target");
                }),
                _ => frame(&Ask { text: "a".to_owned(), numbers: vec![None; 3] }, |head| {
                    head.purpose = Purpose::Request(random.below(3));
                }),
            };
            if let Some(at) = (random.below(2) == 0 && !bytes.is_empty())
                .then(|| random.below(bytes.len() as u64) as usize)
            {
                bytes[at] = random.below(256) as u8;
            }
            script.arrives_raw(0, &bytes);
            arrived += 1;
        }
        let report = manager.tick().unwrap();
        let counters = manager.counters();
        assert_eq!((report.received, counters.panics), (arrived, 0), "seed {seed}");
        let unqueued = counters.dropped(DropReason::NotAsked);
        assert_eq!(report.handled + report.dropped, arrived, "seed {seed}, {unqueued} not asked");
        assert_eq!(script.edit(|lines| lines.done), [arrived, 0, 0], "seed {seed}");
    }
}

#[test]
fn whatever_bytes_come_out_of_a_pipe_nothing_panics() {
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let (manager, key, _other, _) = piped(WireLimits::default());
        for _ in 0..4 {
            let bytes = random.bytes(60);
            match random.below(3) {
                0 => inject(&manager, key, &bytes),
                _ => inject(&manager, key, &with_length(&bytes)),
            }
            inject(&manager, key, &with_length(&frame(&Tell(1), |_| {})));
            manager.tick().unwrap();
        }
        assert_eq!(manager.counters().panics, 0, "seed {seed}");
    }
}

#[test]
fn an_undecoded_message_says_what_was_wrong() {
    let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
    script.attach(&manager);
    manager.register_message::<Tell>().unwrap();
    let seen = log.clone();
    manager.on_dead_letter(move |letter| {
        let undecoded = letter.message.downcast_ref::<UndecodedMessage>().unwrap();
        seen.note(format!("{} ({} bytes);", undecoded.error, undecoded.bytes));
    });
    script.arrives_raw(0, &[]);
    script.arrives_raw(0, &[0xff, 101, 0]);
    script.arrives_raw(0, &[0, 100, 0]);
    script.arrives_raw(0, &[0, 200, 0, 1]);
    script.arrives_raw(0, &frame(&Tell(5), |_| {})[..3]);
    manager.tick().unwrap();
    let told = log.take();
    for part in ["end too early (0 bytes)", "flags that are not known", "`Tell`", "type 200"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(manager.counters().dropped(DropReason::UnknownPacketType), 2);
    assert_eq!(manager.counters().dropped(DropReason::Malformed), 3);
    assert_eq!(script.edit(|lines| lines.malformed), 5);
}

#[test]
fn a_deserialize_that_panics_is_one_more_malformed_message() {
    mod fussy {
        use serde::{Deserialize, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(value: &u8, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_u8(*value)
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
            let value = u8::deserialize(from)?;
            assert_ne!(value, 13, "an unlucky number");
            Ok(value)
        }
    }
    #[derive(Message)]
    #[message(packet_type = 110)]
    struct Fussy {
        #[serde(with = "fussy")]
        number: u8,
    }
    let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
    script.attach(&manager);
    let seen = log.clone();
    manager.register(on(move |fussy: &Fussy, _| seen.note(fussy.number)));
    for number in [12, 13, 14] {
        script.arrives(0, &Fussy { number });
    }
    let report = manager.tick().unwrap();
    assert_eq!((report.handled, report.dropped, report.panics), (2, 1, 0));
    assert_eq!(log.take(), "12 14");
    assert_eq!(script.edit(|lines| lines.done), [3, 0, 0]);
}

#[test]
fn no_more_bytes_wait_than_the_transport_says() {
    let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
    script.edit(|lines| lines.inbox_bytes = 20);
    script.attach(&manager);
    manager.register(Target { log: log.clone() });
    let bytes = frame(&Tell(1), |_| {}).len();
    for number in 0..40 {
        script.arrives(0, &Tell(number));
    }
    let mut ticks = 0;
    while !script.edit(|lines| lines.arriving.is_empty()) || manager.queue_length() > 0 {
        manager.tick_for(Budget::ONE_MESSAGE).unwrap();
        assert!((manager.queue_length() + 1) * bytes <= 20, "{}", manager.queue_length());
        ticks += 1;
        assert!(ticks < 500, "messages stopped coming");
    }
    manager.tick().unwrap();
    assert_eq!(log.take(), (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join(" "));
    assert!(script.edit(|lines| lines.full) > 0);
    assert_eq!(script.edit(|lines| lines.done), [40, 0, 0]);
}

#[test]
fn messages_are_done_in_the_tick_that_handles_the_last_of_them() {
    let (manager, script) = (ActorManager::new(), Script::new());
    script.attach(&manager);
    manager.register(Target { log: Log::default() });
    script.arrives(0, &Tell(1));
    script.arrives(1, &Tell(2));
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(script.edit(|lines| lines.done), [1, 0, 0]);
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    assert_eq!(script.edit(|lines| lines.done), [1, 1, 0]);
}

#[test]
fn a_message_larger_than_the_inbox_arrives_alone() {
    let (manager, script, log) = (ActorManager::new(), Script::new(), Log::default());
    script.edit(|lines| lines.inbox_bytes = 10);
    script.attach(&manager);
    let seen = log.clone();
    struct Counting(Log);
    impl Actor for Counting {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.ask(|me: &mut Self, ask: &Ask, _: &Context| {
                me.0.note(ask.text.len());
                String::new()
            });
        }
    }
    manager.register(Counting(seen));
    for size in [100, 200, 300] {
        let ask = Ask { text: "x".repeat(size), numbers: Vec::new() };
        script.arrives_with(0, &ask, |head| head.purpose = Purpose::Request(1));
    }
    for size in ["100", "200", "300"] {
        manager.tick().unwrap();
        assert_eq!(log.take(), size);
    }
}

#[test]
fn a_full_queue_holds_up_the_inbox_and_not_the_other_way_round() {
    let manager = ActorManager::with_config(ManagerConfig::default().queue_capacity(4));
    let (one, other, log) = (Script::new(), Script::new(), Log::default());
    one.attach(&manager);
    other.attach(&manager);
    manager.register(Target { log: log.clone() });
    manager.queue(Tell(99));
    for number in 0..6 {
        one.arrives(0, &Tell(number));
        other.arrives(0, &Tell(10 + number));
    }
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.handled, report.dropped), (3, 4, 0));
    while manager.tick().unwrap().received > 0 {}
    let mut noted = log.take().split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(noted.len(), 13);
    let theirs = noted.split_off(7);
    assert_eq!(noted, ["99", "0", "1", "2", "3", "4", "5"]);
    assert_eq!(theirs, ["10", "11", "12", "13", "14", "15"]);
}

#[test]
fn a_frame_for_an_id_that_cannot_be_is_a_dead_letter() {
    let mut random = Random(7);
    let (manager, script) = (ActorManager::new(), Script::new());
    script.attach(&manager);
    manager.register(Target { log: Log::default() });
    let whole = frame(&Tell(1), |head| head.receiver = Receiver::Actor(scripted::some_actor()));
    for _ in 0..2_000 {
        let mut bytes = whole.clone();
        for byte in &mut bytes[3..11] {
            *byte = [0, 0xff, random.below(256) as u8][random.below(3) as usize];
        }
        script.arrives_raw(0, &bytes);
    }
    let report = manager.tick().unwrap();
    assert_eq!((report.received, report.dropped + report.handled), (2_000, 2_000));
    assert_eq!(manager.counters().panics, 0);
}
