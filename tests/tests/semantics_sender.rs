//! Where a message came from, as its handlers see it.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
mod local;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;

use local::{Log, on};
use pysage_core::transport::Key;
use pysage_core::{
    Actor, ActorManager, AnyMessage, Budget, Context, ManagerConfig, Message, Overflow,
    Subscriptions,
};
use scripted::{Script, Scripted, end, some_actor};

#[derive(Message)]
#[message(packet_type = 101)]
struct Tell(u32);
#[derive(Message)]
#[message(packet_type = 102)]
struct Other(u32);
#[derive(Message)]
#[message(packet_type = 103, reply = u32)]
struct Ask;

/// The link that a message came over, or a dash.
fn origin(cx: &Context) -> String {
    let link = cx.sender().and_then(|sender| sender.link());
    link.map_or("-".to_owned(), |link| link.index.to_string())
}

/// Notes what it gets as `name number @ link`.
struct Noting {
    log: Log,
    name: &'static str,
}

impl Actor for Noting {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, cx: &Context| {
            me.log.note(format!("{}{}@{}", me.name, tell.0, origin(cx)));
        })
        .message(|me: &mut Self, other: &Other, cx: &Context| {
            me.log.note(format!("{}o{}@{}", me.name, other.0, origin(cx)));
        });
    }
}

fn manager(config: ManagerConfig) -> (ActorManager, Script, Key<Scripted>, Log) {
    let (manager, script, log) = (ActorManager::with_config(config), Script::new(), Log::default());
    let key = script.attach(&manager);
    manager.register(Noting { log: log.clone(), name: "" });
    (manager, script, key, log)
}

#[test]
fn a_local_message_has_no_sender_also_between_remote_ones() {
    let (manager, script, _, log) = manager(ManagerConfig::default());
    manager.queue(Tell(1));
    script.arrives(0, &Tell(2));
    script.arrives(1, &Other(3));
    script.arrives(1, &Tell(4));
    manager.register(on(|_: &Other, cx| {
        cx.queue(Tell(5));
    }));
    manager.tick().unwrap();
    script.arrives(2, &Tell(6));
    manager.tick().unwrap();
    manager.queue(Tell(7));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1@- 2@0 o3@1 4@1 5@- 6@2 7@-");
}

#[test]
fn a_sender_is_an_actor_or_the_whole_of_its_link() {
    let (manager, script, key, log) = manager(ManagerConfig::default());
    let actor = some_actor();
    let seen = log.clone();
    manager.register(on(move |tell: &Tell, cx| {
        let sender = cx.sender().unwrap();
        assert_eq!(sender.whole(), end(key, 1));
        assert_eq!(sender.here(), None);
        seen.note(format!("{}:{}", tell.0, sender == sender.whole()));
    }));
    script.arrives_with(1, &Tell(1), |head| head.sender = Some(actor));
    script.arrives(1, &Tell(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1@1 1:false 2@1 2:true");
}

#[test]
fn what_a_budget_leaves_over_keeps_its_sender() {
    let (manager, script, _, log) = manager(ManagerConfig::default());
    for number in 0..3 {
        manager.queue(Tell(number));
        script.arrives(number, &Tell(10 + number));
        script.arrives(number, &Tell(20 + number));
        manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    }
    while !manager.tick_for(Budget::ONE_MESSAGE).unwrap().drained {}
    assert_eq!(log.take(), "0@- 10@0 20@0 1@- 11@1 21@1 2@- 12@2 22@2");
}

#[test]
fn messages_for_single_actors_keep_their_senders() {
    let (manager, script, _, _) = manager(ManagerConfig::default());
    let log = Log::default();
    let ids = ["a", "b", "c"].map(|name| manager.register(Noting { log: log.clone(), name }));
    for number in 0..9 {
        let id = ids[number as usize % 3];
        if number % 4 == 3 {
            manager.queue_to(id, Tell(number));
        }
        script.arrives_with(number / 4, &Tell(number), |head| {
            head.receiver = pysage_core::wire::Receiver::Actor(id);
        });
    }
    manager.tick().unwrap();
    let expected = "a3@- b7@- a0@0 b1@0 c2@0 a3@0 b4@1 c5@1 a6@1 b7@1 c8@2";
    assert_eq!(log.take(), expected);
}

#[test]
fn what_the_oldest_made_room_for_has_its_own_sender() {
    let config = ManagerConfig::default().queue_capacity(3).overflow(Overflow::DropOldest);
    let (manager, script, _, log) = manager(config);
    manager.queue(Tell(0));
    script.arrives(0, &Tell(1));
    script.arrives(1, &Tell(2));
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    manager.queue_all([Tell(3), Tell(4)]);
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    manager.queue_all([Tell(5), Tell(6), Tell(7)]);
    script.arrives(2, &Tell(8));
    manager.tick().unwrap();
    manager.tick().unwrap();
    assert_eq!(log.take(), "0@- 2@1 5@- 6@- 7@- 8@2");
    assert_eq!(script.edit(|lines| lines.done), [1, 1, 1], "dropped messages are done, too");
}

#[test]
fn what_is_behind_aborted_messages_has_its_own_sender() {
    let (manager, script, _, log) = manager(ManagerConfig::default());
    for round in 0..3 {
        script.arrives(0, &Tell(round * 10 + 1));
        script.arrives(1, &Other(round * 10 + 2));
        script.arrives(2, &Tell(round * 10 + 3));
        manager.queue(Other(round * 10));
        manager.tick_for(Budget::ONE_MESSAGE).unwrap();
        match round {
            0 => assert_eq!(manager.abort_next::<Tell>().map(|tell| tell.0), Some(1)),
            1 => assert_eq!(manager.abort_all::<Other>(), 2),
            _ => {}
        }
    }
    manager.tick().unwrap();
    assert_eq!(log.take(), "o0@- o2@1 3@2 11@0 13@2 o20@- 21@0 o22@1 23@2");
    manager.queue(Tell(99));
    manager.tick().unwrap();
    assert_eq!(log.take(), "99@-");
    assert_eq!(script.edit(|lines| lines.done), [3, 3, 3], "aborted messages are done, too");
}

#[test]
fn a_reset_forgets_the_senders() {
    let (manager, script, _, log) = manager(ManagerConfig::default());
    let seen = log.clone();
    manager.register(on(move |_: &Other, cx: &Context| {
        cx.reset();
        cx.register(Noting { log: seen.clone(), name: "new" });
        cx.queue(Tell(3));
        seen.note(format!("reset@{}", origin(cx)));
    }));
    script.arrives(1, &Other(1));
    script.arrives(2, &Tell(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "o1@1 reset@1");
    manager.tick().unwrap();
    script.arrives(2, &Tell(4));
    manager.queue(Tell(5));
    manager.tick().unwrap();
    assert_eq!(log.take(), "new3@- new5@- new4@2");
    assert_eq!(script.edit(|lines| lines.done), [0, 1, 2]);
}

#[test]
fn a_reset_between_ticks_forgets_the_senders() {
    let (manager, script, _, log) = manager(ManagerConfig::default());
    for number in 0..4 {
        script.arrives(number % 3, &Tell(number));
    }
    manager.tick_for(Budget::ONE_MESSAGE).unwrap();
    manager.reset();
    manager.register(Noting { log: log.clone(), name: "new" });
    manager.queue(Tell(9));
    manager.tick().unwrap();
    assert_eq!(log.take(), "0@0 new9@-");
    assert_eq!(script.edit(|lines| lines.done), [2, 1, 1]);
}

#[test]
fn a_panic_leaves_the_sender_to_those_behind() {
    let (manager, script, _, _) = manager(ManagerConfig::default());
    let log = Log::default();
    manager.register(on(|tell: &Tell, _| assert_ne!(tell.0, 1, "one is too many")));
    manager.register(Noting { log: log.clone(), name: "behind" });
    script.arrives(1, &Tell(1));
    script.arrives(2, &Tell(2));
    manager.queue(Tell(0));
    manager.tick().unwrap();
    assert_eq!(log.take(), "behind0@- behind1@1 behind2@2");
}

#[test]
fn a_trigger_within_a_remote_message_has_no_sender() {
    let (manager, script, _, log) = manager(ManagerConfig::default());
    let seen = log.clone();
    let actor = manager.register(Noting { log: log.clone(), name: "one" });
    let busy = manager.register(on(move |other: &Other, cx: &Context| {
        if other.0 > 0 {
            cx.trigger(Tell(7));
            cx.trigger_to(actor, Tell(8));
            cx.trigger_to(cx.actor(), Other(0));
        }
        seen.note(format!("after{}@{}", other.0, origin(cx)));
    }));
    script.arrives_with(2, &Other(5), |head| {
        head.receiver = pysage_core::wire::Receiver::Actor(busy);
    });
    manager.tick().unwrap();
    assert_eq!(log.take(), "7@- one7@- one8@- after5@2 after0@-");
}

#[test]
fn handlers_of_every_message_and_of_requests_know_the_sender_and_updates_have_none() {
    struct Spy {
        log: Log,
    }
    impl Actor for Spy {
        fn subscriptions(on: &mut Subscriptions<Self>) {
            on.every_message(|me: &mut Self, message: &dyn AnyMessage, cx: &Context| {
                me.log.note(format!("{}@{}", message.name(), origin(cx)));
            })
            .ask(|me: &mut Self, _: &Ask, cx: &Context| {
                me.log.note(format!("ask@{}", origin(cx)));
                0
            })
            .update(|me, cx| me.log.note(format!("update@{}", origin(cx))));
        }
        fn stopped(&mut self, cx: &Context) {
            self.log.note(format!("stopped@{}", origin(cx)));
        }
    }
    let (manager, script, key, _) = manager(ManagerConfig::default());
    let log = Log::default();
    let spy = manager.register(Spy { log: log.clone() });
    manager.register(on(move |_: &Tell, cx: &Context| {
        cx.unregister(spy);
    }));
    script.arrives_with(1, &Ask, |head| head.purpose = pysage_core::wire::Purpose::Request(4));
    script.arrives(1, &Other(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "Ask@1 ask@1 Other@1 update@-");
    let mut answer = manager.ask(spy, Ask);
    assert_eq!((answer.take(), log.take().as_str()), (Some(Ok(0)), "Ask@- ask@-"));
    script.arrives(2, &Tell(1));
    manager.tick().unwrap();
    assert_eq!(log.take(), "Tell@2 stopped@-");
    assert_eq!(script.edit(|lines| lines.sent[0].0), 1, "the answer goes back over the link");
    assert!(manager.send(end(key, 0), Tell(1)).is_ok());
}

#[test]
fn what_a_dead_letter_handler_queues_about_a_message_that_arrives_has_no_sender() {
    #[derive(Message)]
    #[message(packet_type = 105)]
    struct Bounded {
        #[message(range = 0..=9)]
        number: i32,
    }
    let (manager, script, _, log) = manager(ManagerConfig::default());
    manager.register_message::<Bounded>().unwrap();
    let own = manager.clone();
    manager.on_dead_letter(move |_| {
        own.queue(Tell(7));
    });
    script.arrives(1, &Tell(1));
    script.arrives(1, &Bounded { number: 10 });
    script.arrives(1, &Tell(2));
    manager.tick().unwrap();
    assert_eq!(log.take(), "1@1 7@- 2@1");
    assert_eq!(script.edit(|lines| lines.done), [0, 3, 0]);
}

/// Says itself where it came from.
#[derive(Message)]
#[message(packet_type = 104)]
struct Tagged {
    link: Option<u32>,
    actor: bool,
}

fn check(tagged: &Tagged, cx: &Context) {
    let link = cx.sender().and_then(|sender| sender.link()).map(|link| link.index);
    let actor = cx.sender().is_some_and(|sender| sender.whole() != sender);
    assert_eq!((link, actor), (tagged.link, tagged.actor));
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
}

#[test]
fn each_message_has_its_sender_and_is_done_once_whatever_else_happens() {
    let actor = some_actor();
    for seed in 0..300 {
        let mut random = Random(seed);
        let overflow = [Overflow::Refuse, Overflow::DropOldest, Overflow::DropNewest];
        let config = ManagerConfig::default()
            .queue_capacity(2 + random.below(30) as usize)
            .overflow(overflow[random.below(3) as usize]);
        let (manager, script, ..) = manager(config);
        script.edit(|lines| lines.inbox_bytes = 10 + random.below(100) as usize);
        let mut ids = [(); 3].map(|()| manager.register(on(check)));
        let mut arrived = [0; 3];
        for _ in 0..200 {
            let id = ids[random.below(3) as usize];
            let link = random.below(3) as u32;
            match random.below(12) {
                0..=4 => {
                    let by_actor = random.below(2) == 0;
                    let to_one = random.below(2) == 0;
                    let tagged = Tagged { link: Some(link), actor: by_actor };
                    script.arrives_with(link, &tagged, |head| {
                        head.sender = Some(actor).filter(|_| by_actor);
                        if to_one {
                            head.receiver = pysage_core::wire::Receiver::Actor(id);
                        }
                    });
                    arrived[link as usize] += 1;
                }
                5 => drop(manager.queue(Tagged { link: None, actor: false })),
                6 => drop(manager.queue_to(id, Tagged { link: None, actor: false })),
                7 => drop(manager.abort_next::<Tagged>()),
                8 => {
                    script.arrives_raw(link, &[0xff]);
                    arrived[link as usize] += 1;
                }
                9 if random.below(4) == 0 => drop(manager.abort_all::<Tagged>()),
                9 if random.below(8) == 0 => {
                    manager.reset();
                    ids[0] = manager.register(on(check));
                }
                10 => drop(manager.tick().unwrap()),
                _ => drop(manager.tick_for(Budget::ONE_MESSAGE).unwrap()),
            }
        }
        for _ in 0..300 {
            manager.tick().unwrap();
        }
        assert_eq!(manager.counters().panics, 0, "seed {seed}");
        assert_eq!(script.edit(|lines| lines.done), arrived, "seed {seed}");
        assert!(script.edit(|lines| lines.arriving.is_empty()), "seed {seed}");
    }
}
