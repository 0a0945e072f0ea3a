//! What the tests over networks share: managers that are served until something is so.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use pysage_net::{
    Actor, ActorManager, Context, Message, NetConfig, PeerConnected, PeerDisconnected, Security,
    Subscriptions,
};

#[derive(Message, Clone)]
#[message(packet_type = 101)]
pub(crate) struct Tell(pub(crate) u32);

/// Is answered with one more.
#[derive(Message, Clone)]
#[message(packet_type = 102, reply = u32)]
pub(crate) struct Next(pub(crate) u32);

/// What an actor has seen. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Seen(Rc<RefCell<Vec<String>>>);

/// Notes what is told, and who comes and goes; says what it is told to those who sent it, with one
/// more.
pub(crate) struct Witness {
    pub(crate) seen: Seen,
    pub(crate) replies: bool,
}

impl Seen {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    pub(crate) fn all(&self) -> String {
        self.0.borrow().join(" ")
    }

    pub(crate) fn has(&self, what: &str) -> bool {
        self.0.borrow().iter().any(|seen| seen == what)
    }

    #[allow(dead_code)]
    pub(crate) fn count(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Actor for Witness {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, cx: &Context| {
            me.seen.note(tell.0.to_string());
            if let (true, Some(sender)) = (me.replies, cx.sender()) {
                cx.send(sender, Tell(tell.0 + 1)).unwrap();
            }
        })
        .message(|me: &mut Self, _: &PeerConnected, _: &Context| me.seen.note("connected"))
        .message(|me: &mut Self, gone: &PeerDisconnected, _: &Context| {
            me.seen.note(format!("{:?}", gone.reason));
        })
        .ask(|_: &mut Self, next: &Next, _: &Context| next.0 + 1);
    }
}

/// A manager with a witness of this name.
pub(crate) fn witness(replies: bool) -> (ActorManager, Seen) {
    let (manager, seen) = (ActorManager::new(), Seen::default());
    manager.register_named("witness", Witness { seen: seen.clone(), replies }).unwrap();
    (manager, seen)
}

#[allow(dead_code)]
pub(crate) fn open() -> NetConfig {
    NetConfig::new(Security::open())
}

/// How long a test waits for what should come at once.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Ticks until it is so.
#[track_caller]
pub(crate) fn until(managers: &[&ActorManager], what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !so() {
        assert!(Instant::now() < deadline, "{what} did not come about");
        for manager in managers {
            manager.tick().unwrap();
            // Gives others the processor, and comes back at once if there is something.
            manager.wait_until(Instant::now() + Duration::from_micros(500));
        }
    }
}
