//! What `#[derive(Message)]` makes of the types that it accepts.

#[path = "derive/checks.rs"]
mod checks;
#[path = "derive/hygiene.rs"]
mod hygiene;
#[path = "derive/places.rs"]
mod places;
#[path = "derive/properties.rs"]
mod properties;

use std::marker::PhantomData;

use pysage_core::{Delivery, Message, PacketType};

/// What a derive says of a type: name, packet type, version, delivery, stream, validated.
type Constants = (&'static str, Option<u16>, u16, Delivery, u8, bool);

fn constants<M: Message>() -> Constants {
    let packet_type = M::PACKET_TYPE.map(PacketType::get);
    (M::NAME, packet_type, M::VERSION, M::DELIVERY, M::STREAM, M::VALIDATED)
}

fn properties<M: Message>() -> Vec<(&'static str, &'static str)> {
    M::PROPERTIES.iter().map(|property| (property.name, property.type_name)).collect()
}

fn refusal(message: &impl Message) -> String {
    message.validate().expect_err("the message is invalid").to_string()
}

fn defaults(name: &'static str) -> Constants {
    (name, None, 1, Delivery::ReliableOrdered, 0, false)
}

mod attributes {
    use super::*;

    #[test]
    fn none_are_needed() {
        #[derive(Message)]
        struct Bomb {
            damage: i32,
        }
        assert_eq!(constants::<Bomb>(), defaults("Bomb"));
        assert_eq!(Bomb { damage: 10 }.validate(), Ok(()));
    }

    #[test]
    fn all_can_be_given() {
        #[derive(Message)]
        #[message(packet_type = 101, name = "boom", version = 2, delivery = sequenced, stream = 7)]
        #[message(validate = Bomb::check)]
        struct Bomb {
            #[message(range = 0..=100)]
            damage: i32,
        }

        impl Bomb {
            fn check(&self) -> Result<(), String> {
                if self.damage == 13 { Err(format!("{} is unlucky", self.damage)) } else { Ok(()) }
            }
        }

        let expected = ("boom", Some(101), 2, Delivery::Sequenced, 7, true);
        assert_eq!(constants::<Bomb>(), expected);
        assert_eq!(Bomb { damage: 10 }.validate(), Ok(()));
        assert_eq!(
            refusal(&Bomb { damage: 13 }),
            "property `boom` of message `boom` is invalid: 13 is unlucky"
        );
    }

    #[test]
    fn each_delivery_has_its_word() {
        #[derive(Message)]
        #[message(delivery = unreliable)]
        struct Unreliable;
        #[derive(Message)]
        #[message(delivery = sequenced)]
        struct Sequenced;
        #[derive(Message)]
        #[message(delivery = reliable_unordered)]
        struct Unordered;
        #[derive(Message)]
        #[message(delivery = reliable_ordered)]
        struct Ordered;

        assert_eq!(Unreliable::DELIVERY, Delivery::Unreliable);
        assert_eq!(Sequenced::DELIVERY, Delivery::Sequenced);
        assert_eq!(Unordered::DELIVERY, Delivery::ReliableUnordered);
        assert_eq!(Ordered::DELIVERY, Delivery::ReliableOrdered);
    }

    #[test]
    fn packet_types_may_be_computed() {
        const BASE: u16 = 200;

        #[derive(Message)]
        #[message(packet_type = 101)]
        struct Lowest;
        #[derive(Message)]
        #[message(packet_type = 0xFFFF)]
        struct Highest;
        #[derive(Message)]
        #[message(packet_type = BASE)]
        struct First;
        #[derive(Message)]
        #[message(packet_type = BASE + (1 << 8), name = "second")]
        struct Second;
        #[derive(Message)]
        #[message(packet_type = <Rules as Limits<i32, 3>>::FIRST + Rules::next::<1, 2>(),)]
        struct Third;

        trait Limits<T, const N: u16> {
            const FIRST: u16;
        }
        struct Rules;
        impl<T, const N: u16> Limits<T, N> for Rules {
            const FIRST: u16 = 300 + N;
        }
        impl Rules {
            const fn next<const A: u16, const B: u16>() -> u16 {
                A + B
            }
        }

        let number = |packet_type: Option<PacketType>| packet_type.map(PacketType::get);
        assert_eq!(number(Lowest::PACKET_TYPE), Some(101));
        assert_eq!(number(Highest::PACKET_TYPE), Some(65535));
        assert_eq!(number(First::PACKET_TYPE), Some(200));
        assert_eq!(number(Second::PACKET_TYPE), Some(456));
        assert_eq!(number(Third::PACKET_TYPE), Some(306));
    }
}

mod shapes {
    use super::*;

    #[test]
    fn tuple_structs_number_their_properties() {
        #[derive(Message)]
        struct Move(f32, #[message(range = ..=9)] u8);

        assert_eq!(properties::<Move>(), [("0", "f32"), ("1", "u8")]);
        let mut step = Move(1.0, 2);
        assert_eq!(step.property::<u8>("1"), Ok(&2));
        assert_eq!(step.set_property("0", 2.5_f32), Ok(()));
        assert_eq!(step.property::<f32>("0"), Ok(&2.5));
        assert_eq!(
            refusal(&Move(0.0, 10)),
            "property `1` of message `Move` is invalid: must be within ..=9"
        );
    }

    #[test]
    fn structs_without_fields_have_no_properties() {
        #[derive(Message)]
        struct Unit;
        #[derive(Message)]
        struct Braces {}
        #[derive(Message)]
        struct Parens();

        assert_eq!(constants::<Unit>(), defaults("Unit"));
        assert_eq!(constants::<Braces>(), defaults("Braces"));
        assert_eq!(constants::<Parens>(), defaults("Parens"));
        assert_eq!(properties::<Unit>(), []);
        assert_eq!(properties::<Braces>(), []);
        assert_eq!(properties::<Parens>(), []);
        assert_eq!(
            Unit.property::<i32>("x").map_err(|error| error.to_string()),
            Err("message `Unit` has no property `x`; it has none".to_owned())
        );
    }

    #[test]
    fn enums_have_no_properties_but_can_be_validated() {
        #[derive(Message)]
        #[message(packet_type = 105, validate = aimed)]
        enum Order {
            Stop,
            Go { north: i32 },
            Fire(i32, i32),
        }

        fn aimed(order: &Order) -> Result<(), &'static str> {
            match order {
                Order::Go { north: 0 } => Err("nowhere to go"),
                Order::Fire(x, y) if x == y => Err("no aim"),
                Order::Stop | Order::Go { .. } | Order::Fire(..) => Ok(()),
            }
        }

        assert_eq!(properties::<Order>(), []);
        assert_eq!(Order::Stop.validate(), Ok(()));
        assert_eq!(
            refusal(&Order::Go { north: 0 }),
            "property `Order` of message `Order` is invalid: nowhere to go"
        );
        assert!(Order::Fire(1, 1).validate().is_err());
    }

    #[test]
    fn types_are_spelled_as_written_whatever_the_spaces() {
        #[rustfmt::skip]
        #[derive(Message)]
        struct Odd {
            plain: i32,
            many: Vec < i32 >,
            maybe: Option<String
            >,
            array: [u8;4],
            pair: (i32,std::time::Duration),
            text: & 'static str,
            call: Box<dyn Fn(& str)->bool+Send>,
        }

        assert_eq!(
            properties::<Odd>(),
            [
                ("plain", "i32"),
                ("many", "Vec<i32>"),
                ("maybe", "Option<String>"),
                ("array", "[u8; 4]"),
                ("pair", "(i32, std::time::Duration)"),
                ("text", "&'static str"),
                ("call", "Box<dyn Fn(&str) -> bool + Send>"),
            ]
        );
    }

    #[test]
    fn raw_identifiers_lose_their_mark() {
        #[derive(Message)]
        struct r#Match {
            #[message(range = 1..)]
            r#type: u8,
        }

        assert_eq!(constants::<Match>().0, "Match");
        assert_eq!(properties::<Match>(), [("type", "u8")]);
        let mut found = Match { r#type: 3 };
        assert_eq!(found.property::<u8>("type"), Ok(&3));
        assert_eq!(found.set_property("type", 0_u8), Ok(()));
        assert_eq!(
            refusal(&found),
            "property `type` of message `Match` is invalid: must be within 1.."
        );
    }
}

mod generics {
    use super::*;

    #[derive(Message)]
    struct Wrapped<T: Clone, U = Vec<T>>
    where
        U: IntoIterator<Item = T>,
    {
        one: T,
        many: U,
    }

    #[test]
    fn type_parameters_need_no_bounds_of_the_user() {
        assert_eq!(constants::<Wrapped<i32>>(), defaults("Wrapped"));
        assert_eq!(properties::<Wrapped<String>>(), [("one", "T"), ("many", "U")]);
        let wrapped = Wrapped { one: 'a', many: vec!['b'] };
        assert_eq!(wrapped.property::<char>("one"), Ok(&'a'));
        assert_eq!(wrapped.property::<Vec<char>>("many"), Ok(&vec!['b']));
    }

    #[test]
    fn const_parameters_can_bound_a_range() {
        #[derive(Message)]
        struct Grid<const WIDTH: usize, T = ()> {
            cells: [u8; WIDTH],
            #[message(range = ..WIDTH)]
            chosen: usize,
            marker: PhantomData<T>,
        }

        let grid = |chosen| Grid::<3> { cells: [0; 3], chosen, marker: PhantomData };
        assert_eq!(
            properties::<Grid<3>>(),
            [("cells", "[u8; WIDTH]"), ("chosen", "usize"), ("marker", "PhantomData<T>")]
        );
        assert_eq!(grid(2).validate(), Ok(()));
        assert!(refusal(&grid(3)).ends_with("must be within ..WIDTH"));
        assert_eq!(grid(1).property::<[u8; 3]>("cells"), Ok(&[0; 3]));
    }

    #[test]
    fn instances_are_types_of_their_own() {
        assert_ne!(Wrapped::<i32>::slot(), Wrapped::<i64>::slot());
        assert_eq!(Wrapped::<i32>::slot(), Wrapped::<i32>::slot());
    }

    #[test]
    fn validation_may_use_the_parameter() {
        #[derive(Message)]
        #[message(validate = Sorted::check)]
        struct Sorted<T: PartialOrd> {
            #[message(validate = at_most::<4, T>)]
            items: Vec<T>,
        }

        impl<T: PartialOrd> Sorted<T> {
            fn check(&self) -> Result<(), &'static str> {
                if self.items.is_sorted() { Ok(()) } else { Err("out of order") }
            }
        }

        fn at_most<const N: usize, T>(items: &[T]) -> Result<(), String> {
            if items.len() <= N { Ok(()) } else { Err(format!("more than {N}")) }
        }

        assert_eq!(Sorted { items: vec![1, 2] }.validate(), Ok(()));
        assert!(refusal(&Sorted { items: vec![2, 1] }).ends_with("out of order"));
        assert!(refusal(&Sorted { items: vec!['a'; 5] }).ends_with("more than 4"));
    }
}
