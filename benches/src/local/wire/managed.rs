//! Our codecs, and our manager with a transport that hands frames over.

use std::{
    cell::{Cell, RefCell},
    hint::black_box,
    rc::Rc,
    time::{Duration, Instant},
};

use pysage_core::{
    Actor, BoxError, Subscriptions, Transport,
    transport::{Encoding, Form, Inbox, Link, LinkId, Outbox},
    wire::{Codec, Registry, WireLimits},
};

use super::{Format, Frames, Numbers, Place, Said, Sample, Until, run};
use crate::local::{
    case::Case,
    message::{Counter, State},
    peer::{Outcome, Peer},
    pysage,
    workload::Load,
};

pub const COMPACT: Peer = Peer {
    name: "pysage_compact",
    about: "Ours with Codec::Compact, as over networks; pysage has Codec::Fixed",
    package: Some("pysage-core"),
    run: |case, load| ours(case, load, Codec::Compact),
    spawned_heap_bytes: None,
};

pub const ORIGINAL: Peer = Peer {
    name: "pysage_original",
    about: "Ours with Codec::Pysage, the format of the original in Python",
    package: Some("pysage-core"),
    run: |case, load| ours(case, load, Codec::Pysage),
    spawned_heap_bytes: None,
};

/// Runs one of the cases of the wire with a codec of ours; `None` for other cases.
pub fn ours(case: Case, load: &Load, codec: Codec) -> Option<Outcome> {
    // Links choose their codec at run time, so the compiler must not know it.
    let encoding = black_box(Encoding { codec, limits: WireLimits::default() });
    match case {
        Case::Decode16 => Some(receive::<Place>(load, encoding, Until::Queued)),
        Case::DecodeText => Some(receive::<Said>(load, encoding, Until::Queued)),
        Case::DecodeVec => Some(receive::<Numbers>(load, encoding, Until::Queued)),
        Case::FrameToHandler => Some(receive::<Place>(load, encoding, Until::Handled)),
        _ => run(case, load, &Ours(encoding)),
    }
}

/// A codec without a manager.
struct Ours(Encoding);

impl Format for Ours {
    #[inline]
    fn encode<'b, M: Sample>(&self, message: &M, buffer: &'b mut Vec<u8>) -> &'b [u8] {
        let Encoding { codec, ref limits } = self.0;
        buffer.clear();
        codec.encode(message, limits, buffer).expect("the message is within the limits");
        buffer
    }

    #[inline]
    fn decode<M: Sample>(&self, bytes: &[u8]) -> M {
        let Encoding { codec, ref limits } = self.0;
        codec.decode(bytes, limits).expect("the bytes were written above")
    }
}

#[derive(Default)]
struct Receiving(Counter);

impl Actor for Receiving {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|actor, place: &Place, _| place.count_in(&mut actor.0))
            .message(|actor, said: &Said, _| said.count_in(&mut actor.0))
            .message(|actor, numbers: &Numbers, _| numbers.count_in(&mut actor.0));
    }
}

/// What the driver and its transport share.
#[derive(Default)]
struct Arriving {
    frames: RefCell<Frames>,
    /// The time it took to queue all frames of the last tick.
    queued: Cell<Duration>,
}

/// Hands over the frames that the driver has put down for it.
struct Feed {
    encoding: Encoding,
    arriving: Rc<Arriving>,
}

impl Feed {
    const LINK: LinkId = LinkId { index: 0, generation: 0 };
}

impl Transport for Feed {
    fn link(&self, link: LinkId) -> Option<Link> {
        let there = link == Feed::LINK;
        there.then_some(Link { form: Form::Bytes(self.encoding), room_bytes: 0 })
    }

    fn links(&self) -> Vec<LinkId> {
        vec![Feed::LINK]
    }

    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        let frames = self.arriving.frames.borrow();
        let start = Instant::now();
        for frame in frames.iter() {
            inbox.frame(Feed::LINK, &self.encoding, frame)?;
        }
        self.arriving.queued.set(start.elapsed());
        Ok(())
    }

    fn transmit(&mut self, _: Instant, _: &mut Outbox) -> Result<(), BoxError> {
        Ok(())
    }

    /// Room for a burst of any size.
    fn inbox_bytes(&self) -> usize {
        usize::MAX
    }
}

/// Receives each burst in a tick. The time until the messages are queued is taken within the tick,
/// in which they are handled as well.
fn receive<M: Sample>(load: &Load, encoding: Encoding, until: Until) -> Outcome {
    let manager = pysage::manager(load);
    let actor = manager.register(Receiving::default());
    let arriving = Rc::<Arriving>::default();
    let feed = Feed { encoding, arriving: arriving.clone() };
    manager.attach(feed).expect("the transport carries all messages");
    let registry = Registry::new();
    let Encoding { codec, limits } = encoding;
    let mut elapsed = Duration::ZERO;
    for burst in load.bursts() {
        let mut frames = arriving.frames.borrow_mut();
        frames.clear();
        for index in burst {
            let message: M = load.message(index);
            frames.push(|frame| {
                let written = registry.encode(&message, codec, &limits, frame);
                written.expect("the message is within the limits");
            });
        }
        drop(frames);
        let start = Instant::now();
        manager.tick().expect("no handler runs here, and the inbox has room");
        elapsed += match until {
            Until::Queued => arriving.queued.get(),
            Until::Handled => start.elapsed(),
        };
    }
    let checksum = manager.with(actor, |actor: &mut Receiving| actor.0.checksum());
    Outcome::new(elapsed, checksum.expect("the actor is registered"))
}
