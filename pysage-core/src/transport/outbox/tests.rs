#![allow(clippy::unwrap_used)]

use super::*;
use crate::actor::ActorId;
use crate::destination::There;
use crate::manager::World;
use crate::message::AnyMessage;
use crate::transport::{Body, Head, OwnedReceiver};
use crate::wire::Codec;

const ROOM_BYTES: usize = 1 << 20;

fn push(outbox: &mut Outbox, link: LinkId, frame: &[u8]) {
    push_on(outbox, link, 0, frame).unwrap();
}

fn push_on(outbox: &mut Outbox, link: LinkId, stream: u8, frame: &[u8]) -> Result<(), SendError> {
    let write = |out: &mut Vec<u8>| {
        out.extend_from_slice(frame);
        Ok(())
    };
    outbox.push_frame(link, <_>::default(), ROOM_BYTES, (<_>::default(), stream), write)
}

#[test]
fn frames_that_travel_alike_are_taken_together_as_far_as_there_is_room() {
    let link = LinkId { index: 0, generation: 0 };
    let mut outbox = Outbox::default();
    for (stream, frame) in [(0, "a"), (0, "bc"), (0, "def"), (3, "g"), (0, "h")] {
        push_on(&mut outbox, link, stream, frame.as_bytes()).unwrap();
    }
    let mut taken = |room_bytes| {
        let frames = outbox.take_frames(link, room_bytes)?;
        Some((frames.stream, frames.bytes.to_vec(), frames.lengths.to_vec()))
    };
    assert_eq!(taken(0), None);
    assert_eq!(taken(5), Some((0, b"abc".to_vec(), vec![1, 2])));
    assert_eq!(taken(2), None, "the next one is larger");
    assert_eq!(taken(3), Some((0, b"def".to_vec(), vec![3])));
    assert_eq!(taken(100), Some((3, b"g".to_vec(), vec![1])));
    assert_eq!(taken(100), Some((0, b"h".to_vec(), vec![1])));
    assert_eq!(taken(100), None);
    assert_eq!((outbox.bytes(link), outbox.links()), (0, vec![]));
}

#[test]
fn a_frame_that_is_not_written_to_its_end_leaves_nothing() {
    let link = LinkId { index: 0, generation: 0 };
    let mut outbox = Outbox::default();
    push(&mut outbox, link, b"first");
    let refused = |outbox: &mut Outbox, room_bytes, error: Option<SendError>| {
        outbox.push_frame(link, <_>::default(), room_bytes, <_>::default(), |out| {
            out.extend_from_slice(b"in part");
            error.map_or(Ok(()), Err)
        })
    };
    let failed = refused(&mut outbox, ROOM_BYTES, Some(SendError::NoSuchLink));
    assert_eq!(failed, Err(SendError::NoSuchLink));
    let full = Err(SendError::Full { bytes: 7, room_bytes: 5 });
    assert_eq!(refused(&mut outbox, 10, None), full);
    push(&mut outbox, link, b"second");
    let frames = outbox.take_frames(link, ROOM_BYTES).unwrap();
    assert_eq!((frames.bytes, frames.lengths), (&b"firstsecond"[..], &[5, 6][..]));
}

#[test]
fn a_link_whose_messages_were_all_taken_is_not_told() {
    let links = [1, 0].map(|index| LinkId { index, generation: 0 });
    let mut outbox = Outbox::default();
    links.into_iter().for_each(|link| push(&mut outbox, link, b"frame"));
    assert_eq!(outbox.links(), links);
    assert!(outbox.take(links[0]).is_some());
    assert_eq!((outbox.links(), outbox.bytes(links[0])), (vec![links[1]], 0));
    push(&mut outbox, links[0], b"more");
    let taken = outbox.take(links[0]);
    assert!(matches!(taken, Some(Outgoing::Frame { bytes: b"more", .. })));
}

#[test]
fn links_are_told_in_the_order_in_which_they_began_to_wait() {
    let links = [0, 1, 2].map(|index| LinkId { index, generation: 0 });
    let mut outbox = Outbox::default();
    for round in 0..100 {
        let first = links[round % 3];
        let second = links[(round + 1) % 3];
        push(&mut outbox, first, b"f");
        push(&mut outbox, second, b"f");
        push(&mut outbox, first, b"f");
        assert_eq!(outbox.links(), [first, second]);
        assert!(outbox.take(first).is_some() && outbox.take(first).is_some());
        push(&mut outbox, first, b"f");
        assert_eq!(outbox.links(), [second, first], "it has nothing older left");
        while outbox.take(first).is_some() || outbox.take(second).is_some() {}
        assert_eq!(outbox.links(), []);
    }
    assert!(outbox.touched.len() <= 10, "what was emptied is forgotten");
}

#[test]
fn a_link_of_another_generation_is_told_by_its_own_name() {
    let [old, new] = [0, 1].map(|generation| LinkId { index: 0, generation });
    let mut outbox = Outbox::default();
    push(&mut outbox, old, b"old");
    assert!(outbox.take(old).is_some());
    push(&mut outbox, new, b"new");
    assert_eq!((outbox.links(), outbox.bytes(old)), (vec![new], 0));
}

#[test]
fn a_link_for_which_nothing_waits_keeps_no_buffers() {
    let links = [0, 1, 2].map(|index| LinkId { index, generation: 0 });
    let mut outbox = Outbox::default();
    for round in 0..3_u8 {
        for link in links {
            push(&mut outbox, link, &[round; 1_000]);
            push(&mut outbox, link, &[round; 10]);
        }
        for link in links {
            let frames = outbox.take_frames(link, ROOM_BYTES).unwrap();
            assert_eq!((frames.bytes, frames.lengths), (&[round; 1_010][..], &[1_000, 10][..]));
            assert!(outbox.take_frames(link, ROOM_BYTES).is_none());
        }
        let capacity = |link: &LinkId| outbox.waiting(*link).unwrap().buffers.frames.capacity();
        assert_eq!(links.each_ref().map(capacity), [0; 3]);
    }
}

struct Nothing;

impl Body for Nothing {
    fn arrive(self: Box<Self>, _: &World, _: Option<ActorId>, _: There) {}
    fn each_message(&self, _: &mut dyn FnMut(&dyn AnyMessage)) {}
    fn is_queued(&self) -> bool {
        false
    }
    fn refuse(&self, _: &World, _: There) {}
    fn undelivered(&self, _: &World) {}
}

#[test]
fn frames_behind_values_are_known_by_their_encoding() {
    let link = LinkId { index: 0, generation: 0 };
    let mut outbox = Outbox::default();
    let head = Head { receiver: OwnedReceiver::Subscribers, sender: None };
    outbox.push_value(link, Envelope::new(head, 0, Nothing));
    let encoding = Encoding { codec: Codec::Fixed, ..Encoding::default() };
    let write = |out: &mut Vec<u8>| {
        out.push(7);
        Ok(())
    };
    outbox.push_frame(link, encoding, ROOM_BYTES, <_>::default(), write).unwrap();
    assert_eq!(outbox.encoding(link), encoding);
    assert!(outbox.take_frames(link, ROOM_BYTES).is_none(), "the value is first");
    assert!(matches!(outbox.take(link), Some(Outgoing::Value(_))));
    assert!(matches!(outbox.take(link), Some(Outgoing::Frame { bytes: [7], .. })));
}
