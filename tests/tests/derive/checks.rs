//! Ranges and validations.

use pysage_core::{Message, PropertyError};

use super::refusal;

const BOUNDS: std::ops::RangeInclusive<i64> = -10..=10;
static BYTES: std::ops::RangeTo<u8> = ..16;
const MOST: f32 = 1.0;

#[derive(Default, Message)]
struct Ranges {
    #[message(range = BOUNDS)]
    constant: i64,
    #[message(range = BYTES)]
    borrowed: u8,
    #[message(range = 0.0 .. MOST)]
    half_open: f32,
    #[message(range = 'a'..='z')]
    letter: Option<char>,
    #[message(range = String::from("b")..)]
    text: std::option::Option<String>,
    #[message(range = (std::ops::Bound::Excluded(0), std::ops::Bound::Unbounded))]
    excluded: Option<u128>,
}

#[test]
fn ranges_hold_for_any_type_with_an_order() {
    let valid = Ranges::default();
    assert_eq!(valid.validate(), Ok(()));
    for (invalid, reason) in [
        (Ranges { borrowed: 16, ..Ranges::default() }, "must be within BYTES"),
        (
            Ranges { constant: 11, ..Ranges::default() },
            "`constant` of message `Ranges` is invalid: must be within BOUNDS",
        ),
        (Ranges { half_open: 1.0, ..Ranges::default() }, "must be within 0.0..MOST"),
        (Ranges { half_open: f32::NAN, ..Ranges::default() }, "must be within 0.0..MOST"),
        (Ranges { letter: Some('A'), ..Ranges::default() }, "must be within 'a'..='z'"),
        (
            Ranges { text: Some("a".into()), ..Ranges::default() },
            "must be within String::from(\"b\")..",
        ),
        (
            Ranges { excluded: Some(0), ..Ranges::default() },
            "must be within (std::ops::Bound::Excluded(0), std::ops::Bound::Unbounded)",
        ),
    ] {
        assert!(refusal(&invalid).ends_with(reason), "{}", refusal(&invalid));
    }
    let within = Ranges { letter: Some('q'), text: Some("c".into()), ..Ranges::default() };
    assert_eq!(within.validate(), Ok(()));
}

#[derive(Message)]
#[message(validate = Named::check)]
struct Named {
    #[message(range = 1..=9, validate = odd)]
    number: u8,
    #[message(validate = not_blank)]
    note: Option<String>,
}

fn odd(number: &u8) -> Result<(), String> {
    if number % 2 == 1 { Ok(()) } else { Err(format!("{number} is even")) }
}

// Takes a `&str` for the `&String` it is given.
fn not_blank(note: &str) -> Result<(), std::fmt::Error> {
    if note.trim().is_empty() { Err(std::fmt::Error) } else { Ok(()) }
}

impl Named {
    fn check(&self) -> Result<(), &'static str> {
        if self.number == 9 && self.note.is_none() { Err("9 needs a note") } else { Ok(()) }
    }
}

#[test]
fn the_first_failure_is_told_by_property() {
    let named = |number, note: Option<&str>| Named { number, note: note.map(str::to_owned) };
    let invalid =
        |property, reason: &str| Err(PropertyError::invalid("Named", property, reason.to_owned()));
    assert_eq!(named(9, Some("nine")).validate(), Ok(()));
    assert_eq!(named(1, None).validate(), Ok(()));
    assert_eq!(named(10, Some("")).validate(), invalid("number", "must be within 1..=9"));
    assert_eq!(named(4, Some("")).validate(), invalid("number", "4 is even"));
    let blank = std::fmt::Error.to_string();
    assert_eq!(named(9, Some(" ")).validate(), invalid("note", &blank));
    assert_eq!(named(9, None).validate(), invalid("Named", "9 needs a note"));
}
