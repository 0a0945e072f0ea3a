//! A chat over the network: a server that relays what is said, and clients.
//!
//! ```sh
//! cargo run --release --example chat                             # a server and four bots
//! cargo run --release --example chat -- server 127.0.0.1:5000
//! cargo run --release --example chat -- client 127.0.0.1:5000 ada
//! cargo run --release --example chat -- client localhost:5000 --bots 10
//! cargo run --release --example chat -- --carrier tcp
//! cargo run --release --example chat -- --secure                 # with a key, encrypted
//! ```

use std::thread;

use pysage_net::{
    Actor, ActorManager, BoxError, Carrier, Context, Destination, DisconnectReason, Flow, Message,
    NetConfig, Network, PeerConnected, PeerDisconnected, PresharedKey, Security, Subscriptions,
    TickRate,
};

/// A client asks to come in.
#[derive(Message, Clone)]
#[message(packet_type = 101)]
struct Join {
    nick: String,
}

/// The server tells all that somebody came in, and how many are in now.
#[derive(Message, Clone)]
#[message(packet_type = 102)]
struct Joined {
    nick: String,
    count: u32,
}

/// A client says something, and the server tells it to all others.
#[derive(Message, Clone)]
#[message(packet_type = 103)]
struct Say {
    text: String,
}

/// What the server tells of it.
#[derive(Message, Clone)]
#[message(packet_type = 104)]
struct Said {
    nick: String,
    text: String,
}

/// A line that was typed; it does not leave the program.
#[derive(Message)]
struct Typed(String);

/// How many lines a bot says.
const BOT_LINES: u32 = 10;

#[derive(Default)]
struct Room {
    guests: Vec<(Destination, String)>,
    lines: u64,
    relayed: u64,
    /// How many came in so far.
    joined: usize,
}

impl Actor for Room {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::join).message(Self::say).message(Self::leave);
    }
}

impl Room {
    fn join(&mut self, join: &Join, cx: &Context) {
        // Who sends from an actor is known by that; all of a peer is kept here.
        let Some(guest) = cx.sender().map(Destination::whole) else { return };
        self.guests.push((guest, join.nick.clone()));
        self.joined += 1;
        let count = self.guests.len() as u32;
        self.tell_all(None, &Joined { nick: join.nick.clone(), count }, cx);
    }

    fn say(&mut self, say: &Say, cx: &Context) {
        let Some(speaker) = cx.sender().map(Destination::whole) else { return };
        let Some(nick) = self.guests.iter().find(|(guest, _)| *guest == speaker) else { return };
        let said = Said { nick: nick.1.clone(), text: say.text.clone() };
        self.lines += 1;
        self.relayed += self.tell_all(Some(speaker), &said, cx);
    }

    fn leave(&mut self, gone: &PeerDisconnected, _: &Context) {
        self.guests.retain(|(guest, _)| *guest != gone.peer);
    }

    fn tell_all<M: Message + pysage_net::WireMessage + Clone>(
        &self,
        except: Option<Destination>,
        message: &M,
        cx: &Context,
    ) -> u64 {
        let others = self.guests.iter().filter(|(guest, _)| Some(*guest) != except);
        // A guest whose queue is full has not read for long. It misses this.
        others.filter(|(guest, _)| cx.send(*guest, message.clone()).is_ok()).count() as u64
    }
}

/// A person at the keyboard, or a bot.
struct Client {
    server: Destination,
    nick: String,
    /// How many are to be in before a bot begins to talk; `None` for a person.
    bots: Option<u32>,
    heard: u32,
    end: Option<DisconnectReason>,
}

impl Actor for Client {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::come_in)
            .message(Self::joined)
            .message(Self::said)
            .message(|client: &mut Self, typed: &Typed, cx: &Context| {
                cx.send(client.server, Say { text: typed.0.clone() })
            })
            .message(|client: &mut Self, gone: &PeerDisconnected, _: &Context| {
                client.end = Some(gone.reason.clone());
            });
    }
}

impl Client {
    fn come_in(&mut self, _: &PeerConnected, cx: &Context) -> Result<(), BoxError> {
        Ok(cx.send(self.server, Join { nick: self.nick.clone() })?)
    }

    fn joined(&mut self, joined: &Joined, cx: &Context) -> Result<(), BoxError> {
        match self.bots {
            None => println!("* {} came in, {} are here", joined.nick, joined.count),
            Some(bots) if joined.count == bots => {
                for line in 1..=BOT_LINES {
                    let text = format!("line {line} of {BOT_LINES}");
                    cx.send(self.server, Say { text })?;
                }
                self.leave_when_done(bots, cx)?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn said(&mut self, said: &Said, cx: &Context) -> Result<(), BoxError> {
        self.heard += 1;
        match self.bots {
            None => println!("{}: {}", said.nick, said.text),
            Some(bots) => self.leave_when_done(bots, cx)?,
        }
        Ok(())
    }

    /// A bot leaves once it has heard all others; what it said itself is delivered before.
    fn leave_when_done(&self, bots: u32, cx: &Context) -> Result<(), BoxError> {
        if self.heard == (bots - 1) * BOT_LINES {
            cx.disconnect(self.server)?;
        }
        Ok(())
    }
}

/// Ticks until the connection ends; tells how many lines it heard, and why it ended.
fn run_client(
    address: &str,
    nick: String,
    bots: Option<u32>,
    config: NetConfig,
) -> Result<(u32, DisconnectReason), BoxError> {
    let manager = ActorManager::new();
    let server = manager.connect(address, config)?;
    let client = manager.register(Client { server, nick, bots, heard: 0, end: None });
    if bots.is_none() {
        let handle = manager.handle();
        // It stays behind when the connection ends: nothing ends a read of the keyboard.
        thread::spawn(move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                if handle.queue(Typed(line)).is_err() {
                    break;
                }
            }
            handle.stop();
        });
    }
    let end = || manager.with(client, |client: &mut Client| client.end.clone());
    manager.run(TickRate::hz(30).or_when_woken(), |_| match end() {
        Ok(None) => Flow::Continue,
        _ => Flow::Stop,
    })?;
    let heard = manager.with(client, |client: &mut Client| client.heard)?;
    Ok((heard, end()?.unwrap_or(DisconnectReason::Closed)))
}

type Bots = Vec<thread::JoinHandle<Result<(u32, DisconnectReason), BoxError>>>;

fn start_bots(address: &str, bots: u32, config: &NetConfig) -> Bots {
    let start = |number: u32| {
        let (address, config) = (address.to_owned(), config.clone());
        thread::spawn(move || run_client(&address, format!("bot{number}"), Some(bots), config))
    };
    (1..=bots).map(start).collect()
}

/// Waits for bots, and returns how many lines they have heard.
fn join(bots: Bots) -> Result<u32, BoxError> {
    let mut heard = 0;
    for bot in bots {
        let (lines, end) = bot.join().map_err(|_| "a bot panicked")??;
        if end != DisconnectReason::Closed {
            return Err(format!("a bot was disconnected: {end}").into());
        }
        heard += lines;
    }
    Ok(heard)
}

/// Serves; with bots until the last of them has left.
fn run_server(address: &str, bots: Option<u32>, config: NetConfig) -> Result<(), BoxError> {
    let manager = ActorManager::new();
    let room = manager.register(Room::default());
    let listener = manager.listen(address, config.clone())?;
    println!("listening at {}", listener.local_addr());
    let ctrl_c = manager.handle();
    ctrlc::set_handler(move || ctrl_c.stop())?;
    let threads = start_bots(&listener.local_addr().to_string(), bots.unwrap_or(0), &config);
    let is_over = || {
        let count = |room: &mut Room| (room.joined, room.guests.len());
        let counted = manager.with(room, count).unwrap_or_default();
        // A bot that could not connect ends its thread.
        bots.is_some_and(|bots| counted == (bots as usize, 0))
            || bots.is_some() && threads.iter().all(thread::JoinHandle::is_finished)
    };
    manager.run(TickRate::hz(30).or_when_woken(), |_| {
        if is_over() { Flow::Stop } else { Flow::Continue }
    })?;
    let (lines, relayed) = manager.with(room, |room: &mut Room| (room.lines, room.relayed))?;
    let bots = threads.len();
    drop(manager);
    let heard = join(threads)?;
    println!("bots={bots} lines={lines} relayed={relayed} heard={heard}");
    Ok(())
}

const HELP: &str = "\
A chat over the network.

Usage: chat [--bots N]                    a server and bots, which leave when all is said
       chat server ADDRESS                a server, until ctrl-c
       chat client ADDRESS NICK           a client for what is typed
       chat client ADDRESS --bots N       bots for a server elsewhere

  --bots N       how many bots; 4 unless set
  --carrier C    what carries the datagrams: laminar (unless set), udp or tcp
  --secure       encrypts, by a key that is made for this run: for a server with bots
  --key FILE     encrypts, by the key in a file, which all have that may come in; make one by
                 `cargo run --bin pysage-keys shared > FILE`
  --help         print this

With bots the last line tells what was said and heard. Without a key anyone may come in and read.";

fn secured(config: NetConfig, key: PresharedKey) -> NetConfig {
    config.security(Security::psk(key))
}

fn main() -> Result<(), BoxError> {
    let mut config = NetConfig::new(Security::open());
    let (mut words, mut bots) = (Vec::new(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" => {
                println!("{HELP}");
                return Ok(());
            }
            "--bots" => {
                let number: u32 = arguments.next().ok_or("--bots needs a number")?.parse()?;
                bots = Some(number.max(1));
            }
            "--carrier" => {
                config = config.carrier(match arguments.next().as_deref() {
                    Some("laminar") => Carrier::Laminar,
                    Some("udp") => Carrier::Udp,
                    Some("tcp") => Carrier::Tcp,
                    _ => return Err("--carrier needs `laminar`, `udp` or `tcp`".into()),
                });
            }
            "--secure" => config = secured(config, PresharedKey::generate()),
            "--key" => {
                let file = arguments.next().ok_or("--key needs a file")?;
                config = secured(config, std::fs::read_to_string(file)?.parse()?);
            }
            _ => words.push(argument),
        }
    }
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run_server("127.0.0.1:0", bots.or(Some(4)), config)?,
        ["server", address] => run_server(address, None, config)?,
        ["client", address, nick] => {
            let (_, end) = run_client(address, nick.to_owned(), None, config)?;
            println!("* {end}");
        }
        ["client", address] => {
            let bots = bots.ok_or("a client needs a nick, or --bots")?;
            let heard = join(start_bots(address, bots, &config))?;
            println!("bots={bots} heard={heard}");
        }
        _ => return Err(format!("that is not known\n\n{HELP}").into()),
    }
    Ok(())
}
