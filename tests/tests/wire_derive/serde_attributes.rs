//! What `#[serde(..)]` does to a message.

use super::*;

/// Numbers as text, to tell the form from the usual one.
mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &u32, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[test]
fn a_field_may_have_a_form_of_its_own() {
    #[derive(Debug, Message, PartialEq)]
    #[message(packet_type = 101)]
    struct Bomb {
        #[serde(with = "text")]
        damage: u32,
        #[serde(serialize_with = "self::text::serialize")]
        #[serde(deserialize_with = "crate::serde_attributes::text::deserialize")]
        radius: u32,
        #[serde(with = "Self", default = "Self::usual")]
        colour: u32,
    }
    impl Bomb {
        fn serialize<S: serde::Serializer>(number: &u32, to: S) -> Result<S::Ok, S::Error> {
            text::serialize(number, to)
        }

        fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
            text::deserialize(from)
        }

        fn usual() -> u32 {
            7
        }
    }
    #[derive(Debug, Message, PartialEq)]
    #[message(packet_type = 102)]
    enum Order {
        Wait(#[serde(with = "text")] u32, u8),
        Fire {
            #[serde(with = "text")]
            times: u32,
        },
    }

    let bomb = Bomb { damage: 1, radius: 2, colour: 3 };
    assert_eq!(write(&bomb), json!({"damage": "1", "radius": "2", "colour": "3"}));
    assert_eq!(read::<Bomb>(json!(["1", "2"])), Bomb { damage: 1, radius: 2, colour: 7 });
    assert_round_trip(bomb);
    assert_eq!(write(&Order::Wait(1, 2)), json!({"Wait": ["1", 2]}));
    assert_round_trip(Order::Wait(1, 2));
    assert_round_trip(Order::Fire { times: 3 });
}

/// Not serde's.
#[derive(Debug, Default, PartialEq)]
struct Foreign(u32);
mod foreign {
    use super::{Foreign, text};

    pub(super) fn serialize<S: serde::Serializer>(
        value: &Foreign,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        text::serialize(&value.0, to)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        from: D,
    ) -> Result<Foreign, D::Error> {
        text::deserialize(from).map(Foreign)
    }
}

#[test]
fn a_type_that_is_not_serdes_may_go_with_a_form_or_be_skipped() {
    #[derive(Debug, Message, PartialEq)]
    #[message(packet_type = 101)]
    struct Bomb(
        #[serde(with = "foreign")] Foreign,
        #[serde(skip)] Foreign,
        #[serde(skip_serializing, skip_deserializing, default = "nine")] Foreign,
        u8,
    );

    fn nine() -> Foreign {
        Foreign(9)
    }

    let bomb = Bomb(Foreign(1), Foreign(2), Foreign(3), 4);
    assert_eq!(write(&bomb), json!(["1", 4]));
    assert_eq!(read::<Bomb>(json!(["1", 4])), Bomb(Foreign(1), Foreign(0), Foreign(9), 4));
}

#[test]
fn what_concerns_names_does_not_show() {
    #[derive(Debug, Message, PartialEq)]
    #[message(packet_type = 101)]
    #[serde(rename_all = "UPPERCASE", tag = "kind", deny_unknown_fields)]
    enum Order {
        #[serde(rename = "halt", skip)]
        Stop,
        #[serde(other)]
        Go {
            #[serde(rename = "n", alias = "no", bound = "")]
            north: i32,
        },
    }

    assert_eq!(write(&Order::Go { north: 1 }), json!({"Go": {"north": 1}}));
    assert_round_trip(Order::Stop);
    assert_round_trip(Order::Go { north: 1 });
}

#[test]
fn serde_may_be_derived_for_other_ends() {
    #[derive(Debug, Message, PartialEq, serde::Deserialize, serde::Serialize)]
    #[message(packet_type = 101, reply = Self)]
    #[serde(rename_all = "UPPERCASE")]
    struct Tree {
        #[serde(rename = "id", with = "text")]
        number: u32,
        #[serde(default)]
        children: Vec<Self>,
    }
    #[derive(serde::Deserialize, Debug, PartialEq, serde::Serialize, Message)]
    #[serde(tag = "kind")]
    #[message(packet_type = 102)]
    enum Order {
        Stop,
        Go { north: i32 },
    }

    let tree = || Tree { number: 1, children: vec![Tree { number: 2, children: vec![] }] };
    let child = json!({"id": "2", "CHILDREN": []});
    assert_eq!(serde_json::to_value(tree()).ok(), Some(json!({"id": "1", "CHILDREN": [child]})));
    assert_eq!(write(&tree()), json!({"number": "1", "children": [child]}));
    assert_round_trip(tree());
    let order = Order::Go { north: 1 };
    assert_eq!(serde_json::to_value(&order).ok(), Some(json!({"kind": "Go", "north": 1})));
    assert_eq!(write(&order), json!({"Go": {"north": 1}}));
    assert_round_trip(order);
    assert_round_trip(Order::Stop);
}

#[test]
fn without_a_packet_type_serde_is_not_looked_at() {
    #[derive(Debug, Message, PartialEq, serde::Deserialize, serde::Serialize)]
    struct Local {
        #[serde(flatten)]
        inner: BTreeMap<String, u8>,
        #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
        seldom: Option<u8>,
    }

    let local = Local { inner: BTreeMap::from([("a".to_owned(), 1)]), seldom: None };
    assert_eq!(serde_json::to_value(&local).ok(), Some(json!({"a": 1})));
}
