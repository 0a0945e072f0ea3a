//! What a type looks like on the wire, found out without a value of it.

use std::fmt;
use std::mem;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::letters::{ITEM, SHORT_BYTES, SHORT_TEXT, each_number, no_form, refuse_deserialize};

/// How deep tuples and structs may lie within each other. A type that holds itself has no end,
/// and no message of the original's goes deeper than two.
pub(super) const MAX_DEPTH: usize = 32;

/// The types of a message's fields as the original writes them, such as `["i", "ai", "p", "4s"]`;
/// a tuple or struct within is `(i, d, S)`. An error says what has no form.
///
/// Nothing but the type's own `Deserialize` knows its fields, so that is run on made-up values.
/// A field that takes none of them hides the ones behind it; they are then refused only once a
/// message is encoded or decoded.
pub(crate) fn schema<T: DeserializeOwned>() -> Result<Vec<String>, String> {
    let mut probe = Probe::default();
    loop {
        let refused_a_value = T::deserialize(&mut probe).is_err();
        if let Some(reason) = probe.no_form.take() {
            return Err(reason);
        }
        let last = probe.given.checked_sub(1);
        match last.filter(|last| refused_a_value && !probe.ones.contains(last)) {
            Some(last) => probe.again_with_a_one_at(last),
            None => return Ok(probe.types),
        }
    }
}

/// Gives made-up values to a `Deserialize`, and notes what it asked for.
#[derive(Default)]
struct Probe {
    types: Vec<String>,
    /// How deep the type that is asked for lies; 0 is the message.
    depth: usize,
    no_form: Option<String>,
    /// How many values were given.
    given: usize,
    /// Which of them have to be 1 since 0 was refused.
    ones: Vec<usize>,
}

impl Probe {
    fn again_with_a_one_at(&mut self, last: usize) {
        self.ones.push(last);
        *self = Probe { ones: mem::take(&mut self.ones), ..Probe::default() };
    }

    fn saw(&mut self, letters: impl Into<String>) {
        self.types.push(letters.into());
    }

    /// Whether the next value is 1 instead of 0.
    fn next_is_one(&mut self) -> bool {
        let number = self.given;
        self.given += 1;
        self.ones.contains(&number)
    }

    fn next_text(&mut self) -> &'static str {
        if self.next_is_one() { "1" } else { "" }
    }

    #[cold]
    fn refuse(&mut self, what: &str) -> Refused {
        self.no_form.get_or_insert_with(|| no_form(what));
        Refused
    }

    /// The fields of a tuple or struct, and the types that were seen in it.
    fn nested<'de, V: Visitor<'de>>(
        &mut self,
        count: usize,
        visitor: V,
        shown: fn(&[String]) -> String,
    ) -> Result<V::Value, Refused> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse("a type that lies 32 levels deep, or that holds itself"));
        }
        let around = if self.depth > 0 { mem::take(&mut self.types) } else { Vec::new() };
        self.depth += 1;
        let visited = visitor.visit_seq(Fields { probe: self, left: count });
        self.depth -= 1;
        if self.depth > 0 {
            let within = mem::replace(&mut self.types, around);
            self.saw(shown(&within));
        }
        visited
    }
}

fn tuple(types: &[String]) -> String {
    format!("({})", types.join(", "))
}

/// Serde does not tell an array from a tuple, and no byte tells the original either.
fn tuple_or_fixed_bytes(types: &[String]) -> String {
    match types.len() {
        count if count == 0 || types.iter().any(|letter| letter != "B") => tuple(types),
        1 => "c".to_owned(),
        count => format!("{count}s"),
    }
}

macro_rules! give_numbers {
    ($($_ser:ident $method:ident $visit:ident $number:ident $letter:literal,)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
                self.saw(char::from($letter));
                visitor.$visit(u8::from(self.next_is_one()) as $number)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for &mut Probe {
    type Error = Refused;

    each_number!(give_numbers);
    refuse_deserialize!(everywhere);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.saw('?');
        visitor.visit_bool(self.next_is_one())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.saw('S');
        visitor.visit_borrowed_str(self.next_text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.saw('S');
        visitor.visit_borrowed_bytes(self.next_text().as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.depth > 0 {
            self.saw("()");
        }
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if name == SHORT_TEXT {
            self.saw('p');
            return visitor.visit_borrowed_str(self.next_text());
        }
        if name == SHORT_BYTES {
            self.saw('p');
            return visitor.visit_borrowed_bytes(self.next_text().as_bytes());
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.refuse("a type that lies 32 levels deep, or that holds itself"));
        }
        let visited = visitor.visit_newtype_struct(&mut *self);
        self.depth -= 1;
        visited
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let mut items = Items { probe: self, letter: None, asked: false };
        let visited = visitor.visit_seq(&mut items);
        let letter = items.letter.map(String::from).unwrap_or_default();
        self.saw(format!("a{letter}"));
        visited
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.nested(count, visitor, tuple_or_fixed_bytes)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.nested(count, visitor, tuple)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.nested(fields.len(), visitor, tuple)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

struct Fields<'p> {
    probe: &'p mut Probe,
    left: usize,
}

impl<'de> SeqAccess<'de> for Fields<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.probe).map(Some)
    }
}

/// A sequence of one item, so that its type is seen.
struct Items<'p> {
    probe: &'p mut Probe,
    letter: Option<char>,
    asked: bool,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        if mem::replace(&mut self.asked, true) {
            return Ok(None);
        }
        seed.deserialize(Item { probe: self.probe, letter: &mut self.letter }).map(Some)
    }
}

struct Item<'p> {
    probe: &'p mut Probe,
    letter: &'p mut Option<char>,
}

macro_rules! give_items {
    ($($_ser:ident $method:ident $visit:ident $number:ident $letter:literal,)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
                *self.letter = Some(char::from($letter));
                visitor.$visit(u8::from(self.probe.next_is_one()) as $number)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Item<'_> {
    type Error = Refused;

    each_number!(give_items);

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        Err(self.probe.refuse(ITEM))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        *self.letter = Some('?');
        visitor.visit_bool(self.probe.next_is_one())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// A made-up value was refused, or the probe refused to make one up.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the type takes no made-up value")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Refused {
        Refused
    }
}
