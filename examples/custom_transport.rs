//! A transport of one's own: two managers in two threads, joined by channels of bytes.
//!
//! It shows what a [`Transport`] has to do: say what its link takes, bring what has arrived, pass
//! on what was sent, and tell when the other end is gone. The actors know nothing of it: one
//! replies to whoever sent a ball, the other counts what comes back.
//!
//! ```sh
//! cargo run --release --example custom_transport
//! cargo run --release --example custom_transport -- --balls 100000
//! ```

use std::cell::Cell;
use std::env;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;
use std::time::Instant;

use pysage_core::transport::{
    Encoding, Form, Inbox, Link, LinkId, Outbox, Outgoing, Rejected, Transport,
};
use pysage_core::{
    Actor, ActorManager, BoxError, Context, Flow, Message, SendError, Subscriptions, TickRate,
};

const TICKS_PER_SECOND: u32 = 1_000;
const BALLS_BY_DEFAULT: u32 = 10_000;
/// So few that neither way is ever full: what a wall cannot play back would be lost.
const BALLS_IN_THE_AIR: u32 = 500;

const HELP: &str = "\
Plays balls to a manager in another thread, over a transport made of channels.

Usage: custom_transport [--balls N]

  --balls N   end when N balls came back, 1 at least (10000 unless given)
  --help      print this

The last line tells the balls sent, those that came back, those that came out of order, and the
ticks that it took.";

#[derive(Message)]
#[message(packet_type = 101)]
struct Ball {
    number: u32,
}

/// One end of a link between two threads.
struct Channel {
    sender: Sender<Vec<u8>>,
    receiver: Receiver<Vec<u8>>,
    /// The bytes on their way to the other end, and to this one.
    there_bytes: Arc<AtomicUsize>,
    here_bytes: Arc<AtomicUsize>,
    /// A frame that the inbox had no room for.
    kept: Option<Vec<u8>>,
    /// Frames for which the other end was gone.
    lost: Vec<Vec<u8>>,
    gone: bool,
}

impl Channel {
    const LINK: LinkId = LinkId { index: 0, generation: 0 };
    /// So much is on its way at a time: a few ticks' worth.
    const ROOM_BYTES: usize = 16 << 10;

    fn pair() -> (Channel, Channel) {
        let ((sender, there), (back, receiver)) = (mpsc::channel(), mpsc::channel());
        let [there_bytes, here_bytes] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let end = |sender,
                   receiver,
                   there_bytes: &Arc<AtomicUsize>,
                   here_bytes: &Arc<AtomicUsize>| Channel {
            sender,
            receiver,
            there_bytes: there_bytes.clone(),
            here_bytes: here_bytes.clone(),
            kept: None,
            lost: Vec::new(),
            gone: false,
        };
        let one = end(sender, receiver, &there_bytes, &here_bytes);
        (one, end(back, there, &here_bytes, &there_bytes))
    }
}

impl Transport for Channel {
    fn link(&self, link: LinkId) -> Option<Link> {
        let on_their_way = self.there_bytes.load(Ordering::Relaxed);
        let room_bytes = Channel::ROOM_BYTES.saturating_sub(on_their_way);
        let form = Form::Bytes(Encoding::default());
        (link == Channel::LINK && !self.gone).then_some(Link { form, room_bytes })
    }

    fn links(&self) -> Vec<LinkId> {
        self.link(Channel::LINK).map(|_| Channel::LINK).into_iter().collect()
    }

    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        for frame in self.lost.drain(..) {
            inbox.undelivered(&Encoding::default(), &frame);
        }
        loop {
            let kept = self.kept.take().ok_or(TryRecvError::Empty);
            let frame = match kept.or_else(|_| self.receiver.try_recv()) {
                Ok(frame) => frame,
                Err(end) => {
                    self.gone |= end == TryRecvError::Disconnected;
                    return Ok(());
                }
            };
            if inbox.frame(Channel::LINK, &Encoding::default(), &frame) == Err(Rejected::Full) {
                self.kept = Some(frame);
                return Ok(());
            }
            self.here_bytes.fetch_sub(frame.len(), Ordering::Relaxed);
        }
    }

    fn transmit(&mut self, _: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        while let Some(Outgoing::Frame { bytes, .. }) = outbox.take(Channel::LINK) {
            self.there_bytes.fetch_add(bytes.len(), Ordering::Relaxed);
            if let Err(mpsc::SendError(frame)) = self.sender.send(bytes.to_vec()) {
                self.gone = true;
                self.lost.push(frame);
            }
        }
        Ok(())
    }
}

/// Plays each ball back to whoever it came from.
struct Wall;

impl Actor for Wall {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::play_back);
    }
}

impl Wall {
    fn play_back(&mut self, ball: &Ball, cx: &Context) -> Result<(), SendError> {
        let Some(sender) = cx.sender() else { return Ok(()) };
        cx.send(sender, Ball { number: ball.number })
    }
}

/// Counts the balls that come back, and those that come out of order.
struct Player {
    caught: Rc<Cell<Caught>>,
}

#[derive(Clone, Copy, Default)]
struct Caught {
    balls: u32,
    out_of_order: u32,
}

impl Actor for Player {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::catch);
    }
}

impl Player {
    fn catch(&mut self, ball: &Ball, _: &Context) {
        let Caught { balls, out_of_order } = self.caught.get();
        let out_of_order = out_of_order + u32::from(ball.number != balls);
        self.caught.set(Caught { balls: balls + 1, out_of_order });
    }
}

/// What the command line asks for.
enum Command {
    Help,
    Play(u32),
}

fn main() -> ExitCode {
    let balls = match read_arguments() {
        Ok(Command::Play(balls)) => balls,
        Ok(Command::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("custom_transport: {mistake}; see --help");
            return ExitCode::from(2);
        }
    };
    match play(balls) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("custom_transport: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(balls: u32) -> Result<(), BoxError> {
    let (here, there) = Channel::pair();
    let wall = thread::spawn(move || be_a_wall(there));
    let manager = ActorManager::new();
    let caught = Rc::new(Cell::new(Caught::default()));
    manager.register(Player { caught: caught.clone() });
    let channel = manager.attach(here)?;
    let there = channel.destination(Channel::LINK);

    let mut sent = 0;
    let run = manager.run(TickRate::hz(TICKS_PER_SECOND), |_| {
        let back = caught.get().balls;
        while sent < balls && sent - back < BALLS_IN_THE_AIR {
            match manager.send(there, Ball { number: sent }) {
                Ok(()) => sent += 1,
                Err(SendError::Full { .. }) => break,
                Err(_) => return Flow::Stop,
            }
        }
        if back < balls { Flow::Continue } else { Flow::Stop }
    })?;
    // Without its transport this end is gone, and the wall ends.
    drop(manager.detach(channel));
    wall.join().map_err(|_| "the wall panicked")??;
    let Caught { balls: back, out_of_order } = caught.get();
    println!("sent={sent} back={back} out_of_order={out_of_order} ticks={}", run.ticks);
    if back == balls { Ok(()) } else { Err("the wall is gone".into()) }
}

/// Ticks until the other end of the link is gone.
fn be_a_wall(end: Channel) -> Result<(), BoxError> {
    let manager = ActorManager::new();
    manager.register(Wall);
    let channel = manager.attach(end)?;
    manager.run(TickRate::hz(TICKS_PER_SECOND), |_| {
        let gone = manager.with_transport(channel, |channel| channel.gone);
        if gone == Some(false) { Flow::Continue } else { Flow::Stop }
    })?;
    Ok(())
}

fn read_arguments() -> Result<Command, String> {
    let mut command = Command::Play(BALLS_BY_DEFAULT);
    let mut arguments = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        command = match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--balls" => {
                let number = arguments.next().ok_or("--balls needs a number")?;
                let balls = number.parse().ok().filter(|balls| *balls > 0);
                Command::Play(balls.ok_or_else(|| format!("`{number}` is not a number of balls"))?)
            }
            _ => return Err(format!("unknown argument `{argument}`")),
        };
    }
    Ok(command)
}
