//! Ours, with typed messages that actors handle.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use pysage_net::{
    Actor, ActorManager, AllowList, Context, Destination, Identity, NetConfig, Network,
    PeerConnected, PeerDisconnected, Security, SendError, Subscriptions,
};

use super::{
    case::Case,
    message::{self, Handled},
    peer::{Carrier, End, Failure, Invitation, Job, Peer},
};

pub const PEER: Peer = Peer {
    carriers: &[Carrier::Udp, Carrier::UdpPlain, Carrier::Laminar, Carrier::Tcp],
    ..Peer::new::<Pysage>(
        "pysage",
        "Ours, typed messages by actors; with a checksum, not encrypted",
        None,
        // The relay is one of datagrams, and what is held for each peer is the system's.
        |job| {
            let is_plain = matches!(job.case, Case::Burst | Case::Mixed | Case::RoundTrip);
            is_plain || job.carrier != Some(Carrier::Tcp)
        },
    )
};

/// Peers that share a key: in the cases with many of them all may use the same one.
pub const SEALED: Peer = Peer {
    carriers: &[Carrier::Udp, Carrier::Laminar],
    ..Peer::new::<Pysage>(
        SEALED_NAME,
        "Ours, typed messages by actors; encrypted, by peers that share a key",
        None,
        |_| true,
    )
};

/// Peers that have a key each. A key is one peer: of many with the same one only the last would stay.
pub const KEYS: Peer = Peer {
    carriers: &[Carrier::Udp, Carrier::Laminar],
    ..Peer::new::<Pysage>(
        KEYS_NAME,
        "Ours, typed messages by actors; encrypted, by peers that have a key each",
        None,
        |job| job.case.is_between_processes(),
    )
};

const SEALED_NAME: &str = "pysage-sealed";
const KEYS_NAME: &str = "pysage-keys";

/// The secret of the end that listens and its public part, and those of the one that connects.
const KEY_PAIRS: [[&str; 2]; 2] = [
    [
        "secret-0101010101010101010101010101010101010101010101010101010101010101",
        "public-a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209",
    ],
    [
        "secret-0202020202020202020202020202020202020202020202020202020202020202",
        "public-ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d59",
    ],
];

const KEY: &str = "shared-000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The message of 64 bytes.
#[derive(pysage_net::Message)]
#[message(packet_type = 101, crate = pysage_net)]
struct Sample {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    e: f64,
    f: f64,
    g: f64,
    h: f64,
}

/// Of any other size.
#[derive(pysage_net::Message)]
#[message(packet_type = 102, crate = pysage_net)]
struct Words {
    words: Vec<f64>,
}

#[derive(Default)]
struct Seen {
    handled: Cell<Handled>,
    peers: RefCell<Vec<Destination>>,
}

struct Handler {
    seen: Rc<Seen>,
}

/// One end of it, or many clients, which share a manager.
pub struct Pysage {
    manager: ActorManager,
    seen: Rc<Seen>,
}

impl Actor for Handler {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::sample)
            .message(Self::words)
            .message(|me: &mut Self, here: &PeerConnected, _: &Context| {
                me.seen.peers.borrow_mut().push(here.peer);
            })
            .message(|me: &mut Self, gone: &PeerDisconnected, _: &Context| {
                me.seen.peers.borrow_mut().retain(|peer| *peer != gone.peer);
            });
    }
}

impl Handler {
    fn sample(&mut self, it: &Sample, _: &Context) {
        let words = [it.a, it.b, it.c, it.d, it.e, it.f, it.g, it.h];
        let mut handled = self.seen.handled.get();
        handled.sample(&message::Sample(words));
        self.seen.handled.set(handled);
    }

    fn words(&mut self, it: &Words, _: &Context) {
        let mut handled = self.seen.handled.get();
        handled.words(&it.words);
        self.seen.handled.set(handled);
    }
}

impl Pysage {
    fn new() -> Pysage {
        let (manager, seen) = (ActorManager::new(), Rc::<Seen>::default());
        manager.register(Handler { seen: seen.clone() });
        Pysage { manager, seen }
    }

    fn config(job: &Job, listens: bool) -> NetConfig {
        let security = match job.peer.as_str() {
            SEALED_NAME => Security::psk(KEY.parse().expect("this is a key")),
            KEYS_NAME => {
                let [server, client] = KEY_PAIRS;
                let [own, other] = if listens { [server, client] } else { [client, server] };
                let own = own[0].parse::<Identity>().expect("this is a key");
                Security::keys(own, AllowList::only(other[1].parse().expect("this is a key")))
            }
            _ => Security::open(),
        };
        // All peers of the cases with many come from the same address, at once.
        let config = NetConfig::new(security)
            .most_peers(2_000)
            .pending_handshakes(2_000)
            .pending_handshakes_of_address(2_000);
        match job.carrier {
            Some(Carrier::Laminar) => config.carrier(pysage_net::Carrier::Laminar),
            Some(Carrier::Tcp) => config.carrier(pysage_net::Carrier::Tcp),
            Some(Carrier::UdpPlain) => {
                config.carrier(pysage_net::Carrier::Udp).segment_offload(false)
            }
            _ => config.carrier(pysage_net::Carrier::Udp),
        }
    }
}

impl End for Pysage {
    fn listen(job: &Job) -> Result<(Pysage, Invitation), Failure> {
        let end = Pysage::new();
        let listener = end.manager.listen("127.0.0.1:0", Pysage::config(job, true))?;
        let address = listener.local_addr();
        Ok((end, Invitation { address, certificate: Vec::new() }))
    }

    fn connect(job: &Job, to: &Invitation) -> Result<Pysage, Failure> {
        let end = Pysage::new();
        for _ in 0..job.peers {
            end.manager.connect(to.address, Pysage::config(job, false))?;
        }
        Ok(end)
    }

    fn connected(&self) -> usize {
        self.seen.peers.borrow().len()
    }

    fn send(&mut self, peer: usize, message: &message::Message) -> Result<bool, Failure> {
        let peer = self.seen.peers.borrow().get(peer).copied().ok_or("the peer is gone")?;
        let sent = match message {
            message::Message::Sample(message::Sample(words)) => {
                let [a, b, c, d, e, f, g, h] = *words;
                self.manager.send(peer, Sample { a, b, c, d, e, f, g, h })
            }
            message::Message::Words(words) => {
                self.manager.send(peer, Words { words: words.clone() })
            }
        };
        match sent {
            Ok(()) => Ok(true),
            Err(SendError::Full { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn receive(&mut self) -> Result<(), Failure> {
        self.manager.tick()?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.manager.flush()?;
        Ok(())
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), Failure> {
        let _ = self.manager.wait_until(Instant::now() + at_most);
        Ok(())
    }

    fn handled(&self) -> Handled {
        self.seen.handled.get()
    }
}
