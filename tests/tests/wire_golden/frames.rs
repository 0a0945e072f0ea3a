//! Whole frames: a head, and the fields behind it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use pysage_core::transport::{
    Encoding, Form, Inbox, Link, LinkId, Outbox, Outgoing, Rejected, Transport,
};
use pysage_core::wire::{Codec, FrameHead, Purpose, Receiver, Registry, WireLimits};
use pysage_core::{ActorManager, BoxError, PacketType};

use crate::document::{golden, hex};
use crate::{Bomb, Price};

/// What the head of a golden frame says, read and written again.
fn head_of<'a>(name: &str, frame: &'a [u8]) -> (FrameHead<'a>, &'a [u8]) {
    let (head, fields) = FrameHead::read(Codec::Compact, frame).unwrap();
    assert_eq!(FrameHead::read(Codec::Fixed, frame), Ok((head, fields)), "{name}");
    let mut written = Vec::new();
    head.write(Codec::Fixed, &mut written);
    written.extend_from_slice(fields);
    assert_eq!(hex(&written), hex(frame), "{name}");
    (head, fields)
}

#[test]
fn a_frame_for_all_subscribers_is_written_as_it_always_was() {
    let (mut registry, mut frame) = (Registry::new(), Vec::new());
    registry.register::<Bomb>().unwrap();
    let limits = WireLimits::default();
    registry.encode(&Bomb { damage: -10 }, Codec::Compact, &limits, &mut frame).unwrap();
    assert_eq!(hex(&frame), hex(&golden("frame for subscribers")));
    let (head, fields) = head_of("frame for subscribers", &frame);
    assert_eq!((head.receiver, head.purpose), (Receiver::Subscribers, Purpose::Message));
    assert_eq!((head.packet_type.get(), head.sender), (101, None));
    assert_eq!(fields, golden("compact Bomb"));
}

#[test]
fn frames_with_receivers_and_senders_are_written_as_they_always_were() {
    let frame = golden("frame for an actor");
    let (head, fields) = head_of("frame for an actor", &frame);
    let Receiver::Actor(actor) = head.receiver else { panic!("another receiver") };
    // Manager 1, class 2, place 3, birth 4: sixteen digits of 4 bits each.
    assert_eq!(actor.to_string(), "1:2:3#4");
    assert_eq!((head.sender, fields), (None, &golden("compact Bomb")[..]));

    let frame = golden("frame for a name, from an actor");
    let (head, fields) = head_of("frame for a name, from an actor", &frame);
    assert_eq!(head.receiver, Receiver::Named("player1"));
    assert_eq!(head.sender.map(|sender| sender.to_string()).as_deref(), Some("1:2:3#4"));
    assert_eq!((head.purpose, fields), (Purpose::Message, &golden("compact Bomb")[..]));
}

#[test]
fn requests_answers_and_refusals_are_written_as_they_always_were() {
    let number = 0x0102_0304_0506_0708;
    for (name, purpose) in [
        ("frame of a request", Purpose::Request(number)),
        ("frame of an answer", Purpose::Answer(number)),
        ("frame of a refusal", Purpose::Refusal(number)),
    ] {
        let frame = golden(name);
        let (head, _) = head_of(name, &frame);
        assert_eq!((head.packet_type.get(), head.purpose), (107, purpose));
    }
    let (limits, mut fields) = (WireLimits::default(), Vec::new());
    let price = Price { item: "tea".to_owned(), count: Some(2) };
    Codec::Compact.encode(&price, &limits, &mut fields).unwrap();
    assert_eq!(head_of("a request", &golden("frame of a request")).1, fields);
}

/// A link whose other end is the test.
struct Tapped {
    arriving: Vec<Vec<u8>>,
    sent: Rc<RefCell<Vec<Vec<u8>>>>,
}

const LINK: LinkId = LinkId { index: 0, generation: 0 };

fn encoding() -> Encoding {
    Encoding { codec: Codec::Compact, limits: WireLimits::default() }
}

impl Transport for Tapped {
    fn link(&self, link: LinkId) -> Option<Link> {
        let form = Form::Bytes(encoding());
        (link == LINK).then_some(Link { form, room_bytes: 1 << 16 })
    }

    fn links(&self) -> Vec<LinkId> {
        vec![LINK]
    }

    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        for frame in self.arriving.drain(..) {
            let taken = inbox.frame(LINK, &encoding(), &frame);
            assert_ne!(taken, Err(Rejected::Full));
        }
        Ok(())
    }

    fn transmit(&mut self, _: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        while let Some(outgoing) = outbox.take(LINK) {
            let Outgoing::Frame { bytes, .. } = outgoing else { panic!("a value goes by bytes") };
            self.sent.borrow_mut().push(bytes.to_vec());
        }
        Ok(())
    }
}

#[test]
fn a_request_for_a_name_that_nobody_has_is_refused_in_one_byte() {
    let manager = ActorManager::new();
    manager.register_message::<Price>().unwrap();
    let sent = Rc::<RefCell<Vec<Vec<u8>>>>::default();
    let asked = golden("frame of a request");
    let (mut head, fields) = head_of("a request", &asked);
    head.receiver = Receiver::Named("nobody");
    let mut frame = Vec::new();
    head.write(Codec::Compact, &mut frame);
    frame.extend_from_slice(fields);
    manager.attach(Tapped { arriving: vec![frame], sent: sent.clone() }).unwrap();
    manager.tick().unwrap();
    manager.tick().unwrap();
    assert_eq!(*sent.borrow(), [golden("frame of a refusal")]);
    assert_eq!(head.packet_type, PacketType::new(107).unwrap());
}
