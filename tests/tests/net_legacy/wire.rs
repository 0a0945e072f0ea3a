//! Every type of the original, there and back over both transports.

use std::cell::RefCell;
use std::rc::Rc;

use pysage_net::wire::original_types;
use pysage_net::{
    Actor, ActorManager, Context, LegacyConfig, LegacyNetwork, Message, Subscriptions,
};

use super::everything::{Everything, everything};
use super::net::until;

/// The first packet type there is, and no field.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 101)]
struct Nothing;

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
