//! The contract of transports, kept by groups: two in one thread, over a stream and by values.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::rc::Rc;

use pysage_core::transport::DEFAULT_INBOX_BYTES;
use pysage_core::wire::Codec;
use pysage_core::{ActorManager, Key};

use crate::control::{Settings, Terms};
use crate::group_transport::GroupTransport;
use crate::line::{Line, LinkEnd, ThreadLine};
use crate::name::GroupName;
use crate::node::{Birth, Node};
use crate::socket::{Progress, Waiter};
use crate::transport_contract::{Options, Pair};

fn settings(terms: Terms) -> Settings {
    let crate_default = crate::GroupConfig::default().settings();
    Settings { terms, ..crate_default }
}

/// Two groups that a third one has introduced to each other.
fn pair(options: &Options, by_value: bool) -> Pair {
    let terms = Terms {
        queue_bytes: options.room_bytes as u64,
        message_bytes: options.message_bytes as u64,
        acked: false,
    };
    let waiters = [Waiter::new().unwrap(), Waiter::new().unwrap()];
    let lines = ThreadLine::pair([waiters[0].waker(), waiters[1].waker()]);
    let (one, other) = LinkEnd::pair(by_value).unwrap();
    // Ends that are in use: some are connected no sooner.
    for end in [&one, &other, &one] {
        if let LinkEnd::Stream(stream) = end {
            assert_eq!(stream.read(&mut [0]).unwrap(), Progress::Later);
        }
    }
    let [for_here, for_there] = waiters;
    let born = |name, line, link, waiter| {
        let (name, settings) = (GroupName::known(name), settings(terms));
        Node::born(
            Birth { name, settings, line: Line::Thread(line), link, waiter },
            options.clock.now(),
        )
    };
    let here = born("here", lines.0, one, for_here);
    let there = born("there", lines.1, other, for_there);
    let nodes = [here, there].map(|node| Rc::new(RefCell::new(node)));
    let [(here, to_there, _), (there, to_here, key)] = nodes.map(|node| {
        let manager = ActorManager::with_config(options.config.clone());
        let link = node.borrow().links().ids()[0];
        let key: Key<GroupTransport> = manager.attach(GroupTransport { node }).unwrap();
        (manager, key.destination(link), key)
    });
    let carried = [here.clone(), there.clone()];
    let parting = there.clone();
    Pair {
        here,
        there,
        to_there,
        to_here,
        clock: options.clock.clone(),
        inbox_bytes: DEFAULT_INBOX_BYTES,
        codec: (!by_value).then_some(Codec::Fixed),
        // As a loop does between ticks that waits until a link takes more.
        carry: Box::new(move || carried.iter().for_each(|manager| manager.flush().unwrap())),
        part: Box::new(move || drop(parting.detach(key).expect("it is attached"))),
        inject: None,
    }
}

fn by_stream(options: Options) -> Pair {
    pair(&options, false)
}

fn by_value(options: Options) -> Pair {
    pair(&options, true)
}

transport_contract!(stream, crate::contract::by_stream);
transport_contract!(values, crate::contract::by_value);
