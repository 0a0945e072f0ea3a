//! The derived code among the user's own names, and under the user's strict lints.

use pysage_core::Message;

use super::{constants, refusal};

/// Items that bear the names of what the derived code needs.
#[allow(dead_code, non_camel_case_types, non_upper_case_globals, clippy::upper_case_acronyms)]
mod shadows {
    use ::pysage_core::Message as Derive;

    #[derive(::serde::Serialize, ::serde::Deserialize)]
    pub(super) struct Option<T>(pub(super) T);
    struct Result;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Message;
    struct PacketType;
    struct Property;
    struct SLOT;
    struct WireMessage;
    struct Serialize;
    struct Deserialize;
    trait Request {}
    trait Send {}
    trait Any {}
    mod core {}
    mod std {}
    mod serde {}
    mod pysage_core {}
    const name: i32 = 0;
    const value: i32 = 0;
    const error: i32 = 0;
    const number: i32 = 0;
    const range: i32 = 0;

    #[derive(Derive, ::serde::Serialize, ::serde::Deserialize)]
    pub(super) struct Answer(pub(super) i32);

    #[derive(Derive)]
    #[message(packet_type = 141 + 1, reply = Answer, stream = 2, delivery = unreliable, version = 3)]
    #[message(validate = Shadowed::check)]
    pub(super) struct Shadowed {
        pub(super) name: Option<i32>,
        #[message(range = 0..=9)]
        pub(super) value: i32,
        #[message(range = 0..=9, validate = Shadowed::small)]
        pub(super) set: ::core::option::Option<i32>,
    }

    #[derive(Derive)]
    pub(super) struct Shadowing<Option, T>(pub(super) Option, pub(super) T);

    impl Shadowed {
        const NAME: i32 = 1;
        const SLOT: i32 = 2;

        fn check(&self) -> ::core::result::Result<(), &'static ::core::primitive::str> {
            if self.value == 5 {
                return ::core::result::Result::Err("five");
            }
            ::core::result::Result::Ok(())
        }

        fn small(set: &i32) -> ::core::result::Result<(), i32> {
            if *set > 5 {
                return ::core::result::Result::Err(*set);
            }
            ::core::result::Result::Ok(())
        }

        fn validate(&self) {}

        fn slot() {}
    }
}

/// Items that bear the names of primitive types, which serde's own derive does not bear.
#[allow(dead_code, non_camel_case_types)]
mod primitives {
    use ::pysage_core::Message;

    struct str;
    struct bool;
    struct u8;
    struct u16;

    #[derive(Message)]
    #[message(version = 2, reply = i32, validate = check)]
    pub(super) struct Primitive {
        #[message(range = 0..=9)]
        pub(super) value: i32,
    }

    fn check(primitive: &Primitive) -> Result<(), i32> {
        if primitive.value == 5 { Err(5) } else { Ok(()) }
    }
}

use shadows::{Shadowed, Shadowing};

#[test]
fn the_names_of_the_user_do_not_matter() {
    let shadowed = |value, set| Shadowed { name: shadows::Option(1), value, set };
    assert_eq!(constants::<Shadowed>().0, "Shadowed");
    assert_eq!(constants::<Shadowed>().1, Some(142));
    let valid = shadowed(1, Some(2));
    assert_eq!(Message::validate(&valid), Ok(()));
    assert_eq!(valid.property::<i32>("set"), Ok(&2));
    assert!(valid.property::<shadows::Option<i32>>("name").is_ok_and(|name| name.0 == 1));
    assert!(refusal(&shadowed(5, None)).ends_with("five"));
    assert!(refusal(&shadowed(10, None)).ends_with("must be within 0..=9"));
    assert!(refusal(&shadowed(1, Some(7))).ends_with("invalid: 7"));
    assert_eq!(Shadowing(1_u8, 'a').property::<char>("1"), Ok(&'a'));
    assert!(refusal(&primitives::Primitive { value: 5 }).ends_with("invalid: 5"));
}

/// What a user with the strictest lints may write without a warning.
mod strict {
    #![deny(warnings, missing_docs, unsafe_code, unused_qualifications, clippy::pedantic)]
    #![deny(clippy::expect_used, clippy::unwrap_used, clippy::panic)]
    #![allow(unreachable_pub)]

    use pysage_core::Message;

    const BASE: u16 = 150;

    /// Has all there is.
    #[derive(Message)]
    #[message(packet_type = BASE, name = "all", version = 2, delivery = unreliable, stream = 3)]
    #[message(validate = Self::check, reply = Result<Vec<(u8, u8)>, Vec<Option<(u8, u8)>>>)]
    pub struct Everything {
        /// Has bounds.
        #[message(range = 0..=9)]
        pub number: u8,
        /// Has more of them.
        #[message(range = ..1.0, validate = finite)]
        pub maybe: Option<f32>,
        /// Is deprecated.
        #[deprecated]
        #[message(range = 'a'..)]
        pub old: char,
    }

    impl Everything {
        fn check(&self) -> Result<(), &'static str> {
            if self.number == 0 && self.maybe.is_none() { Err("is nothing") } else { Ok(()) }
        }
    }

    // A check takes a reference, whatever the type.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn finite(number: &f32) -> Result<(), &'static str> {
        if number.is_finite() { Ok(()) } else { Err("must be finite") }
    }

    /// Is deprecated as a whole.
    #[deprecated]
    #[derive(Message)]
    pub struct Old(pub i32);

    /// Is generic.
    #[derive(Message)]
    pub struct Generic<T, const N: usize>(pub [T; N]);

    /// Is a choice.
    #[derive(Message)]
    #[message(packet_type = 151)]
    pub enum Choice {
        /// One.
        One,
        /// The other.
        Other,
        /// Another.
        Another(#[serde(skip)] u8, u16),
        /// Yet another.
        Named {
            /// Has a form of its own.
            #[serde(with = "form")]
            field: u8,
        },
    }

    /// Is answered, and has lints that its author has looked at.
    #[derive(Message)]
    #[message(packet_type = 152, reply = ())]
    #[rustfmt::skip]
    #[allow(clippy::type_complexity, non_snake_case, unused_parens)]
    pub struct Allowed {
        /// Is of a deprecated type.
        #[allow(deprecated)]
        pub old: Legacy,
        /// Is not snake case, and has a type that is not simple.
        pub fieldName: (Vec<(Option<Vec<(u8, Vec<u8>)>>, Option<Vec<(u8, Vec<(Vec<u8>)>)>>)>),
    }

    /// Is deprecated, and allows that only where it is used.
    #[deprecated]
    #[derive(Debug, serde::Deserialize, serde::Serialize)]
    pub struct Legacy(pub u8);

    mod form {
        use serde::{Deserialize, Deserializer, Serializer};

        #[allow(clippy::trivially_copy_pass_by_ref)]
        pub(super) fn serialize<S: Serializer>(field: &u8, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_u16(u16::from(*field))
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
            let wide = u16::deserialize(from)?;
            u8::try_from(wide).map_err(serde::de::Error::custom)
        }
    }
}

#[test]
#[allow(deprecated)]
fn strict_lints_are_met() {
    assert_eq!(strict::Everything { number: 1, maybe: None, old: 'b' }.validate(), Ok(()));
    assert_eq!(constants::<strict::Old>().0, "Old");
    assert_eq!(constants::<strict::Generic<u8, 2>>().0, "Generic");
    assert_eq!(constants::<strict::Choice>().1, Some(151));
    assert_eq!(constants::<strict::Allowed>().1, Some(152));
    assert_eq!(strict::Choice::One.validate(), strict::Choice::Other.validate());
}
