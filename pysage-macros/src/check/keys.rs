//! The keys of `#[message(..)]`: which there are, where they go, and which one was meant.

use syn::{Error, Ident};

use crate::parse::{Entry, Errors};

/// Where a `#[message(..)]` stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// On the type itself.
    Message,
    /// On a field of a struct.
    Field,
    /// On a variant of an enum or in one.
    Variant,
}

const OF_MESSAGES: [&str; 8] =
    ["packet_type", "name", "version", "delivery", "stream", "validate", "reply", "crate"];
const OF_FIELDS: [&str; 2] = ["range", "validate"];

/// The entries without those that repeat a key, which are errors.
pub(super) fn once(entries: Vec<Entry>, errors: &mut Errors) -> Vec<Entry> {
    let mut distinct: Vec<Entry> = Vec::new();
    for entry in entries {
        let key = &entry.key;
        if distinct.iter().any(|earlier| earlier.key == *key) {
            errors.push(Error::new_spanned(key, format!("`{key}` is given twice")));
        } else {
            distinct.push(entry);
        }
    }
    distinct
}

/// Says where a key belongs that has no place here.
pub(super) fn misplaced(key: &Ident, place: Place) -> Error {
    let word = key.to_string();
    let word = word.as_str();
    let message = match place {
        Place::Message if OF_FIELDS.contains(&word) => {
            format!("`{word}` goes on a field of the message, not on the message")
        }
        Place::Field if OF_MESSAGES.contains(&word) => {
            format!("`{word}` goes on the message, not on its fields")
        }
        Place::Variant if OF_FIELDS.contains(&word) => format!(
            "`{word}` checks the fields of structs; an enum is checked as a whole, by a \
             `validate` on the enum itself"
        ),
        Place::Variant if OF_MESSAGES.contains(&word) => {
            format!("`{word}` goes on the enum, not on its variants")
        }
        Place::Message => unknown(word, &OF_MESSAGES, "a message takes"),
        Place::Field => unknown(word, &OF_FIELDS, "a field takes"),
        Place::Variant => {
            format!("unknown key `{word}`; only the enum itself takes keys, not its variants")
        }
    };
    Error::new_spanned(key, message)
}

fn unknown(word: &str, known: &[&str], takes: &str) -> String {
    let hint = did_you_mean(word, known);
    format!("unknown key `{word}`; {takes} {}{hint}", list(known))
}

/// `` ; did you mean `such`? ``, if one of the known words is near.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// `` `a`, `b` and `c` ``
pub(super) fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => words.concat(),
    }
}

fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // A word cut short is likelier than one mistyped: `reliable` is not `unreliable`.
    let rank = |known: &&str| match known.find(word) {
        Some(0) if word.len() >= 3 => (0, distance(word, known)),
        Some(_) if word.len() >= 3 => (1, distance(word, known)),
        _ => (2, distance(word, known)),
    };
    let near = known.iter().copied().min_by_key(rank)?;
    match rank(&near) {
        (2, distance) => (distance <= usize::max(2, near.len() / 3)).then_some(near),
        _ => Some(near),
    }
}

/// How many letters to add, drop or change to make one word the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, a) in from.bytes().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (left, b) in to.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[left + 1];
            row[left + 1] = changed.min(diagonal + 1).min(row[left] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{OF_FIELDS, OF_MESSAGES, list, nearest};

    #[test]
    fn the_nearest_key_is_suggested() {
        for (written, meant) in [
            ("packettype", "packet_type"),
            ("packet", "packet_type"),
            ("PacketType", "packet_type"),
            ("nmae", "name"),
            ("versoin", "version"),
            ("validator", "validate"),
            ("krate", "crate"),
            ("type", "packet_type"),
        ] {
            assert_eq!(nearest(written, &OF_MESSAGES), Some(meant), "{written}");
        }
    }

    #[test]
    fn a_word_like_no_key_gets_no_suggestion() {
        assert_eq!(nearest("reliable", &OF_MESSAGES), None);
        assert_eq!(nearest("id", &OF_FIELDS), None);
        assert_eq!(nearest("default", &OF_FIELDS), None);
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(list(&OF_FIELDS), "`range` and `validate`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list(&["a"]), "`a`");
    }
}
