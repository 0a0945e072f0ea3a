//! The contract of transports, kept over plain TCP and plain UDP, as far as the format of the original
//! has words for it: it has no requests, no receivers but all of a manager, and no packet types above
//! 255. What is left out besides asks for what nobody can know there: which of the messages that the
//! system has taken will arrive, and over UDP whether the other end is gone.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../support/local.rs"]
mod local;
#[macro_use]
#[path = "../support/transport_contract.rs"]
mod transport_contract;

use pysage_core::ActorManager;
use pysage_core::transport::DEFAULT_INBOX_BYTES;
use pysage_core::wire::Codec;
use pysage_net::{LegacyConfig, LegacyNetwork, PeerConnected, PeerDisconnected};

use local::on;
use transport_contract::{Options, Pair, Tell};

fn pair(options: &Options, config: LegacyConfig) -> Pair {
    let config = config
        .send_queue_bytes(options.room_bytes)
        .message_bytes(options.message_bytes)
        .messages_per_second(u64::MAX);
    let [here, there] = [(); 2].map(|()| ActorManager::with_config(options.config.clone()));
    let listener = there.listen_legacy("127.0.0.1:0", config.clone()).unwrap();
    let to_there = here.connect_legacy(listener.local_addr(), config).unwrap();
    for manager in [&here, &there] {
        // Who comes and goes is no dead letter then.
        manager.register(on(|_: &PeerConnected, _| {}));
        manager.register(on(|_: &PeerDisconnected, _| {}));
    }
    // Over UDP nobody is there until something was said.
    let welcome = there.register(on(|_: &Tell, _| {}));
    here.send(to_there, Tell(0)).unwrap();
    while here.legacy_peers().is_empty() || there.legacy_peers().is_empty() {
        here.tick().unwrap();
        there.tick().unwrap();
    }
    there.unregister(welcome);
    let to_here = there.legacy_peers()[0];
    let parting = there.clone();
    Pair {
        to_there,
        to_here,
        clock: options.clock.clone(),
        inbox_bytes: DEFAULT_INBOX_BYTES,
        codec: Some(Codec::Pysage),
        carry: Box::new(|| {}),
        part: Box::new(move || parting.stop_listening_legacy(listener).unwrap()),
        inject: None,
        here,
        there,
    }
}

fn tcp(options: Options) -> Pair {
    pair(&options, LegacyConfig::tcp())
}

fn udp(options: Options) -> Pair {
    pair(&options, LegacyConfig::udp())
}

transport_contract! { @ over_tcp, crate::tcp;
    sending: arrives_once_and_in_order, sizes_up_to_the_limit_arrive,
        a_manager_that_sends_is_no_actor, sends_inside_handlers_leave_in_order,
        budgeted_ticks_keep_order_and_sender, a_broadcast_goes_over_each_link,
        a_flush_transmits_without_a_tick, own_messages_have_no_sender;
    room: a_full_link_refuses_at_the_call, room_comes_back_and_nothing_is_lost,
        a_full_inbox_takes_no_more_and_loses_nothing, a_full_queue_loses_nothing,
        a_reset_gives_room_back, a_message_over_the_limit_is_refused_at_the_call;
    failing: a_link_that_went_takes_no_more, a_detached_transport_takes_no_more,
        a_handler_that_panics_costs_its_message_alone;
}

transport_contract! { @ over_udp, crate::udp;
    sending: arrives_once_and_in_order, a_manager_that_sends_is_no_actor,
        sends_inside_handlers_leave_in_order, a_flush_transmits_without_a_tick,
        own_messages_have_no_sender;
    room: a_message_over_the_limit_is_refused_at_the_call;
    failing: a_detached_transport_takes_no_more, a_handler_that_panics_costs_its_message_alone;
}
