//! The bytes of the wire form, as they are written down in `docs/wire.md`. If one of these tests
//! fails, peers of different versions do not understand each other any more.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "wire_golden/document.rs"]
mod document;
#[path = "wire_golden/frames.rs"]
mod frames;

use std::collections::BTreeMap;
use std::fmt::Debug;

use document::golden;
use pysage_core::Message;
use pysage_core::wire::{Codec, MessageTable, Registry, ShortText, WireLimits, WireMessage};

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 101)]
struct Bomb {
    damage: i32,
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 102)]
struct Unsigned {
    byte: u8,
    one_byte: u16,
    three_bytes: u16,
    five_bytes: u32,
    nine_bytes: u64,
    seventeen_bytes: u128,
    size: usize,
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 103)]
struct Signed(i8, i16, i32, i64, isize);

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 104)]
struct Plain {
    single: f32,
    double: f64,
    yes: bool,
    letter: char,
    nothing: (),
    pair: (u8, [u8; 3]),
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 105)]
struct Several {
    text: String,
    numbers: Vec<u16>,
    units: Vec<()>,
    none: Option<u8>,
    some: Option<u8>,
    map: BTreeMap<String, i8>,
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 106)]
enum Door {
    Open,
    Locked(u8),
    Shut { hard: bool, by: u8 },
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 107, version = 2, reply = Result<u32, String>)]
struct Price {
    item: String,
    count: Option<u16>,
}

#[derive(Debug, Message, PartialEq)]
#[message(packet_type = 108)]
struct Said {
    nick: ShortText,
    text: String,
    place: (i16, f32),
    seen_by: Vec<u16>,
    loud: bool,
}

#[track_caller]
fn assert_golden<M: WireMessage + PartialEq + Debug>(codec: Codec, message: M, name: &str) {
    let (limits, mut bytes) = (WireLimits::default(), Vec::new());
    codec.encode(&message, &limits, &mut bytes).unwrap();
    assert_eq!(document::hex(&bytes), document::hex(&golden(name)), "{name}");
    assert_eq!(codec.decode::<M>(&golden(name), &limits), Ok(message), "{name}");
}

fn unsigned() -> Unsigned {
    Unsigned {
        byte: 255,
        one_byte: 250,
        three_bytes: 251,
        five_bytes: 1 << 16,
        nine_bytes: 1 << 32,
        seventeen_bytes: 1 << 64,
        size: 7,
    }
}

fn plain() -> Plain {
    Plain { single: 1.5, double: -2.0, yes: true, letter: 'é', nothing: (), pair: (1, [2, 3, 4]) }
}

fn several() -> Several {
    Several {
        text: "hé".to_owned(),
        numbers: vec![1, 300],
        units: vec![(); 3],
        none: None,
        some: Some(7),
        map: BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), -1)]),
    }
}

#[test]
fn the_compact_codec_writes_what_it_always_did() {
    let codec = Codec::Compact;
    assert_eq!(codec.number(), 1);
    assert_golden(codec, Bomb { damage: -10 }, "compact Bomb");
    assert_golden(codec, unsigned(), "compact Unsigned");
    assert_golden(codec, Signed(-1, 1, -126, 126, i64::MIN as isize), "compact Signed");
    assert_golden(codec, plain(), "compact Plain");
    assert_golden(codec, several(), "compact Several");
    assert_golden(codec, Door::Open, "compact Door::Open");
    assert_golden(codec, Door::Locked(9), "compact Door::Locked");
    assert_golden(codec, Door::Shut { hard: true, by: 3 }, "compact Door::Shut");
}

#[test]
fn the_fixed_codec_writes_what_it_always_did() {
    let codec = Codec::Fixed;
    assert_eq!(codec.number(), 2);
    assert_golden(codec, Bomb { damage: -10 }, "fixed Bomb");
    assert_golden(codec, unsigned(), "fixed Unsigned");
    assert_golden(codec, Signed(-1, 1, -126, 126, i64::MIN as isize), "fixed Signed");
    assert_golden(codec, plain(), "fixed Plain");
    assert_golden(codec, several(), "fixed Several");
    assert_golden(codec, Door::Open, "fixed Door::Open");
    assert_golden(codec, Door::Locked(9), "fixed Door::Locked");
    assert_golden(codec, Door::Shut { hard: true, by: 3 }, "fixed Door::Shut");
}

#[test]
fn the_codec_of_the_original_writes_what_it_always_did() {
    let codec = Codec::Pysage;
    assert_eq!(codec.number(), 3);
    let said = Said {
        nick: ShortText::try_from("bob").unwrap(),
        text: "hé".to_owned(),
        place: (-2, 1.5),
        seen_by: vec![1, 300],
        loud: true,
    };
    assert_golden(codec, Bomb { damage: -10 }, "original Bomb");
    assert_golden(codec, said, "original Said");
    let (limits, mut frame) = (WireLimits::default(), Vec::new());
    let mut registry = Registry::new();
    registry.register::<Bomb>().unwrap();
    registry.encode(&Bomb { damage: -10 }, codec, &limits, &mut frame).unwrap();
    assert_eq!(frame, golden("original frame"));
    let bomb = registry.decode(codec, &limits, &golden("original frame")).unwrap();
    assert_eq!(bomb.downcast_ref(), Some(&Bomb { damage: -10 }));
}

#[track_caller]
fn assert_golden_table(registry: &Registry, name: &str) {
    let mut bytes = Vec::new();
    let table = registry.table();
    table.encode(&mut bytes);
    assert_eq!(document::hex(&bytes), document::hex(&golden(name)), "{name}");
    assert_eq!(MessageTable::decode(&golden(name)).unwrap(), table);
    let fingerprint = table.fingerprint().to_be_bytes();
    let name = format!("fingerprint of the {name}");
    assert_eq!(document::hex(&fingerprint), document::hex(&golden(&name)), "{name}");
}

#[test]
fn a_table_is_written_as_it_always_was() {
    let mut registry = Registry::new();
    assert_golden_table(&registry, "empty table");
    registry.register::<Price>().unwrap();
    registry.register::<Bomb>().unwrap();
    registry.register::<Door>().unwrap();
    assert_golden_table(&registry, "table");
}

#[test]
fn a_longer_form_of_a_number_is_read_as_well() {
    let (codec, limits) = (Codec::Compact, WireLimits::default());
    let bomb = codec.decode::<Bomb>(&golden("compact Bomb, longer"), &limits);
    assert_eq!(bomb, Ok(Bomb { damage: -10 }));
}
