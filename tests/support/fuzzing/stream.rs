//! Bytes that arrive over a link at a manager that knows several messages.

use pysage_core::transport::{Encoding, Pipe, pipe};
use pysage_core::wire::{Codec, WireLimits};
use pysage_core::{
    Actor, ActorManager, Answer, AskError, Context, DropReason, Key, ManagerConfig, ManualClock,
    Message, Subscriptions,
};

use super::wire_shapes::{Choice, Maps, Sequences};

#[derive(Message)]
#[message(packet_type = 101)]
struct Bomb {
    #[message(range = -100..=100)]
    damage: i32,
}

/// Nobody subscribes to it.
#[derive(Message)]
#[message(packet_type = 102)]
struct Unheard(Option<String>);

#[derive(Message)]
#[message(packet_type = 103, reply = Result<u32, String>)]
struct Price {
    item: String,
}

#[derive(Default)]
struct Player {
    handled: usize,
}

impl Actor for Player {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, bomb: &Bomb, _: &Context| {
            assert!((-100..=100).contains(&bomb.damage), "what is invalid is not delivered");
            me.handled += 1;
        })
        .message(|me: &mut Self, _: &Sequences, _: &Context| me.handled += 1)
        .message(|me: &mut Self, choice: &Choice, cx: &Context| {
            // Whatever was heard is said again to whoever said it.
            if let Some(sender) = cx.sender() {
                let _ = cx.send(sender, choice.clone());
            }
            me.handled += 1;
        })
        .ask(|me: &mut Self, price: &Price, _: &Context| {
            me.handled += 1;
            u32::try_from(price.item.len()).map_err(|error| error.to_string())
        });
    }
}

const QUEUE: usize = 8;
const MESSAGE_BYTES: usize = 512;
const PIPE_BYTES: usize = 4096;
/// A head with the longest name, a sender and a number.
const HEAD_BYTES: usize = 3 + 1 + 255 + 8 + 8;

/// A manager at one end of a pipe, and what is known of its other end.
struct Stage {
    manager: ActorManager,
    key: Key<Pipe>,
    _far: Pipe,
    answers: Vec<Answer<Result<u32, String>>>,
    answered: u64,
    received: u64,
    /// What was injected and is not known to be a whole frame yet.
    rest: Vec<u8>,
}

/// The first byte says how to cut the others into pieces, between which the manager ticks.
pub(crate) fn pipe_stream(bytes: &[u8]) {
    let Some((how, mut bytes)) = bytes.split_first() else { return };
    let codec = if how & 1 == 0 { Codec::Compact } else { Codec::Fixed };
    let framed = how & 2 == 0;
    let mut stage = Stage::new(codec);
    while let Some((length, rest)) = bytes.split_first() {
        let (piece, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        bytes = rest;
        if framed {
            stage.inject(&(piece.len() as u32).to_le_bytes());
        }
        stage.inject(piece);
        if how & 4 == 0 || length & 1 == 0 {
            stage.tick();
        }
    }
    stage.finish(codec);
}

impl Stage {
    fn new(codec: Codec) -> Stage {
        let clock = ManualClock::new();
        let config = ManagerConfig::default().queue_capacity(QUEUE).clock(clock);
        let manager = ActorManager::with_config(config);
        let limits = WireLimits::default().message_bytes(MESSAGE_BYTES);
        let (near, far) = pipe(Encoding { codec, limits }, PIPE_BYTES);
        let link = near.link_id();
        let key = manager.attach(near).expect("all codecs here have all forms");
        manager.register_message::<Unheard>().expect("no packet type is taken");
        manager.register_message::<Maps>().expect("no packet type is taken");
        manager.register_named("player1", Player::default()).expect("no name is taken");
        manager.register(Player::default());
        let ask = || manager.ask(key.destination(link), Price { item: "tea".to_owned() });
        let answers = vec![ask(), ask(), ask()];
        let (answered, received, rest) = (0, 0, Vec::new());
        Stage { manager, key, _far: far, answers, answered, received, rest }
    }

    fn inject(&mut self, bytes: &[u8]) {
        self.manager.with_transport(self.key, |near| near.inject(bytes)).expect("it is attached");
        self.rest.extend_from_slice(bytes);
        while let Some((length, behind)) = self.rest.split_first_chunk() {
            let length = u32::from_le_bytes(*length) as usize;
            if length > MESSAGE_BYTES + HEAD_BYTES || behind.len() < length {
                break;
            }
            self.rest.drain(..4 + length);
        }
    }

    /// All that arrived is accounted for.
    fn tick(&mut self) -> u64 {
        let report = self.manager.tick().expect("a pipe has no failures");
        self.received += report.received;
        assert!(report.waiting <= QUEUE, "{} messages wait", report.waiting);
        let came = |result: Result<_, AskError>| {
            !matches!(result, Err(AskError::Unreachable | AskError::TimedOut))
        };
        let answers = self.answers.iter_mut().filter_map(Answer::take);
        self.answered += answers.filter(|answer| came(answer.clone())).count() as u64;
        let counters = self.manager.counters();
        let outgoing = [DropReason::LinkGone, DropReason::AnswerNotSent];
        let outgoing: u64 = outgoing.map(|reason| counters.dropped(reason)).iter().sum();
        let ended = counters.handled + counters.dropped_in_all() - outgoing + self.answered;
        assert_eq!(self.received, ended + report.waiting as u64, "{counters:?}");
        assert_eq!((counters.panics, counters.errors), (0, 0));
        report.received
    }

    /// What waits is handled, and the link is as good as new if nothing was wrong.
    fn finish(mut self, codec: Codec) {
        while self.tick() > 0 {}
        self.tick();
        let links = self.manager.with_transport(self.key, |near| near.link_id());
        let link = links.expect("it is attached");
        let alive = |near: &mut Pipe| pysage_core::Transport::link(near, link).is_some();
        let alive = self.manager.with_transport(self.key, alive).expect("it is attached");
        if !alive || !self.rest.is_empty() {
            return;
        }
        let mut frame = vec![0, 101, 0];
        let limits = WireLimits::default();
        codec.encode(&Bomb { damage: 1 }, &limits, &mut frame).expect("it is short");
        self.inject(&(frame.len() as u32).to_le_bytes());
        self.inject(&frame);
        assert_eq!(self.tick(), 1, "a link on which nothing was wrong goes on");
    }
}
