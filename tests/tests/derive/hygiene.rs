//! The derived code among the user's own names, and under the user's strict lints.

use pysage_core::Message;

use super::{constants, refusal};

/// Items that bear the names of what the derived code needs.
#[allow(dead_code, non_camel_case_types, non_upper_case_globals, clippy::upper_case_acronyms)]
mod shadows {
    use ::pysage_core::Message as Derive;

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
    struct str;
    struct bool;
    struct u8;
    struct u16;
    trait Send {}
    trait Any {}
    mod core {}
    mod std {}
    mod pysage_core {}
    const name: i32 = 0;
    const value: i32 = 0;
    const error: i32 = 0;
    const number: i32 = 0;
    const range: i32 = 0;

    #[derive(Derive)]
    #[message(packet_type = 141 + 1, stream = 2, delivery = unreliable, version = 3)]
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
    #[message(validate = Self::check)]
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
    }
}

#[test]
#[allow(deprecated)]
fn strict_lints_are_met() {
    assert_eq!(strict::Everything { number: 1, maybe: None, old: 'b' }.validate(), Ok(()));
    assert_eq!(constants::<strict::Old>().0, "Old");
    assert_eq!(constants::<strict::Generic<u8, 2>>().0, "Generic");
    assert_eq!(constants::<strict::Choice>().1, Some(151));
    assert_eq!(strict::Choice::One.validate(), strict::Choice::Other.validate());
}
