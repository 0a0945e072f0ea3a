//! What the groups of the tests start with, in the program of the tests and in that of the groups.

use std::io::Write;
use std::thread;
use std::time::Duration;

use pysage_group::{
    Actor, BoxError, Context, Destination, Entry, GroupConfig, GroupError, Groups, Me, Message,
    SendError, Subscriptions,
};

/// Asks for one more.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 101)]
pub(crate) struct Ping(pub(crate) u32);

/// One more.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 102)]
pub(crate) struct Pong(pub(crate) u32);

/// Has its receiver do something to itself.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 103)]
pub(crate) enum Do {
    Panic,
    Exit(i32),
    Abort,
    Hang,
    /// Sends a ping to another group, and tells its sender what came back.
    Relay {
        to: String,
        number: u32,
    },
    /// Adds a group of its own.
    Add(String),
    /// Finishes its loop.
    Finish,
    /// Writes a line to standard output.
    Say(String),
    /// Sleeps, for milliseconds.
    Sleep(u64),
}

/// What a relay brought, or why it did not.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 104)]
pub(crate) struct Told(pub(crate) String);

/// Many bytes.
#[derive(Message, Clone, Debug, PartialEq)]
#[message(packet_type = 105)]
pub(crate) struct Long(pub(crate) String);

/// How many pings were seen.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 106, reply = u32)]
pub(crate) struct Seen;

/// Has a worker ask another group how many pings it saw, and tell its sender the answer.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 110)]
pub(crate) struct Enquire(pub(crate) String);

/// Has a flooder send so many messages to another one, as fast as they are taken.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 107)]
pub(crate) struct Flood {
    pub(crate) to: String,
    pub(crate) messages: u32,
}

/// What flooders send.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 108)]
pub(crate) struct Water(pub(crate) Vec<u8>);

/// How often a group was updated, and how many pings it saw.
#[derive(Message, Clone, Debug)]
#[message(packet_type = 109, reply = (u32, u32))]
pub(crate) struct Updates;

/// Answers.
#[derive(Default)]
pub(crate) struct Worker {
    pings: u32,
    /// Who wants to know what comes back from a relay.
    asked_by: Option<Destination>,
}

impl Actor for Worker {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::ping)
            .message(Self::pong)
            .message(Self::act)
            .message(|_: &mut Self, long: &Long, cx: &Context| {
                cx.send(cx.sender().expect("it came from a group"), long.clone())
            })
            .ask(|worker: &mut Self, _: &Seen, _: &Context| worker.pings)
            .task(Self::enquire);
    }
}

impl Worker {
    fn ping(&mut self, ping: &Ping, cx: &Context) -> Result<(), BoxError> {
        self.pings += 1;
        cx.send(cx.sender().ok_or("nobody to answer")?, Pong(ping.0 + 1))?;
        Ok(())
    }

    fn pong(&mut self, pong: &Pong, cx: &Context) -> Result<(), BoxError> {
        let from = cx.sender().and_then(|sender| cx.group_of(sender)).ok_or("no group")?;
        let text = format!("{} from {from} in {}", pong.0, cx.group_name());
        cx.send(self.asked_by.ok_or("nobody asked")?, Told(text))?;
        Ok(())
    }

    async fn enquire(me: Me<Self>, enquire: Enquire) {
        let asked = me.with(|_, cx| cx.group(&enquire.0).expect("the test added it"));
        let answer = me.ask(asked.expect("this actor is there"), Seen).await;
        let told = Told(format!("{answer:?} from {}", enquire.0));
        me.with(|_, cx| cx.send(me.sender().expect("it came from a group"), told));
    }

    fn act(&mut self, act: &Do, cx: &Context) -> Result<(), BoxError> {
        match act {
            Do::Panic => panic!("told to panic"),
            Do::Exit(status) => std::process::exit(*status),
            Do::Abort => std::process::abort(),
            Do::Hang => loop {
                thread::park();
            },
            Do::Sleep(ms) => thread::sleep(Duration::from_millis(*ms)),
            Do::Finish => cx.handle().stop(),
            Do::Say(line) => {
                println!("{line}");
                std::io::stdout().flush()?;
            }
            Do::Relay { to, number } => {
                self.asked_by = cx.sender();
                if let Err(error) = cx.send_to_group(to, Ping(*number)) {
                    cx.send(cx.sender().ok_or("nobody to tell")?, Told(error.to_string()))?;
                }
            }
            Do::Add(name) => {
                let added = cx.add_process_group(name, WORKER, GroupConfig::default());
                let told = added.map_or_else(|error| error.to_string(), |_| "added".to_owned());
                cx.send(cx.sender().ok_or("nobody to tell")?, Told(told))?;
            }
        }
        Ok(())
    }
}

/// Sends as much to another flooder as that one takes, while that one does the same.
#[derive(Default)]
struct Flooder {
    to: String,
    asked_by: Option<Destination>,
    expected: u32,
    unsent: u32,
    refused: bool,
    received: u32,
}

impl Actor for Flooder {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|flooder: &mut Self, flood: &Flood, cx: &Context| {
            (flooder.expected, flooder.unsent) = (flood.messages, flood.messages);
            (flooder.to, flooder.asked_by) = (flood.to.clone(), cx.sender());
        })
        .message(|flooder: &mut Self, _: &Water, _: &Context| flooder.received += 1)
        .update(Self::pour);
    }
}

impl Flooder {
    fn pour(&mut self, cx: &Context) -> Result<(), BoxError> {
        while self.unsent > 0 {
            match cx.send_to_group(&self.to, Water(vec![7; 1_000])) {
                Ok(()) => self.unsent -= 1,
                Err(GroupError::Send(SendError::Full { .. })) => {
                    self.refused = true;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.unsent == 0 && self.received == self.expected {
            let Some(asked_by) = self.asked_by.take() else { return Ok(()) };
            let refused = if self.refused { "was refused" } else { "was never refused" };
            let told = format!("{} received {}, {refused}", cx.group_name(), self.received);
            (self.received, self.refused) = (0, false);
            cx.send(asked_by, Told(told))?;
        }
        Ok(())
    }
}

/// Counts its updates.
#[derive(Default)]
struct Counting {
    updates: u32,
    pings: u32,
}

impl Actor for Counting {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.update(|counting: &mut Self, _: &Context| counting.updates += 1)
            .message(|counting: &mut Self, ping: &Ping, cx: &Context| {
                counting.pings += 1;
                cx.send(cx.sender().expect("it came from a group"), Pong(ping.0 + 1))
            })
            .ask(|counting: &mut Self, _: &Updates, _: &Context| {
                (counting.updates, counting.pings)
            });
    }
}

/// Cannot be made.
struct Unmade;

impl Default for Unmade {
    fn default() -> Unmade {
        panic!("it cannot be made")
    }
}

impl Actor for Unmade {
    fn subscriptions(_: &mut Subscriptions<Self>) {}
}

/// Panics at its first update.
#[derive(Default)]
struct Unsteady;

impl Actor for Unsteady {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.update(|_: &mut Self, _: &Context| -> () { panic!("it cannot be updated") });
    }
}

pub(crate) const WORKER: Entry = Entry::actor::<Worker>("worker");
pub(crate) const NAMED: Entry = Entry::new("named", |manager| {
    manager.register_named("ann", Worker::default())?;
    manager.register_named("bob", Worker::default())?;
    Ok(())
});
pub(crate) const FLOODER: Entry = Entry::actor::<Flooder>("flooder");
pub(crate) const COUNTING: Entry = Entry::actor::<Counting>("counting");
pub(crate) const UNMADE: Entry = Entry::actor::<Unmade>("unmade");
pub(crate) const UNSTEADY: Entry = Entry::actor::<Unsteady>("unsteady");
pub(crate) const REFUSING: Entry = Entry::new("refusing", |_| Err("it does not want to".into()));
pub(crate) const STUCK: Entry = Entry::new("stuck", |_| {
    loop {
        thread::park();
    }
});

pub(crate) const ENTRIES: [Entry; 8] =
    [WORKER, NAMED, FLOODER, COUNTING, UNMADE, UNSTEADY, REFUSING, STUCK];
