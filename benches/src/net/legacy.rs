//! Ours as peers of the original know it: its format, over plain UDP and plain TCP.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use pysage_net::{
    Actor, ActorManager, Context, Destination, LegacyConfig, LegacyNetwork, PeerConnected,
    PeerDisconnected, SendError, Subscriptions,
};

use super::{
    case::Case,
    message::{self, Handled},
    peer::{End, Failure, Invitation, Job, Peer},
    socket::{bind, datagrams_that_fit},
    window::Window,
};

pub const UDP: Peer = Peer::new::<Legacy>(
    "legacy_udp",
    "Ours for peers on the original: a message a datagram, typed, by actors",
    None,
    has,
);

pub const TCP: Peer = Peer {
    name: "legacy_tcp",
    about: "The same over TCP",
    ..Peer::new::<Legacy>("", "", None, has)
};

/// Nothing is resent over UDP.
fn has(job: &Job) -> bool {
    matches!(job.case, Case::Burst | Case::Mixed | Case::RoundTrip)
}

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

/// How far the other end is.
#[derive(pysage_net::Message)]
#[message(packet_type = 103, crate = pysage_net)]
struct Word {
    handled: u64,
}

struct Seen {
    handled: Cell<Handled>,
    peers: RefCell<Vec<Destination>>,
    window: RefCell<Window>,
}

struct Handler {
    seen: Rc<Seen>,
}

/// One end of it.
pub struct Legacy {
    manager: ActorManager,
    seen: Rc<Seen>,
    /// Over TCP the stream holds the sender back.
    has_window: bool,
}

impl Actor for Handler {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::sample)
            .message(Self::words)
            .message(|me: &mut Self, word: &Word, _: &Context| {
                me.seen.window.borrow_mut().take(&word.handled.to_le_bytes());
            })
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

impl Legacy {
    fn new(job: &Job) -> Result<(Legacy, LegacyConfig), Failure> {
        let has_window = job.peer == UDP.name;
        let limit = datagrams_that_fit(&bind()?, job.load.bytes.unwrap_or(1_000))?;
        let seen = Rc::new(Seen {
            handled: Cell::default(),
            peers: RefCell::default(),
            window: RefCell::new(Window::new(limit)),
        });
        let manager = ActorManager::new();
        manager.register(Handler { seen: seen.clone() });
        let config = if has_window { LegacyConfig::udp() } else { LegacyConfig::tcp() };
        Ok((Legacy { manager, seen, has_window }, config.messages_per_second(u64::MAX)))
    }

    fn peer(&self, index: usize) -> Option<Destination> {
        self.seen.peers.borrow().get(index).copied()
    }
}

impl End for Legacy {
    fn listen(job: &Job) -> Result<(Legacy, Invitation), Failure> {
        let (end, config) = Legacy::new(job)?;
        let address = end.manager.listen_legacy("127.0.0.1:0", config)?.local_addr();
        Ok((end, Invitation { address, certificate: Vec::new() }))
    }

    fn connect(job: &Job, to: &Invitation) -> Result<Legacy, Failure> {
        let (end, config) = Legacy::new(job)?;
        end.manager.connect_legacy(to.address, config)?;
        Ok(end)
    }

    fn connected(&self) -> usize {
        self.seen.peers.borrow().len()
    }

    fn send(&mut self, peer: usize, message: &message::Message) -> Result<bool, Failure> {
        let peer = self.peer(peer).ok_or("the peer is gone")?;
        if self.has_window && self.seen.window.borrow().is_full() {
            return Ok(false);
        }
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
            Ok(()) => {
                self.seen.window.borrow_mut().count_sent();
                Ok(true)
            }
            Err(SendError::Full { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn receive(&mut self) -> Result<(), Failure> {
        self.manager.tick()?;
        let handled = self.seen.handled.get().count;
        if let Some(peer) = self.peer(0).filter(|_| self.has_window)
            && self.seen.window.borrow_mut().report(handled).is_some()
        {
            self.manager.send(peer, Word { handled })?;
            self.manager.flush()?;
        }
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
