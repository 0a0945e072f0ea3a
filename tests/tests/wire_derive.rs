//! The wire form that `#[derive(Message)]` writes for a message with a packet type.

#[path = "wire_derive/serde_attributes.rs"]
mod serde_attributes;

use std::collections::BTreeMap;
use std::fmt::Debug;

use pysage_core::Message;
use pysage_core::wire::WireMessage;
use serde_json::value::Serializer;
use serde_json::{Deserializer, Value, json};

fn write(message: &impl WireMessage) -> Value {
    message.serialize(Serializer).expect("the message can be written")
}

fn read<M: WireMessage>(value: Value) -> M {
    // From the text, since the value itself cannot be read as a tuple variant without fields.
    let text = value.to_string();
    M::deserialize(&mut Deserializer::from_str(&text)).expect("the message can be read")
}

#[track_caller]
fn assert_round_trip<M: WireMessage + PartialEq + Debug>(message: M) {
    assert_eq!(read::<M>(write(&message)), message);
}

mod shapes {
    use super::*;

    #[test]
    fn structs_of_every_kind_make_the_round_trip() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101)]
        struct Unit;
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 102)]
        struct Braces {}
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 103)]
        struct Parens();
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 104)]
        struct One(i32);
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 105)]
        struct Several(i32, Option<String>, [u8; 3]);
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 106)]
        struct Named {
            numbers: Vec<(u8, f64)>,
            names: BTreeMap<String, Option<char>>,
        }

        assert_round_trip(Unit);
        assert_round_trip(Braces {});
        assert_round_trip(Parens());
        assert_round_trip(One(-1));
        assert_round_trip(Several(7, Some("seven".to_owned()), [1, 2, 3]));
        let names = BTreeMap::from([("a".to_owned(), Some('a')), ("b".to_owned(), None)]);
        assert_round_trip(Named { numbers: vec![(1, 0.5), (2, -0.25)], names });
    }

    #[test]
    fn variants_of_every_kind_make_the_round_trip() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101)]
        enum Order {
            Stop,
            Wait(),
            Rest {},
            Turn(i16),
            Fire(i32, Option<u8>),
            Go { north: f32, east: f32 },
        }

        assert_round_trip(Order::Stop);
        assert_round_trip(Order::Wait());
        assert_round_trip(Order::Rest {});
        assert_round_trip(Order::Turn(-90));
        assert_round_trip(Order::Fire(1, None));
        assert_round_trip(Order::Go { north: 1.5, east: -1.5 });
    }

    #[test]
    fn the_values_of_an_enum_do_not_show() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101)]
        #[repr(u8)]
        enum Colour {
            Red = 7,
            Green = 3,
        }

        assert_round_trip(Colour::Red);
        assert_round_trip(Colour::Green);
        assert_eq!(write(&Colour::Red), json!("Red"));
    }

    #[test]
    fn an_enum_without_variants_cannot_be_read() {
        #[derive(Debug, Message)]
        #[message(packet_type = 101)]
        enum Never {}

        assert!(Never::deserialize(json!("Red")).is_err());
    }

    #[test]
    fn fields_are_read_by_their_place() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101)]
        struct Bomb {
            damage: i32,
            owner: String,
        }

        let bomb: Bomb = read(json!([10, "me"]));
        assert_eq!(bomb, Bomb { damage: 10, owner: "me".to_owned() });
        assert!(Bomb::deserialize(json!(["me", 10])).is_err());
        assert!(Bomb::deserialize(json!([10])).is_err());
    }
}

mod names {
    use super::*;

    #[test]
    fn raw_names_are_names() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101)]
        struct r#Struct {
            r#type: u8,
            r#fn: i8,
        }
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 102)]
        #[allow(non_camel_case_types)]
        enum r#enum {
            r#match { r#loop: u8 },
            r#while(i8),
        }

        assert_round_trip(Struct { r#type: 1, r#fn: -1 });
        assert_round_trip(r#enum::r#match { r#loop: 1 });
        assert_round_trip(r#enum::r#while(-1));
    }

    #[test]
    fn fields_may_bear_the_names_of_the_derived_code() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101)]
        struct Crowded {
            serializer: u8,
            deserializer: u8,
            __serializer: u8,
            __deserializer: u8,
            __self: u8,
            __serde: u8,
            __field0: u8,
            serialize: u8,
            de: u8,
        }
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 102)]
        #[allow(non_camel_case_types)]
        enum Crowd {
            Ok { __field0: u8, __self: u8 },
            Err(u8),
            Some,
            None,
            Self_,
        }

        assert_round_trip(Crowded {
            serializer: 1,
            deserializer: 2,
            __serializer: 3,
            __deserializer: 4,
            __self: 5,
            __serde: 6,
            __field0: 7,
            serialize: 8,
            de: 9,
        });
        assert_round_trip(Crowd::Ok { __field0: 1, __self: 2 });
        assert_round_trip(Crowd::Err(3));
        for unit in [Crowd::Some, Crowd::None, Crowd::Self_] {
            assert_round_trip(unit);
        }
    }

    #[test]
    fn the_word_self_means_the_message() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101)]
        struct Grid {
            cells: [u8; Self::CELLS],
            chosen: <Self as Chooses>::Chosen,
        }
        trait Chooses {
            type Chosen;
        }
        impl Chooses for Grid {
            type Chosen = Option<u8>;
        }
        impl Grid {
            const CELLS: usize = 1 + 1;
        }

        assert_round_trip(Grid { cells: [1, 2], chosen: Some(1) });
    }

    #[test]
    fn private_fields_of_private_types_leave_the_process() {
        mod inner {
            use super::Message;

            #[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
            struct Secret(u8);

            #[derive(Debug, Message, PartialEq)]
            #[message(packet_type = 101)]
            pub(super) struct Keeper {
                secret: Secret,
            }

            #[derive(Debug, Message, PartialEq)]
            #[message(packet_type = 102)]
            pub(super) struct Keepers(Secret, pub(super) [u8; 1]);

            pub(super) fn keep(secret: u8) -> (Keeper, Keepers) {
                (Keeper { secret: Secret(secret) }, Keepers(Secret(secret), [secret]))
            }
        }

        let (keeper, keepers) = inner::keep(42);
        assert_round_trip(keeper);
        assert_round_trip(keepers);
    }

    #[test]
    fn macros_may_write_messages_with_a_wire_form() {
        macro_rules! bomb {
            ($name:ident, $packet_type:expr, $field:ident: $ty:ty, $variant:ident) => {
                #[derive(Debug, Message, PartialEq)]
                #[message(packet_type = $packet_type, reply = Option<$ty>)]
                struct $name {
                    $field: $ty,
                    fixed: Vec<$ty>,
                    part: $crate::names::Part,
                }
                #[derive(Debug, Message, PartialEq)]
                #[message(packet_type = $packet_type + 1, crate = $crate::names::engine::messages)]
                enum Several {
                    $variant($ty, [$ty; 2]),
                    Fixed { $field: $ty },
                }
            };
        }
        bomb!(Bomb, 101, damage: i32, Fuse);

        assert_round_trip(Bomb { damage: 1, fixed: vec![2], part: Part(3) });
        assert_round_trip(Several::Fuse(1, [2, 3]));
        assert_round_trip(Several::Fixed { damage: 4 });
    }

    #[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
    struct Part(u8);

    mod engine {
        pub(super) use pysage_core as messages;
    }

    #[test]
    fn the_crate_may_have_another_path_or_entry() {
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101, crate = engine::messages)]
        struct Relative(u8);
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 102, crate = crate::names::engine::messages, reply = u8)]
        struct Absolute(u8);
        #[derive(Debug, pysage_group::Message, PartialEq)]
        #[message(packet_type = 103, reply = u8)]
        struct Group(u8);
        #[derive(Debug, pysage_net::Message, PartialEq)]
        #[message(packet_type = 104, reply = u8)]
        struct Net(u8);

        assert_round_trip(Relative(1));
        assert_round_trip(Absolute(2));
        assert_round_trip(Group(3));
        assert_round_trip(Net(4));
    }
}

mod requests {
    use pysage_core::Request;

    use super::*;

    fn has_a_wire_form<M: Message>() -> bool {
        M::wire_type().is_some()
    }

    #[test]
    fn a_request_has_the_reply_that_it_names() {
        #[derive(Message)]
        #[message(reply = Result<Vec<u8>, String>, version = 2)]
        struct Local;
        #[derive(Debug, Message, PartialEq)]
        #[message(packet_type = 101, reply = BTreeMap<String, Vec<Self>>, stream = 3)]
        struct Nested;
        impl serde::Serialize for Nested {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                WireMessage::serialize(self, to)
            }
        }
        impl<'de> serde::Deserialize<'de> for Nested {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                WireMessage::deserialize(from)
            }
        }

        let _: <Local as Request>::Reply = Ok::<_, String>(vec![1]);
        let _: <Nested as Request>::Reply = BTreeMap::from([(String::new(), vec![Nested])]);
        assert_eq!(Local::VERSION, 2);
        assert_eq!(Nested::STREAM, 3);
        assert_round_trip(Nested);
    }

    #[test]
    fn an_enum_and_a_generic_message_can_be_requests() {
        #[derive(Message)]
        #[message(reply = Vec<T>)]
        struct Find<T: Clone>(T);
        #[derive(Message)]
        #[message(reply = [u8; N])]
        struct Fill<const N: usize>;
        #[derive(Message)]
        #[message(packet_type = 101, reply = ())]
        enum Order {
            Stop,
        }

        let _: <Find<char> as Request>::Reply = vec![Find('a').0];
        let _: <Fill<3> as Request>::Reply = [0; 3];
        let (): <Order as Request>::Reply = ();
        assert_eq!(write(&Order::Stop), json!("Stop"));
        assert_ne!(Find::<u8>::asked_slot(), Find::<i8>::asked_slot());
        assert_ne!(Order::asked_slot(), Order::slot());
        assert!(Find::<u8>::asked_key().is_none());
        assert!(Order::asked_key().is_some());
    }

    #[test]
    fn only_a_packet_type_gives_a_wire_form() {
        #[derive(Message)]
        #[message(reply = i32)]
        struct Local(#[allow(dead_code)] std::sync::mpsc::Sender<i32>);
        #[derive(Message)]
        #[message(packet_type = 101)]
        struct Sent;

        assert!(!has_a_wire_form::<Local>());
        assert!(has_a_wire_form::<Sent>());
    }
}
