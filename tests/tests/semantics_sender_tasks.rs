//! Where the message came from that began a task.

#![allow(clippy::unwrap_used, missing_docs)]

use pysage_core::transport::{Encoding, Form, memory};
use pysage_core::{Actor, ActorManager, Context, Me, Message, Subscriptions};

#[derive(Clone, Message)]
#[message(packet_type = 101)]
struct Order(u32);

#[derive(Message)]
#[message(packet_type = 102)]
struct Served(u32);

struct Cook;

impl Actor for Cook {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.task(Self::cook);
    }
}

impl Cook {
    async fn cook(me: Me<Self>, order: Order) {
        me.next_tick().await;
        match me.sender() {
            Some(guest) => me.with(|_, cx| cx.send(guest, Served(order.0)).unwrap()),
            None => me.with(|_, cx| {
                cx.queue(Served(order.0 + 1_000));
            }),
        };
    }
}

#[derive(Default)]
struct Guest {
    served: Vec<u32>,
}

impl Actor for Guest {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|guest: &mut Self, served: &Served, _: &Context| guest.served.push(served.0));
    }
}

#[test]
fn a_task_can_reply_in_a_later_tick() {
    let (here, there) = (ActorManager::new(), ActorManager::new());
    let (one, other) = memory(Form::Bytes(Encoding::default()), 1 << 16);
    let link = one.link_id();
    let to_cook = here.attach(one).unwrap().destination(link);
    there.attach(other).unwrap();
    there.register(Cook);
    let guest = here.register(Guest::default());
    here.send(to_cook, Order(7)).unwrap();
    for _ in 0..4 {
        here.tick().unwrap();
        there.tick().unwrap();
    }
    assert_eq!(here.with(guest, |guest: &mut Guest| guest.served.clone()).unwrap(), [7]);
}

#[test]
fn a_task_that_a_local_message_began_has_no_sender() {
    let manager = ActorManager::new();
    manager.register(Cook);
    let guest = manager.register(Guest::default());
    manager.queue(Order(7));
    for _ in 0..4 {
        manager.tick().unwrap();
    }
    assert_eq!(manager.with(guest, |guest: &mut Guest| guest.served.clone()).unwrap(), [1_007]);
}
