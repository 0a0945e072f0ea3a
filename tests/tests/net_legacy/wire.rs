//! Every type of the original, there and back over both transports.

use std::cell::RefCell;
use std::rc::Rc;

use pysage_net::wire::{ShortBytes, ShortText, original_types};
use pysage_net::{
    Actor, ActorManager, Context, LegacyConfig, LegacyNetwork, Message, Subscriptions,
};

use super::net::until;

/// One field of each type that the original has.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 255)]
pub(crate) struct Everything {
    pub(crate) small: (i8, u8, i16, u16),
    pub(crate) large: (i32, u32, i64, u64),
    pub(crate) real: (f32, f64),
    pub(crate) truth: bool,
    pub(crate) letter: [u8; 1],
    pub(crate) fixed: [u8; 4],
    pub(crate) short: ShortText,
    pub(crate) raw: ShortBytes,
    pub(crate) text: String,
    pub(crate) numbers: Vec<i32>,
    pub(crate) reals: Vec<f64>,
}

/// The first packet type there is, and no field.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 101)]
pub(crate) struct Nothing;

pub(crate) fn everything() -> Everything {
    Everything {
        small: (-128, 255, -32_768, 65_535),
        large: (i32::MIN, u32::MAX, i64::MIN, u64::MAX),
        real: (-2.5, f64::MIN_POSITIVE),
        truth: true,
        letter: *b"x",
        fixed: *b"ab\0\0",
        short: ShortText::try_from("nick").unwrap(),
        raw: ShortBytes::try_from((0..255).collect::<Vec<u8>>()).unwrap(),
        text: "grüße".repeat(2_000),
        numbers: (-500..500).collect(),
        reals: vec![f64::INFINITY, -0.0],
    }
}

#[derive(Clone, Default)]
struct Got(Rc<RefCell<(Vec<Everything>, u32)>>);

impl Actor for Got {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, all: &Everything, cx: &Context| {
            me.0.borrow_mut().0.push(all.clone());
            if me.0.borrow().1 == 0 {
                cx.send(cx.sender().unwrap(), all.clone()).unwrap();
            }
        })
        .message(|me: &mut Self, _: &Nothing, _: &Context| me.0.borrow_mut().1 += 1);
    }
}

#[test]
fn every_type_and_the_first_and_last_packet_type_go_there_and_back() {
    assert_eq!(
        original_types::<Everything>().unwrap(),
        ["(b, B, h, H)", "(i, I, q, Q)", "(f, d)", "?", "c", "4s", "p", "p", "S", "ai", "ad"]
    );
    for config in [LegacyConfig::udp(), LegacyConfig::tcp()] {
        let (server, client) = (ActorManager::new(), ActorManager::new());
        let (served, got) = (Got::default(), Got::default());
        server.register(served.clone());
        client.register(got.clone());
        got.0.borrow_mut().1 = 1;
        let listener = server.listen_legacy("127.0.0.1:0", config.clone()).unwrap();
        let peer = client.connect_legacy(listener.local_addr(), config).unwrap();
        client.send(peer, everything()).unwrap();
        client.send(peer, Nothing).unwrap();
        until(&[&client, &server], "all", || {
            served.0.borrow().1 == 1 && !got.0.borrow().0.is_empty()
        });
        assert_eq!(served.0.borrow().0, [everything()]);
        assert_eq!(got.0.borrow().0, [everything()]);
    }
}
